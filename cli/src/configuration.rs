//! What is always the same on a desk, written down once: port, chip, speed, presets of options, keys of the display.
//!
//! An option wins over its variable, that over `ruvllm-esp.toml` of the project, that over the user's own file, and that
//! over the default. A file is read when a value is first looked for, and a mistake in it is reported with its line.

pub mod schema;

use crate::error::CliError;
use crate::machine;
use crate::selection::{ResolvedOption, VARIANT, nearest};
use schemars::JsonSchema;
use serde::Serialize;
use std::borrow::Cow;
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

/// The table of presets, and that of the keys of the display.
pub const PRESETS: &str = "preset";
pub const KEYMAP: &str = "keys";

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

/// Options under one name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Preset {
    pub name: String,
    pub options: Vec<PresetOption>,
    pub origin: Origin,
    /// `FILE:LINE`.
    pub location: String,
}

/// An option of a preset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PresetOption {
    /// Its long name, without the hyphens.
    pub name: String,
    /// `true` for a flag; empty for one that is not set.
    pub values: Vec<String>,
    /// `FILE:LINE`.
    pub location: String,
}

/// Keys of the display for an action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct KeySetting {
    pub action: String,
    pub keys: Vec<String>,
    /// `FILE:LINE`.
    pub location: String,
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
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
#[derive(Clone, Debug, Serialize, JsonSchema)]
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
    /// Those of the project first.
    presets: Vec<Preset>,
    keys: Vec<KeySetting>,
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
        let (mut settings, mut presets, mut keys) = (Vec::new(), Vec::new(), Vec::new());
        for (origin, path) in [(Origin::Project, project_file()), (Origin::User, user_file())] {
            let text = path.as_deref().map(read).transpose()?.flatten();
            if let (Some(path), Some(text)) = (&path, &text) {
                let contents = FileReader { text, name: &path.display().to_string(), origin }.read()?;
                settings.extend(contents.settings);
                presets.extend(contents.presets);
                keys.extend(contents.keys);
            }
            sources.push(ConfigFile { origin, path, exists: text.is_some() });
        }
        Ok(Self { sources, settings, presets, keys })
    }

    /// Each preset once: a project's hides the user's of the same name.
    pub fn presets(&self) -> Vec<&Preset> {
        let is_first = |(index, preset): &(usize, &Preset)| {
            self.presets.iter().position(|other| other.name == preset.name) == Some(*index)
        };
        self.presets.iter().enumerate().filter(is_first).map(|(_, preset)| preset).collect()
    }

    /// The preset of this name.
    ///
    /// # Errors
    /// `config::unknown-preset`.
    pub fn preset(&self, name: &str) -> Result<&Preset, CliError> {
        let found = self.presets.iter().find(|preset| preset.name == name);
        found.ok_or_else(|| self.no_preset(name))
    }

    fn no_preset(&self, name: &str) -> CliError {
        let names = || self.presets.iter().map(|preset| preset.name.as_str());
        let help = match (nearest(name, names()), self.presets.is_empty()) {
            (Some(near), _) => format!("did you mean `{near}`? `ruvllm-esp config show` lists them"),
            (None, false) => "`ruvllm-esp config show` lists them".into(),
            (None, true) => {
                format!("{PROJECT_FILE} holds none: add a line `[{PRESETS}.{name}]`, and options below it")
            }
        };
        CliError::usage("config::unknown-preset", format!("--preset: there is no preset `{name}`")).help(help)
    }

    /// The keys of the display: each action once, as the project has it.
    pub fn keys(&self) -> Vec<&KeySetting> {
        let is_first = |(index, key): &(usize, &KeySetting)| {
            self.keys.iter().position(|other| other.action == key.action) == Some(*index)
        };
        self.keys.iter().enumerate().filter(is_first).map(|(_, key)| key).collect()
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

/// Where the files are or would be.
pub fn paths() -> Vec<PathBuf> {
    project_file().into_iter().chain(user_file()).collect()
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

/// What a file says.
#[derive(Debug, Default)]
struct Contents {
    settings: Vec<Setting>,
    presets: Vec<Preset>,
    keys: Vec<KeySetting>,
}

/// A file while it is read.
struct FileReader<'t> {
    text: &'t str,
    name: &'t str,
    origin: Origin,
}

impl FileReader<'_> {
    fn location(&self, at: usize) -> String {
        let before = self.text.get(..at).unwrap_or(self.text);
        format!("{}:{}", self.name, before.matches('\n').count() + 1)
    }

    fn read(&self) -> Result<Contents, CliError> {
        let table = DeTable::parse(self.text).map_err(|error| {
            let message = error.message().trim().replace('\n', "; ");
            CliError::usage("config::syntax", message)
                .at(&self.location(error.span().map_or(0, |span| span.start)))
                .help("a file is lines such as `variant = \"esp32c3\"`")
        })?;
        let mut contents = Contents::default();
        for (key, value) in table.get_ref() {
            let location = self.location(key.span().start);
            match (&**key.get_ref(), value.get_ref()) {
                (PRESETS, DeValue::Table(presets)) => {
                    contents.presets =
                        self.entries(presets, |name, value, at| self.preset(name, value, at))?;
                }
                (KEYMAP, DeValue::Table(keys)) => contents.keys = self.entries(keys, key_setting)?,
                (section @ (PRESETS | KEYMAP), other) => {
                    return Err(bad_value(section, "a table", other).at(&location));
                }
                (name, value) => {
                    let setting = self.setting(name, value, &location);
                    contents.settings.push(setting.map_err(|error| error.at(&location))?);
                }
            }
        }
        Ok(contents)
    }

    /// Each entry of a table with its position in the file, for error messages.
    fn entries<T>(
        &self,
        table: &DeTable<'_>,
        entry: impl Fn(&str, &DeValue<'_>, &str) -> Result<T, CliError>,
    ) -> Result<Vec<T>, CliError> {
        let entry = |(key, value): (&toml::Spanned<Cow<'_, str>>, &toml::Spanned<DeValue<'_>>)| {
            let location = self.location(key.span().start);
            entry(key.get_ref(), value.get_ref(), &location).map_err(|error| error.at(&location))
        };
        table.iter().map(entry).collect()
    }

    fn setting(&self, name: &str, value: &DeValue<'_>, location: &str) -> Result<Setting, CliError> {
        let key = KEYS.into_iter().find(|known| known.name == name).ok_or_else(|| unknown(name))?;
        Ok(Setting { key, value: check(key, value)?, origin: self.origin, location: location.into() })
    }

    fn preset(&self, name: &str, value: &DeValue<'_>, location: &str) -> Result<Preset, CliError> {
        let DeValue::Table(options) = value else { return Err(bad_value(name, "a table of options", value)) };
        let options = self.entries(options, preset_option)?;
        let (name, location) = (name.to_string(), location.to_string());
        Ok(Preset { name, options, origin: self.origin, location })
    }
}

/// Options that a preset cannot set: what is printed how is decided before a file is read, and a key belongs in no file.
const NOT_IN_PRESET: [&str; 8] = ["preset", "color", "json", "report", "key", "key-file", "help", "version"];

fn preset_option(name: &str, value: &DeValue<'_>, location: &str) -> Result<PresetOption, CliError> {
    if NOT_IN_PRESET.contains(&name) {
        let text = format!("a preset cannot set `{name}`");
        return Err(CliError::usage("config::not-in-preset", text).help("give it on the command line"));
    }
    let values = match value {
        DeValue::Array(values) => values.iter().map(|value| scalar(name, value.get_ref())).collect(),
        // A flag that is not set.
        DeValue::Boolean(false) => Ok(Vec::new()),
        value => scalar(name, value).map(|value| vec![value]),
    }?;
    Ok(PresetOption { name: name.into(), values, location: location.into() })
}

/// A value as it is typed behind an option.
fn scalar(name: &str, value: &DeValue<'_>) -> Result<String, CliError> {
    match value {
        DeValue::String(text) => Ok(text.to_string()),
        DeValue::Integer(number) => Ok(decimal(number)),
        DeValue::Float(number) => Ok(number.as_str().replace('_', "")),
        DeValue::Boolean(flag) => Ok(flag.to_string()),
        other => Err(bad_value(name, "a text, a number, true, or a list of them", other)),
    }
}

fn key_setting(action: &str, value: &DeValue<'_>, location: &str) -> Result<KeySetting, CliError> {
    let bad = |other: &DeValue<'_>| bad_value(action, "a key or a list of keys", other);
    let key = |value: &DeValue<'_>| match value {
        DeValue::String(text) => Ok(text.to_string()),
        other => Err(bad(other)),
    };
    let keys = match value {
        DeValue::Array(keys) => keys.iter().map(|value| key(value.get_ref())).collect::<Result<_, _>>()?,
        value => vec![key(value)?],
    };
    Ok(KeySetting { action: action.into(), keys, location: location.into() })
}

