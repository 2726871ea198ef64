//! `config show`: what is set, and where each value comes from.

use crate::configuration::{self, BAUD, ConfigFile, Configuration, DEFAULT_BAUD, KEYS, Key, Origin};
use crate::error::{CliError, CommandResult, Exit};
use crate::output::Output;
use crate::selection::ResolvedOption;
use crate::table::{Align, Table};
use clap::Subcommand;
use serde::Serialize;

/// Options of `config`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A file holds lines such as `port = \"/dev/ttyACM0\"`, `variant = \"esp32c3\"` and `baud = 460800` (for `flash`). The \
project's file is ruvllm-esp.toml, in the folder where the program runs or the nearest one above it; the user's is \
ruvllm-esp/config.toml under $XDG_CONFIG_HOME, or else under ~/.config, ~/Library/Application Support (macOS) or \
%APPDATA% (Windows). An option wins over its variable, that over the project's file, that over the user's.

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
    Show,
}

#[derive(Serialize)]
struct Value {
    key: &'static str,
    value: Option<String>,
    origin: Origin,
    /// The variable, or `FILE:LINE`.
    location: Option<String>,
}

#[derive(Serialize)]
struct Report<'a> {
    values: &'a [Value],
    files: &'a [ConfigFile],
}

/// Shows the values.
///
/// # Errors
/// A file that cannot be read or is wrong, a variable that is.
pub fn run(arguments: &Arguments, output: &Output) -> CommandResult {
    let Action::Show = arguments.action;
    let files = configuration::get()?;
    let values = KEYS.map(|key| value(key, files)).into_iter().collect::<Result<Vec<Value>, CliError>>()?;
    if output.json {
        output.json("config", &Report { values: &values, files: &files.sources })?;
        return Ok(Exit::Ok);
    }
    let mut table = Table::new(["key", "value", "from"].map(|heading| (heading, Align::Left)));
    for Value { key, value, location, .. } in values {
        table.row([key.into(), value.unwrap_or("-".into()), location.unwrap_or("default".into())]);
    }
    table.write(&mut output.text())?;
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
