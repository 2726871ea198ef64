//! All chips: a grid of tiles, a map of cells where they are many, or one row a chip.

use super::{AROUND, heat, rows, tile, timeline, verdict};
use crate::tui::app::App;
use crate::tui::text::{counted, fit, padded_left, width};
use crate::tui::theme::{self, Tone};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Scrollbar, ScrollbarOrientation, ScrollbarState};
use ruvllm_esp_core::units::Micros;
use ruvllm_esp_sim::fleet::view::ChipState;

/// Columns that the names of chips with alarms take at most.
const ALARMED: usize = 26;

/// Columns of tiles, and lines of them that are shown at once; rows are a grid of one column.
pub fn grid(app: &App) -> (usize, usize) {
    // One line says how many there are.
    shape(app, app.size.0, app.size.1.saturating_sub(AROUND + 1 + verdict::rows(app)))
}

fn shape(app: &App, width: u16, height: u16) -> (usize, usize) {
    if app.rows {
        return (1, usize::from(height.saturating_sub(1)).max(1));
    }
    if is_map(app) {
        // Two lines below say what the signs mean and which chip is selected.
        let columns = usize::from(width / heat::WIDTH).max(1);
        return (columns, usize::from(height.saturating_sub(2)).max(1));
    }
    // Few chips have wide tiles.
    let most = usize::from(width / tile::WIDTH).max(1);
    (most.min(app.roster.shown().len().max(3)), usize::from(height / tile::HEIGHT).max(1))
}

/// Are there too many chips for tiles?
fn is_map(app: &App) -> bool {
    !app.rows && app.view.chips.len() >= heat::FROM
}

/// Draws the panel.
pub fn draw(frame: &mut Frame<'_>, area: Rect, app: &App) {
    let judged = Constraint::Length(verdict::rows(app));
    let [top, below, body] =
        Layout::vertical([Constraint::Length(1), judged, Constraint::Fill(1)]).areas(area);
    frame.render_widget(summary(app, top.width), top);
    frame.render_widget(verdict::line(app, below.width), below);
    let shown = app.roster.shown();
    if shown.is_empty() {
        let text = if app.view.chips.is_empty() {
            "no chips"
        } else {
            "no chip has these words; Esc undoes the filter"
        };
        return frame.render_widget(Paragraph::new(text).centered(), super::middle(body, 1));
    }
    let (columns, lines) = shape(app, body.width, body.height);
    let all = shown.len().div_ceil(columns);
    let first = first_line(app.roster.position() / columns, lines, all);
    let bar = u16::from(all > lines);
    let [body, scroll] = Layout::horizontal([Constraint::Fill(1), Constraint::Length(bar)]).areas(body);
    if all > lines {
        let mut state =
            ScrollbarState::new(all.saturating_sub(lines) + 1).position(first).viewport_content_length(lines);
        let widget = Scrollbar::new(ScrollbarOrientation::VerticalRight).begin_symbol(None).end_symbol(None);
        frame.render_stateful_widget(widget, scroll, &mut state);
    }
    let visible: Vec<usize> = shown.iter().copied().skip(first * columns).take(lines * columns).collect();
    let used = if app.rows {
        rows::draw(frame, body, app, &visible)
    } else if is_map(app) {
        heat::draw(frame, body, app, &visible, columns)
    } else {
        tiles(frame, body, app, &visible, columns)
    };
    let rest = Rect { y: body.y + used, height: body.height.saturating_sub(used), ..body };
    if all <= lines && rest.height >= 3 {
        timeline::latest(frame, rest, app);
    }
}

/// The first line that is shown: the selected one stays inside, in the middle where there is much above and below.
fn first_line(selected: usize, lines: usize, all: usize) -> usize {
    selected.saturating_sub(lines / 2).min(all.saturating_sub(lines))
}

