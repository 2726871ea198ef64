//! What carries the wire's frames to other chips: UART1, or ESP-NOW in an image with the radio.
//!
//! An image has one link, and each file behind it is one kind. None of them waits, and none can fail once it is open: a
//! frame that finds no room or does not get through is lost, as on any link, and the wire sends it again. So nothing that
//! happens on a link, or to it, stops the console.

use core::fmt;
use ruvllm_esp_core::wire::link::LinkKind;

#[cfg(feature = "radio")]
pub use crate::radio::Radio as FleetLink;
#[cfg(not(feature = "radio"))]
pub use crate::wired::Wired as FleetLink;

/// Carries frames, without waiting.
pub trait Link {
    /// What kind of link it is, which says how long a frame may be.
    const KIND: LinkKind;

    /// Sends on what is under way, and hands each frame that has arrived to `take`.
    fn poll(&mut self, take: &mut dyn FnMut(&[u8]));

    /// Is there room for a frame to send?
    fn has_room(&self) -> bool;

    /// Broadcasts a frame on the link. It is dropped where there is no room.
    fn send(&mut self, frame: &[u8]);

    /// What crossed.
    fn traffic(&self) -> Traffic;
}

/// What crossed a link, since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Frames sent.
    pub sent: u32,
    /// Frames received, whole as far as the link can tell.
    pub received: u32,
    /// How often something arrived that is no frame, or did not get out.
    pub broken: u32,
    /// How often bytes came faster than they were taken.
    pub overrun: u32,
}

impl Traffic {
    /// Writes it behind the name of its link.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        let Traffic { sent, received, broken, overrun } = self;
        let kind = FleetLink::KIND.name();
        writeln!(out, "link: {kind} sent={sent} received={received} broken={broken} overrun={overrun}")
    }
}

/// Opens the image's link with what it takes of the peripherals; nothing where it does not open.
#[cfg(feature = "radio")]
#[macro_export]
macro_rules! open_link {
    ($peripherals:ident) => {
        $crate::radio::Radio::open($peripherals.TIMG0, $peripherals.FROM_CPU_INTR0, $peripherals.WIFI)
    };
}

/// Opens the image's link with what it takes of the peripherals; nothing where it does not open.
#[cfg(not(feature = "radio"))]
#[macro_export]
macro_rules! open_link {
    ($peripherals:ident) => {{
        #[cfg(feature = "esp32")]
        let (receive, send) = ($peripherals.GPIO26, $peripherals.GPIO25);
        #[cfg(any(feature = "esp32s2", feature = "esp32s3"))]
        let (receive, send) = ($peripherals.GPIO18, $peripherals.GPIO17);
        #[cfg(feature = "esp32c3")]
        let (receive, send) = ($peripherals.GPIO4, $peripherals.GPIO5);
        #[cfg(feature = "esp32c6")]
        let (receive, send) = ($peripherals.GPIO18, $peripherals.GPIO19);
        let uart = esp_hal::uart::Uart::new($peripherals.UART1, $crate::wired::config());
        $crate::wired::Wired::open(uart.map(|uart| uart.with_rx(receive).with_tx(send)))
    }};
}
