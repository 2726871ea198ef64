//! The page of a fleet's run: its picture, the verdict line by line, and every chip.

use super::fleet::FleetPicture;
use super::page::{escaped, head, row};
use crate::picture::{Unpainted, svg};
use crate::quantity::{count, duration};
use crate::session::watch;
use ruvllm_esp_core::units::Micros;
use ruvllm_esp_sim::fleet::view::EventKind;
use ruvllm_esp_sim::run::verdict::ScenarioVerdict;
use ruvllm_esp_sim::scenario::Scenario;
use std::fmt::Write;

/// More events than this are not listed.
const MAX_EVENTS: usize = 200;

/// The page.
///
/// # Errors
/// When the picture cannot be drawn.
pub fn page(picture: &FleetPicture, scenario: &Scenario) -> Result<String, Unpainted> {
    let mut page = head(&picture.title, &picture.subtitle);
    if !scenario.about.is_empty() {
        let _ = writeln!(page, "<p>{}</p>", escaped(&scenario.about));
    }
    page.push_str(&svg(picture)?);
    if let Some(verdict) = &picture.verdict {
        expectations(verdict, &mut page);
        chips(verdict, &mut page);
    }
    events(picture, &mut page);
    page.push_str(
        "<h2>How to read it</h2>\n<ul><li>Left: which chips share a link. Red chips have raised an alarm, green ones run, \
         black ones are off at the end.</li><li>Right: a line for each chip, from its power-on to the end.</li>\
         <li><code>modelled</code> means computed from counted operations and the data sheets' currents; nothing here was \
         measured on silicon.</li></ul></body></html>\n",
    );
    Ok(page)
}

fn expectations(verdict: &ScenarioVerdict, page: &mut String) {
    if verdict.expectations.is_empty() {
        return;
    }
    page.push_str("<h2>Verdict</h2>\n<table>\n");
    row("th", &["", "expected", "seen", "decided at"].map(String::from), page);
    for judged in &verdict.expectations {
        let class = if judged.passed { "good" } else { "bad" };
        let word = format!("<span class=\"{class}\">{}</span>", watch::word(judged));
        let at = duration(Micros(judged.at_us));
        row("td", &[word, escaped(&judged.name), escaped(&judged.seen), at], page);
    }
    page.push_str("</table>\n");
}

fn chips(verdict: &ScenarioVerdict, page: &mut String) {
    page.push_str("<h2>Chips</h2>\n<table>\n");
    let heads = [
        "chip",
        "variant",
        "role",
        "boots",
        "items",
        "alarms",
        "frames sent",
        "received",
        "computed",
        "energy",
    ];
    row("th", &heads.map(String::from), page);
    for chip in &verdict.chips {
        let cells = [
            escaped(&chip.name),
            chip.variant.into(),
            chip.role.into(),
            chip.boots.to_string(),
            count(chip.items.into()),
            count(chip.alarms.into()),
            count(chip.frames.0),
            count(chip.frames.1),
            chip.busy.to_string(),
            chip.energy.to_string(),
        ];
        row("td", &cells, page);
    }
    page.push_str("</table>\n");
    let lines = [
        format!("frames: {}", crate::command::sim::frames_line(&verdict.frames)),
        format!("items: {} acknowledged, {} lost", verdict.items.acknowledged, verdict.items.lost),
        format!("energy of all: {}", verdict.energy),
    ];
    page.push_str("<ul>");
    for line in lines {
        let _ = write!(page, "<li>{}</li>", escaped(&line));
    }
    page.push_str("</ul>\n");
}

fn events(picture: &FleetPicture, page: &mut String) {
    let is_told = |kind: EventKind| {
        matches!(kind, EventKind::Alarm | EventKind::Fault | EventKind::Repair | EventKind::Question)
    };
    let told: Vec<_> = picture.kept.events.iter().filter(|event| is_told(event.kind)).collect();
    page.push_str("<h2>Alarms, faults, questions</h2>\n<table>\n");
    row("th", &["at", "chip", "what"].map(String::from), page);
    for event in told.iter().take(MAX_EVENTS) {
        let name = event.chip.and_then(|chip| picture.kept.view.chips.get(chip));
        let name = name.map_or(String::new(), |chip| escaped(&chip.name));
        let text = escaped(&event.text);
        let text =
            if event.kind == EventKind::Alarm { format!("<span class=\"bad\">{text}</span>") } else { text };
        row("td", &[duration(event.at), name, text], page);
    }
    page.push_str("</table>\n");
    if told.len() > MAX_EVENTS {
        let _ = writeln!(page, "<p>The first {MAX_EVENTS} of {} are listed.</p>", count(told.len() as u64));
    }
}
