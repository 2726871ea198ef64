//! `bench`: how well the parts do their work.
use crate::error::{Exit, Outcome};
use crate::output::Output;

/// Options of `bench`.
#[derive(Debug, clap::Args)]
pub struct Arguments {}

/// TEMPORARY
pub fn run(_: &Arguments, _: &Output) -> Outcome {
    Ok(Exit::Ok)
}
