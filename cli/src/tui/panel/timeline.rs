//! What happened, and when: a strip of all the time there was, and the events, newest last.

use super::framed;
use crate::quantity::count;
use crate::tui::app::App;
use crate::tui::text::{clock, curve, fit, padded, width, wrapped};
use crate::tui::theme::{self, Tone};
use crate::tui::timeline_entry::TimelineEntry;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use ruvllm_esp_sim::fleet::view::EventKind;

/// The least and the most columns of a chip's name.
const NAME: (usize, usize) = (6, 16);

/// Rows of the selected event's text, frame included.
pub const WHOLE: u16 = 4;

/// Draws the panel.
pub fn draw(frame: &mut Frame<'_>, area: Rect, app: &App) {
    let [strip, list, whole] =
        Layout::vertical([Constraint::Length(5), Constraint::Fill(1), Constraint::Length(WHOLE)]).areas(area);
    let title = match app.max_kept() {
        Some(most) => format!("All the time so far, with the last {} events", count(most as u64)),
        None => "All the time so far".into(),
    };
    let block = framed(&title, app.theme);
    let inner = block.inner(strip);
    frame.render_widget(Paragraph::new(density(app, usize::from(inner.width))).block(block), strip);
    draw_list(frame, list, app);
    draw_whole(frame, whole, app);
}

/// The selected event with all of its text, and whom a fault would be about.
fn draw_whole(frame: &mut Frame<'_>, area: Rect, app: &App) {
    let Some(event) = app.selected_event() else {
        return frame.render_widget(framed("Selected", app.theme), area);
    };
    let (symbol, word, _) = theme::kind(event.kind);
    let name = event.chip.and_then(|index| app.view.chips.get(index)).map_or("", |chip| chip.name.as_str());
    let mut block = framed(&fit(&format!("{} {symbol} {word} {name}", clock(event.at)), 60), app.theme);
    if let Some(chip) =
        app.fault_chip().filter(|_| app.abilities.faults).and_then(|index| app.view.chips.get(index))
    {
        let text = format!(" x is about chip {} {} ", chip.id, chip.name);
        block = block.title_bottom(Line::styled(text, app.theme.style(Tone::Faint)).right_aligned());
    }
    let room = usize::from(block.inner(area).width.saturating_sub(2));
    let lines = wrapped(&event.words(), room, 0).into_iter().map(|line| Line::raw(format!(" {line}")));
    frame.render_widget(Paragraph::new(lines.collect::<Vec<_>>()).block(block), area);
}

/// How many events there were when; faults and alarms marked; where the selected event is.
fn density(app: &App, room: usize) -> Vec<Line<'static>> {
    let end = app.view.now.get().max(1);
    let cell = |event: &TimelineEntry| {
        usize::try_from(u128::from(event.at.get()) * room as u128 / u128::from(end))
            .unwrap_or(0)
            .min(room.saturating_sub(1))
    };
    let mut counts = vec![0u32; room];
    let mut marks = vec![(' ', Tone::Plain); room];
    for event in app.shown_events() {
        if let (Some(count), Some(mark)) = (counts.get_mut(cell(event)), marks.get_mut(cell(event))) {
            *count += event.times();
            // What is worst in a cell is shown.
            let worse = match event.kind {
                EventKind::Fault => true,
                EventKind::Alarm => mark.0 != '✗',
                EventKind::Verdict => mark.0 == ' ',
                _ => false,
            };
            if worse {
                let (symbol, _, tone) = theme::kind(event.kind);
                *mark = (symbol, tone);
            }
        }
    }
    let most = counts.iter().copied().max().unwrap_or(1);
    let marks = marks.into_iter().map(|(mark, tone)| Span::styled(mark.to_string(), app.theme.style(tone)));
    vec![
        Line::styled(curve(counts.into_iter(), most, room), app.theme.style(Tone::Accent)),
        Line::from(marks.collect::<Vec<_>>()),
        scale(app, room, app.shown_events().nth(app.event).map(cell)),
    ]
}

