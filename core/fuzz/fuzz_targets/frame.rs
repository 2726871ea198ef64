//! Any bytes as a packet, a transaction and a stream: only whole frames come out, and they go back in as they came. A payload
//! that is sealed, encrypted or not, comes out as it went in, and a changed one does not.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ruvllm_esp_core::arena::Arena;
use ruvllm_esp_core::wire::authentication::Key;
use ruvllm_esp_core::wire::{FRAME_LIMIT, MESSAGE_LIMIT};
use ruvllm_esp_core::wire::cobs::Decoder;
use ruvllm_esp_core::wire::crc::crc32;
use ruvllm_esp_core::wire::frame::{self, Header, Seal};
use ruvllm_esp_core::wire::link::LinkKind;
use ruvllm_esp_core::wire::verify;

fn check(bytes: &[u8]) {
    let Ok(frame) = frame::decode(bytes, &mut ()) else { return };
    let (body, crc) = bytes.split_last_chunk::<4>().expect("a frame ends in a CRC");
    assert_eq!(crc32(body, &mut ()).to_le_bytes(), *crc);
    let _ = frame.to_string();
    if frame.tag.is_none() {
        let mut again = vec![0; bytes.len()];
        let length =
            frame::encode(&frame.header, &[frame.payload], None, &mut again, &mut ()).expect("it fits");
        assert_eq!(&again[..length], bytes);
    }
}

const KEY: Key = Key::new([7; 16]);

/// Seals the input as a payload, opens it, and opens it again with one bit changed.
fn seal(input: &[u8]) {
    let [number, form, at, payload @ ..] = input else { return };
    let payload = &payload[..payload.len().min(MESSAGE_LIMIT)];
    let header = Header { number: *number, source: u16::from(*at), ..Header::default() };
    let seal = Seal { encrypts: form & 1 != 0, ..Seal::of(&KEY, 1, 1 + u64::from(*at)) };
    let (mut bytes, mut plain) = (vec![0; FRAME_LIMIT], vec![0; MESSAGE_LIMIT]);
    let length = frame::encode(&header, &[payload], Some(seal), &mut bytes, &mut ()).expect("it fits");
    bytes.truncate(length);
    let sealed = frame::decode(&bytes, &mut ()).expect("it is a frame");
    let opened = verify::open(&sealed, &seal.key, &mut plain, &mut ()).expect("the tag is right");
    assert!(opened.payload == payload && !opened.is_encrypted);
    let body = length - frame::CRC;
    bytes[usize::from(*at) % body] ^= 1 << (form >> 5);
    let crc = crc32(&bytes[..body], &mut ());
    bytes[body..].copy_from_slice(&crc.to_le_bytes());
    if let Ok(changed) = frame::decode(&bytes, &mut ()) {
        assert!(verify::open(&changed, &seal.key, &mut plain, &mut ()).is_err(), "a changed frame was taken");
    }
}

fuzz_target!(|input: &[u8]| {
    check(input);
    seal(input);
    // With the right CRC at its end, a frame is far more often whole.
    let mut repaired = input.to_vec();
    repaired.extend(crc32(input, &mut ()).to_le_bytes());
    check(&repaired);
    for link in LinkKind::ALL {
        if let Ok(bytes) = link.unwrap_packet(input) {
            assert!(bytes.len() <= usize::from(link.frame_limit()));
            check(bytes);
        }
    }
    let mut memory = vec![0; FRAME_LIMIT + 16];
    let mut decoder = Decoder::carve(&mut Arena::new(&mut memory), FRAME_LIMIT as u16).expect("it fits");
    for byte in input {
        if let Ok(Some(bytes)) = decoder.push(*byte) {
            check(bytes);
        }
    }
});
