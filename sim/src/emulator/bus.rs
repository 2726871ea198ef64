//! The address map: banks of memory seen through windows, and peripherals.
//!
//! The main SRAM is kept apart from everything else, so that the block interpreter can hold it as a plain slice and
//! leave the rest to [`Outer`]. An access that no window and no device answers is a fault; nothing here panics.

use super::cache::Cache;
use super::chip::{Access, BankSpec, EmulatedChip, GENERIC_BASE, GENERIC_SIZE, Window};
use super::memory::{self, Marks};
use super::peripherals::Peripherals;
use super::timing::Costs;

/// A bank other than the main one.
#[derive(Debug)]
struct Bank {
    words: Vec<u32>,
    marks: Marks,
}

/// A value read, the cycles it took beyond the instruction's own, and whether a device was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loaded {
    pub value: u32,
    pub wait: u32,
    pub was_device: bool,
}

/// The cycles a store took beyond the instruction's own, and whether the interpreter must look around after it:
/// a device was written, code was changed, or the program ended itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    pub wait: u32,
    pub must_leave: bool,
}

/// An address that nothing answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unmapped;

/// Everything but the main SRAM.
#[derive(Debug)]
pub struct Outer {
    banks: Vec<Bank>,
    /// Bank 0 is the main SRAM, bank `n` is `banks[n - 1]`.
    windows: Vec<Window>,
    flash_bank: usize,
    pub peripherals: Peripherals,
    pub cache: Cache,
    /// The flash line that instructions were last fetched from: fetching from it again asks the cache nothing.
    fetch_line: Option<u32>,
    costs: &'static Costs,
    tohost: Option<(usize, u32)>,
    /// What the program wrote to `tohost`.
    pub exit: Option<u32>,
    /// A decoded instruction was overwritten.
    pub code_changed: bool,
}

/// The whole address space of a machine.
#[derive(Debug)]
pub struct Bus {
    pub main: Vec<u32>,
    pub marks: Marks,
    /// Where data accesses reach the main SRAM.
    pub main_base: u32,
    pub outer: Outer,
}

/// A word of erased flash.
const ERASED: u32 = u32::MAX;
/// Flash contents are kept in whole sectors of this many bytes.
const FLASH_SECTOR: u32 = 4096;

/// Rounds up to whole words.
fn words_of(bytes: u32) -> Vec<u32> {
    vec![0; bytes.div_ceil(4) as usize]
}

/// The banks and windows of `chip`, the generic memory first if there is to be one.
fn layout(chip: &EmulatedChip, generic: bool) -> (Vec<BankSpec>, Vec<Window>) {
    let (mut specs, mut windows) = (chip.banks.to_vec(), chip.windows.to_vec());
    if generic || specs.is_empty() {
        specs.insert(0, BankSpec { name: "generic memory", size: GENERIC_SIZE, is_flash: false });
        windows.iter_mut().for_each(|window| window.bank += 1);
        let access = Access::ALL;
        windows.insert(0, Window { base: GENERIC_BASE, size: GENERIC_SIZE, bank: 0, offset: 0, access });
    }
    (specs, windows)
}

impl Bus {
    /// The address map of `chip`; with `generic`, 4 MiB at 0x8000_0000 as the main memory besides.
    pub fn new(chip: &EmulatedChip, generic: bool) -> Self {
        let (specs, windows) = layout(chip, generic);
        let is_written = |bank| windows.iter().any(|window| window.bank == bank && window.access.write);
        let bank = |(index, spec): (usize, &BankSpec)| Bank {
            // Flash grows with its contents.
            words: words_of(if spec.is_flash { 0 } else { spec.size }),
            marks: if is_written(index) { Marks::new(spec.size) } else { Marks::default() },
        };
        let mut banks: Vec<Bank> = specs.iter().enumerate().map(bank).collect();
        let main = banks.remove(0);
        let outer = Outer {
            banks,
            flash_bank: specs.iter().position(|spec| spec.is_flash).unwrap_or(usize::MAX),
            peripherals: Peripherals::new(chip.peripherals, chip.uart0),
            cache: Cache::new(chip.cache, u32::from(chip.costs.line_fill)),
            fetch_line: None,
            costs: chip.costs,
            tohost: None,
            exit: None,
            code_changed: false,
            windows,
        };
        let main_base = outer.windows.first().map_or(0, |window| window.base);
        Self { main: main.words, marks: main.marks, main_base, outer }
    }

    /// Reads `bytes` (1, 2 or 4) at `address` as a load at time `now` does.
    pub fn load(&mut self, address: u32, bytes: u32, now: u64) -> Result<Loaded, Unmapped> {
        self.outer.load(&self.main, address, bytes, now)
    }

    /// Writes `bytes` (1, 2 or 4) at `address` as a store at time `now` does.
    pub fn store(&mut self, address: u32, bytes: u32, value: u32, now: u64) -> Result<Stored, Unmapped> {
        self.outer.store(&mut self.main, &self.marks, address, bytes, value, now)
    }

