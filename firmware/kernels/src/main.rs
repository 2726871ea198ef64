//! The core on the bare processor: its kernels measured, or its console served.
//!
//! The first line on the UART says which. `kernels` and `sessions` print one line a measurement, `NAME SIZE CYCLES
//! INSTRUCTIONS STACK CHECKSUM`, and `end`: the first run of a work warms the caches, each further one is counted
//! otherwise, by the chip's own performance counter. The alias of a role boots that role in exactly the arena of the
//! chip's budget and serves its console; a line `@wait 61s` lets the clock of the agent jump.
#![no_std]
#![no_main]
#![cfg_attr(target_arch = "xtensa", feature(asm_experimental_arch))]

mod console;
mod counters;
#[cfg_attr(target_arch = "xtensa", path = "xtensa.rs")]
mod machine;
// The very list that the simulator counts, of which not all is run here.
#[allow(dead_code, reason = "what is not run here, the simulator runs")]
#[path = "../../../sim/src/kernels/scripts.rs"]
mod scripts;
mod stack;

use core::fmt::Write;
use machine::Uart;
use ruvllm_esp_core::role::RoleKind;
use ruvllm_esp_core::workload;

/// Runs what the first line asks for; called by the start code of the machine.
fn run() {
    let mut uart = Uart;
    let memory = machine::memory();
    let mut first = console::Lines::default();
    match first.next() {
        "kernels" => workload::run_kernels(memory, &mut counters::Counters),
        "sessions" => {
            workload::run_commands(machine::CHIP, memory, &mut counters::Counters);
            for script in scripts::DEMO.into_iter().chain(scripts::GOLDEN) {
                workload::run_script(machine::CHIP, memory, script, &mut counters::Counters);
            }
        }
        name => match RoleKind::by_name(name) {
            Some(role) => return console::serve(role, memory),
            None => machine::exit(2),
        },
    }
    // A line that cannot be written has nobody to tell.
    let _ = writeln!(uart, "end");
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    let _ = writeln!(Uart, "panic: {info}");
    machine::exit(101)
}
