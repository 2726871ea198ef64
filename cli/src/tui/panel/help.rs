//! The help: every row of the table of keys, those of the panel first.

use super::{AROUND, framed, window};
use crate::tui::action::Panel;
use crate::tui::app::App;
use crate::tui::keymap::{Context, Row};
use crate::tui::text::{fit, padded};
use crate::tui::theme::Tone;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Paragraph};

const COLUMNS: u16 = 76;

/// Draws it over the panel.
pub fn draw(frame: &mut Frame<'_>, area: Rect, app: &App, first: usize) {
    let lines = lines(app);
    let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2);
    // A rim too narrow to show anything is covered.
    let popup = window(area, if area.width < 100 { area.width } else { COLUMNS }, rows);
    let hidden = lines.len().saturating_sub(first + usize::from(popup.height.saturating_sub(2)));
    let mut block = framed("Keys", app.theme);
    if hidden > 0 {
        block = block.title_bottom(format!(" {hidden} more below "));
    }
    frame.render_widget(Clear, popup);
    frame
        .render_widget(Paragraph::new(lines.into_iter().skip(first).collect::<Vec<_>>()).block(block), popup);
}

/// The furthest that it can be scrolled.
pub fn last_line(app: &App) -> usize {
    lines(app).len().saturating_sub(page(app.size))
}

/// How many lines of it are seen in a terminal of this size.
pub fn page((_, rows): (u16, u16)) -> usize {
    usize::from(rows.saturating_sub(AROUND + 2)).max(1)
}

fn lines(app: &App) -> Vec<Line<'static>> {
    let here = Context::Panel(app.panel);
    let everywhere =
        |contexts: &[Context]| Panel::ALL.into_iter().all(|panel| contexts.contains(&Context::Panel(panel)));
    let mut lines = Vec::new();
    let mut group = |title: &str, rows: Vec<&Row>| {
        if !lines.is_empty() {
            lines.push(Line::default());
        }
        lines.push(Line::styled(format!(" {title}"), app.theme.style(Tone::Strong)));
        for row in rows {
            let keys =
                Span::styled(format!("   {}", padded(&row.shown, 11)), app.theme.style(Tone::Selected));
            lines.push(Line::from(vec![keys, Span::raw(fit(row.help, usize::from(COLUMNS) - 17))]));
        }
    };
    let own = |context: Context| {
        app.keymap.bindings(context).filter(|row| !everywhere(row.contexts)).collect::<Vec<_>>()
    };
    group(app.panel.name(), own(here));
    group("In every panel", app.keymap.rows.iter().filter(|row| everywhere(row.contexts)).collect());
    for panel in Panel::ALL.into_iter().filter(|panel| *panel != app.panel) {
        group(panel.name(), own(Context::Panel(panel)));
    }
    for context in [Context::Console, Context::Filter, Context::Time, Context::Menu, Context::Help] {
        group(context.name(), own(context));
    }
    lines
}
