//! Resets the chip when the agent loop stops.
//!
//! The loop alone feeds it, never an interrupt, so that a loop that hangs is noticed. The reset is that of the core: the
//! RTC memory, where the last sign of life lies, is kept. When it is fed is decided by [`Feeding`], which a host tests.

use crate::{clock, panic};
use esp_hal::peripherals::RTC_TIMER;
use esp_hal::rtc_cntl::{Rtc, RwdtStage, RwdtStageAction};
use esp_hal::time::Duration;
use ruvllm_esp_firmware_logic::feeding::Feeding;

/// How long one turn of the loop may take: far more than any command does.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The watchdog of the RTC, running.
pub struct Watchdog {
    rtc: Rtc<'static>,
    feeding: Feeding,
}

impl Watchdog {
    /// Starts it.
    pub fn start(timer: RTC_TIMER<'static>) -> Self {
        let mut rtc = Rtc::new(timer);
        rtc.rwdt.set_timeout(RwdtStage::Stage0, TIMEOUT);
        rtc.rwdt.enable();
        rtc.rwdt.set_stage_action(RwdtStage::Stage0, RwdtStageAction::ResetCore);
        rtc.rwdt.feed();
        Self { rtc, feeding: Feeding::new(clock::millis()) }
    }

    /// Says that the loop is alive, with the role at work.
    pub fn feed(&mut self, role: &'static str) {
        let now = clock::millis();
        if self.feeding.is_due(now, role) {
            self.rtc.rwdt.feed();
            panic::beat(now, role);
        }
    }
}
