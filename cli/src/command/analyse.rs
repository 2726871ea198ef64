//! `analyse`: what a chip would say of a sensor log, as a list, a chart, a picture or a page.

use crate::analysis::collect::{Alarm, Analysis, collect};
use crate::analysis::page;
use crate::error::{CliError, CommandResult, Exit, Stop};
use crate::output::Output;
use crate::picture::{self, Form};
use crate::quantity::count;
use crate::session::chip_options::ChipOptions;
use crate::session::log_options::LogArguments;
use crate::session::samples::Samples;
use crate::style::{alarm, faint, strong};
use std::io::{self, Write};
use std::path::PathBuf;

const EXAMPLES: &str = "\
The file is a table of numbers, one row a sample, in about any form that loggers and spreadsheets write. A simulated chip \
with the anomaly role judges it row by row, at the times that the rows have. Standard output lists the alarms; on a \
terminal a chart stands above them.

Examples:
  ruvllm-esp analyse pump.csv --variant esp32s2
  ruvllm-esp analyse pump.csv --variant esp32c3 --html pump.html --png pump.png
  ruvllm-esp analyse export.csv --variant esp32 --columns flow,pressure --time 'logged at'
  ruvllm-esp analyse rig.csv --variant esp32s3 --label anomaly --json | jq .score";

/// Options of `analyse`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The sensor log (CSV)
    file: PathBuf,
    /// Write a page that explains the picture; it needs no network
    #[arg(long, value_name = "FILE", help_heading = "Pictures")]
    html: Option<PathBuf>,
    /// Write the picture as SVG
    #[arg(long, value_name = "FILE", help_heading = "Pictures")]
    svg: Option<PathBuf>,
    /// Write the picture as PNG
    #[arg(long, value_name = "FILE", help_heading = "Pictures")]
    png: Option<PathBuf>,
    #[command(flatten)]
    chip: ChipOptions,
    #[command(flatten)]
    log: LogArguments,
}

/// Plays the log to a chip, and shows what came of it.
///
/// # Errors
/// A log or a chip that cannot be used, files that cannot be written.
pub fn run(arguments: &Arguments, output: &Output) -> CommandResult {
    let setup = arguments.chip.sentinel(0)?;
    let name = arguments.file.display().to_string();
    let log = Samples::open_file(&arguments.file, &arguments.log.options(), output)?;
    log.log().layout().notes().iter().for_each(|note| output.info(&format!("# {name}: {note}")));
    log.survey().notes().iter().for_each(|note| output.info(&format!("# {name}: {note}")));
    let analysis = collect(log, &name, &setup, output)?;
    arguments.pictures(&analysis, output)?;
    if output.json {
        output.json("analysis", &analysis)?;
    } else {
        print(&analysis, output)?;
    }
    match analysis.missing_rows {
        Some(missing) => Err(too_short(&name, analysis.rows, missing).into()),
        None => Ok(Exit::Ok),
    }
}

/// The chip judged nothing: all rows went into learning what is normal.
fn too_short(name: &str, rows: u64, missing: u32) -> CliError {
    let (have, need) = (count(rows), count(rows + u64::from(missing) + 1));
    let message = format!("{name}: {have} rows are too few to judge any: the chip needs {need}");
    CliError::no("analyse::too-short", message).help(
        "give it a longer log; it learns from the first rows what is normal, and judges those after them",
    )
}

impl Arguments {
    fn pictures(&self, analysis: &Analysis, output: &Output) -> Result<(), Stop> {
        let inputs = std::slice::from_ref(&self.file);
        if let Some(path) = &self.svg {
            picture::write(&analysis.picture, Form::Svg, path, inputs)?;
        }
        if let Some(path) = &self.png {
            picture::write(&analysis.picture, Form::Png, path, inputs)?;
        }
        if let Some(path) = &self.html {
            picture::save(path, inputs, |out| {
                let page = page::page(analysis).map_err(|error| io::Error::other(error.0))?;
                out.write_all(page.as_bytes())
            })?;
        }
        let written = [&self.svg, &self.png, &self.html].into_iter().flatten();
        written.for_each(|path| output.info(&format!("# {} is written", path.display())));
        Ok(())
    }
}

fn print(analysis: &Analysis, output: &Output) -> Result<(), Stop> {
    #[cfg(feature = "tui")]
    if io::IsTerminal::is_terminal(&io::stdout()) {
        let (width, _) = crossterm::terminal::size().unwrap_or((80, 24));
        crate::analysis::terminal::print(analysis, width, &mut output.text())?;
    }
    let mut out = output.text();
    for one in &analysis.alarms {
        writeln!(out, "{}", line(one))?;
    }
    writeln!(out, "{}", strong(&format!("{}: {}", analysis.file, analysis.verdict())))?;
    let normal = analysis.rows - analysis.learned - analysis.anomalous;
    let (learned, anomalous) = (count(analysis.learned), count(analysis.anomalous));
    writeln!(
        out,
        "{} rows: {learned} to learn from, {} normal, {anomalous} anomalous",
        count(analysis.rows),
        count(normal)
    )?;
    if let Some(score) = analysis.score {
        writeln!(out, "labels: {score}")?;
    }
    let (time, energy) = (analysis.time_of_sample, analysis.energy_of_sample);
    let cost = if output.verbose {
        format!("{time}, {energy}")
    } else {
        format!("{}, {} {}", time.short(), energy.short(), time.kind)
    };
    writeln!(out, "{}", faint(&format!("on an {}: {cost} a sample", analysis.variant)))?;
    Ok(())
}

fn line(one: &Alarm) -> String {
    let until = if one.samples > 1 { format!(" until {}", one.to) } else { String::new() };
    let samples = if one.samples == 1 { "sample" } else { "samples" };
    let label = match one.labelled {
        Some(true) => ", labelled",
        Some(false) => ", not labelled",
        None => "",
    };
    let line = if one.from.time.is_empty() { String::new() } else { format!(" (line {})", one.from.line) };
    format!(
        "{} {}{line}: {}{until}, {} {samples}, score {:.1}{label}",
        alarm(&format!("! ALARM {}", one.number)),
        one.from,
        one.finding(),
        count(one.samples),
        one.peak
    )
}