    /// The instruction at `pc`: 32 bits, or 16 bits when it is a compressed one.
    pub fn fetch(&self, pc: u32) -> Result<u32, Unmapped> {
        let low = self.peek(pc, 2, |access| access.execute).ok_or(Unmapped)?;
        if low & 3 != 3 {
            return Ok(low);
        }
        let high = self.peek(pc.wrapping_add(2), 2, |access| access.execute).ok_or(Unmapped)?;
        Ok(high << 16 | low)
    }

    /// Reads memory without any effect; `None` for peripherals and where nothing is mapped.
    pub fn inspect(&self, address: u32, bytes: u32) -> Option<u32> {
        self.peek(address, bytes, |_| true)
    }

    fn peek(&self, address: u32, bytes: u32, allows: fn(Access) -> bool) -> Option<u32> {
        let window = self.outer.window(address, bytes)?;
        let words = self.bank(window.bank)?.0;
        let is_flash = window.bank == self.outer.flash_bank;
        match memory::read(words, window.offset_of(address), bytes) {
            _ if !allows(window.access) => None,
            None if is_flash => memory::read(&[ERASED], 0, bytes),
            read => read,
        }
    }

    fn bank(&self, bank: usize) -> Option<(&[u32], &Marks)> {
        match bank {
            0 => Some((&self.main, &self.marks)),
            _ => self.outer.banks.get(bank - 1).map(|bank| (bank.words.as_slice(), &bank.marks)),
        }
    }

    fn bank_mut(&mut self, bank: usize) -> Option<(&mut [u32], &mut Marks)> {
        match bank {
            0 => Some((&mut self.main, &mut self.marks)),
            _ => self.outer.banks.get_mut(bank - 1).map(|bank| (bank.words.as_mut_slice(), &mut bank.marks)),
        }
    }

    /// Is there memory for all of `bytes` from `address` on?
    pub fn is_mapped(&self, address: u32, bytes: u64) -> bool {
        u32::try_from(bytes).is_ok_and(|bytes| self.outer.window(address, bytes).is_some())
    }

    /// Writes a byte string whatever the window allows, as a loader does; the address where it failed otherwise.
    pub fn poke(&mut self, address: u32, bytes: &[u8]) -> Result<(), u32> {
        let length = u32::try_from(bytes.len()).map_err(|_| address)?;
        if length == 0 {
            return Ok(());
        }
        let window = *self.outer.window(address, length).ok_or(address)?;
        let offset = window.offset_of(address);
        if window.bank == self.outer.flash_bank {
            self.outer.grow_flash(offset + length);
        }
        let (words, _) = self.bank_mut(window.bank).ok_or(address)?;
        memory::write_bytes(words, offset, bytes).ok_or(address)?;
        self.outer.code_changed = true;
        Ok(())
    }

    /// Fills all memory that loses its contents with the power with what `noise` gives.
    pub fn fill_memory(&mut self, mut noise: impl FnMut() -> u32) {
        self.main.iter_mut().for_each(|word| *word = noise());
        let Outer { banks, windows, .. } = &mut self.outer;
        for (index, bank) in banks.iter_mut().enumerate() {
            if windows.iter().any(|window| window.bank == index + 1 && window.access.write) {
                bank.words.iter_mut().for_each(|word| *word = noise());
            }
        }
    }

    /// A store to the word at `address` ends the program.
    pub fn set_tohost(&mut self, address: u32) {
        let Some(window) = self.outer.window(address, 4).copied() else { return };
        let offset = window.offset_of(address);
        if let Some((_, marks)) = self.bank_mut(window.bank) {
            marks.watch(offset);
            self.outer.tohost = Some((window.bank, offset));
        }
    }

    /// Notes that the instruction at `pc` was decoded, so that a store to it is noticed.
    pub fn mark_code(&mut self, pc: u32, length: u32) {
        for halfword in (0..length).step_by(2) {
            let address = pc.wrapping_add(halfword);
            let Some(window) = self.outer.window(address, 2).copied() else { continue };
            if let Some((_, marks)) = self.bank_mut(window.bank) {
                marks.mark_code(window.offset_of(address), 2);
            }
        }
    }

    /// Forgets which instructions were decoded.
    pub fn clear_code(&mut self) {
        self.outer.code_changed = false;
        self.marks.clear_code();
        self.outer.banks.iter_mut().for_each(|bank| bank.marks.clear_code());
    }
}

impl Window {
    const fn offset_of(&self, address: u32) -> u32 {
        self.offset + address.wrapping_sub(self.base)
    }
}

impl Outer {
    fn window(&self, address: u32, bytes: u32) -> Option<&Window> {
        self.windows
            .iter()
            .find(|window| bytes <= window.size && address.wrapping_sub(window.base) <= window.size - bytes)
    }

