//! ESP32 chips under virtual time, running the ruvllm-esp core.
//!
//! - [`chip`]: one chip: its program, its memory, its clock, what its work costs; [`single`]: one alone, to talk to
//! - [`emulator`]: the machine code of a RISC-V chip, executed and timed
//! - [`exact`], [`exact_failure`]: a flash image on such a chip, talked to over its console, and why it does not answer
//! - [`script`]: what is typed at a chip
//! - [`cost`]: what counted work costs on each chip, in cycles, time and energy
//! - [`figure`]: a number that says what it is and how far off it may be
//! - [`fleet`]: many chips on links
//! - [`kernels`]: every kernel counted on the host and clocked in the emulator, and what calibrates one by the other
//! - [`run`]: a scenario run, judged and traced
//! - [`scenario`]: files that say what a fleet is, does and must do
//! - [`sensor_log`]: files of readings, read however they are written
//! - [`signal`]: sensor signals with known faults
//! - [`tools`]: tool files: what can be called in plain words
//! - [`trace`]: what happened in a fleet, written down
//! - [`evaluation`]: how good the parts of the core are

pub mod chip;
pub mod cost;
pub mod emulator;
pub mod evaluation;
pub mod exact;
pub mod exact_failure;
pub mod figure;
pub mod fleet;
pub mod kernels;
pub mod memory;
pub mod run;
pub mod scenario;
pub mod script;
pub mod sensor_log;
pub mod signal;
pub mod single;
pub mod tools;
pub mod trace;
