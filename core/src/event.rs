//! What happens in a fleet, told to whoever watches a chip.
//!
//! A chip decides nothing by these events, and one without an observer does the same. They are for traces, tests and
//! pictures.

use crate::item::ItemId;
use crate::units::Micros;

/// Something that happened at one chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChipEvent {
    /// A chip was heard for the first time, or again after it was suspected or lost.
    PeerHeard {
        /// Its address.
        id: u16,
    },
    /// A chip booted since it was last heard: what it held is gone.
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
    /// This chip let go of an item to make room, because enough others hold it.
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

/// Receives what happens.
pub trait Observer {
    /// `event` happened.
    fn event(&mut self, event: &ChipEvent);
}

/// Nobody watches.
impl Observer for () {
    fn event(&mut self, _: &ChipEvent) {}
}
