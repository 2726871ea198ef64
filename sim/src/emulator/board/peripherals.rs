//! Everything behind the peripheral bus of a chip on a board, as one device.
//!
//! It finds the block that an address belongs to, lets it answer, and afterwards works out interrupt lines and the
//! next event. What no block answers is kept and listed ([`super::unmodelled`]).

use super::answers;
use super::i2c::I2c;
use super::interrupts::{self, Interrupts};
use super::layout::{self, Block, Layout, Region};
use super::low_power::LowPower;
use super::mmu::Mmu;
use super::nor::Nor;
use super::reset::Cause;
use super::saradc::Saradc;
use super::serial::{HOST_BYTE, Uart};
use super::sha::Sha;
use super::spi::Spi1;
use super::systimer::Systimer;
use super::time::{Ticks, Timebase};
use super::timer_group::TimerGroup;
use super::unmodelled::{UnmodelledRegister, UnmodelledRegisters};
use super::usb::UsbSerial;
use super::watchdog::Action;
use crate::emulator::memory;

/// The peripherals of a chip, its flash chip and the ends of its serial lines.
#[derive(Debug)]
pub struct Peripherals {
    layout: &'static Layout,
    /// The chip's own range of peripheral addresses.
    range: (u32, u32),
    pub time: Timebase,
    pub nor: Nor,
    pub uart0: Uart,
    pub uart1: Uart,
    pub usb: UsbSerial,
    pub low_power: LowPower,
    mmu: Mmu,
    spi1: Spi1,
    systimer: Systimer,
    timer_groups: [TimerGroup; 2],
    interrupts: Interrupts,
    from_cpu: u32,
    sha: Sha,
    i2c: I2c,
    saradc: Saradc,
    analog: std::collections::BTreeMap<u32, u8>,
    random: oorandom::Rand32,
    mac: [u8; 6],
    kept: UnmodelledRegisters,
    /// How often each register was read since [`Peripherals::forget_reads`].
    reads: std::collections::BTreeMap<u32, u64>,
    /// The region that answered last.
    recent: Region,
    lines: u32,
    /// The CPU cycle of the next event.
    event: Option<u64>,
    /// A reset that is due.
    pub reset: Option<Cause>,
}

/// What is on the board beside the chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoardConfig {
    /// The factory's address of the chip.
    pub mac: [u8; 6],
    /// What its noise begins with.
    pub seed: u64,
    /// Is a USB host connected that reads?
    pub usb_host: bool,
}

impl Default for BoardConfig {
    fn default() -> Self {
        // A locally administered address: no real chip has it.
        Self { mac: [0x02, 0x00, 0x00, 0x00, 0x00, 0x01], seed: 0, usb_host: true }
    }
}

impl Peripherals {
    /// After power-on.
    pub fn new(
        layout: &'static Layout,
        range: (u32, u32),
        nor: Nor,
        board_config: BoardConfig,
    ) -> Option<Self> {
        let group = || TimerGroup::new(layout.watchdog_ticks);
        let mut peripherals = Self {
            layout,
            range,
            time: Timebase::new(layout.reset_megahertz),
            nor,
            uart0: Uart::new(layout.uart, Some(HOST_BYTE)),
            uart1: Uart::new(layout.uart, None),
            usb: UsbSerial::new(board_config.usb_host),
            low_power: LowPower::new(layout.super_watchdog, 0),
            mmu: Mmu::new(layout.mmu),
            spi1: Spi1::default(),
            systimer: Systimer::at(0),
            timer_groups: [group(), group()],
            interrupts: Interrupts::default(),
            from_cpu: 0,
            sha: Sha::default(),
            i2c: I2c::default(),
            saradc: Saradc::default(),
            analog: std::collections::BTreeMap::new(),
            random: oorandom::Rand32::new(board_config.seed),
            mac: board_config.mac,
            kept: UnmodelledRegisters::default(),
            reads: std::collections::BTreeMap::new(),
            recent: *layout.regions.first()?,
            lines: 0,
            event: None,
            reset: None,
        };
        peripherals.follow(0);
        Some(peripherals)
    }

    /// Whether an access is one that the peripheral bus carries: in its range and within one word.
    fn is_register(&self, address: u32, bytes: u32) -> bool {
        let within = |(base, size): (u32, u32)| address.wrapping_sub(base) < size;
        (within(self.range) || within(self.layout.extra)) && (address & 3) + bytes <= 4
    }

    fn region(&mut self, address: u32) -> Option<Region> {
        if address.wrapping_sub(self.recent.base) < self.recent.size {
            return Some(self.recent);
        }
        let region =
            *self.layout.regions.iter().find(|region| address.wrapping_sub(region.base) < region.size)?;
        // The generator of random numbers lies within another block.
        if region.size > 4 && region.block != Block::Settings {
            self.recent = region;
        }
        Some(region)
    }

