//! What a role shows of itself: a signal with its threshold, an index with its recall, the last questions.

use super::{answered, reading};
use crate::quantity::count;
use crate::tui::app::App;
use crate::tui::source::Origin;
use crate::tui::text::{clock, counted, fit, padded, width};
use crate::tui::theme::Tone;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::symbols::Marker;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use ratatui::widgets::canvas::{Canvas, Context, Line as Stroke, Points};
use ruvllm_esp_sim::fleet::view::{ChipDetail, QuestionView, RoleView};

/// From so many rows on the readings are shown above their scores.
const SPLIT: u16 = 9;

/// How much higher than the greatest score a chart is.
const HEADROOM: f64 = 1.08;

/// Draws it.
pub fn draw(frame: &mut Frame<'_>, area: Rect, app: &App, detail: &ChipDetail) {
    let unknown = app.abilities.origin.unknown();
    match &detail.role {
        RoleView::Plain if app.chip_detail().is_none() => empty(frame, area, app, "waiting for the chip"),
        RoleView::Plain => empty(frame, area, app, "its role shows nothing but its counters"),
        RoleView::Signal { scores, .. } if scores.is_empty() => empty(frame, area, app, NO_SAMPLE),
        RoleView::Signal { scores, threshold, alarms, readings } => {
            let below = match readings.get(app.scroll.min(readings.len().saturating_sub(1))) {
                Some(channel) if area.height >= SPLIT => {
                    let [above, below] =
                        Layout::vertical([Constraint::Fill(1), Constraint::Fill(1)]).areas(area);
                    let number = (app.scroll.min(readings.len() - 1) + 1, readings.len());
                    reading::draw(frame, above, app, channel, number, alarms);
                    below
                }
                _ => area,
            };
            signal(frame, below, app, scores, *threshold, alarms)
        }
        RoleView::Index { kind, levels, recall, questions } => {
            let mut lines = shape(app, kind, levels, *recall, usize::from(area.width));
            let rest = usize::from(area.height).saturating_sub(lines.len());
            lines.extend(asked(app, &answered::all(app, questions, detail), usize::from(area.width), rest));
            frame.render_widget(Paragraph::new(lines), area);
        }
        RoleView::Questions(questions) => {
            let mut lines = Vec::new();
            if let Some(why) = unknown {
                let text = format!(" how its index is built, what it finds: {why}");
                lines.push(Line::styled(fit(&text, area.width.into()), app.theme.style(Tone::Faint)));
            }
            let questions = answered::all(app, questions, detail);
            if questions.is_empty() {
                let [head, body] =
                    Layout::vertical([Constraint::Length(lines.len() as u16), Constraint::Fill(1)])
                        .areas(area);
                frame.render_widget(Paragraph::new(lines), head);
                return empty(frame, body, app, no_question(app));
            }
            let rest = usize::from(area.height).saturating_sub(lines.len());
            lines.extend(asked(app, &questions, usize::from(area.width), rest));
            frame.render_widget(Paragraph::new(lines), area);
        }
    }
}

/// A sentinel judges nothing while it warms up.
const NO_SAMPLE: &str = "no sample judged yet: while it warms up there are no scores";

fn no_question(app: &App) -> &'static str {
    match app.abilities.origin {
        Origin::Ports => {
            "no question was typed here; those of other chips are not available over a serial port"
        }
        _ => "no question was typed here yet, and none of another chip is among its last messages",
    }
}

fn empty(frame: &mut Frame<'_>, area: Rect, app: &App, text: &str) {
    let text = Paragraph::new(text.to_string()).style(app.theme.style(Tone::Faint)).centered();
    frame.render_widget(text, crate::tui::panel::middle(area, 1));
}

/// Thousandths as `0.307`.
fn thousandths(value: i32) -> String {
    format!(
        "{}{}.{:03}",
        if value < 0 { "-" } else { "" },
        value.unsigned_abs() / 1000,
        value.unsigned_abs() % 1000
    )
}

/// The scores of the last samples as a curve, the threshold as a dashed line, alarms marked.
fn signal(frame: &mut Frame<'_>, area: Rect, app: &App, scores: &[i32], threshold: i32, alarms: &[usize]) {
    let [head, body, foot] =
        Layout::vertical([Constraint::Length(1), Constraint::Fill(1), Constraint::Length(1)]).areas(area);
    let newest = scores.last().copied().unwrap_or(0);
    let (mark, word, tone) =
        if newest >= threshold { ('!', "alarm", Tone::Warning) } else { ('●', "normal", Tone::Good) };
    let line = Line::from(vec![
        Span::raw(format!(" score {} ", thousandths(newest))),
        Span::styled(format!("{mark} {word}"), app.theme.style(tone)),
        Span::styled(
            fit(
                &format!(
                    "  ╌ threshold {}  ! {} {} in {} samples",
                    thousandths(threshold),
                    alarms.len(),
                    if alarms.len() == 1 { "alarm" } else { "alarms" },
                    scores.len()
                ),
                usize::from(area.width).saturating_sub(24),
            ),
            app.theme.style(Tone::Faint),
        ),
    ]);
    frame.render_widget(line, head);
    let top = scores.iter().copied().max().unwrap_or(0).max(threshold).max(1);
    let label = width(&thousandths(top)) as u16 + 1;
    let [axis, plot] = Layout::horizontal([Constraint::Length(label), Constraint::Fill(1)]).areas(body);
    frame.render_widget(axis_labels(app, axis, top, threshold), axis);
    let [_, below] = Layout::horizontal([Constraint::Length(label), Constraint::Fill(1)]).areas(foot);
    frame.render_widget(samples_axis(app, scores.len(), below.width), below);
    let last = scores.len().saturating_sub(1).max(1) as f64;
    let canvas = Canvas::default()
        .marker(Marker::Braille)
        .x_bounds([0.0, last])
        .y_bounds([0.0, f64::from(top) * HEADROOM])
        .paint(|context| curve(context, app, scores, threshold, alarms, plot.width));
    frame.render_widget(canvas, plot);
}

