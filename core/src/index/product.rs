//! Search by product quantisation first: table look-ups make a shortlist, exact dot products rank it.
//!
//! A vector is cut into 16 parts, and each part is named by the nearest of 16 codewords that were learned from the stored
//! vectors: 8 bytes of code. A query is compared with all codewords once, and its approximate similarity to an item is then
//! a sum of 16 look-ups (Jegou, Douze, Schmid, "ProductQuantizer quantization for nearest neighbor search", 2011: asymmetric
//! distance computation). Sixteen codewords, not the usual 256, keep the codebook at 1 KiB for 64 dimensions.
//!
//! What it saves is time. Memory it costs: the exact ranking needs the whole vectors, so codes and codebook come on top of
//! them. Until 64 vectors have been inserted there is nothing to learn from, and every search is an exact scan.

use super::flat::scan;
use super::ranking::Ranking;
use super::shortlist::{NEVER, Shortlist};
use super::store::{Store, stored};
use super::{Full, Hit, Index};
use crate::arena::{Arena, NoRoom};
use crate::kernel::distance::{dot, squared_euclidean};
use crate::meter::{Meter, Op};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

mod training;

/// Parts of a vector.
const PARTS: usize = 16;
/// Codewords of a part: a nibble of the code.
const CODEWORDS: usize = 16;
/// Bytes of a code.
const CODE: usize = PARTS / 2;
/// Inserts before the first training.
const FIRST_TRAINING: u32 = 64;

#[derive(Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
struct Header {
    /// Items held when the codebook was learned, or zero.
    trained_on: u32,
    /// Inserts and updates since.
    since: u32,
}
const _: () = assert!(size_of::<Header>() == 8);

/// Codes, codebook and vectors: `dimensions + 11` bytes an item (75 for 64 dimensions), and 20 bytes plus a codebook of
/// `16 * dimensions` rounded up to 256. `ef_search` is the length of the shortlist that is ranked exactly; at `len` and
/// above the search is exact.
///
/// The codebook is learned again when the inserts since the last training are four times the items it was learned from, so
/// it follows what is stored. That one insert costs about as much as `230 * min(len, 512)` exact comparisons: up to half a
/// second on a chip, so a stream that must not pause should use another index.
#[derive(Debug)]
pub struct ProductQuantizer<'a> {
    store: Store<'a>,
    header: &'a mut Header,
    /// Elements of a part.
    width: usize,
    /// `[PARTS][CODEWORDS][width] i8`.
    codebook: &'a mut [i8],
    /// `[capacity][CODE]`: the codeword of an even part in the low nibble, of the odd part after it in the high one.
    codes: &'a mut [[u8; CODE]],
    shortlist: Shortlist<'a>,
}

impl<'a> ProductQuantizer<'a> {
    /// Carves an index of `capacity` vectors, each `[dimensions] i8`; zeroed bytes are an empty one.
    ///
    /// # Errors
    /// [`NoRoom`] when the arena is too small, or `capacity` is beyond [`super::MAX_ITEMS`].
    pub fn carve(arena: &mut Arena<'a>, capacity: u32, dimensions: u32) -> Result<Self, NoRoom> {
        let store = Store::carve(arena, capacity, dimensions)?;
        let width = (dimensions as usize).div_ceil(PARTS).max(1);
        let codebook = arena.slice("codebook", ((PARTS * CODEWORDS) as u32).saturating_mul(width as u32))?;
        let codes = arena.slice("codes", capacity)?;
        let shortlist = Shortlist::carve(arena, capacity)?;
        Ok(Self { store, header: arena.one("codebook header")?, width, codebook, codes, shortlist })
    }

    fn is_trained(&self) -> bool {
        self.header.trained_on > 0
    }

    fn added<M: Meter>(&mut self, slot: u32, meter: &mut M) {
        self.header.since = self.header.since.saturating_add(1);
        let due = self.header.trained_on.saturating_mul(4).max(FIRST_TRAINING);
        if self.header.since >= due && self.store.len() >= CODEWORDS as u32 {
            training::learn(&self.store, self.codebook, self.width, meter);
            *self.header = Header { trained_on: self.store.len(), since: 0 };
            (0..self.store.end()).for_each(|slot| self.encode(slot, meter));
        } else if self.is_trained() {
            self.encode(slot, meter);
        }
    }

    fn encode<M: Meter>(&mut self, slot: u32, meter: &mut M) {
        let mut code = [0u8; CODE];
        let parts = self.store.row(slot).chunks(self.width).zip(self.codebook.chunks(CODEWORDS * self.width));
        for (index, (part, codewords)) in parts.enumerate() {
            let codeword = training::nearest(part, codewords, self.width, meter);
            code[index / 2] |= (codeword as u8) << (4 * (index % 2));
        }
        if let Some(index) = self.codes.get_mut(slot as usize) {
            *index = code;
        }
        meter.record(Op::Store, CODE as u32);
    }

