//! Texts of any length in an arena, in chains of equal blocks.
//!
//! Deleting a text returns its blocks, and any free block serves any text: the pool never fragments and never needs
//! compaction. A block holds whole characters, so each can be written out by itself.

use crate::arena::{Arena, NoRoom};
use crate::meter::{Meter, Op};
use core::fmt;
use core::ops::Range;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// The most bytes of text in one block.
pub const BLOCK_TEXT: usize = 29;

/// One link of a chain. Links are block numbers counted from 1; 0 ends a chain.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct Block {
    next: u16,
    length: u8,
    text: [u8; BLOCK_TEXT],
}
const _: () = assert!(size_of::<Block>() == 32);

/// Where a stored text begins, and its length in bytes. Zeros are the empty text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct TextHandle {
    first: u16,
    length: u16,
}
const _: () = assert!(size_of::<TextHandle>() == 4);

impl TextHandle {
    /// The length in bytes.
    pub fn length(self) -> u16 {
        self.length
    }
}

#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
struct PoolState {
    /// Head of the chain of blocks that were used and freed.
    free: u16,
    /// Blocks from here on were never used.
    fresh: u16,
    in_use: u16,
    padding: u16,
}
const _: () = assert!(size_of::<PoolState>() == 8);

/// The pool has too few free blocks for a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolFull {
    /// Bytes the text needs, in whole blocks.
    pub needs: u32,
    /// Bytes free, in whole blocks.
    pub free: u32,
}

/// A pool of blocks, carved from an arena. All zeros is an empty pool.
#[derive(Debug)]
pub struct TextPool<'a> {
    state: &'a mut PoolState,
    blocks: &'a mut [Block],
}

impl<'a> TextPool<'a> {
    /// Takes a pool of `blocks` blocks, at most 65,534.
    ///
    /// # Errors
    /// [`NoRoom`] when the arena has fewer bytes left.
    pub fn carve(arena: &mut Arena<'a>, blocks: u32) -> Result<Self, NoRoom> {
        let state = arena.one("text pool")?;
        let blocks = arena.slice("texts", blocks.min(u32::from(u16::MAX) - 1))?;
        Ok(Self { state, blocks })
    }

    /// Stores `text`.
    ///
    /// # Errors
    /// [`PoolFull`] when it does not fit; the pool is then as it was.
    pub fn store<M: Meter>(&mut self, text: &str, meter: &mut M) -> Result<TextHandle, PoolFull> {
        let needs = block_texts(text).count();
        if needs > self.free_blocks() || text.len() > usize::from(u16::MAX) {
            let bytes = |blocks: usize| (blocks * BLOCK_TEXT) as u32;
            return Err(PoolFull { needs: bytes(needs), free: bytes(self.free_blocks()) });
        }
        meter.record(Op::Copy, text.len() as u32);
        meter.record(Op::Block, 2 * needs as u32);
        let mut handle = TextHandle { first: 0, length: text.len() as u16 };
        let mut last = 0;
        for piece in block_texts(text) {
            let number = self.take_block();
            if let Some(block) = self.block_mut(number) {
                *block = Block { next: 0, length: piece.len() as u8, text: [0; BLOCK_TEXT] };
                let (index, _) = block.text.split_at_mut(piece.len().min(BLOCK_TEXT));
                index.copy_from_slice(piece.as_bytes().split_at(index.len()).0);
            }
            match self.block_mut(last) {
                Some(block) => block.next = number,
                None => handle.first = number,
            }
            last = number;
        }
        Ok(handle)
    }

    /// Frees the blocks of a text; its handle must not be used again.
    pub fn free<M: Meter>(&mut self, handle: TextHandle, meter: &mut M) {
        let mut number = handle.first;
        while number != 0 {
            meter.record(Op::Store, 2);
            let free = self.state.free;
            let Some(block) = self.block_mut(number) else { return };
            let next = core::mem::replace(&mut block.next, free);
            self.state.free = number;
            self.state.in_use = self.state.in_use.saturating_sub(1);
            number = next;
        }
    }

    /// The text of a handle, in pieces of whole characters.
    pub fn pieces(&self, handle: TextHandle) -> impl Iterator<Item = &str> + Clone {
        let mut number = handle.first;
        // A chain has at most as many links as there are blocks: bounded, whatever the bytes say.
        (0..self.blocks.len()).map_while(move |_| {
            let block = self.blocks.get(usize::from(number.checked_sub(1)?))?;
            number = block.next;
            let text = block.text.get(..usize::from(block.length))?;
            core::str::from_utf8(text).ok()
        })
    }

