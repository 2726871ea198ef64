//! Any bytes as any message, and as text: what is read can be written and shown, and comes back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ruvllm_esp_core::wire::frame::Header;
use ruvllm_esp_core::wire::{MESSAGE_LIMIT, Message, parse};

fn check(message: Message<'_>) {
    let mut bytes = [0; MESSAGE_LIMIT];
    // Text can say more than fits a message.
    let Ok(length) = message.encode(&mut bytes) else { return };
    assert_eq!(Message::decode(message.number(), &bytes[..length]), Ok(message));
    let line = message.to_string();
    let mut scratch = vec![0; 4 * MESSAGE_LIMIT];
    let header = Header { number: message.number(), ..Header::default() };
    assert_eq!(parse::frame(&line, &mut scratch), Ok((header, message)), "{line}");
}

fuzz_target!(|input: &[u8]| {
    let Some((number, payload)) = input.split_first() else { return };
    if let Ok(message) = Message::decode(*number, payload) {
        check(message);
    }
    if let Ok(line) = core::str::from_utf8(input) {
        let mut scratch = vec![0; MESSAGE_LIMIT];
        if let Ok((_, message)) = parse::frame(line, &mut scratch) {
            check(message);
        }
    }
});
