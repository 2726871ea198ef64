//! Every panel in two sizes, as text in `cli/tests/tui`: `BLESS=1 cargo test -p ruvllm-esp tui` writes it again.

use super::demonstration::{detail, field, house, seen, update};
use super::drawn;
use crate::tui::action::{Action, Direction, Panel};
use crate::tui::app::{App, Section};
use crate::tui::source::FleetSource;
use crate::tui::source::live::Live;
use crate::tui::theme::Theme;
use ruvllm_esp_core::units::Micros;
use std::path::{Path, PathBuf};
use std::time::Duration;

const SIZES: [(u16, u16); 2] = [(80, 24), (160, 50)];

/// Where the pictures are.
pub fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tui").join(format!("{name}.txt"))
}

fn compare(name: &str, app: &App) {
    let (path, shown) = (golden(name), drawn(app));
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &shown).unwrap();
    }
    // A checkout may have turned the line ends.
    let expected = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    assert!(shown == expected, "{} differs; BLESS=1 rewrites it. Now:\n{shown}", path.display());
}

fn each_size(name: &str, make: impl Fn((u16, u16)) -> App) {
    for size in SIZES {
        compare(&format!("{name}-{}x{}", size.0, size.1), &make(size));
    }
}

fn house_at(size: (u16, u16), panel: Panel, chip: usize) -> App {
    let mut app = seen(size, 573, house);
    app.roster.select(chip);
    app.update(Action::Show(panel));
    app.detail = Some((chip, detail(chip)));
    app
}

#[test]
fn fleet() {
    each_size("fleet", |size| house_at(size, Panel::Fleet, 2));
    each_size("fleet-many", |size| {
        let mut app = seen(size, 60, |tenth| field(250, tenth));
        app.roster.select(117);
        app
    });
    each_size("fleet-rows", |size| {
        let mut app = seen(size, 60, |tenth| field(250, tenth));
        [Action::Sort; 6]
            .into_iter()
            .chain([Action::Density, Action::Go(Direction::Down)])
            .for_each(|action| app.update(action));
        app
    });
}

#[test]
fn chip() {
    each_size("chip-sentinel", |size| house_at(size, Panel::Chip, 2));
    each_size("chip-indexer", |size| house_at(size, Panel::Chip, 0));
    each_size("chip-archivist", |size| house_at(size, Panel::Chip, 3));
    for (turns, name) in [(1, "arena"), (2, "work"), (3, "messages"), (4, "counters")] {
        let mut app = house_at(SIZES[0], Panel::Chip, 2);
        (0..turns).for_each(|_| app.update(Action::NextSection));
        compare(&format!("chip-{name}-80x24"), &app);
    }
    each_size("chip-console", |size| {
        let mut app = house_at(size, Panel::Chip, 2);
        app.update(Action::Type);
        "sample 2.7 51 8.4".chars().for_each(|letter| app.update(Action::Character(letter)));
        app
    });
}

#[test]
fn network() {
    each_size("network", |size| house_at(size, Panel::Network, 2));
    each_size("network-many", |size| {
        let mut app = seen(size, 60, |tenth| field(250, tenth));
        app.roster.select(117);
        app.update(Action::Show(Panel::Network));
        app
    });
}

#[test]
fn timeline() {
    each_size("timeline", |size| house_at(size, Panel::Timeline, 2));
    let mut app = house_at(SIZES[0], Panel::Timeline, 2);
    (0..30).for_each(|_| app.update(Action::Go(Direction::Up)));
    compare("timeline-past-80x24", &app);
}

#[test]
fn windows_over_the_panels() {
    each_size("help", |size| {
        let mut app = house_at(size, Panel::Fleet, 2);
        app.update(Action::Help);
        app
    });
    each_size("faults", |size| {
        let mut app = house_at(size, Panel::Fleet, 2);
        app.update(Action::Faults);
        app.update(Action::Go(Direction::Down));
        app
    });
    let mut app = house_at(SIZES[0], Panel::Fleet, 2);
    app.update(Action::Filter);
    "anomaly".chars().for_each(|letter| app.update(Action::Character(letter)));
    compare("filter-80x24", &app);
}

/// The house that comes with the program, three quarters of a minute after it got power: not made up.
#[test]
fn house_alive() {
    let mut live = Live::new(crate::command::tui::house().unwrap()).unwrap();
    let mut app = App::of(live.title(), live.abilities(), Theme { colour: true }, SIZES[0]);
    for tenth in 1..=458 {
        let to = Micros(tenth * 100_000);
        while live.now() < to {
            live.run_until(to, Duration::from_secs(1)).unwrap();
        }
        let events = live.events();
        app.receive(update(live.view(), events));
        // The boiler's level has shifted.
        if tenth == 300 {
            app.roster.select(4);
            app.detail = Some((4, live.detail(4)));
            app.update(Action::Show(Panel::Chip));
            compare("house-chip-80x24", &app);
        }
    }
    for (panel, chip, name) in
        [(Panel::Fleet, 4, "fleet"), (Panel::Network, 0, "network"), (Panel::Timeline, 0, "timeline")]
    {
        app.roster.select(chip);
        app.detail = Some((chip, live.detail(chip)));
        app.update(Action::Show(panel));
        compare(&format!("house-{name}-80x24"), &app);
    }
    app.update(Action::Show(Panel::Chip));
    (app.section, app.detail) = (Section::Arena, Some((3, live.detail(3))));
    app.roster.select(3);
    compare("house-arena-80x24", &app);
    app.update(Action::Show(Panel::Fleet));
    app.update(Action::Faults);
    compare("house-faults-80x24", &app);
}

#[test]
fn a_terminal_that_is_too_small_says_so() {
    compare("small-40x10", &house_at((40, 10), Panel::Fleet, 2));
    // And the smallest that is not draws every panel without a fault.
    for panel in Panel::ALL {
        let text = drawn(&house_at((60, 16), panel, 2));
        assert!(text.contains(panel.name()) && text.contains("quit"), "{text}");
    }
    // No size breaks it.
    for (columns, rows) in (1..30).map(|step| (step * 7, step * 3)) {
        for panel in Panel::ALL {
            drawn(&house_at((columns, rows), panel, 2));
        }
    }
}

#[test]
fn without_colour_nothing_is_lost() {
    for panel in Panel::ALL {
        let mut app = house_at(SIZES[0], panel, 2);
        let coloured = drawn(&app);
        app.theme = Theme { colour: false };
        assert_eq!(drawn(&app), coloured);
        let mut terminal = ratatui::Terminal::new(ratatui::backend::TestBackend::new(80, 24)).unwrap();
        terminal.draw(|frame| crate::tui::panel::draw(frame, &app)).unwrap();
        let colours = terminal.backend().buffer().content.iter().filter(|cell| {
            cell.fg != ratatui::style::Color::Reset || cell.bg != ratatui::style::Color::Reset
        });
        assert_eq!(colours.count(), 0, "{panel:?} has colours all the same");
    }
}
