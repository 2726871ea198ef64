//! The link to other chips over ESP-NOW, through the vendor's radio driver.
//!
//! Frames go to the broadcast address: the wire has addresses, acknowledgements and a key of its own, and the radio's list
//! of peers ends at twenty. The driver calls back when a frame is on the air; an `async` block waits for that and is polled
//! once a turn, because the driver's own blocking call waits for as long as it takes. What arrives waits in the driver,
//! ten frames at most; the oldest goes first when more come.
//!
//! The driver brings a scheduler of its own, whose tasks interrupt the main loop, and wants a heap: as large as
//! [`ruvllm_esp_core::chip`] says, in the RAM that the bootloader leaves as far as that reaches, and out of the arena for
//! the rest. It is opened once, at boot, and only by a chip that is not in safe mode: the driver panics where it finds no
//! memory.
//!
//! What the `unsafe` here rests on: `heap_allocator!` hands each of two statics, which nothing else names, to the allocator
//! once; [`Radio::open`] runs once, since it takes the peripherals.
#![allow(unsafe_code)]

use crate::identity::CHIP;
use crate::link::{Link, Traffic};
use alloc::boxed::Box;
use alloc::rc::Rc;
use core::cell::RefCell;
use core::pin::Pin;
use core::task::{Context, Waker};
use esp_hal::peripherals::{FROM_CPU_INTR0, TIMG0, WIFI};
use esp_hal::ram;
use esp_hal::timer::timg::TimerGroup;
use esp_radio::esp_now::{BROADCAST_ADDRESS, EspNowManager, EspNowReceiver, EspNowSender};
use esp_radio::wifi::{ControllerConfig, PowerSaveMode, WifiController};
use ruvllm_esp_core::chip::{Budget, Radio as RadioUse};
use ruvllm_esp_core::wire::link::LinkKind;

/// The channel that a fleet is on.
const CHANNEL: u8 = 1;

/// How many frames the driver keeps, and how many are taken in a turn, so that nobody keeps the loop here.
const MAX_WAITING: usize = 10;

/// The longest frame.
const FRAME_BYTES: usize = LinkKind::EspNow.frame_limit() as usize;

const BUDGET: Budget = CHIP.arena_budget(RadioUse::EspNow);

/// The scheduler must leave the watchpoint on the end of the stack alone; see `.cargo/config.toml`.
const _: () = assert!(
    matches!(option_env!("ESP_RTOS_CONFIG_HW_TASK_OVERFLOW_DETECTION"), Some(value) if matches!(value.as_bytes(), b"false")),
    "build in the directory of the firmware, whose .cargo/config.toml sets what the radio needs"
);

/// A frame on its way out.
struct Frame {
    bytes: [u8; FRAME_BYTES],
    length: usize,
}

/// What the loop and the sender share.
#[derive(Default)]
struct Outbox {
    frame: Option<Frame>,
    failed: u32,
}

/// The radio, on the fleet's channel.
pub struct Radio {
    receiver: EspNowReceiver,
    sending: Pin<Box<dyn Future<Output = ()>>>,
    outbox: Rc<RefCell<Outbox>>,
    traffic: Traffic,
    /// The driver runs for as long as these are held.
    _driver: (WifiController<'static>, EspNowManager),
}

impl Radio {
    /// Starts scheduler and driver; nothing where the driver does not start.
    #[inline(never)]
    pub fn open(
        timer: TIMG0<'static>,
        interrupt: FROM_CPU_INTR0<'static>,
        wifi: WIFI<'static>,
    ) -> Option<&'static mut Self> {
        esp_alloc::heap_allocator!(#[ram(reclaimed)] size: BUDGET.radio_heap_reclaimed.get() as usize);
        esp_alloc::heap_allocator!(size: BUDGET.radio_heap_main.get() as usize);
        esp_rtos::start(TimerGroup::new(timer).timer0, interrupt);
        let mut controller = WifiController::new(wifi, ControllerConfig::default()).ok()?;
        // A sleeping radio receives nothing.
        controller.set_power_saving(PowerSaveMode::None).ok()?;
        let (manager, sender, receiver) = controller.esp_now().split();
        manager.set_channel(CHANNEL).ok()?;
        let outbox = Rc::new(RefCell::new(Outbox::default()));
        let sending = Box::pin(send_all(sender, outbox.clone()));
        let traffic = Traffic::default();
        Some(Box::leak(Box::new(Self { receiver, sending, outbox, traffic, _driver: (controller, manager) })))
    }

    /// Lets the sender go on, as far as it can without waiting.
    fn advance(&mut self) {
        let _ = self.sending.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    }
}

/// Sends each frame that is put into the outbox, forever.
async fn send_all(mut sender: EspNowSender, outbox: Rc<RefCell<Outbox>>) {
    loop {
        // The borrow ends with the statement: the frame is sent from a copy.
        let frame = outbox.borrow().frame.as_ref().map(|frame| (frame.bytes, frame.length));
        let Some((bytes, length)) = frame else {
            next_turn().await;
            continue;
        };
        let sent = sender.send_async(&BROADCAST_ADDRESS, bytes.get(..length).unwrap_or_default()).await;
        let mut outbox = outbox.borrow_mut();
        outbox.frame = None;
        outbox.failed = outbox.failed.saturating_add(sent.is_err().into());
    }
}

/// Ready when it is polled again.
async fn next_turn() {
    let mut polled = false;
    core::future::poll_fn(|_| match core::mem::replace(&mut polled, true) {
        true => core::task::Poll::Ready(()),
        false => core::task::Poll::Pending,
    })
    .await;
}

impl Link for Radio {
    const KIND: LinkKind = LinkKind::EspNow;

    fn poll(&mut self, take: &mut dyn FnMut(&[u8])) {
        self.advance();
        for _ in 0..MAX_WAITING {
            let Some(packet) = self.receiver.receive() else { return };
            match Self::KIND.unwrap_packet(packet.data()) {
                Ok(frame) => {
                    self.traffic.received = self.traffic.received.saturating_add(1);
                    take(frame);
                }
                Err(_) => self.traffic.broken = self.traffic.broken.saturating_add(1),
            }
        }
    }

    fn has_room(&self) -> bool {
        self.outbox.borrow().frame.is_none()
    }

    fn send(&mut self, frame: &[u8]) {
        let mut bytes = [0; FRAME_BYTES];
        let wrapped = Self::KIND.wrap(frame, &mut bytes, &mut ());
        if let (true, Ok(length)) = (self.has_room(), wrapped) {
            self.outbox.borrow_mut().frame = Some(Frame { bytes, length });
            self.traffic.sent = self.traffic.sent.saturating_add(1);
        }
        self.advance();
    }

    fn traffic(&self) -> Traffic {
        let broken = self.traffic.broken.saturating_add(self.outbox.borrow().failed);
        Traffic { broken, ..self.traffic }
    }
}
