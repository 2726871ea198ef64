//! The firmware and the core as one workspace, in a copy: what is built there does not know where the checkout lies.
//!
//! Cargo hashes the absolute path of a package that lies outside the workspace into its symbols, and from there it
//! reaches every byte of the image. The core lies outside the firmware's workspace. In the copy both are members of one
//! workspace, whose paths are hashed as seen from its own root. A file that has not changed is not written again, so
//! cargo builds again only what has.
//!
//! The copy holds files and directories alone. A link in it is removed, never followed: what it leads to is not ours. The
//! source may hold links to files; a link to a directory, a pipe or a device in it is an error.

use super::source::FirmwareSource;
use crate::error::CliError;
use std::collections::BTreeSet;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// The copy's folder in the firmware's `target`.
const STAGE_DIR: &str = "staged";

/// What of a package's directory no build of the firmware looks at.
const LEFT_OUT: [&str; 6] = ["target", "kernels", "fuzz", "tests", "benches", "examples"];

/// The tables that a manifest may only have at the root of a workspace.
const OF_THE_ROOT: [&str; 3] = ["workspace", "profile", "patch"];

/// A copy that can be built.
#[derive(Clone, Debug)]
pub struct Staged {
    /// The root of its workspace.
    pub directory: PathBuf,
    /// Where cargo puts what it builds; it stays from one build to the next.
    pub target: PathBuf,
}

impl Staged {
    /// Copies what has changed since the last time.
    ///
    /// # Errors
    /// `build::stage`.
    pub fn of(source: &FirmwareSource) -> Result<Self, CliError> {
        let target = source.directory.join("target");
        let staged = Self { directory: target.join(STAGE_DIR), target };
        staged.copy(source).map_err(|error| {
            let text =
                format!("cannot copy the firmware's source to {}: {error}", staged.directory.display());
            CliError::runtime("build::stage", text).help(match error.kind() {
                ErrorKind::InvalidInput => "remove it from the source: a build copies files and directories",
                _ => "it has to be writable, with room for a few hundred files",
            })
        })?;
        Ok(staged)
    }

    /// The manifest of its workspace; empty where it cannot be read, which cargo then says.
    pub fn manifest(&self) -> Table {
        read(&self.directory.join("Cargo.toml")).unwrap_or_default()
    }

    fn copy(&self, source: &FirmwareSource) -> io::Result<()> {
        remove_links(&self.directory)?;
        let mut copy = Copy { to: self.directory.clone(), kept: BTreeSet::new() };
        let (root, firmware, core) = (source.root(), &source.directory, source.root().join("core"));
        copy.tree(firmware, Path::new("firmware"))?;
        copy.tree(&core, Path::new("core"))?;
        let manifest = read(&firmware.join("Cargo.toml"))?;
        copy.write(Path::new("Cargo.toml"), workspace(&manifest, &read(&root.join("Cargo.toml"))?))?;
        copy.write(Path::new("firmware/Cargo.toml"), without(&manifest, &OF_THE_ROOT))?;
        let core = read(&core.join("Cargo.toml"))?;
        copy.write(Path::new("core/Cargo.toml"), without(&core, &["dev-dependencies"]))?;
        copy.bytes(Path::new("Cargo.lock"), &read_file(&firmware.join("Cargo.lock"))?)?;
        copy.sweep(&self.directory)
    }
}

/// A copy in the making.
struct Copy {
    to: PathBuf,
    /// The files that belong to it.
    kept: BTreeSet<PathBuf>,
}

impl Copy {
    /// Copies a package's files, its own manifest excepted.
    fn tree(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        for entry in std::fs::read_dir(from)? {
            let entry = entry?;
            let (name, path) = (entry.file_name(), entry.path());
            let is_top = to.components().count() == 1;
            let is_left_out = LEFT_OUT.iter().any(|left_out| name == *left_out);
            if is_top && (is_left_out || name == "Cargo.toml" || name == "Cargo.lock") {
                continue;
            }
            if entry.file_type()?.is_dir() {
                self.tree(&path, &to.join(name))?;
            } else {
                self.bytes(&to.join(name), &read_file(&path)?)?;
            }
        }
        Ok(())
    }

    fn write(&mut self, path: &Path, manifest: Table) -> io::Result<()> {
        self.bytes(path, manifest.to_string().as_bytes())
    }

