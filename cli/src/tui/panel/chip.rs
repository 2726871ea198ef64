//! One chip: what its memory holds, what its work was, what it says, and its console.
//!
//! A large terminal shows every section at once; a small one shows one of them, and Tab turns to the next.

use super::{arena, framed, hints, role};
use crate::quantity::{bytes, count};
use crate::tui::app::{App, Mode, Section};
use crate::tui::source::Origin;
use crate::tui::text::{clock, fit, padded, padded_left, width, wrapped};
use crate::tui::theme::{self, Tone};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Paragraph};
use ruvllm_esp_core::units::{Bytes, Nanos};
use ruvllm_esp_sim::figure::Figure;
use ruvllm_esp_sim::fleet::view::{ChipDetail, ChipState, ChipView, MessageView};

/// From this size of the terminal on all sections are shown.
const LARGE: (u16, u16) = (120, 36);

/// How many lines of the console a page is.
pub const CONSOLE_PAGE: usize = 5;

/// How far the later lines of something that a chip said are set in.
const INDENT: usize = 4;

/// Draws the panel.
pub fn draw(frame: &mut Frame<'_>, area: Rect, app: &App) {
    let Some(chip) = app.chip().and_then(|index| app.view.chips.get(index)) else {
        let text = Paragraph::new("no chip is selected").centered();
        return frame.render_widget(text, super::middle(area, 1));
    };
    let nothing = ChipDetail::default();
    let detail = app.chip_detail().unwrap_or(&nothing);
    let [top, bar, body] =
        Layout::vertical([Constraint::Length(1), Constraint::Length(1), Constraint::Fill(1)]).areas(area);
    frame.render_widget(identity(app, chip, top.width), top);
    frame.render_widget(arena_line(app, chip, detail, bar.width), bar);
    if is_large(app) {
        all(frame, body, app, chip, detail);
    } else {
        let [section, typed] = small(body);
        one(frame, section, app, app.section, chip, detail);
        draw_console(frame, typed, app, chip, detail);
    }
}

fn is_large(app: &App) -> bool {
    app.size.0 >= LARGE.0 && app.size.1 >= LARGE.1
}

/// One section above, the console below.
fn small(body: Rect) -> [Rect; 2] {
    Layout::vertical([Constraint::Fill(1), Constraint::Length((body.height / 3).max(4))]).areas(body)
}

/// Three rows of sections; the last is the console.
fn rows(body: Rect, detail: &ChipDetail) -> [Rect; 3] {
    let longest = detail.parts.len() + 3;
    let upper =
        u16::try_from(longest.max(detail.work.len() + 2).max(9)).unwrap_or(u16::MAX).min(body.height / 3);
    Layout::vertical([Constraint::Length(upper), Constraint::Fill(3), Constraint::Fill(2)]).areas(body)
}

/// How far the console can be scrolled back.
pub fn console_spare(app: &App) -> usize {
    let nothing = ChipDetail::default();
    let detail = app.chip_detail().unwrap_or(&nothing);
    let body = Rect { x: 0, y: 0, width: app.size.0, height: app.size.1.saturating_sub(super::AROUND + 2) };
    let area = if is_large(app) { rows(body, detail)[2] } else { small(body)[1] };
    let (columns, lines) = (area.width.saturating_sub(2), area.height.saturating_sub(3));
    console_lines(app, detail, columns.into()).len().saturating_sub(lines.into())
}

/// Every section: what it has and does above, what its role sees in the middle, its console below.
fn all(frame: &mut Frame<'_>, area: Rect, app: &App, chip: &ChipView, detail: &ChipDetail) {
    let [upper, middle, lower] = rows(area, detail);
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
    for (section, index) in sections {
        one(frame, index, app, section, chip, detail);
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
    if let Some(words) = app.chip().and_then(|index| app.marks.of_chip(index)) {
        spans.push(Span::styled(format!("  ! {words}"), app.theme.style(Tone::Warning)));
    }
    if let Some(alarms) = chip.alarms.filter(|alarms| *alarms > 0) {
        spans.push(Span::styled(format!("  ! {alarms}"), app.theme.style(Tone::Warning)));
    }
    let mut more = Vec::new();
    let mut free = usize::from(room).saturating_sub(spans.iter().map(Span::width).sum());
    more.extend(consumption(chip).into_iter().find(|text| width(text) <= free));
    if let Some((sent, received, dropped)) = chip.frames {
        // A trace tells what came in, not what the chip made of it.
        let (took, lost) = match app.abilities.origin {
            Origin::Trace => ("came in", "corrupted or overrun"),
            _ => ("received", "dropped"),
        };
        more.push(format!("  {sent} sent, {received} {took}, {dropped} {lost}"));
    }
    for text in more {
        if width(&text) <= free {
            free -= width(&text);
            spans.push(Span::styled(text, app.theme.style(Tone::Faint)));
        }
    }
    Line::from(spans)
}

/// How busy it is and what it consumed, the longest form first. One tag is for both; the figure has it.
fn consumption(chip: &ChipView) -> Vec<String> {
    match (chip.load, &chip.energy) {
        (Some(load), Some(energy)) => {
            vec![format!("  cpu {load}%, {energy}"), format!("  cpu {load}% {}", energy.kind.name())]
        }
        (Some(load), None) => vec![format!("  cpu {load}%")],
        (None, Some(energy)) => vec![format!("  {energy}")],
        (None, None) => Vec::new(),
    }
}

fn arena_line(app: &App, chip: &ChipView, detail: &ChipDetail, room: u16) -> Line<'static> {
    if chip.arena == 0 {
        let off = chip.state == ChipState::Off;
        let text = if off { " off, state lost" } else { " arena not known yet" };
        return Line::styled(text, app.theme.style(Tone::Faint));
    }
    let figures = arena_figures(chip);
    let mut line = arena::bar(app.theme, chip, detail, bar_cells(chip, room));
    line.spans.insert(0, Span::raw(" "));
    line.spans.push(Span::raw(figures));
    line
}

