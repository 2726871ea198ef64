//! Texts unlike those that were learned, by their embeddings.
//!
//! Conformal anomaly detection (Laxhammar and Falkman, "Conformal prediction for distribution-independent anomaly
//! detection in streaming vessel data", 2010) with the distance to the nearest neighbour: every learned text is also
//! held against the others, and how far those are from each other says how far a new one may be.
//!
//! The most recent distinct texts are remembered; learning one more when all slots are taken forgets the text that was
//! learned longest ago, and learning a text again makes it the most recent. So the millionth `learn` works as the first.

use super::State;
use crate::arena::{Arena, NoRoom};
use crate::kernel::distance::dot;
use crate::meter::{Meter, Op};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// How many distinct texts must be learned before one is judged.
pub const MIN_TEXTS: u32 = 8;

/// The dot product of a vector of norm 127 with itself.
pub const SAME: i32 = 127 * 127;

/// A text this near, in thousandths, is never an anomaly, however alike the learned ones are.
const MIN_THRESHOLD: u32 = 100;

/// A text this far from all, in thousandths, is always one: about where the nearest of a few dozen unrelated texts lies.
const MAX_THRESHOLD: u32 = 650;

/// What is known of a learned text. All zeros: never learned.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
struct Learned {
    /// The count of `learn` when it was learned last.
    at: u64,
    /// The slot of its nearest neighbour among the others.
    neighbour: u32,
    /// Its dot product with that neighbour.
    similarity: i32,
}
const _: () = assert!(size_of::<Learned>() == 16);

/// The counters. All zeros: nothing learned.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
struct TextState {
    /// How often `learn` was called.
    learned: u64,
    /// How many slots are taken; they are the first ones.
    len: u32,
    /// The threshold of the texts held, in thousandths.
    threshold: u32,
}
const _: () = assert!(size_of::<TextState>() == 16);

/// What a text's detector makes of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextVerdict {
    /// Normal or not.
    pub state: State,
    /// The distance to the nearest learned text in thousandths, one minus the cosine: 0 the same, 1000 unrelated.
    pub distance: u32,
    /// The largest distance that is normal, in thousandths; 0 while warming up.
    pub threshold: u32,
    /// The slot of the nearest learned text, while there is one.
    pub nearest: Option<u32>,
}

/// What `learn` did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lesson {
    /// What the text was before it was learned.
    pub verdict: TextVerdict,
    /// Where it lies now.
    pub slot: u32,
    /// Did it replace an older text?
    pub evicted: bool,
}

/// Finds texts unlike the most recent distinct ones. `vectors`: `[capacity][D] i8` of norm 127.
#[derive(Debug)]
pub struct TextDetector<'a, const D: usize> {
    state: &'a mut TextState,
    learned: &'a mut [Learned],
    vectors: &'a mut [[i8; D]],
    scratch: &'a mut [i32],
}

/// The slot and the dot product of a neighbour.
type Neighbour = Option<(u32, i32)>;

impl<'a, const D: usize> TextDetector<'a, D> {
    /// Carves a detector of `capacity` texts (at least 16): 16 bytes, and `D + 20` a text.
    ///
    /// # Errors
    /// [`NoRoom`] where the arena is too small.
    pub fn carve(arena: &mut Arena<'a>, capacity: u32) -> Result<Self, NoRoom> {
        let capacity = capacity.max(2 * MIN_TEXTS);
        Ok(Self {
            state: arena.one("text-state")?,
            learned: arena.slice("text-neighbours", capacity)?,
            scratch: arena.slice("text-scratch", capacity)?,
            vectors: arena.slice("text-vectors", capacity)?,
        })
    }

    /// How many texts it holds.
    pub fn len(&self) -> u32 {
        self.state.len.min(self.vectors.len() as u32)
    }

    /// Does it hold nothing?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many texts fit.
    pub fn capacity(&self) -> u32 {
        self.vectors.len() as u32
    }

    /// Judges `vector`, learning nothing.
    pub fn check<M: Meter>(&self, vector: &[i8; D], meter: &mut M) -> TextVerdict {
        self.verdict(self.nearest(vector, None, meter))
    }

    /// Judges `vector`, then learns it whatever it is; the text that was learned longest ago makes room.
    ///
    /// The work is one comparison with every text, and one more round for each text whose neighbour was evicted.
    pub fn learn<M: Meter>(&mut self, vector: &[i8; D], meter: &mut M) -> Lesson {
        let nearest = self.nearest(vector, None, meter);
        let verdict = self.verdict(nearest);
        self.state.learned = self.state.learned.saturating_add(1);
        let at = self.state.learned;
        let same = nearest.filter(|(slot, _)| self.vectors.get(*slot as usize) == Some(vector));
        if let Some((slot, _)) = same {
            if let Some(learned) = self.learned.get_mut(slot as usize) {
                learned.at = at;
            }
            return Lesson { verdict, slot, evicted: false };
        }
        let evicted = self.len() == self.capacity();
        let slot = if evicted { self.oldest(meter) } else { self.len() };
        self.write_slot(slot, vector, at, meter);
        self.state.threshold = self.threshold_of_all(meter);
        Lesson { verdict, slot, evicted }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self.state = TextState::default();
    }

