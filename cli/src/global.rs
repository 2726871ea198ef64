//! The options of every command.
//!
//! They stand apart from the commands: the output depends on them, and every command depends on the output.

use clap::{Args, ColorChoice, ValueEnum};
use std::path::PathBuf;

/// Options of every command.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Print JSON, one object a line, and nothing else on standard output
    #[arg(long, global = true)]
    pub json: bool,
    /// Colour the output
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t)]
    pub color: ColorWhen,
    /// Never ask, never take over the terminal
    #[arg(long, global = true)]
    pub non_interactive: bool,
    /// Keep standard error silent, errors excepted
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Take the options that the configuration holds under this name; what is typed wins
    #[arg(long, global = true, value_name = "NAME")]
    pub preset: Option<String>,
    /// Write what a bug report needs: versions, command line, configuration, doctor, logs; no keys
    #[arg(long, global = true, value_name = "FILE.zip")]
    pub report: Option<PathBuf>,
    /// Print more details
    #[arg(long, short, global = true)]
    pub verbose: bool,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    /// On a terminal, as NO_COLOR and CLICOLOR_FORCE say
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl From<ColorWhen> for ColorChoice {
    fn from(when: ColorWhen) -> Self {
        match when {
            ColorWhen::Auto => ColorChoice::Auto,
            ColorWhen::Always => ColorChoice::Always,
            ColorWhen::Never => ColorChoice::Never,
        }
    }
}
