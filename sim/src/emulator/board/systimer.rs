//! SYSTIMER: two counters at 16 MHz and three alarms.
//!
//! Register layout: esp-idf `components/soc/<chip>/register/soc/systimer_reg.h`, the same on both chips.

use super::time::Ticks;

/// 160 ticks a microsecond, 16 counts a microsecond.
const TICKS_PER_COUNT: u64 = 10;
const MASK: u64 = (1 << 52) - 1;

#[derive(Clone, Copy, Debug, Default)]
struct Unit {
    /// The count when it stands, or what is to be added to the time when it runs.
    offset: u64,
    load: u64,
    latched: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Alarm {
    target: u64,
    configuration: u32,
    /// The count at which it goes off next.
    due: Option<u64>,
}

/// The timer.
#[derive(Debug)]
pub struct Systimer {
    configuration: u32,
    units: [Unit; 2],
    alarms: [Alarm; 3],
    raised: u32,
    enabled: u32,
}

impl Default for Systimer {
    fn default() -> Self {
        // Unit 0 runs from reset on.
        Self {
            configuration: 0x4600_0000,
            units: Default::default(),
            alarms: Default::default(),
            raised: 0,
            enabled: 0,
        }
    }
}

impl Systimer {
    /// After a reset at `now`: the counters begin at zero.
    pub fn at(now: Ticks) -> Self {
        let mut timer = Self::default();
        timer.units.iter_mut().for_each(|unit| unit.offset = 0u64.wrapping_sub(now / TICKS_PER_COUNT));
        let [_, second] = &mut timer.units;
        second.offset = 0;
        timer
    }

    fn runs(&self, unit: usize) -> bool {
        self.configuration >> (30 - unit) & 1 != 0
    }

    fn count(&self, unit: usize, now: Ticks) -> u64 {
        let offset = self.units.get(unit).map_or(0, |unit| unit.offset);
        let time = if self.runs(unit) { now / TICKS_PER_COUNT } else { 0 };
        time.wrapping_add(offset) & MASK
    }

    fn set_count(&mut self, unit: usize, count: u64, now: Ticks) {
        let time = if self.runs(unit) { now / TICKS_PER_COUNT } else { 0 };
        if let Some(unit) = self.units.get_mut(unit) {
            unit.offset = count.wrapping_sub(time);
        }
    }

    fn unit_of(alarm: Alarm) -> usize {
        (alarm.configuration >> 31) as usize
    }

    fn is_on(&self, alarm: usize) -> bool {
        self.configuration >> (24 - alarm) & 1 != 0
    }

    /// Sets an alarm again, at `now`.
    fn arm(&mut self, index: usize, now: Ticks) {
        let Some(&alarm) = self.alarms.get(index) else { return };
        let count = self.count(Self::unit_of(alarm), now);
        let period = u64::from(alarm.configuration & 0x03ff_ffff);
        let is_periodic = alarm.configuration >> 30 & 1 != 0;
        let due = match (self.is_on(index), is_periodic) {
            (false, _) => None,
            (true, true) => (period != 0).then_some(count + period),
            (true, false) => Some(alarm.target),
        };
        if let Some(alarm) = self.alarms.get_mut(index) {
            alarm.due = due;
        }
    }

    /// Time has come to `now`.
    pub fn advance(&mut self, now: Ticks) {
        for index in 0..self.alarms.len() {
            let Some(&alarm) = self.alarms.get(index) else { continue };
            let count = self.count(Self::unit_of(alarm), now);
            let Some(due) = alarm.due.filter(|due| *due <= count) else { continue };
            self.raised |= 1 << index;
            let period = u64::from(alarm.configuration & 0x03ff_ffff);
            let is_periodic = alarm.configuration >> 30 & 1 != 0 && period != 0;
            let next = is_periodic.then(|| due + (count - due) / period.max(1) * period + period);
            if let Some(alarm) = self.alarms.get_mut(index) {
                alarm.due = next;
            }
        }
    }

    /// When the next alarm goes off.
    pub fn next_event(&self, now: Ticks) -> Option<Ticks> {
        let time = |alarm: &Alarm| {
            let unit = Self::unit_of(*alarm);
            let due = alarm.due.filter(|_| self.runs(unit))?;
            Some(now + due.saturating_sub(self.count(unit, now)) * TICKS_PER_COUNT)
        };
        self.alarms.iter().filter_map(time).min()
    }

    /// The alarms that hold an interrupt up, one bit each.
    pub fn interrupts(&self) -> u32 {
        self.raised & self.enabled
    }

    /// The register at `offset`.
    pub fn read(&mut self, offset: u32, now: Ticks) -> Option<u32> {
        self.advance(now);
        let high = |value: u64| (value >> 32) as u32;
        let unit = |index: u32| self.units.get(index as usize);
        let alarm = |index: u32| self.alarms.get(index as usize);
        Some(match offset {
            0x00 => self.configuration,
            // The value is always valid.
            0x04 | 0x08 => 1 << 29,
            0x0c | 0x14 => high(unit((offset - 0x0c) / 8)?.load),
            0x10 | 0x18 => unit((offset - 0x10) / 8)?.load as u32,
            0x1c | 0x24 | 0x2c => high(alarm((offset - 0x1c) / 8)?.target),
            0x20 | 0x28 | 0x30 => alarm((offset - 0x20) / 8)?.target as u32,
            0x34 | 0x38 | 0x3c => alarm((offset - 0x34) / 4)?.configuration,
            0x40 | 0x48 => high(unit((offset - 0x40) / 8)?.latched),
            0x44 | 0x4c => unit((offset - 0x44) / 8)?.latched as u32,
            0x50..=0x60 => 0,
            0x64 => self.enabled,
            0x68 => self.raised,
            0x6c => 0,
            0x70 => self.raised & self.enabled,
            _ => return None,
        })
    }