/// The beginning, the present, and a mark under the selected event.
fn scale(app: &App, room: usize, selected: Option<usize>) -> Line<'static> {
    let (begin, end) = ("00:00".to_string(), clock(app.view.now));
    let mut cells: Vec<char> =
        padded(&begin, room.saturating_sub(width(&end))).chars().chain(end.chars()).collect();
    if let Some(cell) = selected.filter(|_| app.event > 0).and_then(|cell| cells.get_mut(cell)) {
        *cell = '▲';
    }
    Line::styled(cells.into_iter().collect::<String>(), app.theme.style(Tone::Faint))
}

fn draw_list(frame: &mut Frame<'_>, area: Rect, app: &App) {
    let total = app.shown_events().count();
    let what = app.kind.map_or("Events".to_string(), |kind| format!("Events: {} only", theme::kind(kind).1));
    let kept = if app.max_kept().is_some() { "the last " } else { "" };
    let title = format!("{what}, {kept}{}{}", count(total as u64), app.abilities.origin.times());
    let mut block = framed(&title, app.theme);
    if app.event > 0 {
        block = block.title_bottom(format!(" {} newer below; G follows them ", app.event));
    }
    let inner = block.inner(area);
    let (room, rows) = (usize::from(inner.width), usize::from(inner.height));
    frame.render_widget(block, area);
    if total == 0 {
        let text =
            Paragraph::new("nothing yet; f shows other kinds").style(app.theme.style(Tone::Faint)).centered();
        return frame.render_widget(text, super::middle(inner, 1));
    }
    // The selected event stays in the middle, but at both ends the list stands still.
    let newer = app.event.saturating_sub(rows / 2).min(total.saturating_sub(rows));
    let mut lines: Vec<Line<'static>> = app
        .shown_events()
        .enumerate()
        .skip(newer)
        .take(rows)
        .map(|(index, event)| line(app, event, room, index == app.event))
        .collect();
    lines.reverse();
    frame.render_widget(Paragraph::new(lines), inner);
}

/// One event in one line.
pub fn line(app: &App, event: &TimelineEntry, room: usize, selected: bool) -> Line<'static> {
    let (symbol, word, tone) = theme::kind(event.kind);
    let name = event.chip.and_then(|index| app.view.chips.get(index)).map_or("", |chip| chip.name.as_str());
    let head = format!(" {} ", clock(event.at));
    let kind = format!("{symbol} {}", padded(word, 9));
    let longest =
        app.view.chips.iter().map(|chip| width(&chip.name)).max().unwrap_or(0).clamp(NAME.0, NAME.1);
    let name = padded(name, longest);
    let rest = room.saturating_sub(width(&head) + width(&kind) + longest + 1);
    let text = padded(&event.words(), rest);
    let line = Line::from(vec![
        Span::styled(head, app.theme.style(Tone::Faint)),
        Span::styled(kind, app.theme.style(tone)),
        Span::styled(format!("{name} "), app.theme.style(Tone::Strong)),
        Span::raw(text),
    ]);
    if selected { line.style(app.theme.bar()) } else { line }
}

/// The newest events, under a heading: what fills the rest of a panel.
pub fn latest(frame: &mut Frame<'_>, area: Rect, app: &App) {
    let block = framed("Latest events", app.theme);
    let inner = block.inner(area);
    let rows = usize::from(inner.height);
    let mut lines: Vec<Line<'static>> = app
        .events
        .iter()
        .rev()
        .take(rows)
        .map(|event| line(app, event, usize::from(inner.width), false))
        .collect();
    lines.reverse();
    if lines.is_empty() {
        lines.push(Line::styled(fit(" nothing yet", inner.width.into()), app.theme.style(Tone::Faint)));
    }
    frame.render_widget(Paragraph::new(lines).block(block), area);
}
