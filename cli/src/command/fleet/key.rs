//! `fleet key`: a new key in a file of its own.
//!
//! The file is made for its owner alone from the first byte on, and an older one is never overwritten: its fleet would
//! be lost with it.

use crate::destination::cannot_write;
use crate::error::{CliError, CommandResult, Exit};
use crate::output::Output;
use ruvllm_esp_core::wire::authentication::Key;
use ruvllm_esp_core::wire::field::Hex;
use schemars::JsonSchema;
use serde::Serialize;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Options of `fleet key`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  ruvllm-esp fleet key\n  ruvllm-esp fleet key ~/keys/house.key")]
pub struct Arguments {
    /// The file to write
    #[arg(default_value = "fleet.key")]
    file: PathBuf,
}

#[derive(Serialize, JsonSchema)]
pub struct Made {
    file: String,
    key_id: String,
}

/// Makes a key.
///
/// # Errors
/// `key::exists`, `key::cannot-write`, `key::no-random-bits`.
pub fn run(arguments: &Arguments, output: &Output) -> CommandResult {
    let path = &arguments.file;
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| {
        CliError::runtime("key::no-random-bits", format!("this machine gives no random bits: {error}"))
            .help("see what its system says of its random number generator")
    })?;
    write(path, &bytes).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => {
            CliError::usage("key::exists", format!("{} is there already", path.display()))
                .help("name another file; a fleet whose key is lost has to be flashed again")
        }
        _ => cannot_write(path, &error, "key::cannot-write"),
    })?;
    let made = Made { file: path.display().to_string(), key_id: Key::new(bytes).id().to_string() };
    if output.json {
        output.json("fleet-key", &made)?;
    } else {
        writeln!(output.text(), "wrote {}: a key with the id {}", made.file, made.key_id)?;
    }
    Ok(Exit::Ok)
}

fn write(path: &Path, key: &[u8; 16]) -> io::Result<()> {
    let mut file = create(path)?;
    writeln!(file, "{}", Hex(key))?;
    file.sync_all()
}

#[cfg(unix)]
fn create(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}
