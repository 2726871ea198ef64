//! Costs from emulated cycles: which work costs how much, found by fitting, checked on what the fit never saw.
//!
//! The cycles of a kernel are taken to be a sum of its operations, each at its cost. The costs are fitted by least
//! squares over relative errors, so that a short kernel counts as much as a long one. Some sizes of every kernel and some
//! whole kernels are held out; how far those are off is the band of the costs.

use super::firmware_calibration::{FirmwareCalibration, RecordedSession};
use super::image::{Image, ImageError};
use super::{Measurement, Work, counted, emulated, least_squares};
use crate::cost::fitted::Calibration;
use crate::cost::{self, CycleCosts, calibrated};
use ruvllm_esp_core::chip::Chip;
use ruvllm_esp_core::meter::{Counts, Op};
use schemars::JsonSchema;
use serde::Serialize;

/// Kernels that the fit never sees, at any size. Each does what others do, in another mix.
pub const HELD_OUT_KERNELS: [&str; 5] =
    ["binary-search", "text-learn", "hnsw-write", "command-ask", "command-check"];

/// Sizes that the fit never sees, of any kernel.
pub const HELD_OUT_SIZES: [u32; 2] = [128, 512];

/// One kernel at one size, on both sides.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The kernel.
    pub kernel: &'static str,
    /// The size of its input.
    pub size: u32,
    /// What it did.
    pub counts: Counts,
    /// What that took.
    pub measured: Measurement,
}

/// How a sample serves the calibration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Use {
    /// The costs are fitted to it.
    Fit,
    /// It checks the costs, within 15 %.
    HeldOut,
    /// A whole console session: it checks the costs, within 25 %.
    Session,
}

impl Sample {
    /// How it serves.
    pub fn serves(&self) -> Use {
        if self.kernel.starts_with("session-") {
            Use::Session
        } else if HELD_OUT_KERNELS.contains(&self.kernel) || HELD_OUT_SIZES.contains(&self.size) {
            Use::HeldOut
        } else {
            Use::Fit
        }
    }
}

/// Counts and clocks every kernel and session of `chip`.
///
/// # Errors
/// [`ImageError`], also [`ImageError::NoMeasurement`] where the two sides did not do the same or their outputs differ.
pub fn samples(chip: &'static Chip, image: &Image) -> Result<Vec<Sample>, ImageError> {
    let mut work = counted::kernels(chip);
    work.extend(counted::sessions(chip));
    let mut measured = emulated::kernels(image)?;
    measured.extend(emulated::sessions(image)?);
    if work.len() != measured.len() {
        return Err(ImageError::NoMeasurement(format!("{} of {} kernels", measured.len(), work.len())));
    }
    work.into_iter().zip(measured).map(|(work, measured)| pair(work, measured)).collect()
}

fn pair(work: Work, measured: Measurement) -> Result<Sample, ImageError> {
    let Work { kernel, size, counts, checksum } = work;
    if (kernel, size, checksum) != (measured.kernel.as_str(), measured.size, measured.checksum) {
        return Err(ImageError::NoMeasurement(format!(
            "{} {} {:08x}, which on the host is {kernel} {size} {checksum:08x}",
            measured.kernel, measured.size, measured.checksum
        )));
    }
    Ok(Sample { kernel, size, counts, measured })
}

/// A cost of each operation, in thousandths of a cycle, in the order of [`Op::ALL`]; zero where none was done.
pub type Fitted = [u32; Op::ALL.len()];

/// The weight of what the instructions say against what the emulator counts: it decides only where nothing else does.
pub(super) const PRIOR: f64 = 0.05;

/// No cost falls below this share of what the instructions say, however well zero would fit.
pub(super) const MIN_SHARE: f64 = 0.25;