    fn bytes(&mut self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let path = self.to.join(path);
        if std::fs::read(&path).ok().as_deref() != Some(bytes) {
            path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
            std::fs::write(&path, bytes)?;
        }
        self.kept.insert(path);
        Ok(())
    }

    /// Removes what the source no longer has: cargo would take a file that is left for a part of the program.
    fn sweep(&self, directory: &Path) -> io::Result<()> {
        for entry in std::fs::read_dir(directory)? {
            let entry = entry?;
            let path = entry.path();
            if entry.file_type()?.is_dir() {
                self.sweep(&path)?;
            } else if !self.kept.contains(&path) {
                std::fs::remove_file(&path)?;
            }
        }
        Ok(())
    }
}

/// Removes every link, pipe and device at or below `path`, following none.
fn remove_links(path: &Path) -> io::Result<()> {
    let found = match path.symlink_metadata() {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if found.is_dir() {
        return std::fs::read_dir(path)?.try_for_each(|entry| remove_links(&entry?.path()));
    }
    if found.is_file() {
        return Ok(());
    }
    // On Windows a link to a directory is removed as a directory.
    std::fs::remove_file(path).or_else(|_| std::fs::remove_dir(path))
}

/// The bytes of a file, or of the file that a link leads to. A pipe is refused: reading it may never end.
fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    let found = path.metadata().map_err(named)?;
    if !found.is_file() {
        let what = if found.is_dir() { "a link to a directory" } else { "neither a file nor a directory" };
        return Err(io::Error::new(ErrorKind::InvalidInput, format!("{} is {what}", path.display())));
    }
    std::fs::read(path).map_err(named)
}

fn read(path: &Path) -> io::Result<Table> {
    let invalid = |error: &dyn std::fmt::Display| io::Error::other(format!("{}: {error}", path.display()));
    let text = String::from_utf8(read_file(path)?).map_err(|error| invalid(&error))?;
    text.parse().map_err(|error: toml::de::Error| invalid(&error))
}

