//! Two boards whose UART1s are wired to each other, crosswise.
//!
//! The boards run in turns of a few bytes' time, each on its own clock, and after each turn what one has sent is on its
//! way to the other. So a byte comes up to one turn late, which no receiver can tell from a longer cable.

use super::time::{MICROSECOND, Ticks};
use super::{Board, Halt, Port};

/// Five bytes at 921,600 baud.
const TURN: Ticks = 50 * MICROSECOND;

/// Runs both boards for `ticks` with the wires connected, or until `reached` says so.
///
/// A board that stops for good stops both; [`Halt`] says why.
pub fn run_wired(
    mut boards: [&mut Board; 2],
    ticks: Ticks,
    mut reached: impl FnMut(&[&mut Board; 2]) -> bool,
) -> Halt {
    for _ in 0..ticks.div_ceil(TURN) {
        if reached(&boards) {
            return Halt::Reached;
        }
        for board in boards.iter_mut() {
            match board.run_for(TURN) {
                Halt::TimeOut | Halt::Reached => {}
                halt @ (Halt::Fault(_) | Halt::Asleep) => return halt,
            }
        }
        let [first, second] = &mut boards;
        let (one_way, other_way) = (first.take_serial_out(Port::Uart1), second.take_serial_out(Port::Uart1));
        first.serial_in(Port::Uart1, &other_way);
        second.serial_in(Port::Uart1, &one_way);
    }
    Halt::TimeOut
}
