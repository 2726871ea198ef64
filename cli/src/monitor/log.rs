//! The file of `--log`: what was kept before stays, and an error names it.

use crate::error::CliError;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// A log.
#[derive(Debug)]
pub struct Log {
    file: BufWriter<File>,
    name: String,
}

impl Log {
    /// Opens a file, to go on at its end.
    ///
    /// # Errors
    /// `cli::cannot-write`.
    pub fn open(path: &Path) -> Result<Self, CliError> {
        let name = path.display().to_string();
        let file = OpenOptions::new().create(true).append(true).open(path).map_err(|error| {
            CliError::runtime("cli::cannot-write", format!("{name}: {error}"))
                .help("name a file that you may write with --log")
        })?;
        Ok(Self { file: BufWriter::new(file), name })
    }

    fn named(&self, error: &io::Error) -> io::Error {
        io::Error::new(error.kind(), format!("{}: {error}", self.name))
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes).map_err(|error| self.named(&error))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush().map_err(|error| self.named(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_goes_on_where_it_ended() {
        let path = std::env::temp_dir().join(format!("ruvllm-esp-log-{}", std::process::id()));
        for word in ["one ", "two"] {
            Log::open(&path).unwrap().write_all(word.as_bytes()).unwrap();
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one two");
        std::fs::remove_file(&path).unwrap();
        assert_eq!(Log::open(Path::new("/nowhere/log")).unwrap_err().code(), "cli::cannot-write");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_names_the_file() {
        let mut log = Log::open(Path::new("/dev/full")).unwrap();
        let error = log.write_all(b"x").and_then(|()| log.flush()).unwrap_err();
        assert!(error.to_string().starts_with("/dev/full: "), "{error}");
        std::mem::forget(log);
    }
}
