//! An output that counts the calls that write to it.
//!
//! Each call costs a chip about as much as dozens of characters ([`Op::WriteCall`](crate::meter::Op::WriteCall)). The agent
//! does not see them: it writes to any output that it is handed, so the caller counts.

use core::fmt;

/// See the module.
pub struct WriteCounter<W> {
    /// What it writes to.
    pub out: W,
    /// How many calls there were.
    pub calls: u32,
}

impl<W> fmt::Debug for WriteCounter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteCounter").field("calls", &self.calls).finish_non_exhaustive()
    }
}

impl<W> WriteCounter<W> {
    /// An output on top of `out`.
    pub fn new(out: W) -> Self {
        Self { out, calls: 0 }
    }
}

impl<W: fmt::Write> fmt::Write for WriteCounter<W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.calls = self.calls.saturating_add(1);
        self.out.write_str(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::fmt::Write;
    use std::string::String;

    #[test]
    fn every_piece_of_a_formatted_text_is_a_call() {
        let (mut out, [one, two]) = (WriteCounter::new(String::new()), [1, 2]);
        write!(out, "{one} of {two}").unwrap();
        assert_eq!((out.out.as_str(), out.calls), ("1 of 2", 3));
    }
}
