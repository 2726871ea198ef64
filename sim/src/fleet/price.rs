//! What a turn of a chip costs in time, in one pass over what was counted.

use crate::cost::CostTable;
use ruvllm_esp_core::meter::{Counts, Op};
use ruvllm_esp_core::units::Nanos;

/// The best estimates of a price table, without their bands.
#[derive(Clone, Debug)]
pub struct Pricing {
    /// Thousandths of a cycle, by operation.
    prices: [u64; Op::ALL.len()],
    hertz: u64,
}

/// A turn that counts nothing still passes through the program's loop.
const LEAST: Nanos = Nanos(1_000);

impl Pricing {
    /// The prices of `table`; an operation without a price costs nothing, and no table has one.
    pub fn new(table: &CostTable) -> Self {
        let prices = Op::ALL.map(|op| table.price(op).map_or(0, |price| u64::from(price.cycles)));
        Self { prices, hertz: u64::from(table.clock.get()).max(1) }
    }

    /// How long the work took.
    pub fn time(&self, counts: &Counts) -> Nanos {
        let price = |(op, count): (Op, u64)| u128::from(count) * u128::from(self.prices[op as usize]);
        let millicycles: u128 = counts.iter().map(price).sum();
        let nanos = millicycles * 1_000_000 / u128::from(self.hertz);
        LEAST.max(Nanos(u64::try_from(nanos).unwrap_or(u64::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost;
    use ruvllm_esp_core::meter::Meter;

    #[test]
    fn a_turn_takes_the_time_of_its_cost() {
        for table in cost::ALL {
            let mut counts = Counts::default();
            assert_eq!(Pricing::new(table).time(&counts), LEAST);
            Op::ALL.into_iter().for_each(|op| counts.record(op, 1_000 + op as u32));
            let whole = table.cost(&counts).unwrap().time.value;
            assert!(Pricing::new(table).time(&counts).get().abs_diff(whole.get()) <= 1, "{}", table.chip);
        }
    }
}
