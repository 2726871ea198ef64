//! The keys as they are where the configuration says nothing else: one row for keys that belong together.

use super::key::Key;
use super::{Binding, Context};
use crate::tui::action::Action::*;
use crate::tui::action::Direction::{Down, First, Last, Left, PageDown, PageUp, Right, Up};
use crate::tui::action::Panel;
use crossterm::event::KeyCode;

const FLEET: &[Context] = &[Context::Panel(Panel::Fleet)];
const CHIP: &[Context] = &[Context::Panel(Panel::Chip)];
const NETWORK: &[Context] = &[Context::Panel(Panel::Network)];
pub const TIMELINE: &[Context] = &[Context::Panel(Panel::Timeline)];
const PANELS: &[Context] = &[
    Context::Panel(Panel::Fleet),
    Context::Panel(Panel::Chip),
    Context::Panel(Panel::Network),
    Context::Panel(Panel::Timeline),
];
const LISTS: &[Context] = &[Context::Panel(Panel::Fleet), Context::Panel(Panel::Timeline)];
const TEXT: &[Context] = &[Context::Console, Context::Filter, Context::Time];

const fn key(letter: char) -> Key {
    Key::plain(KeyCode::Char(letter))
}

const fn code(code: KeyCode) -> Key {
    Key::plain(code)
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
            (code(KeyCode::Left), Go(Left)),
            (code(KeyCode::Down), Go(Down)),
            (code(KeyCode::Up), Go(Up)),
            (code(KeyCode::Right), Go(Right)),
        ],
        label: "",
        help: "select a chip",
    },
    Binding {
        contexts: FLEET,
        shown: "Enter",
        keys: &[(code(KeyCode::Enter), Open)],
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
        keys: &[(key('i'), Type), (code(KeyCode::Enter), Type)],
        label: "type",
        help: "type at the chip's console (Enter too)",
    },
    Binding {
        contexts: CHIP,
        shown: "Tab S-Tab",
        keys: &[(code(KeyCode::Tab), NextSection), (code(KeyCode::BackTab), PreviousSection)],
        label: "section",
        help: "the next section, the one before",
    },
    Binding {
        contexts: CHIP,
        shown: "hl ←→",
        keys: &[
            (key('h'), PreviousChip),
            (key('l'), NextChip),
            (code(KeyCode::Left), PreviousChip),
            (code(KeyCode::Right), NextChip),
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
            (code(KeyCode::Down), Go(Down)),
            (code(KeyCode::Up), Go(Up)),
            (code(KeyCode::PageDown), Go(PageDown)),
            (code(KeyCode::PageUp), Go(PageUp)),
        ],
        label: "",
        help: "scroll the section (PageUp and PageDown too)",
    },
    Binding {
        contexts: NETWORK,
        shown: "jk ↓↑",
        keys: &[
            (key('j'), Go(Down)),
            (key('k'), Go(Up)),
            (code(KeyCode::Down), Go(Down)),
            (code(KeyCode::Up), Go(Up)),
        ],
        label: "link",
        help: "select a link",
    },
    Binding {
        contexts: NETWORK,
        shown: "hl ←→",
        keys: &[
            (key('h'), PreviousChip),
            (key('l'), NextChip),
            (code(KeyCode::Left), PreviousChip),
            (code(KeyCode::Right), NextChip),
        ],
        label: "chip",
        help: "select a chip",
    },
    Binding {
        contexts: NETWORK,
        shown: "Enter",
        keys: &[(code(KeyCode::Enter), Open)],
        label: "open",
        help: "open the selected chip",
    },
    Binding {
        contexts: TIMELINE,
        shown: "jk ↓↑",
        keys: &[
            (key('j'), Go(Down)),
            (key('k'), Go(Up)),
            (code(KeyCode::Down), Go(Down)),
            (code(KeyCode::Up), Go(Up)),
        ],
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
        keys: &[(code(KeyCode::Enter), Open)],
        label: "go there",
        help: "go to the time of the selected event",
    },
    Binding {
        contexts: LISTS,
        shown: "g G",
        keys: &[
            (key('g'), Go(First)),
            (key('G'), Go(Last)),
            (code(KeyCode::Home), Go(First)),
            (code(KeyCode::End), Go(Last)),
        ],
        label: "",
        help: "the first, the last (Home and End too)",
    },
    Binding {
        contexts: LISTS,
        shown: "PgUp PgDn",
        keys: &[(code(KeyCode::PageUp), Go(PageUp)), (code(KeyCode::PageDown), Go(PageDown))],
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
        keys: &[(code(KeyCode::Esc), Back)],
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
        keys: &[(code(KeyCode::Enter), Accept)],
        label: "take",
        help: "take what was typed",
    },
    Binding {
        contexts: TEXT,
        shown: "Esc",
        keys: &[(code(KeyCode::Esc), Back)],
        label: "leave",
        help: "leave without taking it",
    },
    Binding {
        contexts: &[Context::Console],
        shown: "↑↓",
        keys: &[(code(KeyCode::Up), Go(Up)), (code(KeyCode::Down), Go(Down))],
        label: "lines before",
        help: "lines typed before",
    },
    Binding {
        contexts: &[Context::Console],
        shown: "PgUp PgDn",
        keys: &[(code(KeyCode::PageUp), Go(PageUp)), (code(KeyCode::PageDown), Go(PageDown))],
        label: "",
        help: "scroll what the console said",
    },
    Binding {
        contexts: TEXT,
        shown: "←→",
        keys: &[
            (code(KeyCode::Left), Go(Left)),
            (code(KeyCode::Right), Go(Right)),
            (code(KeyCode::Home), Go(First)),
            (code(KeyCode::End), Go(Last)),
        ],
        label: "",
        help: "move the cursor (Home and End too)",
    },
    Binding {
        contexts: TEXT,
        shown: "Backspace",
        keys: &[(code(KeyCode::Backspace), Erase)],
        label: "",
        help: "delete a character",
    },
    Binding {
        contexts: TEXT,
        shown: "Ctrl-U",
        keys: &[(Key::control('u'), EraseAll)],
        label: "empty",
        help: "delete all of it",
    },
    Binding {
        contexts: &[Context::Menu],
        shown: "jk ↓↑",
        keys: &[
            (key('j'), Go(Down)),
            (key('k'), Go(Up)),
            (code(KeyCode::Down), Go(Down)),
            (code(KeyCode::Up), Go(Up)),
        ],
        label: "select",
        help: "select a fault",
    },
    Binding {
        contexts: &[Context::Menu],
        shown: "Enter",
        keys: &[(code(KeyCode::Enter), Accept)],
        label: "do it",
        help: "inject it",
    },
    Binding {
        contexts: &[Context::Menu],
        shown: "Esc",
        keys: &[(code(KeyCode::Esc), Back), (key('x'), Back), (key('q'), Back)],
        label: "leave",
        help: "close the menu",
    },
    Binding {
        contexts: &[Context::Help],
        shown: "jk ↓↑",
        keys: &[
            (key('j'), Go(Down)),
            (key('k'), Go(Up)),
            (code(KeyCode::Down), Go(Down)),
            (code(KeyCode::Up), Go(Up)),
        ],
        label: "scroll",
        help: "scroll",
    },
    Binding {
        contexts: &[Context::Help],
        shown: "PgUp PgDn",
        keys: &[(code(KeyCode::PageUp), Go(PageUp)), (code(KeyCode::PageDown), Go(PageDown))],
        label: "page",
        help: "a page up or down",
    },
    Binding {
        contexts: &[Context::Help],
        shown: "g G",
        keys: &[
            (key('g'), Go(First)),
            (key('G'), Go(Last)),
            (code(KeyCode::Home), Go(First)),
            (code(KeyCode::End), Go(Last)),
        ],
        label: "",
        help: "the beginning, the end (Home and End too)",
    },
    Binding {
        contexts: &[Context::Help],
        shown: "Esc",
        keys: &[(code(KeyCode::Esc), Back), (key('?'), Back), (key('q'), Back)],
        label: "close",
        help: "close the help",
    },
];
