//! Which index when: recall, memory and modelled time of each, and where one overtakes another.
//!
//! Every index is searched for the same queries, none of which is stored, and compared with the exact answer. Its ef_search is
//! the smallest of a ladder that reaches the floor of recall, so that times are compared at equal quality. The work is what
//! the core's own loops metered; a cost for each operation turns it into cycles.

mod crossover;

pub use crossover::{Crossover, Overtaking, cycles};

use super::dataset::{DIMENSIONS, Dataset, Vector, VectorSource};
use super::others::Others;
use ruvllm_esp_core::arena::Arena;
use ruvllm_esp_core::embed::embed;
use ruvllm_esp_core::index::choice::TEXT_EF_SEARCH;
use ruvllm_esp_core::index::hnsw::Shape;
use ruvllm_esp_core::index::{AnyIndex, Full, Hit, Index, Kind};
use ruvllm_esp_core::meter::{Counts, Meter, Op};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

/// Neighbours asked for.
pub const NEIGHBOURS: usize = 10;
/// The recall at which times are compared.
pub const FLOOR: f64 = 0.95;
/// The values of ef_search that are tried, in order.
pub const EF_SEARCHES: [u32; 20] =
    [10, 12, 16, 20, 24, 32, 40, 48, 64, 80, 96, 128, 160, 192, 256, 320, 512, 1024, 2048, 3072];
/// The largest `ef_search` of HNSW that is measured.
const MAX_EF_SEARCH: u32 = 512;
/// What [`run`] measures by default.
pub const SIZES: [u32; 11] = [32, 64, 128, 256, 512, 1_000, 1_500, 2_000, 3_000, 4_000, 10_000];

/// What to measure.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'p> {
    /// Numbers of items, ascending.
    pub sizes: &'p [u32],
    /// Queries for each number of items and dataset.
    pub queries: usize,
    /// Decides the data and the layers of HNSW.
    pub seed: u32,
    /// Sentences of other people, measured beside the generated data.
    pub others: Option<&'p Others>,
}

impl Default for Plan<'_> {
    fn default() -> Self {
        Self { sizes: &SIZES, queries: 100, seed: 1, others: None }
    }
}

/// How often one operation is done for a query or an insert, on average.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct Work {
    /// The operation.
    #[serde(serialize_with = "name_of")]
    #[schemars(with = "String")]
    pub op: Op,
    /// Its steps.
    pub steps: f64,
}

fn name_of<S: Serializer>(op: &Op, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(op.name())
}

/// One index, at one number of items, on one kind of data.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Row {
    /// The index, as [`Kind::name`].
    pub index: &'static str,
    /// The data.
    pub dataset: Dataset,
    /// Items held.
    pub items: u32,
    /// The smallest ef_search of [`EF_SEARCHES`] that reaches [`FLOOR`], or the largest if none does.
    pub ef_search: u32,
    /// The share of the true nearest [`NEIGHBOURS`] that is found: measured.
    pub recall: f64,
    /// Bytes of the arena for each item, vector included, all that grows with capacity: measured.
    pub bytes_per_item: f64,
    /// The work of a query: metered.
    pub search: Vec<Work>,
    /// The work of an insert into the nearly full index, the mean of its last tenth: metered.
    pub insert: Vec<Work>,
}

impl Row {
    /// Is the recall high enough to compare times?
    pub fn reaches_floor(&self) -> bool {
        self.recall >= FLOOR
    }
}

/// How much of the truth the graph finds with the setting of the roles.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct RoleSetting {
    /// The data.
    pub dataset: Dataset,
    /// Items held.
    pub items: u32,
    /// [`TEXT_EF_SEARCH`].
    pub ef_search: u32,
    /// The share of the true nearest [`NEIGHBOURS`] that is found: measured.
    pub recall: f64,
}

/// All that was measured.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct IndexReport {
    /// By dataset, then size, then index.
    pub rows: Vec<Row>,
    /// Of texts, by dataset, then size.
    pub roles: Vec<RoleSetting>,
}

