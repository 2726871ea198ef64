//! The `ruvllm-esp` command line: `main` only matches, each command is one file.

mod analysis;
mod arguments;
#[cfg(feature = "board")]
mod board;
mod board_text;
mod bringup;
mod command;
mod command_line;
mod configuration;
mod destination;
mod error;
#[cfg(feature = "board")]
mod firmware;
mod fleet_key;
mod gate;
mod global;
mod interrupt;
mod json;
mod kernels;
mod machine;
#[cfg(feature = "board")]
mod monitor;
mod output;
mod picture;
mod preset;
mod progress;
mod quantity;
mod report;
mod selection;
mod session;
mod style;
mod table;
mod topology;
#[cfg(feature = "tui")]
mod tui;

use arguments::{Arguments, Command, FIRST_STEPS, Preview};
use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches};
use configuration::Preset;
use error::{CliError, CommandResult, Exit, Stop};
use output::Output;
use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    let preview = Arguments::preview(&words);
    output::set_color(preview.color);
    let result = run(&words, &preview);
    let written = preview.report.as_deref().map_or(Ok(()), |path| report::write(path, &words, &result));
    let exit = match result {
        Ok(exit) => exit,
        Err(Stop::PipeClosed) => Exit::Ok,
        Err(Stop::Error(error)) => output::report(&error, preview.json),
    };
    match written {
        Ok(()) => exit.into(),
        Err(error) => output::report(&error, preview.json).into(),
    }
}

fn run(words: &[OsString], preview: &Preview) -> CommandResult {
    let mut command = Arguments::command().color(preview.color.into());
    let mut preset = None;
    if let Some(name) = &preview.preset {
        let (with_defaults, found) = preset::apply(command, name)?;
        (command, preset) = (with_defaults, Some(found));
    }
    let usage = |error| usage(error, preset);
    let arguments = match command.try_get_matches_from(words) {
        Ok(matches) => Arguments::from_arg_matches(&matches).map_err(usage)?,
        Err(help) if help.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            if words.len() <= 1 {
                write!(std::io::stdout(), "{FIRST_STEPS}")?;
            } else {
                help.print()?;
            }
            return Ok(Exit::Usage);
        }
        Err(error) if error.use_stderr() => return Err(usage(error)),
        Err(help) => {
            help.print()?;
            return Ok(Exit::Ok);
        }
    };
    let output = Output::new(&arguments.global);
    match arguments.command {
        Command::Sim(arguments) => command::sim::run(&arguments, &output),
        Command::Analyse(arguments) => command::analyse::run(&arguments, &output),
        Command::Init(arguments) => command::init::run(&arguments, &output),
        Command::Fleet(arguments) => command::fleet::run(&arguments, &output),
        Command::Trace(arguments) => command::trace::run(&arguments, &output),
        Command::Tools(arguments) => command::tools::run(&arguments, &output),
        Command::Chips(arguments) => command::chips::run(&arguments, &output),
        Command::Roles(arguments) => command::roles::run(&arguments, &output),
        Command::Fit(arguments) => command::fit::run(&arguments, &output),
        #[cfg(feature = "board")]
        Command::Build(arguments) => command::build::run(&arguments, &output),
        #[cfg(feature = "board")]
        Command::Flash(arguments) => command::flash::run(&arguments, &output),
        #[cfg(feature = "board")]
        Command::Monitor(arguments) => command::monitor::run(&arguments, &output),
        #[cfg(feature = "board")]
        Command::Ports(arguments) => command::ports::run(&arguments, &output),
        #[cfg(feature = "tui")]
        Command::Tui(arguments) => command::tui::run(&arguments, &output),
        Command::Doctor(arguments) => command::doctor::run(&arguments, &output),
        Command::Wire(arguments) => command::wire::run(&arguments, &output),
        Command::Config(arguments) => command::config::run(&arguments, &Arguments::command(), &output),
        Command::Model(arguments) => command::model::run(&arguments, &output),
        Command::Emulate(arguments) => command::emulate::run(&arguments, &output),
        Command::Bench(arguments) => command::bench::run(&arguments, &output),
        Command::Completions(arguments) => {
            command::completions::run(&arguments, Arguments::command(), &output)
        }
        Command::Schema(arguments) => command::schema::run(&arguments, &output),
        Command::Man(arguments) => command::man::run(&arguments, Arguments::command(), &output),
    }
}

/// What the parser of the command line has to say, in our form.
fn usage(error: clap::Error, preset: Option<&Preset>) -> Stop {
    let text = error.render().to_string();
    let (message, rest) = text.split_once("\n\n").unwrap_or((&text, ""));
    let message = message.strip_prefix("error: ").unwrap_or(message);
    let error = CliError::usage("cli::usage", message.trim_end());
    let of_preset =
        preset.map(|preset| format!("the preset `{}` of {} sets options too", preset.name, preset.location));
    let rest: Vec<&str> =
        rest.lines().map(str::trim).filter(|line| !line.is_empty()).chain(of_preset.as_deref()).collect();
    if rest.is_empty() { error.into() } else { error.help(rest.join("\n        ")).into() }
}
