//! The ports of each chip: which pins the UART has, and whether there is USB.

#[cfg(feature = "usb-serial-jtag")]
use crate::console::UsbPort;
use crate::console::{Answer, Port};
use crate::uart::UartPort;
use core::fmt;
use static_cell::StaticCell;

/// Every port of the chip.
pub struct Ports {
    /// UART0 at 115,200 baud, 8N1.
    pub uart: Port<UartPort>,
    /// USB-Serial-JTAG; the host waits when its 64 bytes are not read, so it needs no queue.
    #[cfg(feature = "usb-serial-jtag")]
    pub usb: Port<UsbPort>,
}

/// Writes the same to two ports.
#[cfg(feature = "usb-serial-jtag")]
struct Both<'w>(&'w mut dyn fmt::Write, &'w mut dyn fmt::Write);

#[cfg(feature = "usb-serial-jtag")]
impl fmt::Write for Both<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write_str(text)?;
        self.1.write_str(text)
    }
}

impl Ports {
    /// Says something unasked, on every port.
    pub fn emit(&mut self, emit: &mut dyn FnMut(&mut dyn fmt::Write)) {
        self.uart.emit(emit);
        #[cfg(feature = "usb-serial-jtag")]
        self.usb.emit(emit);
    }

    /// Says something unasked that can be said only once, on every port at the same time.
    pub fn say_together(&mut self, emit: &mut dyn FnMut(&mut dyn fmt::Write)) {
        #[cfg(feature = "usb-serial-jtag")]
        self.uart.emit(&mut |uart| self.usb.emit(&mut |usb| emit(&mut Both(uart, usb))));
        #[cfg(not(feature = "usb-serial-jtag"))]
        self.uart.emit(emit);
    }

    /// Answers at most one line of each port.
    pub fn poll(&mut self, answer: &mut Answer<'_>) {
        self.uart.poll(answer);
        #[cfg(feature = "usb-serial-jtag")]
        self.usb.poll(answer);
    }

    /// How many bytes of output were dropped for want of a reader, on all ports.
    pub fn dropped(&self) -> u32 {
        let uart = self.uart.dropped();
        #[cfg(feature = "usb-serial-jtag")]
        return uart.saturating_add(self.usb.dropped());
        #[cfg(not(feature = "usb-serial-jtag"))]
        return uart;
    }
}

/// Opens the ports, in memory of their own: they are some kilobytes, which would never leave the stack of the main loop.
#[inline(never)]
pub fn open(uart: UartPort, #[cfg(feature = "usb-serial-jtag")] usb: UsbPort) -> &'static mut Ports {
    static PORTS: StaticCell<Ports> = StaticCell::new();
    PORTS.init_with(|| Ports {
        uart: Port::new(uart),
        #[cfg(feature = "usb-serial-jtag")]
        usb: Port::new(usb),
    })
}

/// Takes the ports out of the peripherals, with the pins that the bootloader prints on.
#[macro_export]
macro_rules! open_ports {
    ($peripherals:ident) => {{
        #[cfg(feature = "esp32")]
        let (receive, send) = ($peripherals.GPIO3, $peripherals.GPIO1);
        #[cfg(any(feature = "esp32s2", feature = "esp32s3"))]
        let (receive, send) = ($peripherals.GPIO44, $peripherals.GPIO43);
        #[cfg(feature = "esp32c3")]
        let (receive, send) = ($peripherals.GPIO20, $peripherals.GPIO21);
        #[cfg(feature = "esp32c6")]
        let (receive, send) = ($peripherals.GPIO17, $peripherals.GPIO16);
        let uart = esp_hal::uart::Uart::new($peripherals.UART0, $crate::uart::config());
        $crate::uart::UartPort::new(uart.map(|uart| uart.with_rx(receive).with_tx(send))).map(|uart| {
            $crate::ports::open(
                uart,
                #[cfg(feature = "usb-serial-jtag")]
                $crate::console::UsbPort::new(esp_hal::usb::usb_serial_jtag::UsbSerialJtag::new(
                    $peripherals.USB_DEVICE,
                )),
            )
        })
    }};
}
