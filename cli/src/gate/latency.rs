//! G2: every role boots inside the chip's budget, and every kernel meets the chip's limit.
//!
//! Where the chip's machine code is emulated its cycles are held against the limit, elsewhere the modelled ones, and the
//! evidence says which.

use super::{GateOutcome, limits};
use crate::kernels::toolchain::checkout;
use crate::kernels::{BuildError, image};
use ruvllm_esp_core::agent::Identity;
use ruvllm_esp_core::chip::{Chip, Radio};
use ruvllm_esp_core::role::RoleKind;
use ruvllm_esp_sim::cost;
use ruvllm_esp_sim::figure::Kind;
use ruvllm_esp_sim::kernels::{counted, emulated};
use ruvllm_esp_sim::single::{Setup, SingleChip};
use std::fs;

/// How long one kernel takes at one size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Latency {
    /// The kernel.
    pub kernel: String,
    /// The size of its input.
    pub size: u32,
    /// Nanoseconds at the chip's clock.
    pub nanos: u64,
    /// Emulated or modelled.
    pub kind: Kind,
}

/// Every kernel and session of `chip`, emulated where there is an emulator, else modelled.
///
/// # Errors
/// [`BuildError`] where there should be an emulated figure and is none.
pub fn latencies(chip: &'static Chip) -> Result<Vec<Latency>, BuildError> {
    let clock = u64::from(chip.clock.value.get() / 1_000_000).max(1);
    match image::build(chip) {
        Ok(image) => {
            let mut measured = emulated::kernels(&image)?;
            measured.extend(emulated::sessions(&image)?);
            let latency = |one: ruvllm_esp_sim::kernels::Measurement| Latency {
                nanos: u64::from(one.cycles) * 1_000 / clock,
                kernel: one.kernel,
                size: one.size,
                kind: Kind::Emulated,
            };
            Ok(measured.into_iter().map(latency).collect())
        }
        Err(BuildError::NotEmulated { .. }) => {
            let mut work = counted::kernels(chip);
            work.extend(counted::sessions(chip));
            let costed = work.into_iter().filter_map(|work| {
                let cost = cost::table(chip)?.cost(&work.counts).ok()?;
                let nanos = cost.time.value.0;
                Some(Latency {
                    kernel: work.kernel.to_string(),
                    size: work.size,
                    nanos,
                    kind: Kind::Modelled,
                })
            });
            Ok(costed.collect())
        }
        Err(error) => Err(error),
    }
}

/// Boots every role, and holds every latency against its limit.
pub fn check(chip: &'static Chip) -> GateOutcome {
    let mut outcome = GateOutcome::default();
    for role in RoleKind::ALL {
        boot(chip, role, &mut outcome);
    }
    let Some(root) = checkout() else {
        outcome.refused(&BuildError::NoSources);
        return outcome;
    };
    let text = fs::read_to_string(root.join("fixtures/gates.toml")).unwrap_or_default();
    match (limits::parse(&text, chip.name), latencies(chip)) {
        (Err(line), _) => outcome.failures.push(format!("fixtures/gates.toml: `{line}` is no limit")),
        (_, Err(error)) => outcome.refused(&error),
        (Ok(limits), Ok(latencies)) => hold(&limits, &latencies, &mut outcome),
    }
    outcome
}

fn boot(chip: &'static Chip, role: RoleKind, outcome: &mut GateOutcome) {
    let identity = Identity { chip, chip_id: 1, role, seed: 1 };
    let setup = Setup { identity, radio: Radio::Off, arena: None };
    match SingleChip::boot(&setup) {
        Ok(mut single) => {
            let capacity = single.agent().map_or(0, |agent| agent.capacity());
            let (arena, alias) = (setup.arena_bytes(), role.alias());
            outcome.evidence.push(format!("role {alias} boots in {arena}, capacity {capacity}"));
        }
        Err(error) => outcome.failures.push(error.to_string()),
    }
}

fn hold(limits: &limits::Limits, latencies: &[Latency], outcome: &mut GateOutcome) {
    for Latency { kernel, size, nanos, kind } in latencies {
        let line = format!("{kernel} {size}: {nanos} ns {kind}");
        match limits.get(&(kernel.clone(), *size)) {
            Some(limit) if *nanos <= limit.get() => {
                outcome.evidence.push(format!("{line}, limit {} ns", limit.get()));
            }
            Some(limit) => outcome.failures.push(format!("{line}, limit {} ns", limit.get())),
            None => outcome.failures.push(format!("{line} has no limit in fixtures/gates.toml")),
        }
    }
    for (kernel, size) in limits.keys() {
        if !latencies.iter().any(|one| one.kernel == *kernel && one.size == *size) {
            outcome.failures.push(format!("{kernel} {size} has a limit and was not run"));
        }
    }
    let kind = latencies.first().map_or(Kind::Modelled, |latency| latency.kind);
    outcome.summary = format!("4 roles boot, {} latencies {kind} within their limits", latencies.len());
}

/// The table of limits of `chip`, each above what was found, as [`limits::line`] says.
pub fn limits_of(chip: &Chip, latencies: &[Latency]) -> String {
    let lines = latencies.iter().map(|one| limits::line(&one.kernel, one.size, one.nanos));
    format!("\n[{}]\n{}", chip.name, lines.collect::<String>())
}
