//! A scenario as the engine reads it: every name resolved, every number bounded.
//!
//! Chips and links are referred to by their indices in [`Scenario::chips`] and [`Scenario::links`], which always exist.
//! What is random is not drawn yet: [`super::inputs`] and [`super::faults`] draw it from [`Scenario::seed`].

use ruvllm_esp_core::chip::{Chip, Radio};
pub use ruvllm_esp_core::federation::Topology;
use ruvllm_esp_core::role::RoleKind;
use ruvllm_esp_core::units::{Bytes, Micros};
use ruvllm_esp_core::wire::link::LinkKind;
use std::fmt;
use std::sync::Arc;

use super::key::FleetKey;
use super::problem::Problem;
use crate::signal;

/// Most chips of a scenario.
pub const MAX_CHIPS: usize = 10_000;
/// The end of a scenario that has none: five hundred years, as many nanoseconds as fit 64 bits.
pub const OPEN_END: Micros = Micros(500 * 365 * 86_400 * 1_000_000);
/// Most links, after a ring has been cut into its segments.
pub const MAX_LINKS: usize = MAX_CHIPS;

/// A whole scenario.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scenario {
    /// What it is called.
    pub name: String,
    /// What it shows, for the reader.
    pub about: String,
    /// Decides whatever is left to chance.
    pub seed: u64,
    /// How much virtual time it takes.
    pub until: Micros,
    /// Where it says that it ends: later than `until` where a run is cut short. What is due after `until` is not judged.
    pub planned: Micros,
    /// How the chips are connected.
    pub topology: Topology,
    /// Copies of each item of the fleet, the first included; at least 1.
    pub replicas: u8,
    /// The key of the fleet.
    pub key: FleetKey,
    /// Are payloads encrypted? Only with a key.
    pub encrypts: bool,
    /// The chips, in the order of the file; a group lies together.
    pub chips: Vec<ChipPlan>,
    /// For each chip the line of the file where its table begins.
    pub lines: Vec<u32>,
    /// The links.
    pub links: Vec<LinkPlan>,
    /// What is typed at set times, in the order of the file.
    pub scripted: Vec<Scripted>,
    /// What is typed by chance.
    pub load: Vec<LoadPlan>,
    /// What fails.
    pub faults: Vec<FaultPlan>,
    /// What must hold.
    pub expectations: Vec<Expectation>,
    /// What is no mistake, and hardly what was meant.
    pub doubts: Vec<Problem>,
    /// The bytes it was read from, enough to read it again.
    pub bundle: Bundle,
}

impl Scenario {
    /// What of it only the simulator offers: the topology and the kinds of link that no firmware has, each once.
    pub fn simulator_only(&self) -> Vec<String> {
        let topology =
            (self.topology != Topology::Mesh).then(|| format!("topology {}", self.topology.name()));
        let kinds = LinkKind::ALL.into_iter().filter(|kind| !kind.has_firmware());
        let used = kinds.filter(|kind| self.links.iter().any(|link| link.kind == *kind));
        topology.into_iter().chain(used.map(|kind| format!("link {}", kind.name()))).collect()
    }
}

/// The files that a scenario was read from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bundle {
    /// The scenario's own name, for messages.
    pub name: String,
    /// The scenario's text.
    pub text: String,
    /// The data files it names: as it names them, and what was in them.
    pub files: Vec<(String, Arc<str>)>,
}

/// A share, in thousandths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Permille(pub u16);

/// One chip.
#[derive(Clone, Debug, PartialEq)]
pub struct ChipPlan {
    /// Its name; in a group, the group's name and a number: `sentinel-7`.
    pub name: String,
    /// Its address; no two members have the same.
    pub id: u16,
    /// What kind of chip it is.
    pub chip: &'static Chip,
    /// The role it boots with.
    pub role: RoleKind,
    /// Whether a radio takes its share of the memory.
    pub radio: Radio,
    /// The arena's size, where it is not all that the chip has to give.
    pub arena: Option<Bytes>,
    /// The link that it is on, if it is on one; in a ring the one to its right.
    pub link: Option<usize>,
    /// When it is first given power.
    pub starts: Micros,
    /// How much faster than true its clock runs, in millionths.
    pub skew: i32,
    /// What its clock shows when it boots: a chip's is 0, and one that is to pass a rollover soon begins ahead of it.
    pub clock: Micros,
    /// How often it has booted before.
    pub boots: u32,
    /// What it does to the others, where it is no member of the fleet.
    pub hostile: Option<Hostility>,
}

