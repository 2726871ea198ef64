//! The lines of a trace.
//!
//! An event is `[nanoseconds, chip, what]`, the chip by its index or `null`. What it is, is an object with one key.

use crate::fleet::snapshot::Snapshot;
use crate::fleet::telemetry::RoleEvent;
use crate::fleet::view::EventKind;
use crate::scenario::key::{FleetKey, digits};
use crate::scenario::{Bundle, Scenario};
use ruvllm_esp_core::wire::authentication::KeyId;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The version of the format that is written, and the only one that is read.
pub const VERSION: u32 = 3;

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The version of the format.
    pub trace: u32,
    /// The program that wrote it.
    pub program: String,
    /// The seed of the run, whatever the scenario says.
    pub seed: u64,
    /// How long it was to run, in microseconds.
    pub until_us: u64,
    /// Was a chip talked to? Then what was typed is in the events, and not in the scenario.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub session: bool,
    /// The id of the fleet's key, where it has one that is to be kept secret: who runs it again has to have that key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
    /// The scenario and its data.
    pub scenario: Recorded,
}

/// A scenario with its data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// Its name.
    pub name: String,
    /// Its text, without the digits of a key.
    pub text: String,
    /// Its data files: name and content.
    pub files: Vec<(String, String)>,
}

/// An event: when, in nanoseconds; at which chip, by its index; and what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event(pub u64, pub Option<u32>, pub What);

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// The chip got power; the number counts its starts.
    Starts(u32),
    /// It has booted.
    Boots,
    /// It stopped.
    Stops,
    /// A line was typed at its console.
    Typed(String),
    /// It wrote a line on its console.
    Said(String),
    /// Its role did something that a display shows.
    Role(RoleEvent),
    /// It reports something of its part in the fleet, or something failed.
    Note(EventKind, String),
    /// It handed a frame to the driver of a port: the port, the frame's number in this trace, its bytes.
    Sent(u8, u64, Hex),
    /// It took a frame from a port as it was sent: the port, and the number of the frame.
    Received(u8, u64),
    /// It took a frame from a port that no chip sent: the port and the bytes.
    Corrupted(u8, Hex),
    /// A frame was lost because its receive buffer was full.
    Overflowed,
    /// How the chips and links are, now and then.
    Snapshot(Box<Snapshot>),
    /// The end of the trace.
    End(End),
}

/// Bytes as hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hex(pub Arc<[u8]>);

/// The last line: what a whole trace holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// How many events there are before it.
    pub events: u64,
    /// The checksum of all lines before it; sixteen hexadecimal digits, for 64 bits are more than a number of JSON holds.
    #[serde(with = "digits")]
    pub checksum: u64,
}

impl Header {
    /// The header for a run of `scenario`, or of a `session` with its chip.
    pub fn new(scenario: &Scenario, session: bool) -> Self {
        let Bundle { name, files, .. } = &scenario.bundle;
        let text = scenario.text_without_key();
        let files = files.iter().map(|(name, text)| (name.clone(), text.to_string())).collect();
        Self {
            trace: VERSION,
            program: concat!("ruvllm-esp ", env!("CARGO_PKG_VERSION")).into(),
            seed: scenario.seed,
            until_us: scenario.until.get(),
            session,
            key_id: scenario.key.secret_id().map(|id| id.to_string()),
            scenario: Recorded { name: name.clone(), text, files },
        }
    }

    /// The scenario of the run.
    ///
    /// # Errors
    /// [`crate::scenario::Problems`] where it is none.
    pub fn scenario(&self) -> Result<Scenario, crate::scenario::Problems> {
        let Recorded { name, text, files } = &self.scenario;
        let files = files.iter().map(|(name, text)| (name.clone(), text.as_str().into())).collect();
        let bundle = Bundle { name: name.clone(), text: text.clone(), files };
        let until = ruvllm_esp_core::units::Micros(self.until_us);
        let scenario = Scenario::unpack_until(&bundle, Some(until))?;
        let id = self.key_id.as_deref().and_then(digits).map(KeyId);
        let key = id.map_or(scenario.key, FleetKey::Wanted);
        Ok(Scenario { seed: self.seed, key, ..scenario })
    }
}

impl Serialize for Hex {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble & 15)]);
        let text: String = self.0.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect();
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digit = |byte: &u8| char::from(*byte).to_digit(16);
        let pairs = text.as_bytes().chunks(2);
        let bytes: Option<Vec<u8>> =
            pairs.map(|pair| Some((digit(pair.first()?)? << 4 | digit(pair.get(1)?)?) as u8)).collect();
        bytes.map(|bytes| Self(bytes.into())).ok_or_else(|| serde::de::Error::custom("no hexadecimal digits"))
    }
}

/// A checksum as hexadecimal digits.
mod digits {
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(checksum: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("{checksum:016x}"))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        let text = String::deserialize(deserializer)?;
        let is_whole = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let checksum = u64::from_str_radix(&text, 16).ok().filter(|_| is_whole);
        checksum.ok_or_else(|| serde::de::Error::custom("a checksum has 16 hexadecimal digits"))
    }
}
