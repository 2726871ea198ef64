//! `bench SUBJECT`: how well a part does its work, measured on the data of `fixtures/` and on generated data.
//!
//! The evaluations live in the simulator and return reports that print and serialise; here they are run and shown.

use crate::error::{Exit, Outcome};
use crate::output::Output;
use crate::progress::Stage;
use serde::Serialize;
use std::fmt::Display;
use std::io::Write;

/// Runs an evaluation, and prints its report: tables for people, all of it for scripts.
///
/// # Errors
/// When standard output does not take it.
pub fn show<Report>(output: &Output, kind: &str, name: &str, evaluate: impl FnOnce() -> Report) -> Outcome
where
    Report: Serialize + Display,
{
    let stage = Stage::begin(output, name, None);
    stage.wait();
    let report = evaluate();
    drop(stage);
    if output.json {
        output.json(kind, &report)?;
    } else {
        write!(output.text(), "{report}")?;
    }
    Ok(Exit::Ok)
}
