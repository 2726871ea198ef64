//! One chip: what its memory holds, what its work was, what it says, and its console.
//!
//! A large terminal shows every section at once; a small one shows one of them, and Tab turns to the next.

use super::{arena, framed, hints, role};
use crate::quantity::{bytes, count};
use crate::tui::app::{App, Mode, Section};
use crate::tui::text::{clock, fit, padded, padded_left, width};
use crate::tui::theme::{self, Tone};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Paragraph};
use ruvllm_esp_core::units::{Bytes, Nanos};
use ruvllm_esp_sim::figure::Figure;
use ruvllm_esp_sim::fleet::view::{ChipDetail, ChipState, ChipView, MessageView};

/// From this size on all sections are shown.
const LARGE: (u16, u16) = (120, 36);

/// Draws the panel.
pub fn draw(frame: &mut Frame<'_>, area: Rect, app: &App) {
    let Some(chip) = app.chip().and_then(|place| app.view.chips.get(place)) else {
        let text = Paragraph::new("no chip is selected").centered();
        return frame.render_widget(text, super::middle(area, 1));
    };
    let nothing = ChipDetail::default();
    let detail = app.chip_detail().unwrap_or(&nothing);
    let [top, bar, body] =
        Layout::vertical([Constraint::Length(1), Constraint::Length(1), Constraint::Fill(1)]).areas(area);
    frame.render_widget(identity(app, chip, top.width), top);
    frame.render_widget(arena_line(app, chip, detail, bar.width), bar);
    if area.width >= LARGE.0 && area.height >= LARGE.1 {
        all(frame, body, app, chip, detail);
    } else {
        let console = (body.height / 3).max(4);
        let [section, typed] =
            Layout::vertical([Constraint::Fill(1), Constraint::Length(console)]).areas(body);
        one(frame, section, app, app.section, chip, detail);
        draw_console(frame, typed, app, chip, detail);
    }
}

/// Every section: what it has and does above, what its role sees in the middle, its console below.
fn all(frame: &mut Frame<'_>, area: Rect, app: &App, chip: &ChipView, detail: &ChipDetail) {
    let longest = detail.parts.len() + 3;
    let upper =
        u16::try_from(longest.max(detail.work.len() + 2).max(9)).unwrap_or(u16::MAX).min(area.height / 3);
    let [upper, middle, lower] =
        Layout::vertical([Constraint::Length(upper), Constraint::Fill(3), Constraint::Fill(2)]).areas(area);
    let thirds = [Constraint::Fill(5), Constraint::Fill(6), Constraint::Fill(4)];
    let [parts, work, counters] = Layout::horizontal(thirds).areas(upper);
    let [own, messages] = Layout::horizontal([Constraint::Fill(3), Constraint::Fill(2)]).areas(middle);
    let sections = [
        (Section::Arena, parts),
        (Section::Work, work),
        (Section::Counters, counters),
        (Section::Role, own),
        (Section::Messages, messages),
    ];
    for (section, place) in sections {
        one(frame, place, app, section, chip, detail);
    }
    draw_console(frame, lower, app, chip, detail);
}

/// Who it is, and what it did.
fn identity(app: &App, chip: &ChipView, room: u16) -> Line<'static> {
    let (symbol, word, tone) = theme::state(chip.state);
    let mut spans = vec![
        Span::styled(format!(" {} {}", chip.id, chip.name), app.theme.style(Tone::Selected)),
        Span::raw(format!("  {} {}  ", chip.variant, chip.role)),
        Span::styled(format!("{symbol} {word}"), app.theme.style(tone)),
    ];
    if let Some(uptime) = chip.uptime {
        spans.push(Span::raw(format!("  up {}", super::fleet::short_time(uptime))));
    }
    if let Some(load) = chip.load {
        spans.push(Span::raw(format!("  cpu {load}%")));
    }
    if let Some(alarms) = chip.alarms.filter(|alarms| *alarms > 0) {
        spans.push(Span::styled(format!("  ! {alarms}"), app.theme.style(Tone::Warning)));
    }
    let mut more = Vec::new();
    if let Some((sent, received, dropped)) = chip.frames {
        more.push(format!("  {sent} sent, {received} received, {dropped} dropped"));
    }
    if let Some(energy) = &chip.energy {
        more.push(format!("  {energy}"));
    }
    let mut free = usize::from(room).saturating_sub(spans.iter().map(Span::width).sum());
    for text in more {
        if width(&text) <= free {
            free -= width(&text);
            spans.push(Span::styled(text, app.theme.style(Tone::Faint)));
        }
    }
    Line::from(spans)
}