/// What a chip does that is no member of the fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hostility {
    /// Runs the same program without the key: says hello, wants to coordinate, stores, asks.
    Outsider,
    /// Sends again, later, the frames that it has overheard.
    Replay,
    /// Sends overheard frames with bytes changed and the checksum made right.
    Forge,
    /// Sends bytes that mean nothing, as fast as the link takes them.
    Noise,
    /// Has the key, and sends overheard frames under boot numbers that their senders do not have.
    Insider,
    /// Has the key, runs the same program, and was given the number of a member.
    Duplicate,
}

/// One shared medium.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkPlan {
    /// Its name; a ring's segments are numbered: `bus-3`.
    pub name: String,
    /// What kind of link it is.
    pub kind: LinkKind,
    /// Who is on it, by ascending index.
    pub members: Vec<Port>,
    /// Frames that never arrive, at each receiver.
    pub loss: Permille,
    /// Frames that arrive with bits changed, at each receiver.
    pub corruption: Permille,
    /// Frames that arrive twice, at each receiver.
    pub duplication: Permille,
    /// Frames that others overtake, at each receiver.
    pub reordering: Permille,
    /// Time on the way beyond what this kind of link takes.
    pub delay: Micros,
}

/// A chip's end of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Port {
    /// The chip's index.
    pub chip: usize,
    /// Its port: 0; in a ring 0 to the left and 1 to the right.
    pub port: u8,
}

/// Lines typed at set times.
#[derive(Clone, Debug, PartialEq)]
pub struct Scripted {
    /// When the first is typed.
    pub at: Micros,
    /// At which chips.
    pub chips: Vec<usize>,
    /// How the lines are shared out among them.
    pub spread: bool,
    /// The lines, at each chip in this order.
    pub lines: Arc<[String]>,
    /// The time between two lines; zero types them all at once.
    pub every: Micros,
}

/// Lines typed by chance.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadPlan {
    /// At which chips; each has its own times and its own lines.
    pub chips: Vec<usize>,
    /// The mean time between two lines at one chip, in microseconds; at least 100.
    pub gap: Micros,
    /// Are the times regular? Otherwise a line comes at any time as likely as at any other.
    pub regular: bool,
    /// Not before.
    pub from: Micros,
    /// Not from then on.
    pub until: Micros,
    /// What is typed.
    pub lines: LoadLines,
}

/// What a load types.
#[derive(Clone, Debug, PartialEq)]
pub enum LoadLines {
    /// A line of these, whichever.
    Any(Arc<[String]>),
    /// These in turn, from the first again after the last; each chip by itself.
    Turn(Arc<[String]>),
    /// These in turn, shared out among the chips, each once.
    Once(Arc<[String]>),
    /// Samples of a generated signal; each chip has its own.
    Signal {
        /// What it looks like while nothing is wrong.
        normal: signal::Normal,
        /// What goes wrong, once.
        fault: Option<signal::Fault>,
    },
}

/// Something that fails.
#[derive(Clone, Debug, PartialEq)]
pub struct FaultPlan {
    /// When.
    pub when: When,
    /// What.
    pub fault: FaultKind,
    /// How long, where it ends by itself.
    pub lasts: Option<Micros>,
}

/// When something happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// At this time.
    At(Micros),
    /// By chance, to one of its chips or links at a time.
    Rng {
        /// The mean time between two.
        gap: Micros,
        /// Not before.
        from: Micros,
        /// Not from then on.
        until: Micros,
    },
}

