//! What radios a chip has, and what using one costs in RAM.

use super::Sourced;
use crate::units::Bytes;

/// How a device uses its radio.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Radio {
    /// No radio: its code and its buffers are not linked.
    #[default]
    Off,
    /// ESP-NOW: frames from device to device, without an access point.
    EspNow,
    /// Wi-Fi with a TCP/IP stack.
    Wifi,
}

impl Radio {
    /// Every use, cheapest first.
    pub const ALL: [Radio; 3] = [Radio::Off, Radio::EspNow, Radio::Wifi];

    /// The name used on the command line and in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Radio::Off => "off",
            Radio::EspNow => "espnow",
            Radio::Wifi => "wifi",
        }
    }

    /// The use called `name`.
    pub fn by_name(name: &str) -> Option<Radio> {
        Radio::ALL.into_iter().find(|radio| radio.name().eq_ignore_ascii_case(name))
    }
}

/// The radios of a chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Radios {
    /// Wi-Fi, and with it ESP-NOW.
    pub wifi: bool,
    /// Bluetooth Low Energy.
    pub bluetooth_le: bool,
    /// Bluetooth Classic.
    pub bluetooth_classic: bool,
    /// IEEE 802.15.4: Thread and Zigbee.
    pub ieee802154: bool,
}

/// What one use of the radio takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RadioCost {
    /// Code in RAM, data and zeroed data in the main region, the scheduler that the driver needs included.
    pub fixed: Sourced<Bytes>,
    /// The heap that the driver wants; may lie in the reclaimed region.
    pub heap: Sourced<Bytes>,
}

/// What each use of the radio takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RadioCosts {
    /// For [`Radio::EspNow`].
    pub espnow: RadioCost,
    /// For [`Radio::Wifi`].
    pub wifi: RadioCost,
}

impl RadioCosts {
    /// What `radio` takes; nothing where it is off.
    pub const fn of(&self, radio: Radio) -> Option<&RadioCost> {
        match radio {
            Radio::Off => None,
            Radio::EspNow => Some(&self.espnow),
            Radio::Wifi => Some(&self.wifi),
        }
    }
}
