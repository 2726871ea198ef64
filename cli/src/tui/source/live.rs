//! A simulated fleet, run while it is looked at.
//!
//! Time is turned back by running the scenario again from its beginning: what was typed and broken by hand up to then
//! happens again at its time, so that the past is the same however often it is gone to.

use super::{Abilities, FleetSource, Origin};
use crate::error::CliError;
use ruvllm_esp_core::units::Micros;
use ruvllm_esp_sim::fleet::view::{ChipDetail, EventKind, EventView, FleetView};
use ruvllm_esp_sim::fleet::{Fault, Fleet};
use ruvllm_esp_sim::run::judge::Judged;
use ruvllm_esp_sim::run::referee::Referee;
use ruvllm_esp_sim::scenario::Scenario;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// From this many chips on more than one thread is worth it.
const MANY: usize = 64;

/// What one slice of simulated time may take of this machine's.
const SLICE: (Duration, Duration) = (Duration::from_millis(4), Duration::from_millis(16));

/// The longest and the shortest slice of simulated time.
const LONGEST: u64 = 60_000_000;
const SHORTEST: u64 = 50;

/// Something done by hand.
#[derive(Clone, Debug)]
enum InputAction {
    Typed(usize, String),
    Fault(Fault),
}

/// See the module.
#[derive(Debug)]
pub struct Live {
    scenario: Arc<Scenario>,
    fleet: Fleet,
    /// Judges what the scenario expects.
    referee: Referee,
    threads: usize,
    /// What was done by hand and when, in that order.
    actions: Vec<(Micros, InputAction)>,
    /// How many of them have happened.
    done: usize,
    /// How much time is simulated at once, in microseconds.
    slice: u64,
    /// Was it said that the scenario is over?
    over: bool,
    /// Events of steps that were not reported yet.
    news: Vec<EventView>,
}

impl Live {
    /// The fleet of a scenario before its first moment.
    ///
    /// # Errors
    /// `tui::cannot-build` with what does not fit.
    pub fn new(scenario: Scenario) -> Result<Self, CliError> {
        let scenario = Arc::new(scenario);
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = if scenario.chips.len() >= MANY { cores } else { 1 };
        let fleet = Fleet::build(Arc::clone(&scenario), threads).map_err(|error| {
            CliError::no("tui::cannot-build", error.to_string()).help("`ruvllm-esp fit` shows what fits")
        })?;
        Ok(Self {
            referee: Referee::new(&scenario),
            scenario,
            fleet,
            threads,
            actions: Vec::new(),
            done: 0,
            slice: 1_000,
            over: false,
            news: Vec::new(),
        })
    }

    fn do_now(&mut self, deed: InputAction) {
        // What lay in a future that was left is not done any more.
        self.actions.truncate(self.done);
        self.actions.push((self.fleet.now(), deed));
        self.catch_up();
    }

    /// Does what is due.
    fn catch_up(&mut self) {
        while let Some((_, deed)) = self.actions.get(self.done).filter(|(at, _)| *at <= self.fleet.now()) {
            match deed.clone() {
                InputAction::Typed(chip, line) => self.fleet.type_line(chip, &line),
                InputAction::Fault(fault) => self.fleet.inject(fault),
            }
            self.done += 1;
        }
    }

    /// One slice further, at most to `to`, and not past what is to be done again.
    fn run_slice(&mut self, to: Micros) {
        let due = self.actions.get(self.done).map_or(to, |(at, _)| *at);
        let now = self.fleet.now();
        let judged = self.referee.due().filter(|due| *due > now).unwrap_or(to);
        let stop = to.min(due).min(judged).min(now + Micros(self.slice));
        let begun = Instant::now();
        self.fleet.run_until(stop);
        let took = begun.elapsed();
        if took < SLICE.0 {
            self.slice = (self.slice * 2).min(LONGEST);
        } else if took > SLICE.1 {
            self.slice = (self.slice / 2).max(SHORTEST);
        }
        self.catch_up();
        self.watch();
    }

