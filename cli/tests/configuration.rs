//! The configuration files: which one wins, and what a mistake in one says.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A desk of its own: a project with a folder in it, and a user's folder.
struct Desk(PathBuf);

impl Desk {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("ruvllm-esp-desk-{name}-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("project/deeper")).unwrap();
        std::fs::create_dir_all(folder.join("user/ruvllm-esp")).unwrap();
        Self(folder)
    }

    fn project(&self, text: &str) {
        std::fs::write(self.0.join("project/ruvllm-esp.toml"), text).unwrap();
    }

    fn user(&self, text: &str) {
        std::fs::write(self.0.join("user/ruvllm-esp/config.toml"), text).unwrap();
    }

    fn run(&self, folder: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ruvllm-esp"));
        for variable in ["RUVLLM_VARIANT", "RUVLLM_ESP_PORT", "RUVLLM_ESP_BAUD"] {
            command.env_remove(variable);
        }
        command.args(arguments).current_dir(self.0.join(folder)).env("NO_COLOR", "1");
        command.env("XDG_CONFIG_HOME", self.0.join("user")).envs(variables.iter().copied());
        command.stdin(std::process::Stdio::null()).output().unwrap()
    }

    /// Value and origin of a key.
    fn value(&self, folder: &str, key: &str, variables: &[(&str, &str)]) -> (String, String, String) {
        let output = self.run(folder, &["config", "show", "--json"], variables);
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let values = report["values"].as_array().unwrap();
        let value = values.iter().find(|value| value["key"] == key).unwrap();
        let text = |field: &str| value[field].as_str().unwrap_or_default().to_string();
        (text("value"), text("origin"), text("location"))
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

#[test]
fn an_option_wins_over_a_variable_over_the_project_over_the_user() {
    let desk = Desk::new("order");
    let seen = |output: Output| String::from_utf8(output.stdout).unwrap();
    let sim = ["sim", "--quiet"];
    assert_eq!(desk.run("project", &sim, &[]).status.code(), Some(2));
    desk.user("variant = \"esp32s2\"\nbaud = 921600\n");
    assert!(seen(desk.run("project", &sim, &[])).contains("variant=esp32s2 "));
    desk.project("# The desk.\nvariant = \"ESP32-C3\"\n");
    assert!(seen(desk.run("project", &sim, &[])).contains("variant=esp32c3 "));
    assert!(seen(desk.run("project/deeper", &sim, &[])).contains("variant=esp32c3 "));
    let variable = [("RUVLLM_VARIANT", "esp32s3")];
    assert!(seen(desk.run("project", &sim, &variable)).contains("variant=esp32s3 "));
    let option = ["sim", "--quiet", "--variant", "esp32"];
    assert!(seen(desk.run("project", &option, &variable)).contains("variant=esp32 "));

    let location = |(value, origin, location): (String, String, String)| {
        let file = Path::new(&location).file_name().unwrap_or_default().to_string_lossy().into_owned();
        (value, origin, file)
    };
    let of =
        |value: &str, origin: &str, file: &str| (value.to_string(), origin.to_string(), file.to_string());
    assert_eq!(desk.value("project", "variant", &[]), of("ESP32-C3", "project", "ruvllm-esp.toml:2"));
    let above = desk.value("project/deeper", "variant", &[]);
    assert!(Path::new(&above.2).is_absolute());
    assert_eq!(location(above), of("ESP32-C3", "project", "ruvllm-esp.toml:2"));
    assert_eq!(location(desk.value("project", "baud", &[])), of("921600", "user", "config.toml:2"));
    let variable = [("RUVLLM_ESP_BAUD", "115200")];
    assert_eq!(desk.value("project", "baud", &variable), of("115200", "environment", "RUVLLM_ESP_BAUD"));
    assert_eq!(desk.value("project", "port", &[]), of("", "default", ""));
}

#[test]
fn a_mistake_is_reported_with_its_line_by_every_command_that_needs_the_file() {
    let desk = Desk::new("mistake");
    desk.project("port = \"COM3\"\nvarient = \"esp32c3\"\n");
    for arguments in [&["config", "show"][..], &["sim"]] {
        let output = desk.run("project", arguments, &[]);
        assert_eq!(output.status.code(), Some(2));
        let text = stderr(&output);
        assert!(
            text.contains("error[config::unknown-key]: ruvllm-esp.toml:2: there is no key `varient`"),
            "{text}"
        );
        assert!(text.contains("did you mean `variant`?"), "{text}");
    }
    // Who was told everything needs no file.
    assert_eq!(desk.run("project", &["sim", "--variant", "esp32"], &[]).status.code(), Some(0));
    std::fs::remove_file(desk.0.join("project/ruvllm-esp.toml")).unwrap();
    std::fs::create_dir(desk.0.join("project/ruvllm-esp.toml")).unwrap();
    let text = stderr(&desk.run("project", &["fit"], &[])).to_string();
    assert!(text.contains("error[config::cannot-read]: ruvllm-esp.toml: not a regular file"), "{text}");
    std::fs::remove_dir(desk.0.join("project/ruvllm-esp.toml")).unwrap();
    desk.project("variant = \"esp33\"\n");
    let text = stderr(&desk.run("project", &["fit"], &[])).to_string();
    assert!(text.contains("ruvllm-esp.toml:1: variant: there is no chip `esp33`"), "{text}");
}

#[cfg(feature = "board")]
#[test]
fn the_port_of_the_desk_is_the_one_that_is_opened() {
    let desk = Desk::new("port");
    desk.project("port = \"no-such-port-7\"\n");
    let output = desk.run("project", &["monitor", "--no-reset"], &[]);
    assert!(stderr(&output).contains("no-such-port-7"), "{}", stderr(&output));
    let output = desk.run("project", &["monitor", "--no-reset"], &[("RUVLLM_ESP_PORT", "no-such-port-8")]);
    assert!(stderr(&output).contains("no-such-port-8"), "{}", stderr(&output));
}

#[test]
fn a_preset_is_a_set_of_options_and_what_is_typed_wins() {
    let desk = Desk::new("preset");
    desk.user("[preset.lab-c3]\nvariant = \"esp32s2\"\n[preset.far]\nvariant = \"esp32\"\n");
    desk.project("[preset.lab-c3]\nvariant = \"esp32c3\"\nrole = \"hnsw\"\nseed = 9\nquiet = true\n");
    let seen = |arguments: &[&str]| {
        let output = desk.run("project", arguments, &[("RUVLLM_VARIANT", "esp32s3")]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        (String::from_utf8(output.stdout.clone()).unwrap(), stderr(&output).to_string())
    };
    let (out, err) = seen(&["sim", "--preset", "lab-c3"]);
    assert!(out.contains("variant=esp32c3 ") && out.contains("role=HnswIndexer"), "{out}");
    assert_eq!(err, "", "quiet is set");
    assert!(seen(&["sim", "--preset=lab-c3", "--variant", "esp32c6"]).0.contains("variant=esp32c6 "));
    assert!(seen(&["sim", "--preset", "far", "--quiet"]).0.contains("variant=esp32 "));
    // A command without a role is not concerned by one.
    assert!(seen(&["chips", "--preset", "lab-c3"]).0.contains("esp32c3"));
    let (shown, _) = seen(&["config", "show"]);
    assert!(
        shown.contains("preset.lab-c3  quiet=true role=hnsw seed=9 variant=esp32c3  ruvllm-esp.toml:1"),
        "{shown}"
    );

    let wrong = |arguments: &[&str]| {
        let output = desk.run("project", arguments, &[]);
        assert_eq!(output.status.code(), Some(2));
        stderr(&output).to_string()
    };
    let text = wrong(&["sim", "--preset", "lab-c2"]);
    assert!(
        text.contains("there is no preset `lab-c2`") && text.contains("did you mean `lab-c3`?"),
        "{text}"
    );
    let text = wrong(&["sim", "--preset", "lab-c3", "--sed", "3"]);
    assert!(text.contains("the preset `lab-c3` of ruvllm-esp.toml:1 sets options too"), "{text}");
    desk.project("[preset.lab]\nvariant = \"esp32c3\"\nvarient = \"esp32c3\"\n");
    let text = wrong(&["sim", "--preset", "lab"]);
    assert!(text.contains("error[config::unknown-option]: ruvllm-esp.toml:3: no command has"), "{text}");
    assert!(wrong(&["config", "show"]).contains("ruvllm-esp.toml:3: no command has an option --varient"));
}

#[cfg(feature = "tui")]
#[test]
fn keys_of_the_display_are_checked_with_their_line() {
    let desk = Desk::new("keys");
    let wrong = |text: &str| {
        desk.project(text);
        let output = desk.run("project", &["config", "show"], &[]);
        assert_eq!(output.status.code(), Some(2), "{text}");
        stderr(&output).to_string()
    };
    let text = wrong("[keys]\npause = \"p\"\nqiut = \"Q\"\n");
    assert!(
        text.contains("error[config::unknown-action]: ruvllm-esp.toml:3: keys: there is no action `qiut`"),
        "{text}"
    );
    assert!(text.contains("did you mean `quit`?"), "{text}");
    assert!(
        wrong("[keys]\n\nquit = \"Hyper-Q\"\n").contains("error[config::bad-key]: ruvllm-esp.toml:3: quit: ")
    );
    assert!(
        wrong("[keys]\npause = \"x\"\n").contains("error[config::key-twice]: ruvllm-esp.toml:2: `x` would")
    );
    desk.project("[keys]\npause = [\"p\", \"F5\"]\n");
    let output = desk.run("project", &["config", "show"], &[]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("keys.pause  p F5    ruvllm-esp.toml:2"), "{text}");
}
