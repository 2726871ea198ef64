//! What a kernel did, counted: the link between code and its cost on a chip.
//!
//! A kernel is generic over its [`Meter`] and reports its inner-loop steps. On a chip the meter is `()`: every report is
//! an empty inlined call, and the machine code is the same as without it (`just check-meter` compares the two). In the
//! simulator the meter counts, and a chip's cost table turns the counts into cycles.

/// One kind of work, as the core's own loops do it.
///
/// An operation stands for a whole step of a loop (its loads, its arithmetic, its share of the loop control), because
/// that is what can have a cost: single instructions overlap differently on every chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Op {
    /// Entry into a kernel: call, prologue, return.
    Call,
    /// One i8 x i8 multiply-accumulate of a dot product.
    Mac,
    /// One element of a sum of squared differences of i8.
    Difference,
    /// One element of a sum of absolute differences of i8.
    Absolute,
    /// One 32-bit word of a Hamming distance: exclusive or, population count, add.
    Popcount,
    /// One byte folded into a running hash: exclusive or, multiply.
    Hash,
    /// One byte classified, folded to lower case or parsed.
    Byte,
    /// One byte copied, filled or compared.
    Copy,
    /// One data-dependent comparison with its branch: a step of a sort, a heap or a scan.
    Compare,
    /// One word read from a table at a computed index.
    Load,
    /// One word written to a table at a computed index.
    Store,
    /// One 32-bit add, subtract, shift or logical operation outside the steps above.
    Alu,
    /// One 32-bit multiplication outside the steps above.
    Mul,
    /// One 64-bit multiply or multiply-accumulate.
    MulWide,
    /// One 32-bit division or remainder.
    Div,
    /// One 64-bit division or remainder.
    DivWide,
    /// One binary digit of an integer square root of 64 bits.
    Root,
    /// One word of memory zeroed.
    Fill,
    /// One slot of a table looked at in a linear scan.
    Scan,
    /// One byte of a stored text written, read or compared, along its chain of blocks.
    Text,
    /// One block of a stored text found, and its text cut out of or put into it.
    Block,
    /// One part of a product code looked up and added.
    Lookup,
    /// One link of a graph followed: is its node new?
    Link,
    /// One letter of a word taken into the window of the embedder.
    Symbol,
    /// One letter pattern hashed and added to four sums of the embedder.
    Pattern,
    /// One component of an embedding scaled to the norm.
    Scale,
    /// One lag of a sample stream continued by a reading.
    Lag,
    /// One past of a sample stream compared with the latest readings.
    Neighbour,
    /// One block of 8 bytes taken into the tag of a frame (SipHash-2-4).
    SipBlock,
    /// One block of 64 bytes of the cipher of frames (ChaCha20).
    CipherBlock,
    /// One block of 16 bytes taken into the tag of an encrypted frame (Poly1305).
    PolyBlock,
    /// One byte received and put into a line.
    Receive,
    /// One line of the console taken: split, dispatched, its role carved.
    Command,
    /// One piece of text formatted and handed to the output.
    WriteCall,
    /// One word of a large memory zeroed in one go.
    Memset,
    /// One byte of a reply put to a serial port.
    TxByte,
    /// One line taken off a serial port and answered, beside all that it does.
    PollLoop,
    /// One line of the flash cache filled with code or constants.
    ICacheFill,
}

impl Op {
    /// Every operation, in the order of its discriminant.
    pub const ALL: [Op; 38] = [
        Op::Call,
        Op::Mac,
        Op::Difference,
        Op::Absolute,
        Op::Popcount,
        Op::Hash,
        Op::Byte,
        Op::Copy,
        Op::Compare,
        Op::Load,
        Op::Store,
        Op::Alu,
        Op::Mul,
        Op::MulWide,
        Op::Div,
        Op::DivWide,
        Op::Root,
        Op::Fill,
        Op::Scan,
        Op::Text,
        Op::Block,
        Op::Lookup,
        Op::Link,
        Op::Symbol,
        Op::Pattern,
        Op::Scale,
        Op::Lag,
        Op::Neighbour,
        Op::SipBlock,
        Op::CipherBlock,
        Op::PolyBlock,
        Op::Receive,
        Op::Command,
        Op::WriteCall,
        Op::Memset,
        Op::TxByte,
        Op::PollLoop,
        Op::ICacheFill,
    ];

