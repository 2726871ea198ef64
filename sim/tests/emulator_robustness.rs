//! No input makes the emulator panic.
//!
//! Not as an ELF file, not as code, not as register contents.

#![allow(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

use proptest::collection::vec;
use proptest::prelude::*;
use ruvllm_esp_sim::emulator::{Machine, Pace, chip, elf_file};

fn run_whatever_it_is(file: &[u8]) {
    for chip in chip::ALL {
        let mut machine = Machine::new(chip, Pace::Timed);
        if machine.load_elf(file).is_ok() {
            machine.run(2_000);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_are_refused_as_an_elf(file in vec(any::<u8>(), 0..300)) {
        run_whatever_it_is(&file);
    }

    #[test]
    fn a_damaged_elf_is_refused_or_runs(
        code in vec(any::<u8>(), 4..64),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
    ) {
        let mut file = elf_file::write(0x4080_1000, &code, &[("_start", 0x4080_1000), ("tohost", 0x4080_2000)]);
        for (index, value) in damage {
            let at = index.index(file.len());
            file[at] = value;
        }
        run_whatever_it_is(&file);
    }

    #[test]
    fn arbitrary_code_runs_to_some_end(
        code in vec(any::<u32>(), 1..60),
        registers in vec(any::<u32>(), 31),
        start in any::<u32>(),
        handled in any::<bool>(),
        timed in any::<bool>(),
    ) {
        for chip in chip::ALL {
            let mut machine = Machine::new(chip, if timed { Pace::Timed } else { Pace::Untimed });
            let base = chip.windows.iter().find(|window| window.bank == 0 && window.access.execute).unwrap().base;
            let bytes: Vec<u8> = code.iter().flat_map(|word| word.to_le_bytes()).collect();
            machine.bus.poke(base, &bytes).unwrap();
            machine.hart.integers[1..32].copy_from_slice(&registers);
            machine.hart.csr.mtvec = if handled { base } else { 0 };
            // The start of the code, its middle at any halfword, or anywhere at all.
            for pc in [base, base + ((start % bytes.len() as u32) & !1), start & !1] {
                machine.hart.pc = pc;
                machine.run(2_000);
            }
        }
    }
}