/// Measures every index on every dataset at every size; `progress` gets the items done and the items in all.
pub fn run(plan: Plan<'_>, mut progress: impl FnMut(u32, u32)) -> IndexReport {
    let sets: Vec<Dataset> = Dataset::ALL.into_iter().chain(plan.others.map(|_| Dataset::Others)).collect();
    let total = plan.sizes.iter().sum::<u32>() * sets.len() as u32;
    let mut done = 0;
    let (mut rows, mut roles) = (Vec::new(), Vec::new());
    for dataset in sets {
        for items in plan.sizes {
            if let Some(data) = Data::new(dataset, *items, plan) {
                rows.extend(at_size(&data, plan));
                roles.extend(data.role_setting(plan));
            }
            done += items;
            progress(done, total);
        }
    }
    IndexReport { rows, roles }
}

/// Vectors to hold and vectors to ask for, none of which is held.
struct Data {
    dataset: Dataset,
    vectors: Vec<Vector>,
    queries: Vec<Vector>,
}

impl Data {
    /// `None` where there are not this many sentences.
    fn new(dataset: Dataset, items: u32, plan: Plan<'_>) -> Option<Self> {
        let count = items as usize;
        if dataset != Dataset::Others {
            let mut source = VectorSource::new(dataset, items, plan.seed.into());
            let vectors = source.take_vectors(count);
            return Some(Self { dataset, vectors, queries: source.take_vectors(plan.queries) });
        }
        let sentences = plan.others?.sample(count + plan.queries, plan.seed.into());
        let mut vectors: Vec<Vector> = sentences.iter().map(|row| embed(row.text, &mut ())).collect();
        (vectors.len() == count + plan.queries).then(|| vectors.split_off(count)).map(|queries| Self {
            dataset,
            vectors,
            queries,
        })
    }

    fn items(&self) -> u32 {
        self.vectors.len() as u32
    }

    /// What the indexer finds with its own ef_search, where the data is text.
    fn role_setting(&self, plan: Plan<'_>) -> Option<RoleSetting> {
        let (dataset, items) = (self.dataset, self.items());
        if !matches!(dataset, Dataset::Text | Dataset::Others) {
            return None;
        }
        let mut memory = vec![0u8; memory_for(items)];
        let mut index = carved(&mut memory, Kind::Hnsw, shape(items, plan.seed))?;
        fill(&mut index, &self.vectors, &mut ()).ok()?;
        let recall = Truth::new(&self.vectors, &self.queries).recall(&index, TEXT_EF_SEARCH).0;
        Some(RoleSetting { dataset, items, ef_search: TEXT_EF_SEARCH, recall })
    }
}

fn at_size(data: &Data, plan: Plan<'_>) -> Vec<Row> {
    let Data { dataset, ref vectors, ref queries } = *data;
    let items = data.items();
    let truth = Truth::new(vectors, queries);
    let measure = |kind| {
        let mut memory = vec![0u8; memory_for(items)];
        let shape = shape(items, plan.seed);
        let mut index = carved(&mut memory, kind, shape)?;
        let (early, late) = vectors.split_at(vectors.len() - vectors.len().div_ceil(10));
        fill(&mut index, early, &mut ()).ok()?;
        let mut inserts = Counts::default();
        fill(&mut index, late, &mut inserts).ok()?;
        let (ef_search, recall, counts) = min_ef_search(&index, &truth, FLOOR);
        let (search, insert) = (mean(&counts, plan.queries), mean(&inserts, late.len()));
        let bytes_per_item = bytes_per_item(kind, items);
        Some(Row { index: kind.name(), dataset, items, ef_search, recall, bytes_per_item, search, insert })
    };
    Kind::ALL.into_iter().filter_map(measure).collect()
}

fn mean(counts: &Counts, times: usize) -> Vec<Work> {
    counts.iter().map(|(op, count)| Work { op, steps: count as f64 / times.max(1) as f64 }).collect()
}

