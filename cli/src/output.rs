//! Where words go: data to standard output, talk to standard error.
//!
//! Colour is decided here, once, for both. Under `--json` standard output carries nothing but JSON, one object a line,
//! each with `"schema"` and `"kind"`.

use crate::error::{CliError, Exit, Stop};
use crate::global::{ColorWhen, Global};
use crate::json::envelope;
use schemars::JsonSchema;
use serde::Serialize;
use std::io::{self, IsTerminal, Write};

/// How a command speaks.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    /// JSON on standard output?
    pub json: bool,
    /// Silence on standard error, errors excepted?
    pub quiet: bool,
    /// More detail?
    pub verbose: bool,
    /// May it ask, and take over the terminal?
    pub interactive: bool,
}

impl Output {
    /// What the global options and the terminal say.
    pub fn new(global: &Global) -> Self {
        Self {
            json: global.json,
            quiet: global.quiet,
            verbose: global.verbose,
            interactive: !global.json && !global.non_interactive && io::stdin().is_terminal(),
        }
    }

    /// Prints one JSON object.
    ///
    /// # Errors
    /// [`Stop`] when standard output does not take it.
    pub fn json<Body: Serialize + JsonSchema>(&self, kind: &str, body: &Body) -> Result<(), Stop> {
        let line = envelope(kind, body)?;
        let mut out = io::stdout().lock();
        writeln!(out, "{line}")?;
        Ok(out.flush()?)
    }

    /// Standard output for text of ours, which may be styled.
    pub fn text(&self) -> impl Write + use<> {
        anstream::stdout().lock()
    }

    /// Writes a line to standard error, unless --quiet. A closed standard error is ignored.
    pub fn info(&self, line: &str) {
        if !self.quiet {
            let _ = writeln!(anstream::stderr().lock(), "{line}");
        }
    }
}

/// Decides on colour for the whole process, before anything is printed. `auto` looks at `NO_COLOR`, `CLICOLOR`,
/// `CLICOLOR_FORCE` and the terminal, for each stream by itself.
pub fn set_color(when: ColorWhen) {
    match when {
        ColorWhen::Auto => anstream::ColorChoice::Auto,
        ColorWhen::Always => anstream::ColorChoice::Always,
        ColorWhen::Never => anstream::ColorChoice::Never,
    }
    .write_global();
}

/// Tells an error: on standard error, and under `--json` as the last line of standard output too. Gives its exit code.
pub fn report(error: &CliError, json: bool) -> Exit {
    if json {
        let _ = writeln!(io::stdout().lock(), "{}", error.to_json());
    }
    let _ = writeln!(anstream::stderr().lock(), "{error}");
    error.exit()
}
