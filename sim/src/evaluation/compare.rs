//! Our index beside those that one would take instead, on the same vectors, in the same run.
//!
//! Speed says nothing without recall: every index is timed at the smallest ef_search with which it reaches a level of recall, found
//! by halving. All run on one thread, turn by turn (ours, theirs, ours, theirs, ...), so that a slow moment of the machine
//! falls on all; a ratio is the median of the ratios of the turns. What differs: ours stores and compares i8, as on a chip,
//! the others f32, as they are used; each f32 holds exactly the value of the i8, and the true neighbours are the same.
//! The others are given
//! a dot product in sixteen lanes, which a compiler turns into vector instructions.

mod contestant;
pub mod distance;

use super::dataset::{Dataset, Vector, VectorSource};
use super::host_clock::HostClock;
use contestant::{Contestant, HnswRs, InstantDistance, Named, Ours};
use schemars::JsonSchema;
use serde::Serialize;

/// Neighbours asked for.
pub const NEIGHBOURS: usize = 10;
/// The levels of recall at which speed is compared.
pub const LEVELS: [f64; 3] = [0.90, 0.95, 0.99];
/// The widest search that is tried.
pub const WIDEST: u32 = 4096;

/// Processor time of one turn, in seconds: tens of the ticks that Linux counts in.
pub const SECONDS: f64 = 0.05;

/// What to compare.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'p> {
    /// Numbers of items.
    pub sizes: &'p [u32],
    /// Queries, none of them stored.
    pub queries: usize,
    /// How often each index takes its turn.
    pub turns: usize,
    /// Processor time of one turn at the least, in seconds.
    pub seconds: f64,
    /// Decides the data and the layers of each graph.
    pub seed: u32,
}

/// One index at one level of recall.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Row {
    /// The data.
    pub dataset: Dataset,
    /// Items held.
    pub items: u32,
    /// The level of recall that was asked for.
    pub level: f64,
    /// The index.
    pub index: &'static str,
    /// The smallest ef_search that reaches it; `None` if not even [`WIDEST`] does.
    pub ef_search: Option<u32>,
    /// The recall at that ef_search.
    pub recall: f64,
    /// Queries a second: the median of the turns.
    pub queries_per_second: f64,
    /// Our queries a second over those of this index: the median over the turns, 1 for ours.
    pub ratio: f64,
}

/// How long an index took to build.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Build {
    /// The data.
    pub dataset: Dataset,
    /// Items inserted.
    pub items: u32,
    /// The index.
    pub index: &'static str,
    /// Seconds on one thread.
    pub seconds: f64,
    /// The time of this index over ours: above 1 ours is the faster.
    pub ratio: f64,
}

/// Everything that was measured.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Comparison {
    /// Distance kernels against loops over f32.
    pub distances: Vec<distance::Row>,
    /// By dataset, size, level, index.
    pub search: Vec<Row>,
    /// By dataset, size, index.
    pub build: Vec<Build>,
}

/// Compares everything on one thread; `progress` gets the items done and the items in all.
///
/// # Errors
/// The system has no thread to give.
pub fn run(
    plan: Plan<'_>,
    progress: impl FnMut(u32, u32) + Send,
) -> Result<Comparison, rayon::ThreadPoolBuildError> {
    // `instant-distance` builds in the pool it is called from.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    Ok(pool.install(|| on_this_thread(plan, progress)))
}

fn on_this_thread(plan: Plan<'_>, mut progress: impl FnMut(u32, u32)) -> Comparison {
    let total = plan.sizes.iter().sum::<u32>() * Dataset::ALL.len() as u32;
    let distances = distance::run(plan.turns, plan.seconds, plan.seed);
    let mut comparison = Comparison { distances, search: Vec::new(), build: Vec::new() };
    let mut done = 0;
    for dataset in Dataset::ALL {
        for items in plan.sizes {
            at_size(dataset, *items, plan, &mut comparison);
            done += items;
            progress(done, total);
        }
    }
    comparison
}

fn at_size(dataset: Dataset, items: u32, plan: Plan<'_>, comparison: &mut Comparison) {
    let mut source = VectorSource::new(dataset, items, plan.seed.into());
    let vectors = source.take_vectors(items as usize);
    let queries = source.take_vectors(plan.queries);
    let data = Data { least: least(&vectors, &queries), vectors, queries };
    let mut contestants = build(dataset, &data, plan.seed, &mut comparison.build);
    for level in LEVELS {
        let ef_searches: Vec<_> =
            contestants.iter_mut().map(|named| min_ef_search(&mut *named.index, &data, level)).collect();
        let speeds = speeds(&mut contestants, &ef_searches, &data, plan);
        let ours = speeds.first().cloned().unwrap_or_default();
        for ((named, (ef_search, recall)), speeds) in contestants.iter().zip(ef_searches).zip(speeds) {
            let ratios = ours.iter().zip(&speeds).map(|(ours, theirs)| ours / theirs).collect();
            comparison.search.push(Row {
                dataset,
                items,
                level,
                index: named.name,
                ef_search,
                recall,
                queries_per_second: median(speeds),
                ratio: median(ratios),
            });
        }
    }
}

