//! ESP32-S3: a 5-stage LX7, costs of scalar code: the shipped code has no vector instructions.

use super::sequence::{Band, Timing, cycle_costs, with};
use super::{CostTable, CycleCost, xtensa};
use ruvllm_esp_core::chip;
use ruvllm_esp_core::meter::Op;

const SOURCE: &str = "ESP32-S3 technical reference manual 1.7; Xtensa ISA reference manual 8.4.2; \
    GCC xtensa.md; WLED issue #4206";

/// What each kind of instruction costs.
pub const TIMING: Timing = Timing {
    alu: 1_000,           // Xtensa ISA reference manual 8.4.2: one instruction a cycle
    multiply: 1_000,      // WLED: 238 million a second at 240 MHz
    multiply_use: 1_000,  // GCC: latency 2
    multiply_high: 1_000, // as the low half
    divide: 0,            // no sequence uses it, see xtensa::DIVISION
    load: 1_000,          // Xtensa ISA reference manual
    load_use: 1_000,      // technical reference manual 1.7
    load_near: 0,         // technical reference manual 1.7
    store: 1_000,         // a 4-entry write buffer, core-isa.h
    back: 3_000, // technical reference manual 1.7.3: 2 more, and 1 more again if the target is badly aligned
    forward: 3_000, // the same: nothing is predicted
    not_taken: 1_000, // technical reference manual 1.7.3
    jump: 3_000, // the same refill of the pipeline
    loop_exit: 0, // cheaper than going round; not credited
    mispredict: 0, // nothing is predicted, XCHAL_HAVE_PREDICTED_BRANCHES 0
};

// The pipeline is documented, its hazards in Rust code were not measured.
const BAND: Band = Band { same: (40, 50), varied: (50, 70) };

/// A 64-bit division, as measured with GCC's routine. The band also holds Rust's, whose instructions were counted for
/// RISC-V only; see [`super::esp32c3`].
const DIVISION_WIDE: CycleCost = CycleCost {
    cycles: 88_600, // 2.71 million a second at 240 MHz
    low: 40_000,
    high: 505_000,
    sequence: "__udivdi3",
    source: "WLED issue #4206",
};

/// The costs.
pub const TABLE: CostTable = CostTable::new(&chip::esp32s3::CHIP, {
    let cycle_costs = cycle_costs(&xtensa::SEQUENCES, &TIMING, BAND, SOURCE);
    let cycle_costs = with(cycle_costs, Op::ICacheFill, xtensa::ICACHE_FILL);
    with(with(cycle_costs, Op::Div, xtensa::DIVISION), Op::DivWide, DIVISION_WIDE)
});
