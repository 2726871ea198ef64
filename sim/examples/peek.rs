#![allow(clippy::unwrap_used)]
use ruvllm_esp_core::chip;
use ruvllm_esp_core::meter::Op;
use ruvllm_esp_sim::cost;
use ruvllm_esp_sim::kernels::*;
fn main() {
    for (chip, prior) in [
        (&chip::esp32c3::CHIP, &cost::esp32c3::INSTRUCTIONS),
        (&chip::esp32c6::CHIP, &cost::esp32c6::INSTRUCTIONS),
    ] {
        let image = image::Image::build(chip).unwrap();
        let o = calibration::Outcome::of(chip, &image, prior).unwrap();
        for op in Op::ALL {
            println!(
                "{} price {} {} prior {}",
                chip.name,
                op.name(),
                o.prices[op as usize] as f64 / 1000.0,
                prior[op as usize].unwrap().cycles as f64 / 1000.0
            );
        }
        for s in &o.samples {
            let m = calibration::modelled(&o.prices, &s.counts);
            let r = calibration::ratio(m, s.measured.cycles);
            let lim = if s.serves() == calibration::Use::Session { 250 } else { 100 };
            println!(
                "{} {:22} {:5} {:10} {:10} {:5} {:?} instr {} stack {} {} {:?}",
                chip.name,
                s.kernel,
                s.size,
                s.measured.cycles,
                m,
                r,
                s.serves(),
                s.measured.instructions,
                s.measured.stack,
                if (r as i32 - 1000).abs() > lim { "<<<<" } else { "" },
                if (r as i32 - 1000).abs() > lim { s.counts.iter().collect::<Vec<_>>() } else { vec![] }
            );
        }
    }
}
