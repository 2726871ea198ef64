//! Hostile and broken programs that a fleet has to tolerate.
//!
//! - noise: bytes that mean nothing, and frames of good form about nothing, as fast as the link takes them
//! - replay: overheard frames, sent again unchanged
//! - forgery: overheard frames, changed, with the checksum made right
//! - insider: overheard frames, under a boot number that their sender does not have, authentic by the fleet's key; it
//!   answers no challenge
//!
//! Only the insider has the fleet's key. What is overheard is kept for minutes, so that frames come back to chips that have
//! booted since. A member that jams sends noise instead of its own frames.

use super::program::Program;
use super::rng::{Rng, Stream};
use ruvllm_esp_core::federation::{Outgoing, Turn};
use ruvllm_esp_core::meter::Counts;
use ruvllm_esp_core::units::Micros;
use ruvllm_esp_core::wire::authentication::Key;
use ruvllm_esp_core::wire::crc::crc32;
use ruvllm_esp_core::wire::frame::{self, Header, Seal};
use ruvllm_esp_core::wire::message::PROVE;
use ruvllm_esp_core::wire::verify;

/// What an adversary does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttackKind {
    /// Bytes that mean nothing, as fast as the link takes them.
    Noise,
    /// Overheard frames again, some time later.
    Replay,
    /// Overheard frames, changed.
    Forge,
    /// Overheard frames under another boot number, with the fleet's key.
    Insider,
}

/// An adversary's configuration.
#[derive(Clone, Copy, Debug)]
pub struct Attack {
    /// What it does.
    pub intent: AttackKind,
    /// Its address.
    pub address: u16,
    /// The longest frame of its link.
    pub limit: u16,
    /// The key of the fleet's epoch, where it has it.
    pub key: Option<Key>,
    /// Decides what it sends.
    pub seed: u64,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Adversary {
    attack: Attack,
    overheard_frames: Overheard,
    next: Micros,
    sent: u64,
}

/// The last frame overheard and those that are kept for longer.
#[derive(Clone, Debug, Default)]
struct Overheard {
    latest: Vec<u8>,
    kept: Vec<Vec<u8>>,
    count: usize,
}

/// Frames that are kept for longer.
const KEPT: usize = 256;
/// Once that many are kept, one in this many replaces the oldest of them.
const REPLACED: usize = 16;

/// The longest frame that it remembers.
const LONGEST: usize = 256;
/// The time between two replays or forgeries.
const PAUSE: Micros = Micros(20_000);

impl Adversary {
    /// An adversary that has received nothing yet.
    pub fn new(attack: Attack) -> Self {
        Self { attack, overheard_frames: Overheard::default(), next: Micros(0), sent: 0 }
    }

    fn rng(&self) -> Rng {
        let Attack { seed, address, .. } = self.attack;
        Rng::new(seed.wrapping_add(self.sent), Stream::Attack(usize::from(address)))
    }

    /// Bytes of any kind, or a frame of good form with any type and payload.
    fn noise(&self, out: &mut [u8]) -> Option<usize> {
        let mut rng = self.rng();
        let length = 1 + rng.below(u64::from(self.attack.limit).min(out.len() as u64)) as usize;
        let bytes = out.get_mut(..length)?;
        bytes.iter_mut().for_each(|byte| *byte = rng.number() as u8);
        if rng.below(2) == 0 {
            return Some(length);
        }
        let mut payload = [0; 64];
        payload.iter_mut().for_each(|byte| *byte = rng.number() as u8);
        let header = Header {
            number: rng.number() as u8,
            source: self.attack.address,
            destination: rng.number() as u16,
            boot: rng.below(4) as u32,
            sequence: self.sent as u32,
            ..Header::default()
        };
        frame::encode(&header, &[&payload], None, out, &mut ()).ok()
    }

    fn overheard(&self, out: &mut [u8]) -> Option<usize> {
        let Overheard { latest, kept, .. } = &self.overheard_frames;
        let frame = match self.sent % 2 {
            0 => latest,
            _ => kept.get((self.sent / 2) as usize % kept.len().max(1))?,
        };
        let frame = Some(frame).filter(|frame| !frame.is_empty())?;
        out.get_mut(..frame.len())?.copy_from_slice(frame);
        Some(frame.len())
    }

