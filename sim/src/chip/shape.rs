//! The index that a chip has: its kind, its levels, and how well it finds.

use super::Chip;
use crate::memory::Memory;
use ruvllm_esp_core::agent::Agent;
use ruvllm_esp_core::index::choice::TEXT_EF_SEARCH;
use ruvllm_esp_core::index::{Hit, Index};
use ruvllm_esp_core::kernel::distance::dot;

/// What an index is like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexShape {
    /// The kind, as in reports.
    pub kind: &'static str,
    /// Items on each level, the lowest first; one level where it is no graph.
    pub levels: Vec<u32>,
    /// Recall at ten against exact search, in thousandths; none of fewer than ten items.
    pub recall: Option<u32>,
}

/// Questions of which recall is the mean.
const ASKED: usize = 20;
/// Results of each.
const RESULTS: usize = 10;

impl Chip {
    /// The index of its role, where it has one. Recall is measured again only when the number of items has changed.
    pub fn index_shape(&mut self) -> Option<IndexShape> {
        let known = self.shape.take();
        let agent = self.agent()?;
        let items = agent.items();
        let shape = match known.filter(|(at, _)| *at == items) {
            Some((_, shape)) => shape,
            None => measured(agent)?,
        };
        self.shape = Some((items, shape.clone()));
        Some(shape)
    }
}

/// Asks the index for what lies half-way between two of its items, and holds the answers against an exact search.
fn measured(agent: &mut Agent<Memory>) -> Option<IndexShape> {
    let role = agent.role()?;
    let index = role.index()?;
    let levels = index.levels().into_iter().take_while(|count| *count > 0).collect();
    let mut shape = IndexShape { kind: index.kind().name(), levels, recall: None };
    let all: Vec<&[i8]> = (0..index.capacity()).filter_map(|slot| index.vector(slot)).collect();
    if all.len() < RESULTS {
        return Some(shape);
    }
    let mut found = 0;
    for number in 0..ASKED {
        let [one, other] = [number * 7_919, number * 104_729 + 1].map(|index| all[index % all.len()]);
        let query: Vec<i8> = one.iter().zip(other).map(|(one, other)| one / 2 + other / 2).collect();
        let mut exact: Vec<i32> = all.iter().map(|vector| dot(&query, vector, &mut ())).collect();
        exact.sort_unstable_by(|one, other| other.cmp(one));
        let least = exact[RESULTS - 1];
        let mut hits = [Hit::default(); RESULTS];
        let count = index.search(&query, TEXT_EF_SEARCH, &mut hits, &mut ());
        found += hits.iter().take(count).filter(|hit| hit.similarity >= least).count();
    }
    shape.recall = Some((found * 1000 / (RESULTS * ASKED)) as u32);
    Some(shape)
}
