//! Gates: what must hold before anything is released, one table, one file a gate.
//!
//! G1 to G3 look at the core, G4 to G6 at images of the firmware. All of them give the same outcome, from which verdict,
//! reason and evidence come.

#[cfg(feature = "board")]
mod boot;
#[cfg(feature = "board")]
mod build_cache;
mod builds;
pub mod latency;
mod limits;
#[cfg(feature = "board")]
mod loopback;
pub mod outcome;
#[cfg(feature = "board")]
mod release;
#[cfg(feature = "board")]
mod size;
mod transcripts;
#[cfg(not(feature = "board"))]
mod without_gates;

#[cfg(feature = "board")]
pub use build_cache::BuildCache;
#[cfg(not(feature = "board"))]
pub use without_gates::BuildCache;
#[cfg(not(feature = "board"))]
use without_gates::{boot, release, size};

use outcome::{Finding, GateOutcome};
use ruvllm_esp_core::chip::Chip;

/// A gate: its name, what it holds, and how it is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Gate {
    /// `G1` and so on.
    pub name: &'static str,
    /// What must hold.
    pub title: &'static str,
    /// Does it look at an image, or not without one?
    pub image: Use,
    check: fn(&mut BuildCache<'_>, &'static Chip) -> GateOutcome,
}

/// What a gate does with the image of a chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Nothing.
    None,
    /// It looks at one that is built anyway.
    IfBuilt,
    /// There is nothing to look at without it.
    Needed,
}

/// Every gate, in order.
pub const ALL: [Gate; 6] = [
    Gate {
        name: "G1",
        title: "the core builds without std",
        image: Use::None,
        check: |_, chip| builds::check(chip),
    },
    Gate {
        name: "G2",
        title: "every role boots in its budget, every kernel in its time",
        image: Use::None,
        check: |_, chip| latency::check(chip),
    },
    Gate {
        name: "G3",
        title: "the golden transcripts match",
        image: Use::IfBuilt,
        check: |build_cache, chip| match build_cache.flashed(chip) {
            Some((flash, rom)) => transcripts::check(chip, Some((&flash, &rom))),
            None => transcripts::check(chip, None),
        },
    },
    Gate { name: "G4", title: "the firmware fits flash and RAM", image: Use::Needed, check: size::check },
    Gate { name: "G5", title: "the image boots and answers", image: Use::Needed, check: boot::check },
    Gate { name: "G6", title: "the release can be fetched", image: Use::Needed, check: release::check },
];

impl Gate {
    /// Looks at `chip`.
    pub fn check(&self, build_cache: &mut BuildCache<'_>, chip: &'static Chip) -> Finding {
        (self.check)(build_cache, chip).finding(self.name, chip)
    }
}

/// Reads `G1-G3`, `G2,G5` or `all`.
///
/// # Errors
/// The word that names no gate, or a range from a later gate to an earlier one.
pub fn select(text: &str) -> Result<Vec<Gate>, String> {
    if text.eq_ignore_ascii_case("all") {
        return Ok(ALL.to_vec());
    }
    let position = |word: &str| {
        let found = ALL.iter().position(|gate| gate.name.eq_ignore_ascii_case(word.trim()));
        found.ok_or_else(|| word.trim().to_string())
    };
    let mut chosen = [false; ALL.len()];
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (position(first)?, position(last)?);
        if first > last {
            return Err(part.trim().to_string());
        }
        chosen.iter_mut().take(last + 1).skip(first).for_each(|one| *one = true);
    }
    Ok(ALL.into_iter().zip(chosen).filter(|(_, chosen)| *chosen).map(|(gate, _)| gate).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<&'static str> {
        select(text).unwrap().iter().map(|gate| gate.name).collect()
    }

    #[test]
    fn ranges_and_lists_name_gates() {
        assert_eq!(names("G1-G3"), ["G1", "G2", "G3"]);
        assert_eq!(names("g5, G2"), ["G2", "G5"]);
        assert_eq!(names("all").len(), 6);
        assert_eq!(select("G1-G9").unwrap_err(), "G9");
        assert_eq!(select("G1,G6-G4").unwrap_err(), "G6-G4");
    }
}
