//! Questions that wait for answers: whom they went to, who answered, what is best so far.

use super::top::{Found, Top};
use crate::arena::{Arena, NoRoom};
use crate::limits::{LINE_LIMIT, MAX_RESULTS};
use crate::units::Micros;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// How many questions of a chip can be open.
pub const QUESTIONS: u32 = 4;

/// What stage a question is at, as [`Question::stage`].
pub const GATHERING: u8 = 1;
/// Texts of the results are fetched, best first.
pub const FETCHING: u8 = 2;

/// What was asked, as [`Question::kind`].
pub const SEARCH: u8 = 1;
/// Passages and memories.
pub const RECALL: u8 = 2;

/// One open question. All zeros: unused.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct Question {
    /// When it was asked, in microseconds.
    pub asked_at: u64,
    /// When it is answered with what is there.
    pub deadline: u64,
    /// When the chips that did not answer are asked again.
    pub retry_at: u64,
    /// Its number.
    pub request: u32,
    /// Among how many items was searched.
    pub searched: u32,
    /// How many chips can answer, this one included.
    pub of: u16,
    /// How many did.
    pub answered: u16,
    /// Bytes of what was asked.
    pub length: u16,
    /// How many results are wanted.
    pub count: u8,
    /// What was asked.
    pub kind: u8,
    /// 0 none, else the stage.
    pub stage: u8,
    /// How often those who did not answer were asked again, or the holder of a text was asked.
    pub attempt: u8,
    /// How many results there are.
    pub found: u8,
    /// The result whose text is fetched.
    pub fetched: u8,
    /// 1 where an answer was partial.
    pub partial: u8,
    pub(super) padding: [u8; 3],
}
const _: () = assert!(size_of::<Question>() == 48);

/// The open questions of a chip.
#[derive(Debug)]
pub struct Questions<'a> {
    questions: &'a mut [Question],
    found: &'a mut [Found],
    /// What was asked: a vector or a text.
    asked: &'a mut [u8],
    /// A bit for each member that was asked, then one for each that answered.
    chips: &'a mut [u32],
    /// Words for one bit a member.
    words: usize,
}

/// One open question with all that belongs to it.
#[derive(Debug)]
pub struct Open<'q> {
    /// The question.
    pub question: &'q mut Question,
    /// Its results; [`Question::found`] says how many.
    pub found: &'q mut [Found],
    /// What was asked.
    pub asked: &'q mut [u8],
    chips: &'q mut [u32],
}

impl<'a> Questions<'a> {
    /// Slots for [`QUESTIONS`] questions to `members` chips.
    ///
    /// # Errors
    /// [`NoRoom`] when the arena is too small.
    pub fn carve(arena: &mut Arena<'a>, members: u32) -> Result<Self, NoRoom> {
        let words = members.div_ceil(32).max(1);
        Ok(Self {
            questions: arena.slice("questions", QUESTIONS)?,
            found: arena.slice("results", QUESTIONS * MAX_RESULTS as u32)?,
            asked: arena.slice("question bytes", QUESTIONS * LINE_LIMIT as u32)?,
            chips: arena.slice("question chips", words.saturating_mul(2 * QUESTIONS))?,
            words: words as usize,
        })
    }

    /// How many are open.
    pub fn open_count(&self) -> u32 {
        self.questions.iter().filter(|question| question.stage != 0).count() as u32
    }

    /// The slot of the open question `request`.
    pub fn find(&self, request: u32) -> Option<usize> {
        self.questions.iter().position(|question| question.stage != 0 && question.request == request)
    }

    /// A free slot.
    pub fn vacancy(&self) -> Option<usize> {
        self.questions.iter().position(|question| question.stage == 0)
    }

    /// The question at `slot`, free or open.
    pub fn at(&mut self, slot: usize) -> Option<Open<'_>> {
        Some(Open {
            question: self.questions.get_mut(slot)?,
            found: self.found.chunks_exact_mut(MAX_RESULTS).nth(slot)?,
            asked: self.asked.chunks_exact_mut(LINE_LIMIT).nth(slot)?,
            chips: self.chips.chunks_exact_mut(2 * self.words).nth(slot)?,
        })
    }

    /// When something is due next.
    pub fn wake_at(&self) -> Option<Micros> {
        let open = self.questions.iter().filter(|question| question.stage != 0);
        open.map(|question| match question.stage {
            GATHERING => question.retry_at.min(question.deadline),
            _ => question.retry_at,
        })
        .min()
        .map(Micros)
    }
}

impl Open<'_> {
    /// Starts again with `question` about `asked`.
    pub fn begin(&mut self, question: Question, asked: &[u8]) {
        let length = asked.len().min(self.asked.len());
        *self.question = Question { length: length as u16, ..question };
        self.asked.iter_mut().zip(asked).for_each(|(target, byte)| *target = *byte);
        self.chips.fill(0);
    }

    /// What was asked.
    pub fn payload(&self) -> &[u8] {
        self.asked.get(..usize::from(self.question.length)).unwrap_or_default()
    }

    /// The best results so far.
    pub fn top(&mut self) -> Top<'_> {
        Top::new(self.found, &mut self.question.found, self.question.count)
    }

    /// The member at `slot` is asked.
    pub fn ask(&mut self, slot: usize) {
        let half = self.chips.len() / 2;
        if let Some(word) = self.chips.get_mut(..half).and_then(|asked| asked.get_mut(slot / 32)) {
            *word |= 1 << (slot % 32);
            self.question.of = self.question.of.saturating_add(1);
        }
    }

    /// Was the member at `slot` asked, and has not answered?
    pub fn is_missing(&self, slot: usize) -> bool {
        let half = self.chips.len() / 2;
        let bit = |words: Option<&[u32]>| {
            words.and_then(|words| words.get(slot / 32)).is_some_and(|word| word >> (slot % 32) & 1 == 1)
        };
        bit(self.chips.get(..half)) && !bit(self.chips.get(half..))
    }

    /// The member at `slot` answered; says whether it was waited for.
    pub fn answer(&mut self, slot: usize) -> bool {
        if self.question.stage != GATHERING || !self.is_missing(slot) {
            return false;
        }
        let half = self.chips.len() / 2;
        if let Some(word) = self.chips.get_mut(half..).and_then(|answered| answered.get_mut(slot / 32)) {
            *word |= 1 << (slot % 32);
            self.question.answered = self.question.answered.saturating_add(1);
        }
        true
    }
}
