//! `--report FILE.zip`: what a bug report needs, in one file, and no key.
//!
//! It holds the version, the command line, how it ended, what `doctor` finds, the configuration and the ends of the logs and
//! traces that the command line names. Keys are struck out wherever they stand: as they are given, and every 32 hexadecimal
//! digits, for that is how a key looks.

use crate::command::doctor;
use crate::command_line::{value_of, words};
use crate::configuration;
use crate::destination::{Destination, cannot_write};
use crate::error::{CliError, CommandResult, Exit, Stop};
use crate::fleet_key;
use crate::json::envelope;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const CODE: &str = "report::cannot-write";
/// The most that is taken of a log or trace: its end.
const MAX_LOG: u64 = 4 << 20;
/// What stands for a key.
const STRUCK: &str = "<key struck out>";
/// Hexadecimal digits of a key.
const KEY_DIGITS: usize = 32;
/// Options that name a log, a trace or a scenario.
const FILES: [&str; 5] = ["--trace", "--log", "--fleet", "--input", "--explain"];
/// How the names of variables begin that this program reads.
const VARIABLES: &str = "RUVLLM_";

/// What the report says first.
#[derive(Serialize, JsonSchema)]
pub struct Summary<'s> {
    version: &'s str,
    system: &'s str,
    /// With which parts the program is built.
    features: &'s [&'s str],
    /// The command line, word by word.
    command: &'s [String],
    /// The chip that was asked for, if one was.
    variant: Option<&'s str>,
    exit: u8,
    error: Option<Failure<'s>>,
    /// Variables of the environment that this program reads.
    environment: &'s BTreeMap<String, String>,
}

#[derive(Serialize, JsonSchema)]
struct Failure<'s> {
    code: &'s str,
    message: &'s str,
}

/// Writes the report of a command that has ended.
///
/// # Errors
/// `report::cannot-write`.
pub fn write(path: &Path, arguments: &[OsString], result: &CommandResult) -> Result<(), CliError> {
    let key_file = value_of(arguments, "--key-file").map(PathBuf::from);
    let typed = value_of(arguments, "--key").into_iter();
    let redactor = Redactor { secrets: fleet_key::secrets(typed, key_file.as_deref()) };
    let inputs: Vec<PathBuf> = key_file.into_iter().chain(named_files(arguments)).collect();
    let (destination, file) = Destination::open(path, &inputs, CODE)?;
    bundle(file, arguments, result, &redactor)
        .and_then(|()| destination.keep())
        .map_err(|error| cannot_write(path, &error, CODE))
}

fn bundle(file: File, arguments: &[OsString], result: &CommandResult, redactor: &Redactor) -> io::Result<()> {
    let mut zip = ZipWriter::new(file);
    let mut add = |name: &str, bytes: &[u8]| -> io::Result<()> {
        zip.start_file(name, SimpleFileOptions::default()).map_err(io::Error::other)?;
        zip.write_all(redactor.redact(&String::from_utf8_lossy(bytes)).as_bytes())
    };
    add("report.json", summary(arguments, result)?.as_bytes())?;
    add("doctor.json", doctor::found().map_err(io::Error::other)?.as_bytes())?;
    let mut files = configuration_files();
    files.extend(named_files(arguments));
    for (number, path) in files.iter().enumerate() {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        match end_of(path) {
            Ok(bytes) => add(&format!("files/{number}-{name}"), &bytes)?,
            Err(error) => add(&format!("files/{number}-{name}.missing"), error.to_string().as_bytes())?,
        }
    }
    zip.finish().map_err(io::Error::other)?;
    Ok(())
}

fn summary(arguments: &[OsString], result: &CommandResult) -> io::Result<String> {
    let features: Vec<&str> = [("board", cfg!(feature = "board")), ("tui", cfg!(feature = "tui"))]
        .into_iter()
        .filter_map(|(name, is_in)| is_in.then_some(name))
        .collect();
    let command: Vec<String> = arguments.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let variant = value_of(arguments, "--variant").or_else(|| std::env::var(crate::selection::VARIANT).ok());
    let environment = std::env::vars_os()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
        .filter(|(name, _)| name.starts_with(VARIABLES) || name == "TERM" || name == "NO_COLOR")
        .map(|(name, value)| if name == fleet_key::VARIABLE { (name, STRUCK.into()) } else { (name, value) })
        .collect();
    let (exit, error) = match result {
        Ok(exit) => (*exit, None),
        Err(Stop::PipeClosed) => (Exit::Ok, None),
        Err(Stop::Error(error)) => {
            (error.exit(), Some(Failure { code: error.code(), message: error.message() }))
        }
    };
    let summary = Summary {
        version: env!("CARGO_PKG_VERSION"),
        system: &doctor::system(),
        features: &features,
        command: &command,
        variant: variant.as_deref(),
        exit: exit as u8,
        error,
        environment: &environment,
    };
    envelope("report", &summary).map_err(io::Error::other)
}

/// The configuration's files, however wrong they are.
fn configuration_files() -> Vec<PathBuf> {
    configuration::paths().into_iter().filter(|path| path.is_file()).collect()
}

/// The files that options name, and traces that are named alone.
fn named_files(arguments: &[OsString]) -> Vec<PathBuf> {
    let named = FILES.iter().filter_map(|option| value_of(arguments, option)).map(PathBuf::from);
    let alone = words(arguments).filter(|word| word.ends_with(".trace") || word.ends_with(".toml"));
    let mut files: Vec<PathBuf> = named.chain(alone.map(|word| PathBuf::from(&*word))).collect();
    files.retain(|path| path.is_file());
    files.sort();
    files.dedup();
    files
}

fn end_of(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(MAX_LOG)))?;
    let mut bytes = Vec::new();
    file.take(MAX_LOG).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Strikes keys out of a text.
#[derive(Debug)]
struct Redactor {
    secrets: Vec<String>,
}

impl Redactor {
    fn redact(&self, text: &str) -> String {
        let text = self.secrets.iter().fold(text.to_string(), |text, secret| text.replace(secret, STRUCK));
        without_keys(&text)
    }
}

/// Every run of as many hexadecimal digits as a key has, struck out.
fn without_keys(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_hexdigit()) {
        let (before, from) = rest.split_at(start);
        let length = from.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(from.len());
        let (digits, after) = from.split_at(length);
        out += before;
        out += if length == KEY_DIGITS { STRUCK } else { digits };
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_struck_out_wherever_they_stand() {
        let key = "00112233445566778899AABBCCDDEEFF";
        let redactor = Redactor { secrets: vec!["00 11 22 secret".into()] };
        let text =
            format!("key = \"{key}\"\nchip config key {key}, 00 11 22 secret; frame {key}{key} n=12ab");
        let expected =
            format!("key = \"{STRUCK}\"\nchip config key {STRUCK}, {STRUCK}; frame {key}{key} n=12ab");
        assert_eq!(redactor.redact(&text), expected);
    }
}
