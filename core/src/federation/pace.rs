//! How often, and how long: every span of time by which a fleet lives.
//!
//! Heartbeats of all chips together take a fixed share of the link, whatever their number: the interval grows with the
//! number of chips that were seen. Nothing draws random numbers: jitter follows from who it is and how often it spoke.

use super::Topology;
use crate::mix::mix;
use crate::units::Micros;
use crate::wire::link::LinkKind;

/// One held item is looked at every this many heartbeats, whatever happened.
pub const ANTI_ENTROPY_PERIOD: u32 = 4;

/// No chip says more often that it lives.
pub const MIN_INTERVAL: Micros = Micros::seconds(1);
/// Time a chip of the fleet adds to the interval of each. A heartbeat on ESP-NOW, at its basic rate of 1 Mbit/s, is at most
/// 1.1 ms on the air, so all of them take at most 1.1% of it.
pub const INTERVAL_A_CHIP: Micros = Micros(100_000);
/// A chip silent for this many of its intervals is suspected.
pub const SUSPECT_AFTER: u32 = 4;
/// A chip silent for this many of its intervals is lost.
pub const LOST_AFTER: u32 = 8;

/// A chip of a fleet of `chips` that may hold copies and is silent for so long is asked whether it lives: the longest time
/// between three heartbeats, so that two were lost.
pub const fn probe_after(chips: u32) -> Micros {
    Micros(interval(chips).get() / 4 * 9)
}

/// How long a chip waits before it asks the next one.
pub const fn probe_pause(chips: u32) -> Micros {
    Micros(interval(chips).get() / 4)
}

/// A chip that was silent for this many intervals, and for [`MIN_PATIENCE`], proves again that it is alive, where there is a key.
pub const PATIENCE: u64 = 3;
/// See [`PATIENCE`].
pub const MIN_PATIENCE: Micros = Micros::seconds(10);

/// How long a chip waits after it began to copy an item before it begins with the next: copies of all chips together take
/// about a third of the link, however many chips repair at once. A link that repairs fill loses answers, chips that did not
/// answer are asked again and others are asked in their stead, and the fleet never comes to rest.
pub fn repair_pause(link: LinkKind, chips: u32) -> Micros {
    Micros((link.round_trip().get() / 3).saturating_mul(chips.into()))
}

/// How often a console is told that another board has this chip's number.
pub const DUPLICATE_PAUSE: Micros = Micros::seconds(60);

/// A sentinel tells its fleet of one alarm in this time, and counts the others.
pub const ALARM_PAUSE: Micros = Micros::seconds(1);

/// How often each of `chips` chips says that it lives.
pub const fn interval(chips: u32) -> Micros {
    let shared = INTERVAL_A_CHIP.get().saturating_mul(chips as u64);
    if shared > MIN_INTERVAL.get() { Micros(shared) } else { MIN_INTERVAL }
}

/// Heartbeat `number` of a chip follows after its interval, an eighth more or less.
pub fn jittered(interval: Micros, chip: u16, seed: u32, number: u32) -> Micros {
    let interval = interval.get();
    let slot = u64::from(chip) << 48 ^ u64::from(seed) << 32 ^ u64::from(number);
    Micros(interval - interval / 8 + mix(slot) % (interval / 4 + 1))
}

/// When a chip with `slots` for others says its first word after boot: within 10 ms for each of them.
pub fn first_word(chip: u16, seed: u32, slots: u32) -> Micros {
    let slot = u64::from(chip) << 32 | u64::from(seed);
    Micros(mix(slot) % (10_000 * (u64::from(slots) + 1)))
}

/// How long to wait for the answer of one chip before asking it again: a round trip under load, and twice as long each
/// time. On a ring of `chips`, half of them forward each frame.
pub fn answer_wait(link: LinkKind, topology: Topology, chips: u32, attempt: u8) -> Micros {
    let hops = if topology == Topology::Ring { u64::from(chips / 2 + 1) } else { 2 };
    let first = link.round_trip().get().saturating_mul(4).saturating_add(hops.saturating_mul(12_000));
    Micros(first.saturating_mul(1 << attempt.min(6)))
}

/// What the answers of `chips` chips take on the link when they all come at once.
pub fn answers_wait(chips: u32) -> Micros {
    Micros(u64::from(chips).saturating_mul(3_000))
}

/// How long a question may take that goes to `chips` chips.
pub fn question_deadline(link: LinkKind, topology: Topology, chips: u32) -> Micros {
    let answers = answers_wait(chips).get().saturating_mul(2);
    Micros(answer_wait(link, topology, chips, 3).get().saturating_add(answers))
}

/// How often the same chip is asked to keep an item before another is.
pub const MAX_ADDS: u8 = 6;

/// How long to wait for the word that an item is kept, before asking `attempt` more.
pub fn stored_wait(link: LinkKind, topology: Topology, chips: u32, attempt: u8) -> Micros {
    answer_wait(link, topology, chips, attempt.min(2))
}

/// How long an item may take until `copies` chips hold it: two chips that do not answer are borne with.
pub fn add_deadline(link: LinkKind, topology: Topology, chips: u32, copies: u8) -> Micros {
    let one: u64 = (0..MAX_ADDS).map(|attempt| stored_wait(link, topology, chips, attempt).get()).sum();
    Micros(one.saturating_mul(u64::from(copies) + 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heartbeats_take_the_same_share_of_the_link_whatever_the_number_of_chips() {
        assert_eq!(interval(1), Micros::seconds(1));
        assert_eq!(interval(40), Micros::seconds(4));
        assert_eq!(interval(250), Micros::seconds(25));
        assert!(interval(u32::MAX) > interval(250));
    }

    #[test]
    fn jitter_stays_within_an_eighth_and_differs_between_chips() {
        let waits: std::collections::BTreeSet<u64> =
            (0..50).map(|chip| jittered(Micros(800_000), chip, 1, 7).get()).collect();
        assert!(waits.len() > 45 && waits.iter().all(|wait| (700_000..=900_000).contains(wait)));
    }
}
