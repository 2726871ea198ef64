//! A fleet in one file: each chip with its own port, role and number.
//!
//! Every mistake is reported with its line before any port is opened.

use crate::error::CliError;
use crate::fleet_key;
use crate::selection::ResolvedOption;
use ruvllm_esp_core::chip::Chip;
use ruvllm_esp_core::role::RoleKind;
use ruvllm_esp_core::wire::authentication::Key;
use ruvllm_esp_firmware_logic::config::KEY_BYTES;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::num::NonZeroU32;
use std::ops::Range;
use std::path::{Path, PathBuf};
use toml::Spanned;

/// The file, as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    key: Option<Spanned<String>>,
    #[serde(default = "first")]
    epoch: NonZeroU32,
    encrypt: Option<bool>,
    #[serde(default)]
    chip: Vec<Spanned<Entry>>,
}

fn first() -> NonZeroU32 {
    NonZeroU32::MIN
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Entry {
    port: Option<Spanned<String>>,
    serial_number: Option<Spanned<String>>,
    variant: Spanned<String>,
    role: Option<Spanned<String>>,
    id: Option<Spanned<u16>>,
    image: Option<PathBuf>,
}

/// How a board is found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PortSelector {
    /// By the name of its port.
    Port(String),
    /// By the serial number of its USB device, whatever port it is on today.
    SerialNumber(String),
}

/// One chip of the fleet.
#[derive(Clone, Debug)]
pub struct Member {
    /// How it is found.
    pub selector: PortSelector,
    /// Which chip it is.
    pub chip: &'static Chip,
    /// Its role.
    pub role: Option<RoleKind>,
    /// Its number.
    pub chip_id: Option<u16>,
    /// Its image, if not the one of its kind.
    pub image: Option<PathBuf>,
    /// `FILE:LINE`, for what is found out later.
    pub at: String,
}

/// A fleet.
#[derive(Clone, Debug)]
pub struct Fleet {
    /// The key that its chips share, where the file has one.
    pub key: Option<Key>,
    /// The epoch of its keys, from 1.
    pub epoch: u32,
    /// Whether payloads are encrypted; where it is not said the chips keep what they have.
    pub encrypts: Option<bool>,
    /// Its chips, in the order of the file.
    pub members: Vec<Member>,
}

impl Fleet {
    /// Reads a file.
    ///
    /// # Errors
    /// `fleet::cannot-read`, every mistake with `FILE:LINE`, and `key::readable-by-others` where it holds a key.
    pub fn read(path: &Path) -> Result<Self, CliError> {
        let name = path.display().to_string();
        let cannot_read = |error: io::Error| {
            CliError::usage("fleet::cannot-read", format!("{name}: {error}"))
                .help("docs/flashing.md has an example")
        };
        let mut file = File::open(path).map_err(cannot_read)?;
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(cannot_read)?;
        let fleet = Self::parse(&text, &name)?;
        if fleet.key.is_some() {
            fleet_key::private(&file, &name)?;
        }
        Ok(fleet)
    }

    fn parse(text: &str, name: &str) -> Result<Self, CliError> {
        let file = Source { text, name };
        let document: Document = toml::from_str(text)
            .map_err(|error| file.error("fleet::syntax", error.span(), error.message()))?;
        if document.chip.is_empty() {
            return Err(file.error("fleet::empty", None, "there is no [[chip]]"));
        }
        let key = document.key.map(|text| file.key(&text)).transpose()?;
        let (mut selectors, mut ids) = (BTreeSet::new(), BTreeSet::new());
        let mut members = Vec::new();
        for entry in &document.chip {
            let member = file.member(entry)?;
            if !selectors.insert(member.selector.clone()) {
                return Err(file.error(
                    "fleet::twice",
                    Some(entry.span()),
                    "this board is listed above already",
                ));
            }
            if let Some(id) = member.chip_id.filter(|id| !ids.insert(*id)) {
                let span = entry.get_ref().id.as_ref().map(Spanned::span);
                return Err(file.error(
                    "fleet::twice",
                    span,
                    &format!("the number {id} is taken above already"),
                ));
            }
            members.push(member);
        }
        Ok(Self { key, epoch: document.epoch.get(), encrypts: document.encrypt, members })
    }
}

/// The text, for its line numbers.
struct Source<'a> {
    text: &'a str,
    name: &'a str,
}

