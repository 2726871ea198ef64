//! Many chips at a glance: a cell each, shaded by how busy it is; what needs a look stands out.

use crate::tui::app::App;
use crate::tui::text::{fit, width};
use crate::tui::theme::{self, Tone};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use ruvllm_esp_sim::fleet::view::{ChipState, ChipView};

/// From so many chips on a fleet is shown as a map.
pub const FROM: usize = 60;
/// Columns of a cell.
pub const WIDTH: u16 = 3;
/// Shades of a running chip, by its load in hundredths.
const SHADES: [(u8, char); 4] = [(60, '▓'), (25, '▒'), (5, '░'), (0, '·')];

/// Draws the chips at these indices, and below them the selected one in words. Gives the rows they take.
pub fn draw(frame: &mut Frame<'_>, area: Rect, app: &App, visible: &[usize], columns: usize) -> u16 {
    let rows = u16::try_from(visible.len().div_ceil(columns.max(1))).unwrap_or(u16::MAX);
    let [map, word] = Layout::vertical([Constraint::Length(rows), Constraint::Length(2)]).areas(area);
    let line =
        |indices: &[usize]| Line::from(indices.iter().map(|index| cell(app, *index)).collect::<Vec<_>>());
    frame.render_widget(Paragraph::new(visible.chunks(columns.max(1)).map(line).collect::<Vec<_>>()), map);
    frame.render_widget(Paragraph::new(vec![legend(app, area.width), selected(app, area.width)]), word);
    (rows + 2).min(area.height)
}

/// One chip: an alarm first, then what is wrong with it, then how busy it is.
fn cell(app: &App, index: usize) -> Span<'static> {
    let Some(chip) = app.view.chips.get(index) else { return Span::raw("   ") };
    let (symbol, tone) = sign(app, chip, index);
    let style = app.theme.style(tone);
    let is_selected = app.roster.selected() == Some(index);
    let (left, right) = if is_selected { ('[', ']') } else { (' ', ' ') };
    let style = if tone == Tone::Warning || is_selected { style.add_modifier(Modifier::BOLD) } else { style };
    Span::styled(format!("{left}{symbol}{right}"), style)
}

fn sign(app: &App, chip: &ChipView, index: usize) -> (char, Tone) {
    if chip.alarms.is_some_and(|alarms| alarms > 0) || app.marks.of_chip(index).is_some() {
        return ('!', Tone::Warning);
    }
    if chip.state != ChipState::Running {
        let (symbol, _, tone) = theme::state(chip.state);
        return (symbol, tone);
    }
    let load = chip.load.unwrap_or(0);
    let shade = SHADES.iter().find(|(from, _)| load >= *from).map_or('·', |(_, shade)| *shade);
    (shade, Tone::Good)
}

fn legend(app: &App, room: u16) -> Line<'static> {
    let text = " ! alarm or fault  ✗ off  ◌ boots  ? silent  cpu · idle ░ 5% ▒ 25% ▓ 60%  v rows";
    Line::styled(fit(text, room.into()), app.theme.style(Tone::Faint))
}

/// The selected chip in words.
fn selected(app: &App, room: u16) -> Line<'static> {
    let Some(chip) = app.roster.selected().and_then(|index| app.view.chips.get(index)) else {
        return Line::default();
    };
    let (symbol, word, tone) = theme::state(chip.state);
    let alarms = chip
        .alarms
        .filter(|alarms| *alarms > 0)
        .map_or(String::new(), |alarms| format!("  ! {alarms} alarms"));
    let head = format!(" {} {}  {} {}  ", chip.id, chip.name, chip.variant, chip.role);
    let items = format!("  {} of {} items", chip.items, chip.capacity);
    let state = format!("{symbol} {word}");
    let rest = usize::from(room).saturating_sub(width(&head) + width(&state) + width(&alarms));
    Line::from(vec![
        Span::styled(head, app.theme.style(Tone::Selected)),
        Span::styled(state, app.theme.style(tone)),
        Span::styled(alarms, app.theme.style(Tone::Warning)),
        Span::styled(fit(&items, rest), app.theme.style(Tone::Faint)),
    ])
}
