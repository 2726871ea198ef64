//! `doctor`: is this machine fit to build, flash and listen; and what an error message means.

mod check;
mod log_lines;

use crate::bringup::{self, Entry, Explainer, Finding};
use crate::error::{CliError, CommandResult, Exit};
use crate::json::envelope;
use crate::output::Output;
use crate::style::heading;
use anstyle::AnsiColor;
use check::{Check, CheckStatus};
use log_lines::LogLines;
use schemars::JsonSchema;
use serde::Serialize;
use std::fs::File;
use std::io::Write;
use std::path::Path;

const EXAMPLES: &str = "\
Examples:
  ruvllm-esp doctor
  ruvllm-esp doctor --json > machine.json
  ruvllm-esp doctor --explain build.log
  ruvllm-esp doctor --explain N7";

/// Options of `doctor`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Explain an error: its text, a file that holds it, or a code of docs/bring-up.md
    #[arg(long, value_name = "TEXT|FILE")]
    explain: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub struct Report<'a> {
    fit: bool,
    version: &'a str,
    system: &'a str,
    checks: &'a [Check],
}

/// An entry of docs/bring-up.md: asked for by its code, or found in a text.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Explanation<'a> {
    /// With the first line that says so.
    Finding(&'a Finding),
    Entry(&'a Entry),
}

/// Checks, or explains.
///
/// # Errors
/// `doctor::unknown` when no entry matches what is to be explained.
pub fn run(arguments: &Arguments, output: &Output) -> CommandResult {
    match &arguments.explain {
        Some(text) => explain(text, output),
        None => examine(output),
    }
}

fn explain(text: &str, output: &Output) -> CommandResult {
    if let Some(entry) = bringup::by_code(text) {
        return show(&[entry], output);
    }
    if is_own_code(text) {
        let named: Vec<Entry> = bringup::entries().into_iter().filter(|entry| entry.names(text)).collect();
        if named.is_empty() {
            return Err(CliError::no(
                "doctor::unknown",
                format!("docs/bring-up.md has no entry for `{text}`"),
            )
            .help(
                "the help line below that error says what to do; docs/flashing.md lists the codes of boards",
            )
            .into());
        }
        return show(&named, output);
    }
    let (found, lines) = search(text)?;
    if found.is_empty() {
        let read = format!("no entry of docs/bring-up.md matches this text ({})", counted(lines));
        return Err(CliError::no("doctor::unknown", read)
            .help(
                "give the whole message, or the file that holds it; `ruvllm-esp doctor` checks this machine",
            )
            .into());
    }
    show_findings(&found, lines, output)
}

fn counted(lines: u64) -> String {
    if lines == 1 { "1 line".into() } else { format!("{lines} lines") }
}

fn show(entries: &[Entry], output: &Output) -> CommandResult {
    if output.json {
        entries.iter().try_for_each(|entry| output.json("explanation", &Explanation::Entry(entry)))?;
        return Ok(Exit::Ok);
    }
    let mut out = output.text();
    for entry in entries {
        show_title(&mut out, entry)?;
        writeln!(out, "    {}", entry.advice)?;
    }
    Ok(Exit::Ok)
}

fn show_findings(found: &[Finding], lines: u64, output: &Output) -> CommandResult {
    if output.json {
        found.iter().try_for_each(|finding| output.json("explanation", &Explanation::Finding(finding)))?;
        return Ok(Exit::Ok);
    }
    let mut out = output.text();
    for finding in found {
        show_title(&mut out, &finding.entry)?;
        if lines > 1 {
            let times = if finding.count > 1 { format!(", {} times", finding.count) } else { String::new() };
            writeln!(out, "    line {}{times}: {}", finding.line, finding.text)?;
        }
        writeln!(out, "    {}", finding.entry.advice)?;
    }
    Ok(Exit::Ok)
}

fn show_title(out: &mut impl Write, entry: &Entry) -> std::io::Result<()> {
    let (on, off) = heading(AnsiColor::Cyan);
    writeln!(out, "{on}{}{off}  {}", entry.code, entry.seen)
}

/// Is this the code of an error of this program, such as `flash::no-loader`?
fn is_own_code(text: &str) -> bool {
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    text.split_once("::").is_some_and(|(part, name)| is_word(part) && is_word(name))
}

/// What is known of a text, and its number of lines: of the file of this name, where there is one or this is a file's
/// name, else of the text itself. A file may be of any length.
///
/// # Errors
/// `doctor::cannot-read`.
fn search(text: &str) -> Result<(Vec<Finding>, u64), CliError> {
    let path = Path::new(text);
    let refused = |why: &str| {
        CliError::usage("doctor::cannot-read", format!("{text}: {why}"))
            .help("name a file that holds the message, or give the message itself")
    };
    match path.metadata() {
        Ok(it) if it.is_file() => {
            let found = File::open(path).and_then(|file| explain_lines(LogLines::new(file)));
            found.map_err(|error| refused(&error.to_string()))
        }
        // A pipe may never say anything.
        Ok(_) => Err(refused("not a regular file")),
        Err(error) if looks_like_path(text) => Err(refused(&error.to_string())),
        Err(_) => Ok((bringup::explain(text), text.lines().count() as u64)),
    }
}

fn explain_lines<R: std::io::Read>(lines: LogLines<R>) -> std::io::Result<(Vec<Finding>, u64)> {
    let (mut explainer, mut count) = (Explainer::new(), 0);
    for line in lines {
        explainer.line(&line?);
        count += 1;
    }
    Ok((explainer.finish(), count))
}

/// One word, with a folder in it or with the ending of a file of text?
fn looks_like_path(text: &str) -> bool {
    let ends = [".log", ".txt", ".out", ".md"];
    !text.contains(char::is_whitespace)
        && (text.starts_with(['/', '.', '~']) || ends.iter().any(|end| text.ends_with(end)))
}

/// What was found, as JSON, for a bug report.
///
/// # Errors
/// Those of the serialiser.
pub fn found() -> serde_json::Result<String> {
    envelope("doctor", &report(&check::all(), &system()))
}

fn report<'a>(checks: &'a [Check], system: &'a str) -> Report<'a> {
    Report { fit: is_fit(checks), version: env!("CARGO_PKG_VERSION"), system, checks }
}

fn is_fit(checks: &[Check]) -> bool {
    checks.iter().all(|check| check.verdict != CheckStatus::Bad)
}

/// The system and the processor this program is made for.
pub fn system() -> String {
    format!("{} {}", std::env::consts::OS, std::env::consts::ARCH)
}

fn examine(output: &Output) -> CommandResult {
    let checks = check::all();
    let fit = is_fit(&checks);
    if output.json {
        output.json("doctor", &report(&checks, &system()))?;
    } else {
        let mut out = output.text();
        for Check { name, verdict, found, cure } in &checks {
            let (on, off) = heading(verdict.color());
            writeln!(out, "{on}{:7}{off} {name}: {found}", verdict.word())?;
            if let Some(cure) = cure {
                writeln!(out, "        -> {cure}")?;
            }
        }
    }
    Ok(if fit { Exit::Ok } else { Exit::No })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> String {
        search(text).unwrap_err().to_json()
    }

    /// A file of a test, removed at its end.
    struct TempFile(std::path::PathBuf);

    impl TempFile {
        fn new(name: &str, bytes: &[u8]) -> Self {
            let file = std::env::temp_dir().join(format!("ruvllm-esp-doctor-{}-{name}", std::process::id()));
            std::fs::write(&file, bytes).unwrap();
            Self(file)
        }

        fn codes(&self) -> Vec<String> {
            let (found, _) = search(self.0.to_str().unwrap()).unwrap();
            found.into_iter().map(|finding| finding.entry.code).collect()
        }
    }

    impl Drop for TempFile {
        fn drop(&mut self) {
            let _ = std::fs::remove_file(&self.0);
        }
    }

    #[test]
    fn a_file_is_read_however_it_is_written() {
        let message = "error: linker `ldproxy` not found\r\n  |\r\n";
        let utf16 = |swap: bool| {
            let units = "\u{feff}".encode_utf16().chain(message.encode_utf16());
            units
                .flat_map(|unit| if swap { unit.to_be_bytes() } else { unit.to_le_bytes() })
                .collect::<Vec<u8>>()
        };
        assert_eq!(TempFile::new("crlf", message.as_bytes()).codes(), ["P13"]);
        assert_eq!(TempFile::new("utf16le", &utf16(false)).codes(), ["P13"]);
        assert_eq!(TempFile::new("utf16be", &utf16(true)).codes(), ["P13"]);
        assert_eq!(TempFile::new("bom", format!("\u{feff}{message}").as_bytes()).codes(), ["P13"]);
        let noise = [b"noise \xf0\xff\xfe\0\n", message.as_bytes()].concat();
        assert_eq!(TempFile::new("noise", &noise).codes(), ["P13"]);
        assert!(TempFile::new("empty", b"").codes().is_empty());
    }

    #[test]
    fn a_file_of_more_than_sixteen_mebibytes_is_read_to_its_end() {
        let mut log = b"invalid header: 0xffffffff\n".to_vec();
        let filler = [b'x'; 1 << 16];
        while log.len() < 17 << 20 {
            log.extend(&filler);
            log.push(b'\n');
        }
        log.extend(b"Brownout detector was triggered");
        assert_eq!(TempFile::new("long", &log).codes(), ["N37", "N44"]);
    }

    #[test]
    fn a_missing_file_is_reported_and_a_text_is_a_text() {
        assert!(code("/nowhere/it.log").contains("doctor::cannot-read"));
        assert!(code("build.log").contains("doctor::cannot-read"));
        assert!(code(env!("CARGO_MANIFEST_DIR")).contains("not a regular file"));
        let (found, lines) = search("error: linker `ldproxy` not found").unwrap();
        assert_eq!((found[0].entry.code.as_str(), lines), ("P13", 1));
    }

    #[test]
    fn the_codes_of_this_program_are_known_as_such() {
        assert!(is_own_code("flash::no-loader") && !is_own_code("std::io::Error") && !is_own_code("N7"));
    }
}