    /// An overheard frame whose sender seems to have another boot number.
    fn under_another_boot(&self, out: &mut [u8]) -> Option<usize> {
        let mut copy = [0; LONGEST];
        let length = self.overheard(&mut copy)?;
        let frame = frame::decode(copy.get(..length)?, &mut ()).ok()?;
        // Who has the fleet's key can answer for another boot as well: that is not what is shown here.
        if frame.header.number == PROVE {
            return None;
        }
        let mut rng = self.rng();
        let boot = frame.header.boot;
        let boot = match rng.below(4) {
            0 => u32::MAX,
            1 => boot.wrapping_add(1),
            2 => boot.wrapping_sub(1),
            _ => rng.number() as u32,
        };
        let header = Header { boot, nonce: rng.number() as u16, ..frame.header };
        let epoch = frame.tag.map_or(0, |tag| tag.epoch).into();
        let Some(key) = self.attack.key else {
            return frame::encode(&header, &[frame.payload], None, out, &mut ()).ok();
        };
        let mut plain = [0; LONGEST];
        let opened = verify::open(&frame, &key, &mut plain, &mut ()).ok()?;
        let seal = Seal { key, epoch, counter: self.sent + 1, encrypts: frame.is_encrypted };
        frame::encode(&header, &[opened.payload], Some(seal), out, &mut ()).ok()
    }

    fn forged(&self, out: &mut [u8]) -> Option<usize> {
        let length = self.overheard(out)?;
        let mut rng = self.rng();
        let body = length.checked_sub(frame::CRC)?;
        let (signed, sum) = out.get_mut(..length)?.split_at_mut(body);
        // Anything but the version: that would be dropped too soon to prove anything. The first change always changes
        // something, and no later one touches it: a frame that is as it was is a replay, not a forgery.
        let first = 1 + rng.below(body.saturating_sub(1) as u64) as usize;
        *signed.get_mut(first)? ^= 1 + rng.below(255) as u8;
        for _ in 0..rng.below(4) {
            let index = 1 + rng.below(body.saturating_sub(1) as u64) as usize;
            if index != first {
                *signed.get_mut(index)? = rng.number() as u8;
            }
        }
        sum.copy_from_slice(&crc32(signed, &mut ()).to_le_bytes());
        Some(length)
    }
}

impl Program for Adversary {
    fn receive(&mut self, _: u8, frame: &[u8], _: &mut Turn<'_, Counts>) {
        if frame.len() > LONGEST {
            return;
        }
        let Overheard { latest, kept, count } = &mut self.overheard_frames;
        latest.clear();
        latest.extend_from_slice(frame);
        if kept.len() < KEPT {
            kept.push(frame.to_vec());
        } else if count.is_multiple_of(REPLACED)
            && let Some(oldest) = kept.get_mut(*count / REPLACED % KEPT)
        {
            frame.clone_into(oldest);
        }
        *count += 1;
    }

    fn transmit(&mut self, out: &mut [u8], now: Micros, _: &mut Counts) -> Option<Outgoing> {
        if self.attack.intent != AttackKind::Noise && now < self.next {
            return None;
        }
        let length = match self.attack.intent {
            AttackKind::Noise => self.noise(out),
            AttackKind::Replay => self.overheard(out),
            AttackKind::Forge => self.forged(out),
            AttackKind::Insider => self.under_another_boot(out),
        };
        self.sent += 1;
        self.next = now + PAUSE;
        length.map(|length| Outgoing { length, port: 0 })
    }