    /// The nearest text to `vector`, that in slot `except` left out; the first of equals.
    fn nearest<M: Meter>(&self, vector: &[i8; D], except: Option<u32>, meter: &mut M) -> Neighbour {
        let mut best: Neighbour = None;
        meter.record(Op::Compare, self.len());
        for (slot, held) in (0..self.len()).zip(self.vectors.iter()) {
            if Some(slot) == except {
                continue;
            }
            let similarity = dot(vector, held, meter);
            if best.is_none_or(|(_, most)| similarity > most) {
                best = Some((slot, similarity));
            }
        }
        best
    }

    fn verdict(&self, nearest: Neighbour) -> TextVerdict {
        let distance = nearest.map_or(distance(0), |(_, similarity)| distance(similarity));
        let nearest = nearest.map(|(slot, _)| slot);
        let remaining = MIN_TEXTS.saturating_sub(self.len());
        if remaining > 0 {
            return TextVerdict { state: State::WarmingUp { remaining }, distance, threshold: 0, nearest };
        }
        let threshold = self.state.threshold;
        let state = if distance > threshold { State::Anomaly } else { State::Normal };
        TextVerdict { state, distance, threshold, nearest }
    }

    /// The slot that was learned longest ago.
    fn oldest<M: Meter>(&self, meter: &mut M) -> u32 {
        meter.record(Op::Compare, self.len());
        let slots = (0..self.len()).zip(self.learned.iter());
        slots.min_by_key(|(_, learned)| learned.at).map_or(0, |(slot, _)| slot)
    }

    /// Puts `vector` into `slot` and keeps everyone's nearest neighbour right.
    fn write_slot<M: Meter>(&mut self, slot: u32, vector: &[i8; D], at: u64, meter: &mut M) {
        let (Some(held), Some(entry)) =
            (self.vectors.get_mut(slot as usize), self.learned.get_mut(slot as usize))
        else {
            return;
        };
        *held = *vector;
        *entry = Learned { at, neighbour: slot, similarity: 0 };
        self.state.len = self.len().max(slot.saturating_add(1));
        for other in 0..self.len() {
            self.update_neighbour(other, slot, vector, meter);
        }
    }

    /// Sets the neighbour of `other` right after `slot` was given `vector`.
    fn update_neighbour<M: Meter>(&mut self, other: u32, slot: u32, vector: &[i8; D], meter: &mut M) {
        let at = other as usize;
        let (Some(entry), Some(held)) = (self.learned.get(at), self.vectors.get(at)) else { return };
        let similarity = dot(held, vector, meter);
        let lost = other == slot || entry.neighbour == slot || entry.neighbour == other;
        let found = if lost {
            self.nearest(held, Some(other), meter)
        } else {
            Some((slot, similarity)).filter(|_| similarity > entry.similarity)
        };
        if let (Some((neighbour, similarity)), Some(entry)) = (found, self.learned.get_mut(at)) {
            *entry = Learned { neighbour, similarity, ..*entry };
        }
    }

    /// The ninetieth percentile of the distances between neighbours, and half its distance from the median on top.
    ///
    /// A percentile, so the few anomalies that were learned do not set it; the margin, because of few texts even the
    /// farthest is seldom the farthest there can be.
    fn threshold_of_all<M: Meter>(&mut self, meter: &mut M) -> u32 {
        let len = self.len() as usize;
        let (Some(scratch), Some(learned)) = (self.scratch.get_mut(..len), self.learned.get(..len)) else {
            return MIN_THRESHOLD;
        };
        for (target, learned) in scratch.iter_mut().zip(learned) {
            *target = distance(learned.similarity) as i32;
        }
        scratch.sort_unstable();
        meter.record(Op::Compare, len as u32 * (len as u32 + 1).ilog2());
        meter.record(Op::Div, len as u32);
        let at =
            |percent: usize| scratch.get((len - 1) * percent / 100).map_or(0, |held| held.unsigned_abs());
        let (median, high) = (at(50), at(90));
        (high + (high - median) / 2).clamp(MIN_THRESHOLD, MAX_THRESHOLD)
    }
}

/// One minus the cosine, in thousandths, from 0 to 2000.
fn distance(similarity: i32) -> u32 {
    let similarity = similarity.clamp(-SAME, SAME);
    ((SAME - similarity).unsigned_abs() * 1000).div_ceil(SAME.unsigned_abs())
}

#[cfg(test)]
mod tests;
