//! Every key, in one table: what is pressed, the hint bar and the help all come from it.

use super::action::Action::{self, *};
use super::action::Direction::{Down, First, Last, Left, PageDown, PageUp, Right, Up};
use super::action::Panel;
use super::source::Abilities;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

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
    #[cfg(test)]
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

/// Keys that belong together, and what they do.
#[derive(Debug)]
pub struct Binding {
    /// Where they count.
    pub contexts: &'static [Context],
    /// The keys as people read them.
    pub shown: &'static str,
    /// Each key with what it does.
    pub keys: &'static [(KeyCode, Action)],
    /// One or two words for the hint bar; empty where the help says enough.
    pub label: &'static str,
    /// A line for the help.
    pub help: &'static str,
}

const FLEET: &[Context] = &[Context::Panel(Panel::Fleet)];
const CHIP: &[Context] = &[Context::Panel(Panel::Chip)];
const NETWORK: &[Context] = &[Context::Panel(Panel::Network)];
const TIMELINE: &[Context] = &[Context::Panel(Panel::Timeline)];
const PANELS: &[Context] = &[
    Context::Panel(Panel::Fleet),
    Context::Panel(Panel::Chip),
    Context::Panel(Panel::Network),
    Context::Panel(Panel::Timeline),
];
const LISTS: &[Context] = &[Context::Panel(Panel::Fleet), Context::Panel(Panel::Timeline)];
const TEXT: &[Context] = &[Context::Console, Context::Filter, Context::Time];

const fn key(letter: char) -> KeyCode {
    KeyCode::Char(letter)
}

