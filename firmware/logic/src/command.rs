//! The `chip` commands, which exist on silicon alone.
//!
//! Everything that the simulator cannot have (settings in flash, the reset, the stack) stands behind one word, so that
//! all other lines go to the agent and get the same bytes back everywhere.

use crate::config::KEY_BYTES;
use core::fmt;
use ruvllm_esp_core::wire::authentication::Key;
use ruvllm_esp_core::wire::field::hex;

/// What `chip help` says.
pub const HELP: &str = "commands of this chip:
  chip                               identity, last reset, stack, last failure
  chip config                        the settings in flash
  chip config role NAME              the role to start with
  chip config id NUMBER              the number in the fleet, 0 to 65535
  chip config key HEX EPOCH          keys of this number and epoch, from the fleet's key of 32 digits
  chip config key new                the same from a fleet's key of this chip's own making, shown once
  chip config encrypt on|off         encrypt payloads, or not; the same on every chip of the fleet
  chip config clear                  back to the defaults of the image
  chip reset                         restart with the settings in flash
  chip crash panic                   panic on purpose
  chip crash hang                    stop feeding the watchdog on purpose
";

/// A command of the chip itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command<'l> {
    /// `chip`
    Status,
    /// `chip help`
    Help,
    /// `chip config`
    ShowSettings,
    /// `chip config role NAME`
    SetRole(&'l str),
    /// `chip config id NUMBER`
    SetId(u16),
    /// `chip config key HEX EPOCH`
    SetKey {
        /// The fleet's key, which is not kept.
        master: Key,
        /// The epoch, from 1.
        epoch: u32,
    },
    /// `chip config key new`
    NewKey,
    /// `chip config encrypt on|off`
    SetEncryption(bool),
    /// `chip config clear`
    ClearSettings,
    /// `chip reset`
    Reset,
    /// `chip crash panic`
    Panic,
    /// `chip crash hang`
    Hang,
}

/// Why a command of the chip did nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such command.
    Unknown,
    /// The number is not one from 0 to 65535.
    BadNumber,
    /// The key is not 32 hexadecimal digits, or the epoch no number.
    BadKey,
    /// Keys are those of a number, and the chip has none.
    NoNumber,
    /// The chip has no keys to encrypt with.
    NoKey,
    /// There is no such role.
    UnknownRole,
    /// The flash has no partition for settings.
    NoPartition,
    /// The flash did not take them.
    Flash,
    /// The agent is not running.
    SafeMode,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Refusal::Unknown => "err: unknown-command type 'chip help' for the commands of this chip",
            Refusal::BadNumber => "err: bad-number the number is a whole number from 0 to 65535",
            Refusal::BadKey => {
                "err: bad-key a fleet's key has 32 hexadecimal digits, and an epoch is a number from 1"
            }
            Refusal::NoNumber => {
                "err: no-number keys are those of a number; set it first with 'chip config id'"
            }
            Refusal::NoKey => {
                "err: no-key payloads are encrypted with keys; set them first with 'chip config key'"
            }
            Refusal::UnknownRole => "err: unknown-role type 'set-role' with that name to see the roles",
            Refusal::NoPartition => {
                "err: no-config-partition the image was flashed with another partition table"
            }
            Refusal::Flash => "err: flash the settings could not be written",
            Refusal::SafeMode => "err: safe-mode the agent is not running; 'chip reset' starts it",
        })
    }
}

/// Reads a line of the console: nothing where it is the agent's.
pub fn parse(line: &str) -> Option<Result<Command<'_>, Refusal>> {
    let mut words = line.split_ascii_whitespace();
    if words.next() != Some("chip") {
        return None;
    }
    let words = [words.next(), words.next(), words.next(), words.next(), words.next()];
    Some(match words {
        [None, ..] => Ok(Command::Status),
        [Some("help"), None, ..] => Ok(Command::Help),
        [Some("reset"), None, ..] => Ok(Command::Reset),
        [Some("crash"), Some("panic"), None, ..] => Ok(Command::Panic),
        [Some("crash"), Some("hang"), None, ..] => Ok(Command::Hang),
        [Some("config"), None, ..] => Ok(Command::ShowSettings),
        [Some("config"), Some("clear"), None, ..] => Ok(Command::ClearSettings),
        [Some("config"), Some("role"), Some(name), None, _] => Ok(Command::SetRole(name)),
        [Some("config"), Some("id"), Some(number), None, _] => {
            number.parse().map(Command::SetId).map_err(|_| Refusal::BadNumber)
        }
        [Some("config"), Some("encrypt"), Some("on"), None, _] => Ok(Command::SetEncryption(true)),
        [Some("config"), Some("encrypt"), Some("off"), None, _] => Ok(Command::SetEncryption(false)),
        [Some("config"), Some("key"), Some("new"), None, _] => Ok(Command::NewKey),
        [Some("config"), Some("key"), Some(digits), epoch, None] => {
            let epoch = epoch.map_or(Some(1), |epoch| epoch.parse().ok()).filter(|epoch| *epoch > 0);
            let both = key(digits).zip(epoch);
            both.map(|(master, epoch)| Command::SetKey { master, epoch }).ok_or(Refusal::BadKey)
        }
        _ => Err(Refusal::Unknown),
    })
}

fn key(digits: &str) -> Option<Key> {
    let mut bytes = [0; KEY_BYTES];
    let length = hex(digits, &mut bytes)?.len();
    (length == KEY_BYTES).then(|| Key::new(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::format;

    #[test]
    fn lines_of_the_agent_are_left_to_it() {
        for line in ["", "role", "chips", "help chip", "add chip reset"] {
            assert_eq!(parse(line), None, "{line}");
        }
    }

    #[test]
    fn every_line_of_the_help_is_a_command() {
        for line in HELP.lines().skip(1) {
            let usage = line.get(2..37).unwrap().trim_end();
            let call = usage
                .replace("on|off", "on")
                .replace("NAME", "rag")
                .replace("NUMBER", "7")
                .replace("HEX", &"a5".repeat(KEY_BYTES))
                .replace("EPOCH", "2");
            assert!(matches!(parse(&call), Some(Ok(_))), "{call}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert_eq!(parse("chip config id 65536"), Some(Err(Refusal::BadNumber)));
        assert_eq!(parse("chip config key 12"), Some(Err(Refusal::BadKey)));
        assert_eq!(parse(&format!("chip config key {}", "zz".repeat(KEY_BYTES))), Some(Err(Refusal::BadKey)));
        assert_eq!(parse("chip reset now"), Some(Err(Refusal::Unknown)));
        assert_eq!(parse("chip config id 7 8"), Some(Err(Refusal::Unknown)));
        assert_eq!(parse("chip config id 7"), Some(Ok(Command::SetId(7))));
        assert_eq!(parse("chip config encrypt"), Some(Err(Refusal::Unknown)));
        assert_eq!(parse("chip config encrypt off"), Some(Ok(Command::SetEncryption(false))));
    }

    proptest! {
        #[test]
        fn any_line_is_taken_without_panic(line in "chip \\PC{0,80}") {
            prop_assert!(parse(&line).is_some());
        }
    }
}
