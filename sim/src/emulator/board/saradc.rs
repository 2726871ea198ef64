//! The analog-to-digital converter: single conversions, done at once, of pins that are all at ground.
//!
//! A start-up code that measures its own offset waits for the end of a conversion, so one has to end. What is converted
//! is not modelled: every sample is 0. Continuous conversions with DMA, thresholds and the temperature sensor are not there.
//! Registers: crates esp32c3 0.33 and esp32c6 0.24, `APB_SARADC`, which agree.

const ONE_TIME_SAMPLE: u32 = 0x20;
const DATA: [u32; 2] = [0x2c, 0x30];
const INTERRUPT_ENABLE: u32 = 0x40;
const INTERRUPT_RAW: u32 = 0x44;
const INTERRUPT_STATUS: u32 = 0x48;
const INTERRUPT_CLEAR: u32 = 0x4c;

/// Bits of the register that starts a conversion; the units are the same bits as their ends in the interrupt registers.
const START: u32 = 1 << 29;
const UNITS: u32 = 1 << 31 | 1 << 30;

/// The converter.
#[derive(Clone, Debug, Default)]
pub struct Saradc {
    one_time_sample: u32,
    done: u32,
    enabled: u32,
}

impl Saradc {
    /// Reads a register; `None` for those that only keep what is written.
    pub fn read(&self, offset: u32) -> Option<u32> {
        Some(match offset {
            ONE_TIME_SAMPLE => self.one_time_sample,
            INTERRUPT_ENABLE => self.enabled,
            INTERRUPT_RAW => self.done,
            INTERRUPT_STATUS => self.done & self.enabled,
            INTERRUPT_CLEAR => 0,
            offset if DATA.contains(&offset) => 0,
            _ => return None,
        })
    }

    /// Writes a register; false for those that only keep what is written.
    pub fn write(&mut self, offset: u32, value: u32) -> bool {
        match offset {
            ONE_TIME_SAMPLE => {
                let is_start = value & START != 0 && self.one_time_sample & START == 0;
                self.one_time_sample = value;
                if is_start {
                    self.done |= value & UNITS;
                }
            }
            INTERRUPT_ENABLE => self.enabled = value,
            INTERRUPT_CLEAR => self.done &= !value,
            _ => return false,
        }
        true
    }

    /// Is its interrupt raised?
    pub fn interrupts(&self) -> bool {
        self.done & self.enabled != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversion_that_is_started_ends_and_one_that_is_not_does_not() {
        let mut converter = Saradc::default();
        converter.write(ONE_TIME_SAMPLE, 1 << 31);
        assert_eq!(converter.read(INTERRUPT_RAW), Some(0), "chosen, not started");
        converter.write(ONE_TIME_SAMPLE, 1 << 31 | START);
        assert_eq!(converter.read(INTERRUPT_RAW), Some(1 << 31));
        assert!(!converter.interrupts(), "not enabled");
        converter.write(INTERRUPT_ENABLE, 1 << 31);
        assert!(converter.interrupts());
        converter.write(INTERRUPT_CLEAR, 1 << 31);
        assert_eq!((converter.read(INTERRUPT_RAW), converter.interrupts()), (Some(0), false));
        converter.write(ONE_TIME_SAMPLE, 1 << 30 | START);
        assert_eq!(
            converter.read(INTERRUPT_RAW),
            Some(0),
            "the start bit has to fall before it starts again"
        );
        converter.write(ONE_TIME_SAMPLE, 0);
        converter.write(ONE_TIME_SAMPLE, 1 << 30 | START);
        assert_eq!(converter.read(INTERRUPT_RAW), Some(1 << 30));
    }
}
