//! An analysis as a chart of letters: for a terminal, printed once, not a display that takes it over.

use super::collect::Analysis;
use super::curve::{Axis, Curve};
use anstyle::{AnsiColor, Color as AnsiTone, Style as AnsiStyle};
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::Marker;
use ratatui::text::Line;
use ratatui::widgets::{Axis as Scale, Block, Chart, Dataset, GraphType, Widget};
use std::io::{self, Write};

/// Lines of a channel's chart, and of the score's.
const CHANNEL_LINES: u16 = 9;
const SCORE_LINES: u16 = 8;
/// More channels than this are not shown.
const MAX_CHANNELS: usize = 3;

/// Prints the chart.
///
/// # Errors
/// When the terminal does not take it.
pub fn print(analysis: &Analysis, width: u16, out: &mut impl Write) -> io::Result<()> {
    let picture = &analysis.picture;
    let shown = picture.channels.len().min(MAX_CHANNELS) as u16;
    let area = Rect::new(0, 0, width.clamp(40, 200), shown * CHANNEL_LINES + SCORE_LINES);
    let mut buffer = Buffer::empty(area);
    let heights =
        (0..shown).map(|_| Constraint::Length(CHANNEL_LINES)).chain([Constraint::Length(SCORE_LINES)]);
    let panels = Layout::vertical(heights).split(area);
    let channels = picture.channels.iter().take(MAX_CHANNELS);
    for (position, ((name, curve), panel)) in channels.zip(panels.iter()).enumerate() {
        channel(analysis, position, name, curve, *panel, &mut buffer);
    }
    if let Some(panel) = panels.last() {
        score(analysis, *panel, &mut buffer);
    }
    write(&buffer, out)?;
    if picture.channels.len() > MAX_CHANNELS {
        writeln!(
            out,
            "{MAX_CHANNELS} of {} channels; --columns chooses, --html and --png show all",
            picture.channels.len()
        )?;
    }
    Ok(())
}

fn channel(analysis: &Analysis, position: usize, name: &str, curve: &Curve, area: Rect, buffer: &mut Buffer) {
    let axis = &analysis.picture.axis;
    let points = points(curve, axis);
    let is_alarm = |position: f64| {
        analysis.alarms.iter().any(|alarm| (alarm.span.from..=alarm.span.to).contains(&position))
    };
    let step = (axis.to - axis.from) / curve.low.len().max(1) as f64;
    // A step is as wide as it is: an alarm within it colours all of it.
    let is_red = |position: f64| {
        is_alarm(position)
            || analysis.alarms.iter().any(|alarm| (alarm.span.from - position).abs() <= step / 2.0)
    };
    let (red, blue): (Vec<_>, Vec<_>) = points.into_iter().partition(|(position, _)| is_red(*position));
    let bounds = curve.bounds();
    let marks: Vec<(f64, f64)> = analysis
        .alarms
        .iter()
        .filter(|alarm| alarm.span.channel == position)
        .map(|alarm| (alarm.span.from, bounds.1))
        .collect();
    let sets = [
        set(&blue, Color::Blue, Marker::Braille),
        set(&red, Color::Red, Marker::Braille),
        set(&marks, Color::Red, Marker::Block),
    ];
    draw(name, sets.to_vec(), bounds, axis, area, buffer);
}

fn score(analysis: &Analysis, area: Rect, buffer: &mut Buffer) {
    let axis = &analysis.picture.axis;
    let points = points(&analysis.picture.score, axis);
    let (_, top) = analysis.picture.score.bounds();
    let threshold: Vec<(f64, f64)> = (0..400)
        .map(|at| (axis.from + (axis.to - axis.from) * f64::from(at) / 400.0, analysis.threshold))
        .collect();
    let sets = vec![set(&points, Color::Yellow, Marker::Braille), set(&threshold, Color::Red, Marker::Dot)];
    let name = format!("score, bits; an alarm begins at {:.0}", analysis.threshold);
    draw(&name, sets, (0.0, top.max(analysis.threshold * 1.3)), axis, area, buffer);
}

fn points(curve: &Curve, axis: &Axis) -> Vec<(f64, f64)> {
    let mut points: Vec<(f64, f64)> = curve.pieces(axis).concat();
    points.retain(|(_, value)| value.is_finite());
    points
}

fn set(points: &[(f64, f64)], color: Color, marker: Marker) -> Dataset<'_> {
    Dataset::default()
        .data(points)
        .marker(marker)
        .graph_type(GraphType::Scatter)
        .style(Style::new().fg(color))
}

fn draw(
    name: &str,
    sets: Vec<Dataset<'_>>,
    bounds: (f64, f64),
    axis: &Axis,
    area: Rect,
    buffer: &mut Buffer,
) {
    let faint = Style::new().add_modifier(Modifier::DIM);
    let label = |value: f64| Line::styled(format!("{:>8}", crate::picture::chart::number(value)), faint);
    let ends = [axis.from, (axis.from + axis.to) / 2.0, axis.to]
        .map(|position| Line::styled(axis.tick(position), faint));
    let (low, high) = bounds;
    let digits = if high - low > 50.0 { 0 } else { 2 };
    let rounded = |value: f64| format!("{value:.digits$}").parse().unwrap_or(value);
    Chart::new(sets)
        .block(Block::new().title(Line::styled(name.to_string(), Style::new().add_modifier(Modifier::BOLD))))
        .legend_position(None)
        .x_axis(Scale::default().bounds([axis.from, axis.to]).labels(ends).style(faint))
        .y_axis(
            Scale::default()
                .bounds([low, high])
                .labels([label(rounded(low)), label(rounded(high))])
                .style(faint),
        )
        .render(area, buffer);
}

/// Prints the cells, with a change of style where there is one.
fn write(buffer: &Buffer, out: &mut impl Write) -> io::Result<()> {
    for y in 0..buffer.area.height {
        let mut style = AnsiStyle::new();
        for x in 0..buffer.area.width {
            let Some(cell) = buffer.cell((x, y)) else { continue };
            let next = ansi(cell.fg, cell.modifier);
            if next != style {
                write!(out, "{style:#}{next}")?;
                style = next;
            }
            out.write_all(cell.symbol().as_bytes())?;
        }
        writeln!(out, "{style:#}")?;
    }
    Ok(())
}

fn ansi(color: Color, modifier: Modifier) -> AnsiStyle {
    let tone = match color {
        Color::Red => Some(AnsiColor::Red),
        Color::Blue => Some(AnsiColor::Blue),
        Color::Yellow => Some(AnsiColor::Yellow),
        _ => None,
    };
    let style = AnsiStyle::new().fg_color(tone.map(AnsiTone::Ansi));
    let style = if modifier.contains(Modifier::BOLD) { style.bold() } else { style };
    if modifier.contains(Modifier::DIM) { style.dimmed() } else { style }
}
