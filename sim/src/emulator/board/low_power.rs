//! The low-power domain: its watchdogs, its clock, the last reset's cause, and the software's resets.
//!
//! The ESP32-C3 has all of it in one block of registers, the ESP32-C6 in four; the registers mean the same. Layout:
//! esp-idf `components/soc/esp32c3/register/soc/rtc_cntl_reg.h`, `components/soc/esp32c6/register/soc/lp_*_reg.h`.

use super::reset::Cause;
use super::time::Ticks;
use super::timer_group::SLOW_HZ;
use super::watchdog::{Action, LOW_POWER, SuperLayout, SuperWatchdog, Watchdog};

/// A register of the low-power domain, wherever the chip has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Register {
    /// The watchdogs' registers, in their order: configuration, four times, feed, lock, super configuration, its lock.
    Watchdog(u32),
    /// Writing `1 << bit` takes the time.
    TimeUpdate {
        bit: u32,
    },
    TimeLow,
    TimeHigh,
    /// Bits that reset everything but the low-power domain, and bits that reset the CPU.
    SoftwareReset {
        system: u32,
        cpu: u32,
    },
    ResetCause,
    /// The watchdog's interrupt: raw, masked, enable, clear; at this bit.
    InterruptRaw {
        bit: u32,
    },
    InterruptStatus {
        bit: u32,
    },
    InterruptEnable,
    InterruptClear {
        bit: u32,
    },
}

/// The low-power domain.
#[derive(Debug)]
pub struct LowPower {
    pub watchdog: Watchdog,
    pub super_watchdog: SuperWatchdog,
    layout: SuperLayout,
    latched: u64,
    /// When its clock began.
    since: Ticks,
    pub cause: Cause,
    /// A reset that software asked for.
    pub asked: Option<Cause>,
    enabled: u32,
    raised: bool,
    options: u32,
}

/// A count of the slow clock, in ticks, as a fraction.
const SLOW: (u64, u64) = (160_000_000 / 8_000, SLOW_HZ / 8_000);

impl LowPower {
    /// After power-on at `now`.
    pub fn new(layout: SuperLayout, now: Ticks) -> Self {
        let super_watchdog = SuperWatchdog::new(layout, now);
        Self {
            watchdog: Watchdog::new(LOW_POWER, SLOW, 1),
            super_watchdog,
            layout,
            latched: 0,
            since: now,
            cause: Cause::PowerOn,
            asked: None,
            enabled: 0,
            raised: false,
            options: 0,
        }
    }

    /// The chip is reset for `cause`: the clock goes on, the watchdogs start again.
    pub fn reset(&mut self, cause: Cause, now: Ticks) {
        let since = if cause.clears_low_power() { now } else { self.since };
        *self = Self { since, cause, ..Self::new(self.layout, now) };
    }

    /// Time has come to `now`: the reset that is due.
    pub fn advance(&mut self, now: Ticks) -> Option<Cause> {
        let action = self.watchdog.advance(now);
        self.raised |= std::mem::take(&mut self.watchdog.raised);
        if self.super_watchdog.advance(now) {
            return Some(Cause::SuperWatchdog);
        }
        match action {
            Action::ResetCpu => Some(Cause::LowPowerWatchdogCpu),
            Action::ResetCore => Some(Cause::LowPowerWatchdogCore),
            Action::ResetSystem => Some(Cause::LowPowerWatchdogSystem),
            Action::Nothing | Action::Interrupt => self.asked.take(),
        }
    }

    /// When something happens next.
    pub fn next_event(&self) -> Option<Ticks> {
        [self.watchdog.next_event(), self.super_watchdog.next_event()].into_iter().flatten().min()
    }

    /// Whether the watchdog holds its interrupt up.
    pub fn interrupts(&self) -> bool {
        self.raised && self.enabled != 0
    }

    /// Time passes that does not count for the watchdogs.
    pub fn hold(&mut self, ticks: Ticks) {
        self.watchdog.hold(ticks);
        self.super_watchdog.hold(ticks);
    }

    /// Reads a register.
    pub fn read(&self, register: Register) -> u32 {
        match register {
            Register::Watchdog(index) => match index {
                0 => self.watchdog.configuration,
                1..=4 => self.watchdog.timeouts.get(index as usize - 1).copied().unwrap_or(0),
                6 => self.watchdog.lock,
                7 => self.super_watchdog.configuration,
                8 => self.super_watchdog.lock,
                _ => 0,
            },
            Register::TimeUpdate { .. } | Register::InterruptClear { .. } => 0,
            Register::TimeLow => self.latched as u32,
            Register::TimeHigh => (self.latched >> 32) as u32,
            Register::SoftwareReset { .. } => self.options,
            Register::ResetCause => self.cause.code(),
            Register::InterruptRaw { bit } => u32::from(self.raised) << bit,
            Register::InterruptStatus { bit } => u32::from(self.interrupts()) << bit,
            Register::InterruptEnable => self.enabled,
        }
    }

    /// Writes a register.
    pub fn write(&mut self, register: Register, value: u32, now: Ticks) {
        match register {
            Register::Watchdog(index) => self.write_watchdog(index, value, now),
            Register::TimeUpdate { bit } if value >> bit & 1 != 0 => {
                self.latched = (now - self.since) * SLOW.1 / SLOW.0;
            }
            Register::SoftwareReset { system, cpu } => {
                self.options = value & !(system | cpu);
                if value & system != 0 {
                    self.asked = Some(Cause::SoftwareCore);
                } else if value & cpu != 0 {
                    self.asked = Some(Cause::SoftwareCpu);
                }
            }
            Register::InterruptEnable => self.enabled = value,
            Register::InterruptClear { bit } => self.raised &= value >> bit & 1 == 0,
            _ => {}
        }
    }

    fn write_watchdog(&mut self, index: u32, value: u32, now: Ticks) {
        match index {
            6 => self.watchdog.lock = value,
            7 => self.super_watchdog.configure(value, now),
            8 => self.super_watchdog.lock = value,
            _ if !self.watchdog.is_open() => {}
            0 => self.watchdog.configure(value, now),
            5 => self.watchdog.feed(now),
            _ => {
                if let Some(timeout) = self.watchdog.timeouts.get_mut((index as usize).wrapping_sub(1)) {
                    *timeout = value;
                }
            }
        }
    }
}
