//! Output that never waits forever.
//!
//! A USB port takes 64 bytes and then nothing until a host reads; a firmware that waits for that hangs on every desk
//! where no terminal is open. Here a reply waits a bounded time for room. Then the rest of it is dropped, and the next
//! replies are dropped without waiting until there is room again. A reply is cut at its end only, never in its middle.

/// Where bytes go, and the clock by which to wait.
pub trait Sink {
    /// Takes a byte; false where there is no room now.
    fn put(&mut self, byte: u8) -> bool;

    /// Sends what waits for company.
    fn flush(&mut self);

    /// Microseconds since some instant.
    fn now(&mut self) -> u64;

    /// What to do while waiting.
    fn idle(&mut self) {}
}

/// How the writing to one sink stands.
#[derive(Clone, Copy, Debug)]
pub struct Outlet {
    /// The longest wait for room, in microseconds.
    patience: u64,
    /// The last wait was in vain, and there was no room since.
    stalled: bool,
    /// The rest of this reply is dropped.
    skipping: bool,
    dropped: u32,
}

impl Outlet {
    /// An outlet that waits at most `patience` microseconds without progress.
    pub const fn new(patience: u64) -> Self {
        Self { patience, stalled: false, skipping: false, dropped: 0 }
    }

    /// How many bytes were dropped, ever.
    pub fn dropped(&self) -> u32 {
        self.dropped
    }

    /// Begins a reply.
    pub fn begin(&mut self) {
        self.skipping = false;
    }

    /// Writes a part of a reply.
    pub fn write(&mut self, sink: &mut impl Sink, bytes: &[u8]) {
        for byte in bytes {
            if self.skipping || !self.put(sink, *byte) {
                self.skipping = true;
                self.dropped = self.dropped.saturating_add(1);
            }
        }
    }

    fn put(&mut self, sink: &mut impl Sink, byte: u8) -> bool {
        if sink.put(byte) {
            self.stalled = false;
            return true;
        }
        if self.stalled {
            return false;
        }
        let start = sink.now();
        while sink.now().saturating_sub(start) < self.patience {
            sink.idle();
            if sink.put(byte) {
                return true;
            }
        }
        self.stalled = true;
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    /// Takes bytes while there is room; a reader makes room for one every `pace` microseconds, if it reads at all.
    #[derive(Default)]
    struct Port {
        taken: Vec<u8>,
        room: usize,
        now: u64,
        pace: Option<u64>,
    }

    impl Sink for Port {
        fn put(&mut self, byte: u8) -> bool {
            let taken = self.room > 0;
            if taken {
                self.room -= 1;
                self.taken.push(byte);
            }
            taken
        }
        fn flush(&mut self) {}
        fn now(&mut self) -> u64 {
            self.now
        }
        fn idle(&mut self) {
            self.now += 1;
            self.room += usize::from(self.pace.is_some_and(|pace| self.now.is_multiple_of(pace)));
        }
    }

    fn reply(outlet: &mut Outlet, port: &mut Port, text: &[u8]) {
        outlet.begin();
        outlet.write(port, text);
    }

    #[test]
    fn a_slow_reader_gets_every_byte() {
        let mut port = Port { pace: Some(87), ..Port::default() };
        let mut outlet = Outlet::new(1_000);
        reply(&mut outlet, &mut port, &[b'x'; 500]);
        assert_eq!((port.taken.len(), outlet.dropped()), (500, 0));
    }

    #[test]
    fn without_a_reader_all_replies_together_wait_once() {
        let mut port = Port { room: 64, ..Port::default() };
        let mut outlet = Outlet::new(1_000);
        for _ in 0..100 {
            reply(&mut outlet, &mut port, &[b'x'; 100]);
        }
        assert_eq!(port.now, 1_000);
        assert_eq!((port.taken.len(), outlet.dropped()), (64, 9_936));
    }

    #[test]
    fn a_reader_who_comes_later_gets_whole_replies() {
        let mut port = Port { room: 3, ..Port::default() };
        let mut outlet = Outlet::new(10);
        reply(&mut outlet, &mut port, b"lost\n");
        port.taken.clear();
        outlet.begin();
        outlet.write(&mut port, b"begun without a reader, ");
        port.room = 1_000;
        outlet.write(&mut port, b"ended with one\n");
        assert_eq!(port.taken, b"");
        reply(&mut outlet, &mut port, b"role: HnswIndexer\n");
        assert_eq!(port.taken, b"role: HnswIndexer\n");
    }
}
