//! The last line: the keys that count now, from the table of keys, or what is being typed.

use crate::tui::app::{App, Mode};
use crate::tui::keymap::{Context, is_possible};
use crate::tui::text::width;
use crate::tui::theme::{Theme, Tone};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

/// Columns that stay for the keys beside what is typed, its label with them.
const KEYS: usize = 36;

/// The line for what has the keyboard.
pub fn line(app: &App, room: u16) -> Line<'static> {
    let room = usize::from(room);
    let mut spans = match &app.mode {
        Mode::Filter(_) => {
            typed(" filter: ", tail(app.roster.filter.halves(), room.saturating_sub(KEYS)), app.theme)
        }
        Mode::Time(prompt) => {
            typed(" go to time: ", tail(prompt.halves(), room.saturating_sub(KEYS)), app.theme)
        }
        _ => Vec::new(),
    };
    let taken: usize = spans.iter().map(Span::width).sum();
    spans.extend(keys(app, room.saturating_sub(taken)));
    Line::from(spans)
}

/// The end of a line that is too long, so that its cursor is seen.
pub fn tail<'t>((before, after): (&'t str, &'t str), room: usize) -> (&'t str, &'t str) {
    let room = room.saturating_sub(8);
    let start = before
        .char_indices()
        .map(|(index, _)| index)
        .find(|index| width(before.get(*index..).unwrap_or("")) <= room);
    (before.get(start.unwrap_or(before.len())..).unwrap_or(""), after)
}

/// Text with its cursor.
pub fn typed(label: &str, (before, after): (&str, &str), theme: Theme) -> Vec<Span<'static>> {
    let mut rest = after.chars();
    let under = rest.next().unwrap_or(' ');
    vec![
        Span::styled(label.to_string(), theme.style(Tone::Selected)),
        Span::raw(before.to_string()),
        Span::styled(under.to_string(), Style::new().add_modifier(Modifier::REVERSED)),
        Span::raw(format!("{}  ", rest.collect::<String>())),
    ]
}

/// As many keys as there is room for: those that come last in the table, help and quit, are always among them.
fn keys(app: &App, room: usize) -> Vec<Span<'static>> {
    let (context, theme) = (app.context(), app.theme);
    let hints: Vec<(&str, &str)> = app
        .keymap
        .bindings(context)
        .filter(|binding| !binding.label.is_empty() && is_possible(binding, app.abilities))
        .map(|binding| (binding.shown.split(' ').next().unwrap_or_default(), binding.label))
        .map(|(keys, label)| if keys == "+" && label == "speed" { ("+/-", label) } else { (keys, label) })
        .collect();
    let columns = |hint: &(&str, &str)| width(hint.0) + width(hint.1) + 3;
    let fixed = if matches!(context, Context::Panel(_)) { 2 } else { 0 };
    let (first, last) = hints.split_at(hints.len().saturating_sub(fixed));
    let mut free = room.saturating_sub(last.iter().map(columns).sum());
    let fitting = first.iter().take_while(|hint| {
        let fits = columns(hint) <= free;
        free = free.saturating_sub(columns(hint));
        fits
    });
    let mut spans = Vec::new();
    for (keys, label) in fitting.chain(last) {
        spans.push(Span::styled(format!(" {keys}"), theme.style(Tone::Strong)));
        spans.push(Span::styled(format!(" {label} "), theme.style(Tone::Faint)));
    }
    spans
}
