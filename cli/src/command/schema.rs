//! `schema [NAME]`: the JSON schemas of what this program prints and of its configuration.

pub mod documents;

use crate::error::{CliError, CommandResult, Exit};
use crate::output::Output;
use crate::selection::nearest;
use documents::{DOCUMENTS, Document};
use schemars::{JsonSchema, Schema};
use serde::Serialize;
use std::io::Write;

const EXAMPLES: &str = "\
The name of a schema is the `kind` of the object. docs/schema/ holds all of them.

Examples:
  ruvllm-esp schema
  ruvllm-esp schema verdict > verdict.schema.json
  ruvllm-esp schema configuration-file > ruvllm-esp.schema.json";

/// Options of `schema`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The kind of a JSON object, or `configuration-file`; without it the names are listed
    name: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub struct Names<'n> {
    names: &'n [&'static str],
}

#[derive(Serialize, JsonSchema)]
pub struct Report<'r> {
    name: &'r str,
    document: &'r Schema,
}

/// Lists the schemas, or prints one.
///
/// # Errors
/// `schema::unknown`.
pub fn run(arguments: &Arguments, output: &Output) -> CommandResult {
    let names: Vec<&'static str> = DOCUMENTS.iter().map(|document| document.name).collect();
    let Some(name) = &arguments.name else {
        if output.json {
            output.json("schemas", &Names { names: &names })?;
        } else {
            names.iter().try_for_each(|name| writeln!(output.text(), "{name}"))?;
        }
        return Ok(Exit::Ok);
    };
    let found = DOCUMENTS.iter().find(|document| document.name == name);
    let found: &Document = found.ok_or_else(|| unknown(name, &names))?;
    let document = &found.schema();
    if output.json {
        output.json("schema", &Report { name, document })?;
    } else {
        writeln!(output.text(), "{}", serde_json::to_string_pretty(document)?)?;
    }
    Ok(Exit::Ok)
}

fn unknown(name: &str, names: &[&'static str]) -> CliError {
    let list = "`ruvllm-esp schema` lists them";
    let help = match nearest(name, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`? {list}"),
        None => list.into(),
    };
    CliError::usage("schema::unknown", format!("there is no schema `{name}`")).help(help)
}