    /// Takes what happened, and lets the referee look.
    fn watch(&mut self) {
        let (timeline, forgotten) = self.fleet.take_timeline();
        timeline.iter().for_each(|event| self.referee.see(event));
        let now = self.fleet.now();
        self.referee.look(now, &mut self.fleet);
        let until = self.scenario.until;
        let ends = !self.over && until > Micros(0) && now >= until;
        if ends {
            self.over = true;
            self.referee.finish(now, &self.fleet.facts());
        }
        let mut events = self.fleet.describe(timeline, forgotten);
        events.extend(self.referee.take_news().iter().map(verdict));
        // Where a slice of time ends is not to be seen in the order of events.
        events.sort_by_key(|event| event.at);
        self.news.extend(events);
        if ends {
            let text = "the scenario ends here; the fleet goes on".into();
            self.news.push(EventView { at: until, chip: None, kind: EventKind::Verdict, text });
        }
    }
}

/// An expectation that was judged.
fn verdict(judged: &Judged) -> EventView {
    let word = if judged.passed { "passed" } else { "FAILED" };
    let text = format!("{word}: {}: {}", judged.name, judged.seen);
    EventView { at: Micros(judged.at_us), chip: None, kind: EventKind::Verdict, text }
}

impl FleetSource for Live {
    fn title(&self) -> String {
        self.scenario.name.clone()
    }

    fn abilities(&self) -> Abilities {
        Abilities { origin: Origin::Simulation, pace: true, rewind: true, console: true, faults: true }
    }

    fn now(&self) -> Micros {
        self.fleet.now()
    }

    fn run_until(&mut self, to: Micros, budget: Duration) -> Result<bool, String> {
        let begun = Instant::now();
        while self.fleet.now() < to && begun.elapsed() < budget {
            self.run_slice(to);
        }
        Ok(true)
    }