/// What is searched, by what, and what is right.
#[derive(Debug)]
struct Data {
    /// What is stored.
    vectors: Vec<Vector>,
    /// What is asked for.
    queries: Vec<Vector>,
    /// For each query the similarity of the last neighbour that belongs to the answer.
    least: Vec<i32>,
}

fn least(vectors: &[Vector], queries: &[Vector]) -> Vec<i32> {
    let of = |query: &Vector| {
        let mut all: Vec<i32> = vectors.iter().map(|vector| similarity(query, vector)).collect();
        let last = NEIGHBOURS.min(all.len()).saturating_sub(1);
        all.sort_unstable_by(|a, b| b.cmp(a));
        all.get(last).copied().unwrap_or(i32::MAX)
    };
    queries.iter().map(of).collect()
}

fn similarity(a: &Vector, b: &Vector) -> i32 {
    a.iter().zip(b).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum()
}

impl Data {
    /// The share of true neighbours that `index` finds. What ties with the last true neighbour counts.
    fn recall(&self, index: &mut dyn Contestant, ef_search: u32) -> f64 {
        let mut found = 0;
        for (index, (query, least)) in self.queries.iter().zip(&self.least).enumerate() {
            let (slots, len) = index.search(index, ef_search);
            let is_true = |slot: &&u32| {
                self.vectors.get(**slot as usize).is_some_and(|vector| similarity(query, vector) >= *least)
            };
            found += slots.iter().take(len).filter(is_true).count();
        }
        found as f64 / (self.queries.len() * NEIGHBOURS.min(self.vectors.len())).max(1) as f64
    }
}

/// The smallest ef_search that reaches `level`, if one does, and the recall there.
fn min_ef_search(index: &mut dyn Contestant, data: &Data, level: f64) -> (Option<u32>, f64) {
    let widest = WIDEST.min(data.vectors.len() as u32).max(NEIGHBOURS as u32);
    let (mut low, mut high) = (NEIGHBOURS as u32, widest);
    let mut best = data.recall(index, widest);
    if best < level {
        return (None, best);
    }
    while low < high {
        let middle = low + (high - low) / 8;
        let recall = data.recall(index, middle);
        if recall >= level {
            (high, best) = (middle, recall);
        } else {
            low = middle + 1;
        }
    }
    (Some(high), best)
}

/// Builds an index over the data, with a seed.
type Maker = fn(&Data, u32) -> Box<dyn Contestant>;

/// Builds each index in turn, and notes how long that took.
fn build(dataset: Dataset, data: &Data, seed: u32, builds: &mut Vec<Build>) -> Vec<Named> {
    let makers: [(&'static str, Maker); 4] = [
        ("ours", |data, seed| Box::new(Ours::build(data, seed))),
        ("instant-distance", |data, seed| Box::new(InstantDistance::build(data, seed))),
        ("hnsw_rs", |data, _| Box::new(HnswRs::build(data, HnswRs::USUAL))),
        ("hnsw_rs like ours", |data, _| Box::new(HnswRs::build(data, HnswRs::LIKE_OURS))),
    ];
    let mut ours = 0.0;
    let mut contestants = Vec::new();
    for (name, make) in makers {
        let clock = HostClock::start();
        let index = make(data, seed);
        let seconds = clock.seconds();
        ours = if contestants.is_empty() { seconds } else { ours };
        builds.push(Build {
            dataset,
            items: data.vectors.len() as u32,
            index: name,
            seconds,
            ratio: seconds / f64::max(ours, 1e-9),
        });
        contestants.push(Named { name, index });
    }
    contestants
}

/// Queries a second of each index in each turn.
fn speeds(
    contestants: &mut [Named],
    ef_searches: &[(Option<u32>, f64)],
    data: &Data,
    plan: Plan<'_>,
) -> Vec<Vec<f64>> {
    let mut speeds = vec![Vec::new(); contestants.len()];
    for _ in 0..plan.turns {
        for ((named, (ef_search, _)), speeds) in contestants.iter_mut().zip(ef_searches).zip(&mut speeds) {
            let Some(ef_search) = ef_search else { continue };
            speeds.push(speed(&mut *named.index, *ef_search, data.queries.len(), plan.seconds));
        }
    }
    speeds
}

fn speed(index: &mut dyn Contestant, ef_search: u32, queries: usize, min_seconds: f64) -> f64 {
    let clock = HostClock::start();
    let mut asked = 0;
    loop {
        for query in 0..queries {
            std::hint::black_box(index.search(query, ef_search));
        }
        asked += queries;
        let seconds = clock.seconds();
        if seconds >= min_seconds {
            return asked as f64 / seconds;
        }
    }
}

/// The middle one, or not a number when there is none.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests;
