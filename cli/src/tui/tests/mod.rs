//! The display as it looks and behaves.

pub mod demonstration;
mod document;
mod input;
mod looks;
mod speed;

use super::app::App;
use super::panel;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

/// What is drawn, as text; spaces at the ends of lines left out.
fn drawn(app: &App) -> String {
    let mut terminal = Terminal::new(TestBackend::new(app.size.0, app.size.1)).unwrap();
    terminal.draw(|frame| panel::draw(frame, app)).unwrap();
    let buffer = terminal.backend().buffer();
    let mut text = String::new();
    for row in 0..app.size.1 {
        let mut line = String::new();
        let mut skip = 0;
        for column in 0..app.size.0 {
            // The second half of a wide letter is a cell of its own.
            if skip > 0 {
                skip -= 1;
                continue;
            }
            let symbol = buffer[(column, row)].symbol();
            skip = super::text::width(symbol).saturating_sub(1);
            line += symbol;
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}
