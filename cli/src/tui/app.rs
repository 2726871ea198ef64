//! What the display knows and shows: the state between a key and a drawing.
//!
//! Nothing here draws, reads a key or waits. [`App::receive`] takes in what a source says, `update` what a key asks for,
//! and what is to be asked of the source collects in [`App::take_commands`].

use super::action::Panel;
use super::fault::{Entry, Marks};
use super::history::History;
use super::keymap::{Context, Keymap};
use super::prompt::Prompt;
use super::roster::Roster;
use super::source::worker::{Command, Handle, Update};
use super::source::{Abilities, Pace};
use super::theme::Theme;
use super::timeline_entry::TimelineEntry;
use ruvllm_esp_core::units::Micros;
use ruvllm_esp_sim::fleet::view::{ChipDetail, EventKind, EventView, FleetView};
use std::collections::VecDeque;

/// How many events are kept, and how many lines of consoles: a day of a lively fleet would be millions.
pub const EVENTS: usize = 20_000;
pub const LINES: usize = 5_000;

/// What has the keyboard.
#[derive(Clone, Debug, Default)]
pub enum Mode {
    /// The panel.
    #[default]
    Browse,
    /// The console of the selected chip.
    Console,
    /// The filter of the fleet, and what it was before.
    Filter(String),
    /// The question for a time.
    Time(Prompt),
    /// The faults that can be made, and which is selected.
    Menu(Vec<Entry>, usize),
    /// The keys, and from which line on.
    Help(usize),
}

/// A section of the chip panel, where there is no room for all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Section {
    /// What its role shows.
    #[default]
    Role,
    /// What its arena holds.
    Arena,
    /// What its work was.
    Work,
    /// Its last messages.
    Messages,
    /// Its counters.
    Counters,
}

impl Section {
    /// All of them, in the order of Tab.
    pub const ALL: [Section; 5] =
        [Section::Role, Section::Arena, Section::Work, Section::Messages, Section::Counters];

    /// Its title.
    pub const fn name(self) -> &'static str {
        match self {
            Section::Role => "Role",
            Section::Arena => "Arena",
            Section::Work => "Work",
            Section::Messages => "Messages",
            Section::Counters => "Counters",
        }
    }
}

/// How a display ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaving {
    /// `q` was pressed.
    Quit,
    /// Ctrl-C was pressed, or a signal asked the program to stop.
    Interrupted,
}

/// The state of the display.
#[derive(Debug)]
pub struct App {
    /// What the source is.
    pub title: String,
    /// What it can do.
    pub abilities: Abilities,
    /// How the display looks.
    pub theme: Theme,
    /// Which key does what.
    pub keymap: Keymap,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// The latest view of the fleet.
    pub view: FleetView,
    /// Has a view arrived?
    pub informed: bool,
    /// The last values.
    pub history: History,
    /// What happened, oldest first; but for what consoles said.
    pub events: VecDeque<TimelineEntry>,
    /// What was typed at consoles and what they said, oldest first.
    pub lines: VecDeque<TimelineEntry>,
    /// How many events are no longer kept.
    pub forgotten: u64,
    /// What is in force on chips and links.
    pub marks: Marks,
    /// The chip whose details came last, with them.
    pub detail: Option<(usize, ChipDetail)>,
    /// How time is to pass.
    pub pace: Pace,
    /// How fast it passed, in thousandths of real time.
    pub achieved: u64,
    /// Where time is on its way to.
    pub jumping: Option<Micros>,
    /// Has the source no more to tell?
    pub ended: bool,
    /// The panel that is shown.
    pub panel: Panel,
    /// What has the keyboard.
    pub mode: Mode,
    /// Which chips are shown in which order, and which is selected.
    pub roster: Roster,
    /// One row a chip?
    pub rows: bool,
    /// The section of the chip panel.
    pub section: Section,
    /// How far that section is scrolled.
    pub scroll: usize,
    /// What is typed at a console.
    pub console: Prompt,
    /// How many lines of the console lie below those that are shown.
    pub console_scroll: usize,
    /// Lines typed while time stood still: when, at which chip, and what.
    pub waiting: Vec<(Micros, usize, String)>,
    /// The link that is selected.
    pub link: usize,
    /// The kind of events that is shown; all where `None`.
    pub kind: Option<EventKind>,
    /// The selected event, counted from the newest; 0 follows what happens.
    pub event: usize,
    /// The last word of the display's own.
    pub notice: Option<String>,
    /// Is it over?
    pub leaving: Option<Leaving>,
    pub(super) commands: Vec<Command>,
    /// The target of a time jump that is under way.
    pub(super) bound: Option<Micros>,
    watched: Option<usize>,
}

impl App {
    /// A display that knows nothing yet.
    pub fn new(handle: &Handle, theme: Theme, size: (u16, u16)) -> Self {
        Self::of(handle.title.clone(), handle.abilities, theme, size)
    }

    /// The same, of a source that is called `title`.
    pub fn of(title: String, abilities: Abilities, theme: Theme, size: (u16, u16)) -> Self {
        Self {
            title,
            abilities,
            theme,
            keymap: Keymap::default(),
            size,
            view: FleetView::default(),
            informed: false,
            history: History::default(),
            events: VecDeque::new(),
            lines: VecDeque::new(),
            forgotten: 0,
            marks: Marks::default(),
            detail: None,
            pace: Pace::REAL,
            achieved: 0,
            jumping: None,
            ended: false,
            panel: Panel::Fleet,
            mode: Mode::Browse,
            roster: Roster::default(),
            rows: false,
            section: Section::Role,
            scroll: 0,
            console: Prompt::default(),
            console_scroll: 0,
            waiting: Vec::new(),
            link: 0,
            kind: None,
            event: 0,
            notice: None,
            leaving: None,
            commands: Vec::new(),
            bound: None,
            watched: None,
        }
    }

