//! The fleet's key: from a file, the environment or a prompt, never from the command line.
//!
//! Every user of a machine sees the arguments of its programs, and a shell keeps them in its history. So digits behind
//! `--key` are refused, a file that others may read is refused, and no error repeats what it was given.

use crate::error::CliError;
use crate::output::Output;
use ruvllm_esp_core::wire::authentication::Key;
use ruvllm_esp_core::wire::field;
use std::env;
use std::fmt;
use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};

/// The variable that holds a key.
pub const VARIABLE: &str = "RUVLLM_ESP_KEY";

/// Bytes of a key.
const KEY_BYTES: usize = 16;
/// A key file holds one line; what is longer is another file.
const MAX_FILE: u64 = 1024;

/// The other ways to give a key.
pub const WAYS: &str =
    "name a file with --key-file FILE, set RUVLLM_ESP_KEY, or let `--key -` ask on the terminal";

/// How a key is given.
#[derive(clap::Args)]
pub struct KeyOptions {
    /// Ask for the fleet's key on the terminal, without echo; only `-` is taken
    #[arg(long, value_name = "-", conflicts_with = "key_file")]
    key: Option<String>,
    /// Read the fleet's key from a file that its owner alone may read; $RUVLLM_ESP_KEY, where neither is given
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
}

/// What stands behind `--key` may be a key, typed by mistake.
impl fmt::Debug for KeyOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.key.as_ref().map(|_| "..");
        f.debug_struct("KeyOptions").field("key", &key).field("key_file", &self.key_file).finish()
    }
}

impl KeyOptions {
    /// The key of an option; without one that of the variable.
    ///
    /// # Errors
    /// As [`KeyOptions::named`], and `key::not-a-key` for the variable.
    pub fn find(&self, output: &Output) -> Result<Option<Key>, CliError> {
        match self.named(output)? {
            Some(key) => Ok(Some(key)),
            None => variable(),
        }
    }

    /// Is one of the options given?
    pub fn is_given(&self) -> bool {
        self.key.is_some() || self.key_file.is_some()
    }

    /// The key of an option.
    ///
    /// # Errors
    /// `key::on-command-line`, `key::no-terminal`, `key::cannot-read`, `key::readable-by-others`, `key::not-a-key`.
    pub fn named(&self, output: &Output) -> Result<Option<Key>, CliError> {
        match (&self.key, &self.key_file) {
            (Some(dash), _) if dash == "-" => prompt(output).map(Some),
            (Some(_), _) => {
                let text = "--key takes `-` alone: other users see a command line, and the shell keeps it";
                Err(CliError::usage("key::on-command-line", text)
                    .help(format!("{WAYS}; a key that is in use should be replaced now")))
            }
            (None, Some(path)) => read(path).map(Some),
            (None, None) => Ok(None),
        }
    }
}

/// What must not be shown of a command line and its environment: each key as it is written there.
pub fn secrets(typed: impl Iterator<Item = String>, file: Option<&Path>) -> Vec<String> {
    let in_file = || {
        let mut text = String::new();
        File::open(file?).ok()?.take(MAX_FILE).read_to_string(&mut text).ok()?;
        Some(text.trim().to_string())
    };
    let all = typed.chain(env::var(VARIABLE)).chain(in_file());
    all.filter(|secret| !secret.is_empty() && secret != "-").collect()
}

/// The key in the environment.
fn variable() -> Result<Option<Key>, CliError> {
    match env::var(VARIABLE) {
        Ok(digits) if !digits.is_empty() => key_of(&digits, VARIABLE).map(Some),
        Err(env::VarError::NotUnicode(_)) => Err(not_a_key(VARIABLE)),
        Ok(_) | Err(env::VarError::NotPresent) => Ok(None),
    }
}

fn prompt(output: &Output) -> Result<Key, CliError> {
    if !output.interactive || !io::stdin().is_terminal() {
        return Err(CliError::usage("key::no-terminal", "`--key -` asks on a terminal, and there is none")
            .help("name a file with --key-file FILE, or set RUVLLM_ESP_KEY"));
    }
    let digits =
        rpassword::prompt_password("fleet key (32 hexadecimal digits, not shown): ").map_err(|error| {
            CliError::runtime("key::no-terminal", format!("the key was not read: {error}")).help(WAYS)
        })?;
    key_of(digits.trim(), "what was typed")
}

