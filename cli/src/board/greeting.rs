//! Banner and role: the proof that the chip runs what was written.
//!
//! The banner may be lost, since a chip drops output that nobody reads in time. Then the chip is asked for its role, and
//! reset, this time with a listener.

use super::port::SelectedPort;
use super::{fault, install::open};
use crate::error::CliError;
use espflash::connection::Port;
use std::io::{ErrorKind, Read, Write};
use std::time::{Duration, Instant};

/// How long a banner is waited for before the chip is asked.
const QUIET: Duration = Duration::from_millis(1500);

/// How long an answer may take before the question is asked again.
const AGAIN: Duration = Duration::from_millis(700);

/// Turns echo off, ends whatever line there is, and asks. Harmless in any state of the console.
const ASK_ROLE: &[u8] = b"\x04\nrole\n";
const RESTART: &[u8] = b"\x04\nchip reset\n";

/// The most of a chip's words that is kept.
const KEPT: usize = 16 * 1024;

/// What a chip says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Greeting {
    /// Its chip, such as `esp32c3`.
    pub variant: String,
    /// Its role, by its long name.
    pub role: String,
    /// Its number in the fleet.
    pub chip_id: u16,
    /// The version of the firmware.
    pub version: String,
}

/// Where the conversation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Banner,
    Role,
}

/// Listens until banner and role are there.
///
/// # Errors
/// `flash::no-banner` (exit code 4), `flash::panicked`, `flash::port-vanished`.
pub fn receive(mut serial: Port, port: &SelectedPort, patience: Duration) -> Result<Greeting, CliError> {
    let begun = Instant::now();
    let mut words = String::new();
    let (mut step, mut asked) = (Step::Banner, None::<Instant>);
    let mut greeting = None;
    while begun.elapsed() < patience {
        match read(&mut serial, &mut words) {
            Ok(()) => {}
            // The USB port of some chips goes and comes back with the reset.
            Err(_) => serial = reopen(port, begun, patience)?,
        }
        if words.contains("err: wrong-chip") || words.contains("[safe]") {
            break;
        }
        if step == Step::Banner
            && let Some(found) = banner(&words)
        {
            (step, asked, greeting) = (Step::Role, None, Some(found));
            words.clear();
        }
        if let (Step::Role, Some(role), Some(greeting)) = (step, role(&words), &greeting) {
            return Ok(Greeting { role, ..greeting.clone() });
        }
        let due = asked.map_or(step == Step::Role || begun.elapsed() > QUIET, |at| at.elapsed() > AGAIN);
        if due {
            // A chip that answers without a banner has lost it: it shall say it again.
            let lost = step == Step::Banner && role(&words).is_some();
            let _ = serial.write_all(if lost { RESTART } else { ASK_ROLE });
            asked = Some(Instant::now());
        }
    }
    Err(silent(&words, port, step))
}

fn read(serial: &mut Port, words: &mut String) -> std::io::Result<()> {
    let mut buffer = [0; 1024];
    match serial.read(&mut buffer) {
        Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
        Ok(length) => words.push_str(&String::from_utf8_lossy(buffer.get(..length).unwrap_or_default())),
        Err(error) if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::Interrupted) => {}
        Err(error) => return Err(error),
    }
    if words.len() > KEPT {
        let cut = (words.len() - KEPT / 2..).find(|at| words.is_char_boundary(*at)).unwrap_or(words.len());
        words.drain(..cut);
    }
    Ok(())
}

fn reopen(port: &SelectedPort, begun: Instant, patience: Duration) -> Result<Port, CliError> {
    while begun.elapsed() < patience {
        std::thread::sleep(Duration::from_millis(100));
        if !fault::is_gone(&port.name)
            && let Ok(serial) = open(port)
        {
            return Ok(serial);
        }
    }
    Err(fault::vanished(&port.name, "starting"))
}

/// The lines that are whole.
fn lines(words: &str) -> impl Iterator<Item = &str> {
    words.split_inclusive('\n').filter(|line| line.ends_with('\n')).map(str::trim)
}

/// The banner, once it is there to its end.
fn banner(words: &str) -> Option<Greeting> {
    let identity = lines(words).position(|line| line.starts_with("variant="))?;
    lines(words).skip(identity).find(|line| line.starts_with("[ready]"))?;
    let field = |name: &str| {
        let line = lines(words).nth(identity)?;
        line.split_whitespace()
            .find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
            .map(str::to_string)
    };
    let version = lines(words).take(identity).filter_map(|line| line.strip_prefix("ruvllm-esp ")).last();
    Some(Greeting {
        variant: field("variant")?,
        role: field("role")?,
        chip_id: field("chip_id")?.parse().ok()?,
        version: version.unwrap_or("?").to_string(),
    })
}

/// The answer to `role`.
fn role(words: &str) -> Option<String> {
    lines(words).filter_map(|line| line.strip_prefix("role: ")).last().map(str::to_string)
}

fn silent(words: &str, port: &SelectedPort, step: Step) -> CliError {
    let tail: Vec<&str> = words.lines().rev().take(8).collect();
    let tail = tail.into_iter().rev().collect::<Vec<_>>().join("\n  ");
    let known = crate::bringup::explain(words);
    let help = match known.first() {
        Some(found) => format!("{}: {}", found.entry.code, found.entry.advice),
        None => "press RESET; `ruvllm-esp monitor` shows what the chip says".to_string(),
    };
    let name = &port.name;
    if words.contains("err: wrong-chip") || words.contains("[safe]") {
        return CliError::runtime(
            "flash::refuses-to-run",
            format!("{name}: the chip does not run the image:\n  {tail}"),
        )
        .help(help);
    }
    let what = match (step, tail.is_empty()) {
        (_, true) => "it was written and verified, but the chip's console is silent".to_string(),
        (Step::Banner, false) => {
            format!("it was written and verified, but there is no banner; the chip says:\n  {tail}")
        }
        (Step::Role, false) => {
            format!("there was a banner, but no answer to `role`; the chip says:\n  {tail}")
        }
    };
    CliError::timeout("flash::no-banner", format!("{name}: {what}")).help(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BANNER: &str =
        "ESP-ROM:esp32c3\r\nruvllm-esp 0.1.0\r\nvariant=esp32c3 role=HnswIndexer chip_id=7 sram_kb=313\r\n";

    #[test]
    fn a_banner_counts_when_it_is_whole() {
        assert_eq!(banner(BANNER), None);
        let found = banner(&format!("{BANNER}[ready] type 'help' for commands\r\n")).unwrap();
        assert_eq!((found.variant.as_str(), found.chip_id, found.version.as_str()), ("esp32c3", 7, "0.1.0"));
        assert_eq!(banner("variant=esp32c3 role=x chip_id=many\n[ready]\n"), None);
    }

    #[test]
    fn a_role_counts_when_its_line_is_whole() {
        assert_eq!(role("role\r\nrole: Hnsw"), None);
        assert_eq!(role("> role\nrole: HnswIndexer\n> "), Some("HnswIndexer".into()));
    }
}
