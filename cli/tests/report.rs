//! `--report FILE.zip`: what a bug report needs, and never a key.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const IN_ENVIRONMENT: &str = "00112233445566778899aabbccddeeff";
const IN_FILE: &str = "f0e1d2c3b4a5968778695a4b3c2d1e0f";
const IN_CONFIGURATION: &str = "AA11BB22CC33DD44EE55FF6677889900";

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("ruvllm-esp-report-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ruvllm-esp"));
        command.args(arguments).current_dir(&self.0).env("XDG_CONFIG_HOME", &self.0);
        command.env("RUVLLM_ESP_KEY", IN_ENVIRONMENT).env("RUVLLM_VARIANT", "esp32c3");
        command.stdin(std::process::Stdio::null()).output().unwrap()
    }

    /// Every file of a report, by name.
    fn unpacked(&self, name: &str) -> Vec<(String, String)> {
        let mut archive = zip::ZipArchive::new(File::open(self.0.join(name)).unwrap()).unwrap();
        let mut files = Vec::new();
        for index in 0..archive.len() {
            let mut file = archive.by_index(index).unwrap();
            let mut text = String::new();
            file.read_to_string(&mut text).unwrap();
            files.push((file.name().unwrap().to_string(), text));
        }
        files
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn text_of<'f>(files: &'f [(String, String)], ending: &str) -> &'f str {
    let found = files.iter().find(|(name, _)| name.ends_with(ending));
    &found.unwrap_or_else(|| panic!("{ending} is not among {files:?}")).1
}

fn write_key(path: &Path) {
    fs::write(path, format!("{IN_FILE}\n")).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }
}

#[test]
fn a_report_has_everything_but_keys() {
    let folder = Folder::new("all");
    write_key(&folder.0.join("fleet.key"));
    fs::write(
        folder.0.join("ruvllm-esp.toml"),
        format!("# chip config key {IN_CONFIGURATION}\nvariant = \"esp32c3\"\n"),
    )
    .unwrap();
    let house = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/scenarios/house.toml");
    let house = house.to_str().unwrap();
    let line = ["sim", "--fleet", house, "--until", "2s", "--trace", "run.trace", "--key-file", "fleet.key"];
    let line = [&line[..], &["--report", "bug.zip"]].concat();
    let output = folder.run(&line);
    assert_ne!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
    let files = folder.unpacked("bug.zip");
    let all: String = files.iter().map(|(_, text)| text.to_ascii_lowercase()).collect();
    for key in [IN_ENVIRONMENT, IN_FILE, IN_CONFIGURATION] {
        assert!(!all.contains(&key.to_ascii_lowercase()), "{key} is in the report");
    }
    let report: serde_json::Value = serde_json::from_str(text_of(&files, "report.json")).unwrap();
    assert_eq!(report["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(report["command"][1], "sim");
    assert_eq!(report["variant"], "esp32c3");
    assert_eq!(report["environment"]["RUVLLM_ESP_KEY"], "<key struck out>");
    assert_eq!(report["exit"].as_i64(), output.status.code().map(i64::from));
    let doctor: serde_json::Value = serde_json::from_str(text_of(&files, "doctor.json")).unwrap();
    assert_eq!(doctor["kind"], "doctor");
    assert!(text_of(&files, "ruvllm-esp.toml").contains("# chip config key <key struck out>"));
    assert!(text_of(&files, "house.toml").contains("[[chip]]"));
    assert!(text_of(&files, "run.trace").lines().count() > 10);
}

#[test]
fn a_command_that_fails_is_reported_with_its_error() {
    let folder = Folder::new("error");
    let output = folder.run(&["sim", "--key", IN_FILE, "--varaint", "esp32c3", "--report", "bug.zip"]);
    assert_eq!(output.status.code(), Some(2));
    let files = folder.unpacked("bug.zip");
    let report: serde_json::Value = serde_json::from_str(text_of(&files, "report.json")).unwrap();
    assert_eq!((report["exit"].as_i64(), report["error"]["code"].as_str()), (Some(2), Some("cli::usage")));
    assert!(report["error"]["message"].as_str().unwrap().contains("--varaint"), "{report}");
    assert!(!report.to_string().contains(IN_FILE), "{report}");
    // A report that cannot be written is told, after what the command itself had to say.
    let output = folder.run(&["chips", "--report", "nowhere/bug.zip"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).contains("error[report::cannot-write]: nowhere/bug.zip"));
    assert!(String::from_utf8_lossy(&output.stdout).contains("esp32c3"));
}
