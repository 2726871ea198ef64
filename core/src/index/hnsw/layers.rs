//! Which nodes a node links to, on every layer.
//!
//! The layer a node reaches is a property of its slot: a seeded permutation ranks the slots, and every eighth rank is on
//! layer 1, every sixty-fourth on layer 2, and so on. That is the distribution of the paper, with a level multiplier of
//! 1 / ln(M), and a slot is taken with no regard to what is put into it. But the upper rows are then exactly as many as are
//! needed, where they lie is computed, and no sequence of inserts and deletes can exhaust or distort them.
//!
//! A row holds slots plus one, filled from the front, zero after the last.

use crate::arena::{Arena, NoRoom};

/// The M of the paper: links of a node on the layers above layer 0.
pub(super) const M: usize = 8;
/// Links of a node on layer 0.
pub(super) const LAYER_0_LINKS: usize = 2 * M;
/// log2 of M: a node of each M on one layer is on the next.
const SHIFT: u32 = M.trailing_zeros();
/// The highest layer: 8^5 is the last power below the most items.
pub(super) const HIGHEST: u32 = 5;

/// The links of all nodes on all layers.
#[derive(Debug)]
pub(super) struct Layers<'a> {
    ranking: Ranking,
    /// The first row of each layer above layer 0 in `upper`.
    starts: [u32; HIGHEST as usize],
    /// `[capacity][LAYER_0_LINKS]`
    layer_0: &'a mut [[u16; LAYER_0_LINKS]],
    /// `[capacity / 8 + capacity / 64 + ...][M]`
    upper: &'a mut [[u16; M]],
}

impl<'a> Layers<'a> {
    pub(super) fn carve(arena: &mut Arena<'a>, capacity: u32, seed: u32) -> Result<Self, NoRoom> {
        let mut starts = [0; HIGHEST as usize];
        let mut rows = 0;
        for (start, level) in starts.iter_mut().zip(1..) {
            *start = rows;
            rows += capacity >> (SHIFT * level);
        }
        let layer_0 = arena.slice("layer 0 links", capacity)?;
        let upper = arena.slice("upper links", rows)?;
        Ok(Self { ranking: Ranking::new(capacity, seed), starts, layer_0, upper })
    }

    /// The highest layer that the node in `slot` is on.
    pub(super) fn level_of(&self, slot: u32) -> u32 {
        ((self.ranking.of(slot) + 1).trailing_zeros() / SHIFT).min(HIGHEST)
    }

    /// The links of `slot` on layer 0.
    #[inline]
    pub(super) fn layer_0(&self, slot: u32) -> &[u16; LAYER_0_LINKS] {
        self.layer_0.get(slot as usize).unwrap_or(&[0; LAYER_0_LINKS])
    }

    /// The links of `slot` on `level`; empty if it is not on it.
    #[inline]
    pub(super) fn row(&self, level: u32, slot: u32) -> &[u16] {
        if level == 0 {
            return self.layer_0(slot);
        }
        self.index(level, slot).and_then(|index| self.upper.get(index)).map_or(&[], |row| row)
    }

    /// The links of `slot` on `level`, to be changed.
    pub(super) fn row_mut(&mut self, level: u32, slot: u32) -> &mut [u16] {
        if level == 0 {
            return self.layer_0.get_mut(slot as usize).map_or(&mut [], |row| row);
        }
        self.index(level, slot).and_then(|index| self.upper.get_mut(index)).map_or(&mut [], |row| row)
    }

    fn index(&self, level: u32, slot: u32) -> Option<usize> {
        let rank = self.ranking.of(slot) + 1;
        let row = (rank >> (SHIFT * level)).checked_sub(1)?;
        let is_on_level = rank.trailing_zeros() >= SHIFT * level;
        is_on_level.then_some((self.starts.get(level as usize - 1)? + row) as usize)
    }

    /// Removes the link of `row` to `slot`; says whether there was one.
    pub(super) fn drop_link(row: &mut [u16], slot: u32) -> bool {
        let link = slot as u16 + 1;
        let Some(index) = row.iter().position(|other| *other == link) else { return false };
        let len = len(row);
        row.swap(index, len - 1);
        row[len - 1] = 0;
        true
    }

