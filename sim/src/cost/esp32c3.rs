//! ESP32-C3: no branch prediction, every taken branch costs 3 cycles; a division costs 35.

use super::icache::CacheLoss;
use super::sequence::{Band, Timing, cycle_costs, with};
use super::{CostTable, CycleCost, CycleCosts, calibrated, riscv};
use crate::emulator::chip as emulated;
use ruvllm_esp_core::chip;
use ruvllm_esp_core::meter::Op;

const SOURCE: &str = "timonvo/niccle esp/examples/cycle_counting.rs; \
    ctrlsrc.io/posts/2023/counting-cpu-cycles-on-esp32c3-esp32c6; WLED issue #4206";

/// What each kind of instruction costs.
pub const TIMING: Timing = Timing {
    alu: 1_000,           // niccle
    multiply: 1_000,      // WLED: 1.33 with its loop
    multiply_use: 0,      // WLED: no gap beyond the loop's
    multiply_high: 2_000, // not measured; as ESP32-C6, LLTA-Bench
    divide: 34_600,       // WLED: 4.63 million a second at 160 MHz
    load: 1_000,          // niccle
    load_use: 1_000,      // niccle: 2 cycles if the next instruction depends
    load_near: 0,         // niccle
    store: 1_000,         // niccle
    back: 3_000,          // niccle
    forward: 3_000,       // niccle
    not_taken: 1_000,     // niccle
    jump: 2_000,          // niccle
    loop_exit: 0,         // cheaper than going round; not credited
    mispredict: 0,        // nothing is predicted
};

const BAND: Band = Band { same: (30, 40), varied: (40, 60) };

/// A 64-bit division, as measured with GCC's routine.
///
/// Rust's own (`u64_div_rem` of compiler-builtins), followed instruction by instruction over random operands, executes
/// from 29 instructions and one division where both fit 32 bits to 398 and 1.5 for 63 bits over 31; priced with
/// [`TIMING`] that is 69 to 505 cycles, and 182 for 40 bits over 8. The band holds both routines.
const DIVISION_WIDE: CycleCost = CycleCost {
    cycles: 157_000, // 1.02 million a second at 160 MHz
    low: 69_000,
    high: 505_000,
    sequence: "__udivdi3",
    source: "WLED issue #4206; the instructions of compiler-builtins u64_div_rem",
};

/// A line of the flash cache filled, as the emulator has it.
const ICACHE_FILL: CycleCost = CycleCost {
    cycles: 342_000,
    low: 338_000,
    high: 347_000,
    sequence: "line fill",
    source: "lightplayer, LLTA-Bench (docs/emulator.md), on ESP32-C6",
};

/// The costs as the instructions give them.
pub const INSTRUCTIONS: CycleCosts = {
    let cycle_costs = cycle_costs(&riscv::SEQUENCES, &TIMING, BAND, SOURCE);
    let cycle_costs = with(cycle_costs, Op::ICacheFill, ICACHE_FILL);
    with(cycle_costs, Op::DivWide, DIVISION_WIDE)
};

/// What the flash cache loses.
pub const CACHE_LOSS: &CacheLoss = &CacheLoss::of(emulated::ESP32C3.cache);

/// The costs.
pub const TABLE: CostTable =
    CostTable::fitted(&chip::esp32c3::CHIP, INSTRUCTIONS, &calibrated::ESP32C3, CACHE_LOSS);