/// Draws the tiles. Gives the rows they take.
fn tiles(frame: &mut Frame<'_>, body: Rect, app: &App, visible: &[usize], columns: usize) -> u16 {
    let across = Layout::horizontal(vec![Constraint::Fill(1); columns]).split(body);
    let mut used = 0;
    for (position, index) in visible.iter().enumerate() {
        let line = u16::try_from(position / columns).unwrap_or(u16::MAX).saturating_mul(tile::HEIGHT);
        let Some(column) = across.get(position % columns) else { continue };
        let area =
            Rect { x: column.x, width: column.width, y: body.y.saturating_add(line), height: tile::HEIGHT };
        used = line + tile::HEIGHT;
        tile::draw(frame, area.intersection(body), app, *index);
    }
    used.min(body.height)
}

/// How many there are, and how they are shown; what has no room is left out.
fn summary(app: &App, room: u16) -> Line<'static> {
    let chips = &app.view.chips;
    let count = |state| chips.iter().filter(|chip| chip.state == state).count();
    let mut spans = vec![Span::raw(format!(" {}", counted(chips.len() as u64, "chip")))];
    let alarms_known = chips.is_empty() || chips.iter().any(|chip| chip.alarms.is_some());
    let alarms: u64 = chips.iter().map(|chip| u64::from(chip.alarms.unwrap_or(0))).sum();
    let items: u64 = chips.iter().map(|chip| u64::from(chip.items)).sum();
    let tone = if alarms > 0 { Tone::Warning } else { Tone::Faint };
    let tag = if chips.iter().any(|chip| chip.load.is_some()) { "  cpu modelled" } else { "" };
    // What needs a look comes first.
    spans.push(if alarms_known {
        Span::styled(format!("  ! {}{}", counted(alarms, "alarm"), alarmed(app)), app.theme.style(tone))
    } else {
        Span::styled("  ! alarms not known", app.theme.style(Tone::Faint))
    });
    let mut more = Vec::new();
    for state in [ChipState::Running, ChipState::Booting, ChipState::Silent, ChipState::Off] {
        let (symbol, word, tone) = theme::state(state);
        let count = count(state);
        if count > 0 {
            more.push(Span::styled(format!("  {symbol} {count} {word}"), app.theme.style(tone)));
        }
    }
    // What kind of figure the load is stays as long as there is room for anything.
    more.push(Span::styled(tag, app.theme.style(Tone::Faint)));
    more.push(Span::raw(format!("  {}", counted(items, "item"))));
    let right = arrangement(app);
    let columns = |spans: &[Span<'_>]| spans.iter().map(Span::width).sum::<usize>();
    for span in more {
        if columns(&spans) + span.width() + width(&right) < usize::from(room) {
            spans.push(span);
        }
    }
    let free = usize::from(room).saturating_sub(columns(&spans) + 1);
    spans.push(Span::styled(padded_left(&right, free), app.theme.style(Tone::Faint)));
    Line::from(spans)
}

/// The chips that raised alarms, by name: with many chips they may be out of sight.
fn alarmed(app: &App) -> String {
    let names: Vec<&str> = app
        .view
        .chips
        .iter()
        .filter(|chip| chip.alarms.is_some_and(|alarms| alarms > 0))
        .map(|chip| chip.name.as_str())
        .collect();
    if names.is_empty() { String::new() } else { fit(&format!(": {}", names.join(", ")), ALARMED) }
}

/// The order and the filter, and how many it lets through.
fn arrangement(app: &App) -> String {
    let roster = &app.roster;
    let order = format!("  by {}{}", roster.order.name(), if roster.reverse { " ↑" } else { "" });
    match roster.filter.text() {
        "" => order,
        filter => format!("  /{filter}: {}{order}", roster.shown().len()),
    }
}

/// A time since, in the least room: `812ms`, `4.2s`, `18m`, `3h`, `2d`.
pub fn short_time(time: Micros) -> String {
    match time.get() / 1000 {
        millis @ 0..1_000 => format!("{millis}ms"),
        millis @ 1_000..10_000 => format!("{}.{}s", millis / 1000, millis % 1000 / 100),
        millis @ 10_000..120_000 => format!("{}s", millis / 1000),
        millis @ 120_000..7_200_000 => format!("{}m", millis / 60_000),
        millis @ 7_200_000..172_800_000 => format!("{}h", millis / 3_600_000),
        millis => format!("{}d", millis / 86_400_000),
    }
}
