//! The texts and samples that a scenario names, and the command lines that they become.
//!
//! A file is named relative to the scenario. It is read whole, so it has a limit, and all files together have one.

use super::grammar::OF_LOGS;
use super::problem::Wrong;
use crate::sensor_log::{self, LogError, LogOptions, Row, SensorLog, Sniff};
use ruvllm_esp_core::limits::LINE_LIMIT;
use ruvllm_esp_core::role::RoleKind;
use ruvllm_esp_core::role::shared::{Asks, Keeps};
use std::fs;
use std::io::Read;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// The largest file.
pub const MAX_BYTES: u64 = 16 << 20;
/// The most bytes of all files together.
const MAX_TOGETHER: usize = 64 << 20;

/// Where a scenario's data files are.
pub trait Files {
    /// The text of a file.
    ///
    /// # Errors
    /// Why not.
    fn read(&self, name: &str) -> Result<String, String>;
}

/// Files beside the scenario.
#[derive(Clone, Debug)]
pub struct Folder(pub PathBuf);

/// Files that a trace brought along.
impl Files for [(String, Arc<str>)] {
    fn read(&self, name: &str) -> Result<String, String> {
        let file = self.iter().find(|(have, _)| have == name);
        file.map(|(_, text)| text.to_string()).ok_or_else(|| "it is not among the recorded files".into())
    }
}

/// A scenario may come from a stranger, and what it names ends up in its trace.
impl Files for Folder {
    fn read(&self, name: &str) -> Result<String, String> {
        let refused = |what: &str| {
            let rule = "a file lies in the folder of the scenario or below it, and is named relative to that";
            Err(format!("{rule}; {what}"))
        };
        let relative = Path::new(name);
        for part in relative.components() {
            match part {
                Component::RootDir | Component::Prefix(_) => return refused("this is an absolute path"),
                Component::ParentDir => return refused("`..` leads out of it"),
                Component::CurDir | Component::Normal(_) => {}
            }
        }
        let folder = if self.0.as_os_str().is_empty() { Path::new(".") } else { &self.0 };
        let resolved = |path: &Path| path.canonicalize().map_err(|error| error.to_string());
        let path = resolved(&folder.join(relative))?;
        if !path.starts_with(resolved(folder)?) {
            return refused("a link leads out of it");
        }
        read_text(&path)
    }
}

/// Reads a text file of ordinary size.
///
/// # Errors
/// Why not.
pub fn read_text(path: &Path) -> Result<String, String> {
    // Reading a device or a pipe could wait forever.
    let is_file = fs::metadata(path).map_err(|error| error.to_string())?.is_file();
    if !is_file {
        return Err("not a regular file".into());
    }
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(|error| error.to_string())?;
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(format!("it is larger than {} MiB", MAX_BYTES >> 20));
    }
    if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv")) {
        return Ok(sensor_log::decoded(&bytes));
    }
    String::from_utf8(bytes).map_err(|_| "it is not UTF-8".into())
}

/// What was read so far.
#[derive(Default)]
pub(super) struct Library {
    pub files: Vec<(String, Arc<str>)>,
}

impl Library {
    /// The text of a file, read once.
    pub fn text(&mut self, name: &str, files: &(impl Files + ?Sized)) -> Result<Arc<str>, Wrong> {
        if let Some((_, text)) = self.files.iter().find(|(have, _)| have == name) {
            return Ok(text.clone());
        }
        let refuse =
            |why: String| Wrong::with(format!("`{}` cannot be read", super::problem::short(name)), why);
        let text: Arc<str> = files.read(name).map_err(refuse)?.into();
        let together: usize = self.files.iter().map(|(_, text)| text.len()).sum();
        if together + text.len() > MAX_TOGETHER {
            return Err(refuse(format!("all files together are larger than {} MiB", MAX_TOGETHER >> 20)));
        }
        self.files.push((name.to_string(), text.clone()));
        Ok(text)
    }
}

