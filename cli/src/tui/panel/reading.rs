//! What a channel of a sentinel read, above the scores of the same samples.

use crate::picture::chart::number;
use crate::tui::app::App;
use crate::tui::text::{fit, width};
use crate::tui::theme::Tone;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::symbols::Marker;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use ratatui::widgets::canvas::{Canvas, Line as Stroke};

/// Draws the readings of channel `number.0` of `number.1`; samples that were alarms stand out.
pub fn draw(
    frame: &mut Frame<'_>,
    area: Rect,
    app: &App,
    readings: &[Option<f64>],
    channel: (usize, usize),
    alarms: &[usize],
) {
    let [head, body] = Layout::vertical([Constraint::Length(1), Constraint::Fill(1)]).areas(area);
    frame.render_widget(title(app, readings, channel, head.width), head);
    let known = || readings.iter().copied().flatten();
    let (least, most) = known().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), it| (a.min(it), b.max(it)));
    if least > most {
        return;
    }
    let labels = [number(most), number(least)];
    let label = labels.iter().map(|label| width(label)).max().unwrap_or(0) as u16 + 1;
    let [axis, plot] = Layout::horizontal([Constraint::Length(label), Constraint::Fill(1)]).areas(body);
    let [top, bottom] = labels.map(|label| Line::styled(label, app.theme.style(Tone::Faint)));
    let mut lines = vec![Line::default(); usize::from(axis.height)];
    if let Some(last) = lines.last_mut() {
        *last = bottom;
    }
    if let Some(first) = lines.first_mut() {
        *first = top;
    }
    frame.render_widget(Paragraph::new(lines), axis);
    let colour = |tone| app.theme.style(tone).fg.unwrap_or_default();
    // A constant lies in the middle.
    let room = if most > least { (most - least) * 0.04 } else { most.abs().max(1.0) * 0.5 };
    let last = readings.len().saturating_sub(1).max(1) as f64;
    let canvas = Canvas::default()
        .marker(Marker::Braille)
        .x_bounds([0.0, last])
        .y_bounds([least - room, most + room])
        .paint(|context| {
            for (index, pair) in readings.windows(2).enumerate() {
                if let [Some(y1), Some(y2)] = *pair {
                    let is_alarm =
                        alarms.binary_search(&index).or(alarms.binary_search(&(index + 1))).is_ok();
                    let color = colour(if is_alarm { Tone::Warning } else { Tone::Good });
                    context.draw(&Stroke { x1: index as f64, y1, x2: index as f64 + 1.0, y2, color });
                }
            }
        });
    frame.render_widget(canvas, plot);
}

/// `reading 2.72, channel 1 of 3 (j k)`
fn title(app: &App, readings: &[Option<f64>], (channel, all): (usize, usize), room: u16) -> Line<'static> {
    let newest = readings.last().copied().flatten().map_or("missing".into(), number);
    let which =
        if all > 1 { format!("  channel {channel} of {all}; j k show others") } else { String::new() };
    Line::from(vec![
        Span::raw(format!(" reading {newest}")),
        Span::styled(fit(&which, usize::from(room).saturating_sub(20)), app.theme.style(Tone::Faint)),
    ])
}
