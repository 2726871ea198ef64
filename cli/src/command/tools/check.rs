//! `tools check`: is a tool file right, and what is in it?

use crate::error::{CliError, CommandResult, Exit};
use crate::output::Output;
use ruvllm_esp_sim::tools::ToolFile;
use serde::Serialize;
use std::io::Write;
use std::path::PathBuf;

/// Options of `tools check`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  ruvllm-esp tools check house.toml\n  ruvllm-esp tools check house.toml --json | jq .tools"
)]
pub struct Arguments {
    /// The tool file
    file: PathBuf,
}

/// What is in a tool file.
#[derive(Serialize, schemars::JsonSchema)]
pub struct Summary<'f> {
    name: &'f str,
    about: &'f str,
    language: &'f str,
    tools: usize,
    intents: usize,
    arguments: usize,
    argument_names: usize,
    templates: usize,
    sentences: u64,
    schema_bytes: usize,
}

/// Checks it.
///
/// # Errors
/// `tools::cannot-read`; `tools::wrong`, with every mistake.
pub fn run(arguments: &Arguments, output: &Output) -> CommandResult {
    let file = super::read(&arguments.file)?;
    let summary = Summary::of(&file)?;
    if output.json {
        output.json("tools-check", &summary)?;
        return Ok(Exit::Ok);
    }
    let Summary { tools, intents, arguments, argument_names, templates, schema_bytes, .. } = summary;
    let mut out = output.text();
    if file.about.is_empty() {
        writeln!(out, "{}", file.name)?;
    } else {
        writeln!(out, "{}: {}", file.name, file.about)?;
    }
    writeln!(out, "  language   {}", file.language)?;
    writeln!(out, "  tools      {tools}, meant in {intents} ways")?;
    writeln!(out, "  arguments  {arguments}, of {argument_names} names")?;
    writeln!(out, "  examples   {templates}, for {} sentences", summary.counted())?;
    writeln!(out, "  schema     {schema_bytes} bytes on a chip")?;
    Ok(Exit::Ok)
}

impl<'f> Summary<'f> {
    pub fn of(file: &'f ToolFile) -> Result<Self, CliError> {
        let schema = file.schema().map_err(|message| CliError::usage("tools::wrong", message))?;
        Ok(Self {
            name: &file.name,
            about: &file.about,
            language: &file.language,
            tools: file.tools.len(),
            intents: file.intents().count(),
            arguments: file.tools.iter().map(|tool| tool.arguments.len()).sum(),
            argument_names: file.slots().len(),
            templates: file.intents().map(|(_, intent)| intent.examples.len()).sum(),
            sentences: file.sentences(),
            schema_bytes: schema.len(),
        })
    }

    /// The number of sentences, values of slots not counted.
    fn counted(&self) -> String {
        const MILLION: u64 = 1_000_000;
        match self.sentences {
            u64::MAX => "countless".into(),
            count if count >= 10 * MILLION => format!("{} million", count / MILLION),
            count => count.to_string(),
        }
    }
}
