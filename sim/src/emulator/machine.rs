//! A chip that runs machine code: hart, bus and decoded blocks together.
//!
//! Between instructions it attends to what is not the program: the end, the limit, device events, interrupts,
//! breakpoints, changed code. With the same program and inputs, the block interpreter and the plain one reach the
//! same state at the same cycle.

use super::block::Blocks;
use super::bus::Bus;
use super::chain::{Chain, Leave, Why};
use super::chip::{EmulatedChip, GENERIC_BASE, GENERIC_SIZE};
use super::device::Device;
use super::elf::{self, LoadError, Symbols};
use super::execute::{self, Core, Retired};
use super::fault::Fault;
use super::hart::Hart;
use super::trap;

/// Whether cycles are modelled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pace {
    /// Pipeline, branches, flash cache and waits, with the chip's costs.
    #[default]
    Timed,
    /// One instruction is one cycle.
    Untimed,
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "stop")]
pub enum Stop {
    /// The program wrote an odd value to `tohost`: this is the value shifted right by one, 0 for success.
    Exited { code: u32 },
    /// A breakpoint is next.
    Breakpoint { pc: u32 },
    /// An exception that no handler took.
    Fault(Fault),
    /// The cycles that were asked for have passed.
    CycleLimit,
    /// The chip has to be reset; it is up to the board to do so.
    Reset,
    /// `wfi`, and nothing here will ever raise an interrupt.
    WaitingForInterrupt,
}

/// Sees every instruction of a run.
pub trait Observer {
    /// An instruction completed or trapped.
    fn retired(&mut self, retired: &Retired);

    /// An interrupt was taken; the handler is next.
    fn interrupted(&mut self) {}
}

impl Observer for () {
    fn retired(&mut self, _retired: &Retired) {}
}

/// What a machine has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Stats {
    pub cycles: u64,
    pub instructions: u64,
    pub cache_hits: u64,
    pub cache_misses: u64,
}

/// A chip, its memory and its program.
#[derive(Debug)]
pub struct Machine {
    chip: &'static EmulatedChip,
    core: Core,
    pace: Pace,
    pub hart: Hart,
    pub bus: Bus,
    blocks: Blocks,
    breakpoints: Vec<u32>,
    /// Interrupt lines held up from outside.
    lines: u32,
    symbols: Symbols,
}

impl Machine {
    /// `chip` after reset, with nothing in its memory.
    pub fn new(chip: &'static EmulatedChip, pace: Pace) -> Self {
        Self {
            chip,
            core: Core { atomics: chip.atomics, costs: chip.costs },
            pace,
            hart: Hart::new(chip),
            bus: Bus::new(chip, false),
            blocks: Blocks::default(),
            breakpoints: Vec::new(),
            lines: 0,
            symbols: Symbols::default(),
        }
    }

    /// Makes a missing line of the flash cache cost nothing, until the next program is loaded. What is left is the work
    /// itself, however the linker laid out the code.
    pub fn fill_for_free(&mut self) {
        self.bus.outer.cache.fill_for_free();
    }

    /// Resets the machine and loads an ELF file. A program linked to 0x8000_0000, as the RISC-V test suites are, gets
    /// 4 MiB of memory there: a convenience for tests that no chip has.
    pub fn load_elf(&mut self, bytes: &[u8]) -> Result<(), LoadError> {
        let program = elf::parse(bytes)?;
        let is_generic = |address: u32| address.wrapping_sub(GENERIC_BASE) < GENERIC_SIZE;
        self.hart = Hart::new(self.chip);
        self.bus = Bus::new(self.chip, program.segments.iter().any(|segment| is_generic(segment.address)));
        self.blocks.clear();
        for segment in &program.segments {
            let (address, bytes, chip) = (segment.address, segment.size, self.chip.name);
            let unmapped = LoadError::Unmapped { address, bytes, chip };
            if !self.bus.is_mapped(address, bytes) {
                return Err(unmapped);
            }
            self.bus.poke(address, segment.bytes).map_err(|_| unmapped)?;
        }
        if let Some(tohost) = program.symbols.address("tohost") {
            self.bus.set_tohost(tohost);
        }
        self.hart.pc = program.entry;
        self.symbols = program.symbols;
        Ok(())
    }

