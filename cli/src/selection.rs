//! Which chips, which roles: values of options, of the environment and of the configuration, and what they name.
//!
//! A wrong name is an error that says where it was found and what comes nearest, wherever it came from.

use crate::error::CliError;
use clap::builder::{PossibleValue, TypedValueParser};
use ruvllm_esp_core::chip::{self, Chip, Radio};
use ruvllm_esp_core::role::RoleKind;
use std::borrow::Cow;
use std::env;
use std::ffi::OsStr;

/// The variable that names the chip.
pub const VARIANT: &str = "RUVLLM_VARIANT";
/// The variable that names the role.
pub const ROLE: &str = "RUVLLM_ROLE";
/// The variable that holds the number of the chip.
pub const CHIP_ID: &str = "RUVLLM_CHIP_ID";

/// Where a value was found, to name it in an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedOption {
    value: String,
    origin: Cow<'static, str>,
}

impl ResolvedOption {
    /// The variable; an empty one counts as none.
    ///
    /// # Errors
    /// A variable that is not Unicode.
    pub fn variable(variable: &'static str) -> Result<Option<Self>, CliError> {
        match env::var(variable) {
            Ok(value) if !value.is_empty() => Ok(Some(Self { value, origin: variable.into() })),
            Err(env::VarError::NotUnicode(_)) => {
                Err(CliError::usage("cli::not-unicode", format!("{variable} is not Unicode"))
                    .help(format!("unset {variable}, or set it again")))
            }
            Ok(_) | Err(env::VarError::NotPresent) => Ok(None),
        }
    }

    /// A value of an option.
    pub fn option(value: &str, origin: &'static str) -> Self {
        Self { value: value.to_string(), origin: origin.into() }
    }

    /// A value of a file; `origin` names the file, the line and the key.
    pub fn in_file(value: &str, origin: String) -> Self {
        Self { value: value.to_string(), origin: origin.into() }
    }

    /// The value as it was given.
    pub fn text(&self) -> &str {
        &self.value
    }

    /// The chip of this name.
    ///
    /// # Errors
    /// `cli::unknown-chip`.
    pub fn chip(&self) -> Result<&'static Chip, CliError> {
        let names = || chip::ALL.into_iter().map(|chip| chip.name);
        chip::by_name(&self.value).ok_or_else(|| {
            let is_short = |name: &&str| name.ends_with(&short_name(&self.value)) && self.value.len() > 1;
            let error = |names: Vec<&'static str>| {
                self.unknown("cli::unknown-chip", "chip", names.into_iter(), "`ruvllm-esp chips` lists them")
            };
            // `c3` and `ESP32-C3` mean one chip, and are spelt like none.
            let short = |name: &&str| short_name(name);
            let is_near =
                |name: &&str| nearest(&short_name(&self.value), [short(name).as_str()].into_iter()).is_some();
            match names().find(is_short).or_else(|| names().find(is_near)) {
                Some(name) => Self { value: name.into(), origin: self.origin.clone() }.meant(self),
                None => error(names().collect()),
            }
        })
    }

    /// The error of a value that can only mean this one.
    fn meant(&self, given: &Self) -> CliError {
        let Self { value, origin } = given;
        CliError::usage("cli::unknown-chip", format!("{origin}: there is no chip `{value}`"))
            .help(format!("did you mean `{}`? `ruvllm-esp chips` lists them", self.value))
    }

    /// The role of this name.
    ///
    /// # Errors
    /// `cli::unknown-role`.
    pub fn role(&self) -> Result<RoleKind, CliError> {
        let names = || RoleKind::ALL.into_iter().flat_map(RoleKind::names);
        RoleKind::by_name(&self.value).ok_or_else(|| {
            self.unknown("cli::unknown-role", "role", names(), "`ruvllm-esp roles` lists them")
        })
    }

    /// The number of a chip.
    ///
    /// # Errors
    /// `cli::bad-chip-id`.
    pub fn chip_id(&self) -> Result<u16, CliError> {
        let Self { value, origin } = self;
        // The last number is the address of all chips.
        let number = value.parse().ok().filter(|number| *number != u16::MAX);
        number.ok_or_else(|| {
            let text = format!("{origin}: `{value}` is not a whole number up to 65534");
            CliError::usage("cli::bad-chip-id", text)
                .help("give each chip of a fleet a number of its own, such as 7; 65535 means all of them")
        })
    }

    /// Bits a second.
    ///
    /// # Errors
    /// `cli::bad-baud`.
    pub fn baud(&self) -> Result<u32, CliError> {
        let Self { value, origin } = self;
        let speed = value.parse().ok().filter(|baud| *baud > 0);
        speed.ok_or_else(|| {
            CliError::usage("cli::bad-baud", format!("{origin}: `{value}` is not a speed in bits a second"))
                .help("such as 115200, 460800 or 921600")
        })
    }

    fn unknown(
        &self,
        code: &'static str,
        what: &str,
        names: impl Iterator<Item = &'static str>,
        list: &str,
    ) -> CliError {
        let Self { value, origin } = self;
        let error = CliError::usage(code, format!("{origin}: there is no {what} `{value}`"));
        match nearest(value, names) {
            Some(name) => error.help(format!("did you mean `{name}`? {list}")),
            None => error.help(list),
        }
    }
}