/// What lies to the right: samples, of which the chart has no times.
fn samples_axis(app: &App, samples: usize, room: u16) -> Line<'static> {
    let (oldest, newest) =
        (format!("{} before", counted(samples.saturating_sub(1) as u64, "sample")), "newest");
    let gap = usize::from(room).saturating_sub(width(&oldest) + width(newest));
    Line::styled(format!("{oldest}{}{newest}", " ".repeat(gap)), app.theme.style(Tone::Faint))
}

/// The threshold as points, the scores as a line, brighter above it; a mark below each alarm.
fn curve(
    context: &mut Context<'_>,
    app: &App,
    scores: &[i32],
    threshold: i32,
    alarms: &[usize],
    columns: u16,
) {
    let colour = |tone| app.theme.style(tone).fg.unwrap_or_default();
    let last = scores.len().saturating_sub(1).max(1) as f64;
    // One point a cell, at the same position in each: a cell is two dots wide.
    let dots = f64::from(columns) * 2.0 - 1.0;
    let coords: Vec<(f64, f64)> = (0..columns)
        .map(|column| (f64::from(column) * 2.0 * last / dots.max(1.0), f64::from(threshold)))
        .collect();
    context.draw(&Points { coords: &coords, color: colour(Tone::Bad) });
    context.layer();
    for (index, pair) in scores.windows(2).enumerate() {
        if let [from, to] = *pair {
            let color = colour(if from.max(to) >= threshold { Tone::Warning } else { Tone::Accent });
            let (x1, y1, x2, y2) = (index as f64, f64::from(from), index as f64 + 1.0, f64::from(to));
            context.draw(&Stroke { x1, y1, x2, y2, color });
        }
    }
    context.layer();
    for index in alarms.iter().filter(|index| **index < scores.len()) {
        context.print(*index as f64, 0.0, Span::styled("!", app.theme.style(Tone::Warning)));
    }
}

/// The greatest score, the threshold and nothing, at their heights.
fn axis_labels(app: &App, area: Rect, top: i32, threshold: i32) -> Paragraph<'static> {
    let rows = usize::from(area.height);
    let row = |value: i32| {
        let height = f64::from(top) * HEADROOM;
        ((1.0 - f64::from(value) / height) * rows as f64).floor().clamp(0.0, rows.saturating_sub(1) as f64)
            as usize
    };
    let mut lines = vec![Line::default(); rows];
    for (value, tone) in [(top, Tone::Faint), (0, Tone::Faint), (threshold, Tone::Bad)] {
        if let Some(line) = lines.get_mut(row(value)) {
            *line = Line::styled(thousandths(value), app.theme.style(tone));
        }
    }
    Paragraph::new(lines)
}

/// What kind of index, its levels as bars, how much it finds.
fn shape(app: &App, kind: &str, levels: &[u32], recall: Option<u32>, room: usize) -> Vec<Line<'static>> {
    let found = match recall {
        // It compares with every item: there is nothing to measure.
        _ if kind == "flat" => "recall@10 exact".into(),
        Some(recall) => {
            format!("recall@10 {} measured against exact search", thousandths(recall.min(1000) as i32))
        }
        None => "recall@10 not measured yet".into(),
    };
    let mut lines = vec![Line::from(vec![
        Span::styled(format!(" {kind}"), app.theme.style(Tone::Strong)),
        Span::raw(fit(&format!("  {found}"), room.saturating_sub(width(kind) + 2))),
    ])];
    let most = levels.iter().copied().max().unwrap_or(0);
    for (level, items) in levels.iter().enumerate() {
        let cells = crate::tui::text::filled(u64::from(*items), u64::from(most), room.saturating_sub(24));
        lines.push(Line::from(vec![
            Span::styled(format!(" level {level:<2} "), app.theme.style(Tone::Faint)),
            Span::styled("█".repeat(cells), app.theme.style(Tone::Part(0))),
            Span::raw(format!(" {}", count((*items).into()))),
        ]));
    }
    lines
}

/// The last questions, oldest first, each with its answer.
fn asked(app: &App, questions: &[QuestionView], room: usize, rows: usize) -> Vec<Line<'static>> {
    let shown = questions.len().min(rows / 2);
    let mut lines = Vec::new();
    for question in questions.iter().skip(questions.len() - shown) {
        let at = clock(question.at);
        lines.push(Line::from(vec![
            Span::styled(format!(" {at} "), app.theme.style(Tone::Faint)),
            Span::styled(
                fit(&format!("? {}", question.text), room.saturating_sub(width(&at) + 3)),
                app.theme.style(Tone::Accent),
            ),
        ]));
        lines.push(Line::raw(fit(&format!("{}= {}", padded("", width(&at) + 2), question.answer), room)));
    }
    lines
}
