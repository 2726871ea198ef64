//! Styled text for a terminal: headings, weight.
//!
//! Whether a stream shows styles is decided by `output::set_color`; here they are always written.

use anstyle::{AnsiColor, Reset, Style};

/// Start and end of a coloured heading.
pub fn heading(color: AnsiColor) -> (Style, Reset) {
    (Style::new().bold().fg_color(Some(color.into())), Reset)
}

/// Start and end of what is of less weight.
pub fn faint(text: &str) -> String {
    format!("{}{text}{Reset}", Style::new().dimmed())
}

/// Start and end of what is of more weight.
pub fn strong(text: &str) -> String {
    format!("{}{text}{Reset}", Style::new().bold())
}

/// Start and end of an alarm.
pub fn alarm(text: &str) -> String {
    let (on, off) = heading(AnsiColor::Red);
    format!("{on}{text}{off}")
}
