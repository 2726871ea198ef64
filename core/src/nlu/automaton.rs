//! Scores to the best call that the schema allows.
//!
//! The encoder scores each intent and gives each word a row of tag scores. The score of a call is that of its intent and
//! the gains of its segments (`segment`); a segment counts only where its words are a valid value of the argument. So
//! the best call is valid by construction, as constrained decoding is (Scholak et al. 2021, PICARD); it is found
//! over whole calls, not word by word. Where a required argument is missing, the call is not made: it is asked for,
//! and the next line fills it.
//!
//! What always holds, whatever the scores are: the call passes [`Call::check`]; the memory is about 4 KiB of stack; an
//! intent whose best segments cannot reach the second best call is not looked at.

use super::call::Call;
use super::limits::{MAX_ARGUMENTS, MAX_BYTES, MAX_SLOTS, MAX_WORDS};
use super::schema::Schema;
use super::segment::{Candidate, Search, best_gain};
use super::value::Value;
use crate::meter::{Meter, Op};

/// Scores beyond this are cut, so that sums cannot overflow.
pub const MAX_SCORE: i32 = 1 << 20;

/// What an encoder says of a sentence. All scores have one unit: differences of log-probabilities.
#[derive(Clone, Copy, Debug)]
pub struct Scores<'s> {
    words: &'s [&'s str],
    intents: &'s [i32],
    none: Option<i32>,
    tags: &'s [i32],
    columns: usize,
}

/// Scores do not fit the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShapeError {
    /// The sentence has too many words or bytes.
    Sentence {
        /// Words.
        words: usize,
        /// Bytes.
        bytes: usize,
    },
    /// Another number of intents: the schema's, or one more for "none of these".
    Intents {
        /// How many scores there are.
        have: usize,
        /// How many intents.
        need: usize,
    },
    /// Another number of tag scores.
    Tags {
        /// How many scores there are.
        have: usize,
        /// Words times columns.
        need: usize,
    },
}

impl<'s> Scores<'s> {
    /// `intents: [intents]`, and one more for "none of these" where the encoder has it;
    /// `tags: [words][1 + 2 * slots]`: outside, then begin and inside of each slot.
    ///
    /// # Errors
    /// [`ShapeError`].
    pub fn new(
        schema: &Schema<'_>,
        words: &'s [&'s str],
        intents: &'s [i32],
        tags: &'s [i32],
    ) -> Result<Self, ShapeError> {
        let bytes = words.iter().map(|word| word.len() + 1).sum();
        if words.len() > MAX_WORDS || bytes > MAX_BYTES {
            return Err(ShapeError::Sentence { words: words.len(), bytes });
        }
        let (have, need) = (intents.len(), schema.intents());
        let (intents, none) = match intents.split_last() {
            Some((none, intents)) if have == need + 1 => (intents, Some(*none)),
            _ if have == need => (intents, None),
            _ => return Err(ShapeError::Intents { have, need }),
        };
        let columns = schema.tags();
        let (have, need) = (tags.len(), words.len() * columns);
        if have != need {
            return Err(ShapeError::Tags { have, need });
        }
        Ok(Self { words, intents, none, tags, columns })
    }

    pub(super) fn words(&self) -> &'s [&'s str] {
        self.words
    }

    /// What "begin" of a slot has over "outside" at a word.
    pub(super) fn begin(&self, word: usize, slot: usize) -> i32 {
        self.tag(word, 1 + 2 * slot) - self.tag(word, 0)
    }

    /// What "inside" of a slot has over "outside" at a word; 0 behind the last.
    pub(super) fn inside(&self, word: usize, slot: usize) -> i32 {
        self.tag(word, 2 + 2 * slot) - self.tag(word, 0)
    }

    fn tag(&self, word: usize, column: usize) -> i32 {
        cut(self.tags.get(word * self.columns + column).copied().unwrap_or(0))
    }

    fn intent(&self, intent: usize) -> i32 {
        cut(self.intents.get(intent).copied().unwrap_or(-MAX_SCORE))
    }
}

fn cut(score: i32) -> i32 {
    score.clamp(-MAX_SCORE, MAX_SCORE)
}

/// What is to be done about a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It is none of the tools.
    Nothing,
    /// This call, which is valid and complete.
    Call(Call),
    /// A call that lacks a required argument: ask for it.
    Ask {
        /// What is known.
        call: Call,
        /// The index of the argument that is missing.
        argument: usize,
    },
}

/// A decision, and how far it is ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decided {
    /// What is to be done.
    pub decision: Decision,
    /// The intent; none for [`Decision::Nothing`].
    pub intent: Option<usize>,
    /// The score of the call, in the unit of the scores.
    pub score: i32,
    /// The score of the best call of another intent, or of "none of these".
    pub runner_up: i32,
}

