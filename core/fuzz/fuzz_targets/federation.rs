//! Any frames, lines and waits at a chip in a fleet: it goes on working, and all it sends are frames.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ruvllm_esp_core::agent::{Agent, Identity};
use ruvllm_esp_core::chip;
use ruvllm_esp_core::federation::{Membership, Topology, Turn};
use ruvllm_esp_core::role::RoleKind;
use ruvllm_esp_core::units::Micros;
use ruvllm_esp_core::wire::FRAME_LIMIT;
use ruvllm_esp_core::wire::authentication::Key;
use ruvllm_esp_core::wire::frame::{self, Flags, Header, Seal};
use ruvllm_esp_core::wire::keyring::Keyring;
use ruvllm_esp_core::wire::link::LinkKind;
use ruvllm_esp_core::wire::message::MESSAGES;

const KEY: Key = Key::new([7; 16]);
const LINES: [&str; 8] = [
    "fleet add the pump in the cellar",
    "fleet search 16 pump",
    "fleet recall 3 pump",
    "fleet remember fact the pump is old",
    "add the pump whistles",
    "peers",
    "check the pump whistles",
    "set-role hnsw !",
];

/// A frame whose header and payload the input decides, whole and authentic.
fn crafted(fields: &[u8], payload: &[u8], key: Option<&Key>, encrypts: bool, counter: u64) -> Vec<u8> {
    let field = |at: usize| fields.get(at).copied().unwrap_or_default();
    let number = MESSAGES[usize::from(field(0)) % MESSAGES.len()].number;
    let header = Header {
        number,
        flags: Flags(field(1) & 3),
        embedder: 1,
        source: u16::from(field(2) % 8),
        destination: if field(3) % 3 == 0 { u16::MAX } else { u16::from(field(3) % 4) },
        boot: u32::from(field(4) % 4),
        nonce: 0,
        sequence: u32::from(field(5)),
    };
    let mut out = vec![0; FRAME_LIMIT + 64];
    let seal = key.map(|key| Seal { encrypts, ..Seal::of(key, 1, counter) });
    let length = frame::encode(&header, &[payload], seal, &mut out, &mut ()).unwrap_or_default();
    out.truncate(length);
    out
}

fuzz_target!(|input: &[u8]| {
    let [first, second, rest @ ..] = input else { return };
    let role = RoleKind::ALL[usize::from(*first) % RoleKind::ALL.len()];
    let topology = Topology::ALL[usize::from(*second) % Topology::ALL.len()];
    let key = (second & 0x80 != 0).then_some(KEY);
    let encrypts = second & 0x40 != 0;
    let keys = key.map(|key| Keyring::provision(&key, 1, 1).with_encryption(encrypts));
    let link = if topology == Topology::Ring { LinkKind::Uart } else { LinkKind::EspNow };
    let membership = Membership { link, topology, replicas: 2, peers: 5, boot: 1, nonce: 0, entropy: 1, keys };
    let identity = Identity { chip: &chip::esp32c3::CHIP, chip_id: 1, role, seed: 1 };
    let mut agent = Agent::join(vec![0u8; 64 * 1024], identity, membership).expect("64 KiB fit every role");
    let (mut now, mut text, mut rest, mut counter) = (Micros(0), String::new(), rest, 0);
    while let [step, length, tail @ ..] = rest {
        let (bytes, after) = tail.split_at(usize::from(*length).min(tail.len()));
        (rest, counter) = (after, counter + 1);
        let mut turn = Turn { now, meter: &mut (), out: &mut text, observer: &mut () };
        match step % 4 {
            0 => agent.receive(step >> 7, bytes, &mut turn),
            1 => {
                let (fields, payload) = bytes.split_at(6.min(bytes.len()));
                agent.receive(step >> 7, &crafted(fields, payload, key.as_ref(), encrypts, counter), &mut turn);
            }
            2 => {
                let _ = agent.handle_line(Ok(LINES[usize::from(*length) % LINES.len()]), &mut turn);
            }
            _ => now += Micros(1 << (length % 26)),
        }
        let mut turn = Turn { now, meter: &mut (), out: &mut text, observer: &mut () };
        agent.tick(&mut turn);
        let mut out = [0; FRAME_LIMIT];
        for count in 0.. {
            assert!(count < 200, "frames without end");
            let Some(sent) = agent.transmit(&mut out, now, &mut ()) else { break };
            assert!(sent.length <= usize::from(link.frame_limit()) && sent.port < topology.ports());
            frame::decode(&out[..sent.length], &mut ()).expect("what is sent is a frame");
        }
        text.clear();
    }
    agent.line(Ok("stats"), now, &mut (), &mut text).expect("`stats` always answers");
});
