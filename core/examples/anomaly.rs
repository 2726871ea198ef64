//! The anomaly detector alone: a stream of readings in, verdicts out.
//!
//! `cargo run -p ruvllm-esp-core --example anomaly` prints the samples that it flags in a sine with a spike.

use ruvllm_esp_core::anomaly::State;
use ruvllm_esp_core::anomaly::stream::StreamDetector;
use ruvllm_esp_core::arena::Arena;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let mut memory = vec![0; 32 * 1024];
    // One channel; samples are compared with the latest 256. A structure is carved from an arena, which is any zeroed slice.
    let mut detector = StreamDetector::carve(&mut Arena::new(&mut memory), 256, 1)?;
    println!("the first {} samples are learned", detector.warm_up());
    for number in 0..1_000_i32 {
        let phase = f64::from(number) / 10.0;
        // Readings are integers in a unit of your choice, here thousandths.
        let reading = (phase.sin() * 1_000.0) as i32 + if number == 700 { 3_000 } else { 0 };
        let verdict = detector.sample(&[reading], &mut ());
        if verdict.state == State::Anomaly {
            println!("sample {number}: {verdict:?}");
        }
    }
    Ok(())
}
