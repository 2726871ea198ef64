//! Any bytes as a packet, a transaction and a stream: only whole frames come out, and they go back in as they came.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ruvllm_esp_core::arena::Arena;
use ruvllm_esp_core::wire::FRAME_LIMIT;
use ruvllm_esp_core::wire::cobs::Decoder;
use ruvllm_esp_core::wire::crc::crc32;
use ruvllm_esp_core::wire::frame;
use ruvllm_esp_core::wire::link::LinkKind;

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

fuzz_target!(|input: &[u8]| {
    check(input);
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
