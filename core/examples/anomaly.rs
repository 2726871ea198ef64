//! The anomaly detector alone: a stream of readings in, verdicts out.
//!
//! `cargo run -p ruvllm-esp-core --example anomaly` prints the samples that it flags in a noisy sine with a spike.

use ruvllm_esp_core::anomaly::State;
use ruvllm_esp_core::anomaly::reading::Reading;
use ruvllm_esp_core::anomaly::stream::StreamDetector;
use ruvllm_esp_core::arena::Arena;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    // A structure is carved from an arena, which is any zeroed slice. One channel, compared with its latest 256 samples.
    let mut memory = vec![0; 32 * 1024];
    let mut detector = StreamDetector::carve(&mut Arena::new(&mut memory), 256, 1)?;
    println!("the first {} samples are learned", detector.warm_up());
    for number in 0..1_200_i32 {
        let noise = number * 7_919 % 101;
        let spike = if number == 900 { 3_000 } else { 0 };
        let value = ((f64::from(number) / 10.0).sin() * 1_000.0) as i32 + noise + spike;
        // A reading that is missing is `None`.
        let verdict = detector.sample(&[Some(Reading::thousandths(value))], &mut ());
        if verdict.state == State::Anomaly {
            println!(
                "sample {number}: {:?}, score {} over {}",
                verdict.kind, verdict.score, verdict.threshold
            );
        }
    }
    Ok(())
}
