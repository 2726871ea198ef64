//! The picture of a fleet's run: links, events, latencies, energy, and the verdict above all.

use crate::picture::chart::{ALARM, FAINT, GOOD, GRID, INK, LEARNING, SCORE, SERIES, anchored, letters};
use crate::picture::{Picture, Unpainted};
use crate::quantity::{count, duration};
use crate::topology::{self, layout};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};
use ruvllm_esp_core::units::Micros;
use ruvllm_esp_sim::fleet::view::{ChipState, EventKind, EventView, FleetView};
use ruvllm_esp_sim::run::verdict::ScenarioVerdict;
use ruvllm_esp_sim::scenario::Scenario;

/// What a trace tells.
#[derive(Debug)]
pub struct Kept {
    /// The fleet at its end.
    pub view: FleetView,
    pub events: Vec<EventView>,
    pub end: Micros,
}

/// What is drawn.
#[derive(Debug)]
pub struct FleetPicture {
    pub title: String,
    pub subtitle: String,
    pub verdict: Option<ScenarioVerdict>,
    pub kept: Kept,
}

const WIDTH: u32 = 1_500;
const HEAD: u32 = 84;
const UPPER: u32 = 560;
const LOWER: u32 = 330;
const LEFT: u32 = 620;
/// Up to so many chips have their names.
const NAMED: usize = 40;

/// The kinds of events that are drawn: colour, size, name.
const KINDS: [(EventKind, RGBColor, i32, &str); 5] = [
    (EventKind::Boot, FAINT, 3, "boot"),
    (EventKind::Question, SERIES, 3, "question, answer"),
    (EventKind::Repair, GOOD, 5, "repair"),
    (EventKind::Fault, INK, 5, "fault"),
    (EventKind::Alarm, ALARM, 6, "alarm"),
];

impl FleetPicture {
    /// The picture of a run of this scenario.
    pub fn new(scenario: &Scenario, kept: Kept, verdict: Option<ScenarioVerdict>) -> Self {
        let title = match &verdict {
            None => format!("{}: a session", scenario.name),
            Some(verdict) if verdict.expectations.is_empty() => format!("{}: no expectations", scenario.name),
            Some(verdict) => {
                let passed = verdict.expectations.iter().filter(|one| one.passed).count();
                let word = if verdict.passed { "passed" } else { "failed" };
                format!("{}: {word}, {passed} of {} expectations", scenario.name, verdict.expectations.len())
            }
        };
        let alarms = kept.events.iter().filter(|event| event.kind == EventKind::Alarm).count();
        let losses = verdict.as_ref().map_or(String::new(), |verdict| {
            let (lost, all) = (verdict.frames.lost, verdict.frames.received + verdict.frames.lost);
            let permille = (lost * 1000).checked_div(all).unwrap_or(0);
            format!(", {}.{}% of receptions lost", permille / 10, permille % 10)
        });
        let subtitle = format!(
            "{} chips, {} simulated, seed {}; {} {}{losses}; times and energy modelled",
            count(kept.view.chips.len() as u64),
            duration(kept.end),
            scenario.seed,
            count(alarms as u64),
            if alarms == 1 { "alarm" } else { "alarms" }
        );
        Self { title, subtitle, verdict, kept }
    }

    fn passed(&self) -> bool {
        self.verdict.as_ref().is_none_or(|verdict| verdict.passed)
    }
}

impl Picture for FleetPicture {
    fn size(&self) -> (u32, u32) {
        (WIDTH, HEAD + UPPER + LOWER)
    }

    fn draw<Backend: DrawingBackend>(&self, area: &DrawingArea<Backend, Shift>) -> Result<(), Unpainted> {
        area.fill(&WHITE)?;
        let color = if self.passed() { GOOD } else { ALARM };
        area.draw_text(&self.title, &letters(26, &color), (28, 14))?;
        area.draw_text(&self.subtitle, &letters(16, &FAINT), (28, 48))?;
        let panel = |x, y, width, height| area.clone().shrink((x, y), (width, height));
        self.links(&panel(0, HEAD, LEFT, UPPER))?;
        self.timeline(&panel(LEFT, HEAD, WIDTH - LEFT, UPPER))?;
        self.latency(&panel(0, HEAD + UPPER, LEFT, LOWER))?;
        self.energy(&panel(LEFT, HEAD + UPPER, WIDTH - LEFT, LOWER))
    }
}

