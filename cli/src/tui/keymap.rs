//! Every key, in one table: what is pressed, the hint bar and the help all come from it.
//!
//! The configuration gives actions other keys ([`custom`]); whatever shows keys shows those.

pub mod custom;
pub mod key;
pub mod table;

use super::action::Action::{self, *};
use super::action::Panel;
use super::source::Abilities;
use crossterm::event::KeyEvent;
use key::Key;
use std::borrow::Cow;

/// Where a key is pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// A panel has the keyboard.
    Panel(Panel),
    /// The console of a chip has it.
    Console,
    /// The filter has it.
    Filter,
    /// The question for a time has it.
    Time,
    /// The menu of faults has it.
    Menu,
    /// The help has it.
    Help,
}

impl Context {
    /// Every context.
    pub const ALL: [Context; 9] = [
        Context::Panel(Panel::Fleet),
        Context::Panel(Panel::Chip),
        Context::Panel(Panel::Network),
        Context::Panel(Panel::Timeline),
        Context::Console,
        Context::Filter,
        Context::Time,
        Context::Menu,
        Context::Help,
    ];

    /// Do letters become text here?
    pub fn takes_text(self) -> bool {
        matches!(self, Context::Console | Context::Filter | Context::Time)
    }

    /// Its heading in the help.
    pub const fn name(self) -> &'static str {
        match self {
            Context::Panel(panel) => panel.name(),
            Context::Console => "Console",
            Context::Filter => "Filter",
            Context::Time => "Time",
            Context::Menu => "Menu",
            Context::Help => "Help",
        }
    }
}

/// A row of the table of [`table`].
#[derive(Debug)]
pub struct Binding {
    /// Where they count.
    pub contexts: &'static [Context],
    /// The keys as people read them.
    pub shown: &'static str,
    /// Each key with what it does.
    pub keys: &'static [(Key, Action)],
    /// One or two words for the hint bar; empty where the help says enough.
    pub label: &'static str,
    /// A line for the help.
    pub help: &'static str,
}

/// Keys that belong together, as they are now.
#[derive(Clone, Debug)]
pub struct Row {
    /// Where they count.
    pub contexts: &'static [Context],
    /// The keys as people read them.
    pub shown: Cow<'static, str>,
    /// Each key with what it does.
    pub keys: Vec<(Key, Action)>,
    /// One or two words for the hint bar; empty where the help says enough.
    pub label: &'static str,
    /// A line for the help.
    pub help: &'static str,
}

/// All keys. Within a context the order is that of the hint bar.
#[derive(Clone, Debug)]
pub struct Keymap {
    pub rows: Vec<Row>,
}

impl Default for Keymap {
    fn default() -> Self {
        let row = |&Binding { contexts, shown, keys, label, help }: &Binding| Row {
            contexts,
            shown: shown.into(),
            keys: keys.to_vec(),
            label,
            help,
        };
        Self { rows: table::TABLE.iter().map(row).collect() }
    }
}

impl Keymap {
    /// The rows that count in a context, in their order.
    pub fn bindings(&self, context: Context) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |row| row.contexts.contains(&context))
    }

    /// What a key does in a context.
    pub fn action(&self, context: Context, event: KeyEvent) -> Option<Action> {
        let key = Key::of(event);
        if key == Key::control('c') {
            return Some(Interrupt);
        }
        let found = self.bindings(context).flat_map(|row| &row.keys).find(|(bound, _)| *bound == key);
        match (found, key.letter()) {
            (None, Some(letter)) if context.takes_text() && !letter.is_control() => Some(Character(letter)),
            (found, _) => found.map(|pair| pair.1),
        }
    }
}

/// Can a source do what this row is for?
pub fn is_possible(row: &Row, abilities: Abilities) -> bool {
    row.keys.iter().all(|(_, action)| match action {
        Faults => abilities.faults,
        Type => abilities.console,
        Pause | Step | Faster | Slower | AskTime => abilities.pace,
        Open if row.contexts == table::TIMELINE => abilities.pace,
        _ => true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::{KeyCode, KeyModifiers};

    #[test]
    fn no_key_means_two_things_in_one_context() {
        for context in Context::ALL {
            let keymap = Keymap::default();
            let keys: Vec<Key> =
                keymap.bindings(context).flat_map(|row| &row.keys).map(|pair| pair.0).collect();
            for (position, key) in keys.iter().enumerate() {
                assert!(!keys[..position].contains(key), "{key:?} twice in {context:?}");
            }
            assert!(keys.contains(&Key::plain(KeyCode::Esc)), "no way out of {context:?}");
        }
    }

    #[test]
    fn letters_are_text_where_one_types_and_keys_elsewhere() {
        let keymap = Keymap::default();
        let key = KeyCode::Char;
        let press = |context, code| keymap.action(context, KeyEvent::new(code, KeyModifiers::NONE));
        assert_eq!(press(Context::Panel(Panel::Fleet), key('q')), Some(Quit));
        assert_eq!(press(Context::Console, key('q')), Some(Character('q')));
        assert_eq!(press(Context::Menu, key('w')), None);
        let control = KeyEvent::new(key('c'), KeyModifiers::CONTROL);
        assert!(Context::ALL.into_iter().all(|context| keymap.action(context, control) == Some(Interrupt)));
    }
}
