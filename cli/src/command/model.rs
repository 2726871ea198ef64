//! `model`: what chips understand commands with.

pub mod train;

use crate::error::CommandResult;
use crate::output::Output;
use clap::Subcommand;

const EXAMPLES: &str = "\
Examples:
  ruvllm-esp model train snips --out snips.model
  ruvllm-esp bench nlu --data snips/test --model snips.model";

/// Options of `model`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Train a model on labelled sentences, and write it for a chip
    Train(train::Arguments),
}

/// Does what was asked.
///
/// # Errors
/// Those of the command.
pub fn run(arguments: &Arguments, output: &Output) -> CommandResult {
    match &arguments.command {
        Command::Train(arguments) => train::run(arguments, output),
    }
}
