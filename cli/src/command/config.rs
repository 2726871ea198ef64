//! `config show`: what is set, and where each value comes from.

use crate::configuration::{
    self, BAUD, ConfigFile, Configuration, DEFAULT_BAUD, KEYMAP, KEYS, Key, KeySetting, Origin, PRESETS,
    Preset,
};
use crate::error::{CliError, CommandResult, Exit};
use crate::output::Output;
use crate::preset;
use crate::selection::ResolvedOption;
use crate::table::{Align, Table};
use clap::Subcommand;
use schemars::JsonSchema;
use serde::Serialize;

/// Options of `config`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A file holds lines such as `port = \"/dev/ttyACM0\"`, `variant = \"esp32c3\"` and `baud = 460800` (for `flash`). The \
project's file is ruvllm-esp.toml, in the folder where the program runs or the nearest one above it; the user's is \
ruvllm-esp/config.toml under $XDG_CONFIG_HOME, or else under ~/.config, ~/Library/Application Support (macOS) or \
%APPDATA% (Windows). An option wins over its variable, that over the project's file, that over the user's.

Below a line `[preset.lab-c3]` stand options for `--preset lab-c3`, such as `variant = \"esp32c3\"` and `seed = 7`: long \
names without hyphens. An option that is typed wins. Below `[keys]` stand keys of the display, such as `pause = \"p\"` or \
`quit = [\"Q\", \"F10\"]`; -v lists the actions. `ruvllm-esp schema configuration-file` describes the file for editors.

Examples:
  ruvllm-esp config show
  ruvllm-esp config show --json | jq .values")]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show every value, and where it comes from
    #[command(
        after_help = "Examples:\n  ruvllm-esp config show\n  ruvllm-esp config show -v\n  ruvllm-esp config show --json | jq .values"
    )]
    Show,
}

#[derive(Serialize, JsonSchema)]
pub struct Value {
    key: &'static str,
    value: Option<String>,
    origin: Origin,
    /// The variable, or `FILE:LINE`.
    location: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub struct Report<'a> {
    values: &'a [Value],
    presets: &'a [&'a Preset],
    keys: &'a [&'a KeySetting],
    files: &'a [ConfigFile],
}

/// Shows the values.
///
/// # Errors
/// A file that cannot be read or is wrong, a variable that is.
pub fn run(arguments: &Arguments, command: &clap::Command, output: &Output) -> CommandResult {
    let Action::Show = arguments.action;
    let files = configuration::get()?;
    let (presets, keys) = (files.presets(), files.keys());
    presets.iter().try_for_each(|one| preset::check(command, one))?;
    #[cfg(feature = "tui")]
    crate::tui::keymap::Keymap::custom(&keys)?;
    let values = KEYS.map(|key| value(key, files)).into_iter().collect::<Result<Vec<Value>, CliError>>()?;
    if output.json {
        output.json(
            "config",
            &Report { values: &values, presets: &presets, keys: &keys, files: &files.sources },
        )?;
        return Ok(Exit::Ok);
    }
    let mut table = Table::new(["key", "value", "from"].map(|heading| (heading, Align::Left)));
    for Value { key, value, location, .. } in values {
        table.row([key.into(), value.unwrap_or("-".into()), location.unwrap_or("default".into())]);
    }
    for Preset { name, options, location, .. } in presets {
        let options: Vec<String> =
            options.iter().map(|option| format!("{}={}", option.name, option.values.join(","))).collect();
        table.row([format!("{PRESETS}.{name}"), options.join(" "), location.clone()]);
    }
    for KeySetting { action, keys, location } in keys {
        table.row([format!("{KEYMAP}.{action}"), keys.join(" "), location.clone()]);
    }
    table.write(&mut output.text())?;
    #[cfg(feature = "tui")]
    if output.verbose {
        let names = crate::tui::action::NAMES.map(|(name, _)| name);
        output.info(&format!("actions of [{KEYMAP}]: {}", names.join(", ")));
    }
    for source in &files.sources {
        output.info(&described(source));
    }
    Ok(Exit::Ok)
}

fn value(key: Key, files: &Configuration) -> Result<Value, CliError> {
    if let Some(resolved) = ResolvedOption::variable(key.variable)? {
        if key.variable == BAUD {
            resolved.baud()?;
        }
        let (value, location) = (Some(resolved.text().to_string()), Some(key.variable.to_string()));
        return Ok(Value { key: key.name, value, origin: Origin::Environment, location });
    }
    if let Some(setting) = files.setting(key.variable) {
        let (value, location) = (Some(setting.value.clone()), Some(setting.location.clone()));
        return Ok(Value { key: key.name, value, origin: setting.origin, location });
    }
    let value = (key.variable == BAUD).then(|| DEFAULT_BAUD.to_string());
    Ok(Value { key: key.name, value, origin: Origin::Default, location: None })
}

fn described(source: &ConfigFile) -> String {
    match (&source.path, source.exists) {
        (Some(path), true) => format!("{} was read", path.display()),
        (Some(path), false) => format!("{} is not there", path.display()),
        (None, _) => "no ruvllm-esp.toml here or above".to_string(),
    }
}
