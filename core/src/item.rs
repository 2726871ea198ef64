//! The name of an item in the fleet, the same on every chip that holds a copy.

use core::fmt;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// The chip that named an item, the boot in which it did, and its count in that boot.
///
/// Unique by the boot and the count on one chip, and by the nonce where two boards were given the same number. A boot of 0
/// says that only the origin holds it, under the id `count`.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    FromBytes,
    IntoBytes,
    KnownLayout,
    Immutable,
)]
#[repr(C)]
pub struct ItemId {
    /// The chip that named it.
    pub origin: u16,
    /// Random bits of the boot in which it was named.
    pub nonce: u16,
    /// The boot of the origin in which it was named, from 1.
    pub boot: u32,
    /// The origin's count of the items that it named in that boot, from 1.
    pub count: u32,
}
const _: () = assert!(size_of::<ItemId>() == 12);

impl ItemId {
    /// What the fleet calls the item that chip `origin` calls `id` and holds alone.
    pub const fn own(origin: u16, id: u32) -> Self {
        Self { origin, nonce: 0, boot: 0, count: id }
    }

    /// The id of the item at its origin, where only that chip holds it.
    pub const fn own_id(self) -> Option<u32> {
        if self.boot == 0 { Some(self.count) } else { None }
    }
}

/// `3.17` is the 17th item that chip 3 named since it first booted, `3.2.17` the 17th since its second boot, `3.2.17-5e0b`
/// the same with the nonce of that boot, and `3/17` what chip 3 itself calls 17.
impl fmt::Display for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { origin, nonce, boot, count } = *self;
        match boot {
            0 => return write!(f, "{origin}/{count}"),
            1 => write!(f, "{origin}.{count}")?,
            boot => write!(f, "{origin}.{boot}.{count}")?,
        }
        if nonce == 0 { Ok(()) } else { write!(f, "-{nonce:04x}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    fn named(boot: u32, nonce: u16, count: u32) -> ItemId {
        ItemId { origin: 3, nonce, boot, count }
    }

    #[test]
    fn a_name_says_whose_it_is_and_every_bit_of_it_counts() {
        assert_eq!(named(1, 0, 17).to_string(), "3.17");
        assert_eq!(named(2, 0, 17).to_string(), "3.2.17");
        assert_eq!(named(2, 0x5e0b, 17).to_string(), "3.2.17-5e0b");
        assert_eq!(ItemId::own(3, 17).to_string(), "3/17");
        // The lower 15 bits of these boots are equal.
        assert_ne!(named(1, 0, 17), named(32_769, 0, 17));
        assert_ne!(named(1, 0, 1), named(1, 0, 65_537));
        assert!(named(u32::MAX, u16::MAX, u32::MAX).own_id().is_none());
        assert_eq!(ItemId::own(3, u32::MAX).own_id(), Some(u32::MAX));
    }
}