    fn tick(&mut self, _: &mut Turn<'_, Counts>) {}

    fn wake_at(&mut self, _: Micros) -> Option<Micros> {
        Some(self.next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ruvllm_esp_core::wire::frame::{decode, sender_key};

    fn adversary(intent: AttackKind) -> Adversary {
        Adversary::new(Attack { intent, address: 7, limit: 250, key: None, seed: 1 })
    }

    fn hears(adversary: &mut Adversary, frame: &[u8]) {
        let (mut counts, mut out) = (Counts::default(), String::new());
        let observer: &mut dyn ruvllm_esp_core::event::Observer = &mut ();
        adversary.receive(
            0,
            frame,
            &mut Turn { now: Micros(0), meter: &mut counts, out: &mut out, observer },
        );
    }

    fn sends(adversary: &mut Adversary) -> Option<Vec<u8>> {
        let mut out = [0; 1100];
        let now = adversary.next;
        let sent = adversary.transmit(&mut out, now, &mut Counts::default())?;
        Some(out[..sent.length].to_vec())
    }

    #[test]
    fn noise_is_partly_of_good_form_and_within_the_limit() {
        let mut adversary = adversary(AttackKind::Noise);
        let frames: Vec<Vec<u8>> = (0..200).filter_map(|_| sends(&mut adversary)).collect();
        assert!(frames.len() == 200 && frames.iter().all(|frame| frame.len() <= 250));
        let good = frames.iter().filter(|frame| decode(frame, &mut ()).is_ok()).count();
        assert!((60..140).contains(&good), "{good}");
    }

    #[test]
    fn a_replay_is_unchanged_and_a_forgery_passes_the_checksum() {
        let mut bytes = [0; 100];
        let length = frame::encode(&Header::default(), &[b"hello"], None, &mut bytes, &mut ()).unwrap();
        let real = &bytes[..length];
        let mut replay = adversary(AttackKind::Replay);
        assert_eq!(sends(&mut replay), None);
        hears(&mut replay, real);
        hears(&mut replay, real);
        assert_eq!(sends(&mut replay).as_deref(), Some(real));
        let mut forge = adversary(AttackKind::Forge);
        hears(&mut forge, real);
        hears(&mut forge, real);
        for _ in 0..2_000 {
            let forged = sends(&mut forge).unwrap();
            assert_ne!(forged, real);
            let (body, sum) = forged.split_at(forged.len() - 4);
            assert_eq!(sum, crc32(body, &mut ()).to_le_bytes());
        }
    }

    #[test]
    fn what_was_overheard_long_ago_comes_back() {
        let mut replay = adversary(AttackKind::Replay);
        (0..1_000u16).for_each(|number| hears(&mut replay, &number.to_le_bytes()));
        let sent: Vec<u16> = (0..2 * KEPT)
            .filter_map(|_| sends(&mut replay))
            .map(|frame| u16::from_le_bytes([frame[0], frame[1]]))
            .collect();
        assert!(sent.contains(&999) && sent.contains(&100), "{sent:?}");
        assert!(sent.iter().collect::<std::collections::BTreeSet<_>>().len() > KEPT / 2);
    }

    #[test]
    fn an_insider_s_frame_is_authentic_and_of_a_boot_that_never_was() {
        let key = Key::new([7; 16]);
        let attack = Attack { intent: AttackKind::Insider, address: 7, limit: 250, key: Some(key), seed: 1 };
        let mut insider = Adversary::new(attack);
        let mut bytes = [0; 100];
        let header = Header { source: 3, boot: 5, nonce: 9, ..Header::default() };
        let length = frame::encode(
            &header,
            &[b"hello"],
            Some(Seal { key, epoch: 1, counter: 4, encrypts: false }),
            &mut bytes,
            &mut (),
        )
        .unwrap();
        hears(&mut insider, &bytes[..length]);
        hears(&mut insider, &bytes[..length]);
        let mut boots = std::collections::BTreeSet::new();
        for _ in 0..40 {
            let sent = sends(&mut insider).unwrap();
            let frame = decode(&sent, &mut ()).unwrap();
            let tag = frame.tag.unwrap();
            let sender = sender_key(&key, 3, &mut ());
            assert!(sender.verify(tag.signed, tag.tag, &mut ()) && frame.payload == b"hello");
            assert!(frame.header.source == 3 && (frame.header.boot, frame.header.nonce) != (5, 9));
            boots.insert(frame.header.boot);
        }
        assert!(boots.contains(&u32::MAX) && boots.contains(&6) && boots.contains(&4), "{boots:?}");
    }
}
