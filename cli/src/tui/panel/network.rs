//! The links: how they join the chips, what crosses them, what is lost, and how long answers take.

use super::labels::{EXTENT, Labels};
use super::{framed, latency};
use crate::quantity::{bytes, count};
use crate::topology::{self, Drawing, Point, layout};
use crate::tui::app::App;
use crate::tui::source::Origin;
use crate::tui::text::{counted, curve, fit, padded, padded_left, width};
use crate::tui::theme::{self, Tone};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::symbols::Marker;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use ratatui::widgets::canvas::{Canvas, Context, Line as Stroke, Points};
use ruvllm_esp_core::units::Bytes;
use ruvllm_esp_sim::fleet::view::LinkView;

/// Up to this many chips each has its name in the drawing.
const NAMED: usize = 40;

/// Up to this many chips of a medium each has its line to it.
const SPOKES: usize = 24;

/// Draws the panel.
pub fn draw(frame: &mut Frame<'_>, area: Rect, app: &App) {
    let [left, right] = Layout::horizontal([Constraint::Percentage(46), Constraint::Fill(1)]).areas(area);
    drawing(frame, left, app);
    let wanted = u16::try_from(app.view.links.len() * 3 + 2).unwrap_or(u16::MAX);
    let most = right.height.saturating_sub(8).max(right.height / 2);
    let [list, answers] =
        Layout::vertical([Constraint::Length(wanted.clamp(5, most)), Constraint::Fill(1)]).areas(right);
    links(frame, list, app);
    latency::draw(frame, answers, app);
}

fn drawing(frame: &mut Frame<'_>, area: Rect, app: &App) {
    let title = format!("Links: {}", topology::name(&app.view));
    let block = framed(&title, app.theme)
        .title_bottom(Line::styled(" ● runs  ◌ boots  ✗ off  ? silent ", app.theme.style(Tone::Faint)));
    let inner = block.inner(area);
    let drawing = layout(&app.view);
    // A margin for the names; a cell is about twice as high as wide, so a circle is as wide as it may be.
    let canvas = Canvas::default()
        .block(block)
        .marker(Marker::Braille)
        .x_bounds([-EXTENT.0, EXTENT.0])
        .y_bounds([-EXTENT.1, EXTENT.1])
        .paint(|context| paint(context, app, &drawing, inner));
    frame.render_widget(canvas, area);
}

fn paint(context: &mut Context<'_>, app: &App, drawing: &Drawing, area: Rect) {
    for (index, link) in app.view.links.iter().enumerate() {
        if let Some(middle) = drawing.links.get(index) {
            strokes(context, app, drawing, link, *middle, index == app.link);
        }
    }
    context.layer();
    let mut labels = Labels::new(area);
    let chosen = chosen(app, drawing);
    if let Some((text, point)) = &chosen {
        // It is drawn last, and still has room.
        labels.try_place(*point, text);
    }
    for (index, link) in app.view.links.iter().enumerate() {
        let selected = index == app.link;
        if let Some((x, y)) = drawing.links.get(index)
            && (link.members.len() > 2 || link.cut)
        {
            let tone = if link.cut {
                Tone::Bad
            } else if selected {
                Tone::Selected
            } else {
                Tone::Accent
            };
            let text = if link.cut { format!("✗{}", link.name) } else { link.name.clone() };
            if let Some(left) = labels.try_place((*x, *y), &fit(&text, 16)) {
                context.print(left, *y, Span::styled(fit(&text, 16), app.theme.style(tone)));
            }
        }
    }
    chips(context, app, drawing, &mut labels);
    context.layer();
    if let Some((text, (x, y))) = chosen {
        context.print(labels.left(x, &text), y, Span::styled(text, app.theme.style(Tone::Selected)));
    }
}

/// The name of the selected chip, and where it stands.
fn chosen(app: &App, drawing: &Drawing) -> Option<(String, Point)> {
    let index = app.chip()?;
    let (chip, point) = (app.view.chips.get(index)?, drawing.chips.get(index)?);
    let (symbol, ..) = theme::state(chip.state);
    Some((fit(&format!("[{symbol}{}]", chip.name), 16), *point))
}

/// The lines of a link: bright where it is selected, points only where it is cut.
fn strokes(
    context: &mut Context<'_>,
    app: &App,
    drawing: &Drawing,
    link: &LinkView,
    middle: Point,
    selected: bool,
) {
    let tone = if link.cut {
        Tone::Bad
    } else if selected {
        Tone::Selected
    } else {
        Tone::Accent
    };
    let color = app.theme.style(tone).fg.unwrap_or_default();
    for chip in link.members.iter().filter(|chip| has_spoke(app, link, **chip)) {
        let Some((x1, y1)) = drawing.chips.get(*chip).copied() else { continue };
        let (x2, y2) = middle;
        if link.cut {
            let dots: Vec<Point> = (0..6)
                .map(|dot| f64::from(dot) / 9.0)
                .map(|part| (x1 + (x2 - x1) * part, y1 + (y2 - y1) * part))
                .collect();
            context.draw(&Points { coords: &dots, color });
        } else {
            context.draw(&Stroke { x1, y1, x2, y2, color });
        }
    }
}

