//! What is typed at a fleet, in the order of time.
//!
//! Scripted lines, loaded data and random load come out of one iterator, drawn from the seed as it goes: a day of load
//! on ten thousand chips takes no more memory than its first second. At one time a chip's lines keep the order of the
//! file; chips are in the order of their indices.

use super::plan::{LoadLines, LoadPlan, Scenario, Scripted};
use super::rng::{Rng, Stream};
use crate::signal;
use ruvllm_esp_core::units::Micros;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

/// A line that is typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// When.
    pub at: Micros,
    /// At the chip of this index.
    pub chip: usize,
    /// What, without an end of line.
    pub line: String,
}

/// Everything that is typed until the end of the scenario, by ascending time.
#[derive(Clone, Debug)]
pub struct Inputs {
    seed: u64,
    until: Micros,
    sources: Vec<Source>,
    /// When the next line of each source comes; the chip and the source's index break ties.
    next: BinaryHeap<Reverse<(Micros, usize, usize)>>,
}

/// One chip's share of a script or a load.
#[derive(Clone, Debug)]
struct Source {
    /// The chip's index among the chips of the plan, and how many there are.
    share: (usize, usize),
    /// How many lines came.
    typed: u64,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    Script(Arc<Scripted>),
    Load { plan: Arc<LoadPlan>, rng: Rng, signal: Option<signal::Stream> },
}

impl Scenario {
    /// What is typed at its chips.
    pub fn inputs(&self) -> Inputs {
        let (seed, until) = (self.seed, self.until);
        let mut inputs = Inputs { seed, until, sources: Vec::new(), next: BinaryHeap::new() };
        for script in &self.scripted {
            let shared = Arc::new(script.clone());
            inputs.add(&script.chips, |_| (script.at, What::Script(Arc::clone(&shared))));
        }
        for (index, plan) in self.load.iter().enumerate() {
            let shared = Arc::new(plan.clone());
            inputs.add(&plan.chips, |chip| {
                let mut rng = Rng::new(seed, Stream::Load(index, chip));
                // The first line waits as well, or all chips would speak at once.
                let gap = plan.gap;
                let wait = if plan.regular { Micros(rng.below(gap.get())) } else { rng.wait(gap) };
                let at = Micros(plan.from.get().saturating_add(wait.get()));
                (at, What::Load { plan: Arc::clone(&shared), rng, signal: None })
            });
        }
        inputs
    }
}

impl Inputs {
    /// A source for each chip: what it types, and from when on.
    fn add(&mut self, chips: &[usize], source: impl Fn(usize) -> (Micros, What)) {
        for (share, chip) in chips.iter().enumerate() {
            let (at, what) = source(*chip);
            self.next.push(Reverse((at, *chip, self.sources.len())));
            self.sources.push(Source { share: (share, chips.len()), typed: 0, what });
        }
    }
}

impl Iterator for Inputs {
    type Item = Input;

    fn next(&mut self) -> Option<Input> {
        loop {
            let Reverse((at, chip, index)) = self.next.pop()?;
            let (seed, until) = (self.seed, self.until);
            let source = self.sources.get_mut(index)?;
            if at > until {
                return None;
            }
            let Some(line) = source.line(at, seed) else { continue };
            if let Some(after) = source.after(at) {
                self.next.push(Reverse((after, chip, index)));
            }
            return Some(Input { at, chip, line });
        }
    }
}

impl Source {
    /// The line that is typed now; none where there are no more.
    fn line(&mut self, at: Micros, seed: u64) -> Option<String> {
        let turn = usize::try_from(self.typed).ok()?;
        self.typed = self.typed.saturating_add(1);
        let (share, of) = self.share;
        let dealt = turn.checked_mul(of)?.checked_add(share)?;
        match &mut self.what {
            What::Script(script) => script.lines.get(if script.spread { dealt } else { turn }).cloned(),
            What::Load { plan, .. } if at >= plan.until => None,
            What::Load { plan, rng, signal } => match &plan.lines {
                LoadLines::Any(lines) => lines.get(rng.below(lines.len() as u64) as usize).cloned(),
                LoadLines::Turn(lines) => lines.get(turn.checked_rem(lines.len())?).cloned(),
                LoadLines::Once(lines) => lines.get(dealt).cloned(),
                LoadLines::Signal { normal, fault } => {
                    if signal.is_none() {
                        *signal = signal::Stream::new(*normal, *fault, rng.seed() ^ seed);
                    }
                    signal.as_mut()?.next().map(sample)
                }
            },
        }
    }

