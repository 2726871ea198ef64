//! Numbers drawn from a scenario's seed, each stream by itself.
//!
//! Every drawn thing has a stream of its own, named by what it is and its index. So another load in the file, or
//! another chip in a group, changes nothing about the rest. Integers only, for the same draw on every host.

use oorandom::Rand64;
use ruvllm_esp_core::units::Micros;

/// What a stream is for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stream {
    /// The load at this index in the scenario, at the chip at this index.
    Load(usize, usize),
    /// The fault at this index.
    Fault(usize),
}

/// A stream of draws.
#[derive(Clone, Debug)]
pub(super) struct Rng(Rand64);

impl Rng {
    /// The stream of this name.
    pub fn new(seed: u64, stream: Stream) -> Self {
        let name = match stream {
            Stream::Load(load, chip) => (1 << 48) | ((load as u64) << 24) | chip as u64,
            Stream::Fault(fault) => (2 << 48) | fault as u64,
        };
        Self(Rand64::new((u128::from(seed) << 64) | u128::from(name)))
    }

    /// A whole number below `limit`; zero where that is zero.
    pub fn below(&mut self, limit: u64) -> u64 {
        if limit == 0 { 0 } else { self.0.rand_range(0..limit) }
    }

    /// A seed for something else.
    pub fn seed(&mut self) -> u64 {
        self.0.rand_u64()
    }

    /// A waiting time of this mean, exponential: the events come independently of each other.
    pub fn wait(&mut self, mean: Micros) -> Micros {
        let span = (u128::from(mean.get()) * u128::from(exponential(self.0.rand_u64()))) >> 16;
        Micros(u64::try_from(span).unwrap_or(u64::MAX).max(1))
    }
}

/// -ln(draw / 2^64) in 65,536ths, from the position of the leading bit and a parabola for the rest; 0.9% off at most.
fn exponential(draw: u64) -> u64 {
    const LN_2: u64 = 45_426;
    let draw = draw | 1;
    let leading = draw.leading_zeros();
    // The fraction behind the leading bit, in 65,536ths: the number is 2^(63 - leading) (1 + fraction).
    let fraction = ((draw << leading) >> 47) & 0xFFFF;
    // log2(1 + f) is f + 0.344 f (1 - f) within 0.0081.
    let bend = (((fraction * (65_536 - fraction)) >> 16) * 22_545) >> 16;
    let log2 = (u64::from(63 - leading) << 16) + fraction + bend;
    (((64 << 16) - log2.min(64 << 16)) * LN_2) >> 16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_have_the_mean_and_the_spread_of_an_exponential() {
        let mut rng = Rng::new(1, Stream::Fault(0));
        let waits: Vec<u64> = (0..100_000).map(|_| rng.wait(Micros(10_000)).get()).collect();
        let mean = waits.iter().sum::<u64>() / waits.len() as u64;
        assert!((9_900..=10_100).contains(&mean), "{mean}");
        let share = |under: u64| waits.iter().filter(|wait| **wait < under).count() * 1000 / waits.len();
        // 1 - exp(-x)
        for (under, permille) in [(1_000, 95), (6_931, 500), (10_000, 632), (30_000, 950)] {
            assert!(share(under).abs_diff(permille) < 10, "{under}: {}", share(under));
        }
    }

    #[test]
    fn streams_do_not_disturb_each_other() {
        let draw = |seed, stream| Rng::new(seed, stream).seed();
        assert_eq!(draw(1, Stream::Load(0, 1)), draw(1, Stream::Load(0, 1)));
        let all = [
            draw(1, Stream::Load(0, 1)),
            draw(1, Stream::Load(1, 0)),
            draw(1, Stream::Load(0, 0)),
            draw(1, Stream::Fault(0)),
            draw(2, Stream::Fault(0)),
        ];
        let mut unique = all.to_vec();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), all.len());
    }
}