/// The key in a file.
///
/// # Errors
/// `key::cannot-read`, `key::readable-by-others`, `key::not-a-key`.
pub fn read(path: &Path) -> Result<Key, CliError> {
    let name = path.display().to_string();
    let cannot_read = |error: io::Error| {
        CliError::usage("key::cannot-read", format!("{name}: {error}"))
            .help(format!("`ruvllm-esp fleet key {name}` makes a new key there"))
    };
    let file = File::open(path).map_err(cannot_read)?;
    private(&file, &name)?;
    let mut text = String::new();
    file.take(MAX_FILE).read_to_string(&mut text).map_err(cannot_read)?;
    key_of(text.trim(), &name)
}

/// Refuses a file that others than its owner may read or change.
///
/// # Errors
/// `key::readable-by-others`, `key::cannot-read`.
#[cfg(unix)]
pub fn private(file: &File, name: &str) -> Result<(), CliError> {
    use std::os::unix::fs::PermissionsExt;
    let metadata =
        file.metadata().map_err(|error| CliError::usage("key::cannot-read", format!("{name}: {error}")))?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    let text = format!("{name} holds a key, and others than its owner may open it (mode {mode:04o})");
    Err(CliError::usage("key::readable-by-others", text).help(format!("chmod 600 {name}")))
}

/// Who may read a file is not told here.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn private(_: &File, _: &str) -> Result<(), CliError> {
    Ok(())
}

/// The key that `digits` are; `origin` says where they are from.
fn key_of(digits: &str, origin: &str) -> Result<Key, CliError> {
    let mut bytes = [0; KEY_BYTES];
    match field::hex(digits, &mut bytes).map(<[u8]>::len) {
        Some(KEY_BYTES) => Ok(Key::new(bytes)),
        _ => Err(not_a_key(origin)),
    }
}

fn not_a_key(origin: &str) -> CliError {
    CliError::usage("key::not-a-key", format!("{origin} is not a key: a key has 32 hexadecimal digits"))
        .help("`ruvllm-esp fleet key FILE` makes a new one")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Exit;

    const QUIET: Output = Output { json: false, quiet: true, verbose: false, interactive: false };

    fn options(key: Option<&str>, file: Option<&Path>) -> KeyOptions {
        KeyOptions { key: key.map(String::from), key_file: file.map(PathBuf::from) }
    }

    #[test]
    fn digits_on_the_command_line_are_refused_and_not_repeated() {
        let digits = "00112233445566778899aabbccddeeff";
        let options = options(Some(digits), None);
        let error = options.named(&QUIET).unwrap_err();
        let text = error.to_json();
        assert_eq!(error.exit(), Exit::Usage);
        assert!(text.contains("key::on-command-line") && text.contains("--key-file"), "{text}");
        assert!(!text.contains(digits) && !format!("{options:?}").contains(digits), "{text}");
        let asked = self::options(Some("-"), None).named(&QUIET).unwrap_err().to_json();
        assert!(asked.contains("key::no-terminal"), "{asked}");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_is_read_where_its_owner_alone_may_open_it() {
        use std::fs::{self, Permissions};
        use std::os::unix::fs::PermissionsExt;
        let path = env::temp_dir().join(format!("ruvllm-esp-key-{}", std::process::id()));
        fs::write(&path, "00112233445566778899aabbccddeeff\n").unwrap();
        for mode in [0o640, 0o604, 0o660, 0o620] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let text = read(&path).unwrap_err().to_json();
            assert!(
                text.contains("key::readable-by-others") && text.contains("chmod 600 /"),
                "{mode:o} {text}"
            );
        }
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        let key = options(None, Some(&path)).named(&QUIET).unwrap().unwrap();
        assert_eq!(key.id(), key_of("00112233445566778899AABBCCDDEEFF", "it").unwrap().id());
        for wrong in ["", "0011", &"00".repeat(17), "zz112233445566778899aabbccddeeff"] {
            fs::write(&path, wrong).unwrap();
            let text = read(&path).unwrap_err().to_json();
            assert!(text.contains("key::not-a-key") && (wrong.is_empty() || !text.contains(wrong)), "{text}");
        }
        fs::remove_file(&path).unwrap();
        assert!(read(&path).unwrap_err().to_json().contains("key::cannot-read"));
    }
}
