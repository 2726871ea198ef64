//! What was expected against what was seen.
//!
//! The engine tells the judge of every console line and every alarm, lets it look at the fleet whenever
//! [`Judge::due`] says so, and asks it at the end. A judge sees each run once, from its beginning: what it has not been
//! told has not happened.

use super::measure::measure;
use crate::fleet::view::VerdictView;
use crate::scenario::plan::{Expectation, Expected, Scenario};
use ruvllm_esp_core::units::Micros;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the judge asks of a fleet. Chips are named by index.
pub trait Facts {
    /// Does the chip run?
    fn runs(&self, chip: usize) -> bool;
    /// Whom the chip takes for the coordinator, as an address.
    fn coordinator(&self, chip: usize) -> Option<u16>;
    /// How many other chips it receives.
    fn peers(&self, chip: usize) -> u16;
    /// For each acknowledged item of the fleet its name, and how many running chips hold it.
    fn items(&self) -> Vec<(String, u32)>;
    /// The questions to the fleet: of each how long the answer took, or none where there was none.
    fn questions(&self) -> Vec<Option<Micros>>;
    /// For each answered question the share of the true best `k` in its answer, in thousandths.
    fn recall(&self, k: u8) -> Vec<u16>;
    /// How many frames of this chip a member of the fleet took for good.
    fn accepted_from(&self, chip: usize) -> u64;
    /// What the chip consumed, in nanojoules, modelled.
    fn energy(&self, chip: usize) -> u64;
}

/// The facts of a chip of which nothing is known but its console.
#[derive(Clone, Copy, Debug, Default)]
pub struct ConsoleOnly;

impl Facts for ConsoleOnly {
    fn runs(&self, _: usize) -> bool {
        true
    }
    fn coordinator(&self, _: usize) -> Option<u16> {
        None
    }
    fn peers(&self, _: usize) -> u16 {
        0
    }
    fn items(&self) -> Vec<(String, u32)> {
        Vec::new()
    }
    fn questions(&self) -> Vec<Option<Micros>> {
        Vec::new()
    }
    fn recall(&self, _: u8) -> Vec<u16> {
        Vec::new()
    }
    fn accepted_from(&self, _: usize) -> u64 {
        0
    }
    fn energy(&self, _: usize) -> u64 {
        0
    }
}

/// An expectation and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Judged {
    /// What it is called.
    pub name: String,
    /// The line of the scenario where it stands; 0 for one from the command line.
    pub line: u32,
    /// Does it hold?
    pub passed: bool,
    /// Was it due when the run ended? What was not, is neither passed nor missed.
    pub due: bool,
    /// When that was known.
    pub at_us: u64,
    /// What was seen, in words.
    pub seen: String,
}

/// Judges one run.
#[derive(Clone, Debug)]
pub struct Judge {
    cases: Vec<Case>,
    members: Members,
    /// Where the scenario ends, and where this run does.
    planned: Micros,
    until: Micros,
    /// Indices of the cases judged since [`Judge::take_news`].
    news: Vec<usize>,
}

/// The chips of the scenario.
#[derive(Clone, Debug)]
pub(super) struct Members {
    /// The address of each.
    pub ids: Vec<u16>,
    /// The name of each.
    pub names: Vec<String>,
    /// Who is no member of the fleet.
    pub hostile: Vec<bool>,
}

/// One expectation under observation.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub expectation: Expectation,
    /// For each chip of the expectation, how often it happened.
    pub counts: Vec<u32>,
    judged: Option<Judged>,
}

impl Judge {
    /// A judge of what `scenario` expects.
    pub fn new(scenario: &Scenario) -> Self {
        let case = |expectation: &Expectation| Case {
            counts: vec![0; expectation.what.chips().len()],
            expectation: expectation.clone(),
            judged: None,
        };
        let members = Members {
            ids: scenario.chips.iter().map(|chip| chip.id).collect(),
            names: scenario.chips.iter().map(|chip| chip.name.clone()).collect(),
            hostile: scenario.chips.iter().map(|chip| chip.hostile.is_some()).collect(),
        };
        let cases = scenario.expectations.iter().map(case).collect();
        Self { cases, members, planned: scenario.planned, until: scenario.until, news: Vec::new() }
    }

