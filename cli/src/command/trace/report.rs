//! `trace report`: a fleet's run as a picture and a page: who was linked, what happened when, how long answers took, what it
//! consumed, and the verdict.
//!
//! What happened is read from the trace. The verdict comes from running its scenario again, which gives the same run.

use super::{read, whole};
use crate::analysis::fleet::{FleetPicture, Kept};
use crate::analysis::fleet_page;
use crate::command::fleet::wrong;
use crate::error::{CliError, CommandResult, Stop};
use crate::output::Output;
use crate::picture::{self, Form};
use crate::progress::Stage;
use ruvllm_esp_core::units::Micros;
use ruvllm_esp_sim::run::Run;
use ruvllm_esp_sim::run::verdict::ScenarioVerdict;
use ruvllm_esp_sim::scenario::Scenario;
use ruvllm_esp_sim::trace::Player;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

/// Options of `trace report`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  ruvllm-esp sim --fleet house.toml --trace house.trace\n  ruvllm-esp trace report house.trace --html house.html --png house.png"
)]
pub struct Report {
    /// The trace
    file: PathBuf,
    /// Write a page with the picture, the verdict and every chip; it needs no network
    #[arg(long, value_name = "FILE", required_unless_present_any = ["svg", "png"])]
    html: Option<PathBuf>,
    /// Write the picture as SVG
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Write the picture as PNG
    #[arg(long, value_name = "FILE")]
    png: Option<PathBuf>,
}

/// Draws what a trace tells.
///
/// # Errors
/// Traces that cannot be read, files that cannot be written.
pub fn run(report: &Report, output: &Output) -> CommandResult {
    let trace = read(&report.file)?;
    let scenario = Arc::new(trace.header.scenario().map_err(|problems| wrong(&problems))?);
    let is_session = trace.header.session;
    let verdict = if is_session { None } else { Some(verdict(&scenario, output)?) };
    let mut player = Player::new(trace.clone()).map_err(|problems| wrong(&problems))?;
    player.seek(player.end());
    let kept = Kept { view: player.view(), events: player.take_events(), end: player.end() };
    let picture = FleetPicture::new(&scenario, kept, verdict);
    let inputs = std::slice::from_ref(&report.file);
    if let Some(path) = &report.svg {
        picture::write(&picture, Form::Svg, path, inputs)?;
    }
    if let Some(path) = &report.png {
        picture::write(&picture, Form::Png, path, inputs)?;
    }
    if let Some(path) = &report.html {
        picture::save(path, inputs, |out| {
            let page = fleet_page::page(&picture, &scenario).map_err(|error| io::Error::other(error.0))?;
            out.write_all(page.as_bytes())
        })?;
    }
    if output.json {
        output.json("trace-report", &picture.verdict)?;
    } else {
        writeln!(output.text(), "{}", picture.title)?;
    }
    whole(&trace, &report.file)
}

/// The verdict of the same run, done again.
fn verdict(scenario: &Arc<Scenario>, output: &Output) -> Result<ScenarioVerdict, Stop> {
    let failed = |error: &ruvllm_esp_sim::run::RunError| {
        CliError::runtime("trace::cannot-run", error.to_string())
            .help("`ruvllm-esp fleet replay` says where it differs")
    };
    let stage = Stage::quiet(output, &scenario.name);
    let mut run = Run::new(Arc::clone(scenario), 1, None).map_err(|error| failed(&error))?;
    while !run.is_over() {
        let to = Micros(run.now().get() + 250_000);
        run.advance(to).map_err(|error| failed(&error))?;
        let (done, all) = (run.now().get() / 1000, scenario.until.get() / 1000);
        stage.reached(done.try_into().unwrap_or(u32::MAX), all.try_into().unwrap_or(u32::MAX));
    }
    Ok(run.finish().map_err(|error| failed(&error))?)
}
