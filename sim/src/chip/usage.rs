//! What a chip consumed: the time in each of its states, at the current of that state.
//!
//! Computing takes the run current, waiting the idle current. With a radio the receiver listens all the time, as ESP-NOW
//! without power saving does: listening and sending take the datasheet's currents for the whole chip, and computing adds
//! what it takes above waiting. Where nobody states the idle current, waiting is counted at anything from nothing to the
//! run current, and the value is the upper end.

use crate::cost::SUPPLY_MILLIVOLTS;
use crate::figure::{Banded, Figure, Kind};
use ruvllm_esp_core::chip::{Chip, Current};
use ruvllm_esp_core::units::{Microamps, Nanojoules, Nanos};

/// How long a chip was in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Under power before the last start.
    powered: Nanos,
    /// Since when it has power.
    since: Option<Nanos>,
    /// Computing.
    pub busy: Nanos,
    /// Sending by radio.
    pub sending: Nanos,
}

impl Usage {
    /// It gets power.
    pub fn on(&mut self, at: Nanos) {
        self.since.get_or_insert(at);
    }

    /// It loses power.
    pub fn off(&mut self, at: Nanos) {
        if let Some(since) = self.since.take() {
            self.powered += at - since;
        }
    }

    /// How long it had power until `now`.
    pub fn powered(&self, now: Nanos) -> Nanos {
        self.powered + self.since.map_or(Nanos(0), |since| now - since)
    }

    /// What `chip` consumed until `now`; `listens` where its radio is on.
    pub fn energy(&self, chip: &Chip, listens: bool, now: Nanos) -> Figure<Nanojoules> {
        let power = &chip.power;
        let run = power.run.value;
        let idle = power.idle.map_or(Current { low: Microamps(0), ..run }, |idle| idle.value);
        let all = self.powered(now);
        let (busy, sending) = (self.busy.get().min(all.get()), self.sending.get().min(all.get()));
        let of = |pick: fn(&Current) -> Microamps| {
            let current = |current: &Current| u128::from(pick(current).get());
            let above_idle = current(&run).saturating_sub(current(&idle));
            let waiting = if listens { current(&power.receive.value) } else { current(&idle) };
            let sent = if listens { sending } else { 0 };
            let charge = u128::from(all.get() - sent) * waiting
                + u128::from(sent) * current(&power.send.value)
                + u128::from(busy) * above_idle;
            // mV x uA = nW, and nW x ns = 1e-9 nJ.
            let energy = charge * u128::from(SUPPLY_MILLIVOLTS) / 1_000_000_000;
            Nanojoules(u64::try_from(energy).unwrap_or(u64::MAX))
        };
        let (value, low, high) =
            (of(|current| current.typical), of(|current| current.low), of(|current| current.high));
        Banded { value, low: low.min(value), high: high.max(value) }.tagged(Kind::Modelled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ruvllm_esp_core::chip::{esp32c3, esp32s2};

    const SECOND: Nanos = Nanos(1_000_000_000);

    fn energy(usage: Usage, listens: bool) -> u64 {
        usage.energy(&esp32c3::CHIP, listens, SECOND).banded.value.get()
    }

    #[test]
    fn a_second_of_waiting_computing_or_sending_takes_the_current_of_the_datasheet() {
        let mut usage = Usage::default();
        usage.on(Nanos(0));
        // 3.3 V x 18.5 mA, 25.5 mA, 85.5 mA and 305.5 mA
        assert_eq!(energy(usage, false), 61_050_000);
        assert_eq!(energy(Usage { busy: SECOND, ..usage }, false), 84_150_000);
        assert_eq!(energy(usage, true), 282_150_000);
        assert_eq!(energy(Usage { sending: SECOND, ..usage }, true), 1_008_150_000);
        usage.off(Nanos(SECOND.get() / 2));
        assert_eq!(energy(usage, false), 61_050_000 / 2);
    }

    #[test]
    fn what_nobody_states_widens_the_band() {
        let mut usage = Usage::default();
        usage.on(Nanos(0));
        let banded = usage.energy(&esp32s2::CHIP, false, SECOND).banded;
        assert!(banded.low == Nanojoules(0) && banded.value.get() > 60_000_000);
    }
}