    /// A chip wrote a line on its console.
    pub fn console(&mut self, at: Micros, chip: usize, line: &str) {
        for (index, case) in self.cases.iter_mut().enumerate().filter(|(_, case)| case.judged.is_none()) {
            if let Some((passed, seen)) = case.console(at, chip, line, &self.members) {
                case.decide(passed, at, seen);
                self.news.push(index);
            }
        }
    }

    /// A sentinel raised the alarm.
    pub fn alarm(&mut self, at: Micros, chip: usize) {
        for case in self.cases.iter_mut().filter(|case| case.judged.is_none()) {
            if let Expected::Alarms { from, until, .. } = case.expectation.what
                && (from..until).contains(&at)
            {
                case.count(chip);
            }
        }
    }

    /// When it wants to [`Judge::look`] next.
    pub fn due(&self) -> Option<Micros> {
        let open = self.cases.iter().filter(|case| case.judged.is_none());
        open.filter_map(|case| case.expectation.what.due()).min()
    }

    /// Looks at the fleet as it is at `now`: judges all that is due.
    pub fn look(&mut self, now: Micros, facts: &dyn Facts) {
        self.settle(now, facts, |expected| expected.what.due().is_some_and(|due| due <= now));
    }

    /// Judges what is still open by the fleet as it is now, where it is due; all verdicts, in the order of the scenario.
    pub fn finish(&mut self, now: Micros, facts: &dyn Facts) -> Vec<Judged> {
        let (planned, until) = (self.planned, self.until);
        self.settle(now, facts, |expected| expected.ends(planned, until) <= now);
        for case in self.cases.iter_mut().filter(|case| case.judged.is_none()) {
            case.decide(false, now, "not due yet".into());
            case.judged.iter_mut().for_each(|judged| judged.due = false);
        }
        self.cases.iter().filter_map(|case| case.judged.clone()).collect()
    }

    /// The run ends now, earlier than anybody knew: what was due at its end is due.
    pub fn close(&mut self, now: Micros) {
        (self.planned, self.until) = (self.planned.min(now), self.until.min(now));
        for case in &mut self.cases {
            if let Expected::Text { by, .. } = &mut case.expectation.what {
                *by = now.min(*by);
            }
        }
    }

    /// How it stands now.
    pub fn progress(&self) -> VerdictView {
        let mut view = VerdictView::default();
        for case in &self.cases {
            match &case.judged {
                Some(judged) if judged.passed => view.passed += 1,
                Some(judged) if judged.due => view.failed.push((judged.name.clone(), judged.seen.clone())),
                Some(_) => {}
                None => {
                    let by = case.expectation.ends(self.planned, self.until);
                    view.waiting.push((case.expectation.name.clone(), by));
                }
            }
        }
        view.waiting.sort_by_key(|(_, by)| *by);
        view
    }

    /// What was judged since the last call, in the order in which it was.
    pub fn take_news(&mut self) -> Vec<Judged> {
        let indices = std::mem::take(&mut self.news);
        indices.into_iter().filter_map(|index| self.cases.get(index)?.judged.clone()).collect()
    }

    fn settle(&mut self, now: Micros, facts: &dyn Facts, is_due: impl Fn(&Expectation) -> bool) {
        for (index, case) in self.cases.iter_mut().enumerate() {
            if case.judged.is_none() && is_due(&case.expectation) {
                let (passed, seen) = measure(case, &self.members, facts);
                case.decide(passed, now, seen);
                self.news.push(index);
            }
        }
    }
}

impl Case {
    /// The verdict, where this line decides it.
    fn console(&mut self, at: Micros, chip: usize, line: &str, members: &Members) -> Option<(bool, String)> {
        let name = |chip: usize| members.names.get(chip).map_or("", String::as_str);
        match &self.expectation.what {
            Expected::Text { any, text, from, by, .. } => {
                let (any, in_time) = (*any, (*from..=*by).contains(&at));
                if !in_time || !line.contains(text.as_str()) || !self.count(chip) {
                    return None;
                }
                let passed = any || self.counts.iter().all(|count| *count > 0);
                passed.then(|| (true, format!("{}: {line}", name(chip))))
            }
            Expected::NoText { chips, text } if chips.binary_search(&chip).is_ok() => {
                line.contains(text.as_str()).then(|| (false, format!("{}: {line}", name(chip))))
            }
            _ => None,
        }
    }

