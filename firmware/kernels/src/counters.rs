//! Each work run four times: to warm up, for instructions, for cycles, for its stack.

use crate::machine::{self, Event, Uart};
use crate::stack;
use core::fmt::Write;
use ruvllm_esp_core::workload::Probe;

/// Reads the machine's counters around each work.
pub struct Counters;

impl Probe for Counters {
    type Meter = ();

    /// Not inlined, so that all four runs are of the same code and none knows what the last one found.
    #[inline(never)]
    fn measure(&mut self, kernel: &'static str, size: u32, work: &mut dyn FnMut(&mut ()) -> u32) {
        work(&mut ());
        let instructions = machine::count(Event::Instructions, work);
        let cycles = machine::count(Event::Cycles, work);
        stack::paint();
        let checksum = work(&mut ());
        let stack = stack::high_water();
        // A line that cannot be written has nobody to tell.
        let _ = writeln!(Uart, "{kernel} {size} {cycles} {instructions} {stack} {checksum:08x}");
    }
}
