//! The picture of a sensor log: each channel with its alarms, and below all the score.

use super::curve::{Axis, Curve};
use crate::picture::chart::{
    ALARM, FAINT, GRID, INK, LABEL, LEARNING, SCORE, SERIES, anchored, letters, number,
};
use crate::picture::{Picture, Unpainted};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

/// What is drawn.
#[derive(Clone, Debug)]
pub struct SeriesPicture {
    pub title: String,
    pub subtitle: String,
    /// Name and curve of each channel.
    pub channels: Vec<(String, Curve)>,
    pub score: Curve,
    pub threshold: f64,
    /// Until where the chip learned.
    pub learned: f64,
    pub alarms: Vec<Span>,
    pub labelled: Vec<(f64, f64)>,
    pub axis: Axis,
}

/// Where an alarm lies on the horizontal axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    pub number: u32,
    pub from: f64,
    pub to: f64,
    /// The channel that raised it.
    pub channel: usize,
}

const WIDTH: u32 = 1_500;
const HEAD: u32 = 92;
const FOOT: u32 = 42;
const SCORE_HEIGHT: u32 = 190;
const MARGIN: u32 = 96;

/// Scores are drawn up to so many times the threshold.
pub const CAP: f64 = 2.5;

impl SeriesPicture {
    fn channel_height(&self) -> u32 {
        match self.channels.len() {
            0 | 1 => 420,
            2 => 280,
            3 => 220,
            _ => 165,
        }
    }
}

impl Picture for SeriesPicture {
    fn size(&self) -> (u32, u32) {
        let channels = self.channels.len() as u32 * self.channel_height();
        (WIDTH, HEAD + channels + SCORE_HEIGHT + FOOT)
    }

    fn draw<Backend: DrawingBackend>(&self, area: &DrawingArea<Backend, Shift>) -> Result<(), Unpainted> {
        area.fill(&WHITE)?;
        self.head(area)?;
        let mut top = HEAD;
        for (position, (name, curve)) in self.channels.iter().enumerate() {
            let panel = area.clone().shrink((0, top), (WIDTH, self.channel_height()));
            self.channel(&panel, position, name, curve)?;
            top += self.channel_height();
        }
        let panel = area.clone().shrink((0, top), (WIDTH, SCORE_HEIGHT + FOOT));
        self.score(&panel)
    }
}

impl SeriesPicture {
    fn head<Backend: DrawingBackend>(&self, area: &DrawingArea<Backend, Shift>) -> Result<(), Unpainted> {
        area.draw_text(&self.title, &letters(26, &INK), (28, 14))?;
        area.draw_text(&self.subtitle, &letters(16, &FAINT), (28, 46))?;
        let mut right = WIDTH as i32 - 28;
        let mut keys = vec![("learning", LEARNING, 0.55), ("alarm", ALARM, 0.30)];
        if !self.labelled.is_empty() {
            keys.push(("labelled as anomalous", LABEL, 0.9));
        }
        for (text, color, strength) in keys.into_iter().rev() {
            let style = letters(15, &INK);
            let (width, _) = area.estimate_text_size(text, &style)?;
            right -= width as i32;
            area.draw_text(text, &style, (right, 72))?;
            area.draw(&Rectangle::new([(right - 22, 72), (right - 6, 86)], color.mix(strength).filled()))?;
            right -= 46;
        }
        Ok(())
    }