/// What is done with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextCommand {
    /// Stored.
    Store,
    /// Looked for.
    Find,
}

/// The command that does it, up to the text.
pub(super) fn command(command_kind: TextCommand, role: RoleKind, fleet: bool) -> &'static str {
    let info = role.info();
    match (command_kind, fleet) {
        (TextCommand::Store, false) => info.store,
        (TextCommand::Find, false) => info.find,
        (TextCommand::Store, true) if info.keeps == Some(Keeps::Memories) => "fleet remember fact ",
        (TextCommand::Store, true) => "fleet add ",
        (TextCommand::Find, true) if info.answers == Some(Asks::Recall) => "fleet recall ",
        (TextCommand::Find, true) => "fleet search ",
    }
}

/// The command lines that texts become.
pub(super) fn lines<'t>(
    texts: impl Iterator<Item = &'t str>,
    command: &str,
    limit: usize,
) -> Result<Arc<[String]>, Wrong> {
    let texts = texts.map(str::trim).filter(|text| !text.is_empty()).take(limit);
    let lines: Result<Vec<String>, Wrong> = texts.map(|text| line(command, text)).collect();
    let lines = lines?;
    if lines.is_empty() { Err(Wrong::new("there is no text in it")) } else { Ok(lines.into()) }
}

/// One command line, as a console takes it.
pub(super) fn line(command: &str, text: &str) -> Result<String, Wrong> {
    let line = format!("{command}{text}");
    if line.len() > LINE_LIMIT {
        let message = format!("the line `{}` has {} bytes", super::problem::short(&line), line.len());
        return Err(Wrong::with(
            message,
            format!("a console takes {LINE_LIMIT} bytes, the command included"),
        ));
    }
    if line.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t') {
        let message =
            format!("the line `{}` holds a control character", super::problem::short(&line).escape_debug());
        return Err(Wrong::with(message, "a console takes none but tabs"));
    }
    Ok(line)
}

/// The texts of a file: one a line, but for remarks.
pub(super) fn texts_of(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.starts_with('#'))
}

/// The `sample` lines of a sensor log, read as everywhere else. Its times are left out: the load says how often one is typed.
pub(super) fn samples_of(text: &str, limit: usize, options: &LogOptions) -> Result<Arc<[String]>, Wrong> {
    let refuse = |error: LogError| Wrong::with(format!("line {error}"), log_help(&error));
    let mut log = SensorLog::open(text.as_bytes(), Sniff::Ahead, options).map_err(refuse)?;
    let (mut row, mut lines) = (Row::default(), Vec::new());
    while lines.len() < limit && log.read(&mut row).map_err(refuse)? {
        lines.push(line("sample ", &row.readings)?);
    }
    if lines.is_empty() { Err(Wrong::new("there is no row in it")) } else { Ok(lines.into()) }
}

