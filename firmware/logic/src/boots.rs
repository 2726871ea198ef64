//! How often the chip has booted: a number that is never given twice.
//!
//! The wire's header carries it, and under one fleet key two boots with the same number could be played off against each
//! other. So it is counted in flash, by two sectors in turn: a sector begins with the number that it counts from, and each
//! boot programs the next word of it. The numbers of a full sector are over when the other one is erased, once in
//! [`SLOTS`] boots; at 100,000 erasures a sector (the usual promise of these flash chips) that is 200 million boots.
//!
//! The power may go at any moment. What it leaves of an erasure or of a programming are bits that read this way now and
//! that way later. Hence the rules: a number is given once its word has been programmed and not before; the count goes on
//! behind the last word that is not erased, whatever lies before it; and a sector of which no word is programmed has given
//! no number, so it is erased and begun again rather than accepted.

use crate::crc::crc32;

/// The sectors that take turns.
pub const SECTORS: usize = 2;

/// The words of a sector.
pub const SECTOR_WORDS: usize = 1_024;

/// `magic | number before the first slot | crc of both | erased`.
const HEADER_WORDS: usize = 4;

/// The boots that a sector counts.
pub const SLOTS: usize = SECTOR_WORDS - HEADER_WORDS;

const MAGIC: u32 = u32::from_le_bytes(*b"RVB1");
const ERASED: u32 = 0xffff_ffff;
const USED: u32 = 0;

/// The words read at once.
const CHUNK: usize = 60;
const _: () = assert!(SLOTS.is_multiple_of(CHUNK));

/// The flash, as words of two sectors. Each function says whether it worked.
pub trait Sectors {
    /// Reads words from offset `at` of a sector.
    fn read(&mut self, sector: usize, at: usize, words: &mut [u32]) -> bool;
    /// Clears the bits of `words` that are zero.
    fn program(&mut self, sector: usize, at: usize, words: &[u32]) -> bool;
    /// Sets every bit of a sector.
    fn erase(&mut self, sector: usize) -> bool;
}

/// What a sector says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sector {
    /// The number before its first slot.
    base: u32,
    /// Up to the last slot that is not erased.
    used: usize,
}

/// Counts this boot, and gives its number: at least 1, and more than any before it.
///
/// Nothing where the flash does not do as it is told; then no number is safe to use.
pub fn count(flash: &mut impl Sectors) -> Option<u32> {
    let [first, second] = [look(flash, 0)?, look(flash, 1)?];
    let newest = match (first, second) {
        (Some(one), Some(other)) if other.base > one.base => Some((1, other)),
        (Some(one), _) => Some((0, one)),
        (None, other) => other.map(|other| (1, other)),
    };
    match newest {
        Some((index, Sector { base, used })) if used < SLOTS => mark(flash, index, base, used),
        Some((index, Sector { base, .. })) => begin(flash, 1 - index, base.checked_add(SLOTS as u32)?),
        None => begin(flash, 0, 0),
    }
}

/// Reads a sector: nothing within, where it has given no number; nothing at all, where it cannot be read.
fn look(flash: &mut impl Sectors, sector: usize) -> Option<Option<Sector>> {
    let mut header = [0; HEADER_WORDS];
    if !flash.read(sector, 0, &mut header) {
        return None;
    }
    let [magic, base, crc, _] = header;
    if magic != MAGIC || crc != checksum(base) {
        return Some(None);
    }
    let mut used = 0;
    for begin in (0..SLOTS).step_by(CHUNK) {
        let mut words = [0; CHUNK];
        if !flash.read(sector, HEADER_WORDS + begin, &mut words) {
            return None;
        }
        used = words.iter().rposition(|word| *word != ERASED).map_or(used, |last| begin + last + 1);
    }
    Some((used > 0).then_some(Sector { base, used }))
}

/// Gives the number of slot `slot`.
fn mark(flash: &mut impl Sectors, sector: usize, base: u32, slot: usize) -> Option<u32> {
    let at = HEADER_WORDS + slot;
    let mut word = [ERASED];
    let done = flash.program(sector, at, &[USED]) && flash.read(sector, at, &mut word) && word == [USED];
    if done { base.checked_add(slot as u32 + 1) } else { None }
}

/// Starts a sector, and gives its first number.
fn begin(flash: &mut impl Sectors, sector: usize, base: u32) -> Option<u32> {
    let header = [MAGIC, base, checksum(base)];
    if flash.erase(sector) && flash.program(sector, 0, &header) { mark(flash, sector, base, 0) } else { None }
}

