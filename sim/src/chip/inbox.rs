//! Frames on their way to a chip, and the receive buffer in which they wait for its program.

use super::frame::RxFrame;
use super::link::RECEIVE_BUFFER;
use ruvllm_esp_core::units::Nanos;
use std::collections::VecDeque;

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Inbox {
    /// By ascending time, at one time by port.
    coming: VecDeque<RxFrame>,
    buffer: VecDeque<RxFrame>,
}

impl Inbox {
    /// A frame will arrive.
    pub fn push(&mut self, frame: RxFrame) {
        let key = |frame: &RxFrame| (frame.at, frame.port);
        // Nearly all come in order, so the index is near the end.
        let index =
            self.coming.iter().rposition(|before| key(before) <= key(&frame)).map_or(0, |before| before + 1);
        self.coming.insert(index, frame);
    }

    /// When the program has something to take; zero where it has already.
    pub fn next(&self) -> Option<Nanos> {
        if self.buffer.is_empty() { self.coming.front().map(|frame| frame.at) } else { Some(Nanos(0)) }
    }

    /// Buffers what has arrived by `now`, and says how many frames gave way to it.
    pub fn absorb(&mut self, now: Nanos) -> u32 {
        let mut gave_way = 0;
        while let Some(frame) = self.coming.pop_front_if(|frame| frame.at <= now) {
            if self.buffer.len() >= RECEIVE_BUFFER {
                self.buffer.pop_front();
                gave_way += 1;
            }
            self.buffer.push_back(frame);
        }
        gave_way
    }

    /// The oldest frame in the buffer.
    pub fn pop(&mut self) -> Option<RxFrame> {
        self.buffer.pop_front()
    }

    /// The chip lost its power: nothing of this arrives.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn frame(at: u64, port: u8) -> RxFrame {
        RxFrame { at: Nanos(at), port, from: 0, bytes: Arc::from([]) }
    }

    #[test]
    fn frames_are_taken_in_the_order_of_time_and_port() {
        let mut inbox = Inbox::default();
        [(5, 0), (3, 1), (3, 0), (9, 0)].into_iter().for_each(|(at, port)| inbox.push(frame(at, port)));
        assert_eq!(inbox.next(), Some(Nanos(3)));
        assert_eq!(inbox.absorb(Nanos(5)), 0);
        assert_eq!(inbox.next(), Some(Nanos(0)));
        let taken: Vec<_> = std::iter::from_fn(|| inbox.pop()).map(|one| (one.at.get(), one.port)).collect();
        assert_eq!(taken, [(3, 0), (3, 1), (5, 0)]);
        assert_eq!(inbox.next(), Some(Nanos(9)));
    }

    #[test]
    fn the_oldest_gives_way_when_the_buffer_is_full() {
        let mut inbox = Inbox::default();
        (0..RECEIVE_BUFFER as u64 + 3).for_each(|at| inbox.push(frame(at, 0)));
        assert_eq!(inbox.absorb(Nanos(100)), 3);
        assert_eq!(inbox.pop().unwrap().at, Nanos(3));
        inbox.push(frame(101, 0));
        assert_eq!(inbox.absorb(Nanos(101)), 0, "what was taken makes room");
    }
}
