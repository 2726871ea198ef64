//! The command line as data: help, completions and manual pages all come from here.

#[cfg(feature = "tui")]
use crate::command::tui;
use crate::command::{
    analyse, bench, chips, completions, config, doctor, emulate, fit, fleet, init, man, model, roles, schema,
    sim, tools, trace, wire,
};
#[cfg(feature = "board")]
use crate::command::{build, flash, monitor, ports};
use crate::command_line::{value_of, words};
use crate::global::{ColorWhen, Global};
use clap::{Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

const AFTER_HELP: &str = "\
Exit codes:
  0    it worked
  1    it worked, and the answer is no: something does not fit, a check failed
  2    the command line, the environment or an input file is wrong
  3    the device or this machine failed
  4    the time given did not suffice
  130  interrupted with Ctrl-C

Examples:
  ruvllm-esp init demo
  ruvllm-esp sim --variant esp32s2 --demo
  ruvllm-esp analyse readings.csv --variant esp32s2 --html readings.html
  ruvllm-esp sim --variant esp32c6 < notes.txt
  ruvllm-esp fit --variant all --role all";

/// What is shown to somebody who names no command.
pub const FIRST_STEPS: &str = "\
ruvllm-esp simulates, measures and flashes tiny AI agents on ESP32 chips.

Without a board:
  ruvllm-esp init demo                           a small project that runs
  ruvllm-esp sim --variant esp32s2 --demo        a chip finds a failing bearing
  ruvllm-esp sim --variant esp32c6               talk to a chip that remembers
  ruvllm-esp analyse FILE.csv --variant esp32s2  anomalies in your own readings
  ruvllm-esp fit                                 what fits on which chip

With a board:
  ruvllm-esp doctor                              is everything there?
  ruvllm-esp build --variant esp32c3             make its image
  ruvllm-esp flash --variant esp32c3             write it, and see it answer

All commands: ruvllm-esp --help
";

/// Simulate, measure and size tiny AI agents on ESP32 chips
#[derive(Debug, Parser)]
#[command(name = "ruvllm-esp", bin_name = "ruvllm-esp", version, after_help = AFTER_HELP, max_term_width = 110)]
#[command(propagate_version = true, arg_required_else_help = true)]
pub struct Arguments {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands, in the order in which help lists them.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Lay down a small project that runs
    Init(init::Arguments),
    /// Run a simulated chip and talk to its console, or a fleet of them
    Sim(Box<sim::Arguments>),
    /// Find the anomalies in a sensor log (CSV), as a picture and a list
    Analyse(Box<analyse::Arguments>),
    /// Write and check scenarios of fleets, and run them again from a trace
    Fleet(fleet::Arguments),
    /// Draw what a fleet did, or convert its trace for other tools
    Trace(trace::Arguments),
    /// Write, check, show and import tool files: what can be called in plain words
    Tools(tools::Arguments),
    /// List the chips, or show one with the source of every fact
    Chips(chips::Arguments),
    /// List the roles a chip can have, or show one with its commands
    Roles(roles::Arguments),
    /// Show what fits which chip, and where every byte goes
    Fit(fit::Arguments),
    /// Build the firmware and make the image of a chip
    #[cfg(feature = "board")]
    Build(build::Arguments),
    /// Write the image to a board and check that it answers
    #[cfg(feature = "board")]
    Flash(flash::Arguments),
    /// Show a board's console and type at it
    #[cfg(feature = "board")]
    Monitor(monitor::Arguments),
    /// List the serial ports, and why each is a board's or not
    #[cfg(feature = "board")]
    Ports(ports::Arguments),
    /// Show a fleet in the terminal, and play with it
    #[cfg(feature = "tui")]
    Tui(tui::Arguments),
    /// Check this machine, or explain an error message
    Doctor(doctor::Arguments),
    /// Show the frames between chips as text, or make some
    Wire(wire::Arguments),
    /// Show what the configuration files and the environment set
    Config(config::Arguments),
    /// Train what chips understand commands with
    Model(model::Arguments),
    /// Run a RISC-V program as a chip would, and count its cycles
    Emulate(emulate::Arguments),
    /// Measure how well the parts do their work
    Bench(bench::Arguments),
    /// Print a completion script for a shell
    Completions(completions::Arguments),
    /// Print the JSON schema of an output, or of the configuration
    Schema(schema::Arguments),
    /// Write the manual pages
    Man(man::Arguments),
}

impl Arguments {
    /// What there is to know before the command line has been understood.
    pub fn preview(arguments: &[OsString]) -> Preview {
        let color = value_of(arguments, "--color").and_then(|when| ColorWhen::from_str(&when, false).ok());
        Preview {
            color: color.unwrap_or_default(),
            json: words(arguments).any(|word| word == "--json"),
            preset: value_of(arguments, "--preset"),
            report: value_of(arguments, "--report").map(PathBuf::from),
        }
    }
}

/// How to tell errors, which options there are besides those typed, and where to write a report.
#[derive(Debug, PartialEq, Eq)]
pub struct Preview {
    pub color: ColorWhen,
    pub json: bool,
    pub preset: Option<String>,
    pub report: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_command_has_an_example() {
        fn without(command: &clap::Command, name: &str, found: &mut Vec<String>) {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let own = help.split_once("Examples:").map_or("", |(_, examples)| examples);
            // Those of a command with subcommands may be theirs.
            if !own.contains(&format!("  {}", name.split(' ').next().unwrap())) {
                found.push(name.to_string());
            }
            for command in command.get_subcommands().filter(|command| command.get_name() != "help") {
                without(command, &format!("{name} {}", command.get_name()), found);
            }
        }
        let mut found = Vec::new();
        without(&Arguments::command(), "ruvllm-esp", &mut found);
        assert!(found.is_empty(), "no example: {found:?}");
    }

    #[test]
    fn colour_and_json_are_known_early() {
        let preview = |line: &str| {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            let Preview { color, json, preset, report } = Arguments::preview(&words);
            (color, json, preset, report.map(|path| path.display().to_string()))
        };
        assert_eq!(preview("ruvllm-esp --color never chips"), (ColorWhen::Never, false, None, None));
        assert_eq!(preview("ruvllm-esp chips --color=always --json"), (ColorWhen::Always, true, None, None));
        assert_eq!(preview("ruvllm-esp sim -- --json --preset a"), (ColorWhen::Auto, false, None, None));
        let named = preview("ruvllm-esp sim --preset a --preset=b --report it.zip");
        assert_eq!(named, (ColorWhen::Auto, false, Some("b".into()), Some("it.zip".into())));
        assert_eq!(preview("ruvllm-esp sim --preset").2, None);
    }
}
