//! A whole chip calibrated: sessions on the firmware's image against the same sessions on the simulator.
//!
//! The kernels have no ports and warm caches. What a session on a chip takes beside them is fitted here, to the sessions
//! of `fixtures/calibration` and the demos: the bytes of a reply on their way out, the turn of the loop, and the lines of
//! flash cache filled. The golden sessions are held out. Cycles run from the first byte of a line in the port to the last
//! byte of the reply in the port, less the time in which the port has no room because the host has not fetched it yet:
//! that is the host's time, and no part of the model.

use super::calibration::{Fitted, MIN_SHARE, PRIOR, ratio};
use super::least_squares::nonnegative;
use super::scripts;
use crate::cost::icache::{CodeSize, ICacheModel, Piece, Ran, pieces};
use crate::cost::{self, CycleCosts};
use crate::emulator::board::{BoardConfig, Rom};
use crate::exact::{Exact, ExactError};
use crate::script::{ScriptError, Step, parse_step};
use crate::single::{Setup, SingleChip, SingleError};
use ruvllm_esp_core::agent::Identity;
use ruvllm_esp_core::chip::{Chip, Radio};
use ruvllm_esp_core::meter::{Counts, Op};
use ruvllm_esp_core::workload::Script;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use thiserror::Error;

/// What is fitted on the image; the kernels have none of it.
const OPS: [Op; 3] = [Op::TxByte, Op::PollLoop, Op::ICacheFill];

/// How much a large piece of code counts against lines that a session used: only where nothing else tells.
const SMALL: f64 = 1.0;

/// Why a session cannot be compared.
#[derive(Debug, Error)]
pub enum FirmwareCalibrationError {
    /// The image.
    #[error(transparent)]
    Exact(#[from] ExactError),
    /// The simulator.
    #[error(transparent)]
    Single(#[from] SingleError),
    /// The script.
    #[error(transparent)]
    Script(#[from] ScriptError),
}

/// One line, on both sides.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// What was typed.
    pub line: String,
    /// What that did, by the simulator; its line fills are those of the present code sizes.
    pub counts: Counts,
    /// What it took on the emulated chip.
    pub cycles: u64,
    /// What the simulator says it takes.
    pub modelled: u64,
    /// The band of that.
    pub band: RangeInclusive<u64>,
    /// The lines of the flash cache that it used.
    pub used: BTreeSet<u32>,
}

impl Exchange {
    fn ran(&self) -> Ran<'_> {
        Ran { line: Some(&self.line), network: false }
    }
}

/// A script, on both sides.
#[derive(Clone, Debug)]
pub struct RecordedSession {
    /// The script.
    pub name: &'static str,
    /// Its lines.
    pub exchanges: Vec<Exchange>,
}

impl RecordedSession {
    /// Runs `script` on the image `flash` and on the simulator.
    ///
    /// # Errors
    /// [`FirmwareCalibrationError`].
    pub fn run(
        chip: &'static Chip,
        rom: &Rom,
        flash: &[u8],
        script: &Script<'static>,
    ) -> Result<Self, FirmwareCalibrationError> {
        let mut exact = Exact::boot(chip, rom, flash.to_vec(), BoardConfig::default())?;
        exact.configure(1, script.role)?;
        let identity = Identity { chip, chip_id: 1, role: script.role, seed: 1 };
        let mut single = SingleChip::boot(&Setup { identity, radio: Radio::Off, arena: None })?;
        exact.board().take_cache_lines();
        let mut exchanges = Vec::new();
        for line in script.text.lines() {
            match parse_step(line)? {
                Step::Say(line) => exchanges.push(exchange(&mut exact, &mut single, line)?),
                Step::Wait(time) => {
                    exact.wait(time)?;
                    single.wait(time)?;
                }
                Step::Remark(_) => {}
            }
        }
        Ok(Self { name: script.name, exchanges })
    }

    /// Cycles of the whole session: modelled, emulated.
    pub fn cycles(&self) -> (u64, u64) {
        let modelled = self.exchanges.iter().map(|exchange| exchange.modelled).sum();
        (modelled, self.exchanges.iter().map(|exchange| exchange.cycles).sum())
    }

    /// Is it for the fit?
    fn is_fitted(&self) -> bool {
        !scripts::GOLDEN.iter().any(|script| script.name == self.name)
    }

