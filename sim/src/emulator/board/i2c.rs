//! An I2C controller on a bus with no device: every address is answered with "not acknowledged".
//!
//! The list of commands is carried out at once when a transfer is started. The first byte that is written, with its
//! acknowledgement checked, ends the transfer. Registers: crates esp32c3 0.33 and esp32c6 0.24, `I2C0`; operation codes: the
//! technical reference manuals, chapter "I2C Controller".

const CONTROL: u32 = 0x04;
const STATUS: u32 = 0x08;
const FIFO_STATUS: u32 = 0x14;
const DATA: u32 = 0x1c;
const INTERRUPT_RAW: u32 = 0x20;
const INTERRUPT_CLEAR: u32 = 0x24;
const INTERRUPT_ENABLE: u32 = 0x28;
const INTERRUPT_STATUS: u32 = 0x2c;
const COMMANDS: std::ops::Range<u32> = 0x58..0x78;

/// Bits of the control register that fall when they are done: start of a transfer, reset, taking over of settings.
const START: u32 = 1 << 5;
const PULSES: u32 = START | 1 << 10 | 1 << 11;

const END_DETECT: u32 = 1 << 3;
const TRANSFER_COMPLETE: u32 = 1 << 7;
const NOT_ACKNOWLEDGED: u32 = 1 << 10;

const WRITE: u32 = 1;
const STOP: u32 = 2;
const END: u32 = 4;
/// A command's bits: acknowledgement is checked, the acknowledgement expected (0 is "acknowledged"), done.
const CHECK: u32 = 1 << 8;
const EXPECTED: u32 = 1 << 9;
const DONE: u32 = 1 << 31;

/// The controller.
#[derive(Clone, Debug, Default)]
pub struct I2c {
    control: u32,
    raised: u32,
    enabled: u32,
    commands: [u32; 8],
}

impl I2c {
    /// Reads a register; `None` for those that only keep what is written.
    pub fn read(&self, offset: u32) -> Option<u32> {
        Some(match offset {
            CONTROL => self.control,
            // The bus is free, the FIFOs are empty, and what is read from them is an idle line.
            STATUS | FIFO_STATUS | INTERRUPT_CLEAR => 0,
            DATA => 0xff,
            INTERRUPT_RAW => self.raised,
            INTERRUPT_ENABLE => self.enabled,
            INTERRUPT_STATUS => self.raised & self.enabled,
            offset if COMMANDS.contains(&offset) => *self.commands.get(index(offset))?,
            _ => return None,
        })
    }

    /// Writes a register; false for those that only keep what is written.
    pub fn write(&mut self, offset: u32, value: u32) -> bool {
        match offset {
            CONTROL => {
                self.control = value & !PULSES;
                if value & START != 0 {
                    self.transfer();
                }
            }
            DATA => {}
            INTERRUPT_CLEAR => self.raised &= !value,
            INTERRUPT_ENABLE => self.enabled = value,
            offset if COMMANDS.contains(&offset) => {
                if let Some(command) = self.commands.get_mut(index(offset)) {
                    *command = value;
                }
            }
            _ => return false,
        }
        true
    }

    fn transfer(&mut self) {
        for command in &mut self.commands {
            let is_checked = *command & (CHECK | EXPECTED) == CHECK;
            *command |= DONE;
            match *command >> 11 & 7 {
                WRITE if is_checked && *command & 0xff != 0 => {
                    // The controller ends the transfer with a stop of its own.
                    self.raised |= NOT_ACKNOWLEDGED | TRANSFER_COMPLETE;
                    return;
                }
                STOP => {
                    self.raised |= TRANSFER_COMPLETE;
                    return;
                }
                END => {
                    self.raised |= END_DETECT;
                    return;
                }
                _ => {}
            }
        }
    }

    /// Is its interrupt raised?
    pub fn interrupts(&self) -> bool {
        self.raised & self.enabled != 0
    }
}

fn index(offset: u32) -> usize {
    ((offset - COMMANDS.start) / 4) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESTART: u32 = 6;

    fn command(code: u32, bytes: u32) -> u32 {
        code << 11 | CHECK | bytes
    }

    fn run(commands: &[u32]) -> I2c {
        let mut controller = I2c::default();
        for (number, command) in (0..).zip(commands) {
            controller.write(COMMANDS.start + 4 * number, *command);
        }
        controller.write(INTERRUPT_ENABLE, NOT_ACKNOWLEDGED);
        controller.write(CONTROL, 1 << 4 | START);
        controller
    }

    #[test]
    fn an_address_is_not_acknowledged_and_ends_the_transfer() {
        let mut controller = run(&[command(RESTART, 0), command(WRITE, 1), command(STOP, 0)]);
        assert_eq!(controller.read(INTERRUPT_STATUS), Some(NOT_ACKNOWLEDGED));
        assert!(controller.interrupts());
        assert_eq!(controller.read(CONTROL), Some(1 << 4), "the start bit falls by itself");
        let done: Vec<bool> =
            (0..3).map(|number| controller.read(COMMANDS.start + 4 * number).unwrap() & DONE != 0).collect();
        assert_eq!(done, [true, true, false]);
        controller.write(INTERRUPT_CLEAR, u32::MAX);
        assert!(!controller.interrupts());
    }

    #[test]
    fn a_transfer_without_a_byte_completes() {
        assert_eq!(
            run(&[command(RESTART, 0), command(STOP, 0)]).read(INTERRUPT_RAW),
            Some(TRANSFER_COMPLETE)
        );
        assert_eq!(run(&[command(RESTART, 0), command(END, 0)]).read(INTERRUPT_RAW), Some(END_DETECT));
    }
}