/// The items of a comma list, each once; `all` is each of `all`.
///
/// # Errors
/// That of the first unknown name.
pub fn list<T: Copy + PartialEq>(
    resolved: &ResolvedOption,
    all: &[T],
    one: impl Fn(&ResolvedOption) -> Result<T, CliError>,
) -> Result<Vec<T>, CliError> {
    let ResolvedOption { value, origin } = resolved;
    let item = |name: &str| ResolvedOption { value: name.trim().to_string(), origin: origin.clone() };
    if value.eq_ignore_ascii_case("all") {
        return Ok(all.to_vec());
    }
    let mut found = Vec::new();
    for name in value.split(',') {
        let one = one(&item(name))?;
        if !found.contains(&one) {
            found.push(one);
        }
    }
    Ok(found)
}

/// A chip's name without its family and its hyphens: `ESP32-C3` is `c3`.
fn short_name(text: &str) -> String {
    let text: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
    let text = text.to_ascii_lowercase();
    text.strip_prefix("esp32").filter(|rest| !rest.is_empty()).unwrap_or(&text).to_string()
}

/// The name most like `text`, if one is.
pub fn nearest<'n>(text: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let text = text.to_ascii_lowercase();
    names
        .map(|name| (strsim::jaro_winkler(&text, &name.to_ascii_lowercase()), name))
        .filter(|(likeness, _)| *likeness > 0.85)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

/// Takes any text, and tells help and completions which values there are: the check is ours, with its own error.
#[derive(Clone, Copy, Debug)]
pub struct Names(fn() -> Vec<&'static str>);

impl Names {
    /// One chip.
    pub const CHIP: Names = Names(|| chip::ALL.iter().map(|chip| chip.name).collect());
    /// Some chips.
    pub const CHIPS: Names = Names(|| chip::ALL.iter().map(|chip| chip.name).chain(["all"]).collect());
    /// One role.
    pub const ROLE: Names = Names(|| RoleKind::ALL.iter().map(|role| role.alias()).collect());
    /// Some roles.
    pub const ROLES: Names = Names(|| RoleKind::ALL.iter().map(|role| role.alias()).chain(["all"]).collect());
}

impl TypedValueParser for Names {
    type Value = String;

    fn parse_ref(
        &self,
        command: &clap::Command,
        _: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<String, clap::Error> {
        let invalid = || clap::Error::new(clap::error::ErrorKind::InvalidUtf8).with_cmd(command);
        value.to_str().map(str::to_string).ok_or_else(invalid)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new((self.0)().into_iter().map(PossibleValue::new)))
    }
}

/// The uses of the radio, for options.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum RadioChoice {
    /// Not linked
    #[default]
    Off,
    /// ESP-NOW frames from chip to chip
    Espnow,
    /// Wi-Fi with a TCP/IP stack
    Wifi,
}

impl From<RadioChoice> for Radio {
    fn from(choice: RadioChoice) -> Self {
        match choice {
            RadioChoice::Off => Radio::Off,
            RadioChoice::Espnow => Radio::EspNow,
            RadioChoice::Wifi => Radio::Wifi,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_name_says_where_it_was_and_what_is_near() {
        let resolved = ResolvedOption::option("esp32c4", VARIANT);
        let text = anstream::adapter::strip_str(&resolved.chip().unwrap_err().to_string()).to_string();
        assert!(text.contains("RUVLLM_VARIANT: there is no chip `esp32c4`"), "{text}");
        assert!(text.contains("did you mean `esp32c"), "{text}");
        let role = ResolvedOption::option("memroy", "--role").role().unwrap_err().to_string();
        assert!(role.contains("did you mean `memory`?"), "{role}");
        for (text, name) in
            [("c3", "esp32c3"), ("esp32_s2", "esp32s2"), ("esp-32-c6", "esp32c6"), ("c33", "esp32c3")]
        {
            let error = ResolvedOption::option(text, "--variant").chip().unwrap_err().to_string();
            assert!(error.contains(&format!("did you mean `{name}`?")), "{text}: {error}");
        }
        for (text, name) in [("sentinal", "Sentinel"), ("archivst", "Archivist"), ("retreiver", "Retriever")]
        {
            let error = ResolvedOption::option(text, "--role").role().unwrap_err().to_string();
            assert!(
                error.to_lowercase().contains(&format!("did you mean `{}", name.to_lowercase())),
                "{text}: {error}"
            );
        }
    }

    #[test]
    fn the_number_of_all_chips_is_no_chips_number() {
        let number = |text| ResolvedOption::option(text, "--chip-id").chip_id();
        assert_eq!((number("65534").unwrap(), number("0").unwrap()), (65534, 0));
        assert_eq!(number("65535").unwrap_err().code(), "cli::bad-chip-id");
    }

    #[test]
    fn a_list_is_all_or_each_name() {
        let roles =
            |text| list(&ResolvedOption::option(text, "--role"), &RoleKind::ALL, ResolvedOption::role);
        assert_eq!(roles("all").unwrap(), RoleKind::ALL);
        let two = [RoleKind::RagRetriever, RoleKind::MemoryArchivist];
        assert_eq!(roles("rag, MemoryArchivist").unwrap(), two);
        assert_eq!(roles("Retriever,archivist").unwrap(), two);
        assert!(roles("rag,").is_err());
        assert_eq!(roles("rag,memory,rag").unwrap(), two);
    }
}