    /// Writes the register at `offset`; false where it has none.
    pub fn write(&mut self, offset: u32, value: u32, now: Ticks) -> bool {
        self.advance(now);
        let set_high = |old: u64| old & 0xffff_ffff | u64::from(value & 0xf_ffff) << 32;
        let set_low = |old: u64| old & !0xffff_ffff | u64::from(value);
        match offset {
            0x00 => self.configure(value, now),
            0x04 | 0x08 if value >> 30 & 1 != 0 => {
                let index = (offset / 4 - 1) as usize;
                let count = self.count(index, now);
                self.units.get_mut(index).into_iter().for_each(|unit| unit.latched = count);
            }
            0x04 | 0x08 => {}
            0x0c | 0x14 => self.with_unit((offset - 0x0c) / 8, |unit| unit.load = set_high(unit.load)),
            0x10 | 0x18 => self.with_unit((offset - 0x10) / 8, |unit| unit.load = set_low(unit.load)),
            0x1c | 0x24 | 0x2c => {
                self.with_alarm((offset - 0x1c) / 8, |alarm| alarm.target = set_high(alarm.target))
            }
            0x20 | 0x28 | 0x30 => {
                self.with_alarm((offset - 0x20) / 8, |alarm| alarm.target = set_low(alarm.target))
            }
            0x34 | 0x38 | 0x3c => self.configure_alarm(((offset - 0x34) / 4) as usize, value, now),
            0x50 | 0x54 | 0x58 => self.arm(((offset - 0x50) / 4) as usize, now),
            0x5c | 0x60 => {
                let index = ((offset - 0x5c) / 4) as usize;
                let load = self.units.get(index).map_or(0, |unit| unit.load);
                self.set_count(index, load, now);
            }
            0x64 => self.enabled = value,
            0x6c => self.raised &= !value,
            _ => return false,
        }
        self.advance(now);
        true
    }

    /// Starts and stops units and alarms, without a jump of any count.
    fn configure(&mut self, value: u32, now: Ticks) {
        let counts = [0, 1].map(|unit| self.count(unit, now));
        let were_on = [0, 1, 2].map(|alarm| self.is_on(alarm));
        self.configuration = value;
        counts.into_iter().enumerate().for_each(|(unit, count)| self.set_count(unit, count, now));
        for (alarm, was_on) in were_on.into_iter().enumerate() {
            if was_on != self.is_on(alarm) {
                self.arm(alarm, now);
            }
        }
    }

    /// A period begins when its mode is set (ESP32-C3 technical reference manual, "Periodic Alarms"), also of an alarm
    /// that is on: ESP-IDF 6 turns it on first.
    fn configure_alarm(&mut self, index: usize, value: u32, now: Ticks) {
        let Some(alarm) = self.alarms.get_mut(index) else { return };
        let before = std::mem::replace(&mut alarm.configuration, value);
        if (before ^ value) >> 30 & 1 != 0 {
            self.arm(index, now);
        }
    }

    fn with_unit(&mut self, index: u32, change: impl FnOnce(&mut Unit)) {
        if let Some(unit) = self.units.get_mut(index as usize) {
            change(unit);
        }
    }

    fn with_alarm(&mut self, index: u32, change: impl FnOnce(&mut Alarm)) {
        if let Some(alarm) = self.alarms.get_mut(index as usize) {
            change(alarm);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::time::MICROSECOND;
    use super::*;

    #[test]
    fn sixteen_counts_a_microsecond() {
        let mut timer = Systimer::default();
        timer.write(0x04, 1 << 30, 100 * MICROSECOND);
        assert_eq!((timer.read(0x44, 0), timer.read(0x40, 0)), (Some(1600), Some(0)));
    }

    #[test]
    fn an_alarm_goes_off_at_its_time_and_once() {
        let mut timer = Systimer::default();
        timer.write(0x20, 160, 0);
        timer.write(0x64, 1, 0);
        timer.write(0x00, 0x4600_0000 | 1 << 24, 0);
        assert_eq!(timer.next_event(0), Some(10 * MICROSECOND));
        timer.advance(10 * MICROSECOND);
        assert_eq!(timer.interrupts(), 1);
        timer.write(0x6c, 1, 11 * MICROSECOND);
        assert_eq!((timer.interrupts(), timer.next_event(12 * MICROSECOND)), (0, None));
    }

    #[test]
    fn a_period_begins_when_its_mode_is_set_on_an_alarm_that_is_on() {
        let mut timer = Systimer::default();
        timer.write(0x34, 16, 0);
        timer.write(0x64, 1, 0);
        timer.write(0x00, 0x4600_0000 | 1 << 24, 0);
        timer.write(0x6c, 1, 0);
        timer.write(0x34, 1 << 30 | 16, 2 * MICROSECOND);
        assert_eq!(timer.next_event(2 * MICROSECOND), Some(3 * MICROSECOND));
        timer.advance(3 * MICROSECOND);
        assert_eq!((timer.interrupts(), timer.next_event(3 * MICROSECOND)), (1, Some(4 * MICROSECOND)));
    }

    #[test]
    fn a_period_goes_on() {
        let mut timer = Systimer::default();
        timer.write(0x38, 1 << 30 | 16, 0);
        timer.write(0x64, 2, 0);
        timer.write(0x00, 0x4600_0000 | 1 << 23, 0);
        timer.advance(5 * MICROSECOND);
        assert_eq!((timer.interrupts(), timer.next_event(5 * MICROSECOND)), (2, Some(6 * MICROSECOND)));
    }
}