fn arena_line(app: &App, chip: &ChipView, detail: &ChipDetail, room: u16) -> Line<'static> {
    if chip.arena == 0 {
        let off = chip.state == ChipState::Off;
        let text = if off { " its RAM holds nothing" } else { " arena not known yet" };
        return Line::styled(text, app.theme.style(Tone::Faint));
    }
    let figures = format!(" {} of {} ", bytes(Bytes(chip.arena_used)), bytes(Bytes(chip.arena)));
    let cells = usize::from(room).saturating_sub(width(&figures) + 1);
    let mut line = arena::bar(app.theme, chip, detail, cells);
    line.spans.insert(0, Span::raw(" "));
    line.spans.push(Span::raw(figures));
    line
}

/// One section in its frame. Where it is the only one, the titles of all are shown, as tabs.
fn one(frame: &mut Frame<'_>, area: Rect, app: &App, section: Section, chip: &ChipView, detail: &ChipDetail) {
    let mut block = frame_of(app, area, section);
    let inner = block.inner(area);
    let room = usize::from(inner.width);
    let (lines, from_end) = match section {
        Section::Role => {
            frame.render_widget(block, area);
            return role::draw(frame, inner, app, detail);
        }
        Section::Arena if chip.arena == 0 => (Vec::new(), false),
        Section::Arena => (arena::list(app, chip, detail, room), false),
        Section::Work => (work(app, detail, room), false),
        Section::Counters => (counters(detail, room), false),
        Section::Messages => (messages(app, detail, room), true),
    };
    let height = usize::from(inner.height);
    let spare = lines.len().saturating_sub(height);
    if spare > 0 {
        block =
            block.title_bottom(Line::styled(format!(" {spare} more, j k "), app.theme.style(Tone::Faint)));
    }
    frame.render_widget(block, area);
    if lines.is_empty() {
        let text = Paragraph::new(nothing(app, section)).style(app.theme.style(Tone::Faint)).centered();
        return frame.render_widget(text, super::middle(inner, 1));
    }
    let scroll = if section == app.section { app.scroll.min(spare) } else { 0 };
    let first = if from_end { spare - scroll } else { scroll };
    let shown: Vec<_> = lines.into_iter().skip(first).take(height).collect();
    frame.render_widget(Paragraph::new(shown), inner);
}

fn frame_of(app: &App, area: Rect, section: Section) -> Block<'static> {
    let large = app.size.0 >= LARGE.0 && area.width < app.size.0;
    if large {
        let block = framed(section.name(), app.theme);
        return if section == app.section {
            block.border_style(app.theme.style(Tone::Selected))
        } else {
            block
        };
    }
    let mut spans = vec![];
    for other in Section::ALL {
        spans.push(if other == section {
            Span::styled(format!("[{}]", other.name()), app.theme.style(Tone::Selected))
        } else {
            Span::styled(format!(" {} ", other.name()), app.theme.style(Tone::Faint))
        });
    }
    Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(app.theme.style(Tone::Faint))
        .title(Line::from(spans))
}

fn nothing(app: &App, section: Section) -> &'static str {
    match section {
        _ if app.chip_detail().is_none() => "waiting for the chip",
        Section::Messages => "no message yet",
        Section::Work => "no work yet",
        _ => "not known",
    }
}

/// Each operation, the longest first: its share of the time, how often it was done, and the time of all of them, with
/// kind and band.
fn work(app: &App, detail: &ChipDetail, room: usize) -> Vec<Line<'static>> {
    let nanos = |figure: &Figure<Nanos>| figure.banded.value.get();
    let all: u64 = detail.work.iter().map(|(_, _, figure)| nanos(figure)).sum();
    let mut rows: Vec<_> = detail.work.iter().collect();
    rows.sort_by_key(|(_, _, figure)| std::cmp::Reverse(nanos(figure)));
    let time_room = 32.min(room / 2);
    let name_room = room.saturating_sub(time_room + 21);
    rows.into_iter()
        .map(|(name, times, figure)| {
            let share = (nanos(figure) * 100).checked_div(all).unwrap_or(0);
            Line::from(vec![
                Span::raw(format!(" {}", padded(name, name_room))),
                Span::styled(format!("{share:>4}% "), app.theme.style(Tone::Accent)),
                Span::styled(padded_left(&count(*times), 11), app.theme.style(Tone::Faint)),
                Span::raw(" x "),
                Span::raw(fit(&figure.to_string(), time_room)),
            ])
        })
        .collect()
}

