//! `bench kernels`: every kernel modelled, and emulated beside it where there is an emulator.

use super::figures::Bench;
use crate::error::{CliError, CommandResult, Stop};
use crate::kernels::{BuildError, image};
use crate::progress::Stage;
use crate::selection::Names;
use crate::table::{Align, Table};
use ruvllm_esp_core::chip::Chip;
use ruvllm_esp_core::units::Cycles;
use ruvllm_esp_sim::cost;
use ruvllm_esp_sim::figure::{Figure, Kind};
use ruvllm_esp_sim::kernels::calibration::ratio;
use ruvllm_esp_sim::kernels::image::{Image, ImageError};
use ruvllm_esp_sim::kernels::{Measurement, Work, counted, emulated};
use schemars::JsonSchema;
use serde::Serialize;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

/// Where the kernels run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum On {
    /// Metered on this machine and priced
    Model,
    /// The chip's own machine code, beside the model
    #[default]
    Emulator,
}

/// The form of an exported file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Form {
    /// One object
    Json,
    /// One row a kernel
    Csv,
    /// A Markdown table
    Md,
}

/// Options of `bench kernels`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  ruvllm-esp bench kernels --on emulator --variant esp32c3\n  ruvllm-esp bench kernels --on model --export csv kernels.csv"
)]
pub struct Arguments {
    /// Where the kernels run
    #[arg(long, value_enum, default_value_t)]
    on: On,
    /// The chips: names with commas between, or `all` [default: all] [env: RUVLLM_VARIANT]
    #[arg(long, value_name = "CHIP,...", value_parser = Names::CHIPS)]
    variant: Option<String>,
    /// Write the table to a file as well: its form, then its name
    #[arg(long, num_args = 2, value_names = ["FORM", "FILE"])]
    export: Option<Vec<String>>,
}

impl Arguments {
    /// The chips, as they were given.
    pub fn variant(&self) -> Option<&str> {
        self.variant.as_deref()
    }
}

#[derive(Serialize, JsonSchema)]
pub struct Report {
    rows: Vec<Row>,
}

#[derive(Serialize, JsonSchema)]
struct Row {
    variant: &'static str,
    kernel: &'static str,
    size: u32,
    modelled: Figure<Cycles>,
    #[serde(skip_serializing_if = "Option::is_none")]
    emulated: Option<Emulated>,
}

#[derive(Serialize, JsonSchema)]
struct Emulated {
    cycles: u32,
    instructions: u32,
    stack_bytes: u32,
    /// Modelled over emulated, in thousandths.
    ratio_thousandths: u32,
    in_band: bool,
}

