//! Every key of the table does something that can be seen.

use super::demonstration::{detail, field, house, seen, update};
use super::drawn;
use crate::tui::action::{Action, Direction, Panel};
use crate::tui::app::{App, Leaving, Mode};
use crate::tui::keymap::{Context, action, bindings};
use crate::tui::source::Pace;
use crate::tui::source::worker::Command;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ruvllm_esp_core::units::Micros;
use ruvllm_esp_sim::fleet::Fault;

fn press(app: &mut App, code: KeyCode) {
    let key = match code {
        KeyCode::Null => KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL),
        code => KeyEvent::new(code, KeyModifiers::NONE),
    };
    if let Some(action) = action(app.context(), key) {
        app.update(action);
    }
}

fn type_text(app: &mut App, text: &str) {
    text.chars().for_each(|letter| press(app, KeyCode::Char(letter)));
}

/// A display in the midst of everything, so that every key has somewhere to go.
fn amid(context: Context, event: usize) -> App {
    let mut app = seen((80, 24), 573, |tenth| field(250, tenth));
    app.roster.select(117);
    app.link = 1;
    app.event = event;
    app.detail = Some((117, detail(2)));
    app.roster.filter.set("node");
    app.roster.arrange(&app.view);
    app.console.set("before");
    app.console.take();
    match context {
        Context::Panel(panel) => {
            app.panel = panel;
            app.section = crate::tui::app::Section::Messages;
            app.scroll = 1;
        }
        Context::Console => {
            app.panel = Panel::Chip;
            app.update(Action::Type);
            type_text(&mut app, "stats");
            press(&mut app, KeyCode::Left);
        }
        Context::Filter => {
            app.update(Action::Filter);
            press(&mut app, KeyCode::Left);
        }
        Context::Time => {
            app.update(Action::AskTime);
            type_text(&mut app, "1:30");
            press(&mut app, KeyCode::Left);
        }
        Context::Menu => {
            app.update(Action::Faults);
            press(&mut app, KeyCode::Down);
        }
        Context::Help => {
            app.update(Action::Help);
            press(&mut app, KeyCode::Down);
        }
    }
    app
}

#[test]
fn every_key_does_something_visible() {
    for context in Context::ALL {
        for (code, wanted) in bindings(context).flat_map(|binding| binding.keys) {
            let mut app = amid(context, 5);
            let before = drawn(&app);
            assert_eq!(app.context(), context, "the test does not reach {context:?}");
            match (context, wanted) {
                // A panel that is shown already, shown again; the console recalls downwards only what it recalled upwards.
                (Context::Panel(shown), Action::Show(panel)) if shown == *panel => continue,
                (Context::Console, Action::Go(Direction::Down)) => {
                    press(&mut app, KeyCode::Up);
                    let recalled = drawn(&app);
                    press(&mut app, *code);
                    assert_ne!(drawn(&app), recalled);
                    continue;
                }
                // There is nothing more to scroll to.
                (Context::Panel(Panel::Chip), Action::Go(Direction::Down | Direction::PageDown)) => {
                    app.scroll = 0;
                }
                _ => {}
            }
            let before = if app.scroll == 0 { drawn(&app) } else { before };
            press(&mut app, *code);
            let left = app.leaving.is_some();
            assert!(
                left || drawn_with_cursor(&app) != before || cursor_moves(*wanted),
                "{code:?} in {context:?} shows nothing:\n{before}"
            );
        }
    }
}

fn drawn_with_cursor(app: &App) -> String {
    drawn(app)
}

/// The cursor is a matter of style, which the text of a drawing does not have.
fn cursor_moves(wanted: Action) -> bool {
    matches!(wanted, Action::Go(Direction::Left | Direction::Right | Direction::First | Direction::Last))
}

