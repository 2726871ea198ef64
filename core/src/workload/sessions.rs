//! Whole console sessions: a script, line by line, through an agent.

use super::{Checksum, Probe, Script};
use crate::agent::{Agent, Identity};
use crate::chip::Chip;
use crate::meter::{Meter, Op};
use crate::units::Micros;
use crate::write_counter::WriteCounter;
use core::fmt;

/// One line of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'s> {
    /// Typed at the console.
    Say(&'s str),
    /// Time passes without work.
    Wait(Micros),
    /// Nothing for the chip.
    Skip,
}

/// Reads one line of a script: `@wait 61s` with one number and one of the units `us`, `ms`, `s`, `m`, `h`, `d`. A remark
/// (`#`) and a directive that is none are skipped.
pub fn step(line: &str) -> Step<'_> {
    let Some(directive) = line.strip_prefix('@') else {
        return if line.starts_with('#') { Step::Skip } else { Step::Say(line) };
    };
    let Some(time) = directive.strip_prefix("wait ") else { return Step::Skip };
    let digits = time.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = time.split_at(digits);
    let factor = match unit {
        "us" => 1,
        "ms" => 1_000,
        "s" => 1_000_000,
        "m" => 60_000_000,
        "h" => 3_600_000_000,
        "d" => 86_400_000_000,
        _ => return Step::Skip,
    };
    number.parse().map_or(Step::Skip, |number: u64| Step::Wait(Micros(number.saturating_mul(factor))))
}

/// Counts what is written and keeps nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Discard {
    pub bytes: u32,
}

impl fmt::Write for Discard {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.bytes = self.bytes.wrapping_add(text.len() as u32);
        Ok(())
    }
}

pub(super) fn run<P: Probe>(chip: &'static Chip, memory: &mut [u8], script: Script<'_>, probe: &mut P) {
    let identity = Identity { chip, chip_id: 1, role: script.role, seed: 1 };
    let lines = script.text.lines().count() as u32;
    probe.measure(script.name, lines, &mut |meter| run_session(memory, identity, script.text, meter));
}

/// Boots an agent in `memory` and runs a script through it. The time moves only by the waits of the script and a
/// millisecond a line; the result is a checksum over the lengths of the replies.
pub fn run_session<M: Meter>(memory: &mut [u8], identity: Identity, script: &str, meter: &mut M) -> u32 {
    meter.record(Op::Memset, memory.len() as u32 / 4);
    let Ok(mut agent) = Agent::boot(memory, identity) else { return 0 };
    let (mut now, mut checksum) = (Micros(0), Checksum::default());
    for line in script.lines() {
        match step(line) {
            Step::Say(line) => {
                let mut out = WriteCounter::new(Discard::default());
                let failed = agent.line(Ok(line), now, meter, &mut out).is_err();
                meter.record(Op::WriteCall, out.calls);
                checksum = checksum.word(out.out.bytes << 1 | u32::from(failed));
            }
            Step::Wait(time) => now += time,
            Step::Skip => {}
        }
        now += Micros(1000);
    }
    checksum.get()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_reported_by_its_first_character() {
        assert_eq!(step("add @home #1"), Step::Say("add @home #1"));
        assert_eq!(step("# a remark"), Step::Skip);
        assert_eq!(step("@wait 61s"), Step::Wait(Micros::seconds(61)));
        assert_eq!(step("@wait 25h"), Step::Wait(Micros::seconds(90_000)));
        assert_eq!((step("@wait"), step("@wait 5x"), step("@wait s")), (Step::Skip, Step::Skip, Step::Skip));
    }
}
