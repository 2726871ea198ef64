//! Names in a drawing that do not cover each other.

use crate::topology::Point;
use crate::tui::text::width;
use ratatui::layout::Rect;

/// How far the drawing goes to the right and upwards from its middle.
pub const EXTENT: (f64, f64) = (1.35, 1.12);

/// The cells that have text.
#[derive(Debug)]
pub struct Labels {
    area: Rect,
    /// Row, first column and the column after the last.
    taken: Vec<(usize, usize, usize)>,
}

impl Labels {
    /// None yet, in a drawing of this size.
    pub fn new(area: Rect) -> Self {
        Self { area, taken: Vec::new() }
    }

    /// Where a text begins that has its middle at `x`, inside the drawing.
    pub fn left(&self, x: f64, text: &str) -> f64 {
        let half = width(text) as f64 * self.cell() / 2.0;
        (x - half).clamp(-EXTENT.0, (EXTENT.0 - 2.0 * half).max(-EXTENT.0))
    }

    /// Takes the cells of a text with its middle at a point, and gives where it begins; nothing where another is.
    pub fn try_place(&mut self, (x, y): Point, text: &str) -> Option<f64> {
        let left = self.left(x, text);
        let rows = f64::from(self.area.height.saturating_sub(1));
        let row = ((EXTENT.1 - y) / (2.0 * EXTENT.1) * rows) as usize;
        let from = ((left + EXTENT.0) / self.cell()) as usize;
        let to = from + width(text);
        let free = self.taken.iter().all(|(other, begin, end)| *other != row || to < *begin || *end < from);
        free.then(|| {
            self.taken.push((row, from, to));
            left
        })
    }

    fn cell(&self) -> f64 {
        2.0 * EXTENT.0 / f64::from(self.area.width.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_would_cover_another_has_no_place() {
        let mut labels = Labels::new(Rect { x: 0, y: 0, width: 54, height: 20 });
        assert!(labels.try_place((0.0, 0.0), "keeper-1").is_some());
        assert!(labels.try_place((0.2, 0.0), "keeper-2").is_none());
        assert!(labels.try_place((0.2, 0.5), "keeper-2").is_some());
        assert!(labels.try_place((1.3, 0.0), "keeper-3").is_some_and(|left| left < 1.0));
    }
}
