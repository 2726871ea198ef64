//! A file that is written whole or not at all.
//!
//! What is written goes to a file without a name, or with one that nobody can predict, in the same folder; at the end it
//! takes the name. A reader meanwhile reads what was there before, and two programs that write it at once leave what one of
//! them wrote. A program that is killed leaves nothing behind on Linux; elsewhere what it leaves is removed by the next
//! that writes the same file. What is no ordinary file, a pipe or a device, is written straight.

use crate::error::CliError;
use std::fs::{self, File};
use std::io;
#[cfg(feature = "board")]
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::{Builder, TempPath};

/// See the module.
#[derive(Debug)]
pub struct Destination {
    path: PathBuf,
    /// What is written, until it takes its name.
    beside: Option<Beside>,
}

#[derive(Debug)]
enum Beside {
    /// It has no name, and goes with the last process that holds it.
    #[cfg(target_os = "linux")]
    Unnamed(File),
    Named(TempPath),
}

/// How the name of an unfinished file ends; it begins with a point and the name of the file.
const UNFINISHED: &str = ".part";

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
        path.file_name().ok_or(io::ErrorKind::IsADirectory)?;
        remove_leftovers(&path);
        let (beside, file) = Beside::open(&path)?;
        Ok((Self { path, beside: Some(beside) }, file))
    }

    /// Everything is written: it takes its name.
    ///
    /// # Errors
    /// Those of the system.
    pub fn keep(mut self) -> io::Result<()> {
        self.beside.take().map_or(Ok(()), |beside| beside.rename(&self.path))
    }
}

impl Beside {
    fn open(path: &Path) -> io::Result<(Self, File)> {
        #[cfg(target_os = "linux")]
        match unnamed_in(folder_of(path)) {
            Ok(file) => return Ok((Self::Unnamed(file.try_clone()?), file)),
            // The folder is at fault, and would be for a file with a name.
            Err(error) if error.kind() != io::ErrorKind::Unsupported && !is_a_folder(&error) => {
                return Err(error);
            }
            Err(_) => {}
        }
        let mut builder = Builder::new();
        let prefix = prefix_of(path);
        builder.prefix(&prefix).suffix(UNFINISHED);
        // The umask applies, as to any file that is made.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let (file, named) = builder.tempfile_in(folder_of(path))?.into_parts();
        // Says that somebody writes it; where a file cannot be locked, nobody looks for leftovers either.
        let _ = file.try_lock();
        Ok((Self::Named(named), file))
    }

    fn rename(self, path: &Path) -> io::Result<()> {
        let named = match self {
            Self::Named(named) => named,
            // A link cannot take the place of a file, so it takes a name of its own for a moment.
            #[cfg(target_os = "linux")]
            Self::Unnamed(file) => {
                let link = |name: &Path| link_to(&file, name);
                let prefix = prefix_of(path);
                let mut builder = Builder::new();
                builder.prefix(&prefix).suffix(UNFINISHED);
                builder.make_in(folder_of(path), link)?.into_temp_path()
            }
        };
        Ok(named.persist(path)?)
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn prefix_of(path: &Path) -> String {
    format!(".{}.", path.file_name().unwrap_or_default().to_string_lossy())
}

/// A file without a name, where the file system has such.
#[cfg(target_os = "linux")]
fn unnamed_in(folder: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags, open};
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    Ok(File::from(open(folder, flags, Mode::from_raw_mode(0o666))?))
}

/// What a kernel answers that does not know files without a name.
#[cfg(target_os = "linux")]
fn is_a_folder(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::IsADirectory | io::ErrorKind::InvalidInput)
}

/// Gives a file without a name this one.
#[cfg(target_os = "linux")]
fn link_to(file: &File, name: &Path) -> io::Result<()> {
    use rustix::fs::{AtFlags, CWD, linkat};
    use std::os::fd::AsRawFd;
    let descriptor = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(linkat(CWD, descriptor.as_str(), CWD, name, AtFlags::SYMLINK_FOLLOW)?)
}

/// Removes what programs left that were killed while they wrote this file: nobody holds its lock any more.
fn remove_leftovers(path: &Path) {
    let prefix = prefix_of(path);
    let entries = fs::read_dir(folder_of(path)).into_iter().flatten().flatten();
    let unfinished = entries.filter(|entry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        name.len() > prefix.len() + UNFINISHED.len()
            && name.starts_with(&prefix)
            && name.ends_with(UNFINISHED)
    });
    for left in unfinished.map(|entry| entry.path()) {
        // What cannot be opened or locked is in use or somebody else's.
        if File::open(&left).is_ok_and(|file| file.try_lock().is_ok()) {
            let _ = fs::remove_file(left);
        }
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

    #[test]
    fn a_killed_program_leaves_nothing_that_stays() {
        let folder = folder("killed");
        let path = folder.join("it.trace");
        let names = || -> Vec<String> {
            let entries = fs::read_dir(&folder).unwrap().flatten();
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
        };
        let (killed, mut file) = Destination::open(&path, &[], "it::wrong").unwrap();
        file.write_all(b"half").unwrap();
        if cfg!(target_os = "linux") {
            assert_eq!(names(), [""; 0], "what is unfinished has no name");
        }
        std::mem::forget(killed);
        drop(file);
        for left in [".it.trace.1234.part", ".it.trace.held.part", ".other.trace.1234.part"] {
            fs::write(folder.join(left), "left").unwrap();
        }
        let held = File::open(folder.join(".it.trace.held.part")).unwrap();
        held.try_lock().unwrap();
        let (kept, mut file) = Destination::open(&path, &[], "it::wrong").unwrap();
        file.write_all(b"whole").unwrap();
        kept.keep().unwrap();
        let mut left = names();
        left.sort_unstable();
        assert_eq!(left, [".it.trace.held.part", ".other.trace.1234.part", "it.trace"]);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn the_name_of_an_unfinished_file_cannot_be_predicted() {
        let folder = folder("names");
        let path = folder.join("it.trace");
        let name = || {
            let mut builder = Builder::new();
            let prefix = prefix_of(&path);
            let named = builder.prefix(&prefix).suffix(UNFINISHED).tempfile_in(&folder).unwrap();
            named.path().file_name().unwrap().to_string_lossy().into_owned()
        };
        let (one, other) = (name(), name());
        assert!(one != other && one.starts_with(".it.trace.") && one.ends_with(UNFINISHED), "{one} {other}");
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
