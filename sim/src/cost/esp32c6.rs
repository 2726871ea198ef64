//! ESP32-C6: branches backwards are predicted taken and a hot loop's cost 1 cycle; a division costs 10.

use super::icache::CacheLoss;
use super::sequence::{Band, Timing, cycle_costs, with};
use super::{CostTable, CycleCost, CycleCosts, calibrated, riscv};
use crate::emulator::chip as emulated;
use ruvllm_esp_core::chip;
use ruvllm_esp_core::meter::Op;

const SOURCE: &str = "nilhoel1/LLTA-Bench RESULTS.md; \
    PhotomancerArt/lightplayer docs/reports/2026-09-08-esp32c6-t3-calibration.md; timonvo/niccle";

/// What each kind of instruction costs.
pub const TIMING: Timing = Timing {
    alu: 1_000,           // both
    multiply: 1_000,      // both
    multiply_use: 0,      // both
    multiply_high: 2_000, // LLTA-Bench
    divide: 10_000,       // both
    load: 1_000,          // LLTA-Bench
    load_use: 1_500,      // LLTA-Bench: latency 3, a stall of 2; niccle: a stall of 1
    load_near: 500,       // LLTA-Bench: 1; niccle: 0
    store: 1_000,         // LLTA-Bench
    back: 1_000,          // both, in a hot loop
    forward: 4_000,       // LLTA-Bench
    not_taken: 1_000,     // both
    jump: 2_000,          // LLTA-Bench: 2 to 3; niccle: 1
    loop_exit: 2_500,     // LLTA-Bench: 3 to 4 for a branch backwards not taken
    mispredict: 3_000,    // LLTA-Bench: 4 instead of 1
};

const BAND: Band = Band { same: (25, 40), varied: (40, 60) };

/// A 64-bit division: the 157 cycles measured on ESP32-C3, less what Rust's routine saves here (133 instead of 182 cycles
/// for 40 bits over 8). The band is that routine's, from 45 cycles for operands of 32 bits to 443 for 63 bits over 31;
/// see [`super::esp32c3`].
const DIVISION_WIDE: CycleCost = CycleCost {
    cycles: 108_000,
    low: 45_000,
    high: 443_000,
    sequence: "__udivdi3",
    source: "WLED issue #4206 on ESP32-C3, less the difference in the instructions of compiler-builtins u64_div_rem",
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
pub const CACHE_LOSS: &CacheLoss = &CacheLoss::of(emulated::ESP32C6.cache);

/// The costs.
pub const TABLE: CostTable =
    CostTable::fitted(&chip::esp32c6::CHIP, INSTRUCTIONS, &calibrated::ESP32C6, CACHE_LOSS);
