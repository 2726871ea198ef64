//! The name of an item in the fleet, the same on every chip that holds a copy.

use core::fmt;

/// The chip that named an item, and that chip's number for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemId {
    /// The chip that named it.
    pub origin: u16,
    /// That chip's count of the items it named.
    pub number: u32,
}

/// In the number of an item: what follows is an id at its origin, and no other chip holds a copy.
const OWN: u32 = 1 << 31;

impl ItemId {
    /// What the fleet calls the item that chip `origin` calls `id` and holds alone.
    pub const fn own(origin: u16, id: u32) -> Self {
        Self { origin, number: OWN | id }
    }

    /// The id of the item at its origin, where only that chip holds it.
    pub const fn own_id(self) -> Option<u32> {
        if self.number & OWN == 0 { None } else { Some(self.number & !OWN) }
    }
}

/// Bits of the number of an item that count the items of one boot.
const COUNT_BITS: u32 = 16;
/// How many items a chip can name in one boot.
pub const MAX_NAMED: u32 = (1 << COUNT_BITS) - 1;

impl ItemId {
    /// What the fleet calls item `count` that chip `origin` named in boot `boot`; of the boot number the lower 15 bits count.
    pub const fn given(origin: u16, boot: u32, count: u32) -> Self {
        Self { origin, number: (boot << COUNT_BITS | count & MAX_NAMED) & !OWN }
    }
}

/// `3.17` is the 17th item that chip 3 named since it first booted, `3.2.17` the 17th since its second boot, and `3/17`
/// what chip 3 itself calls 17.
impl fmt::Display for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (boot, count) = (self.number >> COUNT_BITS, self.number & MAX_NAMED);
        match (self.own_id(), boot) {
            (Some(id), _) => write!(f, "{}/{id}", self.origin),
            (None, 1) => write!(f, "{}.{count}", self.origin),
            (None, boot) => write!(f, "{}.{boot}.{count}", self.origin),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn a_name_is_never_given_twice_and_says_whose_it_is() {
        assert_eq!(ItemId::given(3, 1, 17).to_string(), "3.17");
        assert_eq!(ItemId::given(3, 2, 17).to_string(), "3.2.17");
        assert_eq!(ItemId::own(3, 17).to_string(), "3/17");
        assert_ne!(ItemId::given(3, 0, 17), ItemId::given(3, 1, 17));
        assert!(ItemId::given(3, u32::MAX, u32::MAX).own_id().is_none());
    }
}
