//! Any text as a sentence: it is cut into words, and every span of them is a value of each kind or none.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ruvllm_esp_core::nlu::kind::Kind;
use ruvllm_esp_core::nlu::sentence::Sentence;
use ruvllm_esp_core::nlu::value::parse;

fuzz_target!(|input: &[u8]| {
    let text = String::from_utf8_lossy(input);
    let Ok(sentence) = Sentence::split(&text, &mut ()) else { return };
    let words = sentence.words();
    for first in 0..words.len() {
        for end in first + 1..=words.len().min(first + 12) {
            for kind in Kind::ALL {
                let _ = parse(kind, first % 2 == 0, &words[first..end], &mut ());
            }
        }
    }
});
