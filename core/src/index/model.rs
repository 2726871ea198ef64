//! What an index must do, as a map and an exhaustive search do it.
//!
//! Any sequence of commands is given to an index and to the map, and they must agree: on which slots are taken and by what,
//! and, with an ef_search that covers all items, on every hit.

use super::{AnyIndex, Full, Hit, Index, Kind};
use crate::arena::Arena;
use crate::index::hnsw::Shape;
use crate::kernel::distance::dot;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use std::collections::BTreeMap;
use std::vec;
use std::vec::Vec;

#[derive(Clone, Debug)]
pub(super) enum Step {
    Insert(Vec<i8>),
    Remove(u32),
    Update(u32, Vec<i8>),
    /// A query, an ef_search and how many hits.
    Search(Vec<i8>, u32, usize),
    Clear,
}

/// Vectors of which many are equal or near, some have any elements, and some any length.
fn any_vector(dimensions: usize) -> impl Strategy<Value = Vec<i8>> {
    prop_oneof![
        4 => proptest::collection::vec(-2i8..3, dimensions),
        2 => proptest::collection::vec(any::<i8>(), dimensions),
        1 => proptest::collection::vec(any::<i8>(), 0..2 * dimensions),
    ]
}

pub(super) fn any_step(dimensions: usize, capacity: u32) -> impl Strategy<Value = Step> {
    let slot = 0..capacity + 6;
    let search = (any_vector(dimensions), any::<u32>(), 0usize..40);
    prop_oneof![
        60 => any_vector(dimensions).prop_map(Step::Insert),
        40 => slot.clone().prop_map(Step::Remove),
        20 => (slot, any_vector(dimensions)).prop_map(|(slot, vector)| Step::Update(slot, vector)),
        10 => search.prop_map(|(query, ef_search, hits)| Step::Search(query, ef_search, hits)),
        1 => Just(Step::Clear),
    ]
}

pub(super) struct Model {
    dimensions: usize,
    pub(super) stored: BTreeMap<u32, Vec<i8>>,
}

impl Model {
    pub(super) fn new(dimensions: usize) -> Self {
        Self { dimensions, stored: BTreeMap::new() }
    }

    fn fitted(&self, vector: &[i8]) -> Vec<i8> {
        vector.iter().copied().chain(core::iter::repeat(0)).take(self.dimensions).collect()
    }

    fn exact(&self, query: &[i8], count: usize) -> Vec<Hit> {
        let hit =
            |(slot, vector): (&u32, &Vec<i8>)| Hit { slot: *slot, similarity: dot(query, vector, &mut ()) };
        let mut hits: Vec<Hit> = self.stored.iter().map(hit).collect();
        hits.sort_by_key(|hit| (-hit.similarity, hit.slot));
        hits.truncate(count);
        hits
    }

    /// Does `step` to both and compares what they say.
    pub(super) fn check(&mut self, index: &mut impl Index, step: &Step) -> Result<(), TestCaseError> {
        match step {
            Step::Insert(vector) => match index.insert(vector, &mut ()) {
                Ok(slot) => prop_assert!(self.stored.insert(slot, self.fitted(vector)).is_none()),
                Err(Full { capacity }) => prop_assert_eq!(capacity as usize, self.stored.len()),
            },
            Step::Remove(slot) => {
                prop_assert_eq!(index.remove(*slot, &mut ()), self.stored.remove(slot).is_some());
            }
            Step::Update(slot, vector) => {
                prop_assert_eq!(index.update(*slot, vector, &mut ()), self.stored.contains_key(slot));
                let vector = self.fitted(vector);
                self.stored.entry(*slot).and_modify(|old| *old = vector);
            }
            Step::Search(query, ef_search, count) => {
                let mut hits = vec![Hit::default(); *count];
                let found = index.search(query, *ef_search, &mut hits, &mut ());
                prop_assert_eq!(found, self.stored.len().min(*count));
                let found = index.search(query, u32::MAX, &mut hits, &mut ());
                prop_assert_eq!(&hits[..found], &self.exact(query, *count)[..]);
            }
            Step::Clear => {
                index.clear();
                self.stored.clear();
            }
        }
        prop_assert_eq!(index.len() as usize, self.stored.len());
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn every_index_is_a_map_with_exact_search(
        steps in proptest::collection::vec(any_step(5, 70), 1..1_500),
        kind in proptest::sample::select(&Kind::ALL[..]),
    ) {
        let mut memory = vec![0u8; 20_000];
        let shape = Shape { capacity: 70, dimensions: 5, max_ef_search: 0, seed: 1 };
        let mut model = Model::new(5);
        for step in &steps {
            // Carved again for each command, as a role does it.
            let mut index = AnyIndex::carve(&mut Arena::new(&mut memory), kind, shape).unwrap();
            model.check(&mut index, step)?;
        }
        let index = AnyIndex::carve(&mut Arena::new(&mut memory), kind, shape).unwrap();
        for slot in 0..80 {
            prop_assert_eq!(index.vector(slot), model.stored.get(&slot).map(Vec::as_slice));
        }
    }
}
