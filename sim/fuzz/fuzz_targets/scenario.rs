//! Any text as a scenario: it is one, within its bounds, or a list of mistakes; and what it types and breaks is drawn.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ruvllm_esp_sim::scenario::{MAX_CHIPS, Scenario};
use std::sync::Arc;

fuzz_target!(|input: &[u8]| {
    let text = String::from_utf8_lossy(input);
    let files: [(String, Arc<str>); 2] = [
        ("texts.txt".into(), "one\ntwo\nthree\n".into()),
        ("log.csv".into(), "time,v\n0,1.5\n1,2.5\n".into()),
    ];
    match Scenario::parse(&text, "fuzz.toml", files.as_slice()) {
        Err(problems) => assert!(!problems.list.is_empty() && !problems.to_string().is_empty()),
        Ok(scenario) => {
            assert!(!scenario.chips.is_empty() && scenario.chips.len() <= MAX_CHIPS);
            for link in &scenario.links {
                assert!(link.members.iter().all(|port| port.chip < scenario.chips.len()));
            }
            let typed: Vec<_> = scenario.inputs().take(10_000).collect();
            assert!(typed.is_sorted_by_key(|input| input.at));
            assert!(typed.iter().all(|input| input.chip < scenario.chips.len() && input.line.len() <= 256));
            assert!(scenario.fault_events().is_sorted_by_key(|event| event.at));
            assert_eq!(Scenario::unpack(&scenario.bundle).as_ref(), Ok(&scenario));
        }
    }
});
