//! What went wrong on the way to a board, in our words.
//!
//! The flasher's errors are about its protocol. Here each becomes a code, the exit code that goes with it, and what to do
//! next; a port that is gone is recognised by its absence, whatever the last operation on it said.

use super::port::SelectedPort;
use crate::error::CliError;
use espflash::Error;
use std::error::Error as _;
use std::path::Path;

/// What the flasher's error means on this port.
pub fn of(error: &Error, port: &SelectedPort, doing: &str) -> CliError {
    let name = &port.name;
    let text = chain(error);
    if is_gone(name) {
        return vanished(name, doing);
    }
    match error {
        Error::VerifyFailed => CliError::runtime(
            "flash::verify-failed",
            format!("{name}: read-back differs from what was written"),
        )
        .help("flash again; if it happens again, the flash is worn out or its supply is too weak"),
        Error::FlashConnect => {
            CliError::runtime("flash::no-flash", format!("{name}: the chip does not find its flash"))
                .help("check the supply; pins 6 to 11 (ESP32) or 12 to 17 (C3) must be free")
        }
        Error::RomError(_) => {
            CliError::runtime("flash::refused", format!("{name}: the loader refused while {doing}: {text}"))
                .help("put the chip into its loader again: hold BOOT, press RESET, release BOOT")
        }
        Error::ChipDetectError(_) => CliError::usage("flash::wrong-chip", format!("{name}: {text}"))
            .help("`ruvllm-esp chips` lists the chips there are images for"),
        _ if text.contains("Timeout") => {
            CliError::timeout("flash::timeout", format!("{name}: no answer while {doing}: {text}"))
                .help("the image is not whole: flash again; a shorter cable or --baud 115200 may help")
        }
        _ if text.contains("Failed to connect")
            || text.contains("no sync reply")
            || text.contains("Wrong boot mode") =>
        {
            CliError::timeout("flash::no-loader", format!("{name}: no loader answers: {text}"))
                .help("hold BOOT, press RESET, release BOOT, and try again; nothing was written")
        }
        _ => CliError::runtime("flash::failed", format!("{name}: {doing} failed: {text}")).help(
            "`ruvllm-esp doctor` checks cables, groups and drivers; the image may not be whole: flash again",
        ),
    }
}

/// What keeps a port from being opened.
pub fn open(error: &serialport::Error, port: &SelectedPort) -> CliError {
    let name = &port.name;
    let text = error.to_string();
    let refused = error.kind() == serialport::ErrorKind::Io(std::io::ErrorKind::PermissionDenied)
        || text.contains("Permission denied");
    if refused {
        return CliError::runtime("port::permission", format!("{name}: permission denied"))
            .help("`ruvllm-esp doctor` says which group is missing, or which program has the port open");
    }
    if text.contains("busy") || text.contains("lock") {
        return CliError::runtime("port::busy", format!("{name} is open in another program: {text}"))
            .help("close the other monitor");
    }
    CliError::runtime("port::cannot-open", format!("{name}: {text}"))
        .help("`ruvllm-esp ports` lists the ports; a port given by name is used exactly as given")
}

/// The port went away.
pub fn vanished(name: &str, doing: &str) -> CliError {
    CliError::runtime("flash::port-vanished", format!("{name} disappeared while {doing}"))
        .help("check cable and supply, then flash again: the image on the chip may not be whole")
}

/// Is the port no longer there?
pub fn is_gone(name: &str) -> bool {
    if cfg!(unix) {
        return !Path::new(name).exists();
    }
    serialport::available_ports().is_ok_and(|ports| ports.iter().all(|port| port.port_name != name))
}

/// The error and what caused it, each once.
fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let words = inner.to_string();
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        cause = inner.source();
    }
    text
}
