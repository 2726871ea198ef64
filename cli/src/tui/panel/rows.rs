//! One row a chip: hundreds at a glance.

use crate::tui::app::App;
use crate::tui::panel::fleet::short_time;
use crate::tui::text::{curve, filled, padded, padded_left, width};
use crate::tui::theme::{self, Tone};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use ruvllm_esp_sim::fleet::view::ChipView;

/// A column: its heading, its columns of text, and what stands in it.
struct Column {
    heading: &'static str,
    width: usize,
    right: bool,
    cell: fn(&App, &ChipView, usize, usize) -> (String, Tone),
}

/// Most important first: at the right is left out what has no room.
const COLUMNS: [Column; 11] = [
    Column { heading: "id", width: 5, right: true, cell: |_, chip, _, _| (chip.id.to_string(), Tone::Faint) },
    Column {
        heading: "name",
        width: 13,
        right: false,
        cell: |_, chip, _, _| (chip.name.clone(), Tone::Strong),
    },
    Column { heading: "state", width: 9, right: false, cell: state },
    Column {
        heading: "role",
        width: 8,
        right: false,
        cell: |_, chip, _, _| (chip.role.clone(), Tone::Plain),
    },
    Column {
        heading: "variant",
        width: 8,
        right: false,
        cell: |_, chip, _, _| (chip.variant.clone(), Tone::Plain),
    },
    Column { heading: "arena", width: 10, right: false, cell: arena },
    Column { heading: "alarms", width: 6, right: true, cell: alarms },
    Column { heading: "cpu", width: 8, right: false, cell: load },
    Column { heading: "net", width: 12, right: false, cell: traffic },
    Column { heading: "items", width: 13, right: true, cell: items },
    Column { heading: "up", width: 6, right: true, cell: uptime },
];

/// Draws the rows of these chips. Gives the rows they take.
pub fn draw(frame: &mut Frame<'_>, area: Rect, app: &App, visible: &[usize]) -> u16 {
    let columns = fitting(usize::from(area.width));
    let heading: String = columns
        .iter()
        .map(|(column, width)| {
            let text = if column.right {
                padded_left(column.heading, *width)
            } else {
                padded(column.heading, *width)
            };
            format!(" {text}")
        })
        .collect();
    let mut lines = vec![Line::styled(heading, app.theme.style(Tone::Faint))];
    for index in visible {
        let Some(chip) = app.view.chips.get(*index) else { continue };
        let mut spans = Vec::new();
        for (column, width) in &columns {
            let (text, tone) = (column.cell)(app, chip, *index, *width);
            let text = if column.right { padded_left(&text, *width) } else { padded(&text, *width) };
            spans.push(Span::styled(format!(" {text}"), app.theme.style(tone)));
        }
        let used: usize = spans.iter().map(Span::width).sum();
        spans.push(Span::raw(" ".repeat(usize::from(area.width).saturating_sub(used))));
        let line = Line::from(spans);
        lines.push(if app.roster.selected() == Some(*index) { line.style(app.theme.bar()) } else { line });
    }
    let used = u16::try_from(lines.len()).unwrap_or(u16::MAX).min(area.height);
    frame.render_widget(Paragraph::new(lines), area);
    used
}

/// The columns that fit; what is left goes to the name and the curves.
fn fitting(room: usize) -> Vec<(&'static Column, usize)> {
    let mut free = room;
    let mut columns: Vec<(&Column, usize)> = COLUMNS
        .iter()
        .take_while(|column| {
            let fits = column.width < free;
            free = if fits { free - column.width - 1 } else { 0 };
            fits
        })
        .map(|column| (column, column.width))
        .collect();
    let growing = ["name", "cpu", "net", "arena"];
    let used: usize = columns.iter().map(|(_, width)| width + 1).sum();
    let count = columns.iter().filter(|(column, _)| growing.contains(&column.heading)).count();
    let share = room.saturating_sub(used + 1).checked_div(count).unwrap_or(0);
    for (column, width) in &mut columns {
        *width += if growing.contains(&column.heading) { share } else { 0 };
    }
    columns
}

fn state(_: &App, chip: &ChipView, _: usize, _: usize) -> (String, Tone) {
    let (symbol, word, tone) = theme::state(chip.state);
    (format!("{symbol} {word}"), tone)
}

fn arena(_: &App, chip: &ChipView, _: usize, room: usize) -> (String, Tone) {
    if chip.arena == 0 {
        return ("?".into(), Tone::Faint);
    }
    let (held, whole) = chip.fill();
    let percent = (held * 100).checked_div(whole).unwrap_or(0).min(100);
    let figure = format!("{percent:>3}%");
    let cells = room.saturating_sub(width(&figure) + 1);
    let full = filled(held, whole, cells);
    (format!("{}{} {figure}", "█".repeat(full), "░".repeat(cells - full)), Tone::Part(0))
}

fn alarms(_: &App, chip: &ChipView, _: usize, _: usize) -> (String, Tone) {
    match chip.alarms {
        None => ("?".into(), Tone::Faint),
        Some(0) => ("0".into(), Tone::Faint),
        Some(alarms) => (format!("! {alarms}"), Tone::Warning),
    }
}

fn load(app: &App, chip: &ChipView, index: usize, room: usize) -> (String, Tone) {
    let track = app.history.load.get(index).filter(|_| chip.load.is_some());
    (track.map_or("?".into(), |track| curve(track.values(), track.most().max(10), room)), Tone::Good)
}

fn traffic(app: &App, chip: &ChipView, index: usize, room: usize) -> (String, Tone) {
    let track = app.history.traffic.get(index).filter(|_| chip.frames.is_some());
    (track.map_or("?".into(), |track| curve(track.values(), track.most().max(4), room)), Tone::Accent)
}

fn items(_: &App, chip: &ChipView, _: usize, _: usize) -> (String, Tone) {
    let text = if chip.capacity > 0 {
        format!("{} of {}", chip.items, chip.capacity)
    } else {
        chip.items.to_string()
    };
    (text, Tone::Plain)
}

fn uptime(_: &App, chip: &ChipView, _: usize, _: usize) -> (String, Tone) {
    (chip.uptime.map_or("?".into(), short_time), Tone::Faint)
}
