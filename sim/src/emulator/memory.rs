//! A bank of memory as words, and marks on what is watched in it.
//!
//! Words, not bytes: rotating a byte offset right by two turns "aligned and in range" into a single comparison,
//! which is what the fast path of the block interpreter is made of. Byte order is little-endian on any host.

/// Bytes that one mark of [`Marks::chunks`] stands for.
const CHUNK_SHIFT: u32 = 6;

/// Reads `bytes` (1, 2 or 4) at any offset; `None` beyond the end.
pub fn read(words: &[u32], offset: u32, bytes: u32) -> Option<u32> {
    let index = (offset >> 2) as usize;
    let shift = (offset & 3) * 8;
    let low = u64::from(*words.get(index)?);
    let crosses = (offset & 3) + bytes > 4;
    let high = if crosses { u64::from(*words.get(index + 1)?) } else { 0 };
    let mask = (1u64 << (bytes * 8)) - 1;
    Some((((high << 32 | low) >> shift) & mask) as u32)
}

/// Writes the lowest `bytes` (1, 2 or 4) of `value` at any offset; `None`, and nothing written, beyond the end.
pub fn write(words: &mut [u32], offset: u32, bytes: u32, value: u32) -> Option<()> {
    let index = (offset >> 2) as usize;
    let shift = (offset & 3) * 8;
    let mask = ((1u64 << (bytes * 8)) - 1) << shift;
    let bits = (u64::from(value) << shift) & mask;
    let crosses = (offset & 3) + bytes > 4;
    if crosses {
        let high = words.get_mut(index + 1)?;
        *high = *high & !((mask >> 32) as u32) | (bits >> 32) as u32;
    }
    let low = words.get_mut(index)?;
    *low = *low & !(mask as u32) | bits as u32;
    Some(())
}

/// Writes a byte string; `None` where it does not fit, and what fitted is written.
pub fn write_bytes(words: &mut [u32], offset: u32, bytes: &[u8]) -> Option<()> {
    for (position, &byte) in bytes.iter().enumerate() {
        write(words, offset.checked_add(u32::try_from(position).ok()?)?, 1, u32::from(byte))?;
    }
    Some(())
}

/// Which parts of a bank hold decoded instructions or a watched word, so that a store to them is noticed.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    /// One byte for each 64 bytes of memory, not zero when something in there is marked.
    pub chunks: Vec<u8>,
    /// One bit for each halfword that was decoded.
    code: Vec<u64>,
}

impl Marks {
    /// No marks over a bank of `bytes`.
    pub fn new(bytes: u32) -> Self {
        let chunks = vec![0; bytes.div_ceil(1 << CHUNK_SHIFT) as usize];
        Self { chunks, code: vec![0; bytes.div_ceil(128) as usize] }
    }

    /// Whether the fast path may store within the aligned word at `offset`.
    #[inline(always)]
    pub fn is_clear(chunks: &[u8], offset: u32) -> bool {
        chunks.get((offset >> CHUNK_SHIFT) as usize) == Some(&0)
    }

    /// Takes every store near `offset` to the slow path.
    pub fn watch(&mut self, offset: u32) {
        if let Some(chunk) = self.chunks.get_mut((offset >> CHUNK_SHIFT) as usize) {
            *chunk = 1;
        }
    }

    /// Marks an instruction of `length` bytes as decoded.
    pub fn mark_code(&mut self, offset: u32, length: u32) {
        for halfword in [offset, offset + length - 2] {
            if let Some(bits) = self.code.get_mut((halfword >> 7) as usize) {
                *bits |= 1 << ((halfword >> 1) & 63);
            }
            self.watch(halfword);
        }
    }

    /// Whether a store of `bytes` at `offset` changes a decoded instruction.
    pub fn holds_code(&self, offset: u32, bytes: u32) -> bool {
        let marked =
            |at: u32| self.code.get((at >> 7) as usize).is_some_and(|bits| bits >> ((at >> 1) & 63) & 1 != 0);
        marked(offset) || marked(offset.wrapping_add(bytes - 1)) || marked(offset.wrapping_add(bytes / 2))
    }

    /// Forgets the decoded instructions. Chunks stay marked, which only costs speed.
    pub fn clear_code(&mut self) {
        self.code.fill(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_alignment_reads_and_writes_little_endian() {
        let mut words = [0u32; 2];
        assert_eq!(write(&mut words, 3, 4, 0xaabb_ccdd), Some(()));
        assert_eq!(words, [0xdd00_0000, 0x00aa_bbcc]);
        assert_eq!(read(&words, 3, 4), Some(0xaabb_ccdd));
        assert_eq!(read(&words, 5, 2), Some(0xaabb));
        assert_eq!(read(&words, 6, 1), Some(0xaa));
    }

    #[test]
    fn beyond_the_end_nothing_is_written() {
        let mut words = [0u32; 1];
        assert_eq!(write(&mut words, 2, 4, u32::MAX), None);
        assert_eq!(words, [0]);
        assert_eq!((read(&words, 4, 1), read(&words, 3, 2)), (None, None));
    }

    #[test]
    fn only_stores_that_touch_an_instruction_count() {
        let mut marks = Marks::new(256);
        marks.mark_code(10, 4);
        let touched: Vec<u32> = (0..20).filter(|&offset| marks.holds_code(offset, 4)).collect();
        assert_eq!(touched, [7, 8, 9, 10, 11, 12, 13]);
        assert!(!Marks::is_clear(&marks.chunks, 60) && Marks::is_clear(&marks.chunks, 64));
        marks.clear_code();
        assert!(!marks.holds_code(10, 4));
    }
}
