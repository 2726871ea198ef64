//! Why a command stopped, as a person and as a script want to read it.
//!
//! Every error has a stable code, names the thing and the value that were wrong, and says what to do next. The exit code
//! comes from the error, never from where it was noticed.

use crate::json::envelope;
use crate::style::heading;
use ruvllm_esp_sim::scenario::problem::Problem;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt;
use std::io;
use std::process::ExitCode;

/// How the process ends; `docs` and `--help` list the same table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// It worked.
    Ok = 0,
    /// It worked, and the answer is no: it does not fit, a check failed.
    No = 1,
    /// The command line, the environment or an input file is wrong.
    Usage = 2,
    /// The device or this machine failed.
    Runtime = 3,
    /// The time given did not suffice.
    Timeout = 4,
    /// Interrupted with Ctrl-C.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// An error to tell: what is wrong, and what to do about it.
#[derive(Clone, Debug)]
pub struct CliError {
    exit: Exit,
    code: &'static str,
    message: String,
    help: Option<String>,
    /// Where a file has several mistakes: each, for programs; the message tells them as well.
    mistakes: Vec<Problem>,
    is_located: bool,
}

/// An error as JSON: the last line of standard output.
#[derive(Serialize, JsonSchema)]
pub struct ErrorLine<'a> {
    /// Its stable name, such as `flash::wrong-chip`.
    code: &'a str,
    message: &'a str,
    /// The next step.
    help: Option<&'a str>,
    /// The exit code.
    exit: u8,
    #[serde(skip_serializing_if = "<[Problem]>::is_empty")]
    mistakes: &'a [Problem],
}

/// Why a command ended before its end.
#[derive(Debug)]
pub enum Stop {
    /// Standard output was closed, as after `| head -1`: not an error.
    PipeClosed,
    /// An error.
    Error(CliError),
}

/// What every command gives back.
pub type CommandResult = Result<Exit, Stop>;

impl CliError {
    /// The command line, the environment or an input file is wrong.
    pub fn usage(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Usage,
            code,
            message: message.into(),
            help: None,
            mistakes: Vec::new(),
            is_located: false,
        }
    }

    /// What was asked for cannot be: it does not fit.
    pub fn no(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            exit: Exit::No,
            code,
            message: message.into(),
            help: None,
            mistakes: Vec::new(),
            is_located: false,
        }
    }

    /// The device or this machine failed.
    pub fn runtime(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Runtime,
            code,
            message: message.into(),
            help: None,
            mistakes: Vec::new(),
            is_located: false,
        }
    }

    /// The time given did not suffice.
    #[cfg(feature = "board")]
    pub fn timeout(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Timeout,
            code,
            message: message.into(),
            help: None,
            mistakes: Vec::new(),
            is_located: false,
        }
    }

    /// Stopped with Ctrl-C.
    pub fn interrupted(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Interrupted,
            code,
            message: message.into(),
            help: None,
            mistakes: Vec::new(),
            is_located: false,
        }
    }

    /// Adds the next step.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds the mistakes of a file, one by one.
    pub fn mistakes(mut self, mistakes: &[Problem]) -> Self {
        self.mistakes = mistakes.to_vec();
        self
    }

    /// Puts the position in a file or in another input before the message, unless it has one.
    pub fn at(mut self, location: &str) -> Self {
        if !self.is_located {
            self.message = format!("{location}: {}", self.message);
            self.is_located = true;
        }
        self
    }

    /// The exit code it ends with.
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// Its stable name, such as `flash::wrong-chip`.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// What is wrong, without the next step.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The error as the last line of the JSON output.
    pub fn to_json(&self) -> String {
        let line = ErrorLine {
            code: self.code,
            message: &self.message,
            help: self.help.as_deref(),
            exit: self.exit as u8,
            mistakes: &self.mistakes,
        };
        envelope("error", &line).unwrap_or_default()
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (on, off) = heading(anstyle::AnsiColor::Red);
        write!(f, "{on}error{off}[{}]: {}", self.code, self.message)?;
        if let Some(help) = &self.help {
            let (on, off) = heading(anstyle::AnsiColor::Cyan);
            write!(f, "\n  {on}help{off}: {help}")?;
        }
        Ok(())
    }
}

impl From<CliError> for Stop {
    fn from(error: CliError) -> Self {
        Stop::Error(error)
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Stop::PipeClosed;
        }
        let help = "see that standard output, or the file that is named, takes what is written";
        Stop::Error(CliError::runtime("cli::input-output", error.to_string()).help(help))
    }
}

impl From<serde_json::Error> for Stop {
    fn from(error: serde_json::Error) -> Self {
        Stop::Error(CliError::runtime("cli::json", error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_its_code_and_the_next_step_in_both_forms() {
        let error = CliError::usage("cli::unknown-chip", "there is no chip `esp33`").help("try `esp32`");
        let text = anstream::adapter::strip_str(&error.to_string()).to_string();
        assert_eq!(text, "error[cli::unknown-chip]: there is no chip `esp33`\n  help: try `esp32`");
        let json: serde_json::Value = serde_json::from_str(&error.to_json()).unwrap();
        assert_eq!((json["code"].as_str(), json["exit"].as_u64()), (Some("cli::unknown-chip"), Some(2)));
    }

    #[test]
    fn a_closed_pipe_is_no_error() {
        assert!(matches!(Stop::from(io::Error::from(io::ErrorKind::BrokenPipe)), Stop::PipeClosed));
    }
}
