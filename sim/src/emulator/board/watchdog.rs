//! Watchdogs: four stages that follow each other until somebody feeds, and the super watchdog.
//!
//! The timer groups and the low-power domain have the same staged watchdog with other clocks and other resets. Its
//! registers are ignored while they are locked. The super watchdog has one fixed time and one reset.

use super::time::Ticks;

/// Unlocks a watchdog's registers.
const KEY: u32 = 0x50d8_3aa1;
/// Unlocks the super watchdog's registers on the ESP32-C3.
const SUPER_KEY_ESP32C3: u32 = 0x8f1d_312a;

const ENABLE: u32 = 1 << 31;

/// What a stage does when its time is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Nothing,
    Interrupt,
    ResetCpu,
    ResetCore,
    ResetSystem,
}

/// Where the actions of the stages stand in the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stages {
    /// The lowest bit of the first stage; the others follow below.
    pub first_bit: u32,
    /// Bits of an action.
    pub bits: u32,
}

/// Those of a timer group.
pub const TIMER_GROUP: Stages = Stages { first_bit: 29, bits: 2 };
/// Those of the low-power domain.
pub const LOW_POWER: Stages = Stages { first_bit: 28, bits: 3 };

/// A staged watchdog.
#[derive(Clone, Copy, Debug)]
pub struct Watchdog {
    stages: Stages,
    pub configuration: u32,
    /// The times of the stages, in its clock.
    pub timeouts: [u32; 4],
    pub lock: u32,
    /// Ticks of a count of its clock, as a fraction.
    pub clock: (u64, u64),
    /// How much longer the first stage is than written, as a shift.
    first_shift: u32,
    stage: usize,
    since: Ticks,
    /// A stage's interrupt is up.
    pub raised: bool,
}

impl Watchdog {
    /// A watchdog at rest.
    pub fn new(stages: Stages, clock: (u64, u64), first_shift: u32) -> Self {
        let (configuration, timeouts) = (0, [0; 4]);
        Self {
            stages,
            configuration,
            timeouts,
            lock: KEY,
            clock,
            first_shift,
            stage: 0,
            since: 0,
            raised: false,
        }
    }

    /// Are its registers open?
    pub fn is_open(&self) -> bool {
        self.lock == KEY
    }

    /// Sets the configuration.
    pub fn configure(&mut self, value: u32, now: Ticks) {
        let was_on = self.configuration & ENABLE != 0;
        self.configuration = value;
        if !was_on {
            self.feed(now);
        }
    }

    /// Starts again.
    pub fn feed(&mut self, now: Ticks) {
        (self.stage, self.since) = (0, now);
    }

    /// The end of the stage it is in.
    pub fn next_event(&self) -> Option<Ticks> {
        let timeout = *self.timeouts.get(self.stage)?;
        let shift = if self.stage == 0 { self.first_shift } else { 0 };
        let (ticks, per) = self.clock;
        let time = (u64::from(timeout) << shift) * ticks / per.max(1);
        (self.configuration & ENABLE != 0).then_some(self.since + time)
    }

    fn action(&self) -> Action {
        let bit = self.stages.first_bit.saturating_sub(self.stage as u32 * self.stages.bits);
        match (self.configuration >> bit & ((1 << self.stages.bits) - 1), self.stages.bits) {
            (1, _) => Action::Interrupt,
            (2, _) => Action::ResetCpu,
            (3, _) => Action::ResetCore,
            (4, 3) => Action::ResetSystem,
            _ => Action::Nothing,
        }
    }

    /// Time has come to `now`: what the stage that ended does.
    pub fn advance(&mut self, now: Ticks) -> Action {
        let Some(end) = self.next_event().filter(|end| *end <= now) else { return Action::Nothing };
        let action = self.action();
        self.since = end.max(now);
        self.stage = (self.stage + 1) % 4;
        self.raised |= action == Action::Interrupt;
        action
    }

    /// Time passes that does not count.
    pub fn hold(&mut self, ticks: Ticks) {
        self.since += ticks;
    }
}

/// Where the super watchdog's bits are: feed by itself, off, feed; and its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SuperLayout {
    auto_feed: u32,
    off: u32,
    feed: u32,
    key: u32,
}

pub const SUPER_ESP32C3: SuperLayout =
    SuperLayout { auto_feed: 31, off: 30, feed: 29, key: SUPER_KEY_ESP32C3 };
pub const SUPER_ESP32C6: SuperLayout = SuperLayout { auto_feed: 18, off: 30, feed: 31, key: KEY };

/// The super watchdog: "slightly less than one second", says the technical reference manual.
const SUPER_TIME: Ticks = 980 * super::time::MILLISECOND;

/// The super watchdog.
#[derive(Clone, Copy, Debug)]
pub struct SuperWatchdog {
    layout: SuperLayout,
    pub configuration: u32,
    pub lock: u32,
    since: Ticks,
}

impl SuperWatchdog {
    /// After a reset at `now`: it runs.
    pub fn new(layout: SuperLayout, now: Ticks) -> Self {
        Self { layout, configuration: 0, lock: 0, since: now }
    }

    /// Sets the configuration, unless it is locked.
    pub fn configure(&mut self, value: u32, now: Ticks) {
        if self.lock == self.layout.key {
            self.configuration = value & !(1 << self.layout.feed);
            if value >> self.layout.feed & 1 != 0 {
                self.since = now;
            }
        }
    }

    /// When it bites.
    pub fn next_event(&self) -> Option<Ticks> {
        let rests = self.configuration >> self.layout.auto_feed & 1 != 0
            || self.configuration >> self.layout.off & 1 != 0;
        (!rests).then_some(self.since + SUPER_TIME)
    }

    /// Whether it bites now.
    pub fn advance(&mut self, now: Ticks) -> bool {
        let rests = self.next_event().is_none();
        if rests {
            self.since = now;
        }
        self.next_event().is_some_and(|end| end <= now)
    }

    /// Time passes that does not count.
    pub fn hold(&mut self, ticks: Ticks) {
        self.since += ticks;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unfed_it_goes_through_its_stages() {
        let mut dog = Watchdog::new(TIMER_GROUP, (2, 1), 0);
        dog.timeouts = [50, 100, 0, 0];
        dog.configure(ENABLE | 1 << 29 | 3 << 27, 0);
        assert_eq!(dog.advance(99), Action::Nothing);
        assert_eq!((dog.advance(100), dog.raised), (Action::Interrupt, true));
        assert_eq!(dog.advance(299), Action::Nothing);
        assert_eq!(dog.advance(300), Action::ResetCore);
    }

    #[test]
    fn fed_it_stays_quiet() {
        let mut dog = Watchdog::new(LOW_POWER, (1, 1), 1);
        dog.timeouts = [50, 0, 0, 0];
        dog.configure(ENABLE | 4 << 28, 0);
        dog.feed(99);
        assert_eq!(dog.advance(198), Action::Nothing);
        assert_eq!(dog.advance(199), Action::ResetSystem);
    }

    #[test]
    fn the_super_watchdog_runs_from_reset_on_and_is_locked() {
        let mut dog = SuperWatchdog::new(SUPER_ESP32C3, 0);
        dog.configure(1 << 30, 0);
        assert!(dog.next_event().is_some(), "locked");
        dog.lock = SUPER_KEY_ESP32C3;
        dog.configure(1 << 31, 0);
        assert_eq!(dog.next_event(), None);
        assert!(!dog.advance(10 * SUPER_TIME));
    }
}
