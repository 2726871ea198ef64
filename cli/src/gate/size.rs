//! G4: the firmware builds, and its image and its memory stay inside their limits.
//!
//! No limit is typed in: flash and RAM are those of the chip, the partition is the image's own, the least arena is what
//! the chip's default role needs, and the sizes are those that `docs/sizes.md` states.

use super::build_cache::BuildCache;
use super::outcome::GateOutcome;
use crate::board::image::Image;
use crate::firmware::artifacts::Artifacts;
use crate::firmware::image::Ram;
use crate::firmware::size_table::{Measured, SizeTable, TOLERANCE};
use ruvllm_esp_core::chip::{Chip, Radio};
use ruvllm_esp_core::role::RoleKind;
use ruvllm_esp_sim::memory::min_arena;

/// By how much the arena may differ from what `fit` predicts.
pub const PREDICTION_TOLERANCE: u64 = 2 * 1024;

/// What an image takes.
#[derive(Clone, Copy, Debug)]
struct Taken {
    application: u64,
    merged: u64,
    measured: Measured,
    ram: Ram,
}

/// What it may take.
#[derive(Clone, Copy, Debug)]
struct Limits {
    chip: &'static Chip,
    partition: u64,
    flash: u64,
    /// Where the last partition ends.
    partitions: u64,
    arena: u64,
    /// What `fit` says that the arena will be.
    predicted: u64,
    /// What the document states, if it does.
    stated: Option<Measured>,
}

/// Builds the image, and measures it.
pub fn check(build_cache: &mut BuildCache<'_>, chip: &'static Chip) -> GateOutcome {
    let made = build_cache.image(chip);
    let artifacts = match made.as_ref() {
        Ok(artifacts) => artifacts,
        Err(refusal) => return refusal.outcome(),
    };
    match Image::check(artifacts.images.merged.clone(), &format!("ruvllm-esp-{}.bin", chip.name)) {
        Ok(image) => hold(&Taken::of(artifacts), &Limits::of(artifacts, &image)),
        Err(error) => GateOutcome::fail(error.message()),
    }
}

impl Taken {
    fn of(artifacts: &Artifacts) -> Self {
        let application = artifacts.images.application.len() as u64;
        let merged = artifacts.images.merged.len() as u64;
        let measured = Measured { sizes: artifacts.sizes, image: application };
        Self { application, merged, measured, ram: artifacts.ram }
    }
}

impl Limits {
    fn of(artifacts: &Artifacts, image: &Image) -> Self {
        let chip = artifacts.chip;
        let document = artifacts.source.root().join("docs/sizes.md");
        let stated = SizeTable::parse(&std::fs::read_to_string(document).unwrap_or_default());
        Self {
            chip,
            partition: image.application_room as u64,
            flash: chip.flash.typical.value.get().into(),
            partitions: image.flash_bytes.into(),
            arena: min_arena(RoleKind::default_for(chip)).get().into(),
            predicted: chip.arena_budget(Radio::Off).arena.get().into(),
            stated: stated.row(chip, &artifacts.profile),
        }
    }
}

fn hold(taken: &Taken, limits: &Limits) -> GateOutcome {
    let mut outcome = GateOutcome::default();
    let mut most = |what: &str, have: u64, limit: u64, of: &str| {
        outcome.hold(have <= limit, format!("{what}: {have} B, {of} has {limit} B"));
    };
    most("application image", taken.application, limits.partition, "its partition");
    most("merged image", taken.merged, limits.flash, "the flash");
    most("partitions", limits.partitions, limits.flash, "the flash");
    let Measured { sizes, .. } = taken.measured;
    outcome.evidence.push(format!(
        "text {} B, rodata {} B, data {} B, bss {} B",
        sizes.text, sizes.rodata, sizes.data, sizes.bss
    ));
    hold_memory(taken.ram, limits, &mut outcome);
    match limits.stated.map(|stated| taken.measured.drift(stated)) {
        Some(drift) if drift.is_empty() => {
            outcome.evidence.push(format!("each size within {TOLERANCE}% of docs/sizes.md"));
        }
        Some(drift) => outcome.failures.extend(drift),
        None => outcome.evidence.push(format!("docs/sizes.md has no sizes of {}", limits.chip.name)),
    }
    outcome.summary = format!(
        "application {} B of {}, arena {} B, stack {} B",
        taken.application,
        limits.partition,
        taken.ram.arena(),
        taken.ram.stack()
    );
    outcome
}

