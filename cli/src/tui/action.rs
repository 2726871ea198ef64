//! What can be asked of the display, whichever key asks for it.

/// A panel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Panel {
    /// All chips.
    #[default]
    Fleet,
    /// One chip.
    Chip,
    /// The links.
    Network,
    /// The events.
    Timeline,
}

impl Panel {
    /// All of them, in the order of their keys.
    pub const ALL: [Panel; 4] = [Panel::Fleet, Panel::Chip, Panel::Network, Panel::Timeline];

    /// What its tab says.
    pub const fn name(self) -> &'static str {
        match self {
            Panel::Fleet => "Fleet",
            Panel::Chip => "Chip",
            Panel::Network => "Network",
            Panel::Timeline => "Timeline",
        }
    }
}

/// A direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To the left.
    Left,
    /// Downwards.
    Down,
    /// Upwards.
    Up,
    /// To the right.
    Right,
    /// To the first.
    First,
    /// To the last.
    Last,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
}

/// Something to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Leave.
    Quit,
    /// Leave as an interrupt does.
    Interrupt,
    /// Show the keys, or hide them.
    Help,
    /// Show a panel.
    Show(Panel),
    /// Move the selection, or what is scrolled.
    Go(Direction),
    /// Open what is selected.
    Open,
    /// Leave what was entered last.
    Back,
    /// Let time stand still, or go on.
    Pause,
    /// One event further.
    Step,
    /// Let time pass faster.
    Faster,
    /// Let time pass more slowly.
    Slower,
    /// Ask for a time to go to.
    AskTime,
    /// Show the faults that can be made.
    Faults,
    /// Ask for words that a chip must have.
    Filter,
    /// Sort by the next property.
    Sort,
    /// Turn the order round.
    Reverse,
    /// Tiles or rows.
    Density,
    /// The next section.
    NextSection,
    /// The section before.
    PreviousSection,
    /// The next chip.
    NextChip,
    /// The chip before.
    PreviousChip,
    /// Type at the chip's console.
    Type,
    /// Show the next kind of events only.
    Kind,
    /// Take what was typed.
    Accept,
    /// Delete the character before the cursor.
    Erase,
    /// Delete all that was typed.
    EraseAll,
    /// A character that was typed.
    Character(char),
}

/// The actions that keys can be given to, as the configuration names them.
pub const NAMES: [(&str, Action); 35] = [
    ("quit", Action::Quit),
    ("help", Action::Help),
    ("show-fleet", Action::Show(Panel::Fleet)),
    ("show-chip", Action::Show(Panel::Chip)),
    ("show-network", Action::Show(Panel::Network)),
    ("show-timeline", Action::Show(Panel::Timeline)),
    ("left", Action::Go(Direction::Left)),
    ("down", Action::Go(Direction::Down)),
    ("up", Action::Go(Direction::Up)),
    ("right", Action::Go(Direction::Right)),
    ("first", Action::Go(Direction::First)),
    ("last", Action::Go(Direction::Last)),
    ("page-up", Action::Go(Direction::PageUp)),
    ("page-down", Action::Go(Direction::PageDown)),
    ("open", Action::Open),
    ("back", Action::Back),
    ("pause", Action::Pause),
    ("step", Action::Step),
    ("faster", Action::Faster),
    ("slower", Action::Slower),
    ("time", Action::AskTime),
    ("fault", Action::Faults),
    ("filter", Action::Filter),
    ("sort", Action::Sort),
    ("reverse", Action::Reverse),
    ("rows", Action::Density),
    ("next-section", Action::NextSection),
    ("previous-section", Action::PreviousSection),
    ("next-chip", Action::NextChip),
    ("previous-chip", Action::PreviousChip),
    ("type", Action::Type),
    ("kind", Action::Kind),
    ("accept", Action::Accept),
    ("erase", Action::Erase),
    ("erase-all", Action::EraseAll),
];
