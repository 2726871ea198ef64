//! Ctrl-C, and the other ways in which a program is asked to stop.
//!
//! The flasher cannot be asked to stop, so while it works an interrupt ends the program with a word about the image. A
//! monitor puts its terminal and its log in order first.

use crate::error::{CliError, Exit};
use crate::output;
use std::sync::atomic::{AtomicBool, Ordering};

static GENTLE: AtomicBool = AtomicBool::new(false);
static ASKED: AtomicBool = AtomicBool::new(false);

/// Ends the program with exit code 130 at an interrupt, and says so.
pub fn leave_at_once(json: bool, advice: &'static str) {
    // Without the handler an interrupt ends the program all the same, only without a word.
    let _ = ctrlc::set_handler(move || {
        if GENTLE.load(Ordering::SeqCst) {
            // A second Ctrl-C ends the program, whatever it waits for: a full pipe, or a device.
            if ASKED.swap(true, Ordering::SeqCst) {
                std::process::exit(Exit::Interrupted as i32);
            }
            return;
        }
        let error = CliError::interrupted("board::interrupted", "interrupted").help(advice);
        std::process::exit(output::report(&error, json) as i32);
    });
}

/// From now on the first interrupt is only noted, for [`asked`]; a second one ends the program.
pub fn note_only() {
    GENTLE.store(true, Ordering::SeqCst);
    leave_at_once(false, "");
}

/// Was the program asked to stop?
pub fn asked() -> bool {
    ASKED.load(Ordering::SeqCst)
}
