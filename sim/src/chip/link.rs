//! What each kind of link is like: rate, times and limits, each with where it is from.
//!
//! A frame passes through four times: the sender's program hands it to the driver ([`LinkModel::before`]), it waits for
//! the medium, it takes the medium for [`LinkModel::occupied`], and the receiver's driver hands it on
//! ([`LinkModel::after`]). The shortest of what follows a sender's last decision is [`LinkModel::lookahead`]: within that
//! time no chip can learn of what another does, which is what lets chips run in parallel.
//!
//! Figures of ESP-NOW: `docs/links.md` says how well they meet published measurements.

use ruvllm_esp_core::units::Nanos;
use ruvllm_esp_core::wire::cobs;
use ruvllm_esp_core::wire::link::{Framing, LinkKind};

/// Who may use the medium, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discipline {
    /// One wire in each direction between two chips: nobody waits for anybody but itself.
    Duplex,
    /// One wire for all: who finds it idle takes it, and who waited takes turns.
    Shared,
    /// The first chip that runs moves frames: what another chip sends takes a second pass to those beyond the first.
    Mastered,
    /// Carrier sense with a random back-off; who cannot receive each other's frames may corrupt each other's frames.
    Radio,
}

/// What one kind of link is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkModel {
    /// The kind.
    pub kind: LinkKind,
    /// Who may use the medium.
    pub discipline: Discipline,
    /// How long a bit takes.
    bit: Nanos,
    /// Bits that a byte takes.
    bits: u64,
    /// Bytes that the link adds to a packet.
    overhead: u64,
    /// Time of one pass beside its bits.
    setup: Nanos,
    /// The idle time that ends a pass.
    pub gap: Nanos,
    /// From the program to the medium.
    pub before: (Nanos, Nanos),
    /// From the medium to the program.
    pub after: (Nanos, Nanos),
}

/// The shortest that the model knows: a frame without payload, `wire::frame::HEADER + wire::frame::CRC`.
const SHORTEST: usize = 22;

/// An interrupt and the driver behind it: `spi_master.rst` of ESP-IDF has 20 us for a transaction beside its bits.
const INTERRUPT: (Nanos, Nanos) = (Nanos(20_000), Nanos(20_000));

/// Half of the time that a frame of ESP-NOW spends in the stacks of both ends, 0.5 to 1.5 ms: what round trips of 6 ms
/// (esp-idf issue 3238) leave beside the air time.
const STACK: (Nanos, Nanos) = (Nanos(250_000), Nanos(750_000));

/// A slot of 802.11b; of its 50 us of distributed interframe space and seven slots at most, a frame waits 120 us on
/// average: 250 bytes then take 2,464 us, 101.5 kB/s; 101 kB/s were measured (NTU, broadcast, 1 Mbit/s, 1 m).
pub const SLOT: Nanos = Nanos(20_000);
/// The most slots that are drawn.
pub const MAX_SLOTS: u64 = 7;

/// Frames that the receive buffer holds. Radio: `RECEIVE_QUEUE_SIZE` of esp-radio 1.0.0-beta.1 (`esp_now/mod.rs`), whose
/// oldest frame gives way; the same is assumed of the drivers of wires.
pub const RECEIVE_BUFFER: usize = 10;

impl LinkModel {
    /// What links of `kind` between `members` chips are like.
    pub const fn new(kind: LinkKind, members: usize) -> Self {
        let wire = Self {
            kind,
            discipline: Discipline::Shared,
            bit: Nanos(0),
            bits: 8,
            overhead: 0,
            setup: Nanos(0),
            gap: Nanos(0),
            before: INTERRUPT,
            after: INTERRUPT,
        };
        match kind {
            // 921,600 baud, 8N1: ten bits a byte. A shared line rests for two characters between frames.
            LinkKind::Uart => {
                let discipline = if members <= 2 { Discipline::Duplex } else { Discipline::Shared };
                Self { discipline, bit: Nanos(1_085), bits: 10, gap: Nanos(21_700), ..wire }
            }
            // 8 MHz; 28 us a transaction by interrupt and DMA on ESP32 and ESP32-C3 (`spi_master.rst`), of which 1 us
            // is its one byte.
            LinkKind::Spi => {
                Self { discipline: Discipline::Mastered, bit: Nanos(125), setup: Nanos(27_000), ..wire }
            }
            // 400 kHz, nine bits a byte, an address byte; start and stop are two bits more.
            LinkKind::I2c => Self {
                discipline: Discipline::Mastered,
                bit: Nanos(2_500),
                bits: 9,
                overhead: 1,
                setup: Nanos(5_000),
                ..wire
            },
            // Assumed: a strobe each microsecond.
            LinkKind::Parallel => Self { bit: Nanos(125), setup: Nanos(20_000), ..wire },
            // (43 + length) * 8 us at 1 Mbit/s (`esp_now.rst`); v2 adds an element of 7 bytes for each 250 (see below).
            LinkKind::EspNow | LinkKind::EspNowV2 => Self {
                discipline: Discipline::Radio,
                bit: Nanos(1_000),
                overhead: 43,
                gap: Nanos(50_000),
                before: STACK,
                after: STACK,
                ..wire
            },
        }
    }

