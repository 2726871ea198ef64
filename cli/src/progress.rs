//! Progress of what takes longer than a second: a bar on a terminal, a line a stage elsewhere.
//!
//! All of it is talk, so it goes to standard error, and `--quiet` silences it.

use crate::output::Output;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use std::fmt::Write;
use std::io::{self, IsTerminal};
use std::time::Duration;

/// How often a bar moves.
const TICK: Duration = Duration::from_millis(120);

/// One stage of a longer task. Dropping it clears its bar.
#[derive(Debug)]
pub struct Stage(Option<ProgressBar>);

impl Stage {
    /// Begins a stage.
    pub fn begin(output: &Output, name: &str) -> Self {
        if output.quiet || !io::stderr().is_terminal() {
            output.info(&format!("{name} ..."));
            return Self(None);
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
            bar.set_style(style);
        }
        bar.set_message(name.to_string());
        bar.enable_steady_tick(TICK);
        Self(Some(bar))
    }

    /// Begins a stage that is only seen on a terminal.
    pub fn quiet(output: &Output, name: &str) -> Self {
        if output.quiet || !io::stderr().is_terminal() { Self(None) } else { Self::begin(output, name) }
    }

    /// A stage that is never seen.
    pub fn none() -> Self {
        Self(None)
    }

    /// So many rows of a file are done.
    pub fn rows(&self, done: u64, total: u64) {
        let Some(bar) = &self.0 else { return };
        if bar.length().is_none()
            && let Ok(style) =
                ProgressStyle::with_template("{spinner} {msg} {bar:32} {percent}% {per_sec} rows, {eta} left")
        {
            bar.set_style(style.with_key("per_sec", |state: &ProgressState, out: &mut dyn Write| {
                let _ = write!(out, "{:.0}/s", state.per_sec());
            }));
        }
        bar.set_length(total);
        bar.set_position(done);
    }

    /// Prints something while the bar is out of the way.
    pub fn beside<Outcome>(&self, print: impl FnOnce() -> Outcome) -> Outcome {
        match &self.0 {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    /// What it is at, where the end is not known.
    #[cfg(feature = "board")]
    pub fn at(&self, what: &str) {
        if let Some(bar) = &self.0 {
            bar.set_message(what.to_string());
        }
    }

    /// So much of it is done; how long it takes is not known before the first call.
    pub fn reached(&self, done: u32, total: u32) {
        let Some(bar) = &self.0 else { return };
        if bar.length().is_none()
            && let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {bar:32} {percent}% {eta} left")
        {
            bar.set_style(style);
        }
        bar.set_length(total.into());
        bar.set_position(done.into());
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
