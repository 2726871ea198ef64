//! The page of an analysis: one HTML file with its picture, its alarms and what they mean. It asks no network for anything.

use super::collect::{Alarm, Analysis};
use super::series::CAP;
use crate::picture::{Unpainted, svg};
use crate::quantity::count;
use std::fmt::Write;

/// The style of pages.
pub const STYLE: &str = "\
body{font:16px/1.55 system-ui,sans-serif;color:#212529;max-width:1100px;margin:2.5rem auto;padding:0 1.2rem}\
h1{font-size:1.7rem;margin:0 0 .3rem}h2{font-size:1.15rem;margin:2rem 0 .5rem}\
.sub{color:#6c757d;margin:0 0 1.2rem}svg{width:100%;height:auto;border:1px solid #e9ecef;border-radius:6px}\
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}\
th{text-align:left;color:#6c757d;font-weight:600;border-bottom:2px solid #dee2e6;padding:.35rem .6rem}\
td{border-bottom:1px solid #e9ecef;padding:.35rem .6rem;vertical-align:top}\
.bad{color:#c8242c;font-weight:600}.good{color:#228b57;font-weight:600}\
code{background:#f1f3f5;border-radius:3px;padding:.05rem .3rem}li{margin:.25rem 0}";

/// The page.
///
/// # Errors
/// When the picture cannot be drawn.
pub fn page(analysis: &Analysis) -> Result<String, Unpainted> {
    let mut page = head(&analysis.picture.title, &analysis.picture.subtitle);
    page.push_str(&svg(&analysis.picture)?);
    alarms(analysis, &mut page);
    reading(analysis, &mut page);
    chip(analysis, &mut page);
    file(analysis, &mut page);
    page.push_str("</body></html>\n");
    Ok(page)
}

/// The beginning of a page.
pub fn head(title: &str, subtitle: &str) -> String {
    let (title, subtitle) = (escaped(title), escaped(subtitle));
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><style>{STYLE}</style></head><body>\
         <h1>{title}</h1><p class=\"sub\">{subtitle}</p>\n"
    )
}

/// Text in a page.
pub fn escaped(text: &str) -> String {
    let mut out = String::new();
    for sign in text.chars() {
        match sign {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            sign => out.push(sign),
        }
    }
    out
}

/// A row of a table.
pub fn row(tag: &str, cells: &[String], page: &mut String) {
    page.push_str("<tr>");
    for cell in cells {
        // Writing to a string cannot fail.
        let _ = write!(page, "<{tag}>{cell}</{tag}>");
    }
    page.push_str("</tr>\n");
}

fn alarms(analysis: &Analysis, page: &mut String) {
    page.push_str("<h2>Alarms</h2>\n");
    if analysis.alarms.is_empty() {
        page.push_str("<p>None: nothing in the file was unlike what came before it.</p>\n");
        return;
    }
    page.push_str("<table>\n");
    let has_label = analysis.score.is_some();
    let mut heads =
        ["", "begins", "last anomalous", "samples", "what", "score", "a normal reading is as rare"]
            .map(String::from)
            .to_vec();
    heads.extend(has_label.then(|| "label".to_string()));
    row("th", &heads, page);
    for alarm in &analysis.alarms {
        row("td", &cells(alarm), page);
    }
    page.push_str("</table>\n");
    let listed = analysis.alarms.len() as u64;
    if analysis.alarm_count > listed {
        let _ = writeln!(page, "<p>{} of {} are listed.</p>", count(listed), count(analysis.alarm_count));
    }
}

fn cells(alarm: &Alarm) -> Vec<String> {
    let once = count(2f64.powf(alarm.peak.clamp(0.0, 62.0)) as u64);
    let mut cells = vec![
        alarm.number.to_string(),
        format!("{} <small>(line {})</small>", escaped(&alarm.from.to_string()), alarm.from.line),
        format!("{} <small>(line {})</small>", escaped(&alarm.to.to_string()), alarm.to.line),
        count(alarm.samples),
        escaped(&alarm.finding()),
        format!("{:.1}", alarm.peak),
        format!("once in {once}"),
    ];
    cells.extend(alarm.labelled.map(|labelled| {
        if labelled {
            "<span class=\"good\">labelled</span>"
        } else {
            "<span class=\"bad\">not labelled</span>"
        }
        .into()
    }));
    cells
}

fn reading(analysis: &Analysis, page: &mut String) {
    let _ = write!(
        page,
        "<h2>How to read it</h2>\n<ul>\
         <li>The blue curves are the readings; where many rows share a pixel, from the least to the greatest.</li>\
         <li>Grey: the first {} rows, from which the chip learned what is normal. It judges none of them.</li>\
         <li>Red: an alarm, from where it begins to its last anomalous row. It is darker on the channel that raised it.</li>\
         <li>The score below says how rare the latest readings are among what the chip has seen: each bit halves the rate. \
         An alarm begins at {:.1} bits, about one normal reading in {}. Scores above {:.0} are cut off in the picture.</li>\
         <li>The chip goes on learning: what comes often enough becomes normal.</li></ul>\n",
        count(analysis.learned),
        analysis.threshold,
        count(2f64.powf(analysis.threshold.clamp(0.0, 62.0)) as u64),
        analysis.threshold * CAP
    );
}

fn chip(analysis: &Analysis, page: &mut String) {
    let _ = write!(
        page,
        "<h2>What it costs on the chip</h2>\n<p>{} a sample: {} and {}. All {} rows with the time between them: {}. \
         <code>modelled</code> means computed from counted operations, with the band in brackets; nothing here was \
         measured on silicon.</p>\n",
        escaped(analysis.variant),
        analysis.time_of_sample,
        analysis.energy_of_sample,
        count(analysis.rows),
        analysis.energy
    );
}

fn file(analysis: &Analysis, page: &mut String) {
    let _ =
        writeln!(page, "<h2>How the file was read</h2>\n<p><code>{}</code></p><ul>", escaped(&analysis.file));
    for note in &analysis.notes {
        let _ = writeln!(page, "<li>{}</li>", escaped(note));
    }
    page.push_str("</ul>\n");
    if let Some(score) = analysis.score {
        let _ = writeln!(page, "<p>Against its labels: {score}.</p>");
    }
}
