//! What is always the same on a desk, written down once: the port, the chip, the speed.
//!
//! An option wins over its variable, that over `ruvllm-esp.toml` of the project, that over the user's own file, and that
//! over the default. A file is read when a value is first looked for, and a mistake in it is reported with its line.

use crate::error::CliError;
use crate::machine;
use crate::selection::{ResolvedOption, VARIANT, nearest};
use serde::Serialize;
use std::env;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use toml::de::{DeTable, DeValue};

/// The variable that names the port.
pub const PORT: &str = "RUVLLM_ESP_PORT";
/// The variable that holds the speed at which a board is written to.
pub const BAUD: &str = "RUVLLM_ESP_BAUD";
/// The default rate for writing to a board, bits per second.
pub const DEFAULT_BAUD: u32 = 460_800;

/// The project's file, in the folder where the program runs or one above it.
const PROJECT_FILE: &str = "ruvllm-esp.toml";
/// The user's file, where the system keeps such.
const USER_FILE: [&str; 2] = ["ruvllm-esp", "config.toml"];

/// Something that can be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name in a file.
    pub name: &'static str,
    /// Its variable.
    pub variable: &'static str,
}

/// Everything that can be set.
pub const KEYS: [Key; 3] = [
    Key { name: "port", variable: PORT },
    Key { name: "variant", variable: VARIANT },
    Key { name: "baud", variable: BAUD },
];

/// A value in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// What is set.
    pub key: Key,
    /// To what.
    pub value: String,
    /// Whose file it is in.
    pub origin: Origin,
    /// `FILE:LINE`.
    pub location: String,
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// A variable of the environment.
    Environment,
    /// The project's file.
    Project,
    /// The user's file.
    User,
    /// Not set anywhere.
    Default,
}

/// A file that was looked for.
#[derive(Clone, Debug, Serialize)]
pub struct ConfigFile {
    origin: Origin,
    /// Where it is or would be; none where the system has no directory for it.
    pub path: Option<PathBuf>,
    /// Is it there?
    pub exists: bool,
}

/// Both files.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// The files, first the one that wins.
    pub sources: Vec<ConfigFile>,
    settings: Vec<Setting>,
}

/// The value of an option; without one that of its variable; without that the one in the files, if the files have such a key.
///
/// # Errors
/// A variable that is not Unicode, a wrong file.
pub fn find(
    option: Option<&str>,
    origin: &'static str,
    variable: &'static str,
) -> Result<Option<ResolvedOption>, CliError> {
    if let Some(value) = option {
        return Ok(Some(ResolvedOption::option(value, origin)));
    }
    if let Some(resolved) = ResolvedOption::variable(variable)? {
        return Ok(Some(resolved));
    }
    if !KEYS.iter().any(|key| key.variable == variable) {
        return Ok(None);
    }
    let setting = get()?.setting(variable);
    Ok(setting.map(|found| {
        ResolvedOption::in_file(&found.value, format!("{}: {}", found.location, found.key.name))
    }))
}

/// What the files say, read once.
///
/// # Errors
/// `config::cannot-read`, `config::syntax`, `config::unknown-key`, `config::bad-value`.
pub fn get() -> Result<&'static Configuration, CliError> {
    static FILES: OnceLock<Result<Configuration, CliError>> = OnceLock::new();
    FILES.get_or_init(Configuration::read).as_ref().map_err(Clone::clone)
}

impl Configuration {
    fn read() -> Result<Self, CliError> {
        let mut sources = Vec::new();
        let mut settings = Vec::new();
        for (origin, path) in [(Origin::Project, project_file()), (Origin::User, user_file())] {
            let text = path.as_deref().map(read).transpose()?.flatten();
            if let (Some(path), Some(text)) = (&path, &text) {
                settings.extend(parse(text, &path.display().to_string(), origin)?);
            }
            sources.push(ConfigFile { origin, path, exists: text.is_some() });
        }
        Ok(Self { sources, settings })
    }

    /// What the files say of the key with this variable.
    pub fn setting(&self, variable: &str) -> Option<&Setting> {
        self.settings.iter().find(|setting| setting.key.variable == variable)
    }
}

fn read(path: &Path) -> Result<Option<String>, CliError> {
    // A pipe of this name would never end.
    if path.metadata().is_ok_and(|found| !found.is_file()) {
        let text = format!("{}: not a regular file", path.display());
        return Err(
            CliError::usage("config::cannot-read", text).help("take it away, or give it another name")
        );
    }
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(CliError::usage("config::cannot-read", format!("{}: {error}", path.display()))
            .help("make it a file that you may read, or take it away")),
    }
}

/// The nearest one; with a short name where it is right here.
fn project_file() -> Option<PathBuf> {
    let here = env::current_dir().ok()?;
    let found = here.ancestors().map(|folder| folder.join(PROJECT_FILE)).find(|path| path.exists())?;
    Some(found.strip_prefix(&here).map(Path::to_path_buf).unwrap_or(found))
}

