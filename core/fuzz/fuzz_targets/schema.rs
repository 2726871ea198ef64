//! Any bytes as a schema, and scores drawn from them: an error, or calls that the schema allows.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ruvllm_esp_core::nlu::automaton::{Decision, Scores, decide};
use ruvllm_esp_core::nlu::call::Call;
use ruvllm_esp_core::nlu::schema::Schema;

const WORDS: [&str; 9] = ["set", "the", "hall", "to", "20%", "a", "bit", "warmer", "please"];

fn check(bytes: &[u8], scores: &[u8]) {
    let Ok(schema) = Schema::new(bytes, &mut ()) else { return };
    let score = |index: usize| i32::from(scores.get(index % scores.len().max(1)).copied().unwrap_or(0)) - 128;
    let intents: Vec<i32> = (0..schema.intents()).map(score).collect();
    let tags: Vec<i32> = (0..WORDS.len() * schema.tags()).map(score).collect();
    let scores = Scores::new(&schema, &WORDS, &intents, &tags).expect("the shape is right");
    if let Decision::Call(call) = decide(&schema, &scores, &mut ()).decision {
        assert_eq!(call.check(&schema), Ok(()));
        let mut text = String::new();
        call.write(&schema, &mut text).expect("a string takes all");
        let _ = Call::read(&schema, &text, &mut ());
    }
}

fuzz_target!(|input: &[u8]| {
    let (scores, bytes) = input.split_at(input.len().min(64));
    check(bytes, scores);
});
