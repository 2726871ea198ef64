//! The workloads on the host, with a meter that counts.
//!
//! Cache fills are not counted, as the emulator does not clock them here ([`emulated`](super::emulated)).

use super::{Work, scripts};
use crate::memory::Memory;
use ruvllm_esp_core::chip::{Chip, Radio};
use ruvllm_esp_core::meter::Counts;
use ruvllm_esp_core::workload::{COUNTED_RUN, Probe, RUNS, run_commands, run_kernels, run_script};

/// Keeps what each work did in the run that is counted.
#[derive(Debug, Default)]
struct Counting(Vec<Work>);

impl Probe for Counting {
    type Meter = Counts;

    fn measure(&mut self, kernel: &'static str, size: u32, work: &mut dyn FnMut(&mut Counts) -> u32) {
        let (mut counts, mut checksum) = (Counts::default(), 0);
        for run in 0..RUNS {
            let mut counted = Counts::default();
            checksum = work(&mut counted);
            if run == COUNTED_RUN {
                counts = counted;
            }
        }
        self.0.push(Work { kernel, size, counts, checksum });
    }
}

/// Every kernel, in the arena of `chip`.
pub fn kernels(chip: &'static Chip) -> Vec<Work> {
    let mut counting = Counting::default();
    run_kernels(Memory::new(chip.arena_budget(Radio::Off).arena).as_mut(), &mut counting);
    counting.0
}

/// Single commands and the whole session of each role, in the arena of `chip`.
pub fn sessions(chip: &'static Chip) -> Vec<Work> {
    let mut counting = Counting::default();
    let mut memory = Memory::new(chip.arena_budget(Radio::Off).arena);
    run_commands(chip, memory.as_mut(), &mut counting);
    for script in scripts::DEMO.into_iter().chain(scripts::GOLDEN) {
        run_script(chip, memory.as_mut(), script, &mut counting);
    }
    counting.0
}