    /// Takes in what the source says.
    pub fn receive(&mut self, update: Update) {
        if update.rewound {
            self.events.clear();
            self.lines.clear();
            self.history = History::default();
            (self.event, self.forgotten, self.marks) = (0, 0, Marks::default());
            self.waiting.clear();
        }
        if self.is_under_way(&update) {
            self.history.skip(&update.view);
        } else {
            self.history.update(&update.view);
        }
        update.events.iter().for_each(|event| self.marks.receive(&update.view, event));
        self.waiting.retain(|(at, ..)| *at >= update.view.now);
        self.view = update.view;
        self.informed = true;
        self.roster.update(&self.view);
        if update.detail.is_some() {
            self.detail = update.detail;
        }
        self.link = self.link.min(self.view.links.len().saturating_sub(1));
        self.remember(update.events);
        (self.achieved, self.jumping, self.ended) = (update.achieved, update.jumping, update.ended);
        if let Some(refusal) = update.refusal {
            self.notice = Some(refusal);
        }
    }

    /// Does a jump lie between the view before and this one?
    fn is_under_way(&mut self, update: &Update) -> bool {
        let under_way = self.bound.is_some() || update.jumping.is_some();
        if update.ended || self.bound.is_some_and(|to| update.view.now >= to) {
            self.bound = None;
        }
        under_way
    }

    fn remember(&mut self, events: Vec<EventView>) {
        let mut added = 0;
        for event in events {
            // Sensors alone say more than everything else together, and would leave no room for it.
            let is_line = event.kind == EventKind::Console;
            let shown = self.shows(&event);
            let (kept, most) = if is_line { (&mut self.lines, LINES) } else { (&mut self.events, EVENTS) };
            if !is_line && TimelineEntry::repeats(kept, &event) {
                continue;
            }
            kept.push_back(TimelineEntry::once(event));
            if kept.len() > most {
                kept.pop_front();
                self.forgotten += u64::from(!is_line);
            }
            added += usize::from(shown);
        }
        // A selected old event stays selected.
        if self.event > 0 {
            self.event += added;
        }
        self.event = self.event.min(self.shown_events().count().saturating_sub(1));
    }

    /// Is an event of a kind that is shown? What consoles say is shown only alone.
    pub fn shows(&self, event: &EventView) -> bool {
        self.kind.map_or(event.kind != EventKind::Console, |kind| kind == event.kind)
    }

    /// The events that are shown, newest first.
    pub fn shown_events(&self) -> impl Iterator<Item = &TimelineEntry> {
        let kept = if self.kind == Some(EventKind::Console) { &self.lines } else { &self.events };
        kept.iter().rev().filter(|event| self.shows(event))
    }

    /// How many of what is shown are kept at most, where more were.
    pub fn max_kept(&self) -> Option<usize> {
        if self.kind == Some(EventKind::Console) {
            return (self.lines.len() == LINES).then_some(LINES);
        }
        (self.forgotten > 0).then_some(EVENTS)
    }

    /// The event that is selected.
    pub fn selected_event(&self) -> Option<&TimelineEntry> {
        self.shown_events().nth(self.event)
    }

    /// The chip that faults are about: the selected one, in the timeline that of the selected event.
    pub fn fault_chip(&self) -> Option<usize> {
        let of_event =
            self.selected_event().filter(|_| self.panel == Panel::Timeline).and_then(|event| event.chip);
        of_event.or_else(|| self.chip())
    }

    /// The index of the selected chip.
    pub fn chip(&self) -> Option<usize> {
        self.roster.selected().filter(|index| *index < self.view.chips.len())
    }

    /// The details of the selected chip, once they are there.
    pub fn chip_detail(&self) -> Option<&ChipDetail> {
        let chip = self.chip()?;
        self.detail.as_ref().filter(|(index, _)| *index == chip).map(|(_, detail)| detail)
    }

    /// The link that faults are about: the selected one, or where that is not shown one of the selected chip.
    pub fn fault_link(&self) -> Option<usize> {
        if self.panel == Panel::Network {
            return (self.link < self.view.links.len()).then_some(self.link);
        }
        let chip = self.fault_chip()?;
        self.view.links.iter().position(|link| link.members.contains(&chip))
    }

    /// Who gets a key.
    pub fn context(&self) -> Context {
        match self.mode {
            Mode::Browse => Context::Panel(self.panel),
            Mode::Console => Context::Console,
            Mode::Filter(_) => Context::Filter,
            Mode::Time(_) => Context::Time,
            Mode::Menu(..) => Context::Menu,
            Mode::Help(_) => Context::Help,
        }
    }

    /// What is to be asked of the source.
    pub fn take_commands(&mut self) -> Vec<Command> {
        let watched = if self.panel == Panel::Chip { self.chip() } else { None };
        if watched != self.watched {
            self.watched = watched;
            self.commands.push(Command::Watch(watched));
        }
        std::mem::take(&mut self.commands)
    }
}
