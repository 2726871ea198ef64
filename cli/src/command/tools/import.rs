//! `tools import`: a tool file of Home Assistant's intents.

use super::check::Summary;
use crate::destination::{Destination, cannot_write};
use crate::error::{CliError, CommandResult, Exit};
use crate::output::Output;
use crate::selection::nearest;
use ruvllm_esp_sim::tools::import::{self, ImportError, LeftOut};
use serde::Serialize;
use std::io::Write;
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "\
DIR is the package `home-assistant-intents` from PyPI, unpacked, or its folder `data`.

Examples:
  pip download home-assistant-intents --no-deps && unzip home_assistant_intents-*.whl
  ruvllm-esp tools import --home-assistant home_assistant_intents --lang en --out ha.toml
  ruvllm-esp tools import --home-assistant home_assistant_intents --lang de --out ha-de.toml --json | jq .left_out";

/// Options of `tools import`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The folder of the intents
    #[arg(long, value_name = "DIR")]
    home_assistant: PathBuf,
    /// The language, such as `en` or `de`
    #[arg(long, value_name = "LANG", default_value = "en")]
    lang: String,
    /// The tool file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Overwrite what is there
    #[arg(long)]
    force: bool,
}

#[derive(Serialize, schemars::JsonSchema)]
pub struct Report<'r> {
    file: &'r Path,
    #[serde(flatten)]
    summary: Summary<'r>,
    templates_in_context: usize,
    left_out: &'r [LeftOut],
}

/// Imports them.
///
/// # Errors
/// `tools::no-language`, `tools::cannot-read`, `tools::malformed`, `tools::exists`, `tools::cannot-write`.
pub fn run(arguments: &Arguments, output: &Output) -> CommandResult {
    let path = arguments.out.as_path();
    if path.exists() && !arguments.force {
        let error = CliError::usage("tools::exists", format!("{} is there already", path.display()));
        return Err(error.help("name another file, or add --force to overwrite it").into());
    }
    let imported =
        import::home_assistant(&arguments.home_assistant, &arguments.lang).map_err(|error| failed(&error))?;
    write(path, &imported.text)?;
    let report = Report {
        file: path,
        summary: Summary::of(&imported.file)?,
        templates_in_context: imported.contexts,
        left_out: &imported.left_out,
    };
    if output.json {
        output.json("tools-import", &report)?;
        return Ok(Exit::Ok);
    }
    let mut out = output.text();
    let templates: usize = imported.file.intents().map(|(_, intent)| intent.examples.len()).sum();
    writeln!(out, "wrote {}: {} tools, {templates} templates", path.display(), imported.file.tools.len())?;
    if imported.contexts > 0 {
        writeln!(out, "{} templates are meant in a context only, which is not kept", imported.contexts)?;
    }
    writeln!(out, "{} left out", imported.left_out.len())?;
    for LeftOut { intent, what, text, why } in &imported.left_out {
        let intent = if intent.is_empty() { String::new() } else { format!("{intent}: ") };
        writeln!(out, "  {intent}{what} `{text}`: {why}")?;
    }
    Ok(Exit::Ok)
}

fn write(path: &Path, text: &str) -> Result<(), CliError> {
    const CODE: &str = "tools::cannot-write";
    let (destination, mut file) = Destination::open(path, &[], CODE)?;
    file.write_all(text.as_bytes()).map_err(|error| cannot_write(path, &error, CODE))?;
    destination.keep().map_err(|error| cannot_write(path, &error, CODE))
}

fn failed(error: &ImportError) -> CliError {
    let message = error.to_string();
    match error {
        ImportError::NoLanguage { there, .. } if there.is_empty() => {
            CliError::usage("tools::no-language", message)
                .help("name the folder of the unpacked package `home-assistant-intents`")
        }
        ImportError::NoLanguage { language, there, .. } => {
            let list = format!("there is {}", there.join(", "));
            let near = nearest(language, there.iter().map(String::as_str));
            let help = near.map_or(list.clone(), |near| format!("did you mean `{near}`? {list}"));
            CliError::usage("tools::no-language", message).help(help)
        }
        ImportError::Unreadable { .. } => {
            CliError::usage("tools::cannot-read", message).help("name a folder that can be read")
        }
        ImportError::Malformed { .. } => CliError::usage("tools::malformed", message)
            .help("known are the files of home-assistant-intents 2026.11.25"),
    }
}