fn unknown(key: &str) -> CliError {
    let names = || KEYS.map(|key| key.name).into_iter().chain([PRESETS, KEYMAP]);
    let list = names().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let list = format!("the keys are {list}");
    let help = match nearest(key, names()) {
        Some(name) => format!("did you mean `{name}`? {list}"),
        None => list,
    };
    CliError::usage("config::unknown-key", format!("there is no key `{key}`")).help(help)
}

fn bad_value(key: &str, what: &str, value: &DeValue<'_>) -> CliError {
    CliError::usage("config::bad-value", format!("`{key}` takes {what}, not {}", value.type_str()))
        .help("such as `variant = \"esp32c3\"`, `baud = 460800`, or under `[keys]` `pause = \"p\"`")
}

fn decimal(number: &toml::de::DeInteger<'_>) -> String {
    let digits = number.as_str().replace('_', "");
    i64::from_str_radix(&digits, number.radix()).map_or(digits, |number| number.to_string())
}

/// The value as an option would have it.
fn check(key: Key, value: &DeValue<'_>) -> Result<String, CliError> {
    if key.variable == BAUD {
        let DeValue::Integer(number) = value else { return Err(bad_value(key.name, "a number", value)) };
        return ResolvedOption::option(&decimal(number), key.name).baud().map(|baud| baud.to_string());
    }
    let DeValue::String(text) = value else { return Err(bad_value(key.name, "a text", value)) };
    if key.variable == VARIANT {
        ResolvedOption::option(text, key.name).chip()?;
    }
    Ok(text.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents(text: &str) -> Result<Contents, CliError> {
        FileReader { text, name: "desk.toml", origin: Origin::Project }.read()
    }

    fn values(text: &str) -> Result<Vec<(&'static str, String, String)>, String> {
        let contents = contents(text).map_err(|error| error.to_string())?;
        Ok(contents
            .settings
            .into_iter()
            .map(|setting| (setting.key.name, setting.value, setting.location))
            .collect())
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

    #[test]
    fn presets_and_keys_know_their_lines() {
        let text = "[preset.lab]\nvariant = \"esp32c3\"\nseed = 0x10\nverbose = true\nquiet = false\n\
                    expect = [\"a\", \"b\"]\n[keys]\npause = [\"p\", \"Space\"]\nquit = \"Q\"\n";
        let Contents { presets, keys, .. } = contents(text).unwrap();
        let [preset] = &presets[..] else { panic!("{presets:?}") };
        assert_eq!((preset.name.as_str(), preset.location.as_str()), ("lab", "desk.toml:1"));
        let options: Vec<_> = preset
            .options
            .iter()
            .map(|it| (it.name.as_str(), it.values.join(" "), &it.location[10..]))
            .collect();
        let expected = [
            ("expect", "a b", "6"),
            ("quiet", "", "5"),
            ("seed", "16", "3"),
            ("variant", "esp32c3", "2"),
            ("verbose", "true", "4"),
        ];
        assert_eq!(options, expected.map(|(name, values, line)| (name, values.to_string(), line)));
        let keys: Vec<_> =
            keys.iter().map(|it| format!("{} {} {}", it.action, it.keys.join(","), it.location)).collect();
        assert_eq!(keys, ["pause p,Space desk.toml:8", "quit Q desk.toml:9"]);
    }

    #[test]
    fn mistakes_in_presets_and_keys_have_their_lines() {
        let has = |text: &str, part: &str| {
            let error = contents(text).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
            assert_eq!(error.matches("desk.toml").count(), 1, "{error}");
        };
        has("\npreset = 3", "desk.toml:2: `preset` takes a table, not integer");
        has("[preset]\nlab = \"x\"", "desk.toml:2: `lab` takes a table of options, not string");
        has("[preset.lab]\n\nkey = \"00\"", "desk.toml:3: a preset cannot set `key`");
        has("[preset.lab]\nseed = { a = 1 }", "desk.toml:2: `seed` takes a text, a number");
        has("[keys]\n\npause = 3", "desk.toml:3: `pause` takes a key or a list of keys, not integer");
    }
}
