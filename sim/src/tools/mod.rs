//! Tool files: what can be called in plain words, with which arguments, and how people say it.
//!
//! - [`mod@file`]: a tool file, read and checked, as the trainer and the schema take it
//! - [`grammar`]: which keys there are
//! - [`import`]: tool files from the intents of Home Assistant
//! - [`template`]: example sentences with slots, optional parts and alternatives
//! - `read`, `arguments`, `examples`: the reader, which tells every mistake at once
//! - `schema`: the bytes that a chip reads ([`ruvllm_esp_core::nlu::schema`])

mod arguments;
mod examples;
pub mod file;
pub mod grammar;
pub mod import;
mod read;
mod schema;
pub mod template;
#[cfg(test)]
mod tests;

pub use file::ToolFile;