    fn channel<Backend: DrawingBackend>(
        &self,
        panel: &DrawingArea<Backend, Shift>,
        position: usize,
        name: &str,
        curve: &Curve,
    ) -> Result<(), Unpainted> {
        let (bottom, top) = curve.bounds();
        let mut chart = ChartBuilder::on(panel)
            .margin_right(28)
            .margin_top(26)
            .margin_bottom(8)
            .set_label_area_size(LabelAreaPosition::Left, MARGIN)
            .build_cartesian_2d(self.axis.from..self.axis.to, bottom..top)?;
        chart
            .configure_mesh()
            .light_line_style(WHITE)
            .bold_line_style(GRID)
            .axis_style(LEARNING)
            .x_labels(10)
            .y_labels(5)
            .disable_x_axis()
            .y_label_formatter(&|value| number(*value))
            .label_style(letters(14, &FAINT))
            .draw()?;
        panel.draw_text(name, &letters(17, &INK), (MARGIN as i32, 4))?;
        let high = |from: f64, to: f64| [(from, bottom), (to, top)];
        let least = (self.axis.to - self.axis.from) / 700.0;
        chart
            .draw_series([Rectangle::new(high(self.axis.from, self.learned), LEARNING.mix(0.35).filled())])?;
        chart.draw_series(self.alarms.iter().map(|alarm| {
            let strength = if alarm.channel == position { 0.30 } else { 0.10 };
            Rectangle::new(high(alarm.from, alarm.to.max(alarm.from + least)), ALARM.mix(strength).filled())
        }))?;
        let strip = bottom + (top - bottom) * 0.025;
        chart.draw_series(self.labelled.iter().map(|(from, to)| {
            Rectangle::new([(*from, bottom), (to.max(from + least), strip)], LABEL.filled())
        }))?;
        for line in curve.pieces(&self.axis) {
            chart.draw_series(LineSeries::new(line, SERIES.stroke_width(1)))?;
        }
        let own = self.alarms.iter().filter(|alarm| alarm.channel == position);
        let mut last = f64::NEG_INFINITY;
        for alarm in own {
            chart.draw_series([PathElement::new(
                vec![(alarm.from, bottom), (alarm.from, top)],
                ALARM.stroke_width(2),
            )])?;
            // Numbers that would lie on each other are left out.
            if alarm.from - last > (self.axis.to - self.axis.from) / 60.0 {
                last = alarm.from;
                let style = anchored(letters(15, &ALARM), HPos::Left, VPos::Top);
                chart.draw_series([Text::new(alarm.number.to_string(), (alarm.from + least, top), style)])?;
            }
        }
        Ok(())
    }

    fn score<Backend: DrawingBackend>(&self, panel: &DrawingArea<Backend, Shift>) -> Result<(), Unpainted> {
        let (_, top) = self.score.bounds();
        // One spike of 60 bits would leave nothing to see of the rest.
        let top = top.clamp(self.threshold * 1.4, (self.threshold * CAP).max(1.0));
        let mut chart = ChartBuilder::on(panel)
            .margin_right(28)
            .margin_top(26)
            .set_label_area_size(LabelAreaPosition::Left, MARGIN)
            .set_label_area_size(LabelAreaPosition::Bottom, FOOT + 8)
            .build_cartesian_2d(self.axis.from..self.axis.to, 0.0..top)?;
        chart
            .configure_mesh()
            .light_line_style(WHITE)
            .bold_line_style(GRID)
            .axis_style(LEARNING)
            .x_labels(10)
            .y_labels(4)
            .x_label_formatter(&|position| self.axis.tick(*position))
            .y_label_formatter(&|value| number(*value))
            .x_desc(self.axis.name.as_str())
            .axis_desc_style(letters(14, &FAINT))
            .label_style(letters(14, &FAINT))
            .draw()?;
        panel.draw_text(
            "score, bits: how rare the latest readings are",
            &letters(17, &INK),
            (MARGIN as i32, 4),
        )?;
        let learning = [(self.axis.from, 0.0), (self.learned, top)];
        chart.draw_series([Rectangle::new(learning, LEARNING.mix(0.35).filled())])?;
        for mut line in self.score.pieces(&self.axis) {
            line.iter_mut().for_each(|(_, score)| *score = score.min(top));
            chart.draw_series(AreaSeries::new(line, 0.0, SCORE.mix(0.25)).border_style(SCORE))?;
        }
        let ends = [(self.axis.from, self.threshold), (self.axis.to, self.threshold)];
        chart.draw_series(DashedLineSeries::new(ends, 7, 5, ALARM.stroke_width(2)))?;
        let style = anchored(letters(14, &ALARM), HPos::Right, VPos::Bottom);
        let position = (self.axis.to, self.threshold);
        chart.draw_series([Text::new("an alarm begins here", position, style)])?;
        Ok(())
    }
}
