//! Random bytes from the chip's noise.
//!
//! Without a radio the generator has no noise of its own, so the converter of the analogue inputs is switched on as its
//! source for as long as it takes. Used for keys and for the nonce of a boot: everything else in the agent is deterministic.

use esp_hal::peripherals::{ADC1, RNG};
use esp_hal::rng::{Trng, TrngSource};

/// The peripherals that make noise.
pub struct Entropy {
    generator: RNG<'static>,
    converter: ADC1<'static>,
}

impl Entropy {
    /// Keeps the peripherals, switched off.
    pub fn new(generator: RNG<'static>, converter: ADC1<'static>) -> Self {
        Self { generator, converter }
    }

    /// Fresh random bytes, or nothing where the source does not start.
    pub fn bytes<const N: usize>(&mut self) -> Option<[u8; N]> {
        let _source = TrngSource::new(self.generator.reborrow(), self.converter.reborrow());
        let trng = Trng::try_new().ok()?;
        let mut bytes = [0; N];
        trng.read(&mut bytes);
        Some(bytes)
    }
}
