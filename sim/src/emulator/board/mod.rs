//! A chip on a board: the machine with its flash chip, its ROM and its serial lines, from power-on.
//!
//! [`Board`] is given the very bytes that are flashed. The mask ROM starts, loads the second-stage bootloader from the
//! flash, that maps the application, and the application runs; nothing of this is short-cut. What is modelled of the
//! peripherals, and what is not, stands in `docs/emulator.md`.

mod answers;
mod i2c;
mod interrupts;
pub mod layout;
mod low_power;
pub mod mmu;
pub mod nor;
pub mod peripherals;
pub mod reset;
mod reset_values;
pub mod rom;
mod saradc;
mod serial;
mod sha;
mod spi;
mod systimer;
pub mod time;
mod timer_group;
pub mod unmodelled;
mod usb;
mod watchdog;
pub mod wire;

use super::machine::{Machine, Pace, Stop};
use super::{EmulatedChip, Fault};
use nor::Nor;
pub use peripherals::BoardConfig;
use peripherals::Peripherals;
pub use reset::Cause;
pub use rom::{Rom, RomError};
use std::collections::BTreeSet;
use thiserror::Error;
use time::{MILLISECOND, Ticks};
use unmodelled::UnmodelledRegister;

/// Where the CPU starts after a reset.
const RESET_VECTOR: u32 = 0x4000_0000;
/// Cycles between two looks at what the caller waits for.
const SLICE: u64 = 16_000;

/// Why there is no such board.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum BoardError {
    /// Its peripherals are not modelled.
    #[error("the peripherals of {0} are not modelled")]
    NoLayout(&'static str),
    /// A piece of the ROM lies where the chip has none.
    #[error("the ROM does not fit: nothing is at {0:#010x}")]
    Rom(u32),
}

/// A serial port of the chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Port {
    Uart0,
    /// Whose other end is a chip like this one, at the same rate.
    Uart1,
    Usb,
}

/// Why [`Board::run_until`] returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Halt {
    /// What was waited for has come.
    Reached,
    /// The time is over.
    TimeOut,
    /// An exception that nobody handles.
    Fault(Fault),
    /// The CPU waits for an interrupt, and none will come.
    Asleep,
}

/// A start of the chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Start {
    pub cause: Cause,
    /// When, in ticks since the board was made.
    pub at: Ticks,
}

/// A chip on a board.
#[derive(Debug)]
pub struct Board {
    machine: Machine,
    seed: u64,
    starts: Vec<Start>,
}

impl Board {
    /// A board with `flash` as the contents of its flash chip, powered on.
    ///
    /// # Errors
    /// [`BoardError`] for a chip whose peripherals are not modelled, or a ROM of another.
    pub fn new(
        chip: &'static EmulatedChip,
        rom: &Rom,
        flash: Vec<u8>,
        board_config: BoardConfig,
    ) -> Result<Self, BoardError> {
        let layout = layout::by_name(chip.name).ok_or(BoardError::NoLayout(chip.name))?;
        let peripherals = Peripherals::new(layout, chip.peripherals, Nor::new(flash), board_config);
        let mut machine = Machine::new(chip, Pace::Timed);
        for (address, bytes) in &rom.pieces {
            machine.bus.poke(*address, bytes).map_err(BoardError::Rom)?;
        }
        machine.bus.outer.peripherals.board = peripherals.map(Box::new);
        let mut board = Self { machine, seed: board_config.seed, starts: Vec::new() };
        board.start(Cause::PowerOn);
        Ok(board)
    }

    fn peripherals(&self) -> Option<&Peripherals> {
        self.machine.bus.outer.peripherals.board.as_deref()
    }

    fn peripherals_mut(&mut self) -> Option<&mut Peripherals> {
        self.machine.bus.outer.peripherals.board.as_deref_mut()
    }

