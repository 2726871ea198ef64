//! From an action to a new state. Whatever cannot be done says why.

use super::action::{Action, Direction, Panel};
use super::app::{App, Leaving, Mode, Section};
use super::fault;
use super::keymap::Context;
use super::panel::{chip, fleet, help, timeline};
use super::prompt::Prompt;
use super::source::worker::Command;
use super::source::{Origin, Pace};
use super::text::parse_time;
use crate::quantity::count;
use ruvllm_esp_core::units::Micros;
use ruvllm_esp_sim::fleet::view::{ChipState, EventKind, RoleView};

/// The kinds of events that can be shown alone, in the order of their key.
const KINDS: [EventKind; 9] = [
    EventKind::Alarm,
    EventKind::Fault,
    EventKind::Repair,
    EventKind::Question,
    EventKind::Item,
    EventKind::Peer,
    EventKind::Boot,
    EventKind::Console,
    EventKind::Verdict,
];

impl App {
    /// Does what an action asks for.
    pub fn update(&mut self, action: Action) {
        if action == Action::Interrupt {
            self.leaving = Some(Leaving::Interrupted);
            return;
        }
        self.notice = None;
        match &mut self.mode {
            Mode::Browse => self.browse(action),
            Mode::Console => self.in_console(action),
            Mode::Filter(_) => self.in_filter(action),
            Mode::Time(prompt) => match action {
                Action::Accept => {
                    let text = prompt.take();
                    self.mode = Mode::Browse;
                    self.go_to(&text);
                }
                Action::Back => self.mode = Mode::Browse,
                edit => prompt.edit(edit),
            },
            Mode::Menu(entries, selected) => match action {
                Action::Go(Direction::Up) => *selected = selected.saturating_sub(1),
                Action::Go(_) => *selected = (*selected + 1).min(entries.len().saturating_sub(1)),
                Action::Accept => self.let_happen(),
                _ => self.mode = Mode::Browse,
            },
            Mode::Help(line) => {
                let line = *line;
                self.in_help(line, action);
            }
        }
    }

    /// Text that was pasted: where none is taken it does nothing. In the console each line end sends a line; elsewhere it
    /// is a space.
    pub fn paste(&mut self, text: &str) {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        for letter in text.chars() {
            match (self.context(), letter) {
                (Context::Console, '\n') => self.update(Action::Accept),
                (context, letter) if context.takes_text() => {
                    self.update(Action::Character(if letter.is_control() { ' ' } else { letter }));
                }
                _ => return,
            }
        }
    }

    fn in_help(&mut self, line: usize, action: Action) {
        let (last, page) = (help::last_line(self), help::page(self.size));
        let line = match action {
            Action::Go(Direction::Up) => line.saturating_sub(1),
            Action::Go(Direction::Down) => line + 1,
            Action::Go(Direction::PageUp) => line.saturating_sub(page),
            Action::Go(Direction::PageDown) => line + page,
            Action::Go(Direction::First) => 0,
            Action::Go(_) => last,
            _ => return self.mode = Mode::Browse,
        };
        self.mode = Mode::Help(line.min(last));
    }

    fn browse(&mut self, action: Action) {
        match action {
            Action::Quit => self.leaving = Some(Leaving::Quit),
            Action::Help => self.mode = Mode::Help(0),
            Action::Show(panel) => self.show(panel),
            Action::Pause | Action::Step | Action::Faster | Action::Slower | Action::AskTime => {
                self.time(action)
            }
            Action::Faults => self.open_menu(),
            Action::NextChip => self.other_chip(true),
            Action::PreviousChip => self.other_chip(false),
            Action::Back => self.back(),
            _ => match self.panel {
                Panel::Fleet => self.in_fleet(action),
                Panel::Chip => self.in_chip(action),
                Panel::Network => self.in_network(action),
                Panel::Timeline => self.in_timeline(action),
            },
        }
    }

    fn show(&mut self, panel: Panel) {
        self.panel = panel;
        (self.scroll, self.console_scroll) = (0, 0);
    }

    fn back(&mut self) {
        if self.jumping.is_some() {
            (self.jumping, self.bound) = (None, None);
            self.set_pace(Pace { paused: true, ..self.pace });
            self.notice = Some("stopped on the way".into());
        } else if self.panel != Panel::Fleet {
            self.show(Panel::Fleet);
        } else if !self.roster.filter.text().is_empty() {
            self.roster.filter.set("");
            self.roster.arrange(&self.view);
        }
    }

