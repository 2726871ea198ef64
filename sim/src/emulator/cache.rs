//! The flash cache: which lines of flash are in it, and what a missing one costs.
//!
//! Set-associative, one cache for instructions and data, as on the ESP32-C6 (32 KiB, 4 ways, 32-byte lines, least
//! recently used: mask ROM strings and measurement) and the ESP32-C3 (16 KiB, 8 ways, 32-byte lines: esp-idf). How the
//! C3 replaces is not published; with least recently used, loops of a little more than 16 KiB came out slower than
//! on silicon (docs/emulator.md), so it is random here. Only presence is modelled, the bytes always come from the flash
//! itself. A hit costs two memory accesses of the host.

use std::collections::BTreeSet;

/// The shape of a cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    pub bytes: u32,
    pub ways: u32,
    pub line_bytes: u32,
    pub replacement: Replacement,
}

/// Which line of a full set goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replacement {
    /// The one that was not used for the longest time.
    LeastRecentlyUsed,
    /// Any: a generator that starts with the same state each time chooses.
    Random,
}

impl Geometry {
    /// How many sets there are.
    pub const fn sets(&self) -> u32 {
        self.bytes / self.line_bytes / self.ways
    }
}

/// A way of a set.
#[derive(Clone, Copy, Debug, Default)]
struct Way {
    /// The line held plus one; 0 is empty.
    tag: u32,
    /// When it was last touched.
    used: u64,
}

/// The lines that are present.
#[derive(Clone, Debug)]
pub struct Cache {
    geometry: Geometry,
    ways: Vec<Way>,
    /// For each line of the flash up to the last one ever used: 1 + its index in `ways`, 0 when absent.
    slot: Vec<u32>,
    clock: u64,
    /// The state of the generator of [`Replacement::Random`].
    random: u32,
    fill_cycles: u32,
    hits: u64,
    misses: u64,
    /// The lines that were used since somebody wanted to know.
    used: Option<BTreeSet<u32>>,
}

impl Cache {
    /// An empty cache; a miss costs `fill_cycles`.
    pub fn new(geometry: Geometry, fill_cycles: u32) -> Self {
        let ways = (geometry.sets() * geometry.ways) as usize;
        Self {
            geometry,
            ways: vec![Way::default(); ways],
            slot: Vec::new(),
            clock: 0,
            random: 0x9e37_79b9,
            fill_cycles,
            hits: 0,
            misses: 0,
            used: None,
        }
    }

    /// Bytes of a line.
    pub const fn line_bytes(&self) -> u32 {
        self.geometry.line_bytes
    }

    /// Cycles that a missing line takes.
    pub const fn fill_cycles(&self) -> u32 {
        self.fill_cycles
    }

    /// Uses `line` (flash offset / line size): the cycles it takes to have it, 0 on a hit.
    #[inline]
    pub fn touch(&mut self, line: u32) -> u32 {
        self.clock += 1;
        if let Some(used) = &mut self.used {
            used.insert(line);
        }
        let slot = self.slot.get(line as usize).copied().unwrap_or(0) as usize;
        match self.ways.get_mut(slot.wrapping_sub(1)) {
            Some(way) => {
                way.used = self.clock;
                self.hits += 1;
                0
            }
            None => self.fill(line),
        }
    }

    #[cold]
    fn fill(&mut self, line: u32) -> u32 {
        self.misses += 1;
        if self.slot.len() <= line as usize {
            self.slot.resize(line as usize + 1, 0);
        }
        let ways = self.geometry.ways as usize;
        let first = (line % self.geometry.sets()) as usize * ways;
        let set = self.ways.iter_mut().enumerate().skip(first).take(ways);
        let any = self.random as usize % ways;
        let victim = match self.geometry.replacement {
            Replacement::LeastRecentlyUsed => set.min_by_key(|(_, way)| way.used),
            // An empty way first.
            Replacement::Random => set.min_by_key(|(index, way)| (way.tag != 0, *index != first + any)),
        };
        // Marsaglia, "Xorshift RNGs", 2003.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 17;
        self.random ^= self.random << 5;
        if let Some((index, victim)) = victim {
            if let Some(slot) = self.slot.get_mut((victim.tag as usize).wrapping_sub(1)) {
                *slot = 0;
            }
            *victim = Way { tag: line + 1, used: self.clock };
            if let Some(slot) = self.slot.get_mut(line as usize) {
                *slot = index as u32 + 1;
            }
        }
        self.fill_cycles
    }

    /// Makes a missing line cost nothing from now on. What is left is the work itself, however the linker laid it out.
    pub fn fill_for_free(&mut self) {
        self.fill_cycles = 0;
    }

    /// Forgets every line, as after a write to the flash or a change of its mapping.
    pub fn invalidate(&mut self) {
        for way in &mut self.ways {
            if let Some(slot) = self.slot.get_mut((way.tag as usize).wrapping_sub(1)) {
                *slot = 0;
            }
            *way = Way::default();
        }
    }

    /// The lines used since the last call; empty at the first, from which on they are noted.
    pub fn take_used(&mut self) -> BTreeSet<u32> {
        self.used.replace(BTreeSet::new()).unwrap_or_default()
    }

    /// Touches that found their line, and those that did not.
    pub const fn hits_and_misses(&self) -> (u64, u64) {
        (self.hits, self.misses)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Geometry =
        Geometry { bytes: 256, ways: 2, line_bytes: 32, replacement: Replacement::LeastRecentlyUsed };

    #[test]
    fn random_replacement_softens_a_loop_that_does_not_fit() {
        let misses = |replacement| {
            let mut cache = Cache::new(Geometry { bytes: 256, ways: 8, line_bytes: 32, replacement }, 1);
            (0..10_000).map(|touch| cache.touch(touch % 10)).sum::<u32>()
        };
        assert_eq!(misses(Replacement::LeastRecentlyUsed), 10_000);
        assert!((3_500..4_200).contains(&misses(Replacement::Random)), "{}", misses(Replacement::Random));
    }

    #[test]
    fn the_least_recently_used_line_of_a_set_goes() {
        let mut cache = Cache::new(SMALL, 100);
        // Lines 0, 4 and 8 share a set of two ways.
        assert_eq!([cache.touch(0), cache.touch(4), cache.touch(0)], [100, 100, 0]);
        assert_eq!([cache.touch(8), cache.touch(0), cache.touch(4)], [100, 0, 100]);
        assert_eq!(cache.hits_and_misses(), (2, 4));
    }

    #[test]
    fn the_lines_used_are_noted_from_when_they_are_asked_for() {
        let mut cache = Cache::new(SMALL, 100);
        cache.touch(3);
        assert!(cache.take_used().is_empty());
        [7, 3, 7].iter().for_each(|line| _ = cache.touch(*line));
        assert!(cache.take_used().into_iter().eq([3, 7]));
        assert!(cache.take_used().is_empty());
    }

    #[test]
    fn invalidating_empties_it() {
        let mut cache = Cache::new(SMALL, 100);
        cache.touch(3);
        cache.invalidate();
        assert_eq!(cache.touch(3), 100);
    }
}
