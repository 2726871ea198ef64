//! What the charts of all pictures share: colours, letters, ticks.

use super::FAMILY;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

pub const INK: RGBColor = RGBColor(33, 37, 41);
pub const FAINT: RGBColor = RGBColor(108, 117, 125);
pub const GRID: RGBColor = RGBColor(233, 236, 239);
pub const SERIES: RGBColor = RGBColor(31, 91, 158);
pub const ALARM: RGBColor = RGBColor(200, 36, 44);
pub const LABEL: RGBColor = RGBColor(34, 139, 87);
pub const LEARNING: RGBColor = RGBColor(206, 212, 218);
pub const SCORE: RGBColor = RGBColor(196, 110, 18);
pub const GOOD: RGBColor = RGBColor(34, 139, 87);

/// Letters of this size and colour.
pub fn letters(size: u32, color: &RGBColor) -> TextStyle<'static> {
    (FAMILY, size).into_font().color(color)
}

/// Letters that stand at one side of a point.
pub fn anchored(style: TextStyle<'static>, horizontal: HPos, vertical: VPos) -> TextStyle<'static> {
    style.pos(Pos::new(horizontal, vertical))
}

/// A number with as many digits as it needs on an axis.
pub fn number(value: f64) -> String {
    let size = value.abs();
    match size {
        0.0 => "0".into(),
        size if !(1e-3..1e6).contains(&size) => format!("{value:.1e}"),
        size if size >= 1000.0 => format!("{value:.0}"),
        _ => trimmed(format!("{value:.4}")),
    }
}

fn trimmed(text: String) -> String {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_string() } else { text }
}
