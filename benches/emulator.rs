//! A hundred thousand cycles of each emulated chip, at both paces.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ruvllm_esp_benches::quick;
use ruvllm_esp_sim::emulator::{Machine, Pace, chip};
use ruvllm_esp_sim::evaluation::emulator::loop_program;

const CYCLES: u64 = 100_000;

fn paces(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("emulator");
    group.throughput(Throughput::Elements(CYCLES));
    for chip in chip::ALL {
        for (name, pace) in [("untimed", Pace::Untimed), ("timed", Pace::Timed)] {
            let mut machine = Machine::new(chip, pace);
            let code = chip.windows.iter().find(|window| window.bank == 0 && window.access.execute);
            let data = chip.windows.first().map_or(0, |window| window.base);
            let start = code.map_or(0, |window| window.base) + 0x8000;
            let _ = machine.bus.poke(start, &loop_program(data, u32::MAX));
            machine.hart.pc = start;
            group.bench_function(format!("{}/{name}", chip.name), |bencher| {
                bencher.iter(|| machine.run(CYCLES))
            });
        }
    }
    group.finish();
}

criterion_group! { name = benches; config = quick(); targets = paces }
criterion_main!(benches);
