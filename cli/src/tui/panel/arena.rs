//! What an arena holds, byte by byte: one bar, and the list of its parts.

use crate::quantity::count;
use crate::tui::app::App;
use crate::tui::text::{padded, padded_left};
use crate::tui::theme::{Theme, Tone, filling};
use ratatui::text::{Line, Span};
use ruvllm_esp_sim::fleet::view::{ChipDetail, ChipView};

/// The arena as one bar: each part with its own filling, free bytes as dots.
pub fn bar(theme: Theme, chip: &ChipView, detail: &ChipDetail, room: usize) -> Line<'static> {
    let whole = u64::from(chip.arena);
    if whole == 0 || room == 0 {
        return Line::styled("arena not known yet", theme.style(Tone::Faint));
    }
    let mut spans = Vec::new();
    let (mut bytes, mut drawn) = (0u64, 0usize);
    for (place, (_, size)) in detail.parts.iter().enumerate() {
        bytes += u64::from(*size);
        // The end of each part is rounded, not its length: the bar ends where the sum does.
        let end = usize::try_from(bytes.min(whole) * room as u64 / whole).unwrap_or(room).min(room);
        let cells = end.saturating_sub(drawn);
        spans.push(Span::styled(filling(place).to_string().repeat(cells), theme.style(Tone::Part(place))));
        drawn += cells;
    }
    spans.push(Span::styled("·".repeat(room - drawn), theme.style(Tone::Faint)));
    Line::from(spans)
}

/// The parts, in the order in which they lie, and what is free.
pub fn list(app: &App, chip: &ChipView, detail: &ChipDetail, room: usize) -> Vec<Line<'static>> {
    let used: u64 = detail.parts.iter().map(|(_, bytes)| u64::from(*bytes)).sum();
    let name_room = room.saturating_sub(3 + 10 + 2 + 7);
    let row = |swatch: char, tone, name: &str, bytes: u64| {
        let share = (bytes * 1000).checked_div(u64::from(chip.arena)).unwrap_or(0);
        Line::from(vec![
            Span::styled(format!(" {swatch} "), app.theme.style(tone)),
            Span::raw(padded(name, name_room)),
            Span::raw(format!("{} B", padded_left(&count(bytes), 10))),
            Span::styled(
                padded_left(&format!("{}.{}%", share / 10, share % 10), 7),
                app.theme.style(Tone::Faint),
            ),
        ])
    };
    let parts = detail.parts.iter().enumerate();
    let mut lines: Vec<_> = parts
        .map(|(place, (name, bytes))| row(filling(place), Tone::Part(place), name, u64::from(*bytes)))
        .collect();
    lines.push(row('·', Tone::Faint, "free", u64::from(chip.arena).saturating_sub(used)));
    lines
}
