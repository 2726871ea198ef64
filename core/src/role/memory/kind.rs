//! The kinds of memory: what each weighs, and how long it lives.

use crate::console::{Failure, number, split_word};

/// The kinds of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum MemoryType {
    /// Something that is so.
    Fact,
    /// Something that happened.
    Event,
    /// What the conversation is about.
    Context,
    /// What somebody likes.
    Preference,
    /// How something is done.
    Procedure,
    /// A person, place or thing.
    Entity,
    /// How somebody feels.
    Emotion,
    /// How something is at the moment.
    State,
}

/// Name, priority from 0 to 100 and seconds to live of each type; `None` lives forever.
pub(super) const TYPES: [(MemoryType, &str, u8, Option<u32>); 8] = [
    (MemoryType::Fact, "fact", 50, None),
    (MemoryType::Event, "event", 40, Some(90 * DAY)),
    (MemoryType::Context, "context", 90, Some(7 * DAY)),
    (MemoryType::Preference, "preference", 80, None),
    (MemoryType::Procedure, "procedure", 60, None),
    (MemoryType::Entity, "entity", 30, None),
    (MemoryType::Emotion, "emotion", 70, Some(DAY)),
    (MemoryType::State, "state", 100, Some(DAY)),
];
const DAY: u32 = 24 * 60 * 60;
/// Seconds to live of a copy that never expires though its type does.
pub(crate) const FOR_EVER: u32 = 10 * 365 * DAY;

/// Reads the first word as the type of a memory.
///
/// # Errors
/// [`Failure::Missing`], [`Failure::UnknownType`].
pub(crate) fn parse_type<'l>(rest: &'l str, usage: &'static str) -> Result<(MemoryType, &'l str), Failure> {
    let (word, rest) = split_word(rest);
    if word.is_empty() {
        return Err(Failure::Missing { usage });
    }
    let found = TYPES.iter().find(|(_, name, ..)| word.eq_ignore_ascii_case(name));
    found.map(|(kind, ..)| (*kind, rest)).ok_or(Failure::UnknownType)
}

/// The seconds to live that the line says, or those of the type; `ttl=0` is forever.
pub(crate) fn parse_time_to_live(rest: &str, kind: MemoryType) -> Result<(Option<u32>, &str), Failure> {
    let (word, text) = split_word(rest);
    match word.strip_prefix("ttl=") {
        Some(value) => {
            let ttl = number(value, "ttl", 0, FOR_EVER)?;
            Ok(((ttl > 0).then_some(ttl), text))
        }
        None => Ok((TYPES.get(kind as usize).and_then(|(.., ttl)| *ttl), rest)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_stands_at_its_own_position() {
        for (position, (kind, ..)) in TYPES.iter().enumerate() {
            assert_eq!(*kind as usize, position);
        }
    }
}
