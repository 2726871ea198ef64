//! What can fail in a fleet, and be repaired.

use crate::scenario::{FaultKind, Permille};
use ruvllm_esp_core::units::Micros;

/// Something that is done to a chip or a link; both by their indices in the scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The program stops, and what RAM held is lost.
    Crash {
        /// The chip.
        chip: usize,
    },
    /// It reboots; from a crash or without power as well.
    Reboot {
        /// The chip.
        chip: usize,
    },
    /// It loses its power.
    PowerCut {
        /// The chip.
        chip: usize,
        /// Until then; forever where it is none.
        lasts: Option<Micros>,
    },
    /// Nothing passes between chips of different groups; who is in none receives from all.
    Partition {
        /// The groups.
        groups: Vec<Vec<usize>>,
    },
    /// Everything passes between the groups again.
    Heal,
    /// A link carries nothing.
    Cut {
        /// The link.
        link: usize,
    },
    /// A link carries frames again.
    Mend {
        /// The link.
        link: usize,
    },
    /// A link loses this share of the frames at each receiver; none restores what the scenario says.
    Loss {
        /// The link.
        link: usize,
        /// The share.
        share: Option<Permille>,
    },
    /// A link changes bits in this share of the frames at each receiver; none restores what the scenario says.
    Corruption {
        /// The link.
        link: usize,
        /// The share.
        share: Option<Permille>,
    },
    /// A chip sends noise without end.
    Jam {
        /// The chip.
        chip: usize,
    },
    /// It ends that.
    Calm {
        /// The chip.
        chip: usize,
    },
    /// A chip's clock runs faster by this many millionths; none restores what the scenario says.
    Skew {
        /// The chip.
        chip: usize,
        /// Millionths.
        millionths: Option<i32>,
    },
}

impl Fault {
    /// What a fault of a scenario does when it begins.
    pub fn begins(kind: &FaultKind) -> Vec<Fault> {
        let each = |indices: &[usize], fault: &dyn Fn(usize) -> Fault| {
            indices.iter().map(|index| fault(*index)).collect()
        };
        match kind {
            FaultKind::Crash(chips) => each(chips, &|chip| Fault::Crash { chip }),
            FaultKind::Reboot(chips) => each(chips, &|chip| Fault::Reboot { chip }),
            FaultKind::PowerCut(chips) => each(chips, &|chip| Fault::PowerCut { chip, lasts: None }),
            FaultKind::Partition(groups) => vec![Fault::Partition { groups: groups.clone() }],
            FaultKind::Cut(links) => each(links, &|link| Fault::Cut { link }),
            FaultKind::Loss(links, share) => each(links, &|link| Fault::Loss { link, share: Some(*share) }),
            FaultKind::Corruption(links, share) => {
                each(links, &|link| Fault::Corruption { link, share: Some(*share) })
            }
            FaultKind::Jam(chips) => each(chips, &|chip| Fault::Jam { chip }),
            FaultKind::Skew(chips, skew) => {
                each(chips, &|chip| Fault::Skew { chip, millionths: Some(*skew) })
            }
        }
    }

    /// What it does when it ends by itself.
    pub fn ends(kind: &FaultKind) -> Vec<Fault> {
        Self::begins(kind).into_iter().filter_map(|fault| fault.undone()).collect()
    }

    /// What repairs it, where anything does.
    pub fn undone(&self) -> Option<Fault> {
        Some(match *self {
            Fault::Crash { chip } | Fault::PowerCut { chip, .. } => Fault::Reboot { chip },
            Fault::Partition { .. } => Fault::Heal,
            Fault::Cut { link } => Fault::Mend { link },
            Fault::Loss { link, .. } => Fault::Loss { link, share: None },
            Fault::Corruption { link, .. } => Fault::Corruption { link, share: None },
            Fault::Jam { chip } => Fault::Calm { chip },
            Fault::Skew { chip, .. } => Fault::Skew { chip, millionths: None },
            Fault::Reboot { .. } | Fault::Heal | Fault::Mend { .. } | Fault::Calm { .. } => return None,
        })
    }

    /// Is something better after it than before?
    pub fn is_repair(&self) -> bool {
        matches!(
            self,
            Fault::Heal
                | Fault::Mend { .. }
                | Fault::Calm { .. }
                | Fault::Loss { share: None, .. }
                | Fault::Corruption { share: None, .. }
                | Fault::Skew { millionths: None, .. }
        )
    }

    /// The chip it is about.
    pub fn chip(&self) -> Option<usize> {
        match *self {
            Fault::Crash { chip }
            | Fault::Reboot { chip }
            | Fault::PowerCut { chip, .. }
            | Fault::Jam { chip }
            | Fault::Calm { chip }
            | Fault::Skew { chip, .. } => Some(chip),
            _ => None,
        }
    }

    /// The link it is about.
    pub fn link(&self) -> Option<usize> {
        match *self {
            Fault::Cut { link }
            | Fault::Mend { link }
            | Fault::Loss { link, .. }
            | Fault::Corruption { link, .. } => Some(link),
            _ => None,
        }
    }

    /// What happens, in words, without saying where.
    pub fn words(&self) -> String {
        match self {
            Fault::Crash { .. } => "crashes, its RAM is lost".into(),
            Fault::Reboot { .. } => "reboots".into(),
            Fault::PowerCut { .. } => "loses its power".into(),
            Fault::Partition { groups } => format!("{} groups are separated", groups.len()),
            Fault::Heal => "all groups are connected again".into(),
            Fault::Cut { .. } => "is cut".into(),
            Fault::Mend { .. } => "is repaired".into(),
            Fault::Loss { share: Some(share), .. } => format!("loses {share} of the frames"),
            Fault::Loss { share: None, .. } => "loses no extra frames".into(),
            Fault::Corruption { share: Some(share), .. } => format!("corrupts {share} of the frames"),
            Fault::Corruption { share: None, .. } => "corrupts no extra frames".into(),
            Fault::Jam { .. } => "jams".into(),
            Fault::Calm { .. } => "stops jamming".into(),
            Fault::Skew { millionths: Some(skew), .. } => format!("has a clock {skew} ppm fast"),
            Fault::Skew { millionths: None, .. } => "has its usual clock rate again".into(),
        }
    }
}
