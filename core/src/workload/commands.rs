//! Single console commands of each role, over a store that is filled first.

use super::texts::text;
use super::{Probe, sessions::Discard};
use crate::agent::{Agent, Identity};
use crate::chip::Chip;
use crate::meter::{Meter, Op};
use crate::role::RoleKind;
use crate::units::Micros;
use crate::write_counter::WriteCounter;
use core::fmt::Write;

/// Items that are stored before a command is measured.
const STORED: u32 = 32;

/// The commands of every role that are measured, at the first of the table.
const COMMON: [(&str, &str); 2] = [("command-stats", "stats"), ("command-mem", "mem")];

pub(super) fn run<P: Probe>(chip: &'static Chip, memory: &mut [u8], probe: &mut P) {
    let own =
        RoleKind::ALL.into_iter().flat_map(|role| role.info().measured.iter().map(move |one| (role, one)));
    let common = COMMON.iter().map(|one| (RoleKind::ALL[0], one));
    for (role, (name, line)) in own.chain(common) {
        let identity = Identity { chip, chip_id: 1, role, seed: 1 };
        let Ok(mut agent) = Agent::boot(&mut *memory, identity) else { continue };
        fill(&mut agent, role);
        let mut now = Micros::seconds(1000);
        probe.measure(name, STORED, &mut |meter| {
            let mut out = WriteCounter::new(Discard::default());
            now += Micros(1000);
            let failed = agent.line(Ok(line), now, meter, &mut out).is_err();
            meter.record(Op::WriteCall, out.calls);
            out.out.bytes << 1 | u32::from(failed)
        });
    }
}

/// Stores what the role's commands find.
fn fill(agent: &mut Agent<&mut [u8]>, role: RoleKind) {
    // A detector is measured with shorter texts than a store.
    let size = if role.info().keeps.is_some() { 60 } else { 40 };
    for number in 0..STORED {
        let mut line = Line::default();
        // What is too long for the line is cut.
        let _ = write!(line, "{}hall {number}: {}", role.info().store, text(size));
        let _ =
            agent.line(Ok(line.get()), Micros::seconds(u64::from(number)), &mut (), &mut Discard::default());
    }
}

/// A line of text on the stack.
struct Line {
    bytes: [u8; 96],
    length: usize,
}

impl Default for Line {
    fn default() -> Self {
        Self { bytes: [0; 96], length: 0 }
    }
}

impl Line {
    fn get(&self) -> &str {
        core::str::from_utf8(self.bytes.get(..self.length).unwrap_or_default()).unwrap_or_default()
    }
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        let end = self.length + text.len();
        let index = self.bytes.get_mut(self.length..end).ok_or(core::fmt::Error)?;
        index.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}
