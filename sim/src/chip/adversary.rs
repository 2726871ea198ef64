//! Hostile and broken programs that a fleet has to tolerate.
//!
//! - noise: bytes that mean nothing, and frames of good form about nothing, as fast as the link takes them
//! - replay: overheard frames, sent again unchanged
//! - forgery: overheard frames, changed, with the checksum made right
//!
//! None of them has the fleet's key. A member that jams sends noise instead of its own frames.

use super::program::Program;
use super::rng::{Rng, Stream};
use ruvllm_esp_core::federation::{Outgoing, Turn};
use ruvllm_esp_core::meter::Counts;
use ruvllm_esp_core::units::Micros;
use ruvllm_esp_core::wire::crc::crc32;
use ruvllm_esp_core::wire::frame::{self, Header};

/// What an adversary does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttackKind {
    /// Bytes that mean nothing, as fast as the link takes them.
    Noise,
    /// Overheard frames again, some time later.
    Replay,
    /// Overheard frames, changed.
    Forge,
}

/// An adversary's configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attack {
    /// What it does.
    pub intent: AttackKind,
    /// Its address.
    pub address: u16,
    /// The longest frame of its link.
    pub limit: u16,
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

/// The last frame overheard and one that is kept for longer.
#[derive(Clone, Debug)]
struct Overheard {
    frames: [[u8; LONGEST]; 2],
    lengths: [usize; 2],
    count: u64,
}

/// The longest frame that it remembers.
const LONGEST: usize = 256;
/// The time between two replays or forgeries.
const PAUSE: Micros = Micros(20_000);

impl Adversary {
    /// An adversary that has received nothing yet.
    pub fn new(attack: Attack) -> Self {
        let overheard_frames = Overheard { frames: [[0; LONGEST]; 2], lengths: [0; 2], count: 0 };
        Self { attack, overheard_frames, next: Micros(0), sent: 0 }
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
        let index = (self.sent % 2) as usize;
        let length = *self.overheard_frames.lengths.get(index)?;
        let frame =
            self.overheard_frames.frames.get(index)?.get(..length).filter(|frame| !frame.is_empty())?;
        out.get_mut(..length)?.copy_from_slice(frame);
        Some(length)
    }

    fn forged(&self, out: &mut [u8]) -> Option<usize> {
        let length = self.overheard(out)?;
        let mut rng = self.rng();
        let body = length.checked_sub(frame::CRC)?;
        let (signed, sum) = out.get_mut(..length)?.split_at_mut(body);
        // Anything but the version: that would be dropped too soon to prove anything.
        for _ in 0..=rng.below(4) {
            let index = 1 + rng.below(body.saturating_sub(1) as u64) as usize;
            *signed.get_mut(index)? = rng.number() as u8;
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
        // The second index keeps one in a hundred for longer.
        let index = usize::from(self.overheard_frames.count % 100 == 1);
        self.overheard_frames.count += 1;
        self.overheard_frames.frames[index][..frame.len()].copy_from_slice(frame);
        self.overheard_frames.lengths[index] = frame.len();
    }

    fn transmit(&mut self, out: &mut [u8], now: Micros, _: &mut Counts) -> Option<Outgoing> {
        if self.attack.intent != AttackKind::Noise && now < self.next {
            return None;
        }
        let length = match self.attack.intent {
            AttackKind::Noise => self.noise(out),
            AttackKind::Replay => self.overheard(out),
            AttackKind::Forge => self.forged(out),
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
    use ruvllm_esp_core::wire::frame::decode;

    fn adversary(intent: AttackKind) -> Adversary {
        Adversary::new(Attack { intent, address: 7, limit: 250, seed: 1 })
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
        for _ in 0..20 {
            let forged = sends(&mut forge).unwrap();
            assert_ne!(forged, real);
            let (body, sum) = forged.split_at(forged.len() - 4);
            assert_eq!(sum, crc32(body, &mut ()).to_le_bytes());
        }
    }
}