impl FleetPicture {
    fn links<Backend: DrawingBackend>(&self, panel: &DrawingArea<Backend, Shift>) -> Result<(), Unpainted> {
        let view = &self.kept.view;
        panel.draw_text(&format!("links: {}", topology::name(view)), &letters(17, &INK), (28, 6))?;
        let drawing = layout(view);
        let (width, height) = panel.dim_in_pixel();
        let at = |(x, y): (f64, f64)| {
            let (half, middle) = (f64::from(width.min(height)) / 2.0 - 78.0, f64::from(height) / 2.0 + 14.0);
            ((f64::from(width) / 2.0 + x * half) as i32, (middle - y * half) as i32)
        };
        for (link, middle) in view.links.iter().zip(&drawing.links) {
            let color = if link.cut { ALARM } else { LEARNING };
            for chip in &link.members {
                let Some(point) = drawing.chips.get(*chip) else { continue };
                panel.draw(&PathElement::new(vec![at(*point), at(*middle)], color.stroke_width(1)))?;
            }
            if link.members.len() > 2 {
                panel.draw(&Circle::new(at(*middle), 5, LEARNING.filled()))?;
                let style = anchored(letters(14, &FAINT), HPos::Center, VPos::Top);
                let (x, y) = at(*middle);
                let all = link.received + link.lost;
                let lost = (link.lost * 1000).checked_div(all).unwrap_or(0);
                let text = format!("{}: {}, {}.{}% lost", link.name, link.kind, lost / 10, lost % 10);
                // The lines do not run through it.
                let (wide, high) = panel.estimate_text_size(&text, &style)?;
                let half = wide as i32 / 2 + 4;
                panel.draw(&Rectangle::new(
                    [(x - half, y + 7), (x + half, y + 10 + high as i32)],
                    WHITE.filled(),
                ))?;
                panel.draw_text(&text, &style, (x, y + 8))?;
            }
        }
        let named = view.chips.len() <= NAMED;
        for (chip, point) in view.chips.iter().zip(&drawing.chips) {
            let color = match chip.state {
                _ if chip.alarms.is_some_and(|alarms| alarms > 0) => ALARM,
                ChipState::Running => GOOD,
                _ => INK,
            };
            let (x, y) = at(*point);
            let size = if named { 9 } else { 4 };
            panel.draw(&Circle::new((x, y), size, color.filled()))?;
            if named {
                // On the side where the chip's lines are not.
                let top = if point.1 > 0.0 { y - 48 } else { y + 12 };
                let style = anchored(letters(15, &INK), HPos::Center, VPos::Top);
                panel.draw_text(&chip.name, &style, (x, top))?;
                let style = anchored(letters(13, &FAINT), HPos::Center, VPos::Top);
                panel.draw_text(&format!("{} {}", chip.variant, chip.role), &style, (x, top + 18))?;
            }
        }
        Ok(())
    }

    fn timeline<Backend: DrawingBackend>(
        &self,
        panel: &DrawingArea<Backend, Shift>,
    ) -> Result<(), Unpainted> {
        let chips = &self.kept.view.chips;
        panel.draw_text("what happened when", &letters(17, &INK), (20, 6))?;
        let mut x = 200;
        for (_, color, size, name) in KINDS {
            panel.draw(&Circle::new((x, 16), size, color.filled()))?;
            let style = letters(14, &FAINT);
            panel.draw_text(name, &style, (x + 10, 9))?;
            x += 34 + panel.estimate_text_size(name, &style)?.0 as i32;
        }
        let rows = chips.len().max(1) as f64;
        let end = self.kept.end.get() as f64 / 1e6;
        let labels = if chips.len() <= NAMED { 104 } else { 20 };
        let mut chart = ChartBuilder::on(panel)
            .margin_right(28)
            .margin_top(36)
            .set_label_area_size(LabelAreaPosition::Left, labels)
            .set_label_area_size(LabelAreaPosition::Bottom, 40)
            .build_cartesian_2d(0.0..end.max(0.001), 0.0..rows)?;
        chart
            .configure_mesh()
            .light_line_style(WHITE)
            .bold_line_style(GRID)
            .axis_style(LEARNING)
            .disable_y_mesh()
            .y_labels(0)
            .x_labels(9)
            .x_desc("seconds")
            .x_label_formatter(&|position| crate::picture::chart::number(*position))
            .axis_desc_style(letters(14, &FAINT))
            .label_style(letters(14, &FAINT))
            .draw()?;
        let row = |chip: usize| rows - chip as f64 - 0.5;
        for (index, chip) in chips.iter().enumerate() {
            let ends = vec![(0.0, row(index)), (end, row(index))];
            chart.draw_series([PathElement::new(ends, GRID.stroke_width(1))])?;
            if chips.len() <= NAMED {
                let (x, y) = chart.backend_coord(&(0.0, row(index)));
                let style = anchored(letters(15, &INK), HPos::Right, VPos::Center);
                let (left, top) = panel.get_base_pixel();
                panel.draw_text(&chip.name, &style, (x - 10 - left, y - top))?;
            }
        }
        for (kind, color, size, _) in KINDS {
            let events = self.kept.events.iter().filter(|event| event.kind == kind);
            chart.draw_series(events.filter_map(|event| {
                let position = (event.at.get() as f64 / 1e6, row(event.chip?));
                Some(Circle::new(position, size, color.filled()))
            }))?;
        }
        Ok(())
    }