/// Runs every kernel of each chip.
///
/// # Errors
/// An image that is not to be had or does not run, a file that cannot be written.
pub fn run(arguments: &Arguments, chips: &[&'static Chip], bench: &Bench<'_>) -> CommandResult {
    let export = arguments.export.as_deref().map(form).transpose()?;
    let stage = Stage::begin(bench, "running every kernel");
    let mut rows = Vec::new();
    let mut missing = Vec::new();
    for chip in chips {
        let measured = match (arguments.on, image::build(chip)) {
            (On::Model, _) => Vec::new(),
            (On::Emulator, Ok(image)) => measure(&image).map_err(|error| refused(&error.into()))?,
            (On::Emulator, Err(error @ BuildError::NotEmulated { .. })) => {
                missing.push(format!("{error}: modelled only"));
                Vec::new()
            }
            (On::Emulator, Err(error)) => return Err(refused(&error)),
        };
        let work = counted::kernels(chip).into_iter().chain(counted::sessions(chip));
        for (number, work) in work.enumerate() {
            rows.push(row(chip, &work, measured.get(number))?);
        }
    }
    drop(stage);
    let report = Report { rows };
    if let Some((form, path)) = export {
        fs::write(&path, exported(form, &report)?).map_err(|error| {
            CliError::runtime("bench::cannot-write", format!("cannot write {}: {error}", path.display()))
        })?;
    }
    missing.iter().for_each(|line| bench.info(line));
    bench.finish("bench-kernels", &report, |report, out| table(report).write(out))
}

fn measure(image: &Image) -> Result<Vec<Measurement>, ImageError> {
    let mut measured = emulated::kernels(image)?;
    measured.extend(emulated::sessions(image)?);
    Ok(measured)
}

fn row(chip: &'static Chip, work: &Work, measured: Option<&Measurement>) -> Result<Row, CliError> {
    let failed = |message: String| CliError::runtime("bench::kernels", message);
    let table =
        cost::table(chip).ok_or_else(|| failed(format!("there is no cost table for {}", chip.name)))?;
    let cycles = table.cost(&work.counts).map_err(|error| failed(error.to_string()))?.cycles;
    if let Some(other) =
        measured.filter(|other| other.checksum != work.checksum || other.kernel != work.kernel)
    {
        let Work { kernel, size, .. } = work;
        return Err(failed(format!(
            "{kernel} {size} and {} {} differ in their outputs",
            other.kernel, other.size
        )));
    }
    let emulated = measured.map(|one| Emulated {
        cycles: one.cycles,
        instructions: one.instructions,
        stack_bytes: one.stack,
        ratio_thousandths: ratio(cycles.value.0, one.cycles),
        in_band: (cycles.low.0..=cycles.high.0).contains(&u64::from(one.cycles)),
    });
    let modelled = cycles.tagged(Kind::Modelled);
    Ok(Row { variant: chip.name, kernel: work.kernel, size: work.size, modelled, emulated })
}

/// What went wrong with an image, with what lifts it.
pub fn refused(error: &BuildError) -> Stop {
    let code = if error.remedy().is_some() { "bench::skipped" } else { "bench::image" };
    let stop = CliError::runtime(code, error.to_string());
    match error.remedy() {
        Some(remedy) => stop.help(remedy).into(),
        None => stop.into(),
    }
}

fn form(words: &[String]) -> Result<(Form, PathBuf), CliError> {
    use clap::ValueEnum;
    let [form, path] = words else { return Err(CliError::usage("cli::usage", "--export: FORM and FILE")) };
    let form = Form::from_str(form, true)
        .map_err(|_| CliError::usage("cli::usage", format!("--export: `{form}` is not json, csv or md")))?;
    Ok((form, PathBuf::from(path)))
}

const COLUMNS: [&str; 11] = [
    "chip",
    "kernel",
    "size",
    "modelled",
    "low",
    "high",
    "emulated",
    "ratio",
    "in band",
    "instructions",
    "stack",
];

fn cells(row: &Row) -> [String; 11] {
    let banded = row.modelled.banded;
    let of = |part: fn(&Emulated) -> String| row.emulated.as_ref().map_or(String::new(), part);
    [
        row.variant.to_string(),
        row.kernel.to_string(),
        row.size.to_string(),
        banded.value.0.to_string(),
        banded.low.0.to_string(),
        banded.high.0.to_string(),
        of(|one| one.cycles.to_string()),
        of(|one| format!("{}.{:03}", one.ratio_thousandths / 1_000, one.ratio_thousandths % 1_000)),
        of(|one| if one.in_band { "yes" } else { "no" }.to_string()),
        of(|one| one.instructions.to_string()),
        of(|one| one.stack_bytes.to_string()),
    ]
}

fn table(report: &Report) -> Table<11> {
    let mut table = Table::new(std::array::from_fn(|column| {
        (
            COLUMNS.get(column).copied().unwrap_or_default(),
            if column < 2 { Align::Left } else { Align::Right },
        )
    }));
    report.rows.iter().for_each(|row| table.row(cells(row)));
    table
}

fn exported(form: Form, report: &Report) -> Result<Vec<u8>, Stop> {
    let mut out = Vec::new();
    match form {
        Form::Json => writeln!(out, "{}", crate::json::envelope("bench-kernels", report)?)?,
        Form::Csv => lines(report, &mut out, "", ",", "")?,
        Form::Md => lines(report, &mut out, "| ", " | ", " |")?,
    }
    Ok(out)
}

fn lines(report: &Report, out: &mut dyn Write, first: &str, between: &str, last: &str) -> io::Result<()> {
    writeln!(out, "{first}{}{last}", COLUMNS.join(between))?;
    if !first.is_empty() {
        writeln!(out, "|{}", " --- |".repeat(COLUMNS.len()))?;
    }
    report.rows.iter().try_for_each(|row| writeln!(out, "{first}{}{last}", cells(row).join(between)))
}