    /// The similarity of each part of `query` to each codeword of that part.
    fn table<M: Meter>(&self, query: &[i8], meter: &mut M) -> [[i32; CODEWORDS]; PARTS] {
        let mut table = [[0; CODEWORDS]; PARTS];
        let parts = query.chunks(self.width).zip(self.codebook.chunks(CODEWORDS * self.width));
        for (row, (part, codewords)) in table.iter_mut().zip(parts) {
            for (entry, codeword) in row.iter_mut().zip(codewords.chunks(self.width)) {
                *entry = dot(part, codeword, meter);
            }
            meter.record(Op::Store, CODEWORDS as u32);
        }
        table
    }
}

/// The sum of the entries that `code` names.
#[inline]
fn look_up(table: &[[i32; CODEWORDS]; PARTS], code: &[u8; CODE]) -> i32 {
    let pairs = table.as_chunks::<2>().0;
    let sum = |([even, odd], byte): (&[[i32; CODEWORDS]; 2], &u8)| {
        even[usize::from(byte & 15)].wrapping_add(odd[usize::from(byte >> 4)])
    };
    pairs.iter().zip(code).map(sum).fold(0, i32::wrapping_add)
}

impl Index for ProductQuantizer<'_> {
    stored!(added);

    fn search<M: Meter>(&self, query: &[i8], ef_search: u32, hits: &mut [Hit], meter: &mut M) -> usize {
        if !self.is_trained() {
            return scan(&self.store, query, hits, meter);
        }
        let table = self.table(query, meter);
        let top = dot(query, query, meter);
        let shift = (32 - top.leading_zeros()).saturating_sub(7);
        let length = ef_search.max(hits.len() as u32);
        let mut ranking = Ranking::new(hits);
        let rank = |slot: u32, meter: &mut M| {
            let similarity = self.codes.get(slot as usize).map_or(0, |code| look_up(&table, code));
            meter.record(Op::Lookup, PARTS as u32);
            meter.record(Op::Compare, 1);
            let rank = (top.saturating_sub(similarity) >> shift).clamp(0, i32::from(NEVER - 1)) as u8;
            if self.store.is_taken(slot) { rank } else { NEVER }
        };
        self.shortlist.each_best(self.store.end(), length, meter, rank, |slot, meter| {
            let similarity = self.store.similarity(query, slot, meter);
            ranking.offer(Hit { slot, similarity }, meter);
        });
        ranking.len()
    }

    fn clear(&mut self) {
        self.store.clear();
        *self.header = Header { trained_on: 0, since: 0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::Counts;
    use oorandom::Rand32;
    use std::vec;

    fn vector(random: &mut Rand32) -> [i8; 64] {
        core::array::from_fn(|_| random.rand_range(0..61) as i8 - 30)
    }

    #[test]
    fn training_makes_the_shortlist_good() {
        let mut memory = vec![0u8; 100_000];
        let mut index = ProductQuantizer::carve(&mut Arena::new(&mut memory), 500, 64).unwrap();
        let mut random = Rand32::new(1);
        for _ in 0..500 {
            index.insert(&vector(&mut random), &mut ()).unwrap();
        }
        assert_eq!(index.header.trained_on, 320);
        let found = |index: &ProductQuantizer<'_>| {
            let mut random = Rand32::new(2);
            let queries = (0..50).map(|_| vector(&mut random));
            let matches = queries.filter(|query| {
                let (mut exact, mut quick) = ([Hit::default(); 1], [Hit::default(); 1]);
                index.search(query, 500, &mut exact, &mut ());
                index.search(query, 25, &mut quick, &mut ());
                exact == quick
            });
            matches.count()
        };
        let trained = found(&index);
        index.codes.fill([0; CODE]);
        let untrained = found(&index);
        assert!(trained >= 45 && untrained < 10, "trained {trained} of 50, untrained {untrained} of 50");
    }

    #[test]
    fn only_the_shortlist_is_compared_exactly() {
        let mut memory = vec![0u8; 100_000];
        let mut index = ProductQuantizer::carve(&mut Arena::new(&mut memory), 200, 64).unwrap();
        let mut random = Rand32::new(1);
        for _ in 0..200 {
            index.insert(&vector(&mut random), &mut ()).unwrap();
        }
        let mut counts = Counts::default();
        index.search(&vector(&mut random), 5, &mut [Hit::default(); 3], &mut counts);
        assert_eq!(counts.of(Op::Mac), (16 + 1 + 5) * 64);
    }

    #[test]
    fn an_item_takes_75_bytes() {
        let mut memory = vec![0u8; 100_000];
        let used = |capacity, memory: &mut [u8]| {
            let mut arena = Arena::new(memory);
            ProductQuantizer::carve(&mut arena, capacity, 64).unwrap();
            arena.free().get()
        };
        assert_eq!(used(100, &mut memory) - used(900, &mut memory), 800 * 75);
    }
}
