//! The panels, one file each, and what stands round them: the first line, the last word, the keys.

pub mod answered;
pub mod arena;
pub mod chip;
pub mod fleet;
pub mod heat;
pub mod help;
pub mod hints;
pub mod labels;
pub mod latency;
pub mod menu;
pub mod network;
pub mod reading;
pub mod role;
pub mod rows;
pub mod tile;
pub mod timeline;
pub mod verdict;

use super::action::Panel;
use super::app::{App, Mode};
use super::source::Pace;
use super::text::{clock, fit, width};
use super::theme::{Theme, Tone};
use super::timeline_entry::TimelineEntry;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Paragraph};
use ruvllm_esp_core::units::Micros;
use ruvllm_esp_sim::fleet::view::EventKind;

/// Below this nothing can be read.
pub const SMALLEST: (u16, u16) = (60, 16);

/// How long an alarm stands in the last line, and among how many events it is looked for.
const ALARM_TIME: Micros = Micros(10_000_000);
const ALARM_EVENTS: usize = 200;

/// Rows that are no panel's: the first line, the last word, the keys.
pub const AROUND: u16 = 3;

/// Draws everything.
pub fn draw(frame: &mut Frame<'_>, app: &App) {
    let area = frame.area();
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        return too_small(frame, area);
    }
    let [top, body, word, keys] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Fill(1),
        Constraint::Length(1),
        Constraint::Length(1),
    ])
    .areas(area);
    frame.render_widget(header(app, top.width), top);
    if !app.informed {
        frame
            .render_widget(Paragraph::new("waiting for the fleet's first frame").centered(), middle(body, 1));
    } else {
        match app.panel {
            Panel::Fleet => fleet::draw(frame, body, app),
            Panel::Chip => chip::draw(frame, body, app),
            Panel::Network => network::draw(frame, body, app),
            Panel::Timeline => timeline::draw(frame, body, app),
        }
    }
    frame.render_widget(last_word(app, word.width), word);
    frame.render_widget(hints::line(app, keys.width), keys);
    match &app.mode {
        Mode::Menu(entries, selected) => menu::draw(frame, body, app.theme, entries, *selected),
        Mode::Help(first) => help::draw(frame, body, app, *first),
        _ => {}
    }
}

fn too_small(frame: &mut Frame<'_>, area: Rect) {
    let text = vec![
        Line::from("too small"),
        Line::from(format!("{}x{} here", area.width, area.height)),
        Line::from(format!("{}x{} needed", SMALLEST.0, SMALLEST.1)),
    ];
    frame.render_widget(Paragraph::new(text).centered(), middle(area, 3));
}

/// Rows in the middle of an area.
fn middle(area: Rect, rows: u16) -> Rect {
    let rows = rows.min(area.height);
    Rect { y: area.y + (area.height - rows) / 2, height: rows, ..area }
}

/// Below this many columns only the panel that is shown has its name.
const NARROW: u16 = 72;

/// The tabs at the left; what is shown and its time at the right.
fn header(app: &App, room: u16) -> Line<'static> {
    let theme = app.theme;
    let mut spans = Vec::new();
    for (number, panel) in Panel::ALL.into_iter().enumerate() {
        // How time passes matters more than the names of the other panels.
        let short = room < NARROW && panel != app.panel;
        let name = if short { format!("{}", number + 1) } else { format!("{} {}", number + 1, panel.name()) };
        if panel == app.panel {
            spans.push(Span::styled(format!("[{name}]"), theme.style(Tone::Selected)));
        } else {
            spans.push(Span::styled(format!(" {name} "), theme.style(Tone::Faint)));
        }
    }
    let pace = pace(app);
    let right = format!("{}  {pace}", clock(app.view.now));
    let taken: usize = spans.iter().map(Span::width).sum();
    let free = usize::from(room).saturating_sub(taken + width(&right) + 4);
    let title = fit(&app.title, free);
    let gap = usize::from(room).saturating_sub(taken + width(&title) + 2 + width(&right));
    spans.push(Span::raw(" ".repeat(gap)));
    spans.push(Span::styled(format!("{title}  "), theme.style(Tone::Strong)));
    let tone = if app.pace.paused && app.abilities.pace { Tone::Warning } else { Tone::Plain };
    spans.push(Span::styled(right, theme.style(tone)));
    Line::from(spans)
}

/// How time passes: always as wide, so that nothing beside it moves.
fn pace(app: &App) -> String {
    let text = if !app.abilities.pace {
        "live".to_string()
    } else if app.jumping.is_some() {
        "» going".into()
    } else if app.ended {
        "■ end".into()
    } else if app.pace.paused {
        "‖ paused".into()
    } else if app.pace.permille == Pace::MAX {
        format!("▸ max {}x", app.achieved / 1000)
    } else if app.achieved > 0 && app.achieved < app.pace.permille / 10 * 9 {
        // The machine does not keep up with what was asked for.
        format!("▸ {} ({}x)", Pace::speed(app.pace.permille), app.achieved / 1000)
    } else {
        format!("▸ {}", Pace::speed(app.pace.permille))
    };
    format!("{text:<9}")
}

/// A word of the display, or else the newest event.
fn last_word(app: &App, room: u16) -> Line<'static> {
    if let Some(notice) = &app.notice {
        return Line::styled(fit(&format!(" {notice}"), room.into()), app.theme.style(Tone::Selected));
    }
    if let Some(to) = app.jumping {
        let text = format!(" going to {}; Esc stops here", clock(to));
        return Line::styled(fit(&text, room.into()), app.theme.style(Tone::Selected));
    }
    let newest = app.events.back().filter(|_| app.panel != Panel::Timeline);
    match fresh_alarm(app).or(newest) {
        Some(event) if event.kind == EventKind::Alarm => {
            timeline::line(app, event, room.into(), false).style(theme_of_alarm(app))
        }
        Some(event) => timeline::line(app, event, room.into(), false),
        None => Line::default(),
    }
}

/// The newest alarm, as long as it is news: nothing that comes after it hides it.
fn fresh_alarm(app: &App) -> Option<&TimelineEntry> {
    let alarm = app.events.iter().rev().take(ALARM_EVENTS).find(|event| event.kind == EventKind::Alarm)?;
    (app.view.now.saturating_sub(alarm.at) <= ALARM_TIME).then_some(alarm)
}

fn theme_of_alarm(app: &App) -> Style {
    app.theme.style(Tone::Warning).add_modifier(Modifier::REVERSED | Modifier::BOLD)
}

/// A frame with a title.
pub fn framed(title: &str, theme: Theme) -> Block<'static> {
    Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(theme.style(Tone::Faint))
        .title(Span::styled(format!(" {title} "), theme.style(Tone::Strong)))
}

/// A window over the panel, in its middle.
pub fn window(area: Rect, columns: u16, rows: u16) -> Rect {
    let (width, height) = (columns.min(area.width), rows.min(area.height));
    Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height }
}
