//! Why a chip starts.

/// A cause of a reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    PowerOn,
    SoftwareCore,
    SoftwareCpu,
    TimerGroup0Core,
    TimerGroup1Core,
    TimerGroup0Cpu,
    TimerGroup1Cpu,
    LowPowerWatchdogCore,
    LowPowerWatchdogCpu,
    LowPowerWatchdogSystem,
    SuperWatchdog,
}

impl Cause {
    /// The number that the chip shows; technical reference manuals, "Reset and Clock".
    pub const fn code(self) -> u32 {
        match self {
            Self::PowerOn => 0x01,
            Self::SoftwareCore => 0x03,
            Self::TimerGroup0Core => 0x07,
            Self::TimerGroup1Core => 0x08,
            Self::LowPowerWatchdogCore => 0x09,
            Self::TimerGroup0Cpu => 0x0b,
            Self::SoftwareCpu => 0x0c,
            Self::LowPowerWatchdogCpu => 0x0d,
            Self::LowPowerWatchdogSystem => 0x10,
            Self::TimerGroup1Cpu => 0x11,
            Self::SuperWatchdog => 0x12,
        }
    }

    /// Whether only the CPU restarts, and the peripherals stay as they are.
    pub const fn is_cpu_only(self) -> bool {
        matches!(
            self,
            Self::SoftwareCpu | Self::TimerGroup0Cpu | Self::TimerGroup1Cpu | Self::LowPowerWatchdogCpu
        )
    }

    /// Whether the low-power domain restarts too.
    pub const fn clears_low_power(self) -> bool {
        matches!(self, Self::PowerOn | Self::LowPowerWatchdogSystem | Self::SuperWatchdog)
    }
}
