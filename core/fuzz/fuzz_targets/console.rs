//! Any bytes on the console of any role: an answer, and a chip that goes on working.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ruvllm_esp_core::agent::{Agent, Identity};
use ruvllm_esp_core::chip;
use ruvllm_esp_core::console::LineAssembler;
use ruvllm_esp_core::role::RoleKind;
use ruvllm_esp_core::units::Micros;

fuzz_target!(|input: &[u8]| {
    let Some((first, bytes)) = input.split_first() else { return };
    let role = RoleKind::ALL[usize::from(*first) % RoleKind::ALL.len()];
    let identity = Identity { chip: &chip::esp32c3::CHIP, chip_id: 1, role };
    let mut agent = Agent::boot(vec![0u8; 16 * 1024], identity).expect("16 KiB fit every role");
    let mut assembler = LineAssembler::default();
    let mut now = Micros(0);
    let mut out = String::new();
    for byte in bytes {
        if let Some(line) = assembler.push(*byte) {
            let _ = agent.line(line, now, &mut (), &mut out);
            // The length of what was said so far decides how far time jumps.
            now += Micros::seconds(out.len() as u64 * 61);
        }
    }
    out.clear();
    agent.line(Ok("stats"), now, &mut (), &mut out).expect("`stats` always answers");
});
