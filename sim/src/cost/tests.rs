//! The tables are complete and ordered, agree with measurements that they were not made from, and refuse by name.

use super::sequence::{Sequence, Spread};
use super::*;
use ruvllm_esp_core::chip;
use ruvllm_esp_core::kernel::distance::dot;
use ruvllm_esp_core::meter::Meter;

fn counted(op: Op, count: u32) -> Counts {
    let mut counts = Counts::default();
    counts.record(op, count);
    counts
}

fn cycle_cost(table: &CostTable, op: Op) -> CycleCost {
    table.cycle_cost(op).unwrap()
}

#[test]
fn every_chip_has_a_table_without_gaps() {
    for (chip, expected) in chip::ALL.into_iter().zip(ALL) {
        let table = table(chip).unwrap();
        assert_eq!(table, expected);
        assert_eq!(table.gaps().count(), 0, "{}: {:?}", chip.name, table.gaps().collect::<Vec<_>>());
        assert_eq!((table.clock, table.run), (chip.clock.value, chip.power.run.value));
    }
}

#[test]
fn every_price_lies_in_its_band_and_has_a_source() {
    for table in ALL {
        for op in Op::ALL {
            let cycle_cost = cycle_cost(table, op);
            let what = (table.chip, op);
            assert!(
                0 < cycle_cost.low
                    && cycle_cost.low <= cycle_cost.cycles
                    && cycle_cost.cycles <= cycle_cost.high,
                "{what:?}"
            );
            assert!(!cycle_cost.source.is_empty() && !cycle_cost.sequence.is_empty(), "{what:?}");
        }
    }
}

#[test]
fn the_band_of_a_single_line_is_wider_by_the_code_that_it_may_have_to_fetch() {
    let margin = u64::from(fitted::LINE_CYCLES);
    for table in ALL {
        let counts = counted(Op::Mac, 100_000);
        let (session, line) = (table.cost(&counts).unwrap().cycles, table.line_cost(&counts).unwrap().cycles);
        assert_eq!(line.value, session.value, "{}", table.chip);
        assert_eq!((line.low.0, line.high.0), (session.low.0 - margin, session.high.0 + margin));
        let short = table.line_cost(&counted(Op::Mac, 1)).unwrap();
        assert!(short.cycles.low.0 == 0 && short.energy.low < short.energy.value);
        assert_eq!(table.line_cost(&Counts::default()).unwrap(), Cost::default(), "nothing was done");
    }
}

#[test]
fn the_counts_of_a_loop_are_those_of_its_listing() {
    for sequence in [riscv::SEQUENCES, xtensa::SEQUENCES].into_iter().flatten().flatten() {
        let listed = sequence.listing.split_whitespace().filter(|word| *word != "|").count();
        if sequence.spread == Spread::Loop {
            assert_eq!(sequence.instructions() as usize, listed, "{}", sequence.listing);
        }
    }
}

#[test]
fn an_operation_without_a_price_is_refused_by_name() {
    let mut table = esp32c3::TABLE;
    table.cycle_costs[Op::Hash as usize] = None;
    let refusal = table.cost(&counted(Op::Hash, 1)).unwrap_err();
    assert_eq!(refusal.to_string(), "no cost for `hash` on esp32c3");
    assert_eq!(table.gaps().collect::<Vec<_>>(), [Op::Hash]);
    assert!(table.cost(&counted(Op::Mac, 1)).is_ok(), "only what was counted has to have a cost");
}

#[test]
fn esp32c3_divides_slower_than_esp32c6_and_loops_slower() {
    let c3 = CostTable::new(&chip::esp32c3::CHIP, esp32c3::INSTRUCTIONS);
    let c6 = CostTable::new(&chip::esp32c6::CHIP, esp32c6::INSTRUCTIONS);
    for op in [Op::Div, Op::DivWide, Op::Mac, Op::Hash] {
        assert!(cycle_cost(&c3, op).cycles > cycle_cost(&c6, op).cycles, "{op:?}");
    }
    assert!(cycle_cost(&c3, Op::Div).low > cycle_cost(&c6, Op::Div).high);
}

