//! `completions SHELL`: a script that teaches a shell this command line.

use crate::error::{CommandResult, Exit};
use crate::output::Output;
use clap::ValueEnum;
use std::io::Write;

const EXAMPLES: &str = "\
Examples:
  ruvllm-esp completions bash > ~/.local/share/bash-completion/completions/ruvllm-esp
  ruvllm-esp completions zsh > ~/.zfunc/_ruvllm-esp
  ruvllm-esp completions fish > ~/.config/fish/completions/ruvllm-esp.fish
  ruvllm-esp completions powershell >> $PROFILE";

/// Options of `completions`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The shell
    shell: Shell,
}

/// The shells.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
    Powershell,
    Elvish,
    Nushell,
}

/// Prints the script for the command line `command`.
///
/// # Errors
/// When standard output does not take it.
pub fn run(arguments: &Arguments, mut command: clap::Command, output: &Output) -> CommandResult {
    let mut script = Vec::new();
    let (command, name, out) = (&mut command, "ruvllm-esp", &mut script);
    match arguments.shell {
        Shell::Bash => clap_complete::generate(clap_complete::Shell::Bash, command, name, out),
        Shell::Zsh => clap_complete::generate(clap_complete::Shell::Zsh, command, name, out),
        Shell::Fish => clap_complete::generate(clap_complete::Shell::Fish, command, name, out),
        Shell::Powershell => clap_complete::generate(clap_complete::Shell::PowerShell, command, name, out),
        Shell::Elvish => clap_complete::generate(clap_complete::Shell::Elvish, command, name, out),
        Shell::Nushell => clap_complete::generate(clap_complete_nushell::Nushell, command, name, out),
    }
    output.text().write_all(&script)?;
    Ok(Exit::Ok)
}
