//! Which code a command takes out of flash, and how much of it the cache has lost since it last ran.
//!
//! A chip runs its code from flash through a cache of a few hundred lines, and a line that is missing costs as much as
//! hundreds of instructions. Here code is in pieces: the console, a role, a command, and each operation that a meter
//! counts. A piece that ran is in the cache, until other code replaces it; how likely that is follows from how many
//! other lines ran since, from the sets and ways of the cache, and from nothing else, as if the linker threw its code
//! at random (Hill and Smith, "Evaluating Associativity in CPU Caches", IEEE Transactions on Computers 38(12), 1989).
//! The sizes of the pieces are measured on the firmware's image (`bench calibrate --images`).

use super::CostTable;
use crate::emulator::cache::{Geometry, Replacement};
use ruvllm_esp_core::meter::{Counts, Op};

/// The code of a firmware, in lines of the flash cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeSize {
    /// What every command runs: the ports, the line, the way to the agent, the formatting of text.
    pub console: u32,
    /// What is a command's own.
    pub command: u32,
    /// What carves a role and its structures.
    pub role: u32,
    /// The code of each operation, in the order of [`Op::ALL`].
    pub operations: [u32; Op::ALL.len()],
}

/// A piece of code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Ports, line, agent, formatting.
    Console,
    /// Taking hold of a role.
    Role,
    /// What handles a frame or a timer of the fleet.
    Network,
    /// A command, by a hash of its name.
    Command(u32),
    /// The loop of an operation.
    Operation(Op),
}

/// What ran in a turn, beside the operations that it counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ran<'l> {
    /// The line that was typed.
    pub line: Option<&'l str>,
    /// Was there a frame, or a timer of the fleet with work to do?
    pub network: bool,
}

/// The lines of [`Piece::Network`]. Assumed: the calibration's image is alone on its link.
const NETWORK: u32 = 200;

/// The commands that the agent answers without its role.
const WITHOUT_ROLE: [&str; 6] = ["", "role", "variant", "version", "help", "peers"];

/// Operations that are counted where a line comes in and a reply goes out: their code is the console's.
const OF_THE_CONSOLE: [Op; 7] =
    [Op::Receive, Op::Command, Op::WriteCall, Op::Memset, Op::TxByte, Op::PollLoop, Op::ICacheFill];

/// The pieces that a turn runs, each once.
pub fn pieces(ran: Ran<'_>, counts: &Counts) -> impl Iterator<Item = Piece> {
    let verb = ran.line.map(|line| line.split_ascii_whitespace().next().unwrap_or_default());
    let hash = |verb: &str| {
        verb.bytes().fold(1u32, |hash, byte| hash.wrapping_mul(31).wrapping_add(u32::from(byte)))
    };
    let role = ran.network || verb.is_some_and(|verb| !WITHOUT_ROLE.contains(&verb));
    let own = [
        verb.map(|_| Piece::Console),
        verb.map(|verb| Piece::Command(hash(verb))),
        role.then_some(Piece::Role),
        ran.network.then_some(Piece::Network),
    ];
    let operations = counts.iter().map(|(op, _)| op).filter(|op| !OF_THE_CONSOLE.contains(op));
    own.into_iter().flatten().chain(operations.map(Piece::Operation))
}

impl CodeSize {
    /// The lines of a piece.
    pub fn lines(&self, piece: Piece) -> u32 {
        match piece {
            Piece::Console => self.console,
            Piece::Role => self.role,
            Piece::Network => NETWORK,
            Piece::Command(_) => self.command,
            Piece::Operation(op) => self.operations.get(op as usize).copied().unwrap_or(0),
        }
    }
}

/// Pieces remembered: more than fit any cache.
const REMEMBERED: usize = 64;

/// The code that the cache of a chip may still hold.
#[derive(Clone, Debug)]
pub struct ICacheModel {
    code_size: CodeSize,
    lost: &'static CacheLoss,
    /// What ran and how many lines it has, the latest first.
    recent: Vec<(Piece, u32)>,
    /// What runs now, kept for its memory.
    now: Vec<(Piece, u32)>,
}