    /// Copies the bytes `range` of a stored text into `buffer`, as far as they reach, and gives them as text: nothing where
    /// the range cuts a character.
    pub fn read<'b, M: Meter>(
        &self,
        handle: TextHandle,
        range: Range<usize>,
        buffer: &'b mut [u8],
        meter: &mut M,
    ) -> &'b str {
        record_read(range.len() as u32, meter);
        let (mut length, mut before) = (0, 0);
        for piece in self.pieces(handle) {
            let (start, end) = (range.start.saturating_sub(before), range.end.saturating_sub(before));
            before += piece.len();
            let wanted =
                piece.as_bytes().get(start.min(piece.len())..end.min(piece.len())).unwrap_or_default();
            let rest = buffer.get_mut(length..).unwrap_or_default();
            let common = wanted.len().min(rest.len());
            rest.split_at_mut(common).0.copy_from_slice(wanted.split_at(common).0);
            length += common;
            if before >= range.end || length == buffer.len() {
                break;
            }
        }
        core::str::from_utf8(buffer.get(..length).unwrap_or_default()).unwrap_or_default()
    }

    /// Does a stored text equal `text`?
    pub fn equals<M: Meter>(&self, handle: TextHandle, text: &str, meter: &mut M) -> bool {
        if usize::from(handle.length) != text.len() {
            return false;
        }
        record_read(u32::from(handle.length), meter);
        let mut rest = text.as_bytes();
        for piece in self.pieces(handle) {
            let Some(after) = rest.strip_prefix(piece.as_bytes()) else { return false };
            rest = after;
        }
        rest.is_empty()
    }

    /// Writes a stored text.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write<M: Meter>(
        &self,
        handle: TextHandle,
        out: &mut dyn fmt::Write,
        meter: &mut M,
    ) -> fmt::Result {
        meter.record(Op::Copy, u32::from(handle.length));
        self.pieces(handle).try_for_each(|piece| out.write_str(piece))
    }

    /// Frees everything.
    pub fn clear(&mut self) {
        *self.state = PoolState::default();
    }

    /// How many blocks are free.
    pub fn free_blocks(&self) -> usize {
        self.blocks.len() - usize::from(self.state.in_use)
    }

    fn block_mut(&mut self, number: u16) -> Option<&mut Block> {
        self.blocks.get_mut(usize::from(number.checked_sub(1)?))
    }

    fn take_block(&mut self) -> u16 {
        self.state.in_use += 1;
        let number = self.state.free;
        if let Some(next) = self.block_mut(number).map(|block| block.next) {
            self.state.free = next;
            return number;
        }
        self.state.fresh += 1;
        self.state.fresh
    }
}

/// Reports that `bytes` of a text were read.
fn record_read<M: Meter>(bytes: u32, meter: &mut M) {
    meter.record(Op::Text, bytes);
    meter.record(Op::Block, 1 + bytes.div_ceil(BLOCK_TEXT as u32));
}

/// Cuts a text into pieces of at most [`BLOCK_TEXT`] bytes, at character boundaries.
fn block_texts(mut text: &str) -> impl Iterator<Item = &str> {
    core::iter::from_fn(move || {
        let (piece, rest) = text.split_at_checked(text.floor_char_boundary(BLOCK_TEXT))?;
        text = rest;
        (!piece.is_empty()).then_some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::string::String;
    use std::vec;
    use std::vec::Vec;

    fn with_pool<R>(blocks: u32, body: impl FnOnce(&mut TextPool<'_>) -> R) -> R {
        let mut memory = vec![0u8; 16 + 32 * blocks as usize];
        body(&mut TextPool::carve(&mut Arena::new(&mut memory), blocks).unwrap())
    }

    #[test]
    fn a_text_that_does_not_fit_changes_nothing() {
        with_pool(2, |pool| {
            let kept = pool.store("kept", &mut ()).unwrap();
            let error = pool.store(&"x".repeat(30), &mut ()).unwrap_err();
            assert_eq!(error, PoolFull { needs: 58, free: 29 });
            assert_eq!(pool.free_blocks(), 1);
            assert!(pool.equals(kept, "kept", &mut ()));
        });
    }

    proptest! {
        #[test]
        fn texts_come_back_whole_and_blocks_are_never_lost(
            steps in proptest::collection::vec((any::<bool>(), "\\PC{0,60}"), 1..200)
        ) {
            with_pool(16, |pool| -> Result<(), TestCaseError> {
                let mut model: Vec<(TextHandle, String)> = Vec::new();
                for (remove, text) in steps {
                    if remove && !model.is_empty() {
                        let (handle, _) = model.remove(text.len() % model.len());
                        pool.free(handle, &mut ());
                    } else if let Ok(handle) = pool.store(&text, &mut ()) {
                        model.push((handle, text));
                    }
                    for (handle, text) in &model {
                        prop_assert!(pool.equals(*handle, text, &mut ()));
                    }
                }
                for (handle, _) in model {
                    pool.free(handle, &mut ());
                }
                prop_assert_eq!(pool.free_blocks(), 16);
                Ok(())
            })?;
        }
    }
}