/// `$XDG_CONFIG_HOME`, or the system's directory: `%APPDATA%`, `~/Library/Application Support`, `~/.config`.
fn user_file() -> Option<PathBuf> {
    let variable = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let location = || match env::consts::OS {
        "windows" => variable("APPDATA"),
        "macos" => Some(machine::home()?.join("Library/Application Support")),
        _ => Some(machine::home()?.join(".config")),
    };
    let folder = variable("XDG_CONFIG_HOME").or_else(location)?;
    Some(USER_FILE.iter().fold(folder, |path, part| path.join(part)))
}

/// The settings of a file.
fn parse(text: &str, name: &str, origin: Origin) -> Result<Vec<Setting>, CliError> {
    let location = |at: usize| {
        let before = text.get(..at).unwrap_or(text);
        format!("{name}:{}", before.matches('\n').count() + 1)
    };
    let table = DeTable::parse(text).map_err(|error| {
        let message = error.message().trim().replace('\n', "; ");
        CliError::usage("config::syntax", message)
            .at(&location(error.span().map_or(0, |span| span.start)))
            .help("a file is lines such as `variant = \"esp32c3\"`")
    })?;
    let setting = |(key, value): (&toml::Spanned<_>, &toml::Spanned<DeValue<'_>>)| {
        let (key, location): (&std::borrow::Cow<'_, str>, _) = (key.get_ref(), location(key.span().start));
        let known =
            KEYS.into_iter().find(|known| known.name == *key).ok_or_else(|| unknown(key).at(&location))?;
        let value = check(known, value.get_ref()).map_err(|error| error.at(&location))?;
        Ok(Setting { key: known, value, origin, location })
    };
    table.get_ref().iter().map(setting).collect()
}

fn unknown(key: &str) -> CliError {
    let names = KEYS.map(|key| key.name);
    let list = format!("the keys are {}", names.map(|name| format!("`{name}`")).join(", "));
    let help = match nearest(key, names.into_iter()) {
        Some(name) => format!("did you mean `{name}`? {list}"),
        None => list,
    };
    CliError::usage("config::unknown-key", format!("there is no key `{key}`")).help(help)
}

/// The value as an option would have it.
fn check(key: Key, value: &DeValue<'_>) -> Result<String, CliError> {
    let bad = |what: &str| {
        CliError::usage("config::bad-value", format!("`{}` takes {what}, not {}", key.name, value.type_str()))
            .help("such as `variant = \"esp32c3\"`, `port = \"COM7\"` or `baud = 460800`")
    };
    if key.variable == BAUD {
        let DeValue::Integer(number) = value else { return Err(bad("a number")) };
        let digits = number.as_str().replace('_', "");
        let text = i64::from_str_radix(&digits, number.radix()).map_or(digits, |number| number.to_string());
        return ResolvedOption::option(&text, key.name).baud().map(|baud| baud.to_string());
    }
    let DeValue::String(text) = value else { return Err(bad("a text")) };
    if key.variable == VARIANT {
        ResolvedOption::option(text, key.name).chip()?;
    }
    Ok(text.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Result<Vec<(&'static str, String, String)>, String> {
        let settings = parse(text, "desk.toml", Origin::Project).map_err(|error| error.to_string())?;
        Ok(settings.into_iter().map(|setting| (setting.key.name, setting.value, setting.location)).collect())
    }

    #[test]
    fn every_value_knows_its_line() {
        let found = values("# my desk\nport = \"COM7\"\n\nvariant = \"esp32c3\"\nbaud = 115_200\n").unwrap();
        let expected = [("baud", "115200", 5), ("port", "COM7", 2), ("variant", "esp32c3", 4)];
        assert_eq!(
            found,
            expected.map(|(key, value, line)| (key, value.into(), format!("desk.toml:{line}")))
        );
        assert_eq!(values(""), Ok(Vec::new()));
        assert_eq!(values("baud = 0x1_0000").unwrap()[0].1, "65536");
    }

    #[test]
    fn every_mistake_has_its_line_and_a_next_step() {
        let has = |text, parts: &[&str]| {
            let error = values(text).unwrap_err();
            assert!(parts.iter().all(|part| error.contains(part)), "{error}");
        };
        has("\nvarient = \"esp32\"", &["config::unknown-key", "desk.toml:2: ", "did you mean `variant`?"]);
        has("[flash]\nport = \"x\"", &["desk.toml:1: there is no key `flash`", "`baud`"]);
        has("port = 7", &["config::bad-value", "desk.toml:1: `port` takes a text, not integer"]);
        has("baud = \"fast\"", &["`baud` takes a number, not string"]);
        has("baud = 0", &["desk.toml:1: ", "not a speed"]);
        has("\n\nvariant = \"esp33\"", &["cli::unknown-chip", "desk.toml:3: "]);
        has("port = \"a\"\nport = \"b\"", &["config::syntax", "desk.toml:2: "]);
        has("port = ", &["config::syntax", "desk.toml:1: "]);
    }
}
