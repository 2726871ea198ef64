//! Any bytes as a trace: read as far as they are one, played and exported.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ruvllm_esp_core::units::Micros;
use ruvllm_esp_sim::scenario::{Bundle, Scenario};
use ruvllm_esp_sim::trace::{Header, Player, Trace, perfetto};

const TEXT: &str = "schema = 1\n[[chip]]\nvariant = \"esp32c3\"\ncount = 2\n";

fn check(bytes: &[u8]) {
    let Ok(trace) = Trace::read(bytes) else { return };
    let Ok(mut player) = Player::new(trace) else { return };
    while player.step() {}
    player.seek(Micros(1_000_000));
    let chips = player.view().chips.len();
    (0..=chips).for_each(|index| drop(player.detail(index)));
    perfetto::export(player.trace(), player.scenario(), &mut std::io::sink()).expect("a sink takes all");
}

fuzz_target!(|input: &[u8]| {
    check(input);
    // Behind a right header, events are far more often reached.
    let bundle = Bundle { name: "fuzz.toml".into(), text: TEXT.into(), files: Vec::new() };
    let scenario = Scenario::unpack(&bundle).expect("it is right");
    let mut whole = serde_json::to_vec(&Header::new(&scenario, false)).expect("it is plain data");
    whole.push(b'\n');
    whole.extend(input);
    check(&whole);
});
