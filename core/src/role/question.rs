//! A question to stored texts, and its answers in order.
//!
//! Every stored text is read twice: to count how rare the words of the question are, and to score (`lexical`). Of two
//! texts about the same subject that answer equally well, the newer comes first and the older is marked as superseded.

use super::catalog::Catalog;
use crate::console::{Failure, Session};
use crate::lexical::Query;
use crate::limits::{LINE_LIMIT, MAX_RESULTS};
use crate::meter::{Meter, Op};
use crate::units::Thousandths;

/// How many of the best answers are compared for one that supersedes another.
const MAX_COMPARED: usize = 8;

/// A newer text answers as well as an older one from this share of its coverage on, in hundredths.
const AS_WELL: u32 = 92;

/// Two texts are about the same subject from this overlap on, in thousandths: two of five words.
const SAME_SUBJECT: u32 = 400;

/// The same, where the older text has the question word for word and the newer has not: seven of ten words.
const SAME_STATEMENT: u32 = 700;

/// A question in words.
#[derive(Clone, Debug, Default)]
pub struct Question {
    query: Query,
}

/// A stored text that has something in common with a question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Where the text lies in the catalog.
    pub slot: u32,
    /// How well it answers, in thousandths: 1,000 is the same.
    pub score: u32,
    /// The share of the question's words that it has, by weight, in thousandths.
    pub coverage: u32,
    /// Does it bear on the question, or is it only the nearest there is?
    pub is_relevant: bool,
    /// Does it have the question word for word?
    pub is_word_for_word: bool,
    /// A newer text says something else about the same: the slot of the newest.
    pub superseded_by: Option<u32>,
}

/// The best answers to a question, best first.
#[derive(Clone, Debug)]
pub struct Answers {
    list: [Answer; MAX_RESULTS],
    length: usize,
}

impl Question {
    /// Reads `text` into an empty question, in place: as a value it would lie on the stack three times.
    ///
    /// # Errors
    /// [`Failure::Missing`] for no text, [`Failure::NothingToEmbed`] for one without letters or digits.
    pub fn read<M: Meter>(&mut self, text: &str, usage: &'static str, meter: &mut M) -> Result<(), Failure> {
        if text.is_empty() {
            return Err(Failure::Missing { usage });
        }
        self.query.read(text, meter);
        if self.query.is_empty() { Err(Failure::NothingToEmbed) } else { Ok(()) }
    }

    /// Refuses a text that no question can find.
    ///
    /// # Errors
    /// As those of [`Question::read`].
    #[inline(never)]
    pub fn check<M: Meter>(text: &str, usage: &'static str, meter: &mut M) -> Result<(), Failure> {
        Self::default().read(text, usage, meter)
    }

    /// The best answers among the texts of `catalog` at the slots that `is_wanted` names.
    #[inline(never)]
    pub fn ask<M: Meter>(
        &mut self,
        catalog: &Catalog<'_>,
        is_wanted: impl Fn(u32) -> bool,
        meter: &mut M,
    ) -> Answers {
        meter.record(Op::Scan, 2 * catalog.capacity());
        let mut texts = 0;
        let mut candidates = Candidates::default();
        for slot in catalog.slots() {
            candidates.set(slot, self.query.count(catalog.pieces(slot), meter));
            texts += 1;
        }
        self.query.weigh(texts, meter);
        let mut answers = Answers { list: [Answer::default(); MAX_RESULTS], length: 0 };
        for slot in catalog.slots().filter(|slot| candidates.may_be(*slot) && is_wanted(*slot)) {
            let found = self.query.score(catalog.pieces(slot), meter);
            if found.score() > 0 {
                let (score, coverage) = (found.score(), found.coverage());
                let (is_relevant, is_word_for_word) = (found.is_relevant(), found.is_word_for_word());
                let answer =
                    Answer { slot, score, coverage, is_relevant, is_word_for_word, superseded_by: None };
                answers.offer(answer, |slot| catalog.id(slot), meter);
            }
        }
        answers
    }

    /// Writes the words of `text`, which the question was made from, that no stored text has, if there are any.
    ///
    /// # Errors
    /// [`Failure::Output`].
    pub fn write_unknown<M: Meter>(&self, text: &str, session: &mut Session<'_, M>) -> Result<(), Failure> {
        for (position, word) in self.query.unknown(text).enumerate() {
            let before = if position == 0 { "  no stored text has: " } else { ", " };
            write!(session.out, "{before}{word}")?;
        }
        if self.query.unknown(text).next().is_some() {
            session.out.write_str("\n")?;
        }
        Ok(())
    }
}

/// The slots whose texts have anything of a question, those from [`Candidates::SLOTS`] on counted in.
#[derive(Clone, Debug)]
struct Candidates([u32; Candidates::SLOTS as usize / 32]);

impl Default for Candidates {
    fn default() -> Self {
        Self([0; Candidates::SLOTS as usize / 32])
    }
}

impl Candidates {
    /// 512 bytes of stack; what lies beyond is always scored.
    const SLOTS: u32 = 4096;

