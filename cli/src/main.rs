//! The `ruvllm-esp` command line.

#[allow(dead_code, reason = "called once the argument parser is here")]
mod command;

fn main() {}
