//! `wire`: frames between chips as text, and back.
//!
//! `docs/wire.md` describes every byte; here frames can be decoded, and encoded by hand.

mod decode;
pub mod encode;
mod hex;
pub mod messages;
pub mod object;

use crate::error::CommandResult;
use crate::output::Output;
use clap::Subcommand;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use ruvllm_esp_core::wire::link::LinkKind;

/// Options of `wire`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  ruvllm-esp wire messages\n  ruvllm-esp wire decode --help\n  ruvllm-esp wire encode --help"
)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show the frames that bytes are
    Decode(decode::Arguments),
    /// Print the bytes of a message
    Encode(encode::Arguments),
    /// List the messages with their numbers and fields
    Messages(messages::Arguments),
}

/// Does one of them.
///
/// # Errors
/// Input that cannot be read or is no hexadecimal, text that is no message.
pub fn run(arguments: &Arguments, output: &Output) -> CommandResult {
    match &arguments.action {
        Action::Decode(arguments) => decode::run(arguments, output),
        Action::Encode(arguments) => encode::run(arguments, output),
        Action::Messages(arguments) => messages::run(arguments, output),
    }
}

/// The kinds of link, by name.
fn link() -> impl TypedValueParser<Value = LinkKind> {
    PossibleValuesParser::new(LinkKind::ALL.map(LinkKind::name))
        .try_map(|name| LinkKind::by_name(&name).ok_or("no such link"))
}