/// What can fail. A schedule strikes all chips or links that are named, chance one of them at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// The program stops, RAM is lost; where the fault lasts, it boots again after that.
    Crash(Vec<usize>),
    /// It reboots at once, RAM is lost.
    Reboot(Vec<usize>),
    /// No power, RAM is lost; it boots again when the fault ends.
    PowerCut(Vec<usize>),
    /// Nothing passes between chips of different groups; who is in none receives from all.
    Partition(Vec<Vec<usize>>),
    /// Links carry nothing.
    Cut(Vec<usize>),
    /// Links lose this share of the frames.
    Loss(Vec<usize>, Permille),
    /// Links change bits in this share of the frames.
    Corruption(Vec<usize>, Permille),
    /// Chips send without end.
    Jam(Vec<usize>),
    /// Clocks run faster by this many millionths.
    Skew(Vec<usize>, i32),
}

/// Something that must hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// What it is called, in verdicts.
    pub name: String,
    /// The line of the file where it stands; 0 for one from the command line.
    pub line: u32,
    /// What.
    pub what: Expected,
}

/// What can be expected.
#[derive(Clone, Debug, PartialEq)]
pub enum Expected {
    /// Each of the chips writes a line with this text on its console.
    Text {
        /// Which chips; one of them suffices where `any`.
        chips: Vec<usize>,
        /// Does one of them suffice?
        any: bool,
        /// The text.
        text: String,
        /// Not before.
        from: Micros,
        /// Until then.
        by: Micros,
    },
    /// None of the chips ever writes a line with this text.
    NoText {
        /// Which chips.
        chips: Vec<usize>,
        /// The text.
        text: String,
    },
    /// Every item whose storing was acknowledged is held by a chip that runs at the end.
    NoItemLost,
    /// Every acknowledged item is held by this many running chips at the end.
    Copies {
        /// At least.
        at_least: u8,
    },
    /// The fleet's answers hold this share of what one exact index over everything would answer.
    Recall {
        /// Of the best this many.
        k: u8,
        /// At least.
        at_least: Permille,
    },
    /// So much of the fleet's questions was answered.
    Answered {
        /// At least.
        at_least: Permille,
    },
    /// How long questions to the fleet took.
    Latency {
        /// This share of them, e.g. 950 for p95.
        quantile: Permille,
        /// Less than this.
        under: Micros,
    },
    /// No member of the fleet took a frame of these chips for good.
    NothingAccepted {
        /// The chips, hostile ones.
        from: Vec<usize>,
    },
    /// The chips run.
    Alive {
        /// Which.
        chips: Vec<usize>,
        /// When; at the end where it is none.
        at: Option<Micros>,
    },
    /// All running members name the same running coordinator.
    Coordinator {
        /// From when on; at the end where it is none.
        by: Option<Micros>,
        /// Which chip it must be, if that matters.
        is: Option<usize>,
    },
    /// Each of the chips receives this many others.
    Peers {
        /// Which chips.
        chips: Vec<usize>,
        /// At least.
        at_least: u16,
        /// When; at the end where it is none.
        by: Option<Micros>,
    },
    /// Each of the chips raises this many alarms.
    Alarms {
        /// Which chips.
        chips: Vec<usize>,
        /// At least.
        at_least: u32,
        /// At most.
        at_most: u32,
        /// Alarms before that do not count.
        from: Micros,
        /// Alarms from then on do not count.
        until: Micros,
    },
    /// Each chip consumes less than this, modelled.
    Energy {
        /// Which chips.
        chips: Vec<usize>,
        /// In nanojoules.
        under: u64,
    },
}

impl Hostility {
    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::Outsider, Self::Replay, Self::Forge, Self::Noise, Self::Insider, Self::Duplicate];

    /// Is none of its frames to be taken? What a board with a member's number says is authentic.
    pub fn is_harmful(self) -> bool {
        self != Self::Duplicate
    }

    /// The word in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Outsider => "outsider",
            Self::Replay => "replay",
            Self::Forge => "forge",
            Self::Noise => "noise",
            Self::Insider => "insider",
            Self::Duplicate => "duplicate",
        }
    }
}

impl fmt::Display for Permille {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 % 10 {
            0 => write!(f, "{}%", self.0 / 10),
            tenth => write!(f, "{}.{tenth}%", self.0 / 10),
        }
    }
}