/// The shape that is measured.
pub fn shape(capacity: u32, seed: u32) -> Shape {
    Shape { capacity, dimensions: DIMENSIONS as u32, max_ef_search: MAX_EF_SEARCH, seed }
}

fn memory_for(capacity: u32) -> usize {
    capacity as usize * 112 + 16 * 1024
}

fn carved(memory: &mut [u8], kind: Kind, shape: Shape) -> Option<AnyIndex<'_>> {
    AnyIndex::carve(&mut Arena::new(memory), kind, shape).ok()
}

/// Inserts all of `vectors`.
///
/// # Errors
/// [`Full`] when they are more than fit.
pub fn fill(index: &mut impl Index, vectors: &[Vector], meter: &mut impl Meter) -> Result<(), Full> {
    vectors.iter().try_for_each(|vector| index.insert(vector, meter).map(drop))
}

/// The bytes of an arena that grow with the capacity, for each item: what `capacity` items take, less what one takes
/// beyond its share. Constant parts (the candidates, the codebook) are not in it.
pub fn bytes_per_item(kind: Kind, capacity: u32) -> f64 {
    let used = |capacity| {
        let mut memory = vec![0u8; memory_for(capacity)];
        let mut arena = Arena::new(&mut memory);
        let before = arena.free();
        AnyIndex::carve(&mut arena, kind, shape(capacity, 1)).ok().map(|_| (before - arena.free()).get())
    };
    let constant = used(0).unwrap_or(0);
    f64::from(used(capacity).unwrap_or(0).saturating_sub(constant)) / f64::from(capacity.max(1))
}

/// Queries and the similarities of their true neighbours.
#[derive(Clone, Debug)]
pub struct Truth<'q> {
    queries: &'q [Vector],
    /// For each query the similarity of the last neighbour that belongs to the answer.
    least: Vec<i32>,
    neighbours: usize,
}

impl<'q> Truth<'q> {
    /// Compares every query with every vector.
    pub fn new(vectors: &[Vector], queries: &'q [Vector]) -> Self {
        let neighbours = NEIGHBOURS.min(vectors.len());
        let least = |query: &Vector| {
            let mut all: Vec<i32> = vectors.iter().map(|vector| similarity(query, vector)).collect();
            all.sort_unstable_by(|a, b| b.cmp(a));
            neighbours.checked_sub(1).and_then(|last| all.get(last).copied()).unwrap_or(i32::MAX)
        };
        Self { queries, least: queries.iter().map(least).collect(), neighbours }
    }

    /// The share of true neighbours that `index` finds, and the work. What ties with the last true neighbour counts.
    pub fn recall(&self, index: &impl Index, ef_search: u32) -> (f64, Counts) {
        let mut counts = Counts::default();
        let mut found = 0;
        for (query, least) in self.queries.iter().zip(&self.least) {
            let mut hits = [Hit::default(); NEIGHBOURS];
            let len = index.search(query, ef_search, &mut hits, &mut counts);
            found += hits.iter().take(len).filter(|hit| hit.similarity >= *least).count();
        }
        let wanted = self.queries.len() * self.neighbours;
        (found as f64 / wanted.max(1) as f64, counts)
    }
}

fn similarity(a: &Vector, b: &Vector) -> i32 {
    a.iter().zip(b).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum()
}

/// The smallest ef_search of [`EF_SEARCHES`] that reaches `floor`, with its recall and its work.
pub fn min_ef_search(index: &impl Index, truth: &Truth<'_>, floor: f64) -> (u32, f64, Counts) {
    let mut last = (0, 0.0, Counts::default());
    for ef_search in EF_SEARCHES {
        let (recall, counts) = truth.recall(index, ef_search);
        last = (ef_search, recall, counts);
        if recall >= floor {
            break;
        }
    }
    last
}

#[cfg(test)]
mod tests;
