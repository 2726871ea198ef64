//! The flash MMU: which page of the flash each page of the cache's address range shows.
//!
//! Pages are 64 KiB; on the ESP32-C6 a register makes them smaller, which ESP-IDF does for a flash of 1 or 2 MiB. The
//! ESP32-C3 has its table in memory, the ESP32-C6 behind an index and a data register. A page that is not mapped reads as
//! ones, which is no instruction; the chip would raise an error of its cache.

use super::layout::Mmu as Shape;

/// Bytes of the largest page.
pub const PAGE: usize = 64 * 1024;

/// The table.
#[derive(Debug)]
pub struct Mmu {
    shape: Shape,
    entries: Vec<u32>,
    /// The entry that the data register shows.
    pub index: u32,
    /// Entries whose page has to be shown again.
    dirty: Vec<usize>,
    /// Bytes of a page.
    page: usize,
    /// Has the size of the pages changed, so that nothing is where it was?
    resized: bool,
}

impl Mmu {
    /// After reset: nothing is mapped.
    pub fn new(shape: Shape) -> Self {
        let entries = vec![shape.invalid; shape.entries];
        Self { shape, entries, index: 0, dirty: (0..shape.entries).collect(), page: PAGE, resized: true }
    }

    /// Bytes of a page.
    pub fn page_bytes(&self) -> usize {
        self.page
    }

    /// Sets the size of the pages, as the ESP32-C6's register has it: half of the largest for each step.
    pub fn set_page_size(&mut self, code: u32) {
        let page = PAGE >> (code & 3);
        if self.page != page {
            (self.page, self.resized) = (page, true);
            self.dirty = (0..self.entries.len()).collect();
        }
    }

    /// Has the size of the pages changed since the last call?
    pub fn take_resized(&mut self) -> bool {
        std::mem::take(&mut self.resized)
    }

    /// The entry `index`.
    pub fn entry(&self, index: u32) -> u32 {
        self.entries.get(index as usize).copied().unwrap_or(0)
    }

    /// Sets the entry `index`.
    pub fn set_entry(&mut self, index: u32, value: u32) {
        if let Some(entry) = self.entries.get_mut(index as usize)
            && *entry != value
        {
            *entry = value;
            self.dirty.push(index as usize);
        }
    }

    /// Where in the flash the page `index` comes from.
    pub fn flash_page(&self, index: usize) -> Option<usize> {
        let entry = *self.entries.get(index)?;
        (entry & self.shape.valid_mask == self.shape.valid).then_some((entry & self.shape.page_mask) as usize)
    }

    /// The flash changed within `range`: what shows it is to be shown again.
    pub fn flash_changed(&mut self, range: std::ops::Range<usize>) {
        let pages = range.start / self.page..range.end.div_ceil(self.page);
        let shows = |index: &usize| self.flash_page(*index).is_some_and(|page| pages.contains(&page));
        let shown: Vec<usize> = (0..self.entries.len()).filter(shows).collect();
        self.dirty.extend(shown);
    }

    /// Whether a page has to be shown again.
    pub fn is_dirty(&self) -> bool {
        !self.dirty.is_empty()
    }

    /// The pages that have to be shown again.
    pub fn take_dirty(&mut self) -> Vec<usize> {
        std::mem::take(&mut self.dirty)
    }
}

#[cfg(test)]
mod tests {
    use super::super::layout;
    use super::*;

    #[test]
    fn an_entry_maps_a_page_when_it_is_valid() {
        let mut mmu = Mmu::new(layout::ESP32C6.mmu);
        mmu.take_dirty();
        mmu.set_entry(3, 7);
        assert_eq!(mmu.flash_page(3), None);
        mmu.set_entry(3, 1 << 9 | 7);
        assert_eq!((mmu.flash_page(3), mmu.take_dirty()), (Some(7), vec![3, 3]));
        mmu.flash_changed(7 * PAGE + 5..7 * PAGE + 6);
        assert_eq!(mmu.take_dirty(), [3]);
    }

    #[test]
    fn smaller_pages_change_where_everything_is() {
        let mut mmu = Mmu::new(layout::ESP32C6.mmu);
        assert!(mmu.take_resized() && !mmu.take_resized());
        mmu.set_entry(3, 1 << 9 | 7);
        mmu.take_dirty();
        mmu.set_page_size(1);
        assert_eq!((mmu.page_bytes(), mmu.take_resized(), mmu.take_dirty().len()), (PAGE / 2, true, 256));
        mmu.flash_changed(7 * PAGE / 2..7 * PAGE / 2 + 1);
        assert_eq!(mmu.take_dirty(), [3]);
        mmu.set_page_size(1);
        assert!(!mmu.is_dirty());
    }
}
