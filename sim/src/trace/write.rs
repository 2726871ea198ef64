//! A run into a trace, line by line.
//!
//! The bytes of a frame are written where it is sent; who receives it names it by its number. So a frame that forty
//! chips receive takes its bytes once.

use super::checksum::Checksum;
use super::event::{End, Event, Header, Hex, What};
use std::collections::{HashMap, VecDeque};
use std::io::{self, Write};
use std::sync::Arc;

/// This many of the last frames can be named by who receives them. A frame is on its way for less than a second.
const RECENT: usize = 1 << 16;

/// Writes a trace.
#[derive(Debug)]
pub struct Writer<Out> {
    out: Out,
    events: u64,
    checksum: Checksum,
    recent: Recent,
}

/// The last frames that were sent.
#[derive(Debug, Default)]
struct Recent {
    numbers: HashMap<Arc<[u8]>, u64>,
    order: VecDeque<(Arc<[u8]>, u64)>,
    next: u64,
}

impl<Out: Write> Writer<Out> {
    /// Begins a trace.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn begin(out: Out, header: &Header) -> io::Result<Self> {
        let recent = Recent::default();
        let mut writer = Self { out, events: 0, checksum: Checksum::default(), recent };
        writer.line(header)?;
        Ok(writer)
    }

    /// Writes an event.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn event(&mut self, event: &Event) -> io::Result<()> {
        self.events += 1;
        self.line(event)
    }

    /// A frame was handed to a driver.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn sent(&mut self, at: u64, chip: u32, port: u8, bytes: &Arc<[u8]>) -> io::Result<()> {
        let number = self.recent.add(bytes);
        self.event(&Event(at, Some(chip), What::Sent(port, number, Hex(bytes.clone()))))
    }

    /// A frame was taken from a port.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn received(&mut self, at: u64, chip: u32, port: u8, bytes: &Arc<[u8]>) -> io::Result<()> {
        let what = match self.recent.numbers.get(bytes) {
            Some(number) => What::Received(port, *number),
            None => What::Corrupted(port, Hex(bytes.clone())),
        };
        self.event(&Event(at, Some(chip), what))
    }

    /// Ends the trace; gives back where it was written.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn end(mut self, at: u64) -> io::Result<Out> {
        let end = End { events: self.events, checksum: self.checksum.0 };
        self.line(&Event(at, None, What::End(end)))?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn line(&mut self, value: &impl serde::Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(value)?;
        line.push(b'\n');
        self.checksum.add(&line);
        self.out.write_all(&line)
    }
}

impl Recent {
    fn add(&mut self, bytes: &Arc<[u8]>) -> u64 {
        let number = self.next;
        self.next += 1;
        self.numbers.insert(bytes.clone(), number);
        self.order.push_back((bytes.clone(), number));
        if self.order.len() > RECENT
            && let Some((oldest, number)) = self.order.pop_front()
            && self.numbers.get(&oldest) == Some(&number)
        {
            self.numbers.remove(&oldest);
        }
        number
    }
}
