//! Search by sign bits first: a Hamming scan makes a shortlist, exact dot products rank it.
//!
//! The sign of each element is one bit, so a vector of 64 has a sketch of 8 bytes, and two sketches are compared with two
//! exclusive-ors and two bit counts instead of 64 multiplications. For vectors of one norm the share of differing signs
//! estimates the angle between them (Charikar, "Similarity estimation techniques from rounding algorithms", 2002).
//!
//! What it saves is time. Memory it costs: the exact ranking needs the whole vectors, so the sketches come on top of them.

use super::ranking::Ranking;
use super::shortlist::{NEVER, Shortlist};
use super::store::{Store, stored};
use super::{Full, Hit, Index};
use crate::arena::{Arena, NoRoom};
use crate::kernel::distance::hamming;
use crate::meter::{Meter, Op};

/// The most words of a sketch: elements beyond the first 256 count only in the exact ranking.
const MAX_WORDS: usize = 8;

/// Sign bits and vectors: `dimensions * 9 / 8 + 3` bytes an item (75 for 64 dimensions), and 12 bytes. `ef_search` is the length
/// of the shortlist that is ranked exactly; at `len` and above the search is exact.
#[derive(Debug)]
pub struct Binary<'a> {
    store: Store<'a>,
    /// `[capacity][words] u32`, row-major; the bit of a negative element is one.
    sketches: &'a mut [u32],
    words: usize,
    shortlist: Shortlist<'a>,
}

impl<'a> Binary<'a> {
    /// Carves an index of `capacity` vectors, each `[dimensions] i8`; zeroed bytes are an empty one.
    ///
    /// # Errors
    /// [`NoRoom`] when the arena is too small, or `capacity` is beyond [`super::MAX_ITEMS`].
    pub fn carve(arena: &mut Arena<'a>, capacity: u32, dimensions: u32) -> Result<Self, NoRoom> {
        let store = Store::carve(arena, capacity, dimensions)?;
        let words = (dimensions as usize).div_ceil(32).min(MAX_WORDS);
        let sketches = arena.slice("sketches", capacity * words as u32)?;
        Ok(Self { store, sketches, words, shortlist: Shortlist::carve(arena, capacity)? })
    }

    fn keep_sketch<M: Meter>(&mut self, slot: u32, meter: &mut M) {
        let sketch = sketch(self.store.row(slot), meter);
        let start = slot as usize * self.words;
        let index = self.sketches.get_mut(start..start + self.words).unwrap_or(&mut []);
        index.iter_mut().zip(sketch).for_each(|(word, bits)| *word = bits);
        meter.record(Op::Store, self.words as u32);
    }
}

/// The signs of the first elements of `vector`.
fn sketch<M: Meter>(vector: &[i8], meter: &mut M) -> [u32; MAX_WORDS] {
    let mut sketch = [0; MAX_WORDS];
    for (word, elements) in sketch.iter_mut().zip(vector.chunks(32)) {
        *word = elements.iter().rev().fold(0, |bits, element| bits << 1 | u32::from(*element < 0));
        meter.record(Op::Load, elements.len() as u32);
        meter.record(Op::Alu, 2 * elements.len() as u32);
    }
    sketch
}

impl Index for Binary<'_> {
    stored!(keep_sketch);

    fn search<M: Meter>(&self, query: &[i8], ef_search: u32, hits: &mut [Hit], meter: &mut M) -> usize {
        let signs = sketch(query, meter);
        let signs = signs.get(..self.words).unwrap_or(&[]);
        let length = ef_search.max(hits.len() as u32);
        let mut ranking = Ranking::new(hits);
        let mut sketches = self.sketches.chunks_exact(self.words.max(1));
        let rank = |slot: u32, meter: &mut M| {
            let differing = sketches.next().map_or(0, |sketch| hamming(signs, sketch, meter));
            let differing = differing.min(u32::from(NEVER - 1)) as u8;
            meter.record(Op::Scan, 1);
            if self.store.is_taken(slot) { differing } else { NEVER }
        };
        self.shortlist.each_best(self.store.end(), length, meter, rank, |slot, meter| {
            let similarity = self.store.similarity(query, slot, meter);
            ranking.offer(Hit { slot, similarity }, meter);
        });
        ranking.len()
    }

    fn clear(&mut self) {
        self.store.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::Counts;
    use std::vec;

    #[test]
    fn only_the_shortlist_is_compared_exactly() {
        let mut memory = vec![0u8; 10_000];
        let mut index = Binary::carve(&mut Arena::new(&mut memory), 100, 64).unwrap();
        for item in 0..100u8 {
            let vector: [i8; 64] = core::array::from_fn(|index| if index as u8 == item { -100 } else { 1 });
            index.insert(&vector, &mut ()).unwrap();
        }
        let mut counts = Counts::default();
        let mut query = [1i8; 64];
        query[7] = -100;
        let mut hits = [Hit::default(); 3];
        assert_eq!(index.search(&query, 5, &mut hits, &mut counts), 3);
        assert_eq!(hits[0].slot, 7);
        assert_eq!((counts.of(Op::Mac), counts.of(Op::Popcount)), (5 * 64, 200));
    }

    #[test]
    fn an_item_takes_75_bytes() {
        let mut memory = vec![0u8; 100_000];
        let used = |capacity, memory: &mut [u8]| {
            let mut arena = Arena::new(memory);
            Binary::carve(&mut arena, capacity, 64).unwrap();
            arena.free().get()
        };
        assert_eq!(used(100, &mut memory) - used(900, &mut memory), 800 * 75);
    }
}