    /// When the next one comes.
    fn after(&mut self, at: Micros) -> Option<Micros> {
        let wait = match &mut self.what {
            What::Script(script) => script.every,
            What::Load { plan, .. } if plan.regular => plan.gap,
            What::Load { plan, rng, .. } => rng.wait(plan.gap),
        };
        at.get().checked_add(wait.get()).map(Micros)
    }
}

/// A reading in thousandths as it is typed.
fn sample(value: i32) -> String {
    let sign = if value < 0 { "-" } else { "" };
    let size = value.unsigned_abs();
    format!("sample {sign}{}.{:03}", size / 1000, size % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::Normal;

    fn lines(count: usize) -> Arc<[String]> {
        (0..count).map(|number| format!("line {number}")).collect()
    }

    fn scenario(seed: u64, scripted: Vec<Scripted>, load: Vec<LoadPlan>) -> Scenario {
        let empty = Scenario { until: Micros::seconds(100), seed, ..Scenario::default() };
        Scenario { scripted, load, ..empty }
    }

    fn load(lines: LoadLines) -> LoadPlan {
        let (gap, from, until) = (Micros(100_000), Micros::seconds(10), Micros::seconds(60));
        LoadPlan { chips: vec![2, 5], gap, regular: false, from, until, lines }
    }

    fn script(spread: bool, every: Micros) -> Scripted {
        Scripted { at: Micros(7), chips: vec![1, 4], spread, lines: lines(4), every }
    }

    #[test]
    fn a_script_is_typed_in_its_order_or_dealt_out() {
        let all = scenario(1, vec![script(false, Micros(0))], Vec::new());
        let typed: Vec<(u64, usize, String)> =
            all.inputs().map(|input| (input.at.get(), input.chip, input.line)).collect();
        assert_eq!(typed.len(), 8);
        assert!(typed[..4].iter().all(|(at, chip, _)| (*at, *chip) == (7, 1)));
        assert_eq!(typed[5].2, "line 1");
        let dealt = scenario(1, vec![script(true, Micros(10))], Vec::new());
        let typed: Vec<(u64, usize, String)> =
            dealt.inputs().map(|input| (input.at.get(), input.chip, input.line)).collect();
        let expected = [(7, 1, 0), (7, 4, 1), (17, 1, 2), (17, 4, 3)];
        assert_eq!(typed, expected.map(|(at, chip, line)| (at, chip, format!("line {line}"))));
    }

    #[test]
    fn load_keeps_its_rate_and_its_time_and_repeats() {
        let plans = || vec![load(LoadLines::Any(lines(10))), load(LoadLines::Turn(lines(3)))];
        let typed: Vec<Input> = scenario(1, Vec::new(), plans()).inputs().collect();
        // Two loads at two chips, ten a second for fifty seconds.
        assert!(typed.len().abs_diff(2000) < 150, "{}", typed.len());
        assert!(typed.is_sorted_by_key(|input| input.at));
        let seconds = |input: &Input| input.at.as_seconds();
        assert!(typed.iter().all(|input| (10..60).contains(&seconds(input))));
        assert!(scenario(1, Vec::new(), plans()).inputs().eq(typed.iter().cloned()));
        assert!(!scenario(2, Vec::new(), plans()).inputs().eq(typed));
    }

    #[test]
    fn a_list_without_repeats_ends() {
        let mut typed: Vec<String> = scenario(1, Vec::new(), vec![load(LoadLines::Once(lines(7)))])
            .inputs()
            .map(|input| input.line)
            .collect();
        typed.sort_unstable();
        assert!(typed.iter().eq(lines(7).iter()));
    }

    #[test]
    fn each_chip_has_a_signal_of_its_own_and_the_fault_is_in_it() {
        let signal = |fault| load(LoadLines::Signal { normal: Normal::Sine, fault });
        let typed = |fault| -> Vec<Input> { scenario(1, Vec::new(), vec![signal(fault)]).inputs().collect() };
        let shifted = typed(Some(signal::Fault::LevelShift));
        let of = |chip| shifted.iter().filter(move |input| input.chip == chip).map(|input| &input.line);
        assert!(of(2).ne(of(5)));
        assert!(shifted.iter().all(|input| input.line.starts_with("sample ") && input.line.contains('.')));
        assert_eq!([sample(-1_005), sample(20)], ["sample -1.005", "sample 0.020"]);
        assert!(!typed(None).is_empty());
    }
}