    /// Counts one for this chip, if the expectation is about it.
    fn count(&mut self, chip: usize) -> bool {
        let index = self.expectation.what.chips().binary_search(&chip).ok();
        let count = index.and_then(|index| self.counts.get_mut(index));
        count.map(|count| *count = count.saturating_add(1)).is_some()
    }

    fn decide(&mut self, passed: bool, at: Micros, seen: String) {
        let Expectation { name, line, .. } = &self.expectation;
        self.judged =
            Some(Judged { name: name.clone(), line: *line, passed, due: true, at_us: at.get(), seen });
    }
}

impl Expectation {
    /// When it is judged at the latest: one from the command line is about the run, the rest about the scenario.
    fn ends(&self, planned: Micros, until: Micros) -> Micros {
        let end = if self.line == 0 { until } else { planned };
        self.what.due().unwrap_or(end)
    }
}

impl Expected {
    /// The chips it is about, by ascending index; none where it is about the whole fleet.
    pub fn chips(&self) -> &[usize] {
        match self {
            Self::Text { chips, .. }
            | Self::NoText { chips, .. }
            | Self::NothingAccepted { from: chips }
            | Self::Alive { chips, .. }
            | Self::Peers { chips, .. }
            | Self::Alarms { chips, .. }
            | Self::Energy { chips, .. } => chips,
            _ => &[],
        }
    }