    /// Reads `bytes` at `address` at CPU cycle `cycle`; `None` outside of the peripherals.
    pub fn load(&mut self, address: u32, bytes: u32, cycle: u64) -> Option<u32> {
        if !self.is_register(address, bytes) {
            return None;
        }
        let (word, now) = (address & !3, self.time.at(cycle));
        *self.reads.entry(word).or_default() += 1;
        let modelled =
            self.region(word).and_then(|region| self.read(region.block, word - region.base, word, now));
        let value = modelled.unwrap_or_else(|| self.kept.read(word, self.layout));
        self.follow(cycle);
        memory::read(&[value], address & 3, bytes)
    }

    /// Writes `bytes` at `address` at CPU cycle `cycle`; `None` outside of the peripherals.
    pub fn store(&mut self, address: u32, bytes: u32, value: u32, cycle: u64) -> Option<()> {
        if !self.is_register(address, bytes) {
            return None;
        }
        let (word, now) = (address & !3, self.time.at(cycle));
        let (mut shifted, mut mask) = ([0], [0]);
        memory::write(&mut shifted, address & 3, bytes, value)?;
        memory::write(&mut mask, address & 3, bytes, u32::MAX)?;
        let ([shifted], [mask]) = (shifted, mask);
        let region = self.region(word);
        if !region.is_some_and(|region| self.write(region.block, word - region.base, shifted, now)) {
            self.kept.write(word, shifted, mask, self.layout);
        }
        if region.is_some_and(|region| region.block == Block::System) {
            let megahertz = answers::megahertz(self.is_c3(), |address| self.kept.peek(address, self.layout));
            self.time.change(cycle, megahertz);
        }
        self.follow(cycle);
        Some(())
    }

    fn read(&mut self, block: Block, offset: u32, address: u32, now: Ticks) -> Option<u32> {
        if let Some(register) = layout::low_power(block, offset) {
            return Some(self.low_power.read(register));
        }
        let is_c3 = self.is_c3();
        match block {
            Block::Uart0 => self.uart0.read(offset, now),
            Block::Uart1 => self.uart1.read(offset, now),
            Block::UsbSerialJtag => self.usb.read(offset, now),
            Block::Systimer => self.systimer.read(offset, now),
            Block::TimerGroup(index) => self.timer_groups.get_mut(index)?.read(offset, now),
            Block::Spi1 => self.spi1.read(offset, now),
            Block::Spi0 if !self.is_c3() && offset == 0x37c => Some(self.mmu.entry(self.mmu.index)),
            Block::Spi0 if !self.is_c3() && offset == 0x380 => Some(self.mmu.index),
            // No access of the cache is under way.
            Block::Spi0 if !self.is_c3() && offset == 0x170 => Some(1 << 31),
            Block::MmuTable => Some(self.mmu.entry(offset / 4)),
            Block::Cache => answers::cache(is_c3, offset, self.kept.peek(address, self.layout)),
            Block::System => self.read_from_cpu(offset.wrapping_sub(0x28)).filter(|_| self.is_c3()),
            Block::InterruptMatrix | Block::Plic | Block::InterruptPriority => {
                self.read_interrupts(block, offset)
            }
            Block::Efuse => answers::efuse(is_c3, offset, self.mac, self.layout.revision),
            Block::Sha => self.sha.read(offset),
            Block::I2c => self.i2c.read(offset),
            Block::Saradc => self.saradc.read(offset),
            Block::AnalogI2c => self.read_analog(offset, address),
            Block::Random => Some(self.random.rand_u32()),
            Block::Gpio if offset == 0x38 => Some(self.layout.straps),
            _ => None,
        }
    }

    fn write(&mut self, block: Block, offset: u32, value: u32, now: Ticks) -> bool {
        if let Some(register) = layout::low_power(block, offset) {
            self.low_power.write(register, value, now);
            return true;
        }
        match block {
            Block::Uart0 => self.uart0.write(offset, value, now),
            Block::Uart1 => self.uart1.write(offset, value, now),
            Block::UsbSerialJtag => self.usb.write(offset, value, now),
            Block::Systimer => self.systimer.write(offset, value, now),
            Block::TimerGroup(index) => {
                self.timer_groups.get_mut(index).is_some_and(|group| group.write(offset, value, now))
            }
            Block::Spi1 => {
                let known = self.spi1.write(offset, value, &mut self.nor, now);
                for range in self.nor.take_changes() {
                    self.mmu.flash_changed(range);
                }
                known
            }
            Block::Spi0 if !self.is_c3() && offset == 0x37c => {
                self.mmu.set_entry(self.mmu.index, value);
                true
            }
            Block::Spi0 if !self.is_c3() && offset == 0x380 => {
                self.mmu.index = value;
                true
            }
            // The rest of the register changes nothing here, and is kept.
            Block::Spi0 if !self.is_c3() && offset == 0x384 => {
                self.mmu.set_page_size(value >> 3);
                false
            }
            Block::MmuTable => {
                self.mmu.set_entry(offset / 4, value);
                true
            }
            Block::System if self.is_c3() => self.write_from_cpu(offset.wrapping_sub(0x28), value),
            Block::InterruptMatrix | Block::Plic | Block::InterruptPriority => {
                self.write_interrupts(block, offset, value)
            }
            Block::Sha => self.sha.write(offset, value),
            Block::I2c => self.i2c.write(offset, value),
            Block::Saradc => self.saradc.write(offset, value),
            Block::AnalogI2c => self.write_analog(offset, value),
            _ => false,
        }
    }