    fn time(&mut self, action: Action) {
        if !self.abilities.pace {
            return self.report("time cannot be stopped here: these are real chips");
        }
        match action {
            Action::Step => {
                // What happened is the newest event, which the last line shows.
                self.pace.paused = true;
                self.commands.push(Command::Step);
            }
            Action::AskTime => self.mode = Mode::Time(Prompt::default()),
            Action::Pause => self.set_pace(Pace { paused: !self.pace.paused, ..self.pace }),
            faster => self.set_pace(self.pace.next(faster == Action::Faster)),
        }
    }

    fn set_pace(&mut self, pace: Pace) {
        self.pace = pace;
        self.commands.push(Command::Pace(pace));
    }

    fn go_to(&mut self, text: &str) {
        match parse_time(text, self.view.now) {
            Some(to) => self.jump(to),
            None if text.trim().is_empty() => {}
            None => self.notice = Some(format!("`{text}` is no time: 90, 1:30, 5m, +10s, -1m")),
        }
    }

    fn jump(&mut self, to: Micros) {
        if !self.abilities.rewind && to < self.view.now {
            self.notice = Some("this time cannot be turned back".into());
            return;
        }
        // A jump to a time selects that time.
        self.set_pace(Pace { paused: true, ..self.pace });
        (self.jumping, self.bound) = (Some(to), Some(to));
        self.commands.push(Command::Jump(to));
    }

    fn open_menu(&mut self) {
        if !self.abilities.faults {
            return self.report(self.abilities.origin.unbreakable());
        }
        let mut entries = fault::menu(&self.view, &self.marks, self.fault_chip(), self.fault_link());
        if self.panel == Panel::Network {
            // What is looked at comes first.
            let chips = entries.iter().take_while(|entry| entry.target.starts_with("chip")).count();
            entries.rotate_left(chips);
        }
        if entries.is_empty() {
            return self.report_no_chip();
        }
        self.mode = Mode::Menu(entries, 0);
    }

    fn report(&mut self, notice: &str) {
        self.notice = Some(notice.to_string());
    }

    /// Why there is no chip to do something with.
    fn report_no_chip(&mut self) {
        let hidden = !self.view.chips.is_empty() && self.chip().is_none();
        self.report(if hidden {
            "the filter hides every chip: Esc in the fleet undoes it"
        } else {
            "there is no chip"
        });
    }

    fn let_happen(&mut self) {
        if let Mode::Menu(entries, selected) = std::mem::take(&mut self.mode)
            && let Some(entry) = entries.get(selected)
        {
            self.notice = Some(format!("{}: {}", entry.target, entry.text));
            self.commands.push(Command::Inject(entry.fault.clone()));
        }
    }

    fn other_chip(&mut self, next: bool) {
        let position = self.roster.position();
        self.roster.select(if next { position + 1 } else { position.saturating_sub(1) });
        (self.scroll, self.console_scroll) = (0, 0);
    }

    fn in_fleet(&mut self, action: Action) {
        match action {
            Action::Go(direction) => self.select_tile(direction),
            Action::Open if self.chip().is_some() => self.show(Panel::Chip),
            Action::Open => self.report_no_chip(),
            Action::Filter => self.mode = Mode::Filter(self.roster.filter.text().to_string()),
            Action::Sort => self.roster.order = self.roster.order.next(),
            Action::Reverse => self.roster.reverse = !self.roster.reverse,
            Action::Density => self.rows = !self.rows,
            _ => {}
        }
        if matches!(action, Action::Sort | Action::Reverse) {
            self.roster.arrange(&self.view);
        }
    }

    fn select_tile(&mut self, direction: Direction) {
        let (columns, lines) = fleet::grid(self);
        let position = self.roster.position();
        let last = self.roster.shown().len().saturating_sub(1);
        // Downwards from the last full line is the last chip; upwards from the first line is where one is.
        let target = match direction {
            Direction::Left => position.saturating_sub(1),
            Direction::Right => position + 1,
            Direction::Up => position.checked_sub(columns).unwrap_or(position),
            Direction::Down if position / columns == last / columns => position,
            Direction::Down => position + columns,
            Direction::First => 0,
            Direction::Last => last,
            Direction::PageUp => position.saturating_sub(columns * lines),
            Direction::PageDown => position + columns * lines,
        };
        self.roster.select(target.min(last));
    }