impl Source<'_> {
    fn member(&self, entry: &Spanned<Entry>) -> Result<Member, CliError> {
        let Entry { port, serial_number, variant, role, id, image } = entry.get_ref();
        let selector = match (port, serial_number) {
            (Some(port), None) => PortSelector::Port(port.get_ref().clone()),
            (None, Some(number)) => PortSelector::SerialNumber(number.get_ref().clone()),
            _ => {
                let text = "a chip has either `port` or `serial-number`";
                return Err(self.error("fleet::board", Some(entry.span()), text));
            }
        };
        let chip = ResolvedOption::option(variant.get_ref(), "variant").chip();
        let role = role.as_ref().map(|role| {
            ResolvedOption::option(role.get_ref(), "role")
                .role()
                .map_err(|error| error.at(&self.line(Some(role.span()))))
        });
        Ok(Member {
            selector,
            chip: chip.map_err(|error| error.at(&self.line(Some(variant.span()))))?,
            role: role.transpose()?,
            chip_id: id.as_ref().map(|id| self.number(id)).transpose()?,
            image: image.clone(),
            at: self.line(Some(entry.span())),
        })
    }

    fn number(&self, id: &Spanned<u16>) -> Result<u16, CliError> {
        let number = ResolvedOption::option(&id.get_ref().to_string(), "id").chip_id();
        number.map_err(|error| error.at(&self.line(Some(id.span()))))
    }

    fn key(&self, text: &Spanned<String>) -> Result<Key, CliError> {
        let digits = text.get_ref();
        // Only digits: a number may begin with a sign as well.
        let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let byte = |at: usize| {
            digits.get(at..at + 2).filter(|_| is_hex).and_then(|pair| u8::from_str_radix(pair, 16).ok())
        };
        let bytes: Option<Vec<u8>> = (0..digits.len()).step_by(2).map(byte).collect();
        bytes.and_then(|bytes| bytes.try_into().ok()).map(Key::new).ok_or_else(|| {
            let text_of = format!("a key has {} hexadecimal digits", 2 * KEY_BYTES);
            self.error("fleet::key", Some(text.span()), &text_of)
        })
    }

    fn error(&self, code: &'static str, span: Option<Range<usize>>, text: &str) -> CliError {
        CliError::usage(code, text.trim().replace('\n', "; "))
            .at(&self.line(span))
            .help("docs/flashing.md has an example")
    }

    fn line(&self, span: Option<Range<usize>>) -> String {
        let Some(span) = span else { return self.name.to_string() };
        let before = self.text.get(..span.start).unwrap_or(self.text);
        format!("{}:{}", self.name, before.matches('\n').count() + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = r#"
key = "00112233445566778899aabbccddeeff"

[[chip]]
port = "/dev/ttyACM0"
variant = "esp32c3"
role = "memory"
id = 1

[[chip]]
serial-number = "34:85:18:AA:BB:CC"
variant = "ESP32-S3"
"#;

    fn message(text: &str) -> (&'static str, String) {
        let error = Fleet::parse(text, "fleet.toml").unwrap_err();
        (error.code(), error.message().to_string())
    }

    #[test]
    fn a_fleet_is_read_as_it_stands() {
        let fleet = Fleet::parse(TWO, "fleet.toml").unwrap();
        assert_eq!((fleet.key.map(|key| key.to_bytes()[1]), fleet.epoch), (Some(0x11), 1));
        let encrypts = |text: &str| Fleet::parse(text, "fleet.toml").unwrap().encrypts;
        assert_eq!((encrypts(TWO), encrypts(&format!("encrypt = true\n{TWO}"))), (None, Some(true)));
        let [first, second] = fleet.members.as_slice() else { panic!("{fleet:?}") };
        assert_eq!(
            (first.chip.name, first.role, first.chip_id),
            ("esp32c3", Some(RoleKind::MemoryArchivist), Some(1))
        );
        assert_eq!(second.selector, PortSelector::SerialNumber("34:85:18:AA:BB:CC".into()));
        assert_eq!((second.chip.name, second.role, second.chip_id), ("esp32s3", None, None));
    }

    #[test]
    fn every_mistake_has_its_line() {
        let (code, text) = message(&TWO.replace("memory", "memroy"));
        assert!(code == "cli::unknown-role" && text.starts_with("fleet.toml:7: "), "{code} {text}");
        let (code, text) = message(&TWO.replace("ESP32-S3", "esp33"));
        assert!(code == "cli::unknown-chip" && text.starts_with("fleet.toml:12: "), "{code} {text}");
        let (code, text) = message(&TWO.replace("id = 1", "id = 70000"));
        assert!(code == "fleet::syntax" && text.starts_with("fleet.toml:8: "), "{code} {text}");
        let (code, text) = message(&TWO.replace("id = 1", "idd = 1"));
        assert!(code == "fleet::syntax" && text.contains("unknown field"), "{code} {text}");
        let (code, text) = message(&TWO.replace("ddeeff\"", "dd\""));
        assert!(code == "fleet::key" && text.starts_with("fleet.toml:2: "), "{code} {text}");
        let (code, _) = message(&TWO.replace("\"0011", "\"+0+1"));
        assert_eq!(code, "fleet::key");
        let (code, text) = message(&TWO.replace("id = 1", "id = 65535"));
        assert!(code == "cli::bad-chip-id" && text.starts_with("fleet.toml:8: "), "{code} {text}");
        let (code, text) = message(&format!("{TWO}id = 1\n"));
        assert!(code == "fleet::twice" && text.starts_with("fleet.toml:13: "), "{code} {text}");
        let (code, _) = message(&TWO.replace("serial-number = \"34:85:18:AA:BB:CC\"", ""));
        assert_eq!(code, "fleet::board");
        assert_eq!(message("").0, "fleet::empty");
    }
}
