//! Resets the chip when the agent loop stops.
//!
//! The loop alone feeds it, never an interrupt, so that a loop that hangs is noticed. The reset is that of the core: the
//! RTC memory, where the last sign of life lies, is kept.

use crate::{clock, panic};
use esp_hal::peripherals::RTC_TIMER;
use esp_hal::rtc_cntl::{Rtc, RwdtStage, RwdtStageAction};
use esp_hal::time::Duration;

/// How long one turn of the loop may take: far more than any command does.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How often it is fed, in milliseconds; its registers are slow.
const PERIOD: u32 = 100;

/// The watchdog of the RTC, running.
pub struct Watchdog {
    rtc: Rtc<'static>,
    fed: u32,
    role: &'static str,
}

impl Watchdog {
    /// Starts it.
    pub fn start(timer: RTC_TIMER<'static>) -> Self {
        let mut rtc = Rtc::new(timer);
        rtc.rwdt.set_timeout(RwdtStage::Stage0, TIMEOUT);
        rtc.rwdt.enable();
        rtc.rwdt.set_stage_action(RwdtStage::Stage0, RwdtStageAction::ResetCore);
        rtc.rwdt.feed();
        Self { rtc, fed: clock::millis(), role: "" }
    }

    /// Says that the loop is alive, with the role at work.
    pub fn feed(&mut self, role: &'static str) {
        let now = clock::millis();
        if now.wrapping_sub(self.fed) >= PERIOD || self.role != role {
            (self.fed, self.role) = (now, role);
            self.rtc.rwdt.feed();
            panic::beat(now, role);
        }
    }
}
