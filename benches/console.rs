//! Bytes into lines, and lines into replies.

use criterion::{Criterion, criterion_group, criterion_main};
use ruvllm_esp_benches::quick;
use ruvllm_esp_core::agent::{Agent, Identity};
use ruvllm_esp_core::chip::{Radio, esp32c3};
use ruvllm_esp_core::console::LineAssembler;
use ruvllm_esp_core::role::RoleKind;
use ruvllm_esp_core::units::Micros;
use ruvllm_esp_sim::memory::Memory;
use std::hint::black_box;

const LINE: &[u8] = b"search which pump rattles in hall 3\n";

fn assembler(criterion: &mut Criterion) {
    criterion.bench_function("console/line", |bencher| {
        bencher.iter(|| {
            let mut assembler = LineAssembler::default();
            black_box(LINE).iter().filter(|byte| assembler.push(**byte).is_some()).count()
        })
    });
}

fn commands(criterion: &mut Criterion) {
    let memory = Memory::new(esp32c3::CHIP.arena_budget(Radio::Off).arena);
    let identity = Identity { chip: &esp32c3::CHIP, chip_id: 1, role: RoleKind::ALL[0], seed: 1 };
    let Ok(mut agent) = Agent::boot(memory, identity) else { return };
    for line in ["help", "role", "no-such-command at all"] {
        criterion.bench_function(&format!("console/{line}"), |bencher| {
            bencher.iter(|| {
                let mut reply = String::new();
                agent.line(Ok(black_box(line)), Micros(0), &mut (), &mut reply).is_ok()
            })
        });
    }
}

criterion_group! { name = benches; config = quick(); targets = assembler, commands }
criterion_main!(benches);
