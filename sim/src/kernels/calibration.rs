//! Prices from emulated cycles: which work costs how much, found by fitting, checked on what the fit never saw.
//!
//! The cycles of a kernel are taken to be a sum of its operations, each at its price. The prices are fitted by least
//! squares over relative errors, so that a short kernel counts as much as a long one. Some sizes of every kernel and some
//! whole kernels are held out; how far those are off is the band of the prices.

use super::image::{Image, ImageError};
use super::{Measurement, Work, counted, emulated, least_squares};
use ruvllm_esp_core::chip::Chip;
use ruvllm_esp_core::meter::{Counts, Op};
use serde::Serialize;

/// Kernels that the fit never sees, at any size. Each does what others do, in another mix.
pub const HELD_OUT_KERNELS: [&str; 6] =
    ["embed-wide", "binary-search", "text-learn", "command-ask", "command-check", "hnsw-write"];

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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Use {
    /// The prices are fitted to it.
    Fit,
    /// It checks the prices, within 10 %.
    HeldOut,
    /// A whole console session: it checks the prices, within 25 %.
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

/// A price of each operation, in thousandths of a cycle, in the order of [`Op::ALL`]; zero where none was done.
pub type Fitted = [u32; Op::ALL.len()];

/// The prices that fit `samples`.
pub fn fit(samples: &[Sample]) -> Fitted {
    let rows: Vec<(Vec<f64>, f64)> = samples
        .iter()
        .filter(|sample| sample.serves() == Use::Fit)
        .map(|sample| {
            let cycles = f64::from(sample.measured.cycles.max(1));
            (Op::ALL.iter().map(|op| sample.counts.of(*op) as f64 / cycles).collect(), 1.0)
        })
        .collect();
    // Columns of like size keep the normal equations well conditioned.
    let scales: Vec<f64> = (0..Op::ALL.len())
        .map(|column| rows.iter().map(|(row, _)| row[column].powi(2)).sum::<f64>().sqrt())
        .map(|norm| if norm > 0.0 { norm } else { 1.0 })
        .collect();
    let scaled: Vec<(Vec<f64>, f64)> = rows
        .iter()
        .map(|(row, wanted)| (row.iter().zip(&scales).map(|(value, scale)| value / scale).collect(), *wanted))
        .collect();
    let solution = least_squares::nonnegative(&scaled, Op::ALL.len());
    let mut prices = Fitted::default();
    for (price, (value, scale)) in prices.iter_mut().zip(solution.iter().zip(&scales)) {
        *price = (value / scale * 1_000.0).round() as u32;
    }
    prices
}

/// Cycles of `counts` at those prices.
pub fn modelled(prices: &Fitted, counts: &Counts) -> u64 {
    let sum: u64 = counts.iter().map(|(op, count)| count * u64::from(prices[op as usize])).sum();
    (sum + 500) / 1_000
}

/// Modelled over emulated, in thousandths.
pub fn ratio(modelled: u64, emulated: u32) -> u32 {
    (modelled.saturating_mul(1_000) / u64::from(emulated.max(1))).min(u64::from(u32::MAX)) as u32
}