    /// The CPU starts at the ROM.
    fn start(&mut self, cause: Cause) {
        let at = self.now();
        let cycle = self.machine.hart.clock.cycles;
        if cause == Cause::PowerOn {
            self.forget_memory();
        }
        if let Some(peripherals) = self.peripherals_mut() {
            peripherals.restart(cause, cycle);
        }
        self.machine.restart(RESET_VECTOR);
        self.starts.push(Start { cause, at });
    }

    /// Memory after power-on holds whatever it holds; here noise, so that nothing can rely on it.
    fn forget_memory(&mut self) {
        let mut noise = oorandom::Rand32::new(self.seed ^ (self.starts.len() as u64) << 32 ^ 0x5eed);
        self.machine.bus.fill_memory(|| noise.rand_u32());
    }

    /// The time since the board was made.
    pub fn now(&self) -> Ticks {
        let cycles = self.machine.hart.clock.cycles;
        self.peripherals().map_or(0, |peripherals| peripherals.time.at(cycles))
    }

    /// CPU cycles since the board was made.
    pub fn cycles(&self) -> u64 {
        self.machine.hart.clock.cycles
    }

    /// Instructions since the board was made.
    pub fn instructions(&self) -> u64 {
        self.machine.hart.clock.instructions
    }

    /// Runs until `reached` says so, looked at every so often, but at most `ticks`.
    pub fn run_until(&mut self, ticks: Ticks, mut reached: impl FnMut(&Self) -> bool) -> Halt {
        let end = self.now().saturating_add(ticks);
        loop {
            if reached(self) {
                return Halt::Reached;
            }
            let left = end.saturating_sub(self.now());
            if left == 0 {
                return Halt::TimeOut;
            }
            match self.machine.run(left.min(SLICE)) {
                Stop::CycleLimit | Stop::Exited { .. } | Stop::Breakpoint { .. } => {}
                Stop::Reset => self.take_reset(),
                Stop::WaitingForInterrupt => return Halt::Asleep,
                Stop::Fault(fault) => return Halt::Fault(fault),
            }
        }
    }

    /// Runs for `ticks`.
    pub fn run_for(&mut self, ticks: Ticks) -> Halt {
        self.run_until(ticks, |_| false)
    }

    fn take_reset(&mut self) {
        let cause = self.peripherals_mut().and_then(|peripherals| peripherals.reset.take());
        self.start(cause.unwrap_or(Cause::SoftwareCore));
    }

    /// The power goes and comes back: what the flash was doing stays half done, and memory is lost.
    pub fn power_cycle(&mut self) {
        let now = self.now();
        if let Some(peripherals) = self.peripherals_mut() {
            peripherals.nor.power_cut(now);
            peripherals.nor.take_changes();
        }
        self.start(Cause::PowerOn);
    }

    /// Lets time pass in which the program would do nothing but wait: its clocks jump, its watchdogs are held.
    pub fn skip(&mut self, ticks: Ticks) {
        let cycle = self.machine.hart.clock.cycles;
        if let Some(peripherals) = self.peripherals_mut() {
            peripherals.skip(ticks, cycle);
        }
    }

    /// The host sends `bytes` to a port.
    pub fn serial_in(&mut self, port: Port, bytes: &[u8]) {
        let (now, cycle) = (self.now(), self.machine.hart.clock.cycles);
        let Some(peripherals) = self.peripherals_mut() else { return };
        match port {
            Port::Uart0 => peripherals.uart0.receive(bytes, now),
            Port::Uart1 => peripherals.uart1.receive(bytes, now),
            Port::Usb => peripherals.usb.receive(bytes),
        }
        peripherals.touched(cycle);
    }

    /// Everything that a port sent since the last call.
    pub fn take_serial_out(&mut self, port: Port) -> Vec<u8> {
        let sent = self.peripherals_mut().map(|peripherals| match port {
            Port::Uart0 => peripherals.uart0.take_sent(),
            Port::Uart1 => peripherals.uart1.take_sent(),
            Port::Usb => peripherals.usb.take_sent(),
        });
        sent.unwrap_or_default()
    }

