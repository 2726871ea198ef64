//! The load-use scoreboard: how long an instruction waits for a load.
//!
//! These cores issue one instruction a cycle, in order, and stall only for results of loads. Waits that are not known
//! when a block is decoded (a cache line fill, a peripheral) do not shorten a stall, and a taken jump ends all of them,
//! because refilling the pipeline takes at least as long.

use super::operation::{Operation, SINK};
use super::timing::Costs;

/// A register on its way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Pending {
    register: u8,
    /// Cycles until it may be read; 0 is an empty slot.
    remaining: u16,
}

/// The loads in flight. No latency here is above 3, so two slots are enough.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pipeline {
    pending: [Pending; 2],
}

impl Pipeline {
    /// Issues `operation` at `pc`: its cycles, the stall for its inputs included.
    pub fn issue(&mut self, pc: u32, operation: Operation, costs: &Costs) -> u16 {
        let cycles = self.stall(operation) + costs.of(pc, operation);
        for pending in &mut self.pending {
            pending.remaining = pending.remaining.saturating_sub(cycles);
            if pending.register == operation.rd {
                pending.remaining = 0;
            }
        }
        if operation.is_load() && operation.rd != SINK {
            let [newest, _] = self.pending;
            self.pending =
                [Pending { register: operation.rd, remaining: costs.load_latency.saturating_sub(1) }, newest];
        }
        cycles
    }

    fn stall(&self, operation: Operation) -> u16 {
        let waits = self.pending.iter().filter(|pending| operation.reads(pending.register));
        waits.map(|pending| pending.remaining).max().unwrap_or(0)
    }

    /// A taken jump: whatever was on its way arrives while the pipeline refills.
    pub fn drain(&mut self) {
        *self = Self::default();
    }

    /// Whether nothing is on its way.
    pub fn is_idle(&self) -> bool {
        self.pending.iter().all(|pending| pending.remaining == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::operation::Kind;
    use super::super::timing;
    use super::*;

    const LOAD: Operation = Operation::new(Kind::Lw, 10, 2, 0, 0);
    const OTHER: Operation = Operation::new(Kind::Addi, 12, 12, 0, 1);
    const USER: Operation = Operation::new(Kind::Add, 11, 11, 10, 0);

    /// A core whose loads take one cycle longer.
    const SLOW: Costs = Costs { load_latency: 3, ..timing::ESP32C6 };

    fn cycles(costs: &Costs, sequence: &[Operation]) -> u16 {
        let mut pipeline = Pipeline::default();
        sequence.iter().map(|&operation| pipeline.issue(0, operation, costs)).sum()
    }

    #[test]
    fn a_dependent_instruction_waits_for_its_load() {
        assert_eq!(cycles(&timing::ESP32C3, &[LOAD, USER]), 3);
        assert_eq!(cycles(&timing::ESP32C3, &[LOAD, OTHER, USER]), 3);
        assert_eq!(cycles(&SLOW, &[LOAD, USER]), 4);
        assert_eq!(cycles(&SLOW, &[LOAD, OTHER, USER]), 4);
        assert_eq!(cycles(&SLOW, &[LOAD, OTHER, OTHER, USER]), 4);
    }

    #[test]
    fn overwriting_the_register_ends_the_wait() {
        let overwrite = Operation::new(Kind::Constant, 10, 0, 0, 0);
        assert_eq!(cycles(&SLOW, &[LOAD, overwrite, USER]), 3);
    }
}