/// The table. Within a context the order is that of the hint bar.
pub const TABLE: &[Binding] = &[
    Binding {
        contexts: FLEET,
        shown: "hjkl ←↓↑→",
        keys: &[
            (key('h'), Go(Left)),
            (key('j'), Go(Down)),
            (key('k'), Go(Up)),
            (key('l'), Go(Right)),
            (KeyCode::Left, Go(Left)),
            (KeyCode::Down, Go(Down)),
            (KeyCode::Up, Go(Up)),
            (KeyCode::Right, Go(Right)),
        ],
        label: "",
        help: "select a chip",
    },
    Binding {
        contexts: FLEET,
        shown: "Enter",
        keys: &[(KeyCode::Enter, Open)],
        label: "open",
        help: "open the selected chip",
    },
    Binding {
        contexts: FLEET,
        shown: "/",
        keys: &[(key('/'), Filter)],
        label: "filter",
        help: "only chips with these words: name, role, state, alarm",
    },
    Binding {
        contexts: FLEET,
        shown: "s",
        keys: &[(key('s'), Sort)],
        label: "sort",
        help: "sort: index, name, role, variant, arena, load, alarms, state",
    },
    Binding {
        contexts: FLEET,
        shown: "S",
        keys: &[(key('S'), Reverse)],
        label: "",
        help: "reverse the order",
    },
    Binding {
        contexts: FLEET,
        shown: "v",
        keys: &[(key('v'), Density)],
        label: "rows",
        help: "tiles, or one row a chip",
    },
    Binding {
        contexts: CHIP,
        shown: "i",
        keys: &[(key('i'), Type), (KeyCode::Enter, Type)],
        label: "type",
        help: "type at the chip's console (Enter too)",
    },
    Binding {
        contexts: CHIP,
        shown: "Tab",
        keys: &[(KeyCode::Tab, NextSection), (KeyCode::BackTab, PreviousSection)],
        label: "section",
        help: "the next section; Shift-Tab the one before",
    },
    Binding {
        contexts: CHIP,
        shown: "hl ←→",
        keys: &[
            (key('h'), PreviousChip),
            (key('l'), NextChip),
            (KeyCode::Left, PreviousChip),
            (KeyCode::Right, NextChip),
        ],
        label: "chip",
        help: "the chip before, the next chip",
    },
    Binding {
        contexts: CHIP,
        shown: "jk ↓↑",
        keys: &[
            (key('j'), Go(Down)),
            (key('k'), Go(Up)),
            (KeyCode::Down, Go(Down)),
            (KeyCode::Up, Go(Up)),
            (KeyCode::PageDown, Go(PageDown)),
            (KeyCode::PageUp, Go(PageUp)),
        ],
        label: "",
        help: "scroll the section (PageUp and PageDown too)",
    },
    Binding {
        contexts: NETWORK,
        shown: "jk ↓↑",
        keys: &[(key('j'), Go(Down)), (key('k'), Go(Up)), (KeyCode::Down, Go(Down)), (KeyCode::Up, Go(Up))],
        label: "link",
        help: "select a link",
    },
    Binding {
        contexts: NETWORK,
        shown: "hl ←→",
        keys: &[
            (key('h'), PreviousChip),
            (key('l'), NextChip),
            (KeyCode::Left, PreviousChip),
            (KeyCode::Right, NextChip),
        ],
        label: "chip",
        help: "select a chip",
    },
    Binding {
        contexts: NETWORK,
        shown: "Enter",
        keys: &[(KeyCode::Enter, Open)],
        label: "open",
        help: "open the selected chip",
    },
    Binding {
        contexts: TIMELINE,
        shown: "jk ↓↑",
        keys: &[(key('j'), Go(Down)), (key('k'), Go(Up)), (KeyCode::Down, Go(Down)), (KeyCode::Up, Go(Up))],
        label: "event",
        help: "select an event",
    },
    Binding {
        contexts: TIMELINE,
        shown: "f",
        keys: &[(key('f'), Kind)],
        label: "kind",
        help: "show the next kind of events only",
    },
    Binding {
        contexts: TIMELINE,
        shown: "Enter",
        keys: &[(KeyCode::Enter, Open)],
        label: "go there",
        help: "go to the time of the selected event",
    },
    Binding {
        contexts: LISTS,
        shown: "g G",
        keys: &[
            (key('g'), Go(First)),
            (key('G'), Go(Last)),
            (KeyCode::Home, Go(First)),
            (KeyCode::End, Go(Last)),
        ],
        label: "",
        help: "the first, the last (Home and End too)",
    },
    Binding {
        contexts: LISTS,
        shown: "PgUp PgDn",
        keys: &[(KeyCode::PageUp, Go(PageUp)), (KeyCode::PageDown, Go(PageDown))],
        label: "",
        help: "a page up or down",
    },
    Binding {
        contexts: PANELS,
        shown: "x",
        keys: &[(key('x'), Faults)],
        label: "fault",
        help: "break or repair the selected chip or event's chip, or its link",
    },
    Binding {
        contexts: PANELS,
        shown: "Space",
        keys: &[(key(' '), Pause)],
        label: "pause",
        help: "pause or resume",
    },
    Binding {
        contexts: PANELS,
        shown: ".",
        keys: &[(key('.'), Step)],
        label: "step",
        help: "run to the next event and pause",
    },
    Binding {
        contexts: PANELS,
        shown: "+ -",
        keys: &[(key('+'), Faster), (key('='), Faster), (key('-'), Slower)],
        label: "speed",
        help: "faster, slower",
    },
    Binding {
        contexts: PANELS,
        shown: "t",
        keys: &[(key('t'), AskTime)],
        label: "time",
        help: "go to a time: 90, 1:30, +5m, -10s",
    },
    Binding {
        contexts: PANELS,
        shown: "1-4",
        keys: &[
            (key('1'), Show(Panel::Fleet)),
            (key('2'), Show(Panel::Chip)),
            (key('3'), Show(Panel::Network)),
            (key('4'), Show(Panel::Timeline)),
        ],
        label: "",
        help: "the four panels",
    },
    Binding {
        contexts: PANELS,
        shown: "Esc",
        keys: &[(KeyCode::Esc, Back)],
        label: "",
        help: "stop a jump; back to the fleet; there undo the filter",
    },
    Binding { contexts: PANELS, shown: "?", keys: &[(key('?'), Help)], label: "help", help: "these keys" },
    Binding {
        contexts: PANELS,
        shown: "q",
        keys: &[(key('q'), Quit)],
        label: "quit",
        help: "leave (Ctrl-C too, with exit code 130)",
    },
    Binding {
        contexts: TEXT,
        shown: "Enter",
        keys: &[(KeyCode::Enter, Accept)],
        label: "take",
        help: "take what was typed",
    },
    Binding {
        contexts: TEXT,
        shown: "Esc",
        keys: &[(KeyCode::Esc, Back)],
        label: "leave",
        help: "leave without taking it",
    },
    Binding {
        contexts: &[Context::Console],
        shown: "↑↓",
        keys: &[(KeyCode::Up, Go(Up)), (KeyCode::Down, Go(Down))],
        label: "lines before",
        help: "lines typed before",
    },
    Binding {
        contexts: &[Context::Console],
        shown: "PgUp PgDn",
        keys: &[(KeyCode::PageUp, Go(PageUp)), (KeyCode::PageDown, Go(PageDown))],
        label: "",
        help: "scroll what the console said",
    },
    Binding {
        contexts: TEXT,
        shown: "←→",
        keys: &[
            (KeyCode::Left, Go(Left)),
            (KeyCode::Right, Go(Right)),
            (KeyCode::Home, Go(First)),
            (KeyCode::End, Go(Last)),
        ],
        label: "",
        help: "move the cursor (Home and End too)",
    },
    Binding {
        contexts: TEXT,
        shown: "Backspace",
        keys: &[(KeyCode::Backspace, Erase)],
        label: "",
        help: "delete a character",
    },
    Binding {
        contexts: TEXT,
        shown: "Ctrl-U",
        keys: &[(KeyCode::Null, EraseAll)],
        label: "empty",
        help: "delete all of it",
    },
    Binding {
        contexts: &[Context::Menu],
        shown: "jk ↓↑",
        keys: &[(key('j'), Go(Down)), (key('k'), Go(Up)), (KeyCode::Down, Go(Down)), (KeyCode::Up, Go(Up))],
        label: "select",
        help: "select a fault",
    },
    Binding {
        contexts: &[Context::Menu],
        shown: "Enter",
        keys: &[(KeyCode::Enter, Accept)],
        label: "do it",
        help: "inject it",
    },
    Binding {
        contexts: &[Context::Menu],
        shown: "Esc",
        keys: &[(KeyCode::Esc, Back), (key('x'), Back), (key('q'), Back)],
        label: "leave",
        help: "close the menu",
    },
    Binding {
        contexts: &[Context::Help],
        shown: "jk ↓↑",
        keys: &[(key('j'), Go(Down)), (key('k'), Go(Up)), (KeyCode::Down, Go(Down)), (KeyCode::Up, Go(Up))],
        label: "scroll",
        help: "scroll",
    },
    Binding {
        contexts: &[Context::Help],
        shown: "PgUp PgDn",
        keys: &[(KeyCode::PageUp, Go(PageUp)), (KeyCode::PageDown, Go(PageDown))],
        label: "page",
        help: "a page up or down",
    },
    Binding {
        contexts: &[Context::Help],
        shown: "g G",
        keys: &[
            (key('g'), Go(First)),
            (key('G'), Go(Last)),
            (KeyCode::Home, Go(First)),
            (KeyCode::End, Go(Last)),
        ],
        label: "",
        help: "the beginning, the end (Home and End too)",
    },
    Binding {
        contexts: &[Context::Help],
        shown: "Esc",
        keys: &[(KeyCode::Esc, Back), (key('?'), Back), (key('q'), Back)],
        label: "close",
        help: "close the help",
    },
];

