//! ESP32 chips under virtual time, running the ruvllm-esp core.
//!
//! - [`device`]: one chip, its agent, its memory, its clock
//! - [`emulator`]: the machine code of a RISC-V chip, executed and timed
//! - [`exact`]: a flash image on such a chip, talked to over its console
//! - [`script`]: what is typed at a chip
//! - [`cost`]: what counted work costs on each chip, in cycles, time and energy
//! - [`footprint`]: which code a command takes out of flash, and how much of it the cache has lost
//! - [`figure`]: a number that says what it is and how far off it may be
//! - [`fleet`]: many chips on links
//! - [`gate`]: what must hold before a release
//! - [`kernels`]: every kernel counted on the host and clocked in the emulator, and what calibrates one by the other
//! - [`run`]: a scenario run, judged and traced
//! - [`scenario`]: files that say what a fleet is, does and must do
//! - [`signal`]: sensor signals with known faults
//! - [`trace`]: what happened in a fleet, written down
//! - [`evaluation`]: how good the parts of the core are

pub mod cost;
pub mod device;
pub mod emulator;
pub mod evaluation;
pub mod exact;
pub mod figure;
pub mod fleet;
pub mod footprint;
pub mod gate;
pub mod kernels;
pub mod memory;
pub mod run;
pub mod scenario;
pub mod script;
pub mod signal;
pub mod trace;