fn counters(detail: &ChipDetail, room: usize) -> Vec<Line<'static>> {
    let name_room = room.saturating_sub(14);
    let rows = detail.counters.iter();
    rows.map(|(name, value)| {
        Line::raw(format!(" {}{} ", padded(name, name_room), padded_left(&count(*value), 12)))
    })
    .collect()
}

fn messages(app: &App, detail: &ChipDetail, room: usize) -> Vec<Line<'static>> {
    let row = |message: &MessageView| {
        let arrow = if message.outgoing { "→" } else { "←" };
        let other = message.other.map_or("all".into(), |id| id.to_string());
        let head = format!(" {} {arrow} {} ", clock(message.at), padded(&other, 5));
        let bytes = format!("{:>5} B", message.bytes);
        let text_room = room.saturating_sub(width(&head) + width(&bytes) + 1);
        Line::from(vec![
            Span::styled(head, app.theme.style(if message.outgoing { Tone::Accent } else { Tone::Good })),
            Span::raw(padded(&essence(&message.text), text_room)),
            Span::styled(bytes, app.theme.style(Tone::Faint)),
        ])
    };
    detail.messages.iter().map(row).collect()
}

/// What a message says: without the addresses, which stand beside it, and the rest of its header and its seal.
fn essence(text: &str) -> String {
    let said = [
        "source=",
        "destination=",
        "boot=",
        "sequence=",
        "embedder=",
        "flags=",
        "version=",
        "|",
        "counter=",
        "tag=",
    ];
    let words = text.split(' ').filter(|word| !said.iter().any(|name| word.starts_with(name)));
    words.collect::<Vec<_>>().join(" ")
}

/// The console: what the chip said, and the line that is typed.
fn draw_console(frame: &mut Frame<'_>, area: Rect, app: &App, chip: &ChipView, detail: &ChipDetail) {
    let typing = matches!(app.mode, Mode::Console);
    let title = format!("Console of {}", chip.name);
    let mut block = framed(&title, app.theme);
    if typing {
        block = block.border_style(app.theme.style(Tone::Selected)).border_type(BorderType::Thick);
    }
    let inner = block.inner(area);
    let room = usize::from(inner.width);
    frame.render_widget(block, area);
    let height = usize::from(inner.height.saturating_sub(1));
    let spare = detail.console.len().saturating_sub(height);
    let mut lines: Vec<Line<'static>> = detail
        .console
        .iter()
        .skip(spare)
        .map(|line| {
            let tone = match line {
                line if line.starts_with("> ") => Tone::Strong,
                line if line.starts_with("err:") => Tone::Bad,
                line if line.starts_with("ANOMALY") => Tone::Warning,
                _ => Tone::Plain,
            };
            Line::styled(fit(&format!(" {line}"), room), app.theme.style(tone))
        })
        .collect();
    lines.push(if typing {
        Line::from(hints::typed(" > ", tail(app.console.halves(), room), app.theme))
    } else if app.abilities.console {
        Line::styled(" > press i to type, e.g. help", app.theme.style(Tone::Faint))
    } else {
        Line::styled(" a record: nothing can be typed here", app.theme.style(Tone::Faint))
    });
    frame.render_widget(Paragraph::new(lines), inner);
}

/// The end of a line that is too long, so that its cursor is seen.
fn tail<'t>((before, after): (&'t str, &'t str), room: usize) -> (&'t str, &'t str) {
    let room = room.saturating_sub(8);
    let start = before
        .char_indices()
        .map(|(place, _)| place)
        .find(|place| width(before.get(*place..).unwrap_or("")) <= room);
    (before.get(start.unwrap_or(before.len())..).unwrap_or(""), after)
}
