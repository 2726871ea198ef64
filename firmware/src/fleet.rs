//! The chip's slot in its fleet: frames between the link and the agent.
//!
//! One turn takes what has arrived and hands over one frame to send, so the console comes round as often as ever. A chip
//! is in a fleet once it was given a number and a key, and its flash counts boots: without a number it would speak for
//! another, without a key to anybody, and a boot that is not counted could be replayed.

use crate::clock;
use crate::link::{FleetLink, Link, Traffic};
use crate::ports::Ports;
use ruvllm_esp_core::agent::Agent;
use ruvllm_esp_core::federation::{Membership, Topology, Turn};
use ruvllm_esp_core::wire::BROADCAST;
use ruvllm_esp_core::wire::link::LinkKind;
use ruvllm_esp_firmware_logic::config::Settings;
use ruvllm_esp_firmware_logic::load::Load;
use static_cell::ConstStaticCell;

/// The one link of a mesh.
const PORT: u8 = 0;

/// How many chips hold each item, the first included: the loss of one loses nothing.
const REPLICAS: u8 = 2;

/// Slots for other chips: as many as a wire has ends, or as are in reach of a radio.
const PEERS: u32 = match FleetLink::KIND {
    LinkKind::Uart => 8,
    _ => 32,
};

const FRAME_BYTES: usize = FleetLink::KIND.frame_limit() as usize;

static FRAME: ConstStaticCell<[u8; FRAME_BYTES]> = ConstStaticCell::new([0; FRAME_BYTES]);

/// What a chip with these settings is configured with, in its `boot`; nothing for a chip that is in none, nor for one
/// without a count of boots or without random bits.
pub fn membership(
    settings: &Settings,
    chip_id: Option<u16>,
    boot: Option<u32>,
    random: Option<[u8; 10]>,
) -> Option<Membership> {
    chip_id.filter(|chip_id| *chip_id != BROADCAST)?;
    let keys = Some(settings.keys?);
    let (link, topology) = (FleetLink::KIND, Topology::Mesh);
    let (replicas, peers, boot) = (REPLICAS, PEERS, boot?);
    let [n0, n1, entropy @ ..] = random?;
    let (nonce, entropy) = (u16::from_le_bytes([n0, n1]), u64::from_le_bytes(entropy));
    Some(Membership { link, topology, replicas, peers, boot, nonce, entropy, keys })
}

/// A link with room for a frame to send.
pub struct Fleet {
    link: &'static mut FleetLink,
    frame: &'static mut [u8],
}

impl Fleet {
    /// On `link`; nothing without one, or a second time.
    pub fn new(link: Option<&'static mut FleetLink>) -> Option<Self> {
        Some(Self { link: link?, frame: FRAME.try_take()? })
    }

    /// Hands on what has arrived, does what is due, and sends one frame. What the agent has to say goes to every port. Says
    /// whether there was anything to do.
    pub fn turn(&mut self, agent: &mut Agent<&'static mut [u8]>, ports: &mut Ports, load: &mut Load) -> bool {
        let Self { link, frame } = self;
        let now = clock::now();
        if let Some(share) = load.at(now.get()) {
            agent.report_load(share);
        }
        let mut worked = false;
        ports.say_together(&mut |out| {
            let mut turn = Turn { now, meter: &mut (), out, observer: &mut () };
            let received = link.traffic().received;
            link.poll(&mut |frame| agent.receive(PORT, frame, &mut turn));
            if link.traffic().received != received {
                worked = true;
                load.work(clock::now().get().saturating_sub(now.get()));
            }
            if agent.wake_at(now).is_none_or(|wake| wake > now) {
                return;
            }
            worked = true;
            agent.tick(&mut turn);
            if link.has_room()
                && let Some(outgoing) = agent.transmit(frame, now, &mut ())
                && let Some(frame) = frame.get(..outgoing.length)
            {
                link.send(frame);
            }
        });
        worked
    }

    /// What crossed the link.
    pub fn traffic(&self) -> Traffic {
        self.link.traffic()
    }
}
