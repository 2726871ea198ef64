//! What a turn of a chip costs: its counted work, the code it has to fetch from flash, the time of both.
//!
//! The only cost model of a simulated chip, alone or in a fleet. Its parts are calibrated on the firmware's image
//! (`kernels::firmware_calibration`): the work of the role, a poll of the loop, the bytes of a reply, and the cache lines filled.

use crate::cost::icache::{ICacheModel, Ran};
use crate::cost::{Cost, CostTable, UnknownCost};
use ruvllm_esp_core::meter::{Counts, Meter, Op};
use ruvllm_esp_core::units::Nanos;

/// A turn that counts nothing still passes through the program's loop.
const MIN_TURN: Nanos = Nanos(1_000);

/// Counts the work of one chip and turns it into time.
#[derive(Clone, Debug)]
pub struct Work {
    /// The turn under way.
    pub counts: Counts,
    /// Everything since the chip was built.
    pub total: Counts,
    table: &'static CostTable,
    /// Thousandths of a cycle, by operation.
    cycles: [u64; Op::ALL.len()],
    icache: ICacheModel,
}

impl Work {
    /// No work yet, at the costs of `table`.
    ///
    /// # Errors
    /// [`UnknownCost`] where the table lacks an operation: no work of a chip may be free.
    pub fn new(table: &'static CostTable) -> Result<Self, UnknownCost> {
        let mut cycles = [0; Op::ALL.len()];
        for (op, cycles) in Op::ALL.into_iter().zip(&mut cycles) {
            *cycles = u64::from(table.cycle_cost(op)?.cycles);
        }
        let (counts, total) = (Counts::default(), Counts::default());
        Ok(Self { counts, total, table, cycles, icache: ICacheModel::of(table) })
    }

    /// The chip has booted: its cache holds what the start left there.
    pub fn boot(&mut self) {
        self.icache = ICacheModel::of(self.table);
    }

    /// Counts the cache lines that the turn under way fills: it runs the code of `ran`, and of every operation counted.
    pub fn fetch(&mut self, ran: Ran<'_>) {
        let filled = self.icache.run(ran, &self.counts);
        self.counts.record(Op::ICacheFill, filled);
    }

    /// Ends the turn: its time, added to the total.
    pub fn spend(&mut self) -> Nanos {
        self.total.add(&self.counts);
        let cycles = |(op, count): (Op, u64)| u128::from(count) * u128::from(self.cycles[op as usize]);
        MIN_TURN.max(self.table.time(self.counts.iter().map(cycles).sum()))
    }

    /// What `counts` cost on this chip, with the band.
    ///
    /// # Errors
    /// None, as every operation has a cost here.
    pub fn cost(&self, counts: &Counts) -> Result<Cost, UnknownCost> {
        self.table.cost(counts)
    }

    /// Likewise of a single console line, whose band is wider.
    ///
    /// # Errors
    /// As for [`Work::cost`].
    pub fn line_cost(&self, counts: &Counts) -> Result<Cost, UnknownCost> {
        self.table.line_cost(counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost;

    #[test]
    fn a_turn_takes_the_time_of_its_cost() {
        for table in cost::ALL {
            let mut work = Work::new(table).unwrap();
            assert_eq!(work.spend(), MIN_TURN);
            Op::ALL.into_iter().for_each(|op| work.counts.record(op, 1_000 + op as u32));
            let cost = work.cost(&work.counts).unwrap();
            assert_eq!(work.spend(), cost.time.value, "{}", table.chip);
        }
    }

    #[test]
    fn a_chip_without_a_cost_for_an_operation_is_refused() {
        let mut table = *cost::ALL[0];
        table.cycle_costs[Op::Mac as usize] = None;
        let table: &'static CostTable = Box::leak(Box::new(table));
        assert_eq!(Work::new(table).unwrap_err().op, Op::Mac);
    }
}
