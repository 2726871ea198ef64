//! Colours, and what stands for them where there are none.
//!
//! Only the sixteen colours that every terminal theme defines are used. What matters has a symbol as well, so a
//! display without colour loses nothing.

use ratatui::style::{Color, Modifier, Style};
use ruvllm_esp_sim::fleet::view::{ChipState, EventKind};

/// What a piece of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Text.
    Plain,
    /// Text of less weight: labels, frames.
    Faint,
    /// A title, a name.
    Strong,
    /// What is selected.
    Selected,
    /// All is well.
    Good,
    /// Something to look at.
    Warning,
    /// Something is wrong.
    Bad,
    /// Something that moves: traffic, curves.
    Accent,
    /// One of several parts of a whole.
    Part(usize),
}

/// How a display looks.
#[derive(Clone, Copy, Debug)]
pub struct Theme {
    /// Are there colours?
    pub colour: bool,
}

const PARTS: [Color; 6] =
    [Color::Cyan, Color::Blue, Color::Magenta, Color::Green, Color::Yellow, Color::LightBlue];

/// Fillings of the parts of a whole: neighbours differ without colour too.
const FILLINGS: [char; 4] = ['█', '▒', '▓', '░'];

/// The filling of one of several parts.
pub fn filling(part: usize) -> char {
    FILLINGS.get(part % FILLINGS.len()).copied().unwrap_or('█')
}

impl Theme {
    /// The style of a tone.
    pub fn style(self, tone: Tone) -> Style {
        let plain = Style::new();
        let coloured = |color: Color| if self.colour { plain.fg(color) } else { plain };
        match tone {
            Tone::Plain => plain,
            Tone::Faint => plain.add_modifier(Modifier::DIM),
            Tone::Strong => plain.add_modifier(Modifier::BOLD),
            Tone::Selected => coloured(Color::Yellow).add_modifier(Modifier::BOLD),
            Tone::Good => coloured(Color::Green),
            Tone::Warning => coloured(Color::Yellow),
            Tone::Bad => coloured(Color::Red).add_modifier(Modifier::BOLD),
            Tone::Accent => coloured(Color::Cyan),
            Tone::Part(part) => coloured(PARTS.get(part % PARTS.len()).copied().unwrap_or(Color::Cyan)),
        }
    }

    /// The whole line that is selected.
    pub fn bar(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }
}

/// Symbol, word and tone of a state.
pub fn state(state: ChipState) -> (char, &'static str, Tone) {
    match state {
        ChipState::Running => ('●', "running", Tone::Good),
        ChipState::Booting => ('◌', "booting", Tone::Warning),
        ChipState::Off => ('✗', "off", Tone::Bad),
        ChipState::Silent => ('?', "silent", Tone::Warning),
    }
}

/// Symbol, word and tone of a kind of event.
pub fn kind(kind: EventKind) -> (char, &'static str, Tone) {
    match kind {
        EventKind::Boot => ('◌', "boot", Tone::Plain),
        EventKind::Fault => ('✗', "fault", Tone::Bad),
        EventKind::Repair => ('+', "repair", Tone::Good),
        EventKind::Peer => ('~', "peer", Tone::Faint),
        EventKind::Alarm => ('!', "alarm", Tone::Warning),
        EventKind::Question => ('?', "question", Tone::Accent),
        EventKind::Item => ('·', "item", Tone::Plain),
        EventKind::Console => ('>', "console", Tone::Faint),
        EventKind::Verdict => ('=', "verdict", Tone::Strong),
    }
}
