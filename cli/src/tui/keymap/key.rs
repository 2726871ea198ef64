//! One key: as the terminal reports it, as a file names it, as a person reads it.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A key, perhaps with Ctrl. Shift is part of the letter; Alt is not told apart from Escape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    code: KeyCode,
    control: bool,
}

/// Letters that a terminal sends with Ctrl as another key, or that the display needs itself.
const TAKEN: [(char, &str); 6] = [
    ('c', "always leaves the display"),
    ('h', "is Backspace on a terminal"),
    ('i', "is Tab on a terminal"),
    ('j', "is Enter on a terminal"),
    ('m', "is Enter on a terminal"),
    ('z', "always suspends the program"),
];

/// Keys that are no letters: what a file may call them, first what is shown.
const NAMES: [(KeyCode, &[&str]); 16] = [
    (KeyCode::Char(' '), &["Space"]),
    (KeyCode::Enter, &["Enter", "Return"]),
    (KeyCode::Esc, &["Esc", "Escape"]),
    (KeyCode::Tab, &["Tab"]),
    (KeyCode::BackTab, &["S-Tab", "Shift-Tab", "BackTab"]),
    (KeyCode::Backspace, &["Backspace"]),
    (KeyCode::Delete, &["Delete", "Del"]),
    (KeyCode::Insert, &["Insert", "Ins"]),
    (KeyCode::Home, &["Home"]),
    (KeyCode::End, &["End"]),
    (KeyCode::PageUp, &["PgUp", "PageUp"]),
    (KeyCode::PageDown, &["PgDn", "PageDown"]),
    (KeyCode::Up, &["↑", "Up"]),
    (KeyCode::Down, &["↓", "Down"]),
    (KeyCode::Left, &["←", "Left"]),
    (KeyCode::Right, &["→", "Right"]),
];

impl Key {
    /// A key alone.
    pub const fn plain(code: KeyCode) -> Self {
        Self { code, control: false }
    }

    /// A letter with Ctrl.
    pub const fn control(letter: char) -> Self {
        Self { code: KeyCode::Char(letter), control: true }
    }

    /// The key that was pressed.
    pub fn of(event: KeyEvent) -> Self {
        // Some systems report a letter of the third level as one with both modifiers.
        let control =
            event.modifiers.contains(KeyModifiers::CONTROL) && !event.modifiers.contains(KeyModifiers::ALT);
        match event.code {
            KeyCode::Char(letter) if control => Self::control(letter.to_ascii_lowercase()),
            code => Self::plain(code),
        }
    }

    /// What a terminal reports for it.
    #[cfg(test)]
    pub fn event(self) -> KeyEvent {
        KeyEvent::new(self.code, if self.control { KeyModifiers::CONTROL } else { KeyModifiers::NONE })
    }

    /// The letter that it types.
    pub fn letter(self) -> Option<char> {
        match self {
            Self { code: KeyCode::Char(letter), control: false } => Some(letter),
            _ => None,
        }
    }

    /// The key of this name.
    ///
    /// # Errors
    /// Why it is none.
    pub fn parse(name: &str) -> Result<Self, String> {
        let mut letters = name.chars();
        if let (Some(letter), None) = (letters.next(), letters.next()) {
            let arrow = NAMES.iter().find(|(_, names)| names.contains(&name)).map(|(code, _)| *code);
            return Ok(Self::plain(arrow.unwrap_or(KeyCode::Char(letter))));
        }
        let lower = name.to_ascii_lowercase();
        if let Some(letter) = lower.strip_prefix("ctrl-") {
            return Self::parse_control(name, letter);
        }
        let number = lower.strip_prefix('f').and_then(|number| number.parse::<u8>().ok());
        if let Some(number @ 1..=12) = number {
            return Ok(Self::plain(KeyCode::F(number)));
        }
        let is_named = |names: &[&str]| names.iter().any(|other| other.to_ascii_lowercase() == lower);
        let found = NAMES.iter().find(|(_, names)| is_named(names));
        found.map(|(code, _)| Self::plain(*code)).ok_or_else(|| format!("there is no key `{name}`"))
    }

    fn parse_control(name: &str, letter: &str) -> Result<Self, String> {
        let mut letters = letter.chars();
        let (Some(letter @ 'a'..='z'), None) = (letters.next(), letters.next()) else {
            return Err(format!("there is no key `{name}`: Ctrl goes with one letter"));
        };
        match TAKEN.iter().find(|(taken, _)| *taken == letter) {
            Some((_, why)) => Err(format!("`{name}` {why}")),
            None => Ok(Self::control(letter)),
        }
    }

    /// As a person reads it.
    pub fn shown(self) -> String {
        if let (KeyCode::Char(letter), true) = (self.code, self.control) {
            return format!("Ctrl-{}", letter.to_ascii_uppercase());
        }
        let named = NAMES.iter().find(|(code, _)| *code == self.code);
        match (named.and_then(|(_, names)| names.first()), self.code) {
            (Some(name), _) => name.to_string(),
            (None, KeyCode::Char(letter)) => letter.to_string(),
            (None, KeyCode::F(number)) => format!("F{number}"),
            (None, other) => format!("{other:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_that_is_shown_is_a_name_of_it() {
        let control =
            |letter: char| TAKEN.iter().all(|(taken, _)| *taken != letter).then(|| Key::control(letter));
        let keys = NAMES.iter().map(|(code, _)| Key::plain(*code));
        let letters = ('!'..='~').map(|letter| Key::plain(KeyCode::Char(letter)));
        let functions = (1..=12).map(|number| Key::plain(KeyCode::F(number)));
        for key in keys.chain(letters).chain(functions).chain(('a'..='z').filter_map(control)) {
            assert_eq!(Key::parse(&key.shown()), Ok(key));
        }
        assert_eq!(Key::parse("shift-tab"), Ok(Key::plain(KeyCode::BackTab)));
        for (name, why) in [
            ("", "no key"),
            ("Hyper-x", "no key"),
            ("F13", "no key"),
            ("Ctrl-c", "leaves"),
            ("ctrl-1", "one letter"),
        ] {
            assert!(Key::parse(name).unwrap_err().contains(why), "{name}");
        }
    }

    #[test]
    fn a_terminal_reports_what_a_file_names() {
        let event = |letter, modifiers| Key::of(KeyEvent::new(KeyCode::Char(letter), modifiers));
        assert_eq!(event('U', KeyModifiers::CONTROL), Key::control('u'));
        assert_eq!(event('@', KeyModifiers::CONTROL | KeyModifiers::ALT), Key::plain(KeyCode::Char('@')));
    }
}
