//! The link to other chips over UART1: 921,600 baud, 8N1, transmit to receive crosswise.
//!
//! At this rate the 128 bytes of the hardware are full in 1.4 ms, and many a command takes longer. So an interrupt comes
//! when half of them are there and moves them to a queue: 0.7 ms before a byte is lost, 22 ms before the queue is full.
//! A sender of more than that while a command runs, or anything while the flash is written (which holds interrupts up
//! for tens of milliseconds), loses frames, and sends them again. What is sent goes out as the loop comes round; a frame
//! may pause on the line, which costs time and nothing else.

use crate::link::{Link, Traffic};
use crate::uart::{self, Shared};
use core::cell::RefCell;
use critical_section::Mutex;
use esp_hal::Blocking;
use esp_hal::uart::{Config, ConfigError, RxConfig, Uart, UartInterrupt};
use ruvllm_esp_core::wire::link::LinkKind;
use ruvllm_esp_firmware_logic::ring::Ring;
use ruvllm_esp_firmware_logic::stream::{Rx, Tx};
use static_cell::StaticCell;

/// 22 ms at 921,600 baud.
const QUEUE_BYTES: usize = 2_048;
type Queue = Ring<QUEUE_BYTES>;

/// At how many bytes in the hardware the interrupt comes: half of them.
const THRESHOLD: u16 = 64;

/// The bytes taken off the queue at once.
const PIECE: usize = 64;

static SHARED: Mutex<RefCell<Option<Shared>>> = Mutex::new(RefCell::new(None));

/// Apart from the rest, so that it is all zeros and takes no room in the image.
static QUEUE: Mutex<RefCell<Queue>> = Mutex::new(RefCell::new(Queue::new()));

#[esp_hal::handler]
fn arrived() {
    with(Shared::drain);
}

fn with<R>(act: impl FnOnce(&mut Shared, &mut Queue) -> R) -> Option<R> {
    uart::with(&SHARED, &QUEUE, act)
}

/// The settings of the line.
pub fn config() -> Config {
    let receiver = RxConfig::default().with_fifo_full_threshold(THRESHOLD);
    Config::default().with_baudrate(921_600).with_rx(receiver)
}

/// This chip's end of the line.
pub struct Wired {
    rx: Rx,
    tx: Tx,
    traffic: Traffic,
}

impl Wired {
    /// Takes over the UART, with the outcome of opening it; nothing where it did not open, or was taken over before.
    #[inline(never)]
    pub fn open(uart: Result<Uart<'static, Blocking>, ConfigError>) -> Option<&'static mut Self> {
        static WIRED: StaticCell<Wired> = StaticCell::new();
        let mut uart = uart.ok()?;
        uart.set_interrupt_handler(arrived);
        uart.listen(UartInterrupt::RxFifoFull);
        critical_section::with(|section| SHARED.replace(section, Some(Shared::new(uart))));
        let slot = WIRED.try_uninit()?;
        Some(slot.write(Self { rx: Rx::new(), tx: Tx::new(), traffic: Traffic::default() }))
    }

    fn drain_out(&mut self) {
        self.tx.send(|bytes| with(|shared, _| shared.send(bytes)).unwrap_or(0));
    }
}

impl Link for Wired {
    const KIND: LinkKind = LinkKind::Uart;

    fn poll(&mut self, take: &mut dyn FnMut(&[u8])) {
        self.drain_out();
        // No more than the queue holds: a continuous sender does not hold the loop here.
        for _ in 0..QUEUE_BYTES / PIECE {
            let mut bytes = [0; PIECE];
            let (count, lost) = with(|shared, queue| shared.take(queue, &mut bytes)).unwrap_or_default();
            self.traffic.overrun = self.traffic.overrun.saturating_add(lost.into());
            let received = &mut self.traffic.received;
            self.rx.push(bytes.into_iter().take(count), &mut |frame| {
                *received = received.saturating_add(1);
                take(frame);
            });
            if count < PIECE {
                return;
            }
        }
    }

    fn has_room(&self) -> bool {
        self.tx.is_idle()
    }

    fn send(&mut self, frame: &[u8]) {
        if self.has_room() && self.tx.load(frame).is_ok() {
            self.traffic.sent = self.traffic.sent.saturating_add(1);
        }
        self.drain_out();
    }

    fn traffic(&self) -> Traffic {
        Traffic { broken: self.rx.broken(), ..self.traffic }
    }
}
