//! Kernels of the core, timed on this machine.

use criterion::{Criterion, criterion_group, criterion_main};
use ruvllm_esp_core::kernel::distance;
use std::hint::black_box;

fn distances(criterion: &mut Criterion) {
    let a: Vec<i8> = (0..64).map(|i| i as i8).collect();
    let b: Vec<i8> = (0..64).rev().map(|i| i as i8).collect();
    let mut group = criterion.benchmark_group("distance/64");
    group.bench_function("dot", |bencher| {
        bencher.iter(|| distance::dot(black_box(&a), black_box(&b), &mut ()))
    });
    group.finish();
}

criterion_group!(benches, distances);
criterion_main!(benches);