fn checksum(base: u32) -> u32 {
    let mut bytes = [0; 8];
    let words = MAGIC.to_le_bytes().into_iter().chain(base.to_le_bytes());
    bytes.iter_mut().zip(words).for_each(|(target, byte)| *target = byte);
    crc32(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec;
    use std::vec::Vec;

    /// Two sectors of NOR flash whose power goes after this many words touched; what was under way then reads by chance.
    struct Nor {
        words: [Vec<u32>; SECTORS],
        /// Bits that read by chance, until they are erased or programmed in full.
        weak: [Vec<u32>; SECTORS],
        random: u32,
        /// Words until the power goes.
        left: Option<usize>,
        erasures: [u32; SECTORS],
    }

    impl Nor {
        fn new(seed: u32) -> Self {
            let noise = || vec![0x1234_5678; SECTOR_WORDS];
            let strong = || vec![0; SECTOR_WORDS];
            Nor {
                words: [noise(), noise()],
                weak: [strong(), strong()],
                random: seed | 1,
                left: None,
                erasures: [0; SECTORS],
            }
        }

        fn erased() -> Self {
            let mut nor = Self::new(1);
            nor.words = [vec![ERASED; SECTOR_WORDS], vec![ERASED; SECTOR_WORDS]];
            nor
        }

        /// After this many boots, 1 to [`SLOTS`].
        fn after(boots: usize, seed: u32) -> Self {
            let mut nor = Self { random: seed | 1, ..Self::erased() };
            assert_eq!(nor.boot(None), Some(1));
            nor.words[0][HEADER_WORDS..HEADER_WORDS + boots].fill(USED);
            nor
        }

        fn noise(&mut self) -> u32 {
            self.random ^= self.random << 13;
            self.random ^= self.random >> 17;
            self.random ^= self.random << 5;
            self.random
        }

        /// False when the power goes at this word.
        fn step(&mut self) -> bool {
            match &mut self.left {
                Some(0) => false,
                Some(left) => {
                    *left -= 1;
                    true
                }
                None => true,
            }
        }

        fn boot(&mut self, power: Option<usize>) -> Option<u32> {
            self.left = power;
            count(self)
        }
    }

    impl Sectors for Nor {
        fn read(&mut self, sector: usize, at: usize, words: &mut [u32]) -> bool {
            for (index, word) in words.iter_mut().enumerate() {
                let weak = self.weak[sector][at + index];
                *word = self.words[sector][at + index] & !weak | self.noise() & weak;
            }
            self.left != Some(0)
        }

        fn program(&mut self, sector: usize, at: usize, words: &[u32]) -> bool {
            for (index, word) in words.iter().enumerate() {
                let at = at + index;
                if !self.step() {
                    // Cut early, no bit is done; cut late, all are; and always some are on the brink.
                    let cleared = self.words[sector][at] & !word;
                    let brink = cleared & self.noise() & self.noise() & self.noise();
                    let done = match self.noise() % 3 {
                        0 => 0,
                        1 => cleared,
                        _ => cleared & self.noise(),
                    };
                    self.words[sector][at] &= !(done & !brink);
                    self.weak[sector][at] |= brink;
                    return false;
                }
                self.words[sector][at] &= word;
                self.weak[sector][at] &= word;
            }
            true
        }

        fn erase(&mut self, sector: usize) -> bool {
            self.erasures[sector] += 1;
            for at in 0..SECTOR_WORDS {
                if !self.step() {
                    // Cells erase together: all that was left of the sector is in between.
                    for at in 0..SECTOR_WORDS {
                        self.weak[sector][at] = self.noise() & self.noise();
                    }
                    return false;
                }
                self.words[sector][at] = ERASED;
                self.weak[sector][at] = 0;
            }
            true
        }
    }

    #[test]
    fn boots_are_counted_from_one_on_erased_flash_and_on_any_other() {
        for mut nor in [Nor::erased(), Nor::new(7)] {
            let numbers: Vec<_> = (0..3 * SLOTS).map(|_| nor.boot(None)).collect();
            let expected: Vec<_> = (1..=3 * SLOTS as u32).map(Some).collect();
            assert_eq!(numbers, expected);
            assert_eq!(nor.erasures, [2, 1], "once in {SLOTS} boots");
        }
    }

    #[test]
    fn flash_that_does_not_keep_what_it_is_given_gives_no_number() {
        struct Worn;
        impl Sectors for Worn {
            fn read(&mut self, _: usize, _: usize, words: &mut [u32]) -> bool {
                words.fill(ERASED);
                true
            }
            fn program(&mut self, _: usize, _: usize, _: &[u32]) -> bool {
                true
            }
            fn erase(&mut self, _: usize) -> bool {
                true
            }
        }
        assert_eq!(count(&mut Worn), None);
    }

    #[test]
    fn the_power_may_go_anywhere_around_the_change_of_sectors() {
        let within = (0..SECTOR_WORDS).step_by(16).map(|power| (power, 1));
        let at_the_end = (SECTOR_WORDS - 1..SECTOR_WORDS + HEADER_WORDS + 1)
            .flat_map(|power| (1..200).map(move |seed| (power, 0x9e37_79b1u32.wrapping_mul(seed))));
        for (power, seed) in within.chain(at_the_end) {
            let mut nor = Nor::after(SLOTS, seed);
            let cut = nor.boot(Some(power));
            let after: Vec<_> = (0..3).map(|_| nor.boot(None).unwrap()).collect();
            let newest = cut.unwrap_or(SLOTS as u32);
            assert!(after[0] > newest && after[0] <= newest + 2, "{power} {seed}: {cut:?} {after:?}");
            assert!(after.is_sorted_by(|one, next| one < next), "{power} {seed}: {after:?}");
        }
    }

    proptest! {
        #[test]
        fn no_number_is_given_twice_wherever_the_power_goes(
            seed: u32,
            begun in prop_oneof![Just(0), SLOTS - 3..=SLOTS],
            cuts in proptest::collection::vec(prop_oneof![Just(None), (0usize..8).prop_map(Some), (0usize..1_100).prop_map(Some)], 1..40),
        ) {
            let mut nor = if begun == 0 { Nor::new(seed) } else { Nor::after(begun, seed) };
            let mut newest = begun as u32;
            for power in cuts {
                if let Some(number) = nor.boot(power) {
                    prop_assert!(number > newest, "{number} after {newest}");
                    newest = number;
                }
            }
            let next = nor.boot(None);
            prop_assert!(next > Some(newest));
        }
    }
}
