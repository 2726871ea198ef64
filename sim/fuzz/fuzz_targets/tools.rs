//! Any text as a tool file: it is one, with a schema that a chip takes, or a list of mistakes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ruvllm_esp_core::nlu::schema::Schema;
use ruvllm_esp_sim::tools::{ToolFile, import};

fuzz_target!(|input: &[u8]| {
    let text = String::from_utf8_lossy(input);
    match ToolFile::parse(&text, "fuzz.toml") {
        Err(problems) => assert!(!problems.list.is_empty() && !problems.to_string().is_empty()),
        Ok(file) => {
            let bytes = file.schema().expect("a file that was read has a schema");
            let schema = Schema::new(&bytes, &mut ()).expect("what was written is read");
            assert_eq!(schema.intents(), file.intents().count());
            for (_, intent) in file.intents() {
                for example in &intent.examples {
                    let count = example.template.count();
                    for index in [0, count / 2, count.saturating_sub(1)] {
                        let sentence = example.template.sentence(index, |slot| slot.to_string());
                        assert!(sentence.spans.iter().all(|(_, span)| sentence.text.get(span.clone()).is_some()));
                    }
                }
            }
        }
    }
    let _ = import::convert(&text, "en");
});
