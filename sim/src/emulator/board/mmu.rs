//! The flash MMU: which page of the flash each page of the cache's address range shows.
//!
//! Pages are 64 KiB. The ESP32-C3 has its table in memory, the ESP32-C6 behind an index and a data register. A page
//! that is not mapped reads as ones, which is no instruction; the chip would raise an error of its cache.

use super::layout::Mmu as Shape;

/// Bytes of a page.
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
}

impl Mmu {
    /// After reset: nothing is mapped.
    pub fn new(shape: Shape) -> Self {
        let entries = vec![shape.invalid; shape.entries];
        Self { shape, entries, index: 0, dirty: (0..shape.entries).collect() }
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
        let pages = range.start / PAGE..range.end.div_ceil(PAGE);
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
}