/// The costs that fit `samples`, near to `prior` where the samples do not tell.
pub fn fit(samples: &[Sample], prior: &Fitted) -> Fitted {
    let cycles = |cycle_cost: &u32| f64::from((*cycle_cost).max(1)) / 1_000.0;
    let mut rows: Vec<(Vec<f64>, f64)> = samples
        .iter()
        .filter(|sample| sample.serves() == Use::Fit)
        .map(|sample| {
            let measured = f64::from(sample.measured.cycles.max(1));
            // In units of the prior: columns of like size keep the equations well conditioned.
            let share =
                |(op, cycle_cost): (&Op, &u32)| sample.counts.of(*op) as f64 * cycles(cycle_cost) / measured;
            (Op::ALL.iter().zip(prior).map(share).collect(), 1.0)
        })
        .collect();
    rows.extend((0..prior.len()).map(|column| {
        let row = (0..prior.len()).map(|other| if other == column { PRIOR } else { 0.0 });
        (row.collect(), PRIOR)
    }));
    let above = rows.iter().map(|(row, wanted)| {
        let least: f64 = row.iter().sum::<f64>() * MIN_SHARE;
        (row.clone(), wanted - least)
    });
    let solution = least_squares::nonnegative(&above.collect::<Vec<_>>(), prior.len());
    let mut cycle_costs = [0; Op::ALL.len()];
    for ((cycle_cost, prior), factor) in cycle_costs.iter_mut().zip(prior).zip(solution) {
        *cycle_cost = (f64::from(*prior) * (MIN_SHARE + factor)).round() as u32;
    }
    cycle_costs
}

/// Cycles of `counts` at those costs.
pub fn modelled(cycle_costs: &Fitted, counts: &Counts) -> u64 {
    let sum: u64 = counts.iter().map(|(op, count)| count * u64::from(cycle_costs[op as usize])).sum();
    (sum + 500) / 1_000
}

/// Modelled over emulated, in thousandths.
pub fn ratio(modelled: u64, emulated: u32) -> u32 {
    (modelled.saturating_mul(1_000) / u64::from(emulated.max(1))).min(u64::from(u32::MAX)) as u32
}

/// What the last calibration of `chip` stated; that of ESP32-C3 where there was none.
fn stated(chip: &Chip) -> &'static Calibration {
    cost::table(chip).and_then(|table| table.calibration).unwrap_or(&calibrated::ESP32C3)
}

/// How well fitted costs agree with the emulator, and the costs.
#[derive(Clone, Debug)]
pub struct CalibrationOutcome {
    /// The chip.
    pub chip: &'static Chip,
    /// Both sides of every kernel.
    pub samples: Vec<Sample>,
    /// What was fitted; zero for an operation that no sample of the fit does.
    pub cycle_costs: Fitted,
    /// What was found on the firmware's image, now or before.
    pub whole: FirmwareCalibration,
}

impl CalibrationOutcome {
    /// Runs everything on `chip` and fits its costs.
    ///
    /// # Errors
    /// [`ImageError`].
    pub fn of(chip: &'static Chip, image: &Image, instructions: &CycleCosts) -> Result<Self, ImageError> {
        let samples = samples(chip, image)?;
        let prior = instructions.map(|cycle_cost| cycle_cost.map_or(0, |cycle_cost| cycle_cost.cycles));
        let mut cycle_costs = fit(&samples, &prior);
        for op in Op::ALL {
            let mut fitted = samples.iter().filter(|sample| sample.serves() == Use::Fit);
            if !fitted.any(|sample| sample.counts.of(op) > 0) {
                cycle_costs[op as usize] = 0;
            }
        }
        let stated = stated(chip);
        let mut whole =
            FirmwareCalibration { cycle_costs, code_size: stated.code_size, error: stated.image_error };
        for op in Op::ALL {
            if cycle_costs[op as usize] == 0 {
                whole.cycle_costs[op as usize] = stated.cycle_costs[op as usize];
            }
        }
        Ok(Self { chip, samples, cycle_costs, whole })
    }

    /// Fits what only a whole chip has, too.
    #[must_use]
    pub fn with_image(self, sessions: &[RecordedSession], instructions: &CycleCosts) -> Self {
        let whole = FirmwareCalibration::fit(self.chip, sessions, &self.cycle_costs, instructions);
        Self { whole, ..self }
    }

    /// The relative errors of the samples that serve so, in thousandths.
    pub fn errors(&self, serves: Use) -> Vec<u32> {
        let serving = self.samples.iter().filter(|sample| sample.serves() == serves);
        serving
            .map(|sample| {
                ratio(modelled(&self.cycle_costs, &sample.counts), sample.measured.cycles).abs_diff(1_000)
            })
            .collect()
    }
}
