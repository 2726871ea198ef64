//! `fleet revoke`: the keys of a new epoch, sealed for every chip but one.
//!
//! The fleet's key stays here. What is printed is no secret: each line can be opened by one chip alone, and is to be typed
//! at any chip of the fleet, which passes it on. A chip without one is refused once the epochs have overlapped.

use crate::board::fleet::Fleet;
use crate::error::{CliError, CommandResult, Exit};
use crate::fleet_key::{KeyOptions, WAYS};
use crate::output::Output;
use ruvllm_esp_core::wire::field::Hex;
use ruvllm_esp_core::wire::keyring::{OVERLAP, seal};
use schemars::JsonSchema;
use serde::Serialize;
use std::io::Write;
use std::path::PathBuf;

/// Options of `fleet revoke`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  ruvllm-esp fleet revoke 3 boards.toml --key-file fleet.key")]
pub struct Arguments {
    /// The number of the chip
    chip: u16,
    /// The list of the fleet's chips, as `flash --fleet` takes it
    file: PathBuf,
    #[command(flatten)]
    key: KeyOptions,
}

#[derive(Serialize, JsonSchema)]
pub struct Line {
    epoch: u32,
    chip: u16,
    line: String,
}

/// Prints a line for each chip that stays.
///
/// # Errors
/// Those of the file and of the key; `key::missing`, `fleet::no-such-chip`, `fleet::no-number`.
pub fn run(arguments: &Arguments, output: &Output) -> CommandResult {
    let fleet = Fleet::read(&arguments.file)?;
    let name = arguments.file.display();
    let master = arguments.key.find(output)?.or(fleet.key).ok_or_else(|| {
        CliError::usage("key::missing", "the keys of an epoch follow from the fleet's key").help(WAYS)
    })?;
    let mut stay = Vec::new();
    for member in &fleet.members {
        let number = member.chip_id.ok_or_else(|| {
            CliError::usage("fleet::no-number", "this chip has no `id`, and keys are those of a number")
                .at(&member.at)
                .help("give each chip its number")
        })?;
        stay.push(number);
    }
    let all = stay.len();
    stay.retain(|number| *number != arguments.chip);
    if stay.len() == all {
        let text = format!("{name} has no chip with the number {}", arguments.chip);
        return Err(CliError::usage("fleet::no-such-chip", text)
            .help("name one of its chips by its `id`")
            .into());
    }
    let epoch = fleet.epoch.saturating_add(1);
    for chip in stay {
        let line = format!("fleet rekey {chip} {epoch} {}", Hex(&seal(&master, chip, epoch)));
        if output.json {
            output.json("fleet-revoke", &Line { epoch, chip, line })?;
        } else {
            writeln!(output.text(), "{line}")?;
        }
    }
    let wait = OVERLAP.as_seconds();
    output.info(&format!(
        "type these lines at a chip that stays, within {wait} s; after {} s chip {} is refused",
        2 * wait,
        arguments.chip
    ));
    output.info(&format!("then write `epoch = {epoch}` at the top of {name}, and take the chip out of it"));
    Ok(Exit::Ok)
}