    /// What a port sent and nobody took.
    pub fn serial_out(&self, port: Port) -> &[u8] {
        let sent = self.peripherals().map(|peripherals| match port {
            Port::Uart0 => peripherals.uart0.sent(),
            Port::Uart1 => peripherals.uart1.sent(),
            Port::Usb => peripherals.usb.sent(),
        });
        sent.unwrap_or_default()
    }

    /// Whether the program waits for input at a port: it took all that was sent, and found nothing several times since it
    /// last wrote.
    pub fn is_waiting_for_input(&self, port: Port) -> bool {
        const TIMES: u32 = 4;
        self.peripherals().is_some_and(|peripherals| match port {
            Port::Uart0 => peripherals.uart0.is_idle(TIMES),
            Port::Uart1 => peripherals.uart1.is_idle(TIMES),
            Port::Usb => {
                let usb = &peripherals.usb;
                usb.input_left() == 0 && usb.idle_polls >= TIMES && !usb.is_sending()
            }
        })
    }

    /// When the program last wrote to a port.
    pub fn last_written(&self, port: Port) -> Ticks {
        self.peripherals().map_or(0, |peripherals| match port {
            Port::Uart0 => peripherals.uart0.last_written,
            Port::Uart1 => peripherals.uart1.last_written,
            Port::Usb => peripherals.usb.last_written,
        })
    }

    /// How long the program found no room for its output at a port: ever, and before the last byte that it wrote. At the UARTs
    /// that is not counted.
    pub fn waited_for_room(&self, port: Port) -> (Ticks, Ticks) {
        self.peripherals().map_or((0, 0), |peripherals| match port {
            Port::Uart0 | Port::Uart1 => (0, 0),
            Port::Usb => (peripherals.usb.waited, peripherals.usb.waited_to_write),
        })
    }

    /// The lines of the flash cache used since the last call; empty at the first, from which on they are noted.
    pub fn take_cache_lines(&mut self) -> BTreeSet<u32> {
        self.machine.bus.outer.cache.take_used()
    }

    /// A USB host comes or goes.
    pub fn set_usb_host(&mut self, has_host: bool) {
        if let Some(peripherals) = self.peripherals_mut() {
            peripherals.usb.set_host(has_host);
        }
    }

    /// The host forgets what it had still to send.
    pub fn drop_input(&mut self) {
        if let Some(peripherals) = self.peripherals_mut() {
            peripherals.uart0.drop_line();
            peripherals.uart1.drop_line();
            peripherals.usb.drop_line();
        }
    }

    /// What the flash chip holds.
    pub fn flash(&self) -> &[u8] {
        self.peripherals().map_or(&[], |peripherals| peripherals.nor.bytes())
    }

    /// How often the flash was written.
    pub fn wear(&self) -> nor::Wear {
        self.peripherals().map(|peripherals| peripherals.nor.wear).unwrap_or_default()
    }

    /// Every start of the chip, the first one included.
    pub fn starts(&self) -> &[Start] {
        &self.starts
    }

    /// Every register that was used and is not modelled.
    pub fn unmodelled(&self) -> Vec<UnmodelledRegister> {
        self.peripherals().map(Peripherals::unmodelled).unwrap_or_default()
    }

    /// Restarts the count of how often registers are read.
    pub fn forget_reads(&mut self) {
        if let Some(peripherals) = self.peripherals_mut() {
            peripherals.forget_reads();
        }
    }

    /// The register that was read most since then, how often, and the peripheral that it belongs to.
    pub fn most_read(&self) -> Option<(u32, u64, Option<&'static str>)> {
        self.peripherals().and_then(Peripherals::most_read)
    }

    /// Where the program is.
    pub fn pc(&self) -> u32 {
        self.machine.hart.pc
    }

    /// The machine, to look into.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }
}

/// The revision that is burnt into the fuses of the chip of that name: major, minor.
pub fn revision(chip: &str) -> Option<(u32, u32)> {
    layout::by_name(chip).map(|layout| layout.revision)
}

/// A time in milliseconds, for callers that count in them.
pub const fn milliseconds(count: u64) -> Ticks {
    count * MILLISECOND
}