#[test]
fn the_cursor_moves_where_it_is_told() {
    for context in [Context::Console, Context::Filter, Context::Time] {
        for code in [KeyCode::Left, KeyCode::Right, KeyCode::Home, KeyCode::End] {
            let mut app = amid(context, 5);
            let halves = |app: &App| match &app.mode {
                Mode::Console => app.console.halves().0.len(),
                Mode::Filter => app.roster.filter.halves().0.len(),
                Mode::Time(prompt) => prompt.halves().0.len(),
                other => panic!("{other:?}"),
            };
            let before = halves(&app);
            press(&mut app, code);
            assert_ne!(halves(&app), before, "{code:?} in {context:?}");
        }
    }
}

#[test]
fn time_is_paused_stepped_sped_up_and_gone_to() {
    let mut app = seen((80, 24), 573, house);
    type_text(&mut app, " .+t1:30");
    press(&mut app, KeyCode::Enter);
    type_text(&mut app, "t-10s");
    press(&mut app, KeyCode::Enter);
    let paused = Pace { paused: true, permille: 1000 };
    let faster = Pace { paused: true, permille: 2000 };
    let expected = [
        Command::Pace(paused),
        Command::Step,
        Command::Pace(faster),
        Command::Pace(faster),
        Command::Jump(Micros(90_000_000)),
        Command::Pace(faster),
        Command::Jump(Micros(47_300_000)),
    ];
    assert_eq!(app.take_commands(), expected);
    assert!(drawn(&app).contains("‖ paused"), "{}", drawn(&app));
    type_text(&mut app, "tsoon");
    press(&mut app, KeyCode::Enter);
    assert!(app.take_commands().is_empty() && drawn(&app).contains("`soon` is no time"));
}

#[test]
fn a_fault_reaches_the_selected_chip_or_link() {
    let mut app = seen((80, 24), 573, house);
    app.roster.select(2);
    type_text(&mut app, "xj");
    press(&mut app, KeyCode::Enter);
    // In the drawing of the links the selected link comes first; this one is cut already.
    type_text(&mut app, "3jx");
    press(&mut app, KeyCode::Enter);
    let expected = [Fault::Crash { chip: 2 }, Fault::Mend { link: 1 }].map(Command::Inject);
    assert_eq!(app.take_commands(), expected);
}

#[test]
fn lines_typed_at_a_console_reach_that_chip() {
    let mut app = seen((80, 24), 573, house);
    app.roster.select(2);
    press(&mut app, KeyCode::Enter);
    assert_eq!(app.take_commands(), [Command::Watch(Some(2))]);
    type_text(&mut app, "iquit");
    press(&mut app, KeyCode::Enter);
    assert_eq!((app.take_commands(), app.leaving), (vec![Command::Type(2, "quit".into())], None));
    press(&mut app, KeyCode::Esc);
    type_text(&mut app, "q");
    assert_eq!(app.leaving, Some(Leaving::Quit));
}

#[test]
fn what_a_source_cannot_do_is_refused_in_words() {
    let mut app = seen((80, 24), 573, house);
    app.abilities = Default::default();
    for (keys, words) in [(" ", "real chips"), ("x", "nothing can be broken"), ("2i", "nobody hears")] {
        type_text(&mut app, keys);
        assert!(drawn(&app).contains(words), "{}", drawn(&app));
    }
    assert!(!app.take_commands().iter().any(|command| !matches!(command, Command::Watch(_))));
}

#[test]
fn looking_at_the_past_is_not_disturbed_by_what_happens() {
    let mut app = seen((80, 24), 300, house);
    app.update(Action::Show(Panel::Timeline));
    (0..7).for_each(|_| press(&mut app, KeyCode::Up));
    let looked_at = |app: &App| app.shown_events().nth(app.event).cloned();
    let before = looked_at(&app);
    app.receive(update(house(400), super::demonstration::events(300, 400)));
    assert_eq!(looked_at(&app), before);
    // Time turned back: nothing of it has happened.
    let rewound = crate::tui::source::worker::Update { rewound: true, ..update(house(10), vec![]) };
    app.receive(rewound);
    assert_eq!((app.events.len(), app.event), (0, 0));
}
