//! The kinds of link: how frames are distinguished on each, and how long they are.
//!
//! On a byte stream frames are stuffed and delimited ([`super::cobs`]). On a packet link a frame is a packet, and
//! its own length field says where it ends; bus transactions of fixed length may be padded behind it.

use super::FRAME_LIMIT;
use super::cobs;
use super::frame::{self, FrameError};
use crate::meter::Meter;
use crate::units::Micros;

/// A kind of link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkKind {
    /// A serial line at 921,600 baud.
    Uart,
    /// A serial bus with transactions of fixed length, at 8 MHz or more.
    Spi,
    /// A two-wire bus at 400 kHz.
    I2c,
    /// ESP-NOW 1.0.
    EspNow,
    /// ESP-NOW 2.0.
    EspNowV2,
    /// Eight data lines and a strobe.
    Parallel,
}

/// How frames are distinguished.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Framing {
    /// Stuffed bytes between delimiters.
    Stream,
    /// A frame is a packet.
    Packet,
    /// A frame begins a transaction, and padding may follow.
    Transaction,
}

impl LinkKind {
    /// Every kind.
    pub const ALL: [LinkKind; 6] = [
        LinkKind::Uart,
        LinkKind::Spi,
        LinkKind::I2c,
        LinkKind::EspNow,
        LinkKind::EspNowV2,
        LinkKind::Parallel,
    ];

    /// The name used on the command line and in reports.
    pub const fn name(self) -> &'static str {
        match self {
            LinkKind::Uart => "uart",
            LinkKind::Spi => "spi",
            LinkKind::I2c => "i2c",
            LinkKind::EspNow => "espnow",
            LinkKind::EspNowV2 => "espnow-v2",
            LinkKind::Parallel => "parallel",
        }
    }

    /// The kind called `name`.
    pub fn by_name(name: &str) -> Option<LinkKind> {
        LinkKind::ALL.into_iter().find(|kind| kind.name().eq_ignore_ascii_case(name))
    }

    /// Does the firmware drive it? The simulator models the others, and no board has them.
    pub const fn has_firmware(self) -> bool {
        matches!(self, LinkKind::Uart | LinkKind::EspNow)
    }

    /// How frames are distinguished.
    pub const fn framing(self) -> Framing {
        match self {
            LinkKind::Uart => Framing::Stream,
            LinkKind::EspNow | LinkKind::EspNowV2 => Framing::Packet,
            LinkKind::Spi | LinkKind::I2c | LinkKind::Parallel => Framing::Transaction,
        }
    }

    /// The most bytes of one packet, where the link itself has a limit.
    /// ESP-NOW: ESP-IDF `esp_now.rst`, version 1.0 and 2.0.
    pub const fn packet_limit(self) -> Option<u16> {
        match self {
            LinkKind::EspNow => Some(250),
            LinkKind::EspNowV2 => Some(1470),
            _ => None,
        }
    }

    /// The longest frame this link is given. I2C has no limit of its own, but a frame blocks the bus: 250 bytes take
    /// 6 ms at 400 kHz.
    pub const fn frame_limit(self) -> u16 {
        match (self, self.packet_limit()) {
            (LinkKind::I2c, _) => 250,
            (_, Some(limit)) if limit < FRAME_LIMIT as u16 => limit,
            _ => FRAME_LIMIT as u16,
        }
    }

    /// About how long a request and its reply take. ESP-NOW: 6 to 8 ms at rest (esp-idf issue 3238), up to 100 ms under
    /// load (esp-now issue 115); the others from their rate, for the longest frame there and a short one back.
    pub const fn round_trip(self) -> Micros {
        Micros(match self {
            LinkKind::Uart => 15_000,
            LinkKind::Spi | LinkKind::Parallel => 5_000,
            LinkKind::I2c => 10_000,
            LinkKind::EspNow | LinkKind::EspNowV2 => 20_000,
        })
    }

    /// Puts a frame on the link: writes what is transmitted to `out` and says how long it is.
    ///
    /// # Errors
    /// [`FrameError::NoSpace`] when `out` is shorter than that, or the link's packets are.
    pub fn wrap<M: Meter>(self, frame: &[u8], out: &mut [u8], meter: &mut M) -> Result<usize, FrameError> {
        let limit = usize::from(self.frame_limit());
        let no_space =
            |needs: usize, have: usize| FrameError::NoSpace { needs: needs as u32, have: have as u32 };
        if frame.len() > limit {
            return Err(no_space(frame.len(), limit));
        }
        let have = out.len();
        if self.framing() == Framing::Stream {
            return cobs::encode(frame, out, meter).ok_or(no_space(cobs::stuffed_length(frame.len()), have));
        }
        out.get_mut(..frame.len()).ok_or(no_space(frame.len(), have))?.copy_from_slice(frame);
        Ok(frame.len())
    }

    /// Takes the frame out of a packet or transaction; for streams see [`cobs::Decoder`].
    ///
    /// # Errors
    /// [`FrameError`] where no frame begins the packet, or it is longer than this link's frames.
    pub fn unwrap_packet(self, packet: &[u8]) -> Result<&[u8], FrameError> {
        let limit = usize::from(self.frame_limit());
        let frame = match self.framing() {
            Framing::Stream | Framing::Packet => packet,
            Framing::Transaction => {
                let declared = frame::declared_length(packet)?;
                let (have, declared_count) = (packet.len() as u32, declared as u32);
                packet.get(..declared).ok_or(FrameError::Length { have, declared: declared_count })?
            }
        };
        if frame.len() > limit {
            return Err(FrameError::NoSpace { needs: frame.len() as u32, have: limit as u32 });
        }
        Ok(frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::frame::Header;

    #[test]
    fn every_link_takes_the_longest_message() {
        for kind in LinkKind::ALL {
            assert_eq!(LinkKind::by_name(kind.name()), Some(kind));
            assert!(usize::from(kind.frame_limit()) >= crate::wire::MIN_FRAME_LIMIT);
        }
    }

    #[test]
    fn padding_is_cut_off_where_it_may_be_and_refused_where_not() {
        let mut bytes = [0; 64];
        let length = frame::encode(&Header::default(), &[b"hello"], None, &mut bytes, &mut ()).unwrap();
        let transaction = LinkKind::Spi.unwrap_packet(&bytes).unwrap();
        assert_eq!(transaction, &bytes[..length]);
        assert!(frame::decode(LinkKind::EspNow.unwrap_packet(&bytes).unwrap(), &mut ()).is_err());
        assert!(LinkKind::Spi.unwrap_packet(&bytes[..length - 1]).is_err());
        assert!(LinkKind::EspNow.unwrap_packet(&[2; 251]).is_err());
        let mut out = [0; 300];
        assert!(LinkKind::EspNow.wrap(&[2; 251], &mut out, &mut ()).is_err());
        assert_eq!(LinkKind::EspNow.wrap(&[2; 250], &mut out, &mut ()), Ok(250));
        assert_eq!(LinkKind::Uart.wrap(&[2; 250], &mut out, &mut ()), Ok(253));
    }
}
