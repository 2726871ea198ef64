//! Text into vectors.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ruvllm_esp_benches::quick;
use ruvllm_esp_core::embed::embed;
use std::hint::black_box;

const TEXTS: [&str; 3] = [
    "pump 3",
    "the pump in hall 3 rattles when it starts cold",
    "The pump in hall 3 rattles when it starts cold; die Heizung im Keller verliert Druck, and the spare fuses are in \
     the drawer under the workbench next to the door of the store.",
];

fn texts(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("embed");
    for text in TEXTS {
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(format!("{} bytes", text.len()), |bencher| {
            bencher.iter(|| embed(black_box(text), &mut ()))
        });
    }
    group.finish();
}

criterion_group! { name = benches; config = quick(); targets = texts }
criterion_main!(benches);