fn arena_figures(chip: &ChipView) -> String {
    format!(" {} of {} ", bytes(Bytes(chip.arena_used)), bytes(Bytes(chip.arena)))
}

/// The cells of the bar in this many columns.
fn bar_cells(chip: &ChipView, room: u16) -> usize {
    usize::from(room).saturating_sub(width(&arena_figures(chip)) + 1)
}

/// One section in its frame. Where it is the only one, the titles of all are shown, as tabs.
fn one(frame: &mut Frame<'_>, area: Rect, app: &App, section: Section, chip: &ChipView, detail: &ChipDetail) {
    let mut block = frame_of(app, area, section);
    if chip.state == ChipState::Off {
        block = block.title_bottom(Line::styled(" ✗ off: as it was last ", app.theme.style(Tone::Bad)));
    }
    let inner = block.inner(area);
    let room = usize::from(inner.width);
    let (lines, from_end) = match section {
        Section::Role => {
            frame.render_widget(block, area);
            return role::draw(frame, inner, app, detail);
        }
        Section::Arena if chip.arena == 0 => (Vec::new(), false),
        Section::Arena => (arena::list(app, chip, detail, room, bar_cells(chip, app.size.0)), false),
        Section::Work => (work(app, detail, room), false),
        Section::Counters => (counters(app, detail, room), false),
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
    if is_large(app) && area.width < app.size.0 {
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
        Section::Messages if app.abilities.origin == Origin::Ports => "not available over a serial port",
        Section::Work => app.abilities.origin.unknown().unwrap_or("no work yet"),
        Section::Messages => "no message yet",
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

fn counters(app: &App, detail: &ChipDetail, room: usize) -> Vec<Line<'static>> {
    let name_room = room.saturating_sub(14);
    let rows = detail.counters.iter();
    let mut lines: Vec<_> = rows
        .map(|(name, value)| {
            Line::raw(format!(" {}{} ", padded(name, name_room), padded_left(&count(*value), 12)))
        })
        .collect();
    if let Some(why) = app.abilities.origin.unknown().filter(|_| !lines.is_empty()) {
        lines.push(Line::styled(fit(&format!(" others: {why}"), room), app.theme.style(Tone::Faint)));
    }
    lines
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

/// What a message says: without the addresses, which stand beside it, and the rest of its header and its tag.
pub fn essence(text: &str) -> String {
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
    let below = app.console_scroll.min(console_spare(app));
    if below > 0 {
        block = block.title_bottom(format!(" {below} more below, PgDn "));
    }
    let inner = block.inner(area);
    let room = usize::from(inner.width);
    frame.render_widget(block, area);
    let height = usize::from(inner.height.saturating_sub(1));
    let mut lines = console_lines(app, detail, room);
    let spare = lines.len().saturating_sub(height);
    let below = app.console_scroll.min(spare);
    lines.drain(..spare - below);
    lines.truncate(height);
    lines.push(if typing {
        Line::from(hints::typed(" > ", hints::tail(app.console.halves(), room), app.theme))
    } else if app.abilities.console {
        Line::styled(" > press i to type, e.g. help", app.theme.style(Tone::Faint))
    } else {
        Line::styled(" a recording takes no input", app.theme.style(Tone::Faint))
    });
    frame.render_widget(Paragraph::new(lines), inner);
}

/// What the console said, and below it what waits for time to go on: long lines broken.
fn console_lines(app: &App, detail: &ChipDetail, room: usize) -> Vec<Line<'static>> {
    let said = detail.console.iter().map(|line| {
        let tone = match line {
            line if line.starts_with("> ") => Tone::Strong,
            line if line.starts_with("err:") => Tone::Bad,
            line if line.starts_with("ANOMALY") => Tone::Warning,
            _ => Tone::Plain,
        };
        (line.clone(), tone)
    });
    let waiting = app.waiting.iter().filter(|(_, chip, _)| app.chip() == Some(*chip));
    let waiting = waiting.map(|(.., line)| (format!("> {line}  (once time goes on)"), Tone::Faint));
    said.chain(waiting)
        .flat_map(|(text, tone)| {
            wrapped(&text, room.saturating_sub(1), INDENT).into_iter().map(move |line| (line, tone))
        })
        .map(|(line, tone)| Line::styled(format!(" {line}"), app.theme.style(tone)))
        .collect()
}
