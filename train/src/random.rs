//! A stream of random numbers, the same for a seed on every machine.

/// PCG32 with a name for each kind of number that training draws.
#[derive(Clone, Debug)]
pub struct Random(oorandom::Rand32);

impl Random {
    /// The stream of `seed`.
    pub fn new(seed: u64) -> Self {
        Self(oorandom::Rand32::new(seed))
    }

    /// The stream of one thing among many under one seed.
    pub fn of(seed: u64, first: u64, second: u64) -> Self {
        let mut mixed = seed;
        for value in [first, second] {
            mixed = (mixed ^ value).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            mixed ^= mixed >> 29;
        }
        Self::new(mixed)
    }

    /// From 0 up to but not 1.
    pub fn unit(&mut self) -> f32 {
        self.0.rand_float()
    }

    /// True with `probability`.
    pub fn chance(&mut self, probability: f32) -> bool {
        self.unit() < probability
    }

    /// Below `count`; 0 where `count` is 0.
    pub fn below(&mut self, count: usize) -> usize {
        if count == 0 { 0 } else { self.0.rand_range(0..count as u32) as usize }
    }

    /// One of `choices`.
    pub fn pick<'c, T>(&mut self, choices: &'c [T]) -> Option<&'c T> {
        choices.get(self.below(choices.len()))
    }

    /// Puts `items` into another order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}
