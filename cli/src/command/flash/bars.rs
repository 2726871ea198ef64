//! One bar a board on a terminal; one line a stage elsewhere.

use crate::board::install::Watch;
use crate::output::Output;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{self, IsTerminal};

const TEMPLATE: &str = "{prefix}  {msg:11} {bar:32} {percent:>3}% {eta:>4}";

/// The bars of a run.
#[derive(Debug)]
pub struct Bars<'o> {
    output: &'o Output,
    all: Option<MultiProgress>,
}

/// One board's.
#[derive(Debug)]
pub struct Bar<'o> {
    name: String,
    output: &'o Output,
    bar: Option<ProgressBar>,
}

impl<'o> Bars<'o> {
    /// None drawn yet.
    pub fn new(output: &'o Output) -> Self {
        let drawn = !output.quiet && io::stderr().is_terminal();
        let all = drawn.then(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr()));
        Self { output, all }
    }

    /// One more board.
    pub fn add(&self, name: &str) -> Bar<'o> {
        let bar = self.all.as_ref().map(|all| {
            let bar = all.add(ProgressBar::new(1));
            if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
                bar.set_style(style);
            }
            bar.set_prefix(name.to_string());
            bar
        });
        Bar { name: name.to_string(), output: self.output, bar }
    }
}

impl Watch for Bar<'_> {
    fn stage(&mut self, name: &str) {
        match &self.bar {
            Some(bar) => bar.set_message(name.to_string()),
            None => self.output.info(&format!("{}: {name} ...", self.name)),
        }
    }

    fn reached(&mut self, done: usize, total: usize) {
        if let Some(bar) = &self.bar {
            bar.set_length(total as u64);
            bar.set_position(done as u64);
        }
    }
}

impl Drop for Bar<'_> {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
