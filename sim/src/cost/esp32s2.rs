//! ESP32-S2: a 7-stage LX7 without loop instructions; its timing is derived from the ESP32's.

use super::sequence::{Band, Timing, cycle_costs, with};
use super::{CostTable, CycleCost, xtensa};
use ruvllm_esp_core::chip;
use ruvllm_esp_core::meter::Op;

const SOURCE: &str = "espressif/xtensa-overlays xtensa_esp32s2 core-isa.h (DATA_PIPE_DELAY 2); \
    ESP32 timings of the same pipeline depth; GCC xtensa.md; WLED issue #4206";

/// What each kind of instruction costs.
pub const TIMING: Timing = Timing {
    alu: 1_000,           // Xtensa ISA reference manual 8.4.2: one instruction a cycle
    multiply: 1_000,      // WLED: 182 million a second at 240 MHz, its loop included
    multiply_use: 1_000,  // GCC: latency 2
    multiply_high: 1_000, // as the low half
    divide: 0,            // no sequence uses it, see xtensa::DIVISION
    load: 1_000,          // Xtensa ISA reference manual
    load_use: 2_000,      // derived from DATA_PIPE_DELAY 2
    load_near: 1_000,     // derived: the same, less the instruction between
    store: 1_000,         // a 4-entry write buffer, core-isa.h
    back: 4_000,          // derived: as ESP32
    forward: 4_000,       // the same: nothing is predicted
    not_taken: 1_000,     // Xtensa ISA reference manual
    jump: 4_000,          // the same refill of the pipeline
    loop_exit: 0,         // cheaper than going round; not credited
    mispredict: 0,        // nothing is predicted, XCHAL_HAVE_PREDICTED_BRANCHES 0
};

// Nothing of it was measured by itself but the throughput of whole loops, so the band is the widest.
const BAND: Band = Band { same: (50, 60), varied: (60, 80) };

/// A 64-bit division, as measured with GCC's routine. The band also holds Rust's, whose instructions were counted for
/// RISC-V only; see [`super::esp32c3`].
const DIVISION_WIDE: CycleCost = CycleCost {
    cycles: 90_600, // 2.65 million a second at 240 MHz
    low: 40_000,
    high: 505_000,
    sequence: "__udivdi3",
    source: "WLED issue #4206",
};

/// The costs.
pub const TABLE: CostTable = CostTable::new(&chip::esp32s2::CHIP, {
    let cycle_costs = cycle_costs(&xtensa::SEQUENCES, &TIMING, BAND, SOURCE);
    let cycle_costs = with(cycle_costs, Op::ICacheFill, xtensa::ICACHE_FILL);
    with(with(cycle_costs, Op::Div, xtensa::DIVISION), Op::DivWide, DIVISION_WIDE)
});
