//! `bench calibrate`: fit the costs of the emulated chips, and say how well they fit.

use super::kernels::refused;
use crate::error::{CliError, CommandResult, Exit, Stop};
use crate::kernels::toolchain::checkout;
use crate::kernels::{BuildError, image, rewrite};
use crate::output::Output;
use crate::progress::Stage;
use crate::session::exact::rom;
use crate::table::{Align, Table};
use ruvllm_esp_core::chip::{self, Chip};
use ruvllm_esp_sim::cost;
use ruvllm_esp_sim::kernels::calibration::{CalibrationOutcome as Fit, Use};
use ruvllm_esp_sim::kernels::firmware_calibration;
use schemars::JsonSchema;
use serde::Serialize;
use std::fs;
use std::path::{Path, PathBuf};

/// Options of `bench calibrate`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  ruvllm-esp bench calibrate\n  ruvllm-esp bench calibrate --images images --write --limits"
)]
pub struct Arguments {
    /// Write the costs and the stack depths into the checkout; build again to use them
    #[arg(long)]
    write: bool,
    /// Rewrite the latency limits of gate G2 from this run
    #[arg(long)]
    limits: bool,
    /// Fit what only a whole chip has to the images in this folder, as `build` makes them; kept as it is otherwise
    #[arg(long, value_name = "DIR")]
    images: Option<PathBuf>,
}

#[derive(Serialize, JsonSchema)]
pub struct Report {
    chips: Vec<Row>,
}

/// Errors in thousandths.
#[derive(Serialize, JsonSchema)]
struct Row {
    variant: &'static str,
    fitted_to: usize,
    mean_error: u32,
    held_out_error: u32,
    session_error: u32,
    image_error: u32,
}

/// Fits, reports, and writes what was asked for.
///
/// # Errors
/// A machine without the chips' targets, an image that does not run, files that cannot be written.
pub fn run(arguments: &Arguments, output: &Output) -> CommandResult {
    let stage = Stage::begin(output, "running every kernel on the emulated chips");
    let root = checkout().ok_or_else(|| refused(&BuildError::NoSources))?;
    let mut images = Vec::new();
    let mut fits = Vec::new();
    for (chip, instructions) in [
        (&chip::esp32c3::CHIP, &cost::esp32c3::INSTRUCTIONS),
        (&chip::esp32c6::CHIP, &cost::esp32c6::INSTRUCTIONS),
    ] {
        let image = image::build(chip).map_err(|error| refused(&error))?;
        let mut fit = Fit::of(chip, &image, instructions).map_err(|error| refused(&error.into()))?;
        if let Some(folder) = &arguments.images {
            fit = fit.with_image(&image_sessions(chip, folder)?, instructions);
        }
        fits.push(fit);
        images.push((chip, image));
    }
    let mut files = Vec::new();
    if arguments.write {
        files.push((rewrite::CYCLE_COSTS.to_string(), rewrite::cycle_costs(&fits, &root)));
        files.extend(rewrite::stack(&images, &root).map_err(|error| refused(&error))?);
    }
    if arguments.limits {
        files.push((rewrite::LIMITS.to_string(), rewrite::limits().map_err(|error| refused(&error))?));
    }
    for (path, text) in &files {
        fs::write(root.join(path), text).map_err(|error| {
            CliError::runtime("bench::cannot-write", format!("cannot write {path}: {error}"))
        })?;
    }
    drop(stage);
    report(&fits, output)?;
    files.iter().for_each(|(path, _)| output.info(&format!("wrote {path}")));
    Ok(Exit::Ok)
}

/// All sessions on the image of `chip` in `folder`.
fn image_sessions(
    chip: &'static Chip,
    folder: &Path,
) -> Result<Vec<firmware_calibration::RecordedSession>, Stop> {
    let path = folder.join(format!("ruvllm-esp-{}.bin", chip.name));
    let flash = fs::read(&path).map_err(|error| {
        CliError::usage("bench::no-image", format!("cannot read {}: {error}", path.display()))
            .help(format!("`ruvllm-esp build --variant {}` makes one", chip.name))
    })?;
    let rom = rom(None, chip.name)?;
    let sessions = firmware_calibration::sessions(chip, &rom, &flash)
        .map_err(|error| CliError::no("bench::image-failed", error.to_string()))?;
    Ok(sessions)
}

fn report(fits: &[Fit], output: &Output) -> CommandResult {
    let rows = fits.iter().map(|fit| {
        let errors = |serves| fit.errors(serves);
        let largest = |serves| errors(serves).into_iter().max().unwrap_or(0);
        let fitted = errors(Use::Fit);
        Row {
            variant: fit.chip.name,
            fitted_to: fitted.len(),
            mean_error: fitted.iter().sum::<u32>() / (fitted.len() as u32).max(1),
            held_out_error: largest(Use::HeldOut),
            session_error: largest(Use::Session),
            image_error: fit.whole.error,
        }
    });
    let report = Report { chips: rows.collect() };
    if output.json {
        output.json("bench-calibrate", &report)?;
        return Ok(Exit::Ok);
    }
    let numbers = ["fitted to", "mean error", "worst held out", "worst session", "on the image"];
    let [fitted, mean, held_out, session, whole] = numbers.map(|name| (name, Align::Right));
    let mut table = Table::new([("chip", Align::Left), fitted, mean, held_out, session, whole]);
    let percent = |thousandths: u32| format!("{}.{} %", thousandths / 10, thousandths % 10);
    for row in report.chips {
        table.row([
            row.variant.to_string(),
            row.fitted_to.to_string(),
            percent(row.mean_error),
            percent(row.held_out_error),
            percent(row.session_error),
            percent(row.image_error),
        ]);
    }
    table.write(&mut output.text())?;
    Ok(Exit::Ok)
}
