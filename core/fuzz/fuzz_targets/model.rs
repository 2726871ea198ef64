//! Any bytes as a model, with and without the right length and checksum: an error or a reading, never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ruvllm_esp_core::arena::Arena;
use ruvllm_esp_core::nlu::container::{MAGIC, Model, VERSION};
use ruvllm_esp_core::nlu::decode::decode;
use ruvllm_esp_core::nlu::encoder::encode;
use ruvllm_esp_core::wire::crc::crc32;

fn check(bytes: &[u8], text: &str) {
    let Ok(model) = Model::open(bytes, &mut ()) else { return };
    let mut memory = vec![0; 24 * 1024];
    if let Ok(encoded) = encode(&model, text, &mut Arena::new(&mut memory), &mut ()) {
        let reading = decode(&model, &encoded, &mut ());
        assert!(reading.intent < model.shape().intents);
        assert_eq!(reading.tags().len(), encoded.words());
    }
}

fuzz_target!(|input: &[u8]| {
    // The first byte says how many bytes are the sentence.
    let Some((length, rest)) = input.split_first() else { return };
    let (text, rest) = rest.split_at(rest.len().min(usize::from(*length)));
    let text = &String::from_utf8_lossy(text);
    check(rest, text);
    let mut bytes = [MAGIC.as_slice(), &VERSION.to_le_bytes(), &[0; 2]].concat();
    bytes.extend((rest.len() as u32 + 16).to_le_bytes());
    bytes.extend(crc32(rest, &mut ()).to_le_bytes());
    bytes.extend(rest);
    check(&bytes, text);
});