/// A medium of many would be all spokes: then only the selected chip has one, and who is on another link too.
fn has_spoke(app: &App, link: &LinkView, chip: usize) -> bool {
    link.members.len() <= SPOKES
        || app.roster.selected() == Some(chip)
        || app.view.links.iter().filter(|other| other.members.contains(&chip)).count() > 1
}

/// Each chip but the selected one with its symbol, and its name where there is room for it.
fn chips(context: &mut Context<'_>, app: &App, drawing: &Drawing, labels: &mut Labels) {
    let many = app.view.chips.len() > NAMED;
    for (index, (chip, (x, y))) in app.view.chips.iter().zip(&drawing.chips).enumerate() {
        let (symbol, _, tone) = theme::state(chip.state);
        if app.roster.selected() == Some(index) {
            continue;
        }
        let name = fit(&format!("{symbol}{}", chip.name), 12);
        // A name that would cover another is left out; the symbol never is.
        let (text, left) = match labels.try_place((*x, *y), &name).filter(|_| !many) {
            Some(left) => (name, left),
            None => (symbol.to_string(), *x),
        };
        context.print(left, *y, Span::styled(text, app.theme.style(tone)));
    }
}

/// The links one below the other: three lines each.
fn links(frame: &mut Frame<'_>, area: Rect, app: &App) {
    let all = app.view.links.len();
    let mut block = framed(&format!("Traffic, {}", counted(all as u64, "link")), app.theme);
    let inner = block.inner(area);
    let rows = usize::from(inner.height / 3).max(1);
    let first = app.link.saturating_sub(rows / 2).min(all.saturating_sub(rows));
    if all > rows {
        let text = format!(" {} to {} of {all}, j k ", first + 1, first + rows);
        block = block.title_bottom(Line::styled(text, app.theme.style(Tone::Faint)));
    }
    frame.render_widget(block, area);
    let room = usize::from(inner.width);
    let mut lines = Vec::new();
    for (index, link) in app.view.links.iter().enumerate().skip(first).take(rows) {
        lines.extend(entry(app, index, link, room));
    }
    if lines.is_empty() {
        let ports = app.abilities.origin == Origin::Ports;
        let text = if ports { " not available over a serial port" } else { " no links" };
        lines.push(Line::styled(text, app.theme.style(Tone::Faint)));
    }
    frame.render_widget(Paragraph::new(lines), inner);
}

/// The share of receptions that failed, in thousandths: a frame may reach some chips and not others.
fn lost_permille(link: &LinkView) -> u64 {
    (link.lost * 1000).checked_div(link.received + link.lost).unwrap_or(0)
}

fn entry(app: &App, index: usize, link: &LinkView, room: usize) -> [Line<'static>; 3] {
    let mark = if index == app.link { "▸" } else { " " };
    let fault = app.marks.of_link(index);
    let (state, tone) = match &fault {
        _ if link.cut => ("✗ cut".to_string(), Tone::Bad),
        // What it does, without how much of it: the menu of faults says that.
        Some(words) => (format!("! {}", words.split(' ').next().unwrap_or_default()), Tone::Warning),
        None => ("● up".to_string(), Tone::Good),
    };
    let name_tone = if index == app.link { Tone::Selected } else { Tone::Strong };
    let permille = lost_permille(link);
    let track = app.history.links.get(index);
    let load = track
        .map(|track| curve(track.values(), track.most().max(10), room.saturating_sub(13)))
        .unwrap_or_default();
    let frames = format!("  {} frames, ", count(link.frames.0));
    let lost = format!("{}.{}% of receptions lost", permille / 10, permille % 10);
    let volume = format!(", {}", bytes(Bytes(u32::try_from(link.bytes).unwrap_or(u32::MAX))));
    let volume = if width(&frames) + width(&lost) + width(&volume) <= room { volume } else { String::new() };
    [
        Line::from(vec![
            Span::styled(
                padded(&format!("{mark}{}", link.name), room.saturating_sub(28)),
                app.theme.style(name_tone),
            ),
            Span::raw(padded_left(
                &format!("{}, {} ", link.kind, counted(link.members.len() as u64, "chip")),
                20,
            )),
            Span::styled(padded(&state, 8), app.theme.style(tone)),
        ]),
        Line::from(vec![
            Span::styled("  load ", app.theme.style(Tone::Faint)),
            Span::styled(load, app.theme.style(Tone::Accent)),
            Span::raw(padded_left(&format!("{}% ", link.load), 6)),
        ]),
        Line::from(vec![
            Span::raw(frames),
            Span::styled(lost, app.theme.style(if permille >= 50 { Tone::Warning } else { Tone::Faint })),
            Span::raw(volume),
        ]),
    ]
}
