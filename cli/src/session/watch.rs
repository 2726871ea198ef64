//! How a session runs: its pace, its end, and the texts that are expected of the chip.
//!
//! The judge is that of a fleet's scenario. A chip alone is judged by its console only, whether it is modelled or emulated.

use super::chip::Chip;
use super::running::{Pace, Running};
use crate::error::{Exit, Stop};
use ruvllm_esp_core::units::Micros;
use ruvllm_esp_sim::run::judge::{ConsoleOnly, Judge, Judged};
use ruvllm_esp_sim::scenario::{Expectation, Expected, Scenario};
use std::thread;
use std::time::{Duration, Instant};

/// What watches over a session.
#[derive(Debug)]
pub struct Watch {
    pace: Pace,
    until: Option<Micros>,
    began: Instant,
    expectations: Vec<Expectation>,
    judge: Judge,
}

impl Watch {
    /// A watch over a session with the chip of `scenario`, which begins now.
    pub fn new(running: &Running, mut scenario: Scenario) -> Self {
        running.expect(&mut scenario);
        let judge = Judge::new(&scenario);
        let (pace, until) = (running.pace(), running.until);
        Self { pace, until, began: Instant::now(), expectations: scenario.expectations, judge }
    }

    /// Is the time of the session over?
    pub fn is_over(&self, elapsed: Micros) -> bool {
        self.until.is_some_and(|until| elapsed >= until)
    }

    /// How much of `time` may pass before the end.
    pub fn cut(&self, time: Micros, elapsed: Micros) -> Micros {
        self.until.map_or(time, |until| time.min(until.saturating_sub(elapsed)))
    }

    /// What is left until the end that was asked for.
    pub fn rest(&self, elapsed: Micros) -> Micros {
        self.until.map_or(Micros(0), |until| until.saturating_sub(elapsed))
    }

    /// Lets the chip's time catch up with real time, where it is bound to it.
    ///
    /// # Errors
    /// Those of the chip.
    pub fn catch_up(&self, chip: &mut dyn Chip) -> Result<(), Stop> {
        let elapsed = chip.elapsed();
        match self.real() {
            Some(real) if real > elapsed => chip.wait(self.cut(real.saturating_sub(elapsed), elapsed)),
            _ => Ok(()),
        }
    }

    /// Waits until real time has caught up with the chip's.
    pub fn hold(&self, elapsed: Micros) {
        let (Pace::Times(factor), Some(real)) = (self.pace, self.real()) else { return };
        let ahead = elapsed.saturating_sub(real).get() as f64 / factor;
        thread::sleep(Duration::from_micros(ahead as u64));
    }

    /// The virtual time that real time stands for.
    fn real(&self) -> Option<Micros> {
        match self.pace {
            Pace::Max => None,
            Pace::Times(factor) => Some(Micros((self.began.elapsed().as_micros() as f64 * factor) as u64)),
        }
    }

    /// The chip wrote `text` at `at`; what was decided by that.
    pub fn console(&mut self, at: Micros, text: &str) -> Vec<Judged> {
        text.lines().for_each(|line| self.judge.console(at, 0, line));
        self.judge.take_news()
    }

    /// The session ends: everything is judged.
    pub fn finish(&mut self, elapsed: Micros) -> Vec<Judged> {
        self.judge.close(elapsed);
        self.judge.finish(elapsed, &ConsoleOnly)
    }

    /// The exit code that follows from it.
    pub fn exit(&self, judged: &[Judged]) -> Exit {
        exit(&self.expectations, judged)
    }
}

/// What the scenario expects comes first, and what must not come; then what the command line waits for.
pub fn exit(expectations: &[Expectation], judged: &[Judged]) -> Exit {
    let missed = |is_wait: bool| {
        let all = expectations.iter().zip(judged);
        all.filter(|(_, judged)| judged.due && !judged.passed).any(|(one, _)| is_waited_for(one) == is_wait)
    };
    match () {
        () if missed(false) => Exit::No,
        () if missed(true) => Exit::Timeout,
        () => Exit::Ok,
    }
}

/// Is it a text of `--expect`?
fn is_waited_for(expected: &Expectation) -> bool {
    expected.line == 0 && matches!(expected.what, Expected::Text { .. })
}

/// How it stands, in a word.
pub fn word(judged: &Judged) -> &'static str {
    match (judged.due, judged.passed) {
        (false, _) => "not due",
        (true, true) => "passed",
        (true, false) => "missed",
    }
}

/// An expectation and what was seen, with its line in the scenario where it was missed.
pub fn line(judged: &Judged) -> String {
    let location = match judged.line {
        line if line > 0 && !judged.passed => format!(" (line {line})"),
        _ => String::new(),
    };
    format!("{:<7} {}{location}: {}", word(judged), judged.name, judged.seen)
}
