//! UART0 with an input queue that fills while a command runs.
//!
//! The hardware holds 128 bytes, 11 ms at 115,200 baud, which is less than many a command takes. The loop polls, as it does
//! for USB; only when it does not come round in time does an interrupt move what has arrived to the queue. So the console
//! works without interrupts too, and a chip at rest takes none.

use crate::console::{Device, Received};
use core::cell::RefCell;
use critical_section::Mutex;
use esp_hal::Blocking;
use esp_hal::uart::{Config, ConfigError, RxConfig, RxError, Uart, UartInterrupt};
use ruvllm_esp_firmware_logic::ring::Ring;

/// 180 ms at 115,200 baud.
type Queue = Ring<2_048>;

/// At how many bytes in the hardware the interrupt comes: half of them, so that it has 5 ms to come.
const THRESHOLD: u16 = 64;

/// The bytes that are moved to a queue at once.
const PIECE: usize = 32;

/// A UART whose input an interrupt moves to a queue.
pub struct Shared {
    uart: Uart<'static, Blocking>,
    lost: bool,
    /// The queue was full and the interrupt is off, as it could do nothing but come again.
    paused: bool,
}

static SHARED: Mutex<RefCell<Option<Shared>>> = Mutex::new(RefCell::new(None));

/// Apart from the rest, so that it is all zeros and takes no room in the image.
static QUEUE: Mutex<RefCell<Queue>> = Mutex::new(RefCell::new(Queue::new()));

impl Shared {
    /// Nothing has arrived yet.
    pub fn new(uart: Uart<'static, Blocking>) -> Self {
        Self { uart, lost: false, paused: false }
    }

    /// Moves what has arrived to the queue, as far as it fits.
    pub fn drain<const N: usize>(&mut self, queue: &mut Ring<N>) {
        let mut bytes = [0; PIECE];
        while let Some(slot) = bytes.get_mut(..queue.room().min(PIECE)).filter(|slot| !slot.is_empty()) {
            match self.uart.read_buffered(slot) {
                Ok(0) => return,
                Ok(count) => slot.iter().take(count).for_each(|byte| _ = queue.push(*byte)),
                Err(RxError::FifoOverflowed) => self.lost = true,
                // Noise on a line that nobody drives; what it corrupts, the reader refuses.
                Err(_) => {}
            }
        }
        self.uart.unlisten(UartInterrupt::RxFifoFull);
        self.paused = true;
    }

    /// Takes what has arrived, as far as it fits `bytes`: how much that is, and whether bytes were lost before the end of it.
    #[cfg(not(feature = "radio"))]
    pub fn take<const N: usize>(&mut self, queue: &mut Ring<N>, bytes: &mut [u8]) -> (usize, bool) {
        self.drain(queue);
        let slots = bytes.iter_mut();
        let count = slots.map_while(|slot| queue.pop().map(|byte| *slot = byte)).count();
        if core::mem::take(&mut self.paused) {
            self.uart.listen(UartInterrupt::RxFifoFull);
        }
        (count, core::mem::take(&mut self.lost))
    }

    /// Sends what there is room for now, and says how many bytes that were.
    pub fn send(&mut self, bytes: &[u8]) -> usize {
        if self.uart.write_ready() { self.uart.write(bytes).unwrap_or(0) } else { 0 }
    }

    fn receive(&mut self, queue: &mut Queue) -> Received {
        self.drain(queue);
        if core::mem::take(&mut self.lost) {
            return Received::Lost;
        }
        let received = queue.pop().map_or(Received::Nothing, Received::Byte);
        if core::mem::take(&mut self.paused) {
            self.uart.listen(UartInterrupt::RxFifoFull);
        }
        received
    }
}

#[esp_hal::handler]
fn arrived() {
    with(&SHARED, &QUEUE, Shared::drain);
}

/// Does something with a UART and its queue while no interrupt does.
pub fn with<const N: usize, R>(
    shared: &Mutex<RefCell<Option<Shared>>>,
    queue: &Mutex<RefCell<Ring<N>>>,
    act: impl FnOnce(&mut Shared, &mut Ring<N>) -> R,
) -> Option<R> {
    critical_section::with(|section| {
        let mut queue = queue.borrow_ref_mut(section);
        shared.borrow_ref_mut(section).as_mut().map(|shared| act(shared, &mut queue))
    })
}

/// The settings of the console: 115,200 baud, 8N1.
pub fn config() -> Config {
    Config::default().with_rx(RxConfig::default().with_fifo_full_threshold(THRESHOLD))
}

/// The console's end of UART0.
pub struct UartPort(());

impl UartPort {
    /// Takes over the UART, with the outcome of opening it.
    ///
    /// # Errors
    /// That outcome.
    #[inline(never)]
    pub fn new(uart: Result<Uart<'static, Blocking>, ConfigError>) -> Result<Self, ConfigError> {
        let mut uart = uart?;
        uart.set_interrupt_handler(arrived);
        uart.listen(UartInterrupt::RxFifoFull);
        critical_section::with(|section| SHARED.replace(section, Some(Shared::new(uart))));
        Ok(Self(()))
    }
}

impl Device for UartPort {
    fn receive(&mut self) -> Received {
        with(&SHARED, &QUEUE, Shared::receive).unwrap_or(Received::Nothing)
    }

    fn send(&mut self, byte: u8) -> bool {
        with(&SHARED, &QUEUE, |shared, _| shared.send(&[byte]) > 0).unwrap_or(false)
    }
}
