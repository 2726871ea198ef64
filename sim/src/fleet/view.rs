//! A fleet as it is looked at: plain data, whatever runs it.
//!
//! A simulated fleet, a replayed trace and chips on serial ports all give the same views, so that what shows them need
//! not know which it is. A view is a copy: who draws it holds nothing up. What a source cannot know is `None`, never a
//! guess.

pub use crate::chip::ChipState;
use crate::figure::Figure;
use ruvllm_esp_core::units::{Micros, Nanojoules, Nanos};
use ruvllm_esp_core::wire::frame;

/// A fleet at one instant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FleetView {
    /// Virtual time, or the time since the ports were opened.
    pub now: Micros,
    /// Every chip, by its index in the scenario.
    pub chips: Vec<ChipView>,
    /// Every link between them.
    pub links: Vec<LinkView>,
    /// How long questions to the fleet took: upper edge of the bucket, and how many fell into it.
    pub latency: Vec<(Micros, u32)>,
    /// What the scenario expects, and how that stands; `None` where nothing is expected or nobody judges.
    pub verdict: Option<VerdictView>,
}

/// How the expectations of a scenario stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerdictView {
    /// How many hold.
    pub passed: usize,
    /// Those that do not: the name, and what was seen.
    pub failed: Vec<(String, String)>,
    /// Those that are not judged yet, and when they are at the latest, the earliest first.
    pub waiting: Vec<(String, Micros)>,
}

/// One chip, as a tile shows it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChipView {
    /// Its address in the fleet.
    pub id: u16,
    /// What the scenario calls it.
    pub name: String,
    /// The kind of chip, e.g. `esp32c3`.
    pub variant: String,
    /// The short name of its role.
    pub role: String,
    /// Is it there?
    pub state: ChipState,
    /// Bytes of its arena; 0 where that is not known.
    pub arena: u32,
    /// Bytes that its structures take.
    pub arena_used: u32,
    /// How many items it holds.
    pub items: u32,
    /// How many items it can hold.
    pub capacity: u32,
    /// How busy it was lately, in hundredths.
    pub load: Option<u8>,
    /// Alarms since it booted.
    pub alarms: Option<u32>,
    /// The time since it booted.
    pub uptime: Option<Micros>,
    /// Frames sent, received and dropped since it booted.
    pub frames: Option<(u32, u32, u32)>,
    /// What it consumed.
    pub energy: Option<Figure<Nanojoules>>,
    /// The chips that it received, and how long ago.
    pub peers: Vec<(u16, Micros)>,
}

impl ChipView {
    /// How full its arena is: what it holds, and what there is room for. In items where it says how many fit, for their room
    /// is laid out at boot and takes the arena's bytes whether it is used or not; in bytes otherwise.
    pub fn fill(&self) -> (u64, u64) {
        match self.capacity {
            0 => (self.arena_used.into(), self.arena.into()),
            capacity => (self.items.into(), capacity.into()),
        }
    }
}

/// One link.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LinkView {
    /// What the scenario calls it.
    pub name: String,
    /// The kind, as on the command line.
    pub kind: String,
    /// The chips on it, as indices in [`FleetView::chips`].
    pub members: Vec<usize>,
    /// Is it cut?
    pub cut: bool,
    /// Frames sent, and frames lost or corrupted on the way.
    pub frames: (u64, u64),
    /// Bytes sent.
    pub bytes: u64,
    /// Times that a frame arrived at a chip, whole or corrupted: once for each chip that it reached.
    pub received: u64,
    /// Times that a frame did not arrive at a chip in reach, counted in the same way: of `received + lost`, this many were lost.
    pub lost: u64,
    /// How busy it was lately, in hundredths.
    pub load: u8,
}

/// What happened, for a timeline.
#[derive(Clone, Debug, PartialEq)]
pub struct EventView {
    /// When.
    pub at: Micros,
    /// The chip, as an index in [`FleetView::chips`].
    pub chip: Option<usize>,
    /// What kind of event.
    pub kind: EventKind,
    /// What there is to say about it, in one line.
    pub text: String,
}

/// Kinds of events.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum EventKind {
    /// A chip booted.
    Boot,
    /// A chip or a link failed, or was made to.
    Fault,
    /// A chip or a link works again.
    Repair,
    /// A chip received another for the first time, or misses it.
    Peer,
    /// A sentinel raised the alarm.
    Alarm,
    /// A question was asked or answered.
    Question,
    /// An item was stored, copied or given up.
    Item,
    /// A line of a console.
    Console,
    /// An expectation of the scenario passed or failed.
    Verdict,
}

/// One chip, looked at closely.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChipDetail {
    /// The structures in its arena, in their order, in bytes.
    pub parts: Vec<(String, u32)>,
    /// Counters by name.
    pub counters: Vec<(String, u64)>,
    /// What its work was: the operation, how often, and the time of all of them.
    pub work: Vec<(String, u64, Figure<Nanos>)>,
    /// The last messages, oldest first.
    pub messages: Vec<MessageView>,
    /// The last lines of its console, oldest first; what was typed begins with `> `.
    pub console: Vec<String>,
    /// What its role shows.
    pub role: RoleView,
}

/// A message that a chip sent or received.
#[derive(Clone, Debug, PartialEq)]
pub struct MessageView {
    /// When.
    pub at: Micros,
    /// Did the chip send it?
    pub outgoing: bool,
    /// The other chip; `None` for all of them.
    pub other: Option<u16>,
    /// The message as text.
    pub text: String,
    /// Bytes on the line.
    pub bytes: u32,
}

impl MessageView {
    /// The frame of `bytes` that passed; what is none is shown with the reason.
    pub fn of(at: Micros, outgoing: bool, bytes: &[u8]) -> Self {
        let frame = frame::decode(bytes, &mut ());
        let address = |header: &frame::Header| if outgoing { header.destination } else { header.source };
        let other = frame.as_ref().ok().map(|frame| address(&frame.header));
        let text = frame.map_or_else(|error| error.to_string(), |frame| frame.to_string());
        let other = other.filter(|id| *id != frame::BROADCAST);
        Self { at, outgoing, other, text, bytes: bytes.len() as u32 }
    }
}

/// A role's own view.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum RoleView {
    /// Nothing that the counters do not say.
    #[default]
    Plain,
    /// A sentinel's signal.
    Signal {
        /// Scores of the last samples, in thousandths, oldest first.
        scores: Vec<i32>,
        /// The score from which a sample is an alarm, in thousandths.
        threshold: i32,
        /// Indices in `scores` that were alarms.
        alarms: Vec<usize>,
        /// What each channel read at each score; `None` where a reading is missing. Empty where nobody saw the samples.
        readings: Vec<Vec<Option<f64>>>,
    },
    /// An index.
    Index {
        /// The kind of index.
        kind: String,
        /// Items on each level, the lowest first; one level where it is not a graph.
        levels: Vec<u32>,
        /// Recall at ten against exact search over what it holds, in thousandths; measured.
        recall: Option<u32>,
        /// The last questions.
        questions: Vec<QuestionView>,
    },
    /// The last questions, oldest first.
    Questions(Vec<QuestionView>),
}

/// A question and what it matched.
#[derive(Clone, Debug, PartialEq)]
pub struct QuestionView {
    /// When.
    pub at: Micros,
    /// As it was typed.
    pub text: String,
    /// The first line of the answer.
    pub answer: String,
}