    /// When it is judged, where that is not the end.
    fn due(&self) -> Option<Micros> {
        match self {
            Self::Text { by, .. } => Some(*by),
            Self::Alarms { until, .. } => Some(*until),
            Self::Alive { at, .. } => *at,
            Self::Coordinator { by, .. } | Self::Peers { by, .. } => *by,
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::plan::Permille;

    /// A fleet of three chips in which everything is as it should be, but for what a test changes.
    struct Fine {
        runs: [bool; 3],
        coordinators: [Option<u16>; 3],
        items: Vec<(String, u32)>,
        accepted: u64,
    }

    impl Default for Fine {
        fn default() -> Self {
            let items = vec![("1:0".into(), 2), ("2:0".into(), 2)];
            Self { runs: [true; 3], coordinators: [Some(3); 3], items, accepted: 0 }
        }
    }

    impl Facts for Fine {
        fn runs(&self, chip: usize) -> bool {
            self.runs[chip]
        }
        fn coordinator(&self, chip: usize) -> Option<u16> {
            self.coordinators[chip]
        }
        fn peers(&self, _: usize) -> u16 {
            2
        }
        fn items(&self) -> Vec<(String, u32)> {
            self.items.clone()
        }
        fn questions(&self) -> Vec<Option<Micros>> {
            let mut all: Vec<_> = (1..=9).map(|ms| Some(Micros(ms * 1000))).collect();
            all.push(None);
            all
        }
        fn recall(&self, _: u8) -> Vec<u16> {
            vec![1000, 900, 800]
        }
        fn accepted_from(&self, _: usize) -> u64 {
            self.accepted
        }
        fn energy(&self, _: usize) -> u64 {
            5_000
        }
    }

    fn judge(what: Expected) -> Judge {
        let expectation = Expectation { name: "it".into(), line: 7, what };
        let members = Members {
            ids: vec![1, 2, 3],
            names: ["one", "two", "three"].map(String::from).to_vec(),
            hostile: vec![false; 3],
        };
        let counts = vec![0; expectation.what.chips().len()];
        let (planned, until) = (Micros(1), Micros(1));
        let cases = vec![Case { expectation, counts, judged: None }];
        Judge { cases, members, planned, until, news: Vec::new() }
    }

    /// Is it passed, and what was seen?
    fn at_the_end(what: Expected, facts: &Fine) -> (bool, String) {
        let judged = judge(what).finish(Micros::seconds(10), facts).remove(0);
        (judged.passed, judged.seen)
    }

    fn text(chips: &[usize], any: bool) -> Expected {
        let (from, by) = (Micros(10), Micros(20));
        Expected::Text { chips: chips.to_vec(), any, text: "pump".into(), from, by }
    }

    #[test]
    fn a_text_counts_in_time_and_on_the_right_console() {
        let mut all = judge(text(&[0, 2], false));
        all.console(Micros(9), 0, "the pump");
        all.console(Micros(12), 1, "the pump");
        all.console(Micros(12), 0, "a valve");
        all.console(Micros(13), 2, "the pump");
        assert!(all.take_news().is_empty());
        all.console(Micros(20), 0, "pumps");
        let news = all.take_news();
        assert!(news.len() == 1 && news[0].passed && news[0].seen == "one: pumps" && news[0].at_us == 20);
        let mut late = judge(text(&[0, 2], false));
        assert_eq!(late.due(), Some(Micros(20)));
        late.console(Micros(21), 0, "the pump");
        late.console(Micros(13), 2, "the pump");
        late.look(Micros(20), &Fine::default());
        let seen = late.take_news().remove(0);
        assert!(!seen.passed && seen.seen.contains("one"), "{seen:?}");
        assert_eq!(late.due(), None);
        let mut any = judge(text(&[0, 2], true));
        any.console(Micros(13), 2, "the pump");
        assert!(any.take_news()[0].passed);
    }

    #[test]
    fn a_judge_says_what_it_waits_for() {
        let mut one = judge(text(&[0], false));
        let waiting = VerdictView { waiting: vec![("it".into(), Micros(20))], ..VerdictView::default() };
        assert_eq!(one.progress(), waiting);
        let mut other = one.clone();
        one.console(Micros(12), 0, "the pump");
        assert_eq!(one.progress(), VerdictView { passed: 1, ..VerdictView::default() });
        other.look(Micros(20), &Fine::default());
        let progress = other.progress();
        assert_eq!((progress.passed, progress.failed.len(), progress.waiting.len()), (0, 1, 0));
    }

    #[test]
    fn a_session_that_ends_early_is_judged_at_its_end() {
        let mut open = judge(text(&[0], false));
        open.close(Micros(15));
        let judged = open.finish(Micros(15), &ConsoleOnly).remove(0);
        assert!(judged.due && !judged.passed, "{judged:?}");
        let mut seen = judge(text(&[0], false));
        seen.console(Micros(12), 0, "the pump");
        seen.close(Micros(15));
        assert!(seen.finish(Micros(15), &ConsoleOnly)[0].passed);
    }

    #[test]
    fn what_is_due_after_the_run_is_not_judged_and_what_is_missed_is_missed() {
        let fine = Fine::default();
        let mut short = judge(Expected::NoItemLost);
        short.planned = Micros(90);
        let judged = short.finish(Micros(50), &fine).remove(0);
        assert!(!judged.passed && !judged.due && judged.seen == "not due yet", "{judged:?}");
        let mut broken = judge(Expected::NoText { chips: vec![1], text: "err:".into() });
        broken.planned = Micros(90);
        broken.console(Micros(4), 1, "err: full");
        let judged = broken.finish(Micros(50), &fine).remove(0);
        assert!(judged.due && !judged.passed);
        let mut wanted = judge(Expected::NoItemLost);
        (wanted.planned, wanted.cases[0].expectation.line) = (Micros(90), 0);
        assert!(wanted.finish(Micros(50), &fine)[0].passed, "the command line means this run");
    }

    #[test]
    fn a_missed_limit_is_reported() {
        let fine = Fine::default();
        let (_, seen) = at_the_end(Expected::Energy { chips: vec![0], under: 3_000 }, &fine);
        assert!(seen.contains("not under 3"), "{seen}");
        let latency = |under| Expected::Latency { quantile: Permille(500), under: Micros(under) };
        assert!(at_the_end(latency(2_000), &fine).1.contains("not under 2"));
        assert!(!at_the_end(latency(20_000), &fine).1.contains("under"));
    }

    #[test]
    fn a_forbidden_text_is_a_miss_at_once_and_its_absence_a_hit() {
        let forbidden = Expected::NoText { chips: vec![1], text: "err:".into() };
        let mut spotted = judge(forbidden.clone());
        spotted.console(Micros(3), 0, "err: full");
        spotted.console(Micros(4), 1, "err: full");
        let judged = spotted.finish(Micros(9), &Fine::default()).remove(0);
        assert_eq!((judged.passed, judged.at_us), (false, 4));
        assert!(at_the_end(forbidden, &Fine::default()).0);
    }

    #[test]
    fn items_are_counted_in_chips_that_run() {
        let fine = Fine::default();
        assert!(at_the_end(Expected::NoItemLost, &fine).0);
        assert!(at_the_end(Expected::Copies { at_least: 2 }, &fine).0);
        let lost = Fine { items: vec![("1:0".into(), 2), ("2:7".into(), 0)], ..Fine::default() };
        let (passed, seen) = at_the_end(Expected::NoItemLost, &lost);
        assert!(!passed && seen.contains("2:7") && seen.contains("1 of 2"), "{seen}");
        let (passed, seen) = at_the_end(Expected::Copies { at_least: 2 }, &lost);
        assert!(!passed && seen.contains("2:7"), "{seen}");
        // Where nothing was stored, nothing was shown either.
        assert!(!at_the_end(Expected::NoItemLost, &Fine { items: Vec::new(), ..Fine::default() }).0);
    }

    #[test]
    fn questions_are_judged_by_quantile_share_and_recall() {
        let fine = Fine::default();
        let latency =
            |quantile, ms: u64| Expected::Latency { quantile: Permille(quantile), under: Micros(ms * 1000) };
        assert!(at_the_end(latency(500, 6), &fine).0);
        assert!(!at_the_end(latency(500, 5), &fine).0);
        // One in ten was never answered, and that is no short time.
        assert!(!at_the_end(latency(950, 10_000), &fine).0);
        let answered = |share| Expected::Answered { at_least: Permille(share) };
        assert!(at_the_end(answered(900), &fine).0 && !at_the_end(answered(901), &fine).0);
        let recall = |share| Expected::Recall { k: 3, at_least: Permille(share) };
        assert!(at_the_end(recall(900), &fine).0 && !at_the_end(recall(901), &fine).0);
    }

    #[test]
    fn members_agree_on_a_coordinator_that_runs() {
        let agreed = |facts: &Fine| at_the_end(Expected::Coordinator { by: None, is: None }, facts).0;
        assert!(agreed(&Fine::default()));
        assert!(!agreed(&Fine { coordinators: [Some(3), Some(2), Some(3)], ..Fine::default() }));
        assert!(!agreed(&Fine { runs: [true, true, false], ..Fine::default() }));
        assert!(!agreed(&Fine { coordinators: [None; 3], ..Fine::default() }));
        let dead =
            Fine { runs: [true, false, true], coordinators: [Some(3), Some(2), Some(3)], ..Fine::default() };
        assert!(agreed(&dead), "who does not run has no say");
        assert!(!at_the_end(Expected::Coordinator { by: None, is: Some(0) }, &Fine::default()).0);
        let mut outsider = judge(Expected::Coordinator { by: None, is: None });
        outsider.members.hostile[2] = true;
        assert!(!outsider.finish(Micros(1), &Fine::default())[0].passed, "an outsider coordinates nothing");
    }

    #[test]
    fn the_rest_is_looked_up_chip_by_chip() {
        let fine = Fine::default();
        let alive = Expected::Alive { chips: vec![1, 2], at: None };
        assert!(at_the_end(alive.clone(), &fine).0);
        assert!(!at_the_end(alive, &Fine { runs: [true, true, false], ..Fine::default() }).0);
        let nothing = Expected::NothingAccepted { from: vec![2] };
        assert!(at_the_end(nothing.clone(), &fine).0);
        assert!(!at_the_end(nothing, &Fine { accepted: 1, ..Fine::default() }).0);
        let peers = |at_least| Expected::Peers { chips: vec![0], at_least, by: None };
        assert!(at_the_end(peers(2), &fine).0 && !at_the_end(peers(3), &fine).0);
        let energy = |under| Expected::Energy { chips: vec![0], under };
        assert!(at_the_end(energy(5_001), &fine).0 && !at_the_end(energy(5_000), &fine).0);
        let (from, until) = (Micros(5), Micros(9));
        let mut alarms = judge(Expected::Alarms { chips: vec![1], at_least: 1, at_most: 1, from, until });
        alarms.alarm(Micros(4), 1);
        alarms.alarm(Micros(8), 1);
        alarms.alarm(Micros(8), 0);
        alarms.look(Micros(9), &fine);
        assert!(alarms.take_news()[0].passed);
    }
}
