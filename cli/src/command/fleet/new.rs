//! `fleet new`: an example of a scenario, with remarks.

use crate::destination::cannot_write;
use crate::error::{CliError, CommandResult, Exit};
use crate::output::Output;
use schemars::JsonSchema;
use serde::Serialize;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Options of `fleet new`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  ruvllm-esp fleet new house.toml\n  ruvllm-esp fleet new line.toml --template factory-line"
)]
pub struct Arguments {
    /// The file to write
    #[arg(default_value = "fleet.toml")]
    file: PathBuf,
    /// What it is an example of
    #[arg(long, value_enum, default_value_t, value_name = "NAME")]
    template: Template,
    /// Overwrite what is there
    #[arg(long)]
    force: bool,
}

/// The examples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Template {
    /// Five chips of five kinds, one loses its power
    #[default]
    House,
    /// Forty sentinels on a bus, and an archivist
    FactoryLine,
    /// Eight indexers, of which two die
    SearchFleet,
    /// Twelve chips that lose a frame in five
    RadioField,
    /// Four kinds of hostile chip
    HostileNode,
}

const TEXTS: &str = include_str!("../../../../fixtures/scenarios/texts.txt");

impl Template {
    fn text(self) -> &'static str {
        match self {
            Self::House => include_str!("../../../../fixtures/scenarios/house.toml"),
            Self::FactoryLine => include_str!("../../../../fixtures/scenarios/factory-line.toml"),
            Self::SearchFleet => include_str!("../../../../fixtures/scenarios/search-fleet.toml"),
            Self::RadioField => include_str!("../../../../fixtures/scenarios/radio-field.toml"),
            Self::HostileNode => include_str!("../../../../fixtures/scenarios/hostile-node.toml"),
        }
    }

    /// The files to write for a scenario at `path`: the data that it names lies beside it.
    fn files(self, path: &Path) -> Vec<(PathBuf, &'static str)> {
        let text = self.text();
        let mut files = vec![(path.to_path_buf(), text)];
        if text.contains("\"texts.txt\"") {
            files.push((path.with_file_name("texts.txt"), TEXTS));
        }
        files
    }
}

#[derive(Serialize, JsonSchema)]
pub struct Written {
    files: Vec<String>,
}

/// Writes the files.
///
/// # Errors
/// `fleet::exists` where there is another already, and is to stay.
pub fn run(arguments: &Arguments, output: &Output) -> CommandResult {
    let files = arguments.template.files(&arguments.file);
    let is_other =
        |path: &Path, text: &str| path.exists() && fs::read(path).ok().as_deref() != Some(text.as_bytes());
    let obstacle = files.iter().find(|(path, text)| !arguments.force && is_other(path, text));
    if let Some((path, _)) = obstacle {
        let error = CliError::usage("fleet::exists", format!("{} is there already", path.display()));
        return Err(error.help("name another file, or add --force to overwrite it").into());
    }
    for (path, text) in &files {
        fs::write(path, text).map_err(|error| cannot_write(path, &error, "fleet::cannot-write"))?;
    }
    let names: Vec<String> = files.iter().map(|(path, _)| path.display().to_string()).collect();
    if output.json {
        output.json("fleet-new", &Written { files: names })?;
        return Ok(Exit::Ok);
    }
    let mut out = output.text();
    names.iter().try_for_each(|name| writeln!(out, "wrote {name}"))?;
    drop(out);
    output.info(&format!("run it: ruvllm-esp sim --fleet {}", arguments.file.display()));
    Ok(Exit::Ok)
}