    /// The name used in cost tables, reports and errors.
    pub const fn name(self) -> &'static str {
        match self {
            Op::Call => "call",
            Op::Mac => "mac",
            Op::Difference => "difference",
            Op::Absolute => "absolute",
            Op::Popcount => "popcount",
            Op::Hash => "hash",
            Op::Byte => "byte",
            Op::Copy => "copy",
            Op::Compare => "compare",
            Op::Load => "load",
            Op::Store => "store",
            Op::Alu => "alu",
            Op::Mul => "mul",
            Op::MulWide => "mul-wide",
            Op::Div => "div",
            Op::DivWide => "div-wide",
            Op::Root => "root",
            Op::Fill => "fill",
            Op::Scan => "scan",
            Op::Text => "text",
            Op::Block => "block",
            Op::Lookup => "lookup",
            Op::Link => "link",
            Op::Symbol => "symbol",
            Op::Pattern => "pattern",
            Op::Scale => "scale",
            Op::Lag => "lag",
            Op::Neighbour => "neighbour",
            Op::SipBlock => "sip-block",
            Op::CipherBlock => "cipher-block",
            Op::PolyBlock => "poly-block",
            Op::Receive => "receive",
            Op::Command => "command",
            Op::WriteCall => "write-call",
            Op::Memset => "memset",
            Op::TxByte => "tx-byte",
            Op::PollLoop => "poll-loop",
            Op::ICacheFill => "icache-fill",
        }
    }
}

/// Receives the work that a kernel reports.
pub trait Meter {
    /// `count` steps of `op` were done.
    fn record(&mut self, op: Op, count: u32);
}

/// The meter of a chip: nothing is counted, and nothing is paid for not counting.
impl Meter for () {
    #[inline(always)]
    fn record(&mut self, _: Op, _: u32) {}
}

/// Counts every operation, saturating.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts([u64; Op::ALL.len()]);

impl Default for Counts {
    fn default() -> Self {
        Self([0; Op::ALL.len()])
    }
}

impl Counts {
    /// How many steps of `op` were recorded.
    pub fn of(&self, op: Op) -> u64 {
        self.0.get(op as usize).copied().unwrap_or(0)
    }

    /// Each operation that was recorded at least once, with its count.
    pub fn iter(&self) -> impl Iterator<Item = (Op, u64)> + '_ {
        Op::ALL.into_iter().zip(self.0).filter(|(_, count)| *count > 0)
    }

    /// Adds what `other` counted.
    pub fn add(&mut self, other: &Counts) {
        for (sum, count) in self.0.iter_mut().zip(other.0) {
            *sum = sum.saturating_add(count);
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.0 = [0; Op::ALL.len()];
    }
}

impl Meter for Counts {
    fn record(&mut self, op: Op, count: u32) {
        if let Some(slot) = self.0.get_mut(op as usize) {
            *slot = slot.saturating_add(u64::from(count));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_lists_each_operation_at_its_discriminant() {
        for (position, op) in Op::ALL.into_iter().enumerate() {
            assert_eq!(op as usize, position, "{}", op.name());
        }
    }

    #[test]
    fn counts_add_up_and_saturate() {
        let mut counts = Counts::default();
        counts.record(Op::Mac, 3);
        counts.record(Op::Mac, 4);
        assert_eq!(counts.of(Op::Mac), 7);
        assert_eq!(counts.iter().count(), 1);
    }
}