    fn set(&mut self, slot: u32, is_one: bool) {
        if let Some(word) = self.0.get_mut((slot / 32) as usize) {
            *word |= u32::from(is_one) << (slot % 32);
        }
    }

    fn may_be(&self, slot: u32) -> bool {
        self.0.get((slot / 32) as usize).is_none_or(|word| word >> (slot % 32) & 1 == 1)
    }
}

impl Answers {
    /// Every answer, best first, whether it bears on the question or not.
    pub fn all(&self) -> impl Iterator<Item = Answer> + Clone + '_ {
        self.list.iter().take(self.length).copied()
    }

    /// The answers that bear on the question.
    pub fn relevant(&self) -> impl Iterator<Item = Answer> + Clone + '_ {
        self.all().filter(|answer| answer.is_relevant)
    }

    /// Takes `answer` where it is among the best; among equals the newer one is first.
    fn offer<M: Meter>(&mut self, answer: Answer, id: impl Fn(u32) -> Option<u32>, meter: &mut M) {
        let key = |answer: &Answer| (answer.is_relevant, answer.score, id(answer.slot));
        let kept = self.list.get(..self.length).unwrap_or_default();
        let position = kept.partition_point(|other| key(other) >= key(&answer));
        meter.record(Op::Compare, 5);
        if position >= MAX_RESULTS {
            return;
        }
        self.length = (self.length + 1).min(MAX_RESULTS);
        if let Some(tail) = self.list.get_mut(position..self.length) {
            meter.record(Op::Copy, size_of_val(tail) as u32);
            tail.rotate_right(1);
            if let Some(first) = tail.first_mut() {
                *first = answer;
            }
        }
    }

    /// Puts the answers in the order of `rank`, largest first.
    pub fn rank_by<M: Meter, K: Ord>(&mut self, rank: impl Fn(&Answer) -> K, meter: &mut M) {
        meter.record(Op::Compare, 4 * self.length as u32);
        if let Some(list) = self.list.get_mut(..self.length) {
            list.sort_unstable_by(|one, other| rank(other).cmp(&rank(one)).then(one.slot.cmp(&other.slot)));
        }
    }

    /// Offers the slots and scores of the best `count` that bear on the question. A fleet orders by score alone, so one that
    /// another supersedes gets less than that one.
    pub fn offer_to_fleet(&self, count: usize, offer: &mut impl FnMut(u32, i32)) {
        for answer in self.relevant().take(count) {
            let newer = self.all().find(|other| Some(other.slot) == answer.superseded_by);
            let limit = newer.map_or(answer.score, |newer| newer.score.saturating_sub(1));
            offer(answer.slot, answer.score.min(limit) as i32);
        }
    }

    /// Marks each of the best relevant answers that a newer one supersedes, and puts the newer before it. `age` grows from
    /// older to newer.
    #[inline(never)]
    pub fn supersede<M: Meter>(&mut self, catalog: &Catalog<'_>, age: impl Fn(u32) -> u64, meter: &mut M) {
        let compared = self.relevant().count().min(MAX_COMPARED);
        for position in 0..compared {
            let Some(older) = self.list.get(position).copied() else { return };
            let newer_than = |other: &Answer| {
                age(other.slot) > age(older.slot) && 100 * other.coverage >= AS_WELL * older.coverage
            };
            if !self.all().take(compared).any(|other| newer_than(&other)) {
                continue;
            }
            let text = subject(catalog, older.slot, meter);
            let mut newest: Option<u32> = None;
            for other in self.all().take(compared).filter(newer_than) {
                let is_newest = newest.is_none_or(|newest| age(other.slot) > age(newest));
                let is_less_close = older.is_word_for_word && !other.is_word_for_word;
                let least = if is_less_close { SAME_STATEMENT } else { SAME_SUBJECT };
                if is_newest && text.overlap(catalog.pieces(other.slot), meter) >= least {
                    newest = Some(other.slot);
                }
            }
            if let Some(answer) = self.list.get_mut(position) {
                answer.superseded_by = newest;
            }
        }
        self.reorder(compared);
    }

    /// Moves each answer that supersedes others before the first of them.
    fn reorder(&mut self, compared: usize) {
        for position in 0..compared {
            let Some(Answer { slot, superseded_by: None, .. }) = self.list.get(position).copied() else {
                continue;
            };
            let earlier = self.list.get(..position).unwrap_or_default();
            let first = earlier.iter().position(|other| other.superseded_by == Some(slot));
            if let Some(range) = first.and_then(|first| self.list.get_mut(first..=position)) {
                range.rotate_right(1);
            }
        }
    }
}

/// The words of a stored text.
fn subject<M: Meter>(catalog: &Catalog<'_>, slot: u32, meter: &mut M) -> Query {
    let mut buffer = [0; LINE_LIMIT];
    meter.record(Op::Fill, (LINE_LIMIT / 4) as u32);
    Query::new(catalog.read(slot, &mut buffer, meter), meter)
}

/// A score as it is written: 0 to 1.
pub fn written(score: u32) -> Thousandths {
    Thousandths(score as i32)
}
