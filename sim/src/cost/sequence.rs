//! From instructions to a cost: what a step executes times what each kind of instruction costs.
//!
//! The steps were read off the machine code that the compiler makes of them; the costs are a chip's. Keeping the two
//! apart shows the arithmetic behind every cost and lets a better measurement of one instruction correct all costs.

use super::{CycleCost, CycleCosts};
use ruvllm_esp_core::meter::Op;

/// What each kind of instruction costs on a core, in thousandths of a cycle.
///
/// The stalls come on top of the instruction that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Addition, shift, logic, comparison into a register, move.
    pub alu: u32,
    /// 32-bit multiplication, low half.
    pub multiply: u32,
    /// Stall of an instruction that uses the product right after.
    pub multiply_use: u32,
    /// 32-bit multiplication, high half.
    pub multiply_high: u32,
    /// 32-bit division or remainder.
    pub divide: u32,
    /// Load from RAM.
    pub load: u32,
    /// Stall of an instruction that uses the loaded value right after.
    pub load_use: u32,
    /// Stall of an instruction that uses the loaded value one instruction later.
    pub load_near: u32,
    /// Store to RAM.
    pub store: u32,
    /// Branch backwards, taken: the end of a loop's body.
    pub back: u32,
    /// Branch forwards, taken.
    pub forward: u32,
    /// Branch not taken.
    pub not_taken: u32,
    /// Jump, call or return.
    pub jump: u32,
    /// What the last branch of a loop costs over one that goes round again.
    pub loop_exit: u32,
    /// What a branch that no predictor can know costs over one that is known, when it goes the other way.
    pub mispredict: u32,
}

/// How well a sequence is known, which sets the width of its cost's band.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spread {
    /// It is the loop of the shipped code, instruction for instruction.
    Loop,
    /// It stands for code that varies from caller to caller.
    Varied,
    /// It lies anywhere between two forms that cost this many hundredths of the cost.
    Between(u32, u32),
}

/// How many instructions of each kind `steps` steps of an operation execute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sequence {
    /// The instructions, as the compiler emits them.
    pub listing: &'static str,
    /// How many steps the counts are of.
    pub steps: u32,
    /// How well it is known.
    pub spread: Spread,
    /// See [`Timing::alu`]; so for all below.
    pub alu: u32,
    /// Multiplications, low half.
    pub multiply: u32,
    /// Uses of a product right after.
    pub multiply_use: u32,
    /// Multiplications, high half.
    pub multiply_high: u32,
    /// Divisions.
    pub divide: u32,
    /// Loads.
    pub load: u32,
    /// Uses of a loaded value right after.
    pub load_use: u32,
    /// Uses of a loaded value one instruction later.
    pub load_near: u32,
    /// Stores.
    pub store: u32,
    /// Taken branches backwards.
    pub back: u32,
    /// Taken branches forwards.
    pub forward: u32,
    /// Branches not taken.
    pub not_taken: u32,
    /// Jumps, calls and returns.
    pub jump: u32,
    /// Loops left.
    pub loop_exit: u32,
    /// Unpredictable branches that go the other way.
    pub mispredict: u32,
}

impl Sequence {
    /// No instructions at all: what the others are written as a difference to.
    pub const NONE: Sequence = Sequence {
        listing: "",
        steps: 1,
        spread: Spread::Loop,
        alu: 0,
        multiply: 0,
        multiply_use: 0,
        multiply_high: 0,
        divide: 0,
        load: 0,
        load_use: 0,
        load_near: 0,
        store: 0,
        back: 0,
        forward: 0,
        not_taken: 0,
        jump: 0,
        loop_exit: 0,
        mispredict: 0,
    };

    /// How many instructions all its steps execute together.
    pub const fn instructions(&self) -> u32 {
        let arithmetic = self.alu + self.multiply + self.multiply_high + self.divide;
        let memory = self.load + self.store;
        arithmetic + memory + self.back + self.forward + self.not_taken + self.jump
    }

    /// What one step costs on a core of that `timing`, in thousandths of a cycle, rounded up.
    pub const fn millicycles(&self, timing: &Timing) -> u32 {
        let sum = self.alu * timing.alu
            + self.multiply * timing.multiply
            + self.multiply_use * timing.multiply_use
            + self.multiply_high * timing.multiply_high
            + self.divide * timing.divide
            + self.load * timing.load
            + self.load_use * timing.load_use
            + self.load_near * timing.load_near
            + self.store * timing.store
            + self.back * timing.back
            + self.forward * timing.forward
            + self.not_taken * timing.not_taken
            + self.jump * timing.jump
            + self.loop_exit * timing.loop_exit
            + self.mispredict * timing.mispredict;
        sum.div_ceil(self.steps)
    }
}

/// How far a chip's costs may be off, down and up, in hundredths of the cost.
///
/// Further up than down: what the model leaves out (cache misses, interrupts) only ever costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Band {
    /// For [`Spread::Loop`].
    pub same: (u32, u32),
    /// For [`Spread::Varied`].
    pub varied: (u32, u32),
}

/// A step of `sequence` on a core of that `timing`.
///
/// All these cores issue at most one instruction a cycle, so a known loop cannot take fewer cycles than instructions.
const fn cycle_cost(sequence: &Sequence, timing: &Timing, band: Band, source: &'static str) -> CycleCost {
    let cycles = sequence.millicycles(timing);
    let (down, up) = match sequence.spread {
        Spread::Loop => band.same,
        Spread::Varied => band.varied,
        Spread::Between(low, high) => (100 - low, high - 100),
    };
    let least = match sequence.spread {
        Spread::Loop => (sequence.instructions() * 1_000).div_ceil(sequence.steps),
        Spread::Varied | Spread::Between(..) => 0,
    };
    let low = cycles * (100 - down) / 100;
    CycleCost {
        cycles,
        low: if low < least { least } else { low },
        high: (cycles * (100 + up)).div_ceil(100),
        sequence: sequence.listing,
        source,
    }
}

/// A cost for every operation that has a sequence.
pub const fn cycle_costs(
    sequences: &[Option<Sequence>; Op::ALL.len()],
    timing: &Timing,
    band: Band,
    source: &'static str,
) -> CycleCosts {
    let mut cycle_costs: CycleCosts = [None; Op::ALL.len()];
    let mut at = 0;
    while at < cycle_costs.len() {
        if let Some(sequence) = &sequences[at] {
            cycle_costs[at] = Some(cycle_cost(sequence, timing, band, source));
        }
        at += 1;
    }
    cycle_costs
}

/// `cycle_costs`, with that of `op` known otherwise than from its instructions.
pub const fn with(mut cycle_costs: CycleCosts, op: Op, cycle_cost: CycleCost) -> CycleCosts {
    cycle_costs[op as usize] = Some(cycle_cost);
    cycle_costs
}
