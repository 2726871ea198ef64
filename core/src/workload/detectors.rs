//! Both anomaly detectors: a sample at several windows, a text at several numbers of learned texts.

use super::indexes::vector;
use super::{Checksum, Probe};
use crate::anomaly::reading::Reading;
use crate::anomaly::stream::StreamDetector;
use crate::anomaly::text::TextDetector;
use crate::arena::Arena;
use crate::embed::DIMENSIONS;
use oorandom::Rand32;

/// Channels of the stream.
const CHANNELS: u32 = 2;

pub(super) fn run<P: Probe>(memory: &mut [u8], probe: &mut P) {
    for window in [64, 128, 256, 512] {
        memory.fill(0);
        let Ok(mut detector) = StreamDetector::carve(&mut Arena::new(memory), window, CHANNELS) else {
            continue;
        };
        let mut random = Rand32::new(u64::from(window));
        let mut reading = move |time: u32| {
            let noise = (random.rand_u32() >> 26) as i32;
            let phase = (time % 16).abs_diff(8) as i32;
            [20_000 + 500 * phase + noise, 1_000 + 10 * noise].map(|value| Some(Reading::thousandths(value)))
        };
        for time in 0..2 * window {
            detector.sample(&reading(time), &mut ());
        }
        let mut time = 2 * window;
        probe.measure("sample", window, &mut |meter| {
            time += 1;
            let verdict = detector.sample(&reading(time), meter);
            Checksum::default().word(verdict.score).word(verdict.channel).word(verdict.kind as u32).get()
        });
    }
    for capacity in [16, 64, 128, 256, 512] {
        memory.fill(0);
        let Ok(mut texts) = TextDetector::<DIMENSIONS>::carve(&mut Arena::new(memory), capacity) else {
            continue;
        };
        for number in 0..capacity {
            texts.learn(&vector(number), &mut ());
        }
        let new = vector(capacity);
        probe.measure("text-check", capacity, &mut |meter| texts.check(&new, meter).distance);
        let mut number = capacity;
        probe.measure("text-learn", capacity, &mut |meter| {
            number += 1;
            texts.learn(&vector(number), meter).verdict.distance
        });
    }
}