    fn latency<Backend: DrawingBackend>(&self, panel: &DrawingArea<Backend, Shift>) -> Result<(), Unpainted> {
        let all = &self.kept.view.latency;
        let first = all.iter().position(|(_, count)| *count > 0);
        let last = all.iter().rposition(|(_, count)| *count > 0);
        let total: u64 = all.iter().map(|(_, count)| u64::from(*count)).sum();
        panel.draw_text(&format!("how long {total} answers took, modelled"), &letters(17, &INK), (28, 6))?;
        let (Some(first), Some(last)) = (first, last) else {
            panel.draw_text("no question was answered", &letters(15, &FAINT), (28, 36))?;
            return Ok(());
        };
        let shown: Vec<(String, f64)> = all
            .get(first..=last)
            .unwrap_or_default()
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(edge, count)| (took(*edge), f64::from(*count)))
            .collect();
        bars(panel, &shown, &|value| format!("{value:.0}"), SERIES)
    }

    fn energy<Backend: DrawingBackend>(&self, panel: &DrawingArea<Backend, Shift>) -> Result<(), Unpainted> {
        panel.draw_text("energy of each chip, J, modelled", &letters(17, &INK), (20, 6))?;
        let mut shown: Vec<(String, f64)> = self
            .kept
            .view
            .chips
            .iter()
            .filter_map(|chip| Some((chip.name.clone(), chip.energy?.banded.value.get() as f64 / 1e9)))
            .collect();
        if shown.len() > 10 {
            shown.sort_by(|a, b| b.1.total_cmp(&a.1));
            shown.truncate(10);
        }
        if shown.is_empty() {
            panel.draw_text("not recorded", &letters(15, &FAINT), (20, 36))?;
            return Ok(());
        }
        let most = shown.iter().map(|(_, value)| *value).fold(0.0, f64::max);
        let digits = if most >= 100.0 {
            0
        } else if most >= 1.0 {
            1
        } else {
            4
        };
        bars(panel, &shown, &|value| format!("{value:.digits$}"), SCORE)
    }
}

/// What the bucket below `edge` is called: a chip that asks itself alone has its answer at once.
fn took(edge: Micros) -> String {
    if edge.get() <= 1 { "at once".into() } else { format!("<= {}", duration(edge)) }
}

/// Bars to the right, each with its name and its value.
fn bars<Backend: DrawingBackend>(
    panel: &DrawingArea<Backend, Shift>,
    bars: &[(String, f64)],
    shown: &dyn Fn(f64) -> String,
    color: RGBColor,
) -> Result<(), Unpainted> {
    let (width, height) = panel.dim_in_pixel();
    let step = (height as i32 - 60) / (bars.len() as i32).max(1);
    let thick = (step * 7 / 10).clamp(3, 24);
    let most = bars.iter().map(|(_, value)| *value).fold(f64::MIN_POSITIVE, f64::max);
    let room = f64::from(width) - 240.0;
    for (position, (name, value)) in bars.iter().enumerate() {
        let top = 38 + position as i32 * step;
        let length = (value / most * room) as i32;
        let style = anchored(letters(15, &INK), HPos::Right, VPos::Center);
        panel.draw_text(name, &style, (132, top + thick / 2))?;
        panel.draw(&Rectangle::new(
            [(140, top), (140 + length.max(1), top + thick)],
            color.mix(0.75).filled(),
        ))?;
        let style = anchored(letters(15, &FAINT), HPos::Left, VPos::Center);
        panel.draw_text(&shown(*value), &style, (148 + length, top + thick / 2))?;
    }
    Ok(())
}