/// An option of the command line is a key here, where there is such a key.
fn log_help(error: &LogError) -> String {
    let help = OF_LOGS.iter().fold(error.help.clone(), |help, key| help.replace(&format!("--{key}"), key));
    if help.contains("--") {
        "`ruvllm-esp sim --input FILE` names the option that reads it; write the file so that none is needed"
            .into()
    } else {
        help
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_becomes_samples() {
        let log = "time_s,vibration,current\n0,1.5,-2\n\n1,1.6,3e1\n";
        let samples_of = |text: &str, limit| samples_of(text, limit, &LogOptions::default());
        assert_eq!(samples_of(log, 9).unwrap().as_ref(), ["sample 1.5 -2", "sample 1.6 3e1"]);
        assert_eq!(samples_of("1,2\n3,4", 1).unwrap().as_ref(), ["sample 1 2"]);
        assert_eq!(
            samples_of("v\n1\nx\n", 9).unwrap_err().message,
            "line 3:1: `x` of column `v` is not a number"
        );
        assert!(samples_of("", 9).is_err() && samples_of("v\n", 9).is_err());
    }

    #[test]
    fn a_log_is_read_as_a_session_reads_it() {
        let samples = |text| {
            samples_of(text, 9, &LogOptions::default())
                .map(|lines| lines.join("|"))
                .map_err(|wrong| wrong.message)
        };
        assert_eq!(samples("time,\"flow, l/s\",bar\n0,1.25,7\n").unwrap(), "sample 1.25 7");
        assert_eq!(
            samples("time,flow,bar\n0,\"1,25\",7\n1,\"1,26\",7\n").unwrap(),
            "sample 1.25 7|sample 1.26 7"
        );
        assert_eq!(samples("time,flow\r0,1.25\r1,1.26\r").unwrap(), "sample 1.25|sample 1.26");
        assert_eq!(samples("time,\"flow\nl/s\"\n0,1.25\n").unwrap(), "sample 1.25");
        let ragged = samples("time,flow\n0,1.25\n1,1.26,9\n2\n").unwrap_err();
        assert!(ragged.starts_with("line 3: 3 cells, but most rows have 2"), "{ragged}");
    }

    #[test]
    fn an_ambiguous_log_is_read_as_the_scenario_says() {
        let text = "a;b;c\n1,5;2;9\n1,6;3;9\n";
        let options = LogOptions {
            separator: Some(b';'),
            decimal: LogOptions::parse_decimal(",").ok(),
            columns: vec!["b".into(), "a".into()],
            ..LogOptions::default()
        };
        let lines = samples_of(text, 9, &options).unwrap();
        assert_eq!(lines.len(), 2);
        assert!(lines[0].contains("1.5") && lines[0].contains('2') && !lines[0].contains('9'), "{lines:?}");
        let wrong = LogOptions { columns: vec!["d".into()], ..options };
        let wrong = samples_of(text, 9, &wrong).unwrap_err();
        assert!(!wrong.help.as_deref().unwrap_or_default().contains("--columns"), "{wrong:?}");
    }

    #[test]
    fn texts_become_lines_that_a_console_takes() {
        let texts = "# remark\none\n\n  two \nthree\n";
        assert_eq!(lines(texts_of(texts), "add ", 2).unwrap().as_ref(), ["add one", "add two"]);
        assert!(line("add ", &"x".repeat(252)).is_ok() && line("add ", &"x".repeat(253)).is_err());
        assert!(line("add ", "a\u{7}b").is_err());
    }

    #[test]
    fn only_files_beside_the_scenario_are_read() {
        let here = Folder(PathBuf::from(env!("CARGO_MANIFEST_DIR")));
        assert!(here.read("Cargo.toml").unwrap().contains("ruvllm-esp-sim"));
        assert!(here.read("/etc/passwd").unwrap_err().contains("absolute"));
        assert!(here.read("../Cargo.toml").unwrap_err().contains("`..` leads out"));
        assert!(here.read("src/../../Cargo.toml").unwrap_err().contains("`..` leads out"));
        assert!(here.read("src").unwrap_err().contains("regular"));
        assert!(here.read("nowhere").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_followed_where_it_stays_in_the_folder() {
        use std::os::unix::fs::symlink;
        let folder = std::env::temp_dir().join(format!("ruvllm-esp-links-{}", std::process::id()));
        fs::create_dir_all(folder.join("inside")).unwrap();
        fs::write(folder.join("inside/texts.txt"), "one").unwrap();
        symlink("inside/texts.txt", folder.join("near.txt")).unwrap();
        symlink("/etc/hostname", folder.join("file.txt")).unwrap();
        symlink("/etc", folder.join("etc")).unwrap();
        let here = Folder(folder.clone());
        assert_eq!(here.read("near.txt").unwrap(), "one");
        for name in ["file.txt", "etc/hostname"] {
            assert!(here.read(name).unwrap_err().contains("a link leads out"), "{name}");
        }
        fs::remove_dir_all(folder).unwrap();
    }
}