/// The rows of the table that count in a context, in their order.
pub fn bindings(context: Context) -> impl Iterator<Item = &'static Binding> {
    TABLE.iter().filter(move |binding| binding.contexts.contains(&context))
}

/// Can a source do what this row is for?
pub fn is_possible(binding: &Binding, abilities: Abilities) -> bool {
    binding.keys.iter().all(|(_, action)| match action {
        Faults => abilities.faults,
        Type => abilities.console,
        Pause | Step | Faster | Slower | AskTime => abilities.pace,
        Open if binding.contexts == TIMELINE => abilities.pace,
        _ => true,
    })
}

/// What a key does in a context.
pub fn action(context: Context, key: KeyEvent) -> Option<Action> {
    // Some systems report a letter of the third level as one with both modifiers.
    let control = key.modifiers.contains(KeyModifiers::CONTROL) && !key.modifiers.contains(KeyModifiers::ALT);
    let code = match key.code {
        KeyCode::Char('c' | 'C') if control => return Some(Interrupt),
        // The table has no modifiers: this one key stands for Ctrl-U.
        KeyCode::Char('u' | 'U') if control => KeyCode::Null,
        KeyCode::Char(_) if control => return None,
        code => code,
    };
    let found = bindings(context)
        .flat_map(|binding| binding.keys)
        .find(|(bound, _)| *bound == code)
        .map(|pair| pair.1);
    match (found, code) {
        (None, KeyCode::Char(letter)) if context.takes_text() && !letter.is_control() => {
            Some(Character(letter))
        }
        (found, _) => found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_means_two_things_in_one_context() {
        for context in Context::ALL {
            let keys: Vec<KeyCode> =
                bindings(context).flat_map(|binding| binding.keys).map(|(code, _)| *code).collect();
            for (position, code) in keys.iter().enumerate() {
                assert!(!keys[..position].contains(code), "{code:?} twice in {context:?}");
            }
            assert!(keys.contains(&KeyCode::Esc), "no way out of {context:?}");
        }
    }

    #[test]
    fn letters_are_text_where_one_types_and_keys_elsewhere() {
        let press = |context, code| action(context, KeyEvent::new(code, KeyModifiers::NONE));
        assert_eq!(press(Context::Panel(Panel::Fleet), key('q')), Some(Quit));
        assert_eq!(press(Context::Console, key('q')), Some(Character('q')));
        assert_eq!(press(Context::Menu, key('w')), None);
        let control = KeyEvent::new(key('c'), KeyModifiers::CONTROL);
        assert!(Context::ALL.into_iter().all(|context| action(context, control) == Some(Interrupt)));
    }
}
