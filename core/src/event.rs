//! What happens at a chip, as typed values beside the text of its console.
//!
//! A chip decides nothing by these events, and one without an observer does the same. Traces, judges, displays and
//! evaluations take them; none of them reads the console.

use crate::anomaly::State;
use crate::anomaly::stream::{Kind, Phase};
use crate::item::ItemId;
use crate::role_kind::RoleKind;
use crate::units::Micros;

/// Something that happened at one chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChipEvent {
    /// The chip took another role.
    RoleChanged {
        /// The role.
        role: RoleKind,
        /// How many items were discarded for it.
        discarded: u32,
    },
    /// A command stored an item, or renewed it.
    Stored {
        /// The item's id at this chip.
        id: u32,
    },
    /// A command removed an item.
    Removed {
        /// The item's id at this chip.
        id: u32,
    },
    /// A command removed every item.
    Cleared {
        /// How many there were.
        items: u32,
    },
    /// A command looked for items here; this many [`ChipEvent::Hit`]s follow.
    Results {
        /// How many.
        hits: u8,
    },
    /// A result of the chip's own search, the best first.
    Hit {
        /// The item's id at this chip.
        id: u32,
        /// How well it matches in thousandths, more is better: the cosine, or the role's own score.
        score: i32,
    },
    /// A detector judged a sample or a text.
    Detection(Detection),
    /// The fleet was given an item by this chip's console, or by an alarm of this chip.
    ItemNamed {
        /// The item.
        item: ItemId,
    },
    /// A result of a question to the fleet, the best first; see [`Observer::event_with_text`].
    Found {
        /// The question's number at this chip.
        request: u32,
        /// The item.
        item: ItemId,
        /// As in [`ChipEvent::Hit`].
        score: i32,
        /// A chip that holds it.
        holder: u16,
    },
    /// A chip was seen for the first time, or again after it was suspected or lost.
    PeerHeard {
        /// Its address.
        id: u16,
    },
    /// A chip booted since it was last received: what it held is gone.
    PeerRebooted {
        /// Its address.
        id: u16,
    },
    /// A chip is silent for longer than it should be, or did not answer.
    PeerSuspected {
        /// Its address.
        id: u16,
    },
    /// A chip is taken for dead.
    PeerLost {
        /// Its address.
        id: u16,
    },
    /// This chip takes another for the coordinator than before.
    CoordinatorChosen {
        /// Its address.
        id: u16,
    },
    /// This chip holds an item that it did not hold before.
    ItemStored {
        /// The item.
        item: ItemId,
    },
    /// An item that was added here is held by as many chips as it should be.
    ItemAcknowledged {
        /// The item.
        item: ItemId,
        /// How many chips hold it.
        copies: u8,
        /// [`content_check`](crate::wire::message::content_check) of what was added.
        check: u32,
    },
    /// An item that was added here is held by fewer chips than it should be, and nothing more is done about it here.
    ItemGivenUp {
        /// The item.
        item: ItemId,
        /// How many chips are known to hold it.
        copies: u8,
    },
    /// Another chip holds a copy of an item of this chip, that it may have held already.
    Copied {
        /// The item.
        item: ItemId,
        /// The other chip.
        to: u16,
    },
    /// This chip released an item to make room, because enough others hold it.
    Released {
        /// The item.
        item: ItemId,
    },
    /// Two boards are alive under one number.
    DuplicateNumber {
        /// The number; it may be that of this chip.
        id: u16,
    },
    /// A question went out.
    Asked {
        /// The question's number at this chip.
        request: u32,
        /// How many chips can answer it, this one included.
        of: u16,
    },
    /// A question was answered.
    Answered {
        /// The question's number at this chip.
        request: u32,
        /// How many chips answered.
        chips: u16,
        /// How many could have.
        of: u16,
        /// Is something missing from the answer?
        partial: bool,
        /// How many results there are; a [`ChipEvent::Found`] follows for each.
        hits: u8,
        /// How long it took.
        elapsed: Micros,
    },
    /// A sentinel raised the alarm.
    Alarm {
        /// The sentinel; it may be this chip.
        from: u16,
        /// How far the sample lies from the habit, in thousandths.
        score: i32,
    },
}

/// What a detector found; scores in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Detection {
    /// Warming up, normal or anomaly.
    pub state: State,
    /// Of a sample: where in an episode of anomalies it is.
    pub phase: Option<Phase>,
    /// How far it lies from what was learned; 0 while warming up.
    pub score: i32,
    /// The score from which it is an anomaly; 0 while warming up.
    pub threshold: i32,
    /// Of a sample: the channel, from 0, and the kind of deviation that scored highest. `None` for a text.
    pub finding: Option<(u32, Kind)>,
}

impl Detection {
    /// The word that the console begins with.
    pub const fn word(&self) -> &'static str {
        match (self.state, self.phase) {
            (State::WarmingUp { .. }, _) => "WARMUP",
            (_, Some(Phase::Begins)) | (State::Anomaly, None) => "ANOMALY",
            (_, Some(Phase::Continues)) => "ONGOING",
            (_, Some(Phase::Ended | Phase::Quiet)) | (State::Normal, None) => "NORMAL",
        }
    }

    /// Does it raise an alarm? Of an episode only the first sample does.
    pub fn is_alarm(&self) -> bool {
        self.word() == "ANOMALY"
    }
}

/// Receives what happens.
pub trait Observer {
    /// `event` happened.
    fn event(&mut self, event: &ChipEvent);

    /// A [`ChipEvent::Found`] whose text came.
    fn event_with_text(&mut self, event: &ChipEvent, _text: &str) {
        self.event(event);
    }
}

/// No observer.
impl Observer for () {
    fn event(&mut self, _: &ChipEvent) {}
}
