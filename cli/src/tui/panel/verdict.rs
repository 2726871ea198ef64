//! How the expectations of the scenario stand, and which is judged next.

use crate::tui::app::App;
use crate::tui::text::{clock, fit, width};
use crate::tui::theme::Tone;
use ratatui::text::{Line, Span};

/// Lines that it takes.
pub fn rows(app: &App) -> u16 {
    u16::from(app.view.verdict.is_some())
}

/// `verdict: 3 of 7 passed, 1 FAILED: latency: 95% took 40 ms; next: every chip answers, by 01:30`
pub fn line(app: &App, room: u16) -> Line<'static> {
    let Some(verdict) = &app.view.verdict else { return Line::default() };
    let all = verdict.passed + verdict.failed.len() + verdict.waiting.len();
    let tone = match (verdict.failed.is_empty(), verdict.waiting.is_empty()) {
        (false, _) => Tone::Bad,
        (true, true) => Tone::Good,
        (true, false) => Tone::Plain,
    };
    let mut spans = vec![
        Span::raw(" verdict: "),
        Span::styled(format!("{} of {all} passed", verdict.passed), app.theme.style(tone)),
    ];
    if let Some((name, seen)) = verdict.failed.first() {
        let text = format!(", {} FAILED: {name}: {seen}", verdict.failed.len());
        // What comes next keeps a half of the line.
        let most = usize::from(room) * 2 / 3;
        let taken: usize = spans.iter().map(Span::width).sum();
        spans.push(Span::styled(fit(&text, most.saturating_sub(taken)), app.theme.style(Tone::Bad)));
    }
    let taken: usize = spans.iter().map(Span::width).sum();
    let free = usize::from(room).saturating_sub(taken);
    spans.push(Span::styled(next(app, free), app.theme.style(Tone::Faint)));
    Line::from(spans)
}

/// What is judged next; its time is never cut.
fn next(app: &App, room: usize) -> String {
    let waiting = app.view.verdict.as_ref().map_or(&[][..], |verdict| &verdict.waiting);
    let Some((name, by)) = waiting.first() else { return fit("; nothing is left to wait for", room) };
    let by = format!(", by {}", clock(*by));
    format!("{}{by}", fit(&format!("; waits for: {name}"), room.saturating_sub(width(&by))))
}
