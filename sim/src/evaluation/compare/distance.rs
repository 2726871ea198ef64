//! Our distance kernels over i8 beside loops over f32 of the same values.
//!
//! Two loops each: the one that one writes first, which must add in order and so cannot use vector instructions, and one
//! with sixteen running sums, which can.

use super::median;
use crate::evaluation::dataset::{DIMENSIONS, Dataset, Vector, VectorSource};
use crate::evaluation::host_clock::HostClock;
use ruvllm_esp_core::kernel::distance;
use schemars::JsonSchema;
use serde::Serialize;
use std::hint::black_box;

/// Vectors that a query is compared with: few enough for the first-level cache in either form.
const VECTORS: usize = 100;
const LANES: usize = 16;

/// One metric.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Row {
    /// The metric.
    pub metric: &'static str,
    /// Elements of a vector.
    pub dimensions: usize,
    /// Nanoseconds for a distance of ours, the median of the turns.
    pub nanoseconds: f64,
    /// The time of the plain f32 loop over ours: above 1 ours is the faster.
    pub plain: f64,
    /// The time of the f32 loop in lanes over ours.
    pub lanes: f64,
}

type Metric<T, Out> = fn(&[T], &[T]) -> Out;

pub(super) struct Contest {
    pub(super) metric: &'static str,
    pub(super) ours: Metric<i8, i32>,
    pub(super) plain: Metric<f32, f32>,
    pub(super) lanes: Metric<f32, f32>,
}

pub(super) const CONTESTS: [Contest; 3] = [
    Contest { metric: "dot", ours: |a, b| distance::dot(a, b, &mut ()), plain: dot, lanes: dot_in_lanes },
    Contest {
        metric: "squared-euclidean",
        ours: |a, b| distance::squared_euclidean(a, b, &mut ()),
        plain: |a, b| a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum(),
        lanes: |a, b| in_lanes(a, b, |a, b| (a - b) * (a - b)),
    },
    Contest {
        metric: "manhattan",
        ours: |a, b| distance::manhattan(a, b, &mut ()),
        plain: |a, b| a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum(),
        lanes: |a, b| in_lanes(a, b, |a, b| (a - b).abs()),
    },
];

/// The dot product as one writes it first. `a` and `b`: `[n]`.
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The dot product with sixteen running sums. `a` and `b`: `[n]`, n a multiple of 16.
#[inline]
pub fn dot_in_lanes(a: &[f32], b: &[f32]) -> f32 {
    in_lanes(a, b, |a, b| a * b)
}

#[inline(always)]
fn in_lanes(a: &[f32], b: &[f32], term: impl Fn(f32, f32) -> f32) -> f32 {
    let mut sums = [0.0f32; LANES];
    for (a, b) in a.as_chunks::<LANES>().0.iter().zip(b.as_chunks::<LANES>().0) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += term(*a, *b);
        }
    }
    sums.iter().sum()
}

/// Measures every metric, the three forms in turn.
pub fn run(turns: usize, seconds: f64, seed: u32) -> Vec<Row> {
    let vectors = VectorSource::new(Dataset::Random, VECTORS as u32, seed.into()).take_vectors(VECTORS);
    let floats: Vec<[f32; DIMENSIONS]> = vectors.iter().map(|vector| vector.map(f32::from)).collect();
    CONTESTS.iter().map(|contest| contest.run(&vectors, &floats, turns, seconds)).collect()
}

impl Contest {
    fn run(&self, vectors: &[Vector], floats: &[[f32; DIMENSIONS]], turns: usize, seconds: f64) -> Row {
        let (mut times, mut plain, mut lanes) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..turns {
            let ours = time(vectors, self.ours, seconds);
            times.push(ours);
            plain.push(time(floats, self.plain, seconds) / ours);
            lanes.push(time(floats, self.lanes, seconds) / ours);
        }
        Row {
            metric: self.metric,
            dimensions: DIMENSIONS,
            nanoseconds: median(times),
            plain: median(plain),
            lanes: median(lanes),
        }
    }
}

/// Nanoseconds for a distance, over all pairs.
fn time<T, Out>(vectors: &[[T; DIMENSIONS]], metric: Metric<T, Out>, min_seconds: f64) -> f64 {
    let metric = black_box(metric);
    let clock = HostClock::start();
    let mut pairs = 0;
    loop {
        for a in vectors {
            for b in vectors {
                black_box(metric(a, b));
            }
        }
        pairs += vectors.len() * vectors.len();
        let seconds = clock.seconds();
        if seconds >= min_seconds {
            return seconds * 1e9 / pairs.max(1) as f64;
        }
    }
}
