//! A timer group: one timer, one watchdog, and the measurement of the slow clock.
//!
//! Register layout: esp-idf `components/soc/<chip>/register/soc/timer_group_reg.h`, the same on both chips.

use super::time::Ticks;
use super::watchdog::{Action, TIMER_GROUP, Watchdog};

/// The slow RC oscillator and the fast one over 256, in Hz; nominal values of the datasheets.
pub const SLOW_HZ: u64 = 136_000;
const FAST_HZ: u64 = 17_500_000 / 256;
/// The crystal that the slow clock is measured with.
const CRYSTAL_HZ: u64 = 40_000_000;

const TIMER_INTERRUPT: u32 = 1 << 0;
const WATCHDOG_INTERRUPT: u32 = 1 << 1;

/// The timer group.
#[derive(Debug)]
pub struct TimerGroup {
    configuration: u32,
    /// The count at `since`.
    count: u64,
    since: Ticks,
    latched: u64,
    alarm: u64,
    load: u64,
    watchdog: Watchdog,
    prescaler: u32,
    calibration: u32,
    calibrated: u32,
    ready_at: Ticks,
    /// When the measurement began, and after how many cycles of the crystal it is given up.
    begun: Ticks,
    patience: u32,
    raised: u32,
    enabled: u32,
    /// Ticks of a period of the watchdog's clock.
    watchdog_ticks: u64,
}

impl TimerGroup {
    /// After reset; the watchdog's clock has a period of `watchdog_ticks`.
    pub fn new(watchdog_ticks: u64) -> Self {
        Self {
            configuration: 0x6000_2000,
            count: 0,
            since: 0,
            latched: 0,
            alarm: 0,
            load: 0,
            watchdog: Watchdog::new(TIMER_GROUP, (watchdog_ticks, 1), 0),
            prescaler: 1,
            calibration: 0x0001_3000,
            // The measurement repeats by itself from reset on, so there is soon a first result.
            calibrated: 0,
            ready_at: 1,
            begun: 0,
            patience: u32::MAX,
            raised: 0,
            enabled: 0,
            watchdog_ticks,
        }
    }

    fn runs(&self) -> bool {
        self.configuration >> 31 != 0
    }

    /// Ticks of one count: 80 MHz, or the crystal's 40, over the divider.
    fn ticks_per_count(&self) -> u64 {
        let divider = u64::from(self.configuration >> 13 & 0xffff).max(1);
        let clock = if self.configuration >> 9 & 1 != 0 { 4 } else { 2 };
        divider * clock
    }

    fn count_at(&self, now: Ticks) -> u64 {
        let passed = if self.runs() { now.saturating_sub(self.since) / self.ticks_per_count() } else { 0 };
        let goes_up = self.configuration >> 30 & 1 != 0;
        let count = if goes_up { self.count.wrapping_add(passed) } else { self.count.wrapping_sub(passed) };
        count & ((1 << 54) - 1)
    }

    fn set_count(&mut self, count: u64, now: Ticks) {
        (self.count, self.since) = (count, now);
    }

    fn alarm_at(&self) -> Option<Ticks> {
        let is_on = self.runs() && self.configuration >> 10 & 1 != 0 && self.configuration >> 30 & 1 != 0;
        is_on.then(|| self.since + self.alarm.saturating_sub(self.count) * self.ticks_per_count())
    }

    /// Time has come to `now`: what the watchdog does.
    pub fn advance(&mut self, now: Ticks) -> Action {
        if self.alarm_at().is_some_and(|at| at <= now) {
            self.raised |= TIMER_INTERRUPT;
            let reloads = self.configuration >> 29 & 1 != 0;
            let count = if reloads { self.load } else { self.count_at(now) };
            self.configuration &= !(1 << 10);
            self.set_count(count, now);
        }
        let action = self.watchdog.advance(now);
        if std::mem::take(&mut self.watchdog.raised) {
            self.raised |= WATCHDOG_INTERRUPT;
        }
        action
    }

    /// When something happens next.
    pub fn next_event(&self) -> Option<Ticks> {
        [self.alarm_at(), self.watchdog.next_event()].into_iter().flatten().min()
    }

    /// Interrupts held up: the timer's and the watchdog's.
    pub fn interrupts(&self) -> u32 {
        self.raised & self.enabled
    }

    /// Time passes that does not count for the watchdog.
    pub fn hold(&mut self, ticks: Ticks) {
        self.watchdog.hold(ticks);
    }

