//! Ten drawings a second of 250 chips cost less than a quarter of a core.

use super::demonstration::{events, field, seen, update};
use crate::tui::action::{Action, Panel};
use crate::tui::panel;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use std::time::{Duration, Instant};

#[test]
fn a_drawing_of_250_chips_is_quick() {
    let mut app = seen((160, 50), 60, |tenth| field(250, tenth));
    let views: Vec<_> = (61..81).map(|tenth| (field(250, tenth), events(tenth - 1, tenth))).collect();
    let mut terminal = Terminal::new(TestBackend::new(160, 50)).unwrap();
    for panel in [Panel::Fleet, Panel::Network, Panel::Timeline] {
        app.update(Action::Show(panel));
        // Whatever else runs on this machine, the least of them is what it costs.
        let least = views.iter().map(|(view, events)| {
            let begun = Instant::now();
            app.receive(update(view.clone(), events.clone()));
            terminal.draw(|frame| panel::draw(frame, &app)).unwrap();
            begun.elapsed()
        });
        let least = least.min().unwrap();
        println!("{panel:?}: {:.2} ms a drawing, measured", least.as_secs_f64() * 1e3);
        assert!(least < Duration::from_millis(25), "{panel:?} takes {least:?}");
    }
}
