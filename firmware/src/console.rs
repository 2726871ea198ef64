//! The console on every port the chip has: UART0, and USB-Serial-JTAG where there is one.
//!
//! Each port has its own line, its own mode and its own patience, and a reply goes to the port that asked. Input is
//! polled, also while output waits. Output never waits forever (see the `outlet` module of the logic crate).

use crate::clock;
use core::fmt;
use ruvllm_esp_core::console::{Failure, LineAssembler};
use ruvllm_esp_firmware_logic::editor::{Editor, KeyInput, Mode, PROMPT};
use ruvllm_esp_firmware_logic::outlet::{Outlet, Sink};
use ruvllm_esp_firmware_logic::ring::Ring;

#[cfg(feature = "usb-serial-jtag")]
pub use usb::UsbPort;

/// The longest wait for a host to make room, in microseconds.
const PATIENCE: u64 = 50_000;

/// What is said when input came faster than it was read.
const INPUT_LOST: &str = "err: input-lost bytes came faster than they were read; wait for each reply\n";

/// A serial device, without waiting.
pub trait Device {
    /// The next byte that has arrived.
    fn receive(&mut self) -> Received;

    /// Sends a byte; false where there is no room now.
    fn send(&mut self, byte: u8) -> bool;

    /// Sends what waits for company.
    fn flush(&mut self) {}
}

/// What a device has to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// Nothing.
    Nothing,
    /// A byte.
    Byte(u8),
    /// Bytes were lost before this.
    Lost,
}

/// The bytes of input that a port takes off its device ahead of the line it is at.
const AHEAD: usize = 64;

/// Answers a line, by writing to where it came from.
pub type Answer<'a> = dyn FnMut(Result<&str, Failure>, &mut dyn fmt::Write) + 'a;

/// A device with its line.
pub struct Port<D> {
    wire: Wire<D>,
    outlet: Outlet,
    editor: Editor,
    assembler: LineAssembler,
}

/// A device with its input queue.
struct Wire<D> {
    device: D,
    ring: Ring<AHEAD>,
    lost: bool,
}

impl<D: Device> Sink for Wire<D> {
    fn put(&mut self, byte: u8) -> bool {
        self.device.send(byte)
    }

    fn flush(&mut self) {
        self.device.flush();
    }

    fn now(&mut self) -> u64 {
        clock::now().get()
    }

    fn idle(&mut self) {
        while self.ring.room() > 0 {
            match self.device.receive() {
                Received::Nothing => return,
                Received::Byte(byte) => _ = self.ring.push(byte),
                Received::Lost => self.lost = true,
            }
        }
    }
}

/// Writes a reply as the one at the other end wants it: a terminal needs a carriage return before a line feed.
struct Reply<'p, S> {
    sink: &'p mut S,
    outlet: &'p mut Outlet,
    mode: Mode,
}

impl<S: Sink> fmt::Write for Reply<'_, S> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for part in text.split_inclusive('\n') {
            let line = part.strip_suffix('\n');
            self.outlet.write(self.sink, line.unwrap_or(part).as_bytes());
            if line.is_some() {
                self.outlet.write(self.sink, if self.mode == Mode::Echo { b"\r\n" } else { b"\n" });
            }
        }
        Ok(())
    }
}

impl<D: Device> Port<D> {
    /// A port in raw mode.
    pub fn new(device: D) -> Self {
        let wire = Wire { device, ring: Ring::default(), lost: false };
        let (editor, assembler) = (Editor::default(), LineAssembler::default());
        Self { wire, outlet: Outlet::new(PATIENCE), editor, assembler }
    }

    /// How many bytes of output were dropped for want of a reader.
    pub fn dropped(&self) -> u32 {
        self.outlet.dropped()
    }

    /// Says something unasked.
    pub fn emit(&mut self, emit: &mut dyn FnMut(&mut dyn fmt::Write)) {
        let Self { wire, outlet, editor, .. } = self;
        outlet.begin();
        emit(&mut Reply { sink: wire, outlet, mode: editor.mode() });
        self.wire.flush();
    }

    /// Takes what has arrived, up to the end of one line, and has that `answer`ed.
    pub fn poll(&mut self, answer: &mut Answer<'_>) {
        self.wire.idle();
        if core::mem::take(&mut self.wire.lost) {
            self.emit(&mut |out| _ = out.write_str(INPUT_LOST));
        }
        while let Some(byte) = self.wire.ring.pop() {
            if self.on_byte(byte, answer) {
                return;
            }
        }
    }

    /// Takes one byte; true where it ended a line.
    fn on_byte(&mut self, byte: u8, answer: &mut Answer<'_>) -> bool {
        let Self { wire, outlet, editor, assembler } = self;
        let mode = editor.mode();
        outlet.begin();
        let given = editor.push(byte, &mut |shown| outlet.write(wire, shown));
        let line = match given {
            KeyInput::Nothing => None,
            KeyInput::Byte(byte) => assembler.push(byte),
            KeyInput::Line(line) => {
                for byte in line {
                    // No byte of an edited line ends it.
                    let _ = assembler.push(*byte);
                }
                assembler.push(b'\n')
            }
        };
        let ended = line.is_some();
        if let Some(line) = line {
            answer(line, &mut Reply { sink: wire, outlet, mode });
            if mode == Mode::Echo {
                outlet.write(wire, PROMPT);
            }
        }
        wire.flush();
        ended
    }
}

#[cfg(feature = "usb-serial-jtag")]
mod usb {
    use super::{Device, Received};
    use esp_hal::Blocking;
    use esp_hal::usb::usb_serial_jtag::UsbSerialJtag;

    /// The USB port, with what it takes to flush it once a reply and not once a byte.
    pub struct UsbPort {
        device: UsbSerialJtag<'static, Blocking>,
        unsent: bool,
    }

    impl UsbPort {
        /// Wraps the driver.
        pub fn new(device: UsbSerialJtag<'static, Blocking>) -> Self {
            Self { device, unsent: false }
        }
    }

    impl Device for UsbPort {
        fn receive(&mut self) -> Received {
            self.device.read_byte().map_or(Received::Nothing, Received::Byte)
        }

        fn send(&mut self, byte: u8) -> bool {
            let sent = self.device.write_byte_nb(byte).is_ok();
            self.unsent |= sent;
            sent
        }

        fn flush(&mut self) {
            if core::mem::take(&mut self.unsent) {
                // Where the host does not read, the bytes stay; nothing is to be done about it here.
                let _ = self.device.flush_tx_nb();
            }
        }
    }
}
