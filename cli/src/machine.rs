//! What this machine has: programs, directories, space, groups.
//!
//! Every question has an answer without `unsafe`: the programs that know are asked.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What a program prints, without the white space around it; nothing where it is missing or fails.
pub fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new(program);
    command.args(arguments);
    output_of(command)
}

/// What a command prints, without the white space around it; nothing where it is missing or fails.
pub fn output_of(mut command: Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_string())
}

/// The home directory.
pub fn home() -> Option<PathBuf> {
    env::var_os("HOME").or_else(|| env::var_os("USERPROFILE")).map(PathBuf::from)
}

/// Where cargo keeps its registry and settings.
pub fn cargo_home() -> Option<PathBuf> {
    env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(home()?.join(".cargo")))
}

/// Where rustup keeps its toolchains.
#[cfg(feature = "board")]
pub fn rustup_home() -> Option<PathBuf> {
    env::var_os("RUSTUP_HOME").map(PathBuf::from).or_else(|| Some(home()?.join(".rustup")))
}

/// The bytes free where `directory` lies, as `df` says; nothing where there is no `df`.
pub fn free_bytes(directory: &Path) -> Option<u64> {
    let text = said("df", &["-Pk", directory.to_str()?])?;
    let kibibytes: u64 = text.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()?;
    Some(kibibytes * 1024)
}

/// The groups of this user, where the system has such.
#[cfg(feature = "board")]
pub fn groups() -> Vec<String> {
    let text = said("id", &["-Gn"]).unwrap_or_default();
    text.split_whitespace().map(str::to_string).collect()
}
