//! Where views come from: a live fleet, a trace, boards on serial ports.
//!
//! A source runs in a thread of its own ([`worker`]); the display gets copies over a channel, and commands go the other
//! way. Nothing the display does waits for a source.

#[cfg(feature = "board")]
pub mod board;
pub mod live;
pub mod replay;
#[cfg(feature = "board")]
pub mod serial;
pub mod worker;

use ruvllm_esp_core::units::Micros;
use ruvllm_esp_sim::fleet::Fault;
use ruvllm_esp_sim::fleet::view::{ChipDetail, EventView, FleetView};
use std::time::Duration;

/// How fast time passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Does it stand still?
    pub paused: bool,
    /// Thousandths of real time; [`Pace::MAX`] is as fast as it goes.
    pub permille: u64,
}

impl Pace {
    /// As fast as it goes.
    pub const MAX: u64 = u64::MAX;

    /// What can be chosen.
    pub const CHOICES: [u64; 12] =
        [10, 100, 250, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 100_000, 1_000_000, Self::MAX];

    /// Real time.
    pub const REAL: Pace = Pace { paused: false, permille: 1000 };

    /// The speed in words.
    pub fn speed(permille: u64) -> String {
        match permille {
            Self::MAX => "max".into(),
            whole if whole % 1000 == 0 || whole > 10_000 => format!("{}x", whole / 1000),
            part => format!("{}x", part as f64 / 1000.0),
        }
    }

    /// The next choice, faster or slower.
    pub fn next(self, faster: bool) -> Self {
        let mut choices = Self::CHOICES.into_iter();
        let found = if faster {
            choices.find(|choice| *choice > self.permille)
        } else {
            choices.rfind(|choice| *choice < self.permille)
        };
        Pace { permille: found.unwrap_or(self.permille), ..self }
    }
}

/// What kind of source it is: what it cannot know depends on that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// A fleet that is simulated while it is looked at.
    #[default]
    Simulation,
    /// What was recorded of one.
    Trace,
    /// Boards on serial ports.
    Ports,
}

impl Origin {
    /// Why something is not known, where that is the source's nature.
    pub const fn unknown(self) -> Option<&'static str> {
        match self {
            Origin::Simulation => None,
            Origin::Trace => Some("not recorded in a trace"),
            Origin::Ports => Some("not available over a serial port"),
        }
    }

    /// Why nothing can be broken, where that is so.
    pub const fn unbreakable(self) -> &'static str {
        match self {
            Origin::Simulation => "no fault injection here",
            Origin::Trace => "a recording cannot be changed",
            Origin::Ports => "real chips have no fault injection",
        }
    }

    /// Where its times come from; empty where a clock measured them.
    pub const fn times(self) -> &'static str {
        match self {
            Origin::Simulation | Origin::Trace => ", times modelled",
            Origin::Ports => "",
        }
    }
}

/// What a source can do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Abilities {
    /// What kind it is.
    pub origin: Origin,
    /// Its time can be stopped, and pass faster or slower.
    pub pace: bool,
    /// Its time can be turned back.
    pub rewind: bool,
    /// Its chips take typed lines.
    pub console: bool,
    /// Its chips and links can be broken.
    pub faults: bool,
}

/// Where views come from.
pub trait FleetSource: Send {
    /// What it is, for the first line of the display.
    fn title(&self) -> String;

    /// What it can do.
    fn abilities(&self) -> Abilities;

    /// Its time.
    fn now(&self) -> Micros;

    /// Goes on until `to`, or until `budget` of this machine's time is used up: then it is called again. Gives whether
    /// it has more to tell at all.
    ///
    /// # Errors
    /// Why it cannot go on, in words.
    fn run_until(&mut self, to: Micros, budget: Duration) -> Result<bool, String>;

    /// Goes on to the next event that a timeline shows, or until `budget` is used up: then it is called again. Gives
    /// whether there was one.
    ///
    /// # Errors
    /// As for [`FleetSource::run_until`].
    fn step(&mut self, budget: Duration) -> Result<bool, String>;

    /// Back to the beginning, to be run to `to`: what was done by hand before `to` happens again, what was done after
    /// it is forgotten.
    ///
    /// # Errors
    /// As for [`FleetSource::run_until`].
    fn rewind(&mut self, to: Micros) -> Result<(), String>;

    /// The fleet as it is.
    fn view(&mut self) -> FleetView;

    /// A chip as it is.
    fn detail(&mut self, chip: usize) -> ChipDetail;

    /// Types a line at a chip's console.
    ///
    /// # Errors
    /// Why it was not received, in words.
    fn type_line(&mut self, chip: usize, line: &str) -> Result<(), String>;

    /// Breaks or repairs something.
    ///
    /// # Errors
    /// Why it cannot be, in words.
    fn inject(&mut self, fault: Fault) -> Result<(), String>;

    /// What happened since the last call.
    fn events(&mut self) -> Vec<EventView>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_go_up_and_down_and_stop_at_the_ends() {
        let mut pace = Pace::REAL;
        let mut seen = vec![];
        for _ in 0..9 {
            pace = pace.next(true);
            seen.push(Pace::speed(pace.permille));
        }
        assert_eq!(seen, ["2x", "5x", "10x", "30x", "100x", "1000x", "max", "max", "max"]);
        for _ in 0..20 {
            pace = pace.next(false);
        }
        assert_eq!([Pace::speed(pace.permille), Pace::speed(250)], ["0.01x", "0.25x"]);
    }
}
