//! The menu of faults.

use super::{framed, window};
use crate::tui::fault::Entry;
use crate::tui::text::{fit, padded};
use crate::tui::theme::{Theme, Tone};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Clear, Paragraph};

const COLUMNS: u16 = 56;

/// Draws it over the panel: each target once, with what can happen to it.
pub fn draw(frame: &mut Frame<'_>, area: Rect, theme: Theme, entries: &[Entry], selected: usize) {
    let mut lines = Vec::new();
    let mut chosen = 0;
    let mut target = "";
    for (index, entry) in entries.iter().enumerate() {
        if entry.target != target {
            target = &entry.target;
            lines.push(Line::styled(fit(&format!(" {target}"), 52), theme.style(Tone::Strong)));
        }
        let mark = if index == selected { "▸" } else { " " };
        let line = Line::raw(padded(&format!("  {mark} {}", entry.text), 54));
        if index == selected {
            chosen = lines.len();
        }
        lines.push(if index == selected { line.style(theme.bar()) } else { line });
    }
    let popup = window(area, COLUMNS, u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2));
    let first = (chosen + 1).saturating_sub(usize::from(popup.height.saturating_sub(2)));
    frame.render_widget(Clear, popup);
    let shown: Vec<_> = lines.into_iter().skip(first).collect();
    frame.render_widget(Paragraph::new(shown).block(framed("Fault", theme)), popup);
}
