//! Every key of the table does something that can be seen.

use super::demonstration::{detail, field, house, seen, update};
use super::drawn;
use crate::tui::action::{Action, Direction, Panel};
use crate::tui::app::{App, Leaving, Mode};
use crate::tui::keymap::{Context, Keymap};
use crate::tui::source::worker::Command;
use crate::tui::source::{Abilities, Origin, Pace};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ruvllm_esp_core::units::Micros;
use ruvllm_esp_sim::fleet::Fault;
use ruvllm_esp_sim::fleet::view::{ChipState, EventKind, EventView};

fn press(app: &mut App, code: KeyCode) {
    strike(app, KeyEvent::new(code, KeyModifiers::NONE));
}

fn strike(app: &mut App, key: KeyEvent) {
    if let Some(action) = app.keymap.action(app.context(), key) {
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
        let keymap = Keymap::default();
        for (key, wanted) in keymap.bindings(context).flat_map(|row| &row.keys) {
            let mut app = amid(context, 5);
            let before = drawn(&app);
            assert_eq!(app.context(), context, "the test does not reach {context:?}");
            match (context, wanted) {
                // A panel that is shown already, shown again; the console recalls downwards only what it recalled upwards.
                (Context::Panel(shown), Action::Show(panel)) if shown == *panel => continue,
                (Context::Console, Action::Go(Direction::Down)) => {
                    press(&mut app, KeyCode::Up);
                    let recalled = drawn(&app);
                    strike(&mut app, key.event());
                    assert_ne!(drawn(&app), recalled);
                    continue;
                }
                // The console is scrolled down only where it was scrolled up.
                (Context::Console, Action::Go(Direction::PageDown)) => {
                    press(&mut app, KeyCode::PageUp);
                    let scrolled = drawn(&app);
                    strike(&mut app, key.event());
                    assert_ne!(drawn(&app), scrolled);
                    continue;
                }
                // There is nothing more to scroll to.
                (Context::Panel(Panel::Chip), Action::Go(Direction::Down | Direction::PageDown)) => {
                    app.scroll = 0;
                }
                _ => {}
            }
            let before = if app.scroll == 0 { drawn(&app) } else { before };
            strike(&mut app, key.event());
            let left = app.leaving.is_some();
            assert!(
                left || drawn_with_cursor(&app) != before || cursor_moves(*wanted),
                "{key:?} in {context:?} shows nothing:\n{before}"
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
fn the_cursor_moves_to_the_given_position() {
    for context in [Context::Console, Context::Filter, Context::Time] {
        for code in [KeyCode::Left, KeyCode::Right, KeyCode::Home, KeyCode::End] {
            let mut app = amid(context, 5);
            let halves = |app: &App| match &app.mode {
                Mode::Console => app.console.halves().0.len(),
                Mode::Filter(_) => app.roster.filter.halves().0.len(),
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
    assert!(drawn(&app).contains("» going"), "{}", drawn(&app));
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
    app.abilities = Abilities { origin: Origin::Ports, ..Abilities::default() };
    for (keys, words) in [(" ", "real chips"), ("x", "no fault injection"), ("2i", "takes no input")] {
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

#[test]
fn what_is_pasted_is_typed_only_where_text_is_taken() {
    let mut app = seen((80, 24), 573, house);
    app.paste("q1x\n");
    assert!(app.leaving.is_none() && matches!(app.mode, Mode::Browse));
    app.update(Action::Filter);
    app.paste("pump\r\nesp32");
    assert_eq!(app.roster.filter.text(), "pump esp32");
    press(&mut app, KeyCode::Esc);
    app.roster.select(2);
    type_text(&mut app, "2i");
    app.take_commands();
    app.paste("stats\r\nrole\nhalf\ta line");
    let lines = ["stats", "role"].map(|line| Command::Type(2, line.into()));
    assert_eq!((app.take_commands(), app.console.text()), (lines.to_vec(), "half a line"));
}

#[test]
fn a_line_for_a_chip_that_is_off_or_waits_for_time_says_so() {
    let mut app = seen((80, 24), 573, house);
    app.roster.select(2);
    type_text(&mut app, "2 istats");
    press(&mut app, KeyCode::Enter);
    let text = drawn(&app);
    assert!(text.contains("paused: the line") && text.contains("> stats  (once time goes on)"), "{text}");
    app.receive(update(house(574), vec![]));
    app.update(Action::Go(Direction::Left));
    assert!(!drawn(&app).contains("once time goes on"));
    press(&mut app, KeyCode::Esc);
    app.roster.select(4);
    app.take_commands();
    assert_eq!(app.view.chips[4].state, ChipState::Off);
    type_text(&mut app, "istats");
    press(&mut app, KeyCode::Enter);
    assert!(drawn(&app).contains("attic is off"), "{}", drawn(&app));
    assert!(!app.take_commands().iter().any(|command| matches!(command, Command::Type(..))));
}

#[test]
fn a_filter_that_hides_all_says_so_and_escape_keeps_the_one_before() {
    let mut app = seen((80, 24), 573, house);
    type_text(&mut app, "/pump");
    press(&mut app, KeyCode::Enter);
    type_text(&mut app, "/ nobody");
    press(&mut app, KeyCode::Enter);
    for keys in ["x", "\n", "2i", "3\n"] {
        keys.chars().for_each(|letter| match letter {
            '\n' => press(&mut app, KeyCode::Enter),
            letter => press(&mut app, KeyCode::Char(letter)),
        });
        let text = drawn(&app);
        assert!(text.contains("the filter hides every chip"), "{keys:?}: {text}");
    }
    let mut app = seen((80, 24), 573, house);
    type_text(&mut app, "/pump");
    press(&mut app, KeyCode::Enter);
    type_text(&mut app, "/s");
    press(&mut app, KeyCode::Esc);
    assert_eq!(app.roster.filter.text(), "pump");
}

#[test]
fn a_jump_is_shown_until_it_has_arrived_and_escape_stops_it() {
    let mut app = seen((80, 24), 300, house);
    type_text(&mut app, "t45");
    press(&mut app, KeyCode::Enter);
    assert!(drawn(&app).contains("going to 00:00:45.000"));
    app.receive(update(house(450), vec![]));
    assert!(!drawn(&app).contains("going to"), "{}", drawn(&app));
    app.take_commands();
    type_text(&mut app, "t+1h");
    press(&mut app, KeyCode::Enter);
    press(&mut app, KeyCode::Esc);
    let paused = Pace { paused: true, permille: 1000 };
    assert_eq!(app.take_commands().last(), Some(&Command::Pace(paused)));
    assert!(drawn(&app).contains("stopped on the way") && !drawn(&app).contains("going"));
}

#[test]
fn keys_that_can_do_nothing_are_not_offered() {
    let mut app = seen((160, 50), 573, house);
    app.abilities = Abilities { origin: Origin::Ports, console: true, ..Abilities::default() };
    app.update(Action::Show(Panel::Chip));
    let hints = |app: &App| drawn(app).lines().last().unwrap().to_string();
    let on_ports = hints(&app);
    assert!(
        on_ports.contains("type") && !on_ports.contains("fault") && !on_ports.contains("pause"),
        "{on_ports}"
    );
    app.abilities = Abilities { origin: Origin::Trace, pace: true, rewind: true, ..Abilities::default() };
    let on_trace = hints(&app);
    assert!(
        on_trace.contains("step") && !on_trace.contains("fault") && !on_trace.contains("type"),
        "{on_trace}"
    );
    type_text(&mut app, "x");
    assert!(drawn(&app).contains("a recording cannot be changed"));
}

#[test]
fn the_help_can_be_read_to_its_end() {
    for (columns, rows) in [(80, 24), (60, 16), (160, 50)] {
        let mut app = seen((columns, rows), 10, house);
        app.update(Action::Help);
        press(&mut app, KeyCode::Char('G'));
        let text = drawn(&app);
        assert!(text.contains("close the help") && !text.contains("more below"), "{text}");
        press(&mut app, KeyCode::PageUp);
        press(&mut app, KeyCode::Home);
        assert!(matches!(app.mode, Mode::Help(0)));
    }
}

#[test]
fn long_text_keeps_its_cursor_in_sight() {
    let mut app = seen((80, 24), 10, house);
    app.update(Action::Filter);
    type_text(&mut app, &"a long filter ".repeat(12));
    type_text(&mut app, "ends");
    let last = drawn(&app).lines().last().unwrap().to_string();
    assert!(last.contains("filter ends") && last.contains("Esc leave"), "{last}");
}

#[test]
fn what_is_no_longer_kept_is_reported_of() {
    let mut app = seen((80, 24), 10, house);
    let event = |at: u64| EventView {
        at: Micros(at),
        chip: Some(0),
        kind: EventKind::Item,
        text: format!("holds item {at}"),
    };
    app.update(Action::Show(Panel::Timeline));
    assert!(!drawn(&app).contains("the last"));
    app.receive(update(house(11), (0..20_050).map(event).collect()));
    let text = drawn(&app);
    assert!(
        text.contains("Events, the last 20,000") && text.contains("with the last 20,000 events"),
        "{text}"
    );
    type_text(&mut app, "g");
    assert!(drawn(&app).contains("the oldest of the 20,000 that are kept"), "{}", drawn(&app));
}

#[test]
fn the_timeline_shows_all_of_an_event_and_breaks_its_chip() {
    let mut app = seen((80, 24), 10, house);
    let text = format!("library has the answer {} and that is its end", "of many words ".repeat(5));
    let event = EventView { at: Micros(5), chip: Some(3), kind: EventKind::Question, text };
    app.receive(update(house(11), vec![event]));
    app.update(Action::Show(Panel::Timeline));
    let text = drawn(&app);
    assert!(text.contains("that is its end") && text.contains("x is about chip 4 study"), "{text}");
    type_text(&mut app, "x");
    press(&mut app, KeyCode::Enter);
    let cut = |command: &Command| matches!(command, Command::Inject(Fault::PowerCut { chip: 3, .. }));
    assert!(app.take_commands().iter().any(cut));
}

#[test]
fn what_a_source_does_not_tell_is_not_shown_as_nothing() {
    let mut app = seen((160, 50), 10, house);
    app.view.chips.iter_mut().for_each(|chip| chip.alarms = None);
    app.view.links.clear();
    app.view.latency.clear();
    app.detail = Some((0, Default::default()));
    let mut shown = |origin, panel| {
        app.abilities = Abilities { origin, ..Abilities::default() };
        app.update(Action::Show(panel));
        drawn(&app)
    };
    let fleet = shown(Origin::Ports, Panel::Fleet);
    assert!(fleet.contains("alarms not known") && !fleet.contains("! 0"), "{fleet}");
    let chip = shown(Origin::Ports, Panel::Chip);
    assert!(chip.contains("not available over a serial port") && !chip.contains("no work yet"), "{chip}");
    let network = shown(Origin::Ports, Panel::Network);
    assert!(network.matches("not available over a serial port").count() == 2, "{network}");
    let trace = shown(Origin::Trace, Panel::Chip);
    assert!(trace.contains("not recorded in a trace") && !trace.contains("no work yet"), "{trace}");
}
