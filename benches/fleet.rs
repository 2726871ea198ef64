//! A second of a fleet's life: forty chips in one field, and two hundred in five.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ruvllm_esp_benches::quick;
use ruvllm_esp_core::units::Micros;
use ruvllm_esp_sim::evaluation::fleet::{Shape, WARM_UP, scenario};
use ruvllm_esp_sim::fleet::Fleet;
use std::sync::Arc;

fn seconds(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("fleet");
    for chips in [40, 200] {
        group.throughput(Throughput::Elements(chips));
        let shared = Arc::new(scenario(chips as usize, Shape::default()));
        let Ok(mut fleet) = Fleet::build(shared, 1) else { continue };
        fleet.run_until(WARM_UP);
        group.bench_function(format!("{chips} chips"), |bencher| {
            bencher.iter(|| {
                fleet.run_until(fleet.now() + Micros::seconds(1));
                fleet.take_timeline().0.len()
            })
        });
    }
    group.finish();
}

criterion_group! { name = benches; config = quick(); targets = seconds }
criterion_main!(benches);
