//! Any sequence of frames at an endpoint: it goes on working, and delivers no message twice.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ruvllm_esp_core::arena::Arena;
use ruvllm_esp_core::units::Micros;
use ruvllm_esp_core::wire::frame::{self, Flags, Header};
use ruvllm_esp_core::wire::link::LinkKind;
use ruvllm_esp_core::wire::{Capacity, Endpoint, Event, FRAME_LIMIT, Settings};
use std::collections::BTreeSet;

fuzz_target!(|input: &[u8]| {
    let link = LinkKind::EspNow;
    let settings = Settings {
        address: 0,
        boot: 1,
        nonce: 0,
        entropy: 1,
        embedder: 1,
        frame_limit: link.frame_limit(),
    };
    let capacity = Capacity { peers: 3, outgoing: 1, unfinished: 2 };
    let mut memory = vec![0; 8 * 1024];
    let mut delivered = BTreeSet::new();
    let mut rest = input;
    let mut now = Micros(0);
    // Each frame takes six bytes of choices and as many of payload as the last of them says.
    while let Some(([number, flags, source, sequence, pause, length], after)) = rest.split_first_chunk::<6>()
    {
        let (payload, after) = after.split_at(usize::from(*length).min(after.len()));
        rest = after;
        // A chip silent for minutes may be forgotten, and come back.
        now += Micros(u64::from(*pause) * 100);
        let header = Header {
            number: *number,
            flags: Flags(flags & 1),
            embedder: 1,
            source: u16::from(source & 3),
            destination: 0,
            boot: 1,
            nonce: 0,
            sequence: u32::from(*sequence),
        };
        let mut bytes = [0; FRAME_LIMIT];
        let Ok(length) = frame::encode(&header, &[payload], None, &mut bytes, &mut ()) else { continue };
        let mut endpoint =
            Endpoint::carve(&mut Arena::new(&mut memory), settings, None, capacity).expect("it fits");
        if let Ok(Event::Message { header, .. }) = endpoint.receive(&bytes[..length], now, &mut ()) {
            let name = (header.source, header.sequence);
            assert!(delivered.insert(name), "{name:?} came twice");
        }
        let mut out = [0; FRAME_LIMIT];
        while let Some(length) = endpoint.transmit(&mut out, now, &mut ()) {
            frame::decode(&out[..length], &mut ()).expect("what is sent is a frame");
        }
    }
});
