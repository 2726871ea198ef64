//! Where chance comes from: one seed, and a stream of its own for each chip and each link.
//!
//! No stream is shared, so what one chip or link draws never depends on when another one was asked, and a fleet takes
//! the same course on any number of threads.

use ruvllm_esp_core::units::Nanos;

/// Whose stream it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// A chip's own, by its index.
    Chip(usize),
    /// What a chip draws from its noise at a boot, by its index and its count of boots.
    Boot(usize, u32),
    /// A link's own, by its index.
    Link(usize),
    /// What a hostile or broken chip sends, by its index.
    Attack(usize),
    /// One frame on a link: the seed of the link, the sender and its count of frames.
    Frame(usize, u64),
}

/// One stream: SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014).
#[derive(Clone, Debug)]
pub struct Rng(u64);

const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

fn mixed(value: u64) -> u64 {
    let value = (value ^ value >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ value >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ value >> 31
}

impl Rng {
    /// The stream that `seed` gives to `stream`.
    pub fn new(seed: u64, stream: Stream) -> Self {
        let (kind, index, count) = match stream {
            Stream::Chip(index) => (1, index, 0),
            Stream::Boot(index, boot) => (5, index, boot.into()),
            Stream::Link(index) => (2, index, 0),
            Stream::Attack(index) => (3, index, 0),
            Stream::Frame(index, count) => (4, index, count),
        };
        let parts = [kind, index as u64, count];
        Self(parts.into_iter().fold(mixed(seed), |state, part| mixed(state.wrapping_add(STEP) ^ part)))
    }

    /// Any number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mixed(self.0)
    }

    /// A number below `end`; zero where there is none.
    pub fn below(&mut self, end: u64) -> u64 {
        // The bias is below 2^-32 for all that is asked here.
        ((u128::from(self.number()) * u128::from(end)) >> 64) as u64
    }

    /// A span of time, `low <= span <= high`.
    pub fn between(&mut self, low: Nanos, high: Nanos) -> Nanos {
        low + Nanos(self.below((high - low).get().saturating_add(1)))
    }

    /// True with this probability, in thousandths. Asks for no number where the answer is certain.
    pub fn happens(&mut self, permille: u16) -> bool {
        permille > 0 && self.below(1000) < u64::from(permille)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_apart_and_repeat() {
        let draw = |seed, stream| Rng::new(seed, stream).number();
        assert_eq!(draw(1, Stream::Chip(3)), draw(1, Stream::Chip(3)));
        let others = [draw(2, Stream::Chip(3)), draw(1, Stream::Chip(4)), draw(1, Stream::Link(3))];
        assert!(!others.contains(&draw(1, Stream::Chip(3))));
    }

    #[test]
    fn chance_keeps_to_its_bounds() {
        let mut rng = Rng::new(7, Stream::Link(0));
        let timeline = (0..10_000).filter(|_| rng.happens(250)).count();
        assert!((2_300..2_700).contains(&timeline), "{timeline}");
        assert!((0..1000).all(|_| (5..=9).contains(&rng.between(Nanos(5), Nanos(9)).get())));
        assert_eq!(rng.below(0), 0);
    }
}
