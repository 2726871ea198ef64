//! Each index at several sizes: an insert with the remove that undoes it, and a search.

use super::{Checksum, Probe};
use crate::arena::Arena;
use crate::embed::DIMENSIONS;
use crate::index::binary::Binary;
use crate::index::flat::Flat;
use crate::index::hnsw::{Hnsw, MIN_EF_SEARCH, Shape};
use crate::index::product::ProductQuantizer;
use crate::index::{Hit, Index};
use crate::meter::Meter;
use oorandom::Rand32;

/// What an index is measured as.
struct Names {
    write: &'static str,
    search: &'static str,
}

const FLAT: Names = Names { write: "flat-write", search: "flat-search" };
const BINARY: Names = Names { write: "binary-write", search: "binary-search" };
const PRODUCT: Names = Names { write: "product-write", search: "product-search" };
const HNSW: Names = Names { write: "hnsw-write", search: "hnsw-search" };

/// A vector of about the embedder's norm that follows from its number.
pub(super) fn vector(number: u32) -> [i8; DIMENSIONS] {
    let mut random = Rand32::new(u64::from(number) + 1000);
    core::array::from_fn(|_| ((random.rand_u32() >> 24) as i8) / 5)
}

pub(super) fn run<P: Probe>(memory: &mut [u8], probe: &mut P) {
    let dimensions = DIMENSIONS as u32;
    for capacity in [32, 64, 128, 256, 512, 1024] {
        memory.fill(0);
        if let Ok(index) = Flat::carve(&mut Arena::new(memory), capacity, dimensions) {
            measure(&FLAT, index, probe);
        }
        memory.fill(0);
        if let Ok(index) = Binary::carve(&mut Arena::new(memory), capacity, dimensions) {
            measure(&BINARY, index, probe);
        }
        memory.fill(0);
        if let Ok(index) = ProductQuantizer::carve(&mut Arena::new(memory), capacity, dimensions) {
            measure(&PRODUCT, index, probe);
        }
        memory.fill(0);
        let shape = Shape { capacity, dimensions, max_ef_search: MIN_EF_SEARCH, seed: 7 };
        if let Ok(index) = Hnsw::carve(&mut Arena::new(memory), shape) {
            measure(&HNSW, index, probe);
        }
    }
}

/// Fills an index to one below its capacity, then measures it.
fn measure<P: Probe>(names: &Names, mut index: impl Index, probe: &mut P) {
    let capacity = index.capacity();
    for number in 1..capacity {
        // There is room for all of them.
        let _ = index.insert(&vector(number), &mut ());
    }
    let newest = vector(capacity);
    probe.measure(names.write, capacity, &mut |meter| {
        let slot = index.insert(&newest, meter).unwrap_or(u32::MAX);
        u32::from(index.remove(slot, meter))
    });
    let query = vector(capacity + 1);
    probe.measure(names.search, capacity, &mut |meter| search(&index, &query, meter));
}

fn search<M: Meter>(index: &impl Index, query: &[i8], meter: &mut M) -> u32 {
    let mut hits = [Hit::default(); 10];
    let found = index.search(query, 48, &mut hits, meter);
    let fold = |sum: Checksum, hit: &Hit| sum.word(hit.slot).word(hit.similarity as u32);
    hits.iter().take(found).fold(Checksum::default(), fold).get()
}
