//! Distances over i8, each beside loops over f32 of the same values.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use ruvllm_esp_benches::quick;
use ruvllm_esp_core::kernel::distance::{dot, hamming, manhattan, squared_euclidean};
use ruvllm_esp_sim::evaluation::dataset::{Dataset, Vector, VectorSource};
use std::hint::black_box;

type Metric<T, Out> = fn(&[T], &[T]) -> Out;

const INTEGERS: [(&str, Metric<i8, i32>); 3] = [
    ("dot", |a, b| dot(a, b, &mut ())),
    ("squared-euclidean", |a, b| squared_euclidean(a, b, &mut ())),
    ("manhattan", |a, b| manhattan(a, b, &mut ())),
];
const FLOATS: [(&str, Metric<f32, f32>); 3] = [
    ("dot", |a, b| a.iter().zip(b).map(|(a, b)| a * b).sum()),
    ("squared-euclidean", |a, b| a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()),
    ("manhattan", |a, b| a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum()),
];

fn pair() -> [Vector; 2] {
    let mut source = VectorSource::new(Dataset::Random, 2, 1);
    core::array::from_fn(|_| source.next().unwrap_or([1; 64]))
}

fn metrics(criterion: &mut Criterion) {
    let [a, b] = pair();
    let (wide_a, wide_b) = (a.map(f32::from), b.map(f32::from));
    for ((name, ours), (_, plain)) in INTEGERS.into_iter().zip(FLOATS) {
        let mut group = criterion.benchmark_group(format!("distance/{name}"));
        group.bench_function(BenchmarkId::new("i8", a.len()), |bencher| {
            bencher.iter(|| ours(black_box(&a), black_box(&b)))
        });
        group.bench_function(BenchmarkId::new("plain-f32", a.len()), |bencher| {
            bencher.iter(|| plain(black_box(&wide_a), black_box(&wide_b)))
        });
        group.finish();
    }
}

fn bits(criterion: &mut Criterion) {
    let (a, b) = ([0x5ac3_a53c_u32, 0x1234_5678], [0x0f0f_3333_u32, 0x8765_4321]);
    criterion.bench_function("distance/hamming/64 bits", |bencher| {
        bencher.iter(|| hamming(black_box(&a), black_box(&b), &mut ()))
    });
}

criterion_group! { name = benches; config = quick(); targets = metrics, bits }
criterion_main!(benches);
