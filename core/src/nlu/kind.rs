//! The types that an argument can have.

/// What an argument holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    /// One of the values that the tool file lists.
    Choice,
    /// A number, with a unit or without.
    Number,
    /// A share of a hundred.
    Percent,
    /// A temperature; a bare number is in degrees Celsius.
    Temperature,
    /// A span of time.
    Duration,
    /// A time of day.
    Time,
    /// A colour, by name or as `#rrggbb`.
    Color,
    /// A part of the house: one of the listed ones, or any words where none are listed.
    Area,
    /// The name of a thing, of at most four words: one of the listed ones, or any where none are listed.
    Name,
    /// Any words.
    Text,
}

/// The most words of a name or an area.
pub const MAX_NAME_WORDS: usize = 4;

impl Kind {
    /// Every kind, in the order of its byte.
    pub const ALL: [Self; 10] = [
        Self::Choice,
        Self::Number,
        Self::Percent,
        Self::Temperature,
        Self::Duration,
        Self::Time,
        Self::Color,
        Self::Area,
        Self::Name,
        Self::Text,
    ];

    /// The word in a tool file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Choice => "choice",
            Self::Number => "number",
            Self::Percent => "percent",
            Self::Temperature => "temperature",
            Self::Duration => "duration",
            Self::Time => "time",
            Self::Color => "color",
            Self::Area => "area",
            Self::Name => "name",
            Self::Text => "text",
        }
    }

    /// The kind that a tool file calls `name`.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The kind of a schema's byte.
    pub fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.get(usize::from(byte)).copied()
    }

    /// Is a value one number?
    pub const fn is_scalar(self) -> bool {
        matches!(self, Self::Number | Self::Percent | Self::Temperature | Self::Duration | Self::Time)
    }

    /// Can a value be relative to the present one, as in "a bit warmer"?
    pub const fn can_be_relative(self) -> bool {
        matches!(self, Self::Number | Self::Percent | Self::Temperature)
    }

    /// Is a value one of a list, where there is a list?
    pub const fn is_listed(self) -> bool {
        matches!(self, Self::Choice | Self::Area | Self::Name)
    }

    /// The most words of an argument.
    pub const fn max_words(self) -> usize {
        match self {
            Self::Text => super::limits::MAX_WORDS,
            Self::Area | Self::Name => 2 + MAX_NAME_WORDS,
            _ => 12,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_lists_each_kind_at_its_byte() {
        for (byte, kind) in Kind::ALL.into_iter().enumerate() {
            assert_eq!((kind as usize, Kind::by_name(kind.name())), (byte, Some(kind)));
        }
    }
}
