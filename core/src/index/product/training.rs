//! Learning the codebook of the product quantiser: k-means in integers.
//!
//! Lloyd's algorithm on each part of the vectors alone, for a fixed number of rounds from a fixed seed: the same vectors in
//! the same slots give the same codebook on every machine. A codeword that nothing is near to starts again at a stored
//! vector. A few kilobytes of time, about 1.2 KiB of stack, no memory of its own.

use super::{CODEWORDS, squared_euclidean};
use crate::index::store::Store;
use crate::meter::{Meter, Op};
use oorandom::Rand32;

/// The most vectors that are learned from: 32 for each codeword.
const MAX_SAMPLES: usize = 512;
const ROUNDS: u32 = 6;
const SEED: u64 = 0x7072_6f64;
/// The widest part, for vectors of up to 256 elements; what lies beyond is not learned, only compared exactly.
const MAX_WIDTH: usize = 16;

/// Learns `codebook`, `[parts][CODEWORDS][width] i8`, from the vectors of `store`.
pub(super) fn learn<M: Meter>(store: &Store<'_>, codebook: &mut [i8], width: usize, meter: &mut M) {
    let mut random = Rand32::new(SEED);
    for (part, codewords) in codebook.chunks_mut(CODEWORDS * width).enumerate() {
        let start = part * width;
        for codeword in codewords.chunks_mut(width) {
            restart(codeword, store, start, &mut random, meter);
        }
        for _ in 0..ROUNDS {
            let clusters = assign(store, codewords, start, width, meter);
            for (codeword, cluster) in codewords.chunks_mut(width).zip(&clusters) {
                match cluster.count {
                    0 => restart(codeword, store, start, &mut random, meter),
                    _ => cluster.mean(codeword, meter),
                }
            }
        }
    }
}

/// The number of the codeword in `codewords`, `[CODEWORDS][width] i8`, that is nearest to `part`; of equals the first.
pub(super) fn nearest<M: Meter>(part: &[i8], codewords: &[i8], width: usize, meter: &mut M) -> usize {
    let mut best = (i32::MAX, 0);
    for (number, codeword) in codewords.chunks(width).enumerate() {
        let distance = squared_euclidean(part, codeword, meter);
        if distance < best.0 {
            best = (distance, number);
        }
    }
    meter.record(Op::Compare, CODEWORDS as u32);
    best.1
}

#[derive(Clone, Copy, Default)]
struct Cluster {
    count: i32,
    sum: [i32; MAX_WIDTH],
}

impl Cluster {
    fn add<M: Meter>(&mut self, part: &[i8], meter: &mut M) {
        self.count += 1;
        self.sum.iter_mut().zip(part).for_each(|(sum, element)| *sum += i32::from(*element));
        meter.record(Op::Load, part.len() as u32);
        meter.record(Op::Store, part.len() as u32);
    }

    fn mean<M: Meter>(&self, codeword: &mut [i8], meter: &mut M) {
        for (element, sum) in codeword.iter_mut().zip(self.sum) {
            let half = if sum < 0 { -self.count / 2 } else { self.count / 2 };
            *element = ((sum + half) / self.count.max(1)) as i8;
        }
        meter.record(Op::Div, codeword.len() as u32);
    }
}

fn assign<M: Meter>(
    store: &Store<'_>,
    codewords: &[i8],
    start: usize,
    width: usize,
    meter: &mut M,
) -> [Cluster; CODEWORDS] {
    let mut clusters = [Cluster::default(); CODEWORDS];
    let stride = (store.len() as usize).div_ceil(MAX_SAMPLES).max(1);
    for (_, vector) in store.iter().step_by(stride) {
        let part = part_of(vector, start, width);
        clusters[nearest(part, codewords, width, meter)].add(part, meter);
    }
    clusters
}

/// Puts `codeword` where some stored vector is.
fn restart<M: Meter>(
    codeword: &mut [i8],
    store: &Store<'_>,
    start: usize,
    random: &mut Rand32,
    meter: &mut M,
) {
    let from = random.rand_range(0..store.end().max(1));
    let slot = (from..store.end()).chain(0..from).find(|slot| store.is_taken(*slot)).unwrap_or(0);
    let part = part_of(store.row(slot), start, codeword.len());
    codeword.iter_mut().zip(part).for_each(|(element, from)| *element = *from);
    meter.record(Op::Copy, codeword.len() as u32);
}

fn part_of(vector: &[i8], start: usize, width: usize) -> &[i8] {
    let end = (start + width).min(vector.len());
    vector.get(start..end).unwrap_or(&[])
}