    fn in_chip(&mut self, action: Action) {
        let sections = Section::ALL.len();
        let index = Section::ALL.iter().position(|section| *section == self.section).unwrap_or(0);
        let turn = |by: usize| Section::ALL.get((index + by) % sections).copied().unwrap_or_default();
        match action {
            Action::Type if !self.abilities.console => {
                self.report("a recording takes no input");
            }
            Action::Type if self.chip().is_some() => self.mode = Mode::Console,
            Action::Type => self.report_no_chip(),
            Action::NextSection => (self.section, self.scroll) = (turn(1), 0),
            Action::PreviousSection => (self.section, self.scroll) = (turn(sections - 1), 0),
            Action::Go(Direction::Up) => self.scroll = self.scroll.saturating_sub(1),
            Action::Go(Direction::PageUp) => self.scroll = self.scroll.saturating_sub(10),
            Action::Go(Direction::PageDown) => self.scroll_down(10),
            Action::Go(_) => self.scroll_down(1),
            _ => {}
        }
    }

    fn scroll_down(&mut self, by: usize) {
        let longest = self.chip_detail().map_or(0, |detail| match self.section {
            Section::Arena => detail.parts.len() + 1,
            Section::Work => detail.work.len(),
            Section::Messages => detail.messages.len(),
            Section::Counters => detail.counters.len(),
            // The channels of a sentinel.
            Section::Role => match &detail.role {
                RoleView::Signal { readings, .. } => readings.len(),
                _ => 0,
            },
        });
        self.scroll = (self.scroll + by).min(longest.saturating_sub(1));
    }

    fn in_network(&mut self, action: Action) {
        let last = self.view.links.len().saturating_sub(1);
        match action {
            Action::Go(Direction::Up) => self.link = self.link.saturating_sub(1),
            Action::Go(_) => self.link = (self.link + 1).min(last),
            Action::Open if self.chip().is_some() => self.show(Panel::Chip),
            Action::Open => self.report_no_chip(),
            _ => {}
        }
    }

    fn in_timeline(&mut self, action: Action) {
        let last = self.shown_events().count().saturating_sub(1);
        let page = usize::from(self.size.1.saturating_sub(10 + timeline::WHOLE)).max(1);
        match action {
            Action::Go(Direction::Down) => self.event = self.event.saturating_sub(1),
            Action::Go(Direction::Up) => self.event = (self.event + 1).min(last),
            Action::Go(Direction::PageDown) => self.event = self.event.saturating_sub(page),
            Action::Go(Direction::PageUp) => self.event = (self.event + page).min(last),
            Action::Go(Direction::First) => {
                self.event = last;
                if let Some(most) = self.max_kept() {
                    self.notice = Some(format!("the oldest of the {} that are kept", count(most as u64)));
                }
            }
            Action::Go(_) => self.event = 0,
            Action::Kind => self.next_kind(),
            Action::Open => match self.selected_event().map(|event| event.at) {
                Some(at) if self.abilities.pace => self.jump(at),
                Some(_) => self.notice = Some("this time cannot be turned back".into()),
                None => {}
            },
            _ => {}
        }
    }

    fn next_kind(&mut self) {
        let next = match self.kind {
            None => 0,
            Some(kind) => KINDS.iter().position(|other| *other == kind).map_or(0, |index| index + 1),
        };
        self.kind = KINDS.get(next).copied();
        self.event = 0;
    }

    fn in_console(&mut self, action: Action) {
        match action {
            Action::Back => self.mode = Mode::Browse,
            Action::Accept => {
                let line = self.console.take();
                self.console_scroll = 0;
                if let (Some(chip), false) = (self.chip(), line.trim().is_empty()) {
                    self.type_line(chip, line);
                }
            }
            Action::Go(Direction::PageUp) => {
                self.console_scroll =
                    (self.console_scroll + chip::CONSOLE_PAGE).min(chip::console_spare(self));
            }
            Action::Go(Direction::PageDown) => {
                self.console_scroll = self.console_scroll.saturating_sub(chip::CONSOLE_PAGE);
            }
            edit => self.console.edit(edit),
        }
    }

    fn type_line(&mut self, chip: usize, line: String) {
        let Some(view) = self.view.chips.get(chip) else { return };
        if view.state == ChipState::Off {
            self.notice = Some(format!("{} is off: the line was not received; ↑ recalls it", view.name));
            return;
        }
        if self.abilities.origin == Origin::Simulation && self.pace.paused && self.jumping.is_none() {
            self.notice = Some("paused: the line is typed when time goes on".into());
            self.waiting.push((self.view.now, chip, line.clone()));
        }
        self.commands.push(Command::Type(chip, line));
    }

    fn in_filter(&mut self, action: Action) {
        match action {
            Action::Accept => self.mode = Mode::Browse,
            Action::Back => {
                if let Mode::Filter(before) = std::mem::take(&mut self.mode) {
                    self.roster.filter.set(&before);
                }
            }
            edit => self.roster.filter.edit(edit),
        }
        self.roster.arrange(&self.view);
    }
}
