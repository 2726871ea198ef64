//! The USB ids that boards with an ESP32 have.
//!
//! Sources: Espressif's own ids from its USB-PID list; bridges from the vendors' driver packages (Silicon Labs, WCH,
//! FTDI, Prolific). A bridge may sit on any board, so it counts as a board only for want of a better one.

/// How sure an id is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likelihood {
    /// A bridge that boards use, and other things too.
    Bridge,
    /// Espressif's own.
    Espressif,
}

/// A known id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    vendor: u16,
    product: Option<u16>,
    /// What it is.
    pub name: &'static str,
    /// How sure it is that a board is behind it.
    pub likelihood: Likelihood,
}

const fn espressif(product: Option<u16>, name: &'static str) -> Known {
    Known { vendor: 0x303a, product, name, likelihood: Likelihood::Espressif }
}

const fn bridge(vendor: u16, product: u16, name: &'static str) -> Known {
    Known { vendor, product: Some(product), name, likelihood: Likelihood::Bridge }
}

const KNOWN: [Known; 17] = [
    espressif(Some(0x1001), "USB-Serial-JTAG"),
    espressif(Some(0x0002), "ESP32-S2 USB-OTG"),
    espressif(Some(0x1002), "ESP-PROG-2 or USB bridge"),
    espressif(None, "Espressif"),
    bridge(0x10c4, 0xea60, "CP210x"),
    bridge(0x10c4, 0xea70, "CP2105"),
    bridge(0x10c4, 0xea71, "CP2108"),
    bridge(0x1a86, 0x7523, "CH340"),
    bridge(0x1a86, 0x7522, "CH340K"),
    bridge(0x1a86, 0x5523, "CH341"),
    bridge(0x1a86, 0x55d3, "CH343"),
    bridge(0x1a86, 0x55d4, "CH9102"),
    bridge(0x0403, 0x6001, "FT232R"),
    bridge(0x0403, 0x6010, "FT2232"),
    bridge(0x0403, 0x6014, "FT232H"),
    bridge(0x0403, 0x6015, "FT230X"),
    bridge(0x067b, 0x2303, "PL2303"),
];

/// What this id is known as; the exact product before the vendor alone.
pub fn known(vendor: u16, product: u16) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.vendor == vendor && known.product.is_none_or(|it| it == product))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exact_product_comes_before_the_vendor() {
        assert_eq!(known(0x303a, 0x1001).map(|known| known.name), Some("USB-Serial-JTAG"));
        assert_eq!(known(0x303a, 0x4444).map(|known| known.name), Some("Espressif"));
        assert_eq!(known(0x10c4, 0xea60).map(|known| known.likelihood), Some(Likelihood::Bridge));
        assert_eq!(known(0x046d, 0xc52b), None);
    }
}