    /// Removes the links to `slot` from all rows above layer 0, and its own rows.
    pub(super) fn forget_above(&mut self, slot: u32) {
        for level in 1..=self.level_of(slot) {
            self.row_mut(level, slot).fill(0);
        }
        for row in self.upper.iter_mut() {
            Self::drop_link(row, slot);
        }
    }

    /// Rows above layer 0.
    pub(super) fn upper_rows(&self) -> u32 {
        self.upper.len() as u32
    }

    pub(super) fn clear(&mut self) {
        self.layer_0.fill([0; LAYER_0_LINKS]);
        self.upper.fill([0; M]);
    }
}

/// How many links `row` holds.
pub(super) fn len(row: &[u16]) -> usize {
    row.iter().position(|link| *link == 0).unwrap_or(row.len())
}

/// The slots that `row` links to.
pub(super) fn slots(row: &[u16]) -> impl Iterator<Item = u32> + Clone + '_ {
    row.iter().map_while(|link| u32::from(*link).checked_sub(1))
}

/// A seeded permutation of the slots.
#[derive(Debug)]
struct Ranking {
    capacity: u32,
    mask: u32,
    shift: u32,
    seed: u32,
}

impl Ranking {
    fn new(capacity: u32, seed: u32) -> Self {
        let bits = (32 - capacity.saturating_sub(1).leading_zeros()).max(2);
        Self { capacity, mask: (1 << bits) - 1, shift: bits / 2, seed }
    }

    /// The rank of `slot`. Each step permutes the numbers of as many bits as the capacity has; what lands beyond the
    /// capacity is permuted again, which takes less than two rounds on average and always ends where it should, because
    /// the cycle that starts at a slot comes back to it.
    #[inline]
    fn of(&self, slot: u32) -> u32 {
        let mut rank = slot & self.mask;
        for _ in 0..=self.mask {
            rank = (rank ^ self.seed).wrapping_mul(0x9e37_79b1) & self.mask;
            rank ^= rank >> self.shift;
            rank = rank.wrapping_mul(0x85eb_ca6b) & self.mask;
            rank ^= rank >> self.shift;
            if rank < self.capacity {
                break;
            }
        }
        rank
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;
    use std::vec;

    proptest! {
        #[test]
        fn slots_have_ranks_and_rows_of_their_own(capacity in 1u32..3_000, seed in any::<u32>()) {
            let ranking = Ranking::new(capacity, seed);
            let ranks: BTreeSet<u32> = (0..capacity).map(|slot| ranking.of(slot)).collect();
            prop_assert_eq!(ranks.len() as u32, capacity);
            prop_assert!(ranks.last() < Some(&capacity));

            let mut memory = vec![0u8; 150_000];
            let layers = Layers::carve(&mut Arena::new(&mut memory), capacity, seed).unwrap();
            let on = |slot| (1..=layers.level_of(slot)).map(move |level| (level, slot));
            let rows: BTreeSet<_> = (0..capacity).flat_map(on).map(|(level, slot)| layers.index(level, slot)).collect();
            prop_assert_eq!(rows.len() as u32, layers.upper_rows());
            prop_assert!(rows.iter().all(|row| row.is_some_and(|row| row < layers.upper.len())));
        }
    }

    #[test]
    fn every_eighth_node_is_on_the_next_layer_and_they_are_spread() {
        let ranking = Ranking::new(4096, 7);
        let on_first = |slots: core::ops::Range<u32>| {
            slots.filter(|slot| (ranking.of(*slot) + 1).is_multiple_of(8)).count()
        };
        assert_eq!(on_first(0..4096), 512);
        for start in (0..4096).step_by(512) {
            assert!((32..=96).contains(&on_first(start..start + 512)));
        }
        for phase in 0..8 {
            let interleaved =
                (0..512).filter(|turn| (ranking.of(turn * 8 + phase) + 1).is_multiple_of(8)).count();
            assert!((24..=110).contains(&interleaved), "{interleaved} of 512 in phase {phase}");
        }
    }
}
