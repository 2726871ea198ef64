//! One chip in five rows: who it is, how full, how busy, what it says, and whether it lives.

use crate::tui::app::App;
use crate::tui::panel::fleet::short_time;
use crate::tui::text::{counted, curve, filled, fit, padded, width};
use crate::tui::theme::{self, Tone};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Paragraph};
use ruvllm_esp_sim::fleet::view::{ChipState, ChipView};

/// The least columns of a tile, frame included.
pub const WIDTH: u16 = 26;

/// The rows of a tile, frame included.
pub const HEIGHT: u16 = 5;

/// Draws the tile of the chip at `index`.
pub fn draw(frame: &mut Frame<'_>, area: Rect, app: &App, index: usize) {
    let Some(chip) = app.view.chips.get(index) else { return };
    let selected = app.roster.selected() == Some(index);
    let inner = usize::from(area.width.saturating_sub(2));
    let text = vec![identity(app, chip, inner), arena(app, chip, inner), curves(app, chip, index, inner)];
    let block = edge(app, chip, selected, inner, app.marks.of_chip(index));
    frame.render_widget(Paragraph::new(text).block(block), area);
}

/// The frame: name and state above, alarms and items below.
fn edge(app: &App, chip: &ChipView, selected: bool, inner: usize, fault: Option<&str>) -> Block<'static> {
    let (symbol, word, tone) = theme::state(chip.state);
    let style = app.theme.style(if selected { Tone::Selected } else { Tone::Faint });
    let kind = if selected { BorderType::Thick } else { BorderType::Rounded };
    let name_tone = if selected { Tone::Selected } else { Tone::Strong };
    // All is well needs no word.
    let (state, tone) = match (chip.state, fault) {
        (ChipState::Running, Some(fault)) => (format!(" ! {fault} "), Tone::Warning),
        (ChipState::Running, None) => (format!(" {symbol} "), tone),
        _ => (format!(" {symbol} {word} "), tone),
    };
    let name = fit(&format!("{} {}", chip.id, chip.name), inner.saturating_sub(width(&state) + 3));
    let alarms = chip.alarms.unwrap_or(0);
    let items = if chip.capacity > 0 {
        format!(" {} of {} ", chip.items, chip.capacity)
    } else {
        format!(" {} ", counted(u64::from(chip.items), "item"))
    };
    let mut block = Block::bordered()
        .border_type(kind)
        .border_style(style)
        .title(Span::styled(format!(" {name} "), app.theme.style(name_tone)))
        .title(Line::styled(state, app.theme.style(tone)).right_aligned())
        .title_bottom(Line::styled(items.clone(), app.theme.style(Tone::Faint)).right_aligned());
    if alarms > 0 {
        let word = match (alarms, inner.saturating_sub(width(&items))) {
            (1, 11..) => " alarm",
            (_, 15..) => " alarms",
            _ => "",
        };
        block =
            block.title_bottom(Span::styled(format!(" ! {alarms}{word} "), app.theme.style(Tone::Warning)));
    }
    block
}

fn identity(app: &App, chip: &ChipView, inner: usize) -> Line<'static> {
    let up = chip.uptime.filter(|_| chip.state == ChipState::Running).map(short_time).unwrap_or_default();
    let left = format!("{} {}", chip.variant, chip.role);
    let room = inner.saturating_sub(up.len() + 1);
    Line::from(vec![
        Span::styled(padded(&left, room), app.theme.style(Tone::Plain)),
        Span::styled(format!(" {up}"), app.theme.style(Tone::Faint)),
    ])
}

/// How full the arena is.
fn arena(app: &App, chip: &ChipView, inner: usize) -> Line<'static> {
    if chip.arena == 0 {
        let text = if chip.state == ChipState::Off { "off, state lost" } else { "arena not known yet" };
        return Line::styled(text, app.theme.style(Tone::Faint));
    }
    let (held, whole) = chip.fill();
    let percent = (held * 100).checked_div(whole).unwrap_or(0).min(100);
    let figures = format!(" {percent}% of {}K", chip.arena / 1024);
    let room = inner.saturating_sub(figures.len());
    let full = filled(held, whole, room);
    Line::from(vec![
        Span::styled("█".repeat(full), app.theme.style(Tone::Part(0))),
        Span::styled("░".repeat(room - full), app.theme.style(Tone::Faint)),
        Span::raw(figures),
    ])
}

/// How busy it is, and its traffic.
fn curves(app: &App, chip: &ChipView, index: usize, inner: usize) -> Line<'static> {
    if chip.load.is_none() && chip.frames.is_none() {
        return Line::styled(fit("load and link not known", inner), app.theme.style(Tone::Faint));
    }
    let room = inner.saturating_sub("cpu  net ".len());
    let (left, right) = (room / 2, room - room / 2);
    let (load, traffic) = (app.history.load.get(index), app.history.traffic.get(index));
    let most = traffic.map_or(1, |track| track.most()).max(4);
    let load = load
        .map(|track| curve(track.values(), track.most().max(10), left))
        .unwrap_or_else(|| " ".repeat(left));
    let traffic =
        traffic.map(|track| curve(track.values(), most, right)).unwrap_or_else(|| " ".repeat(right));
    Line::from(vec![
        Span::styled("cpu ", app.theme.style(Tone::Faint)),
        Span::styled(load, app.theme.style(Tone::Good)),
        Span::styled(" net ", app.theme.style(Tone::Faint)),
        Span::styled(traffic, app.theme.style(Tone::Accent)),
    ])
}