    /// Runs for `cycles` cycles or until something ends the run before.
    pub fn run(&mut self, cycles: u64) -> Stop {
        match self.pace {
            Pace::Timed => self.run_for::<true, true, ()>(cycles, &mut ()),
            Pace::Untimed => self.run_for::<false, true, ()>(cycles, &mut ()),
        }
    }

    /// The same in the plain interpreter, which shows every instruction to `observer`.
    pub fn run_observed<O: Observer>(&mut self, cycles: u64, observer: &mut O) -> Stop {
        match self.pace {
            Pace::Timed => self.run_for::<true, false, O>(cycles, observer),
            Pace::Untimed => self.run_for::<false, false, O>(cycles, observer),
        }
    }

    fn run_for<const TIMED: bool, const BLOCKS: bool, O: Observer>(
        &mut self,
        cycles: u64,
        observer: &mut O,
    ) -> Stop {
        let limit = self.hart.clock.cycles.saturating_add(cycles);
        let mut resumes_at = Some(self.hart.pc);
        loop {
            if let Some(stop) = self.attend::<TIMED, O>(limit, observer) {
                return stop;
            }
            let pc = self.hart.pc;
            if resumes_at.take() == Some(pc) && self.breakpoints.contains(&pc) {
                // It is from here that the run goes on.
            } else if self.breakpoints.contains(&pc) {
                return Stop::Breakpoint { pc };
            } else if BLOCKS && self.run_blocks::<TIMED>(limit) {
                continue;
            }
            match execute::step::<TIMED>(&mut self.hart, &mut self.bus, self.core) {
                Ok(retired) => observer.retired(&retired),
                Err(fault) => return Stop::Fault(fault),
            }
        }
    }

    /// Everything that is not the program; `Some` when the run ends.
    #[inline]
    fn attend<const TIMED: bool, O: Observer>(&mut self, limit: u64, observer: &mut O) -> Option<Stop> {
        if self.bus.outer.code_changed {
            self.blocks.clear();
            self.bus.clear_code();
        }
        if let Some(value) = self.bus.outer.exit.take() {
            return Some(Stop::Exited { code: value >> 1 });
        }
        if self.hart.clock.cycles >= limit {
            return Some(Stop::CycleLimit);
        }
        self.attend_devices();
        if self.bus.outer.peripherals.is_reset_due() {
            return Some(Stop::Reset);
        }
        if self.hart.is_waiting
            && let Some(stop) = self.wait(limit)
        {
            return Some(stop);
        }
        let line = self.hart.csr.interrupt()?;
        if let Some(pc) = trap::enter_interrupt(&mut self.hart.csr, self.hart.pc, line) {
            self.hart.pc = pc;
            if TIMED {
                self.hart.pipeline.drain();
                self.hart.clock.cycles += u64::from(self.core.costs.jump_register);
            }
            observer.interrupted();
        }
        None
    }

    fn attend_devices(&mut self) {
        let now = self.hart.clock.cycles;
        if self.bus.outer.peripherals.next_event().is_some_and(|event| event <= now) {
            self.bus.outer.peripherals.advance(now);
        }
        self.hart.csr.mip = self.lines | self.bus.outer.peripherals.interrupts();
    }

    /// Lets time pass until an interrupt is up; `Some` when that is not before the limit.
    fn wait(&mut self, limit: u64) -> Option<Stop> {
        while self.hart.csr.ready() == 0 {
            if self.bus.outer.peripherals.is_reset_due() {
                return Some(Stop::Reset);
            }
            match self.bus.outer.peripherals.next_event() {
                None => return Some(Stop::WaitingForInterrupt),
                Some(event) if event >= limit => {
                    self.hart.clock.cycles = limit;
                    return Some(Stop::CycleLimit);
                }
                Some(event) => {
                    // A device that asks for no later time than now would hold the clock still.
                    self.hart.clock.cycles = event.max(self.hart.clock.cycles + 1);
                    self.attend_devices();
                }
            }
        }
        self.hart.is_waiting = false;
        None
    }

