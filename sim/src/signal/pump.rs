//! A pump whose bearing fails: the sensor log of the demonstration.
//!
//! Three channels, one row a minute. The pump's load swings with the level of a tank, and with it current, temperature
//! (which lags behind) and vibration. From [`ONSET`] on a bearing wears: for [`GRADUAL`] rows vibration creeps up and
//! its scatter with it, the bearing runs warmer. Then it breaks up: vibration beyond what ISO 10816 allows, knocks,
//! heat, and a motor that draws more. The same on every host, as all of [`super`].

use super::{Random, sine};
use oorandom::Rand64;
use std::fmt::Write;

/// Rows in the log.
pub const ROWS: usize = 540;
/// The first row at which the bearing wears.
pub const ONSET: usize = 380;
/// How many rows it wears before it breaks up.
pub const GRADUAL: usize = 90;
/// The seed of the log in `fixtures/demo/pump.csv`.
pub const SEED: u64 = 2;

/// The first line of the log.
pub const HEADER: &str = "time_s,vibration_mm_s,bearing_temperature_c,motor_current_a";

/// Minutes in which the tank fills and empties.
const PERIOD: f64 = 36.0;

/// Draws the log as CSV, with lines that end in a line feed.
pub fn csv(seed: u64) -> String {
    let mut random = Random(Rand64::new(u128::from(seed)));
    let mut text = format!("{HEADER}\n");
    let mut warmth = 0.5;
    for row in 0..ROWS {
        let load = 0.5 + 0.4 * sine(row as f64 / PERIOD) + 0.03 * random.gauss();
        warmth += (load - warmth) / 6.0;
        let (wear, broken) = damage(row);
        let scatter = 0.08 + 0.25 * wear + 0.8 * broken;
        let knock =
            if broken > 0.0 && random.between(0.0, 1.0) < 0.15 { random.between(2.0, 5.0) } else { 0.0 };
        let vibration = 2.2 + 0.8 * load + 1.6 * wear + 4.5 * broken + knock + scatter * random.gauss();
        let temperature = 48.0 + 9.0 * warmth + 7.0 * wear + 24.0 * broken + 0.15 * random.gauss();
        let current = 7.0 + 3.0 * load + 0.2 * wear + 1.8 * broken + 0.08 * random.gauss();
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{},{vibration:.2},{temperature:.1},{current:.2}", row * 60);
    }
    text
}

/// How worn the bearing is, and how broken, from 0 to 1 each.
fn damage(row: usize) -> (f64, f64) {
    let since = |start: usize, rows: usize| (row.saturating_sub(start) as f64 / rows as f64).min(1.0);
    (since(ONSET, GRADUAL), since(ONSET + GRADUAL, ROWS - ONSET - GRADUAL))
}
