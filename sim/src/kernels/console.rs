//! The console of a role on the emulated chip, typed at through its UART.

use super::emulated::text;
use super::image::{Image, ImageError};
use crate::emulator::{Pace, Stop, stack};
use ruvllm_esp_core::workload::Script;
use std::fmt::Write;

/// More than the longest command takes, several times.
const MAX_CYCLES: u64 = 1_000_000_000;

/// A whole session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// What a terminal would show, with a `> ` before what was typed.
    pub transcript: String,
    /// Cycles from reset to the last reply, waiting for input included.
    pub cycles: u64,
    /// The deepest that the stack was, from its top, in bytes.
    pub stack: u32,
}

/// Boots the role of `script` and types the script.
///
/// # Errors
/// [`ImageError`] where the image cannot be loaded or stops by itself.
pub fn session(image: &Image, script: &Script<'_>) -> Result<Session, ImageError> {
    let mut machine = image.load(Pace::Timed)?;
    let symbol = |name: &str| machine.symbols().address(name).unwrap_or_default();
    let (idle, low, high) = (symbol("idle"), symbol("_stack_bottom"), symbol("_stack_top"));
    machine.add_breakpoint(idle);
    // What the linker says is memory is memory.
    let _ = stack::paint(&mut machine.bus, low, high);
    let mut transcript = String::new();
    let alias = script.role.alias();
    let first = [alias].into_iter().map(|line| (line, false));
    for (line, is_shown) in first.chain(script.text.lines().map(|line| (line, true))) {
        if is_shown {
            // Writing to a string cannot fail.
            let _ = writeln!(transcript, "> {line}");
        }
        machine.uart_input(line.as_bytes());
        machine.uart_input(b"\n");
        let stop = machine.run(MAX_CYCLES);
        transcript += &text(&mut machine);
        if stop != (Stop::Breakpoint { pc: idle }) {
            let last = transcript.lines().last().unwrap_or_default().to_string();
            return Err(ImageError::Stopped { chip: image.chip.name, stop, last });
        }
    }
    let stack = stack::high_water(&machine.bus, low, high);
    Ok(Session { transcript, cycles: machine.stats().cycles, stack })
}