    fn step(&mut self, budget: Duration) -> Result<bool, String> {
        let begun = Instant::now();
        while begun.elapsed() < budget {
            if !self.fleet.step() {
                return Err("nothing is going to happen any more".into());
            }
            self.catch_up();
            let known = self.news.len();
            self.watch();
            if self.news.iter().skip(known).any(|event| event.kind != EventKind::Console) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn rewind(&mut self, to: Micros) -> Result<(), String> {
        self.fleet =
            Fleet::build(Arc::clone(&self.scenario), self.threads).map_err(|error| error.to_string())?;
        self.actions.retain(|(at, _)| *at <= to);
        (self.done, self.over) = (0, false);
        self.referee = Referee::new(&self.scenario);
        self.news.clear();
        Ok(())
    }

    fn view(&mut self) -> FleetView {
        FleetView { verdict: self.referee.progress(), ..self.fleet.view() }
    }

    fn detail(&mut self, chip: usize) -> ChipDetail {
        self.fleet.detail(chip)
    }

    fn type_line(&mut self, chip: usize, line: &str) -> Result<(), String> {
        self.do_now(InputAction::Typed(chip, line.to_string()));
        Ok(())
    }

    fn inject(&mut self, fault: Fault) -> Result<(), String> {
        self.do_now(InputAction::Fault(fault));
        Ok(())
    }

    fn events(&mut self) -> Vec<EventView> {
        self.watch();
        std::mem::take(&mut self.news)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ruvllm_esp_core::agent::Identity;
    use ruvllm_esp_core::chip::{self, Radio};
    use ruvllm_esp_core::role::RoleKind;
    use ruvllm_esp_sim::fleet::view::ChipState;
    use ruvllm_esp_sim::single::Setup;

    const SECOND: Micros = Micros(1_000_000);

    fn live() -> Live {
        Live::new(crate::command::tui::house().unwrap()).unwrap()
    }

    fn run(live: &mut Live, seconds: u64) {
        let to = Micros(SECOND.get() * seconds);
        while live.now() < to {
            live.run_until(to, Duration::from_secs(1)).unwrap();
        }
    }

    #[test]
    fn the_past_is_the_same_when_it_is_gone_to_again() {
        let mut live = live();
        run(&mut live, 3);
        live.type_line(0, "stats").unwrap();
        live.inject(Fault::PowerCut { chip: 1, lasts: None }).unwrap();
        run(&mut live, 5);
        let (view, events) = (live.view(), live.events());
        assert_eq!(view.chips[1].state, ChipState::Off);
        run(&mut live, 6);
        live.inject(Fault::Crash { chip: 0 }).unwrap();
        live.rewind(Micros(SECOND.get() * 5)).unwrap();
        live.events();
        run(&mut live, 5);
        assert_eq!(live.view(), view);
        assert_eq!(live.events(), events);
        // What was done after that has not been done.
        run(&mut live, 7);
        assert_eq!(live.view().chips[0].state, ChipState::Running);
    }

    #[test]
    fn the_verdict_is_that_of_a_run_and_says_what_it_waits_for() {
        let mut live = live();
        run(&mut live, 1);
        let begin = live.view().verdict.unwrap();
        assert!(begin.passed == 0 && begin.failed.is_empty() && begin.waiting.len() > 3, "{begin:?}");
        assert!(begin.waiting.windows(2).all(|pair| pair[0].1 <= pair[1].1), "{begin:?}");
        let scenario = Arc::new(crate::command::tui::house().unwrap());
        let end = scenario.until.get() / 1_000_000 + 1;
        run(&mut live, end);
        let verdict = live.view().verdict.unwrap();
        let mut judged = ruvllm_esp_sim::run::Run::new(Arc::clone(&scenario), 1, None).unwrap();
        judged.advance(scenario.until).unwrap();
        let expected = judged.finish().unwrap().expectations;
        assert_eq!(verdict.passed, expected.iter().filter(|judged| judged.passed).count());
        assert_eq!((verdict.passed + verdict.failed.len(), verdict.waiting.len()), (begin.waiting.len(), 0));
        let told = live.events().iter().filter(|event| event.text.starts_with("passed: ")).count();
        assert_eq!(told, verdict.passed);
    }

    #[test]
    fn a_step_ends_with_something_to_be_seen() {
        let mut live = live();
        run(&mut live, 5);
        live.events();
        let before = live.now();
        while !live.step(Duration::from_millis(40)).unwrap() {}
        let events = live.events();
        let last = events.last().unwrap();
        assert!(
            live.now() > before && last.at <= live.now() && last.kind != EventKind::Console,
            "{events:?}"
        );
        assert!(live.events().is_empty());
    }

    #[test]
    fn a_chip_alone_is_shown_and_answers() {
        let identity = Identity { chip: chip::ALL[3], role: RoleKind::HnswIndexer, chip_id: 0, seed: 0 };
        let setup = Setup { identity, radio: Radio::Off, arena: None };
        let mut live = Live::new(setup.scenario()).unwrap();
        run(&mut live, 1);
        live.type_line(0, "add the pump is in hall 3").unwrap();
        live.type_line(0, "search where is the pump").unwrap();
        run(&mut live, 2);
        let view = live.view();
        assert_eq!((view.chips.len(), view.links.len(), view.chips[0].items), (1, 0, 1));
        assert!(view.chips[0].load.is_some() && view.chips[0].energy.is_some());
        let detail = live.detail(0);
        assert!(detail.console.iter().any(|line| line == "added id=0"), "{:?}", detail.console);
        assert!(detail.work.iter().any(|(op, ..)| op == "icache-fill"), "{:?}", detail.work);
        live.inject(Fault::Reboot { chip: 0 }).unwrap();
        run(&mut live, 3);
        assert_eq!((live.view().chips[0].items, live.view().chips[0].state), (0, ChipState::Running));
    }

    #[test]
    fn what_is_typed_is_answered_on_the_console() {
        let mut live = live();
        run(&mut live, 2);
        live.type_line(0, "role").unwrap();
        run(&mut live, 3);
        let console = live.detail(0).console;
        let typed = console.iter().rposition(|line| line == "> role").unwrap();
        assert!(console[typed + 1..].iter().any(|line| line.starts_with("role: ")), "{console:?}");
    }
}
