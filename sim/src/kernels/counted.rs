//! The workloads on the host, with a meter that counts.

use super::{Work, scripts};
use crate::cost::icache::{ICacheModel, Ran};
use crate::cost::{self, CostTable};
use crate::memory::Memory;
use ruvllm_esp_core::chip::{Chip, Radio};
use ruvllm_esp_core::meter::{Counts, Meter, Op};
use ruvllm_esp_core::workload::{COUNTED_RUN, LineMeter, Probe, RUNS, run_commands, run_kernels, run_script};

/// Counts operations, and the cache lines that each console line fills.
struct LineCounts {
    counts: Counts,
    /// Of the console line under way.
    line: Counts,
    icache: ICacheModel,
}

impl Meter for LineCounts {
    fn record(&mut self, op: Op, count: u32) {
        self.line.record(op, count);
    }
}

impl LineMeter for LineCounts {
    fn answered(&mut self, line: &str, calls: u32) {
        self.line.record(Op::WriteCall, calls);
        let filled = self.icache.run(Ran { line: Some(line), network: false }, &self.line);
        self.line.record(Op::ICacheFill, filled);
        self.end_line();
    }
}

impl LineCounts {
    fn end_line(&mut self) {
        self.counts.add(&self.line);
        self.line.clear();
    }
}

/// Keeps what each work did in the run that is counted.
struct Counting {
    icache: ICacheModel,
    done: Vec<Work>,
}

impl Probe for Counting {
    type Meter = LineCounts;

    fn measure(&mut self, kernel: &'static str, size: u32, work: &mut dyn FnMut(&mut LineCounts) -> u32) {
        let (counts, line) = (Counts::default(), Counts::default());
        let mut meter = LineCounts { counts, line, icache: self.icache.clone() };
        let (mut counted, mut checksum) = (Counts::default(), 0);
        for run in 0..RUNS {
            meter.counts.clear();
            checksum = work(&mut meter);
            meter.end_line();
            if run == COUNTED_RUN {
                counted = meter.counts.clone();
            }
        }
        self.done.push(Work { kernel, size, counts: counted, checksum });
    }
}

/// The costs of `chip`; every chip has some.
fn table(chip: &Chip) -> &'static CostTable {
    cost::table(chip).unwrap_or(&cost::esp32c3::TABLE)
}

/// Every kernel, in the arena of `chip`.
pub fn kernels(chip: &'static Chip) -> Vec<Work> {
    let mut counting = Counting { icache: ICacheModel::of(table(chip)), done: Vec::new() };
    run_kernels(Memory::new(chip.arena_budget(Radio::Off).arena).as_mut(), &mut counting);
    counting.done
}

/// Single commands and the whole session of each role, in the arena of `chip`.
pub fn sessions(chip: &'static Chip) -> Vec<Work> {
    let mut counting = Counting { icache: ICacheModel::of(table(chip)), done: Vec::new() };
    let mut memory = Memory::new(chip.arena_budget(Radio::Off).arena);
    run_commands(chip, memory.as_mut(), &mut counting);
    for script in scripts::DEMO.into_iter().chain(scripts::GOLDEN) {
        run_script(chip, memory.as_mut(), script, &mut counting);
    }
    counting.done
}
