//! A sample through the stream detector, at several windows.

use criterion::{Criterion, criterion_group, criterion_main};
use ruvllm_esp_benches::quick;
use ruvllm_esp_core::anomaly::reading::Reading;
use ruvllm_esp_core::anomaly::stream::StreamDetector;
use ruvllm_esp_core::arena::Arena;
use ruvllm_esp_core::units::Bytes;
use ruvllm_esp_sim::memory::Memory;

const WINDOWS: [u32; 3] = [64, 128, 256];
const CHANNELS: u32 = 2;

/// A triangle with some noise, in thousandths.
fn reading(time: u32) -> [Option<Reading>; 2] {
    let noise = (time.wrapping_mul(0x9e37_79b1) >> 26) as i32;
    let phase = (time % 16).abs_diff(8) as i32;
    [20_000 + 500 * phase + noise, 1_000 + 10 * noise].map(|value| Some(Reading::thousandths(value)))
}

fn samples(criterion: &mut Criterion) {
    for window in WINDOWS {
        let mut memory = Memory::new(Bytes::kib(64));
        let mut arena = Arena::new(memory.as_mut());
        let Ok(mut detector) = StreamDetector::carve(&mut arena, window, CHANNELS) else { continue };
        (0..2 * window).for_each(|time| _ = detector.sample(&reading(time), &mut ()));
        let mut time = 2 * window;
        criterion.bench_function(&format!("anomaly/sample/{window}"), |bencher| {
            bencher.iter(|| {
                time = time.wrapping_add(1);
                detector.sample(&reading(time), &mut ())
            })
        });
    }
}

criterion_group! { name = benches; config = quick(); targets = samples }
criterion_main!(benches);
