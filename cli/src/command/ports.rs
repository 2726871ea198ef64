//! `ports`: every serial port that is seen, and why it is taken for a board or not.

use crate::board::port::{self, DetectedPort};
use crate::error::{CommandResult, Exit};
use crate::output::Output;
use crate::table::{Align, Table};
use schemars::JsonSchema;
use serde::Serialize;

const EXAMPLES: &str = "\
Examples:
  ruvllm-esp ports
  ruvllm-esp ports --json";

/// Options of `ports`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {}

#[derive(Serialize, JsonSchema)]
pub struct Report<'a> {
    ports: &'a [DetectedPort],
}

/// Prints the ports, boards first.
///
/// # Errors
/// `port::cannot-list`.
pub fn run(_: &Arguments, output: &Output) -> CommandResult {
    let ports = port::seen()?;
    if output.json {
        output.json("ports", &Report { ports: &ports })?;
        return Ok(Exit::Ok);
    }
    if ports.is_empty() {
        output.info("no serial ports; `ruvllm-esp doctor` checks cables, groups and drivers");
        return Ok(Exit::Ok);
    }
    let columns = ["port", "board?", "usb", "serial number", "product", "why"];
    let mut table = Table::new(columns.map(|name| (name, Align::Left)));
    for DetectedPort { port, usb, product, serial_number, board, why, .. } in ports {
        let text = |field: Option<String>| field.unwrap_or_else(|| "-".into());
        let board = if board { "yes" } else { "no" };
        table.row([port, board.into(), text(usb), text(serial_number), text(product), why]);
    }
    table.write(&mut output.text())?;
    Ok(Exit::Ok)
}
