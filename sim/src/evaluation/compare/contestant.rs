//! The indexes that are compared, each behind the same call.
//!
//! Queries are converted before the clock starts, answers are slots in the order of the data.

use super::{Data, NEIGHBOURS, WIDEST};
use crate::evaluation::dataset::{DIMENSIONS, Vector};
use crate::memory::Memory;
use hnsw_rs::prelude::{Distance, Hnsw};
use instant_distance::{Builder, HnswMap, Point, Search};
use ruvllm_esp_core::arena::Arena;
use ruvllm_esp_core::index::hnsw::{self, Shape};
use ruvllm_esp_core::index::{Hit, Index};
use ruvllm_esp_core::units::Bytes;
use serde::{Deserialize, Serialize};

/// An index that holds the data and knows the queries.
pub(super) trait Contestant {
    /// The nearest to the query of this number, searched with this ef_search, and how many they are.
    fn search(&mut self, query: usize, ef_search: u32) -> ([u32; NEIGHBOURS], usize);
}

/// A contestant and what it is called in reports.
pub(super) struct Named {
    /// The name.
    pub(super) name: &'static str,
    /// The index.
    pub(super) index: Box<dyn Contestant>,
}

/// Ours: vectors of i8, M = 8, `efConstruction` 96, in the memory of a chip.
///
/// It is carved again for every search, as the roles do it; that time counts.
pub(super) struct Ours {
    memory: Memory,
    shape: Shape,
    queries: Vec<Vector>,
}

impl Ours {
    /// Inserts all vectors.
    pub(super) fn build(data: &Data, seed: u32) -> Self {
        let capacity = data.vectors.len() as u32;
        let shape = Shape { capacity, dimensions: DIMENSIONS as u32, max_ef_search: WIDEST, seed };
        let mut memory = Memory::new(Bytes(capacity * 112 + 64 * 1024));
        if let Ok(mut index) = hnsw::Hnsw::carve(&mut Arena::new(memory.as_mut()), shape) {
            data.vectors.iter().for_each(|vector| _ = index.insert(vector, &mut ()));
        }
        Self { memory, shape, queries: data.queries.clone() }
    }
}

impl Contestant for Ours {
    fn search(&mut self, query: usize, ef_search: u32) -> ([u32; NEIGHBOURS], usize) {
        let mut hits = [Hit::default(); NEIGHBOURS];
        let index = hnsw::Hnsw::carve(&mut Arena::new(self.memory.as_mut()), self.shape);
        let len = match (index, self.queries.get(query)) {
            (Ok(index), Some(query)) => index.search(query, ef_search, &mut hits, &mut ()),
            _ => 0,
        };
        (hits.map(|hit| hit.slot), len)
    }
}

/// A vector as the others take it, with the very values of the i8.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Vec<f32>", into = "Vec<f32>")]
struct Floats([f32; DIMENSIONS]);

impl From<Vec<f32>> for Floats {
    fn from(elements: Vec<f32>) -> Self {
        Self(core::array::from_fn(|index| elements.get(index).copied().unwrap_or(0.0)))
    }
}

impl From<Floats> for Vec<f32> {
    fn from(floats: Floats) -> Self {
        floats.0.into()
    }
}

fn floats(vectors: &[Vector]) -> Vec<Floats> {
    vectors.iter().map(|vector| Floats(vector.map(f32::from))).collect()
}

impl Point for Floats {
    fn distance(&self, other: &Self) -> f32 {
        distance(&self.0, &other.0)
    }
}

/// More than any dot product of the data, so that no distance is negative; all are exact in an f32.
const NEAREST: f32 = 32_768.0;

fn distance(a: &[f32], b: &[f32]) -> f32 {
    NEAREST - super::distance::dot_in_lanes(a, b)
}

/// `instant-distance`: M = 32, `efConstruction` 100, both its defaults.
pub(super) struct InstantDistance {
    index: HnswMap<Floats, u32>,
    /// The index as text: the only way to another ef_search is to read it with another.
    text: String,
    ef_search: u32,
    search: Search,
    queries: Vec<Floats>,
}

impl InstantDistance {
    /// Inserts all vectors, in the pool of the caller.
    pub(super) fn build(data: &Data, seed: u32) -> Self {
        let ef_search = NEIGHBOURS as u32;
        let builder = Builder::default().seed(seed.into()).ef_search(ef_search as usize);
        let slots = (0..data.vectors.len() as u32).collect();
        let index = builder.build(floats(&data.vectors), slots);
        Self {
            index,
            text: String::new(),
            ef_search,
            search: Search::default(),
            queries: floats(&data.queries),
        }
    }

    fn set_ef_search(&mut self, ef_search: u32) {
        if self.text.is_empty() {
            self.text = serde_json::to_string(&self.index).unwrap_or_default();
        }
        let field = |ef_search| format!("\"ef_search\":{ef_search}");
        let text = self.text.replacen(&field(NEIGHBOURS as u32), &field(ef_search), 1);
        if let Ok(index) = serde_json::from_str(&text) {
            (self.index, self.ef_search) = (index, ef_search);
        }
    }
}

impl Contestant for InstantDistance {
    fn search(&mut self, query: usize, ef_search: u32) -> ([u32; NEIGHBOURS], usize) {
        if ef_search != self.ef_search {
            self.set_ef_search(ef_search);
        }
        let mut slots = [0; NEIGHBOURS];
        let Some(query) = self.queries.get(query) else { return (slots, 0) };
        let found = self.index.search(query, &mut self.search);
        let len = slots.iter_mut().zip(found).map(|(slot, item)| *slot = *item.value).count();
        (slots, len)
    }
}

/// The measures of an `hnsw_rs` index.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measures {
    m: usize,
    ef_construction: usize,
}

/// `hnsw_rs`.
pub(super) struct HnswRs {
    index: Hnsw<'static, f32, InLanes>,
    queries: Vec<Floats>,
}

impl HnswRs {
    /// What its examples use for data of this size.
    pub(super) const USUAL: Measures = Measures { m: 16, ef_construction: 200 };
    /// The measures of our index.
    pub(super) const LIKE_OURS: Measures = Measures { m: 8, ef_construction: 96 };

    /// Inserts all vectors.
    pub(super) fn build(data: &Data, measures: Measures) -> Self {
        let Measures { m, ef_construction } = measures;
        let mut index = Hnsw::new(m, data.vectors.len(), 16, ef_construction, InLanes);
        for (slot, vector) in floats(&data.vectors).iter().enumerate() {
            index.insert((&vector.0, slot));
        }
        index.set_searching_mode(true);
        Self { index, queries: floats(&data.queries) }
    }
}

impl Contestant for HnswRs {
    fn search(&mut self, query: usize, ef_search: u32) -> ([u32; NEIGHBOURS], usize) {
        let mut slots = [0; NEIGHBOURS];
        let Some(query) = self.queries.get(query) else { return (slots, 0) };
        let found = self.index.search(&query.0, NEIGHBOURS, ef_search as usize);
        let len = slots.iter_mut().zip(found).map(|(slot, item)| *slot = item.d_id as u32).count();
        (slots, len)
    }
}

/// The dot product in lanes as `hnsw_rs` calls it.
struct InLanes;

impl Distance<f32> for InLanes {
    fn eval(&self, a: &[f32], b: &[f32]) -> f32 {
        distance(a, b)
    }
}