    /// A load that the fast path could not do: not main SRAM, or misaligned.
    #[inline(never)]
    pub fn load(&mut self, main: &[u32], address: u32, bytes: u32, now: u64) -> Result<Loaded, Unmapped> {
        let Some(&window) = self.window(address, bytes).filter(|window| window.access.read) else {
            let value = self.peripherals.load(address, bytes, now).ok_or(Unmapped)?;
            return Ok(Loaded { value, wait: u32::from(self.costs.peripheral_read), was_device: true });
        };
        let offset = window.offset_of(address);
        let mut wait = if address & (bytes - 1) != 0 { u32::from(self.costs.misaligned) } else { 0 };
        if window.bank == self.flash_bank {
            wait += u32::from(self.costs.flash_data) + self.touch_flash(offset, bytes);
        }
        let words = match window.bank {
            0 => main,
            bank => self.banks.get(bank - 1).map_or(&[][..], |bank| &bank.words),
        };
        let value = match memory::read(words, offset, bytes) {
            None if window.bank == self.flash_bank => memory::read(&[ERASED], 0, bytes),
            read => read,
        };
        Ok(Loaded { value: value.ok_or(Unmapped)?, wait, was_device: false })
    }

    /// Makes room for flash contents up to the offset `end`.
    fn grow_flash(&mut self, end: u32) {
        let Some(bank) = self.flash_bank.checked_sub(1).and_then(|bank| self.banks.get_mut(bank)) else {
            return;
        };
        let words = end.div_ceil(FLASH_SECTOR) as usize * (FLASH_SECTOR / 4) as usize;
        if bank.words.len() < words {
            bank.words.resize(words, ERASED);
        }
    }

    fn touch_flash(&mut self, offset: u32, bytes: u32) -> u32 {
        let line_bytes = self.cache.line_bytes();
        let (first, last) = (offset / line_bytes, (offset + bytes - 1) / line_bytes);
        let wait = self.cache.touch(first);
        if last == first { wait } else { wait + self.cache.touch(last) }
    }

    /// Cycles to have the flash lines that an instruction lies in. The fetch unit keeps the last line it saw, and
    /// asks the cache only for others.
    #[inline]
    pub fn fetch_lines(&mut self, first: u32, last: u32) -> u32 {
        if self.fetch_line == Some(last) {
            return 0;
        }
        let mut wait = 0;
        if self.fetch_line != Some(first) {
            wait += self.cache.touch(first);
        }
        if last != first {
            wait += self.cache.touch(last);
        }
        self.fetch_line = Some(last);
        wait
    }

    /// The first and last flash line of an instruction, when it comes through the cache.
    pub fn lines_of(&self, pc: u32, length: u32) -> Option<(u32, u32)> {
        let window = self.window(pc, length).filter(|window| window.bank == self.flash_bank)?;
        let (first, line_bytes) = (window.offset_of(pc), self.cache.line_bytes());
        Some((first / line_bytes, (first + length - 1) / line_bytes))
    }

    /// Shows the pages of the flash that were mapped or written again.
    fn show_flash(&mut self) {
        let Some(board) = self.peripherals.board.as_mut().filter(|board| board.has_remaps()) else { return };
        let Some(bank) = self.flash_bank.checked_sub(1).and_then(|bank| self.banks.get_mut(bank)) else {
            return;
        };
        if board.take_resized() {
            bank.words.clear();
        }
        for (words, contents) in board.take_remaps() {
            match contents {
                Some(contents) => {
                    if bank.words.len() < words.end {
                        bank.words.resize(words.end, ERASED);
                    }
                    if let Some(shown) = bank.words.get_mut(words) {
                        shown.copy_from_slice(&contents);
                    }
                }
                None => bank.words.get_mut(words).into_iter().for_each(|shown| shown.fill(ERASED)),
            }
        }
        self.code_changed = true;
        self.invalidate_cache();
    }

    /// Flash was written or mapped again: nothing in the cache is valid.
    pub fn invalidate_cache(&mut self) {
        self.cache.invalidate();
        self.fetch_line = None;
    }

    /// A store that the fast path could not do: not main SRAM, misaligned, or to a watched address.
    #[inline(never)]
    pub fn store(
        &mut self,
        main: &mut [u32],
        marks: &Marks,
        address: u32,
        bytes: u32,
        value: u32,
        now: u64,
    ) -> Result<Stored, Unmapped> {
        let Some(&window) = self.window(address, bytes).filter(|window| window.access.write) else {
            self.peripherals.store(address, bytes, value, now).ok_or(Unmapped)?;
            self.show_flash();
            return Ok(Stored { wait: 0, must_leave: true });
        };
        let offset = window.offset_of(address);
        let changes_code = match window.bank {
            0 => {
                memory::write(main, offset, bytes, value).ok_or(Unmapped)?;
                marks.holds_code(offset, bytes)
            }
            bank => {
                let bank = self.banks.get_mut(bank - 1).ok_or(Unmapped)?;
                memory::write(&mut bank.words, offset, bytes, value).ok_or(Unmapped)?;
                bank.marks.holds_code(offset, bytes)
            }
        };
        self.code_changed |= changes_code;
        let ends = self.tohost == Some((window.bank, offset)) && value & 1 != 0;
        if ends {
            self.exit = Some(value);
        }
        let wait = if address & (bytes - 1) != 0 { u32::from(self.costs.misaligned) } else { 0 };
        Ok(Stored { wait, must_leave: changes_code || ends })
    }
}
