//! Bytes that arrived before anyone asked: a queue of fixed length.

/// A queue of at most `N` bytes.
#[derive(Clone, Debug)]
pub struct Ring<const N: usize> {
    bytes: [u8; N],
    first: usize,
    length: usize,
}

impl<const N: usize> Default for Ring<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Ring<N> {
    /// An empty queue, all zeros.
    pub const fn new() -> Self {
        Self { bytes: [0; N], first: 0, length: 0 }
    }

    /// How many bytes still fit.
    pub fn room(&self) -> usize {
        N - self.length
    }

    /// Adds a byte at the end; false where none fits.
    pub fn push(&mut self, byte: u8) -> bool {
        let at = (self.first + self.length) % N.max(1);
        match self.bytes.get_mut(at) {
            Some(slot) if self.length < N => {
                *slot = byte;
                self.length += 1;
                true
            }
            _ => false,
        }
    }

    /// Takes the byte that waited longest.
    pub fn pop(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.first).copied().filter(|_| self.length > 0)?;
        self.first = (self.first + 1) % N.max(1);
        self.length -= 1;
        Some(byte)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::VecDeque;

    proptest! {
        #[test]
        fn it_is_a_queue_that_refuses_what_does_not_fit(steps in proptest::collection::vec(any::<Option<u8>>(), 0..200)) {
            let (mut ring, mut model) = (Ring::<7>::default(), VecDeque::new());
            for step in steps {
                match step {
                    Some(byte) => {
                        let fits = model.len() < 7;
                        if fits {
                            model.push_back(byte);
                        }
                        prop_assert_eq!(ring.push(byte), fits);
                    }
                    None => prop_assert_eq!(ring.pop(), model.pop_front()),
                }
                prop_assert_eq!(ring.room(), 7 - model.len());
            }
        }
    }
}
