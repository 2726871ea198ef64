//! What a line costs beside the agent's own work: what its caller sees and it does not.
//!
//! The agent writes to whatever output it is handed, and does not know what was typed before. Who types at it reports
//! the pieces of the reply, and whether the code of the command has to come from flash again. On a chip nobody reports.

use crate::meter::{Meter, Op};
use core::fmt;

/// Follows the lines that are typed at one agent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Exchange {
    /// Of the first word of the last line.
    last: u32,
}

impl Exchange {
    /// Reports a line that was answered in this many pieces.
    pub fn report<M: Meter>(&mut self, line: &str, pieces: u32, meter: &mut M) {
        let verb = line.bytes().take_while(|byte| !byte.is_ascii_whitespace());
        let verb = verb.fold(1u32, |hash, byte| hash.wrapping_mul(31).wrapping_add(u32::from(byte)));
        meter.record(Op::Switch, u32::from(verb != self.last));
        meter.record(Op::WriteCall, pieces);
        self.last = verb;
    }
}

/// An output that counts the pieces that it is handed.
pub struct Pieces<W> {
    /// What it hands them on to.
    pub out: W,
    /// How many there were.
    pub count: u32,
}

impl<W> fmt::Debug for Pieces<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pieces").field("count", &self.count).finish_non_exhaustive()
    }
}

impl<W> Pieces<W> {
    /// An output on top of `out`.
    pub fn new(out: W) -> Self {
        Self { out, count: 0 }
    }
}

impl<W: fmt::Write> fmt::Write for Pieces<W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.count = self.count.saturating_add(1);
        self.out.write_str(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::Counts;
    use core::fmt::Write;
    use std::string::String;

    #[test]
    fn only_another_command_switches_and_every_piece_counts() {
        let (mut exchange, mut counts) = (Exchange::default(), Counts::default());
        for line in ["sample 1", "sample 2", "stats", "sample 3"] {
            let (mut out, [one, two]) = (Pieces::new(String::new()), [1, 2]);
            write!(out, "{one} of {two}").unwrap();
            exchange.report(line, out.count, &mut counts);
            assert_eq!(out.out, "1 of 2");
        }
        assert_eq!((counts.of(Op::Switch), counts.of(Op::WriteCall)), (3, 12));
    }
}
