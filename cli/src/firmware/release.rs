//! Whether a directory is a whole release: every file of the manifest as it is described there, and nothing else.

use super::manifest::{File, Manifest, NAME, SUMS};
use std::collections::BTreeSet;
use std::path::{Component, Path};

/// What is wrong with the release in `directory`; nothing if it is whole.
pub fn faults(directory: &Path) -> Vec<String> {
    let text = match std::fs::read_to_string(directory.join(NAME)) {
        Ok(text) => text,
        Err(error) => return vec![format!("{NAME}: {error}")],
    };
    let manifest: Manifest = match serde_json::from_str(&text) {
        Ok(manifest) => manifest,
        Err(error) => return vec![format!("{NAME} is no manifest: {error}")],
    };
    let mut faults: Vec<String> = manifest.files().filter_map(|file| fault(directory, file)).collect();
    let sums = std::fs::read_to_string(directory.join(SUMS)).unwrap_or_default();
    if sums != manifest.sums(&text) {
        faults.push(format!("{SUMS} is not the list of the manifest's sums"));
    }
    faults.extend(others(directory, &manifest).map(|name| format!("{name} is in no manifest")));
    faults
}

/// A name with a folder in it would lead out of the release.
pub fn is_plain(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    let first = parts.next();
    matches!(first, Some(Component::Normal(part)) if part == name) && !name.contains(['/', '\\', ':'])
}

fn fault(directory: &Path, file: &File) -> Option<String> {
    let name = &file.name;
    if !is_plain(name) {
        return Some(format!("`{name}` is no plain file name"));
    }
    match std::fs::read(directory.join(name)) {
        Err(error) => Some(format!("{name}: {error}")),
        Ok(bytes) if bytes.len() as u64 != file.bytes => {
            Some(format!("{name} has {} B, the manifest says {} B", bytes.len(), file.bytes))
        }
        Ok(_) => {
            (!file.is_there(directory)).then(|| format!("{name} has another SHA-256 than the manifest says"))
        }
    }
}

/// What lies there and is not named, in order.
fn others(directory: &Path, manifest: &Manifest) -> impl Iterator<Item = String> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let mut found: BTreeSet<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    for name in manifest.files().map(|file| file.name.as_str()).chain([NAME, SUMS]) {
        found.remove(name);
    }
    found.into_iter()
}

#[cfg(test)]
pub mod sample {
    //! A release of two small files, for tests.

    use crate::firmware::image::Sizes;
    use crate::firmware::manifest::{Built, File, Manifest};
    use crate::firmware::source::Commit;
    use std::path::{Path, PathBuf};

    /// A directory that goes with the test.
    pub struct TempDir(PathBuf);

    impl TempDir {
        pub fn path(&self) -> &Path {
            &self.0
        }
    }

    impl Drop for TempDir {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    pub fn release(name: &str) -> TempDir {
        let dir = std::env::temp_dir().join(format!("ruvllm-esp-sample-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        std::fs::create_dir_all(&dir).unwrap();
        let mut manifest = Manifest::new(&Commit { id: None, modified: false, epoch: 7 });
        let file = |name: &str, bytes: &[u8]| File::write(&dir, name, "merged", bytes).unwrap();
        manifest.images.push(Built {
            chip: "esp32c3".into(),
            target: "riscv32imc-unknown-none-elf".into(),
            rustc: "rustc 1.95.0".into(),
            profile: "release".into(),
            role: None,
            features: Vec::new(),
            application_offset: 0x10000,
            sizes: Sizes::default(),
            files: vec![file("one.bin", b"one"), file("two.bin", &[0xff; 5_000])],
        });
        manifest.write(&dir).unwrap();
        TempDir(dir)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_whole_until_something_is_done_to_it() {
        let dir = sample::release("whole");
        let directory = dir.path();
        assert_eq!(faults(directory), Vec::<String>::new());

        std::fs::write(directory.join("one.bin"), b"0ne").unwrap();
        assert_eq!(faults(directory), ["one.bin has another SHA-256 than the manifest says"]);
        std::fs::write(directory.join("one.bin"), b"ones").unwrap();
        assert_eq!(faults(directory), ["one.bin has 4 B, the manifest says 3 B"]);
        std::fs::remove_file(directory.join("one.bin")).unwrap();
        assert!(faults(directory)[0].starts_with("one.bin: "), "{:?}", faults(directory));
        std::fs::write(directory.join("one.bin"), b"one").unwrap();

        std::fs::write(directory.join("three.bin"), b"three").unwrap();
        assert_eq!(faults(directory), ["three.bin is in no manifest"]);
        std::fs::remove_file(directory.join("three.bin")).unwrap();

        let sums = std::fs::read_to_string(directory.join(SUMS)).unwrap();
        std::fs::write(directory.join(SUMS), sums.lines().next().unwrap()).unwrap();
        assert_eq!(faults(directory), ["SHA256SUMS is not the list of the manifest's sums"]);
        std::fs::write(directory.join(NAME), "{}").unwrap();
        assert!(faults(directory)[0].starts_with("manifest.json is no manifest"));
    }

    #[test]
    fn only_plain_names_stay_in_the_directory() {
        assert!(is_plain("ruvllm-esp-esp32c3.bin"));
        for name in ["", ".", "..", "../x", "a/b", "/etc/passwd", "a\\b", "c:x"] {
            assert!(!is_plain(name), "{name}");
        }
    }
}
