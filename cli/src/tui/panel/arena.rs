//! What an arena holds, byte by byte: one bar, and the list of its parts.

use crate::quantity::count;
use crate::tui::app::App;
use crate::tui::text::{padded, padded_left};
use crate::tui::theme::{Theme, Tone, filling};
use ratatui::text::{Line, Span};
use ruvllm_esp_sim::fleet::view::{ChipDetail, ChipView};

/// The arena as one bar: each part with its own filling, free bytes as dots.
pub fn bar(theme: Theme, chip: &ChipView, detail: &ChipDetail, room: usize) -> Line<'static> {
    if chip.arena == 0 || room == 0 {
        return Line::styled("arena not known yet", theme.style(Tone::Faint));
    }
    let mut spans = Vec::new();
    let mut drawn = 0;
    for (cells, number) in cells(chip, detail, room) {
        spans.push(Span::styled(filling(number).to_string().repeat(cells), theme.style(Tone::Part(number))));
        drawn += cells;
    }
    spans.push(Span::styled("·".repeat(room.saturating_sub(drawn)), theme.style(Tone::Faint)));
    Line::from(spans)
}

/// The cells of each part in a bar, and the number of its filling: only parts that are seen use one up.
fn cells(chip: &ChipView, detail: &ChipDetail, room: usize) -> Vec<(usize, usize)> {
    let whole = u64::from(chip.arena).max(1);
    let (mut bytes, mut drawn, mut next) = (0u64, 0usize, 0usize);
    let cell = |(_, size): &(String, u32)| {
        bytes += u64::from(*size);
        // The end of each part is rounded, not its length: the bar ends where the sum does.
        let end = usize::try_from(bytes.min(whole) * room as u64 / whole).unwrap_or(room).min(room);
        let cells = end.saturating_sub(drawn);
        drawn += cells;
        let number = next;
        next += usize::from(cells > 0);
        (cells, number)
    };
    detail.parts.iter().map(cell).collect()
}

/// The parts, in the order in which they lie, and what is free; with the filling that each has in a bar of `bar` cells.
pub fn list(app: &App, chip: &ChipView, detail: &ChipDetail, room: usize, bar: usize) -> Vec<Line<'static>> {
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
    let parts = detail.parts.iter().zip(cells(chip, detail, bar));
    let mut lines: Vec<_> = parts
        .map(|((name, bytes), (cells, number))| {
            // What is too small for the bar has no swatch.
            let swatch = if cells > 0 { filling(number) } else { ' ' };
            row(swatch, Tone::Part(number), name, u64::from(*bytes))
        })
        .collect();
    lines.push(row('·', Tone::Faint, "free", u64::from(chip.arena).saturating_sub(used)));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_in_the_bar_differ_however_small_the_parts_between_them() {
        let chip = ChipView { arena: 1_000, ..ChipView::default() };
        let parts = [300, 1, 1, 1, 300, 1, 300].map(|bytes| (String::new(), bytes)).to_vec();
        let detail = ChipDetail { parts, ..ChipDetail::default() };
        let text = bar(Theme { colour: false }, &chip, &detail, 20).to_string();
        assert_eq!(text, "██████▒▒▒▒▒▒▓▓▓▓▓▓··");
    }
}