    /// The ESP32-C3 has the MMU's table, the cache's bits and the interrupts from CPU to CPU elsewhere than the other.
    fn is_c3(&self) -> bool {
        self.layout.mmu.valid == 0
    }

    fn read_from_cpu(&self, offset: u32) -> Option<u32> {
        (offset < 16).then(|| self.from_cpu >> (offset / 4) & 1)
    }

    fn write_from_cpu(&mut self, offset: u32, value: u32) -> bool {
        if offset < 16 {
            let bit = 1 << (offset / 4);
            self.from_cpu = if value & 1 != 0 { self.from_cpu | bit } else { self.from_cpu & !bit };
        }
        offset < 16
    }

    fn read_interrupts(&self, block: Block, offset: u32) -> Option<u32> {
        if block == Block::InterruptPriority
            && let Some(value) = self.read_from_cpu(offset.wrapping_sub(0x90))
        {
            return Some(value);
        }
        Some(self.interrupts.read(interrupts::register(block, self.is_c3(), offset)?))
    }

    fn write_interrupts(&mut self, block: Block, offset: u32, value: u32) -> bool {
        if block == Block::InterruptPriority && self.write_from_cpu(offset.wrapping_sub(0x90), value) {
            return true;
        }
        let Some(register) = interrupts::register(block, self.is_c3(), offset) else {
            return false;
        };
        self.interrupts.write(register, value);
        true
    }

    /// The bus to the analog parts: their registers keep what is written, and calibrations are done at once.
    fn read_analog(&mut self, offset: u32, address: u32) -> Option<u32> {
        match (self.is_c3(), offset) {
            (true, 0x00 | 0x04) | (false, 0x00 | 0x04) => {
                let command = self.kept.peek(address, self.layout);
                let value = self.analog.get(&(command & 0xffff)).copied().unwrap_or(0);
                Some(command & 0x00ff_ffff & !0x00ff_0000 | u32::from(value) << 16)
            }
            // The calibration of the PLL is done.
            (true, 0x40) | (false, 0x18) => Some(self.kept.peek(address, self.layout) | 1 << 24),
            _ => None,
        }
    }

    fn write_analog(&mut self, offset: u32, value: u32) -> bool {
        if offset <= 0x04 && value >> 24 & 1 != 0 {
            self.analog.insert(value & 0xffff, (value >> 16) as u8);
        }
        false
    }

    fn sources(&self) -> u128 {
        let sources = &self.layout.sources;
        let one = |is_up: bool, source: u32| u128::from(is_up) << source;
        let mut up = one(self.uart0.interrupts(), sources.uart0) | one(self.usb.interrupts(), sources.usb);
        up |= one(self.uart1.interrupts(), sources.uart1);
        up |= u128::from(self.systimer.interrupts()) << sources.systimer;
        for (group, (timer, watchdog)) in self.timer_groups.iter().zip(sources.timer_groups) {
            let raised = group.interrupts();
            up |= one(raised & 1 != 0, timer) | one(raised & 2 != 0, watchdog);
        }
        up |= one(self.i2c.interrupts(), sources.i2c) | one(self.saradc.interrupts(), sources.saradc);
        up | one(self.low_power.interrupts(), sources.low_power)
            | u128::from(self.from_cpu) << sources.from_cpu
    }

    /// Works out lines and the next event after something happened at `cycle`.
    fn follow(&mut self, cycle: u64) {
        let now = self.time.at(cycle);
        self.interrupts.set_sources(self.sources());
        self.lines = self.interrupts.line();
        let [first, second] = &self.timer_groups;
        let events = [
            self.uart0.next_event(now),
            self.uart1.next_event(now),
            self.usb.next_event(now),
            self.systimer.next_event(now),
            first.next_event(),
            second.next_event(),
            self.low_power.next_event(),
            self.low_power.asked.map(|_| now),
        ];
        self.event = events.into_iter().flatten().min().map(|event| self.time.cycle_of(event));
    }

    /// The interrupt lines of the CPU that are up.
    pub fn lines(&self) -> u32 {
        self.lines
    }

