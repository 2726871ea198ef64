//! The `ruvllm-esp` command line.

mod command;

use clap::{Parser, Subcommand};
use command::emulate::{self, EmulateArgs};
use std::process::ExitCode;

#[derive(Parser, Debug)]
#[command(name = "ruvllm-esp", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    Emulate(EmulateArgs),
}

fn main() -> ExitCode {
    let Arguments { command: Command::Emulate(args) } = Arguments::parse();
    match emulate::run(&args, &mut std::io::stdout(), &mut std::io::stderr()) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(emulate::USAGE)
        }
    }
}
