//! How long questions to the fleet took, as bars.

use super::framed;
use crate::quantity::duration;
use crate::tui::app::App;
use crate::tui::source::Origin;
use crate::tui::text::{counted, filled, padded_left};
use crate::tui::theme::Tone;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use ruvllm_esp_core::units::Micros;

/// Draws the distribution: its median and tail, and a bar for each bucket that has room.
pub fn draw(frame: &mut Frame<'_>, area: Rect, app: &App) {
    let title = format!("Answers took{}", app.abilities.origin.times());
    let block = framed(&title, app.theme);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let buckets = &app.view.latency;
    let Some((half, most)) = quantile(buckets, 50).zip(quantile(buckets, 95)) else {
        let ports = app.abilities.origin == Origin::Ports;
        let why = if ports { "not available over a serial port" } else { "no question answered yet" };
        let text = Paragraph::new(why).style(app.theme.style(Tone::Faint)).centered();
        return frame.render_widget(text, super::middle(inner, 1));
    };
    let total: u64 = buckets.iter().map(|(_, count)| u64::from(*count)).sum();
    let room = usize::from(inner.width);
    let text = format!(" {}: half ≤ {}, 95% ≤ {}", counted(total, "answer"), duration(half), duration(most));
    let mut lines = vec![Line::raw(crate::tui::text::fit(&text, room))];
    let rows = merged(buckets, usize::from(inner.height).saturating_sub(1));
    let tallest = rows.iter().map(|(_, count)| *count).max().unwrap_or(1);
    for (edge, count) in rows {
        let cells = filled(count, tallest, room.saturating_sub(24));
        lines.push(Line::from(vec![
            Span::styled(format!(" ≤ {} ", padded_left(&duration(edge), 9)), app.theme.style(Tone::Faint)),
            Span::styled("█".repeat(cells), app.theme.style(Tone::Accent)),
            Span::raw(format!(" {count}")),
        ]));
    }
    frame.render_widget(Paragraph::new(lines), inner);
}

/// The upper edge of the bucket below which `percent` of all lie.
fn quantile(buckets: &[(Micros, u32)], percent: u64) -> Option<Micros> {
    let total: u64 = buckets.iter().map(|(_, count)| u64::from(*count)).sum();
    let mut sum = 0;
    buckets.iter().filter(|(_, count)| *count > 0).find_map(|(edge, count)| {
        sum += u64::from(*count);
        (sum * 100 >= total * percent).then_some(*edge)
    })
}

/// From the first to the last bucket that has any, in at most `rows` rows.
fn merged(buckets: &[(Micros, u32)], rows: usize) -> Vec<(Micros, u64)> {
    let Some(first) = buckets.iter().position(|(_, count)| *count > 0) else { return Vec::new() };
    let last = buckets.iter().rposition(|(_, count)| *count > 0).unwrap_or(first);
    let inside = buckets.get(first..=last).unwrap_or_default();
    let together = inside.len().div_ceil(rows.max(1)).max(1);
    let row = |some: &[(Micros, u32)]| {
        let edge = some.last().map_or(Micros(0), |(edge, _)| *edge);
        (edge, some.iter().map(|(_, count)| u64::from(*count)).sum())
    };
    inside.chunks(together).map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_merged_and_none_is_lost() {
        let buckets: Vec<(Micros, u32)> =
            (0..10).map(|at| (Micros(1 << at), if at > 1 { at } else { 0 })).collect();
        let rows = merged(&buckets, 4);
        assert_eq!(rows, [(Micros(8), 5), (Micros(32), 9), (Micros(128), 13), (Micros(512), 17)]);
        assert_eq!([quantile(&buckets, 50), quantile(&buckets, 95)], [Some(Micros(128)), Some(Micros(512))]);
        assert_eq!((quantile(&[], 50), merged(&[], 4)), (None, vec![]));
    }
}