impl ICacheModel {
    /// After the start of the chip of `table`, of which nothing but the console is still there.
    pub fn of(table: &CostTable) -> Self {
        Self::with(table, table.code_size)
    }

    /// The same with code of other sizes.
    pub fn with(table: &CostTable, code_size: CodeSize) -> Self {
        let recent = vec![(Piece::Console, code_size.console)];
        Self { code_size, lost: table.cache_loss, recent, now: Vec::new() }
    }

    /// Runs the code of a turn: how many lines of it have to come from flash.
    pub fn run(&mut self, ran: Ran<'_>, counts: &Counts) -> u32 {
        let mut now = std::mem::take(&mut self.now);
        now.clear();
        now.extend(pieces(ran, counts).map(|piece| (piece, self.code_size.lines(piece))));
        let own: u32 = now.iter().map(|(_, lines)| lines).sum();
        let fetched: u64 = now.iter().map(|piece| self.fetched(*piece, &now, own)).sum();
        self.recent.retain(|piece| !now.contains(piece));
        self.recent.splice(0..0, now.iter().copied());
        self.recent.truncate(REMEMBERED);
        self.now = now;
        u32::try_from(fetched.div_ceil(u64::from(CERTAIN))).unwrap_or(u32::MAX)
    }

    /// Lines of a piece that are not there any more, in parts of [`CERTAIN`].
    fn fetched(&self, (piece, lines): (Piece, u32), now: &[(Piece, u32)], own: u32) -> u64 {
        if lines == 0 {
            return 0;
        }
        let Some(at) = self.recent.iter().position(|(other, _)| *other == piece) else {
            return u64::from(lines) * u64::from(CERTAIN);
        };
        let since = self.recent.iter().take(at).filter(|other| !now.contains(other));
        let others: u32 = since.map(|(_, lines)| lines).sum();
        u64::from(lines) * u64::from(self.lost.after(own.saturating_add(others)))
    }
}

/// A probability of one.
const CERTAIN: u32 = 1 << 16;
/// The most lines that are distinguished: twice the largest cache.
const MAX_LINES: usize = 2_048;

/// How likely it is that a line is lost after this many others.
#[derive(Debug, PartialEq, Eq)]
pub struct CacheLoss([u32; MAX_LINES + 1]);

/// The share of misses, in thousandths, where a number of lines (the position) take turns in a set of 8 ways with random
/// replacement; a test compares it with the cache of the emulator. From 32 lines on it is taken to be 1.
const RANDOM_8_WAYS: [u32; 32] = [
    0, 0, 0, 0, 0, 0, 0, 0, 0, 223, 385, 505, 595, 670, 725, 774, 811, 838, 864, 886, 903, 916, 928, 938,
    947, 954, 960, 965, 970, 974, 978, 980,
];

impl CacheLoss {
    pub const fn of(geometry: Geometry) -> Self {
        let sets = geometry.sets() as u64;
        let mut lost = [0; MAX_LINES + 1];
        // The chances of none, one, two ... others in the set of a line, in parts of 2^32.
        let mut chances = [0u64; RANDOM_8_WAYS.len() - 1];
        chances[0] = 1 << 32;
        let mut others = 0;
        while others <= MAX_LINES {
            let mut kept = 0;
            let mut at = chances.len();
            while at > 0 {
                at -= 1;
                kept += chances[at] / 1_000 * (1_000 - Self::misses(geometry, at) as u64);
                let entering = if at > 0 { chances[at - 1] } else { 0 };
                chances[at] = (chances[at] * (sets - 1) + entering) / sets;
            }
            lost[others] = (((1u64 << 32).saturating_sub(kept)) >> 16) as u32;
            others += 1;
        }
        // Nothing is lost to nobody: what rounding left over.
        lost[0] = 0;
        Self(lost)
    }

    /// The share of misses of a line that takes turns with `others` in its set, in thousandths.
    const fn misses(geometry: Geometry, others: usize) -> u32 {
        match geometry.replacement {
            Replacement::LeastRecentlyUsed if others < geometry.ways as usize => 0,
            Replacement::LeastRecentlyUsed => 1_000,
            Replacement::Random => {
                assert!(geometry.ways == 8, "the table is for 8 ways");
                RANDOM_8_WAYS[others + 1]
            }
        }
    }