    /// For each line, how many lines of the flash cache are filled.
    fn fetched(&self, chip: &Chip, code_size: CodeSize) -> Vec<u32> {
        let Some(table) = cost::table(chip) else { return vec![0; self.exchanges.len()] };
        let mut icache = ICacheModel::with(table, code_size);
        self.exchanges.iter().map(|exchange| icache.run(exchange.ran(), &exchange.counts)).collect()
    }
}

fn exchange(
    exact: &mut Exact,
    single: &mut SingleChip<'_>,
    line: &str,
) -> Result<Exchange, FirmwareCalibrationError> {
    exact.board().take_cache_lines();
    let cycles = exact.line(Ok(line))?.cost.cycles.value.0;
    let used = exact.board().take_cache_lines();
    let modelled = single.line(Ok(line))?.cost.cycles;
    let band = modelled.low.0..=modelled.high.0;
    let (line, counts, modelled) = (line.to_string(), single.counts().clone(), modelled.value.0);
    Ok(Exchange { line, counts, cycles, modelled, band, used })
}

/// All scripts on `flash`.
///
/// # Errors
/// [`FirmwareCalibrationError`].
pub fn sessions(
    chip: &'static Chip,
    rom: &Rom,
    flash: &[u8],
) -> Result<Vec<RecordedSession>, FirmwareCalibrationError> {
    let all = scripts::CALIBRATION.iter().chain(&scripts::DEMO).chain(&scripts::GOLDEN);
    all.map(|script| RecordedSession::run(chip, rom, flash, script)).collect()
}

/// What was found.
#[derive(Clone, Copy, Debug)]
pub struct FirmwareCalibration {
    /// The costs, those of the kernels included.
    pub cycle_costs: Fitted,
    /// The sizes of the code.
    pub code_size: CodeSize,
    /// The largest error on a golden session, in thousandths.
    pub error: u32,
}

impl FirmwareCalibration {
    /// Fits the sizes of the code and the costs that the kernels left at zero.
    pub fn fit(
        chip: &Chip,
        sessions: &[RecordedSession],
        kernels: &Fitted,
        instructions: &CycleCosts,
    ) -> Self {
        let fitted: Vec<&RecordedSession> = sessions.iter().filter(|session| session.is_fitted()).collect();
        let code_size = code_size(&fitted);
        let mut cycle_costs = *kernels;
        let prior = OPS.map(|op| instructions[op as usize].map_or(0, |cycle_cost| cycle_cost.cycles));
        let mut base = base(kernels, instructions);
        let found = solve(&rows(chip, &fitted, code_size, &base), prior);
        for (op, cycle_cost) in OPS.into_iter().zip(found) {
            cycle_costs[op as usize] = cycle_cost;
            base[op as usize] = cycle_cost;
        }
        let golden = sessions.iter().filter(|session| !session.is_fitted());
        let error = golden.map(|session| {
            let modelled: u64 = total(session, &session.fetched(chip, code_size), &base);
            ratio(modelled, u32::try_from(session.cycles().1).unwrap_or(u32::MAX)).abs_diff(1_000)
        });
        Self { cycle_costs, code_size, error: error.max().unwrap_or(0) }
    }
}

/// The costs of the kernels, those of the instructions where no kernel says, and nothing for what is to be fitted.
fn base(kernels: &Fitted, instructions: &CycleCosts) -> Fitted {
    let mut base = *kernels;
    for ((op, cycle_cost), instructions) in Op::ALL.iter().zip(&mut base).zip(instructions) {
        if OPS.contains(op) {
            *cycle_cost = 0;
        } else if *cycle_cost == 0 {
            *cycle_cost = instructions.map_or(0, |cycle_cost| cycle_cost.cycles);
        }
    }
    base
}

/// Thousandths of a cycle of one line, at `cycle_costs`, with this many fills.
fn costed(counts: &Counts, fetched: u32, cycle_costs: &Fitted) -> u64 {
    let others = counts.iter().filter(|(op, _)| *op != Op::ICacheFill);
    let sum: u64 = others.map(|(op, count)| count * u64::from(cycle_costs[op as usize])).sum();
    sum + u64::from(fetched) * u64::from(cycle_costs[Op::ICacheFill as usize])
}

fn total(session: &RecordedSession, fetched: &[u32], cycle_costs: &Fitted) -> u64 {
    let lines = session.exchanges.iter().zip(fetched);
    lines.map(|(exchange, fetched)| costed(&exchange.counts, *fetched, cycle_costs)).sum::<u64>() / 1_000
}

/// All lines of a session with the same first word: bytes given, turns, fills; cycles not explained; cycles.
#[derive(Clone, Copy, Default)]
struct Row {
    counts: [u64; OPS.len()],
    left: f64,
    cycles: u64,
}

fn rows(chip: &Chip, sessions: &[&RecordedSession], code_size: CodeSize, base: &Fitted) -> Vec<Row> {
    let mut rows: BTreeMap<(&str, &str), Row> = BTreeMap::new();
    for session in sessions {
        for (exchange, fetched) in session.exchanges.iter().zip(session.fetched(chip, code_size)) {
            let row = rows.entry((session.name, verb(&exchange.line))).or_default();
            let counts =
                [exchange.counts.of(Op::TxByte), exchange.counts.of(Op::PollLoop), u64::from(fetched)];
            row.counts.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
            row.left += exchange.cycles as f64 - costed(&exchange.counts, 0, base) as f64 / 1_000.0;
            row.cycles += exchange.cycles;
        }
    }
    rows.into_values().collect()
}

/// Least squares over relative errors, a command the heavier the more it took.
fn solve(rows: &[Row], prior: [u32; OPS.len()]) -> [u32; OPS.len()] {
    let mean = rows.iter().map(|row| row.cycles as f64).sum::<f64>() / rows.len().max(1) as f64;
    let mut equations: Vec<(Vec<f64>, f64)> = rows
        .iter()
        .map(|row| {
            let cycles = (row.cycles as f64).max(1.0);
            let weight = (cycles / mean).sqrt() / cycles;
            let column =
                |(count, cycle_cost): (&u64, &u32)| *count as f64 * f64::from(*cycle_cost) / 1_000.0 * weight;
            let columns: Vec<f64> = row.counts.iter().zip(&prior).map(column).collect();
            let least = columns.iter().sum::<f64>() * MIN_SHARE;
            (columns, row.left * weight - least)
        })
        .collect();
    equations.extend((0..OPS.len()).map(|column| {
        let row = (0..OPS.len()).map(|other| if other == column { PRIOR } else { 0.0 });
        (row.collect(), PRIOR * (1.0 - MIN_SHARE))
    }));
    let solution = nonnegative(&equations, OPS.len());
    let mut cycle_costs = prior;
    for (cycle_cost, factor) in cycle_costs.iter_mut().zip(solution) {
        *cycle_cost = (f64::from(*cycle_cost) * (MIN_SHARE + factor)).round() as u32;
    }
    cycle_costs
}

fn verb(line: &str) -> &str {
    line.split_ascii_whitespace().next().unwrap_or_default()
}

/// The lines that all commands of a session use: the console's.
fn console(sessions: &[&RecordedSession]) -> usize {
    let common = sessions.iter().filter_map(|session| {
        let mut used = session.exchanges.iter().map(|exchange| exchange.used.clone());
        let first = used.next()?;
        Some(used.fold(first, |all, used| &all & &used).len())
    });
    common.min().unwrap_or(0)
}

/// The sizes of the pieces, from the lines that each command used.
fn code_size(sessions: &[&RecordedSession]) -> CodeSize {
    let console = console(sessions);
    // Commands that are typed hundreds of times must not outweigh all others.
    let mut alike: BTreeMap<(&str, &str, Vec<usize>), (u32, usize)> = BTreeMap::new();
    for session in sessions {
        for exchange in &session.exchanges {
            let columns = pieces(exchange.ran(), &exchange.counts).filter_map(column).collect();
            let sum = alike.entry((session.name, verb(&exchange.line), columns)).or_default();
            *sum = (sum.0 + 1, sum.1 + exchange.used.len().saturating_sub(console));
        }
    }
    let mut equations: Vec<(Vec<f64>, f64)> = alike
        .into_iter()
        .map(|((_, _, columns), (times, lines))| {
            let row = (0..COLUMNS).map(|column| if columns.contains(&column) { 1.0 } else { 0.0 });
            (row.collect(), lines as f64 / f64::from(times))
        })
        .collect();
    equations.extend((2..COLUMNS).map(|column| {
        let row = (0..COLUMNS).map(|other| if other == column { SMALL } else { 0.0 });
        (row.collect(), 0.0)
    }));
    let solution = nonnegative(&equations, COLUMNS);
    let lines = |column: usize| solution.get(column).map_or(0, |lines| lines.round() as u32);
    let operations = std::array::from_fn(|op| lines(op + 2));
    CodeSize { console: console as u32, command: lines(0), role: lines(1), operations }
}

const COLUMNS: usize = 2 + Op::ALL.len();

/// The column of a piece in the equations.
fn column(piece: Piece) -> Option<usize> {
    match piece {
        Piece::Console | Piece::Network => None,
        Piece::Command(_) => Some(0),
        Piece::Role => Some(1),
        Piece::Operation(op) => Some(2 + op as usize),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost::esp32c3::INSTRUCTIONS;
    use ruvllm_esp_core::chip::esp32c3::CHIP;
    use ruvllm_esp_core::meter::Meter;

    /// What commands use besides the 100 lines of the console: lines, and the operation that stands for them.
    const VERBS: [(&str, u32, &[Op]); 4] =
        [("role", 20, &[]), ("get", 60, &[]), ("add", 200, &[Op::Link]), ("search", 100, &[Op::Text])];

    /// Sessions of a chip whose costs are 50 a byte, 4,000 a line and 300 a fill.
    fn made_up() -> Vec<RecordedSession> {
        let line = |number: usize| {
            let (verb, lines, ops) = VERBS[number * 7 % 4];
            let mut counts = Counts::default();
            ops.iter().for_each(|op| counts.record(*op, 1));
            counts.record(Op::TxByte, 10 + (number as u32 * 37) % 400);
            counts.record(Op::PollLoop, 1);
            Exchange {
                line: verb.to_string(),
                counts,
                cycles: 0,
                modelled: 0,
                band: 0..=0,
                used: (0..100).chain(1_000 * lines..1_001 * lines).collect(),
            }
        };
        let scripts = scripts::CALIBRATION.iter().chain(&scripts::DEMO).chain(&scripts::GOLDEN);
        let mut sessions: Vec<RecordedSession> = scripts
            .zip(8..)
            .map(|(script, length)| RecordedSession {
                name: script.name,
                exchanges: (0..length).map(line).collect(),
            })
            .collect();
        let fitted: Vec<&RecordedSession> = sessions.iter().filter(|session| session.is_fitted()).collect();
        let code_size = code_size(&fitted);
        for session in &mut sessions {
            let fetched = session.fetched(&CHIP, code_size);
            for (exchange, fetched) in session.exchanges.iter_mut().zip(fetched) {
                exchange.cycles = 50 * exchange.counts.of(Op::TxByte) + 4_000 + 300 * u64::from(fetched);
            }
        }
        sessions
    }

    #[test]
    fn the_sizes_of_code_come_out_of_the_lines_used() {
        let sessions = made_up();
        let code_size = code_size(&sessions.iter().collect::<Vec<_>>());
        assert_eq!(code_size.console, 100);
        assert!(code_size.command.abs_diff(20) < 5 && code_size.role.abs_diff(40) < 40, "{code_size:?}");
        // Of the operations the least that explains the lines is kept.
        let [link, text] = [Op::Link, Op::Text].map(|op| code_size.operations[op as usize]);
        assert!(link > 70 && link <= 140 && text <= 40, "{code_size:?}");
    }

    #[test]
    fn the_prices_come_out_of_the_cycles_and_hold_for_a_session_never_seen() {
        // Free but for what is fitted: the sessions are made of nothing else.
        let mut kernels = [1; Op::ALL.len()];
        OPS.iter().for_each(|op| kernels[*op as usize] = 0);
        let whole = FirmwareCalibration::fit(&CHIP, &made_up(), &kernels, &INSTRUCTIONS);
        assert!(whole.error < 100, "{whole:?}");
        assert!(whole.cycle_costs[Op::ICacheFill as usize].abs_diff(300_000) < 60_000, "{whole:?}");
        assert!(whole.cycle_costs[Op::TxByte as usize].abs_diff(50_000) < 30_000, "{whole:?}");
    }
}