    /// The register at `offset`; `None` where it has none.
    pub fn read(&mut self, offset: u32, now: Ticks) -> Option<u32> {
        let high = |value: u64| (value >> 32) as u32;
        Some(match offset {
            0x00 => self.configuration,
            0x04 => self.latched as u32,
            0x08 => high(self.latched),
            0x0c => 0,
            0x10 => self.alarm as u32,
            0x14 => high(self.alarm),
            0x18 => self.load as u32,
            0x1c => high(self.load),
            0x20 | 0x60 | 0x7c => 0,
            0x48 => self.watchdog.configuration,
            0x4c => self.prescaler << 16,
            0x50..=0x5c => *self.watchdog.timeouts.get((offset as usize - 0x50) / 4)?,
            0x64 => self.watchdog.lock,
            0x68 => self.calibration & !(1 << 15) | u32::from(self.is_calibrated(now)) << 15,
            0x6c => self.calibrated << 7 | 1,
            0x70 => self.enabled,
            0x74 => self.raised,
            0x78 => self.raised & self.enabled,
            0x80 => {
                let is_late =
                    !self.is_calibrated(now) && (now - self.begun) / 4 > u64::from(self.patience >> 7);
                self.patience & !1 | u32::from(is_late)
            }
            _ => return None,
        })
    }

    /// Writes the register at `offset`; false where it has none.
    pub fn write(&mut self, offset: u32, value: u32, now: Ticks) -> bool {
        let set_high = |old: u64| old & 0xffff_ffff | u64::from(value & 0x3f_ffff) << 32;
        let set_low = |old: u64| old & !0xffff_ffff | u64::from(value);
        match offset {
            0x00 => {
                let count = self.count_at(now);
                self.set_count(count, now);
                self.configuration = value;
            }
            0x0c => self.latched = self.count_at(now),
            0x10 => self.alarm = set_low(self.alarm),
            0x14 => self.alarm = set_high(self.alarm),
            0x18 => self.load = set_low(self.load),
            0x1c => self.load = set_high(self.load),
            0x20 => self.set_count(self.load, now),
            0x48..=0x64 => self.write_watchdog(offset, value, now),
            0x68 => self.calibrate(value, now),
            0x6c => {}
            0x80 => self.patience = value,
            0x70 => self.enabled = value,
            0x7c => self.raised &= !value,
            _ => return false,
        }
        true
    }

    fn write_watchdog(&mut self, offset: u32, value: u32, now: Ticks) {
        if offset == 0x64 {
            self.watchdog.lock = value;
        }
        if !self.watchdog.is_open() {
            return;
        }
        match offset {
            0x48 => self.watchdog.configure(value, now),
            0x4c => {
                self.prescaler = value >> 16;
                self.watchdog.clock = (self.watchdog_ticks * u64::from(self.prescaler.max(1)), 1);
            }
            0x50..=0x5c => {
                if let Some(timeout) = self.watchdog.timeouts.get_mut((offset as usize - 0x50) / 4) {
                    *timeout = value;
                }
            }
            0x60 => self.watchdog.feed(now),
            _ => {}
        }
    }

    fn is_calibrated(&self, now: Ticks) -> bool {
        self.ready_at != 0 && now >= self.ready_at
    }

    /// Counts the crystal's cycles during this many of the slow clock's.
    fn calibrate(&mut self, value: u32, now: Ticks) {
        let was_started = self.calibration >> 31 != 0;
        self.calibration = value;
        if value >> 31 == 0 || was_started {
            return;
        }
        self.begun = now;
        let slow = match value >> 13 & 3 {
            0 => SLOW_HZ,
            1 => FAST_HZ,
            // There is no crystal of 32 kHz.
            _ => {
                self.ready_at = 0;
                return;
            }
        };
        let cycles = u64::from(value >> 16 & 0x7fff);
        self.calibrated = (cycles * CRYSTAL_HZ / slow) as u32;
        self.ready_at = now + cycles * 160_000_000 / slow;
    }
}

#[cfg(test)]
mod tests {
    use super::super::time::MICROSECOND;
    use super::*;

    #[test]
    fn the_timer_counts_and_its_alarm_interrupts() {
        let mut group = TimerGroup::new(2);
        group.write(0x10, 1000, 0);
        group.write(0x70, 1, 0);
        // 80 MHz over 80: a count a microsecond.
        group.write(0x00, 1 << 31 | 1 << 30 | 80 << 13 | 1 << 10, 0);
        group.write(0x0c, 0, 500 * MICROSECOND);
        assert_eq!(group.read(0x04, 0), Some(500));
        assert_eq!(group.next_event(), Some(1000 * MICROSECOND));
        group.advance(1000 * MICROSECOND);
        assert_eq!(group.interrupts(), 1);
    }

    #[test]
    fn the_slow_clock_is_measured() {
        let mut group = TimerGroup::new(2);
        group.write(0x68, 1 << 31 | 100 << 16, 0);
        assert_eq!(group.read(0x68, 1).map(|word| word >> 15 & 1), Some(0));
        assert_eq!(group.read(0x68, 1000 * MICROSECOND).map(|word| word >> 15 & 1), Some(1));
        assert_eq!(group.read(0x6c, 0).map(|word| word >> 7), Some(100 * 40_000_000 / 136_000));
    }

    #[test]
    fn a_locked_watchdog_keeps_its_settings() {
        let mut group = TimerGroup::new(2);
        group.write(0x64, 0, 0);
        group.write(0x48, 1 << 31, 0);
        assert_eq!(group.read(0x48, 0), Some(0));
    }
}
