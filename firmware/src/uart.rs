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

/// The UART and what it received.
struct Shared {
    uart: Uart<'static, Blocking>,
    lost: bool,
    /// The queue was full and the interrupt is off, as it could do nothing but come again.
    paused: bool,
}

static SHARED: Mutex<RefCell<Option<Shared>>> = Mutex::new(RefCell::new(None));

/// Apart from the rest, so that it is all zeros and takes no room in the image.
static QUEUE: Mutex<RefCell<Queue>> = Mutex::new(RefCell::new(Queue::new()));

impl Shared {
    /// Moves what has arrived to the queue, as far as it fits.
    fn drain(&mut self, queue: &mut Queue) {
        let mut byte = [0];
        while queue.room() > 0 {
            match self.uart.read_buffered(&mut byte) {
                Ok(0) => return,
                Ok(_) => _ = queue.push(byte[0]),
                Err(RxError::FifoOverflowed) => self.lost = true,
                // Noise on a line that nobody drives; what it spoils, the console refuses.
                Err(_) => {}
            }
        }
        self.uart.unlisten(UartInterrupt::RxFifoFull);
        self.paused = true;
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
    with(Shared::drain);
}

fn with<R>(act: impl FnOnce(&mut Shared, &mut Queue) -> R) -> Option<R> {
    critical_section::with(|section| {
        let mut queue = QUEUE.borrow_ref_mut(section);
        SHARED.borrow_ref_mut(section).as_mut().map(|shared| act(shared, &mut queue))
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
        critical_section::with(|section| {
            SHARED.replace(section, Some(Shared { uart, lost: false, paused: false }));
        });
        Ok(Self(()))
    }
}

impl Device for UartPort {
    fn receive(&mut self) -> Received {
        with(Shared::receive).unwrap_or(Received::Nothing)
    }

    fn send(&mut self, byte: u8) -> bool {
        with(|shared, _| shared.uart.write_ready() && shared.uart.write(&[byte]).is_ok()).unwrap_or(false)
    }
}
