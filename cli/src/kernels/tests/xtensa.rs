//! The machine code of all five chips gives the bytes that the host gives.
//!
//! The Xtensa images run under QEMU, the RISC-V images in our own emulator; the host runs the same workloads in an arena
//! of the same size.

use crate::kernels::image;
use crate::kernels::xtensa::{Process, lacking};
use ruvllm_esp_core::chip::{self, Chip};
use ruvllm_esp_sim::kernels::{Measurement, Work, counted, emulated};
use std::collections::BTreeMap;

const XTENSA: [&Chip; 3] = [&chip::esp32::CHIP, &chip::esp32s2::CHIP, &chip::esp32s3::CHIP];

/// Checksums by kernel and size. A name may come again, so its index is part of the key.
type Checksums = BTreeMap<(String, u32, usize), u32>;

fn checksums(outputs: impl Iterator<Item = (String, u32, u32)>) -> Checksums {
    let mut times = BTreeMap::new();
    let mut all = Checksums::new();
    for (kernel, size, checksum) in outputs {
        let time: &mut usize = times.entry((kernel.clone(), size)).or_default();
        all.insert((kernel, size, *time), checksum);
        *time += 1;
    }
    all
}

fn measured(measurements: Vec<Measurement>) -> Checksums {
    checksums(measurements.into_iter().map(|line| (line.kernel, line.size, line.checksum)))
}

fn counted(works: Vec<Work>) -> Checksums {
    checksums(works.into_iter().map(|work| (work.kernel.to_string(), work.size, work.checksum)))
}

#[test]
#[ignore = "builds images with a nightly compiler, GNU ld and QEMU for Xtensa: see docs/development.md"]
fn nightly_every_kernel_and_session_on_xtensa_gives_the_bytes_of_the_host() {
    assert_eq!(lacking(), None, "what is missing, and the command that installs it");
    for chip in XTENSA {
        let process = Process::build(chip).unwrap_or_else(|error| panic!("{}: {error}", chip.name));
        let kernels = measured(process.kernels().unwrap());
        assert!(kernels.len() > 50, "{}: only {} measurements", chip.name, kernels.len());
        assert_eq!(kernels, counted(counted::kernels(chip)), "kernels of {}", chip.name);
        let sessions = measured(process.sessions().unwrap());
        assert!(sessions.len() > 4, "{}: only {} sessions", chip.name, sessions.len());
        assert_eq!(sessions, counted(counted::sessions(chip)), "sessions of {}", chip.name);
        println!("{}: {} kernels and {} sessions equal the host's", chip.name, kernels.len(), sessions.len());
    }
}

#[test]
#[ignore = "builds images with a nightly compiler, GNU ld and QEMU for Xtensa: see docs/development.md"]
fn nightly_the_kernels_of_xtensa_and_risc_v_give_the_same_bytes() {
    assert_eq!(lacking(), None, "what is missing, and the command that installs it");
    let xtensa = measured(Process::build(XTENSA[0]).unwrap().kernels().unwrap());
    for chip in [&chip::esp32c3::CHIP, &chip::esp32c6::CHIP] {
        let image = image::build(chip).unwrap();
        let riscv = measured(emulated::kernels(&image).unwrap());
        // What one arena is too small for is left out there.
        let common = riscv.iter().filter(|(kernel, _)| xtensa.contains_key(*kernel));
        assert!(common.clone().count() > 50, "{}", chip.name);
        for (kernel, checksum) in common {
            assert_eq!(xtensa.get(kernel), Some(checksum), "{kernel:?} on {}", chip.name);
        }
    }
}
