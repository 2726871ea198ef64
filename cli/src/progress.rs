//! Progress of what takes longer than a second: a bar on a terminal, a line a stage elsewhere.
//!
//! All of it is talk, so it goes to standard error, and `--quiet` silences it.

use crate::output::Output;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

/// What takes less than this shows no bar.
const PATIENCE: Duration = Duration::from_secs(1);

/// One stage of a longer task. Dropping it clears its bar.
#[derive(Debug)]
pub struct Stage {
    bar: Option<ProgressBar>,
    begun: Instant,
    shown: bool,
}

impl Stage {
    /// Begins a stage of `steps` steps, or of a number that is not known.
    pub fn begin(output: &Output, name: &str, steps: Option<u64>) -> Self {
        if !output.quiet && !io::stderr().is_terminal() {
            output.say(&format!("{name} ..."));
        }
        let bar = (!output.quiet && io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::with_draw_target(steps, ProgressDrawTarget::hidden());
            let template = match steps {
                Some(_) => "{msg} {bar:32} {pos}/{len} {eta} left",
                None => "{spinner} {msg} {elapsed}",
            };
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar.with_message(name.to_string())
        });
        Self { bar, begun: Instant::now(), shown: false }
    }

    /// Some steps are done.
    pub fn advance(&mut self, steps: u64) {
        let Some(bar) = &self.bar else { return };
        if !self.shown && self.begun.elapsed() >= PATIENCE {
            bar.set_draw_target(ProgressDrawTarget::stderr());
            self.shown = true;
        }
        bar.inc(steps);
    }

    /// Shows that something goes on, while nobody can say how far it is.
    pub fn wait(&self) {
        if let Some(bar) = &self.bar {
            bar.set_draw_target(ProgressDrawTarget::stderr());
            bar.enable_steady_tick(Duration::from_millis(120));
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
