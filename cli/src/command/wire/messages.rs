//! `wire messages`: the table of messages.

use crate::error::{CommandResult, Exit};
use crate::output::Output;
use crate::table::{Align, Table};
use ruvllm_esp_core::wire::message::{MESSAGES, MessageInfo};
use schemars::JsonSchema;
use serde::Serialize;

/// Options of `wire messages`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ruvllm-esp wire messages
  ruvllm-esp wire messages --json | jq '.messages[].message'")]
pub struct Arguments {}

#[derive(Serialize, JsonSchema)]
struct Row {
    #[serde(rename = "type")]
    number: u8,
    message: &'static str,
    fields: &'static [&'static str],
}

#[derive(Serialize, JsonSchema)]
pub struct Report {
    messages: Vec<Row>,
}

/// Prints the table.
///
/// # Errors
/// When standard output is closed.
pub fn run(_: &Arguments, output: &Output) -> CommandResult {
    let row = |MessageInfo { number, name, fields }| Row { number, message: name, fields };
    let messages: Vec<Row> = MESSAGES.into_iter().map(row).collect();
    if output.json {
        output.json("messages", &Report { messages })?;
        return Ok(Exit::Ok);
    }
    let mut table = Table::new([("type", Align::Left), ("message", Align::Left), ("fields", Align::Left)]);
    for Row { number, message, fields } in messages {
        table.row([format!("{number:02X}"), message.into(), fields.join(" ")]);
    }
    table.write(&mut output.text())?;
    Ok(Exit::Ok)
}
