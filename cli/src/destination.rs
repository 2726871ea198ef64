//! A file that is written whole or not at all.
//!
//! What is written goes to a file beside it, which takes its name at the end: a reader meanwhile reads what was
//! there before, and two programs that write it at once leave what one of them wrote. What is no ordinary file, a pipe or
//! a device, is written straight.

use crate::error::CliError;
use std::fs::{self, File};
use std::io;
#[cfg(feature = "board")]
use std::io::Write;
use std::path::{Path, PathBuf};

/// See the module.
#[derive(Debug)]
pub struct Destination {
    path: PathBuf,
    /// The file beside it, until it takes its name.
    beside: Option<PathBuf>,
}

impl Destination {
    /// Opens a file to be written at `path`, which must be none of the files that are read.
    ///
    /// # Errors
    /// `CODE` with the path; that it is one of `inputs` is a mistake on the command line.
    pub fn open(path: &Path, inputs: &[PathBuf], code: &'static str) -> Result<(Self, File), CliError> {
        let is_same =
            |input: &PathBuf| matches!((path.canonicalize(), input.canonicalize()), (Ok(a), Ok(b)) if a == b);
        if inputs.iter().any(is_same) {
            let message = format!("{} is read by this command, and would be overwritten", path.display());
            return Err(CliError::usage(code, message).help("name another file to write"));
        }
        Self::create(path).map_err(|error| cannot_write(path, &error, code))
    }

    fn create(path: &Path) -> io::Result<(Self, File)> {
        // A link stays one: what it leads to is written.
        let path = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        let is_there = path.exists();
        // Says whether it may be written, and changes nothing.
        let old = is_there.then(|| File::options().write(true).open(&path)).transpose()?;
        if let Some(old) = old
            && !old.metadata()?.is_file()
        {
            return Ok((Self { path, beside: None }, old));
        }
        let name = path.file_name().ok_or(io::ErrorKind::IsADirectory)?.to_string_lossy();
        let beside = path.with_file_name(format!(".{name}.{}.part", std::process::id()));
        let file = File::create(&beside)?;
        Ok((Self { path, beside: Some(beside) }, file))
    }

    /// Everything is written: it takes its name.
    ///
    /// # Errors
    /// Those of the system.
    pub fn keep(mut self) -> io::Result<()> {
        self.beside.take().map_or(Ok(()), |beside| fs::rename(beside, &self.path))
    }
}

/// Writes a file whole or not at all.
///
/// # Errors
/// Those of the system; what was there before is still there.
#[cfg(feature = "board")]
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_with(path, |file| file.write_all(bytes))
}

#[cfg(feature = "board")]
fn write_with(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let (destination, mut file) = Destination::create(path)?;
    fill(&mut file)?;
    drop(file);
    destination.keep()
}

impl Drop for Destination {
    fn drop(&mut self) {
        if let Some(beside) = self.beside.take() {
            // Nothing can be done about a file that does not go.
            let _ = fs::remove_file(beside);
        }
    }
}

/// A file cannot be written.
pub fn cannot_write(path: &Path, error: &io::Error, code: &'static str) -> CliError {
    let help = match error.kind() {
        io::ErrorKind::NotFound => "its folder is not there: make it, or name a file in another",
        io::ErrorKind::IsADirectory => "it is a folder: name a file in it",
        io::ErrorKind::PermissionDenied => "name a file that may be written",
        io::ErrorKind::StorageFull => "make room, or name a file on another disk",
        _ => "name another file",
    };
    CliError::runtime(code, format!("{}: {error}", path.display())).help(help)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(not(feature = "board"))]
    use std::io::Write;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("ruvllm-esp-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn what_is_not_kept_leaves_what_was_there() {
        let folder = folder("destination");
        let path = folder.join("it.trace");
        fs::write(&path, "old").unwrap();
        let (dropped, mut file) = Destination::open(&path, &[], "it::wrong").unwrap();
        file.write_all(b"half").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        drop(dropped);
        let (kept, mut file) = Destination::open(&path, &[], "it::wrong").unwrap();
        file.write_all(b"whole").unwrap();
        kept.keep().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "whole");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        let same = folder.join(".").join("it.trace");
        let error = Destination::open(&same, std::slice::from_ref(&path), "it::wrong").unwrap_err();
        assert_eq!(error.exit(), crate::error::Exit::Usage);
        fs::remove_dir_all(folder).unwrap();
    }

    #[cfg(feature = "board")]
    #[test]
    fn a_disk_that_fills_up_leaves_what_was_there_and_nothing_beside_it() {
        let folder = folder("full");
        let path = folder.join("it-app.bin");
        write(&path, b"old").unwrap();
        let full = |file: &mut File| {
            file.write_all(b"half")?;
            Err(io::ErrorKind::StorageFull.into())
        };
        assert_eq!(write_with(&path, full).unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert!(write_with(&folder.join("new"), full).is_err());
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_cannot_be_written_brings_a_way_out() {
        let folder = folder("no-destination");
        for (path, help) in [(folder.clone(), "folder"), (folder.join("no/it"), "folder is not there")] {
            let error = Destination::open(&path, &[], "it::wrong").unwrap_err();
            assert!(error.to_json().contains(help), "{}", error.to_json());
        }
        fs::remove_dir_all(folder).unwrap();
    }
}