    /// Bytes that a frame takes on the medium.
    pub const fn on_line(&self, length: usize) -> u64 {
        let length = if length < SHORTEST { SHORTEST } else { length };
        let framed = match self.kind.framing() {
            Framing::Stream => cobs::stuffed_length(length),
            Framing::Packet | Framing::Transaction => length,
        };
        let elements = match self.kind {
            LinkKind::EspNowV2 => (length as u64).div_ceil(250).saturating_sub(1) * 7,
            _ => 0,
        };
        framed as u64 + self.overhead + elements
    }

    /// How long one pass of a frame takes the medium.
    pub const fn occupied(&self, length: usize) -> Nanos {
        Nanos(self.setup.get() + self.on_line(length) * self.bits * self.bit.get())
    }

    /// No chip learns of what another one's driver does any sooner than this.
    pub const fn lookahead(&self) -> Nanos {
        match self.discipline {
            // What becomes of a frame on the air is known at its end.
            Discipline::Radio => self.after.0,
            _ => Nanos(self.occupied(0).get() + self.after.0.get()),
        }
    }
}

/// Where a chip is, in metres.
pub type Position = (i32, i32);

/// Frames that arrive over a distance in metres, in thousandths: open field, ESP32-C6 (Espressif developer portal): all up
/// to 150 m, 60 % at 300 m. Beyond, the same slope goes on (assumed): none from 525 m.
pub fn reach(from: Position, to: Position) -> u16 {
    let (x, y) = (i64::from(from.0) - i64::from(to.0), i64::from(from.1) - i64::from(to.1));
    let metres = x.unsigned_abs().pow(2).saturating_add(y.unsigned_abs().pow(2)).isqrt();
    let beyond = metres.saturating_sub(150);
    1000u64.saturating_sub(beyond * 400 / 150) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn air_time_is_that_of_espressif_s_formula() {
        let model = LinkModel::new(LinkKind::EspNow, 5);
        assert_eq!(model.occupied(250), Nanos((43 + 250) * 8 * 1_000));
        assert_eq!(model.occupied(22), model.occupied(0));
        let v2 = LinkModel::new(LinkKind::EspNowV2, 5);
        assert_eq!(v2.occupied(1_000) - v2.occupied(250), Nanos((750 + 3 * 7) * 8_000));
    }

    #[test]
    fn wires_take_what_their_rate_says() {
        let time = |kind, length| LinkModel::new(kind, 3).occupied(length).get() / 1_000;
        assert_eq!(time(LinkKind::Uart, 100), 103 * 10 * 1_085 / 1_000);
        assert_eq!(time(LinkKind::Spi, 128), 27 + 128);
        assert_eq!(time(LinkKind::I2c, 250), 5 + 251 * 9 * 2_500 / 1_000);
        assert_eq!(time(LinkKind::Parallel, 100), 20 + 100);
    }

    #[test]
    fn reach_follows_the_measured_points() {
        let at = |metres| reach((0, 0), (metres, 0));
        assert_eq!([at(0), at(150), at(300), at(525), at(i32::MAX)], [1000, 1000, 600, 0, 0]);
    }

    #[test]
    fn no_kind_of_link_is_instant() {
        for kind in LinkKind::ALL {
            let model = LinkModel::new(kind, 3);
            assert!(model.lookahead() >= Nanos(40_000), "{}: {}", kind.name(), model.lookahead());
        }
    }
}