    /// Runs blocks from the program counter on; `false` if the plain interpreter has to execute the next instruction.
    fn run_blocks<const TIMED: bool>(&mut self, limit: u64) -> bool {
        if TIMED && !self.hart.pipeline.is_idle() {
            return false;
        }
        let Self { hart, bus, blocks, core, breakpoints, .. } = self;
        let deadline = bus.outer.peripherals.next_event().map_or(limit, |event| event.min(limit));
        let before = hart.clock.instructions;
        let mut from = None;
        loop {
            let Some(start) = blocks.find_or_decode(hart.pc, bus, *core, TIMED, breakpoints) else {
                return false;
            };
            if let Some(from) = from {
                blocks.link(from, start);
            }
            let chain = Chain {
                blocks,
                integers: &mut hart.integers,
                main: &mut bus.main,
                main_base: bus.main_base,
                marks: &bus.marks,
                outer: &mut bus.outer,
                clock: &mut hart.clock,
                deadline,
            };
            match chain.run::<TIMED>(start) {
                Leave::Unknown { from: operation, pc } => {
                    hart.pc = pc;
                    if breakpoints.contains(&pc) {
                        return true;
                    }
                    from = Some(operation);
                }
                Leave::Deadline { pc } => {
                    hart.pc = pc;
                    return false;
                }
                Leave::Before { block, operation, pc, why } => {
                    hart.pc = pc;
                    if TIMED {
                        hart.pipeline = blocks.pipeline_before(block, operation, *core);
                    }
                    return why == Why::Attention && hart.clock.instructions != before;
                }
            }
        }
    }

    /// Starts the CPU at `pc` as after a reset; memory, devices and the count of cycles stay.
    pub fn restart(&mut self, pc: u32) {
        let clock = self.hart.clock;
        self.hart = Hart::new(self.chip);
        self.hart.clock = clock;
        self.hart.pc = pc;
        self.hart.csr.lines_are_filtered = self.bus.outer.peripherals.board.is_some();
        self.bus.outer.invalidate_cache();
        self.bus.outer.code_changed = true;
    }

    /// Stops runs before the instruction at `address`.
    pub fn add_breakpoint(&mut self, address: u32) {
        self.breakpoints.push(address);
        self.bus.outer.code_changed = true;
    }

    /// Holds up interrupt lines from outside, one bit a line, in the numbering of `mip`.
    pub fn set_interrupt_lines(&mut self, lines: u32) {
        self.lines = lines;
    }

    /// Puts `device` at `base`; it answers `size` bytes of registers. Loading a program removes it.
    pub fn attach(&mut self, base: u32, size: u32, device: Box<dyn Device>) {
        self.bus.outer.peripherals.attach(base, size, device);
    }

    /// The chip this is.
    pub fn chip(&self) -> &'static EmulatedChip {
        self.chip
    }

    /// The named addresses of the loaded program.
    pub fn symbols(&self) -> &Symbols {
        &self.symbols
    }

    /// Everything UART0 sent since the last call.
    pub fn take_uart_output(&mut self) -> Vec<u8> {
        self.bus.outer.peripherals.uart0.take_sent()
    }

    /// Bytes arrive at UART0.
    pub fn uart_input(&mut self, bytes: &[u8]) {
        self.bus.outer.peripherals.uart0.receive(bytes);
    }

    /// Counters since reset.
    pub fn stats(&self) -> Stats {
        let (cache_hits, cache_misses) = self.bus.outer.cache.hits_and_misses();
        let clock = self.hart.clock;
        Stats { cycles: clock.cycles, instructions: clock.instructions, cache_hits, cache_misses }
    }
}