/// The best call, or what to ask.
pub fn decide<M: Meter>(schema: &Schema<'_>, scores: &Scores<'_>, meter: &mut M) -> Decided {
    let mut gains = [0; MAX_SLOTS];
    for (slot, gain) in gains.iter_mut().enumerate().take(schema.slots()) {
        *gain = best_gain(scores, slot, meter);
    }
    let mut best = Best::default();
    for intent in 0..schema.intents() {
        let bound = scores.intent(intent).saturating_add(bound_of(schema, intent, &gains, meter));
        if bound > best.runner_up {
            let (chosen, gain) = fill(schema, intent, scores, meter);
            best.offer(intent, scores.intent(intent) + gain, chosen);
        }
    }
    let top = (0..schema.intents()).map(|intent| scores.intent(intent)).max();
    meter.record(Op::Compare, schema.intents() as u32);
    let none = scores.none.map(cut);
    match (best.intent, none) {
        (Some(intent), none) if none.is_none_or(|none| Some(none) <= top) => {
            let call = build(schema, intent, scores.words(), &best.chosen);
            let runner_up = best.runner_up.max(none.unwrap_or(i32::MIN));
            Decided { decision: settled(schema, call), intent: Some(intent), score: best.score, runner_up }
        }
        _ => Decided {
            decision: Decision::Nothing,
            intent: None,
            score: none.unwrap_or(0),
            runner_up: best.score,
        },
    }
}

/// A line that answers a question: it fills the argument that was asked for. `None` where it holds no such value.
pub fn answer<M: Meter>(
    schema: &Schema<'_>,
    call: &Call,
    argument: usize,
    words: &[&str],
    meter: &mut M,
) -> Option<Decision> {
    let asked = schema.tool(call.tool())?.argument(argument)?;
    if call.argument(argument).is_some() {
        return None;
    }
    for length in (1..=words.len().min(MAX_WORDS)).rev() {
        for span in words.windows(length) {
            if let Some(value) = asked.parse(span, meter) {
                let mut call = *call;
                call.add(argument, value, asked.kept(span)).ok()?;
                return Some(settled(schema, call));
            }
        }
    }
    None
}

/// The best so far, and the second best.
struct Best {
    intent: Option<usize>,
    score: i32,
    runner_up: i32,
    chosen: [Option<Candidate>; MAX_ARGUMENTS],
}

impl Default for Best {
    fn default() -> Self {
        Self { intent: None, score: i32::MIN, runner_up: i32::MIN, chosen: [None; MAX_ARGUMENTS] }
    }
}

impl Best {
    fn offer(&mut self, intent: usize, score: i32, chosen: [Option<Candidate>; MAX_ARGUMENTS]) {
        if score > self.score {
            *self = Self { intent: Some(intent), score, runner_up: self.score, chosen };
        } else {
            self.runner_up = self.runner_up.max(score);
        }
    }
}

/// No call of the intent gains more.
fn bound_of<M: Meter>(schema: &Schema<'_>, intent: usize, gains: &[i32; MAX_SLOTS], meter: &mut M) -> i32 {
    let Some(tool) = schema.tool_of(intent).and_then(|tool| schema.tool(tool)) else { return i32::MIN };
    meter.record(Op::Load, MAX_ARGUMENTS as u32);
    tool.arguments().filter_map(|argument| gains.get(argument.slot())).sum()
}

/// The best segments of an intent's arguments. What it implies is not looked for.
fn fill<M: Meter>(
    schema: &Schema<'_>,
    intent: usize,
    scores: &Scores<'_>,
    meter: &mut M,
) -> ([Option<Candidate>; MAX_ARGUMENTS], i32) {
    let mut search = Search::new();
    if let Some(tool) = schema.tool_of(intent).and_then(|tool| schema.tool(tool)) {
        for (index, argument) in tool.arguments().enumerate() {
            if !schema.implied(intent).any(|implied| implied.argument == index) {
                search.collect(index, argument, scores, meter);
            }
        }
    }
    search.run(meter)
}

fn build(
    schema: &Schema<'_>,
    intent: usize,
    words: &[&str],
    chosen: &[Option<Candidate>; MAX_ARGUMENTS],
) -> Call {
    let tool = schema.tool_of(intent).unwrap_or_default();
    let mut call = Call::new(tool);
    let arguments = schema.tool(tool).into_iter().flat_map(|tool| tool.arguments().enumerate());
    for (index, argument) in arguments {
        let implied = schema.implied(intent).find(|implied| implied.argument == index);
        let chosen = chosen.get(index).copied().flatten();
        // The words of a sentence and those that an intent implies fit by their limits; what did not would be asked for.
        if let Some(implied) = implied {
            let _ = call.add(index, implied.value, &[implied.text]);
        } else if let Some(chosen) = chosen {
            let span = words.get(chosen.first.into()..chosen.end.into()).unwrap_or_default();
            let kept = if chosen.value == Value::Words { argument.kept(span) } else { span };
            let _ = call.add(index, chosen.value, kept);
        }
    }
    call
}

fn settled(schema: &Schema<'_>, call: Call) -> Decision {
    match call.missing(schema) {
        Some(argument) => Decision::Ask { call, argument },
        None => Decision::Call(call),
    }
}