fn hold_memory(ram: Ram, limits: &Limits, outcome: &mut GateOutcome) {
    let chip = limits.chip;
    let region = chip.memory.main.value;
    let (low, high) = (u64::from(region.base), u64::from(region.end()));
    let is_inside = low <= ram.low && ram.low <= ram.high && ram.high <= high;
    let line = format!(
        "RAM of {} B: program {} B, arena {} B, stack {} B",
        region.size.get(),
        ram.before(chip),
        ram.arena(),
        ram.stack()
    );
    outcome.hold(is_inside, line);
    let least = u64::from(chip.stack_minimum.value.get());
    outcome.hold(ram.stack() >= least, format!("stack: {} B, at least {least} B", ram.stack()));
    let role = RoleKind::default_for(chip).alias();
    let line = format!("arena: {} B, role {role} needs {} B at least", ram.arena(), limits.arena);
    outcome.hold(ram.arena() >= limits.arena, line);
    let (off, predicted) = (ram.arena().abs_diff(limits.predicted), limits.predicted);
    let line =
        format!("arena: {off} B from the {predicted} B that `fit` predicts, at most {PREDICTION_TOLERANCE}");
    outcome.hold(off <= PREDICTION_TOLERANCE, line);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::firmware::image::Sizes;
    use ruvllm_esp_core::chip;

    fn sample() -> (Taken, Limits) {
        let chip = &chip::esp32c3::CHIP;
        let region = chip.memory.main.value;
        let program = u64::from(chip.firmware.value.get());
        let ram = Ram { low: u64::from(region.base) + program, high: region.end().into() };
        let sizes = Sizes { text: 150_000, rodata: 25_000, data: 2_000, bss: 4_000 };
        let measured = Measured { sizes, image: 200_000 };
        let taken = Taken { application: 200_000, merged: 265_536, measured, ram };
        let limits = Limits {
            chip,
            partition: 200_000,
            flash: 0x40_0000,
            partitions: 0x40_0000,
            arena: 100_000,
            predicted: ram.arena(),
            stated: Some(measured),
        };
        (taken, limits)
    }

    fn failures(taken: &Taken, limits: &Limits) -> Vec<String> {
        hold(taken, limits).failures
    }

    #[test]
    fn what_is_inside_its_limits_passes() {
        let (taken, limits) = sample();
        assert_eq!(failures(&taken, &limits), Vec::<String>::new());
    }

    #[test]
    fn every_limit_that_is_lowered_fails_alone() {
        let (taken, limits) = sample();
        let fails = |limits: Limits, begin: &str| {
            let failures = failures(&taken, &limits);
            assert_eq!(failures.len(), 1, "{failures:?}");
            assert!(failures[0].starts_with(begin), "{failures:?}");
        };
        fails(Limits { partition: 199_999, ..limits }, "application image: 200000 B");
        fails(Limits { flash: 0x3f_ffff, ..limits }, "partitions");
        fails(Limits { arena: taken.ram.arena() + 1, ..limits }, "arena");
        fails(
            Limits { predicted: limits.predicted + PREDICTION_TOLERANCE + 1, ..limits },
            "arena: 2049 B from",
        );
        let smaller = Measured { image: 190_000, ..taken.measured };
        fails(Limits { stated: Some(smaller), ..limits }, "image is 200000 B, more than 3%");
    }

    #[test]
    fn memory_that_is_not_the_chips_fails() {
        let (mut taken, limits) = sample();
        taken.ram.high += 4;
        assert!(failures(&taken, &limits)[0].starts_with("RAM of "));
        taken.ram = Ram { low: taken.ram.low, high: taken.ram.low + 4_096 };
        let failures = failures(&taken, &limits);
        assert!(failures.iter().any(|line| line.starts_with("stack: 4096 B, at least")), "{failures:?}");
    }
}
