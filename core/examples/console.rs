//! One agent in your own program: 64 KiB of memory, console lines in, replies out.
//!
//! Reads lines from standard input, with the clock of this machine as the chip's clock:
//! `printf 'add the pump is in hall 3\nsearch where is the pump\n' | cargo run -p ruvllm-esp-core --example console`

use ruvllm_esp_core::agent::{Agent, Identity};
use ruvllm_esp_core::chip;
use ruvllm_esp_core::role::RoleKind;
use ruvllm_esp_core::units::Micros;
use std::error::Error;
use std::io::{self, BufRead};
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    // The agent allocates nothing: it lives in this slice, and takes as many items as fit.
    let mut memory = vec![0; 64 * 1024];
    let identity = Identity { chip: &chip::esp32c3::CHIP, chip_id: 1, role: RoleKind::HnswIndexer, seed: 1 };
    let mut agent = Agent::boot(memory.as_mut_slice(), identity)?;
    let mut reply = String::new();
    agent.banner(&mut reply)?;
    println!("{reply}room for {} items", agent.capacity());

    let begin = Instant::now();
    for line in io::stdin().lock().lines() {
        reply.clear();
        let now = Micros(u64::try_from(begin.elapsed().as_micros())?);
        // `()` is the meter of a chip, which counts nothing. A failed command has its error in the reply.
        let _ = agent.line(Ok(&line?), now, &mut (), &mut reply);
        print!("{reply}");
    }
    Ok(())
}
