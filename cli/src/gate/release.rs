//! G6: the release is whole, and every file of it can be fetched.
//!
//! What `build` writes is put together in a directory of its own, checked, served on the loopback address and fetched
//! again, chip by chip, so that at the last chip all of them lie there together.

use super::build_cache::BuildCache;
use super::loopback::{Server, fetch};
use super::outcome::GateOutcome;
use crate::firmware::manifest::{File, Manifest, NAME, SUMS, sum};
use crate::firmware::release::faults;
use ruvllm_esp_core::chip::Chip;
use std::net::SocketAddr;
use std::path::Path;

/// What must not be had from a server of releases.
const OUTSIDE: [&str; 3] = ["/../manifest.json", "/%2e%2e/manifest.json", "//etc/passwd"];

/// Adds the chip's files to the release, and looks at all of it.
pub fn check(build_cache: &mut BuildCache<'_>, chip: &'static Chip) -> GateOutcome {
    let made = build_cache.image(chip);
    let artifacts = match made.as_ref() {
        Ok(artifacts) => artifacts,
        Err(refusal) => return refusal.outcome(),
    };
    match build_cache.release(artifacts) {
        Ok(directory) => look(directory),
        Err(error) => GateOutcome::fail(format!("the release cannot be written: {error}")),
    }
}

fn look(directory: &Path) -> GateOutcome {
    let mut outcome = GateOutcome { failures: faults(directory), ..GateOutcome::default() };
    let text = std::fs::read(directory.join(NAME)).unwrap_or_default();
    let Ok(manifest) = serde_json::from_slice::<Manifest>(&text) else { return outcome };
    outcome
        .hold(manifest.files().next().is_some(), format!("{NAME} names {} files", manifest.files().count()));
    let server = match Server::open(directory) {
        Ok(server) => server,
        Err(error) => {
            outcome.failures.push(format!("no server on the loopback address: {error}"));
            return outcome;
        }
    };
    for file in manifest.files() {
        get(server.address(), file, &mut outcome);
    }
    for name in [NAME, SUMS] {
        let bytes = std::fs::read(directory.join(name)).unwrap_or_default();
        let (length, sha256) = (bytes.len() as u64, sum(&bytes));
        get(
            server.address(),
            &File { name: name.into(), part: name.into(), bytes: length, sha256 },
            &mut outcome,
        );
    }
    for target in OUTSIDE {
        let status = fetch(server.address(), target).map_or(0, |reply| reply.status);
        outcome.hold(status == 404, format!("GET {target}: {status}"));
    }
    let count = manifest.files().count() + 2;
    outcome.summary = format!("{count} files, sums right, each fetched with HTTP 200");
    outcome
}

fn get(address: SocketAddr, file: &File, outcome: &mut GateOutcome) {
    let name = &file.name;
    match fetch(address, &format!("/{name}")) {
        Ok(reply) => {
            let (length, sha256) = (reply.body.len() as u64, sum(&reply.body));
            let is_whole = length == file.bytes && reply.length == Some(length) && sha256 == file.sha256;
            let line = format!("GET /{name}: {}, {length} B, SHA-256 {sha256}", reply.status);
            outcome.hold(reply.status == 200 && is_whole, line);
        }
        Err(error) => outcome.failures.push(format!("GET /{name}: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::firmware::release::sample::release;

    #[test]
    fn a_whole_release_is_fetched_and_one_that_was_touched_fails() {
        let dir = release("gate");
        let whole = look(dir.path());
        assert_eq!(whole.failures, Vec::<String>::new());
        assert_eq!(whole.summary, "4 files, sums right, each fetched with HTTP 200");
        assert!(whole.evidence.contains(&"GET /../manifest.json: 404".to_string()), "{:?}", whole.evidence);

        std::fs::write(dir.path().join("two.bin"), vec![0xfe; 5_000]).unwrap();
        let tampered = look(dir.path()).failures;
        assert!(tampered[0].contains("another SHA-256"), "{tampered:?}");
        assert!(tampered.iter().any(|line| line.starts_with("GET /two.bin: 200, 5000 B")), "{tampered:?}");

        std::fs::remove_file(dir.path().join("two.bin")).unwrap();
        let missing = look(dir.path()).failures;
        assert!(missing.iter().any(|line| line.starts_with("GET /two.bin: 404")), "{missing:?}");
    }
}