    /// The CPU cycle of the next event.
    pub fn next_event(&self) -> Option<u64> {
        self.event
    }

    /// The CPU has come to `cycle`.
    pub fn advance(&mut self, cycle: u64) {
        let now = self.time.at(cycle);
        self.uart0.advance(now);
        self.uart1.advance(now);
        self.usb.advance(now);
        self.systimer.advance(now);
        for (index, group) in self.timer_groups.iter_mut().enumerate() {
            let cause = match (group.advance(now), index) {
                (Action::ResetCpu, 0) => Cause::TimerGroup0Cpu,
                (Action::ResetCpu, _) => Cause::TimerGroup1Cpu,
                (Action::ResetCore | Action::ResetSystem, 0) => Cause::TimerGroup0Core,
                (Action::ResetCore | Action::ResetSystem, _) => Cause::TimerGroup1Core,
                (Action::Nothing | Action::Interrupt, _) => continue,
            };
            self.reset = self.reset.or(Some(cause));
        }
        self.reset = self.low_power.advance(now).or(self.reset);
        self.follow(cycle);
    }

    /// Something outside of the chip changed at `cycle`.
    pub fn touched(&mut self, cycle: u64) {
        self.follow(cycle);
    }

    /// Time passes in which nothing happens: counters jump, watchdogs are held.
    pub fn skip(&mut self, ticks: Ticks, cycle: u64) {
        self.time.skip(ticks);
        self.timer_groups.iter_mut().for_each(|group| group.hold(ticks));
        self.low_power.hold(ticks);
        self.advance(cycle);
    }

    /// The chip is reset at `cycle`.
    pub fn restart(&mut self, cause: Cause, cycle: u64) {
        let now = self.time.at(cycle);
        self.reset = None;
        self.low_power.reset(cause, now);
        self.interrupts = Interrupts::default();
        self.from_cpu = 0;
        if !cause.is_cpu_only() {
            self.uart0.reset();
            self.uart1.reset();
            self.usb.reset();
            self.mmu = Mmu::new(self.layout.mmu);
            self.spi1 = Spi1::default();
            self.systimer = Systimer::at(now);
            self.timer_groups
                .iter_mut()
                .for_each(|group| *group = TimerGroup::new(self.layout.watchdog_ticks));
            self.sha = Sha::default();
            self.i2c = I2c::default();
            self.saradc = Saradc::default();
            self.analog.clear();
            let (layout, clears) = (self.layout, cause.clears_low_power());
            self.kept.reset(|address| !clears && is_low_power(layout, address));
            self.time.change(cycle, layout.reset_megahertz);
        }
        self.follow(cycle);
    }

    /// Whether pages of the flash have to be shown again.
    #[inline]
    pub fn has_remaps(&self) -> bool {
        self.mmu.is_dirty()
    }

    /// Has everything that is shown to be redrawn?
    pub fn take_resized(&mut self) -> bool {
        self.mmu.take_resized()
    }

    /// The words to show again, each range with what the flash has there.
    pub fn take_remaps(&mut self) -> Vec<(std::ops::Range<usize>, Option<Vec<u32>>)> {
        let mut pages = self.mmu.take_dirty();
        pages.sort_unstable();
        pages.dedup();
        let size = self.mmu.page_bytes();
        let contents = |page: usize| {
            let start = self.mmu.flash_page(page)? * size;
            let bytes = self.nor.bytes().get(start..start + size)?;
            Some(bytes.chunks_exact(4).map(word).collect())
        };
        let words = size / 4;
        pages.into_iter().map(|page| (words * page..words * (page + 1), contents(page))).collect()
    }

    /// Restarts the count of how often registers are read.
    pub fn forget_reads(&mut self) {
        self.reads.clear();
    }

    /// The register that was read most, how often, and its block.
    pub fn most_read(&self) -> Option<(u32, u64, Option<&'static str>)> {
        let (address, reads) = self.reads.iter().max_by_key(|(_, reads)| **reads)?;
        let region =
            self.layout.regions.iter().find(|region| address.wrapping_sub(region.base) < region.size);
        Some((*address, *reads, region.map(|region| region.name)))
    }

    /// Every register that was used and is not modelled.
    pub fn unmodelled(&self) -> Vec<UnmodelledRegister> {
        self.kept.list(self.layout)
    }
}

fn word(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte))
}

/// Whether a register keeps its contents when the digital core is reset.
fn is_low_power(layout: &Layout, address: u32) -> bool {
    let region = layout.regions.iter().find(|region| address.wrapping_sub(region.base) < region.size);
    region.is_some_and(|region| {
        matches!(
            region.block,
            Block::LowPowerControl | Block::AlwaysOn | Block::LowPowerClock | Block::LowPowerTimer
        ) || region.name.starts_with("LP_")
            || region.name == "PMU"
    })
}