    fn after(&self, others: u32) -> u32 {
        self.0.get(others as usize).or(self.0.last()).copied().unwrap_or(CERTAIN)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{esp32c3, esp32c6};
    use super::*;
    use ruvllm_esp_core::meter::Meter;

    const CODE: CodeSize = {
        let mut operations = [0; Op::ALL.len()];
        operations[Op::Mac as usize] = 100;
        operations[Op::Link as usize] = 600;
        CodeSize { console: 150, command: 20, role: 50, operations }
    };

    fn counts(ops: &[Op]) -> Counts {
        let mut counts = Counts::default();
        ops.iter().for_each(|op| counts.record(*op, 7));
        counts
    }

    fn typed(line: &str) -> Ran<'_> {
        Ran { line: Some(line), network: false }
    }

    #[test]
    fn a_line_is_lost_as_often_as_the_binomial_distribution_says() {
        // 430 others over 256 sets: at least 4 in one of them in 0.088 of all cases. Over 64 sets it is at least 8 in 0.355,
        // of which random replacement keeps about half.
        for (table, expected) in [(esp32c3::TABLE, 0.147), (esp32c6::TABLE, 0.088)] {
            let lost = table.cache_loss;
            let chance = f64::from(lost.after(430)) / f64::from(CERTAIN);
            assert!((chance - expected).abs() < 0.02, "{chance}");
            assert_eq!(lost.after(0), 0);
            assert!((1..=MAX_LINES as u32).all(|others| lost.after(others) >= lost.after(others - 1)));
            assert!(lost.after(u32::MAX) > CERTAIN * 9 / 10);
        }
    }

    #[test]
    fn random_replacement_misses_as_often_as_in_the_emulator() {
        use crate::emulator::cache::Cache;
        for lines in [8, 9, 10, 12, 16, 24, 31] {
            let set = Geometry { bytes: 256, ways: 8, line_bytes: 32, replacement: Replacement::Random };
            let mut cache = Cache::new(set, 1);
            let misses: u32 = (0..200_000).map(|touch| cache.touch(touch % lines)).sum();
            let share = f64::from(misses) / 200_000.0;
            let stated = f64::from(RANDOM_8_WAYS[lines as usize]) / 1_000.0;
            assert!((share - stated).abs() < 0.02, "{lines} lines: {share}, {stated}");
        }
    }

    #[test]
    fn code_that_just_ran_is_there_and_other_code_drives_it_out() {
        let mut icache = ICacheModel::with(&esp32c3::TABLE, CODE);
        let search = counts(&[Op::Mac]);
        assert!(icache.run(typed("search"), &search) >= 170);
        let again = icache.run(typed("search"), &search);
        assert!(again < 60, "{again}");
        icache.run(typed("add"), &counts(&[Op::Link]));
        let after = icache.run(typed("search"), &search);
        assert!(after > again + 80, "{after} {again}");
    }

    #[test]
    fn a_larger_cache_keeps_more() {
        let fetched = |table| {
            let mut icache = ICacheModel::with(table, CODE);
            (0..10).map(|_| icache.run(typed("add"), &counts(&[Op::Mac, Op::Link]))).sum::<u32>()
        };
        let (c6, c3) = (fetched(&esp32c6::TABLE), fetched(&esp32c3::TABLE));
        assert!(c6 * 4 < c3 * 3, "{c6} {c3}");
    }

    #[test]
    fn what_a_meter_counts_names_the_pieces_once() {
        let found: Vec<Piece> =
            pieces(typed("help  add"), &counts(&[Op::Mac, Op::WriteCall, Op::TxByte])).collect();
        assert_eq!(found.len(), 3);
        assert!(!found.contains(&Piece::Role) && found.contains(&Piece::Operation(Op::Mac)));
        assert!(pieces(typed("get 3"), &Counts::default()).any(|piece| piece == Piece::Role));
        let ran = Ran { line: None, network: true };
        let found: Vec<Piece> = pieces(ran, &counts(&[Op::Hash])).collect();
        assert_eq!(found, [Piece::Role, Piece::Network, Piece::Operation(Op::Hash)]);
    }
}