fn without(manifest: &Table, left_out: &[&str]) -> Table {
    let kept = manifest.iter().filter(|(name, _)| !left_out.contains(&name.as_str()));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// The manifest of the copy's root: what of the firmware's belongs there, the core as a member, and the versions that the
/// core takes from the workspace it is at home in.
fn workspace(firmware: &Table, root: &Table) -> Table {
    let mut manifest: Table = OF_THE_ROOT
        .iter()
        .filter_map(|name| Some((name.to_string(), firmware.get(*name)?.clone())))
        .collect();
    let Some(Value::Table(workspace)) = manifest.get_mut("workspace") else { return manifest };
    let members = workspace.get("members").and_then(Value::as_array).cloned().unwrap_or_default();
    let members = members.iter().filter_map(Value::as_str).map(|member| match member {
        "." => "firmware".to_string(),
        member => format!("firmware/{member}"),
    });
    let members = members.chain(["core".to_string()]).map(Value::String).collect();
    workspace.insert("members".into(), Value::Array(members));
    let versions = root.get("workspace").and_then(|workspace| workspace.get("dependencies"));
    let versions = versions.and_then(Value::as_table).cloned().unwrap_or_default();
    let own = workspace.entry("dependencies").or_insert_with(|| Value::Table(Table::new()));
    if let Value::Table(own) = own {
        for (name, version) in versions.into_iter().filter(|(_, version)| version.get("path").is_none()) {
            own.entry(name).or_insert(version);
        }
    }
    manifest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Table {
        text.parse().unwrap()
    }

    #[test]
    fn the_core_becomes_a_member_and_keeps_its_versions() {
        let firmware = table(
            "[workspace]\nmembers = ['.', 'logic']\n[package]\nname = 'f'\n[profile.release]\nlto = 'fat'\n\
             [dependencies]\ncore = { path = '../core' }\n",
        );
        let root = table("[workspace.dependencies]\nzerocopy = '0.8'\nmine = { path = 'x' }\n");
        let expected = table(
            "[workspace]\nmembers = ['firmware', 'firmware/logic', 'core']\n\
             [workspace.dependencies]\nzerocopy = '0.8'\n[profile.release]\nlto = 'fat'\n",
        );
        assert_eq!(workspace(&firmware, &root), expected);
        let package = table("[package]\nname = 'f'\n[dependencies]\ncore = { path = '../core' }\n");
        assert_eq!(without(&firmware, &OF_THE_ROOT), package);
    }

    #[test]
    fn what_has_not_changed_is_not_written_and_what_is_gone_goes() {
        let to = std::env::temp_dir().join(format!("ruvllm-esp-stage-{}", std::process::id()));
        let from = to.join("from");
        std::fs::create_dir_all(from.join("src")).unwrap();
        std::fs::create_dir_all(from.join("target")).unwrap();
        std::fs::write(from.join("src/a.rs"), "a").unwrap();
        std::fs::write(from.join("src/b.rs"), "b").unwrap();
        std::fs::write(from.join("target/c.rs"), "c").unwrap();
        let staged = to.join("staged");
        let copy = || {
            let mut copy = Copy { to: staged.clone(), kept: BTreeSet::new() };
            copy.tree(&from, Path::new("firmware")).unwrap();
            copy.sweep(&staged).unwrap();
            std::fs::metadata(staged.join("firmware/src/a.rs")).unwrap().modified().unwrap()
        };
        let first = copy();
        assert!(!staged.join("firmware/target").exists());
        std::fs::remove_file(from.join("src/b.rs")).unwrap();
        assert_eq!(copy(), first);
        assert!(!staged.join("firmware/src/b.rs").exists());
        std::fs::remove_dir_all(&to).unwrap();
    }

    /// A directory with a source tree in `from`, and a file that is none of ours in `foreign`.
    #[cfg(unix)]
    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("ruvllm-esp-stage-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        for inner in ["from/src", "foreign", "staged"] {
            std::fs::create_dir_all(folder.join(inner)).unwrap();
        }
        std::fs::write(folder.join("from/src/a.rs"), "a").unwrap();
        std::fs::write(folder.join("foreign/theirs.txt"), "theirs").unwrap();
        folder
    }

    #[test]
    #[cfg(unix)]
    fn a_link_in_the_copy_is_removed_and_what_it_leads_to_stays() {
        let folder = folder("links");
        let (staged, foreign) = (folder.join("staged"), folder.join("foreign"));
        // One that is swept, one that would be written through, and the copy itself.
        std::os::unix::fs::symlink(&foreign, staged.join("swept")).unwrap();
        std::os::unix::fs::symlink(&foreign, staged.join("firmware")).unwrap();
        let whole = folder.join("whole");
        std::os::unix::fs::symlink(&foreign, &whole).unwrap();
        for to in [staged, whole] {
            remove_links(&to).unwrap();
            let mut copy = Copy { to: to.clone(), kept: BTreeSet::new() };
            copy.tree(&folder.join("from"), Path::new("firmware")).unwrap();
            copy.sweep(&to).unwrap();
            assert!(!to.is_symlink() && to.join("firmware/src/a.rs").is_file() && !to.join("swept").exists());
            let theirs: Vec<_> =
                std::fs::read_dir(&foreign).unwrap().map(|one| one.unwrap().file_name()).collect();
            assert_eq!(theirs, ["theirs.txt"]);
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    #[cfg(unix)]
    fn a_sweep_follows_no_link() {
        let folder = folder("sweep");
        std::os::unix::fs::symlink(folder.join("foreign"), folder.join("staged/link")).unwrap();
        let copy = Copy { to: folder.join("staged"), kept: BTreeSet::new() };
        copy.sweep(&folder.join("staged")).unwrap();
        assert!(folder.join("foreign/theirs.txt").is_file() && !folder.join("staged/link").is_symlink());
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    #[cfg(unix)]
    fn a_pipe_or_a_link_to_a_directory_in_the_source_is_refused_by_name() {
        let folder = folder("pipe");
        let (from, src) = (folder.join("from"), folder.join("from/src"));
        let refused = || {
            let mut copy = Copy { to: folder.join("staged"), kept: BTreeSet::new() };
            let error = copy.tree(&from, Path::new("firmware")).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            error.to_string()
        };
        let made = std::process::Command::new("mkfifo").arg(src.join("pipe.rs")).status().unwrap();
        assert!(made.success());
        assert!(refused().ends_with("src/pipe.rs is neither a file nor a directory"), "{}", refused());
        std::fs::remove_file(src.join("pipe.rs")).unwrap();
        // This one leads back to where it lies.
        std::os::unix::fs::symlink(&from, src.join("again")).unwrap();
        assert!(refused().ends_with("src/again is a link to a directory"), "{}", refused());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