#[test]
fn a_step_of_dot_on_esp32c3_is_nine_cycles() {
    // lb 1, lb 1, addi 1, mul 1, add 1, addi 1, bne taken 3
    assert_eq!(esp32c3::INSTRUCTIONS[Op::Mac as usize].unwrap().cycles, 9_000);
}

/// Measured by others as a whole, so not what the tables were made from.
#[test]
fn prices_hold_measurements_of_whole_loops() {
    let inside = |table, op, millicycles| {
        let cycle_cost = cycle_cost(table, op);
        assert!(cycle_cost.low <= millicycles && millicycles <= cycle_cost.high, "{op:?}: {cycle_cost:?}");
    };
    inside(&esp32c3::TABLE, Op::MulWide, 10_300); // WLED #4206: 15.50 million a second at 160 MHz
    inside(&esp32s3::TABLE, Op::Copy, 5_240); // esp32-s3-memorycopy: 45.8 MB/s in bytes at 240 MHz
    inside(&esp32s3::TABLE, Op::Copy, 1_050); // and 229 MB/s in words
    // A loop of {add, addi, rem, mul, div} was timed at 26.1 cycles on an ESP32-C6.
    let mix = Sequence { alu: 3, multiply: 1, divide: 2, back: 1, ..Sequence::NONE };
    assert!(mix.millicycles(&esp32c6::TIMING).abs_diff(26_100) < 2_000);
}

#[test]
fn a_metered_kernel_is_priced() {
    let mut counts = Counts::default();
    dot(&[1; 64], &[2; 64], &mut counts);
    let cost = CostTable::new(&chip::esp32c3::CHIP, esp32c3::INSTRUCTIONS).cost(&counts).unwrap();
    // Call 9 + 2 + 4 = 15 cycles, 64 steps of 9 = 576: 591 cycles, at 160 MHz 3.694 us, at 84.15 mW 311 nJ.
    assert_eq!(cost.cycles.value, Cycles(591));
    assert_eq!(cost.time.value, Nanos(3_694));
    assert_eq!(cost.energy.value, Nanojoules(311));
    assert!(cost.time.low < cost.time.value && cost.time.value < cost.time.high);
    assert!(cost.energy.low < cost.energy.value && cost.energy.value < cost.energy.high);
}

#[test]
fn costs_add_up() {
    let table = &esp32c6::TABLE;
    let once = table.cost(&counted(Op::Mac, 1_000)).unwrap();
    let twice = table.cost(&counted(Op::Mac, 2_000)).unwrap();
    assert_eq!((once + once).cycles, twice.cycles);
    assert_eq!(table.cost(&Counts::default()).unwrap(), Cost::default());
}

#[test]
fn the_largest_counts_saturate() {
    let mut counts = Counts::default();
    for _ in 0..3 {
        for op in Op::ALL {
            counts.record(op, u32::MAX);
        }
    }
    for table in ALL {
        assert!(table.cost(&counts).unwrap().cycles.low > Cycles(0));
    }
    let endless = Banded { value: u128::MAX, low: u128::MAX, high: u128::MAX };
    assert_eq!(esp32c3::TABLE.cost_of(endless).time.value, Nanos(u64::MAX));
}

#[test]
fn a_cost_serialises_as_tagged_figures() {
    let table = CostTable::new(&chip::esp32c3::CHIP, esp32c3::INSTRUCTIONS);
    let cost = table.cost(&counted(Op::Mac, 1_000)).unwrap();
    let json = serde_json::to_value(cost).unwrap();
    assert_eq!(json["cycles"]["value"], 9_000);
    assert_eq!(json["time"]["unit"], "ns");
    assert_eq!(json["energy"]["kind"], "modelled");
}
