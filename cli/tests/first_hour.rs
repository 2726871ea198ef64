//! What a newcomer does first: a project that runs, a demonstration on one screen, a picture of a file.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ruvllm-esp"));
    command.args(arguments).current_dir(folder).stdin(Stdio::null());
    for variable in ["RUVLLM_VARIANT", "RUVLLM_ROLE", "RUVLLM_CHIP_ID", "CLICOLOR_FORCE"] {
        command.env_remove(variable);
    }
    command.env("XDG_CONFIG_HOME", "/nowhere").env("NO_COLOR", "1").output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A folder of this test alone.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("first-hour-{name}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn without_a_command_it_says_what_to_do_first() {
    let output = run(&folder("nothing"), &[]);
    assert_eq!(output.status.code(), Some(2));
    let shown = text(&output.stdout);
    assert!(shown.contains("ruvllm-esp init demo") && shown.contains("analyse"), "{shown}");
    assert!(shown.lines().count() < 24 && shown.lines().all(|line| line.len() <= 80), "{shown}");
}

#[test]
fn the_project_of_init_runs() {
    let folder = folder("init");
    let output = run(&folder, &["init", "mine"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(run(&folder, &["init", "mine"]).status.code(), Some(2), "nothing is overwritten");
    let project = folder.join("mine");
    for (arguments, shown) in [
        (["sim", "--input", "notes.txt"].as_slice(), "behind the washing machine"),
        (&["analyse", "readings.csv", "--html", "readings.html"], "! ALARM 1 2024-02-04"),
        (&["fleet", "check", "fleet.toml"], "chips         4"),
        (&["sim", "--fleet", "fleet.toml", "--trace", "fleet.trace"], "passed: 2 of 2"),
        (&["trace", "report", "fleet.trace", "--html", "fleet.html", "--png", "fleet.png"], "passed, 2 of 2"),
    ] {
        let output = run(&project, arguments);
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success() && stdout.contains(shown), "{arguments:?}\n{stdout}\n{stderr}");
    }
    let page = fs::read_to_string(project.join("fleet.html")).unwrap();
    for part in ["<svg", "Verdict", "no acknowledged item lost", "cellar", "receptions lost"] {
        assert!(page.contains(part), "{part}");
    }
    assert!(is_self_contained(&page));
    assert!(fs::read(project.join("fleet.png")).unwrap().starts_with(b"\x89PNG"));
}

/// Does a page ask nobody for anything? The name of SVG's own language is no request.
fn is_self_contained(page: &str) -> bool {
    let page = page.replace("http://www.w3.org/2000/svg", "");
    !["http:", "https:", "src=", "href=", "@import", "url("].iter().any(|word| page.contains(word))
}

#[test]
fn an_analysis_is_a_list_a_picture_and_a_page() {
    let folder = folder("analyse");
    let row = |at: u64| {
        let (minute, noise) = (at * 5, (at * 7 % 11) as f64 / 10.0);
        let level = if (450..470).contains(&at) { 9.0 } else { 0.0 };
        let label = u8::from((450..470).contains(&at));
        let value = format!("{:.1}", 20.0 + noise + level).replace('.', ",");
        format!(
            "2024-01-{:02} {:02}:{:02};{value};{label}\n",
            1 + minute / 1440,
            minute / 60 % 24,
            minute % 60
        )
    };
    let rows: String = (0..560).map(row).collect();
    fs::write(folder.join("log.csv"), format!("when;temp;anomaly\n{rows}")).unwrap();
    let arguments = [
        "analyse",
        "log.csv",
        "--variant",
        "esp32s2",
        "--png",
        "log.png",
        "--svg",
        "log.svg",
        "--html",
        "log.html",
    ];
    let output = run(&folder, &arguments);
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{stderr}");
    assert!(stderr.contains("separator `;`, decimal sign `,`"), "{stderr}");
    assert!(stdout.contains("! ALARM 1 2024-01-02 13:30 (line 452): temp 29"), "{stdout}");
    assert!(stdout.contains("labels: 1 of 1 labelled stretches found"), "{stdout}");
    let page = fs::read_to_string(folder.join("log.html")).unwrap();
    assert!(is_self_contained(&page) && page.contains("<svg") && page.contains("once in"), "{page}");
    let svg = fs::read_to_string(folder.join("log.svg")).unwrap();
    assert!(svg.contains("labelled as anomalous") && svg.contains("an alarm begins here"));
    let png = fs::read(folder.join("log.png")).unwrap();
    assert!(png.starts_with(b"\x89PNG") && png.len() > 10_000);
    let json: serde_json::Value = serde_json::from_slice(
        &run(&folder, &["analyse", "log.csv", "--variant", "esp32c3", "--json"]).stdout,
    )
    .unwrap();
    assert_eq!((&json["kind"], &json["score"]["found"]), (&"analysis".into(), &1.into()));
    assert_eq!(json["alarms"][0]["from"]["line"], 452);
}

#[test]
fn an_alarm_comes_at_the_time_of_its_row() {
    let folder = folder("clock");
    let rows: String =
        (0..400).map(|at| format!("{},{}\n", at * 60, if at == 390 { 90 } else { 20 + at % 3 })).collect();
    fs::write(folder.join("log.csv"), format!("time,temp\n{rows}")).unwrap();
    let output = run(&folder, &["sim", "--variant", "esp32s2", "--input", "log.csv", "--json"]);
    let lines: Vec<serde_json::Value> =
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let alarm = lines
        .iter()
        .find(|line| line["reply"].as_str().is_some_and(|text| text.starts_with("ANOMALY")))
        .unwrap();
    assert_eq!((&alarm["log"]["line"], &alarm["log"]["time"]), (&392.into(), &"23400".into()));
    let started = alarm["started_us"].as_u64().unwrap() / 1_000_000;
    assert!((23_399..=23_401).contains(&started), "{started}");
    let summary = lines.last().unwrap();
    assert_eq!((&summary["samples"]["rows"], &summary["samples"]["warmup"]), (&400.into(), &256.into()));
    assert!(lines.len() < 12, "alarms only, not every row: {}", lines.len());
    let all = run(&folder, &["sim", "--variant", "esp32s2", "--input", "log.csv", "--json", "-v"]);
    // Boot, names of the channels, 400 rows, summary.
    assert_eq!(text(&all.stdout).lines().count(), 403);
    assert!(alarm["reply"].as_str().unwrap().contains("channel=1 name=temp "), "{alarm}");
}

#[test]
fn a_log_too_short_to_judge_is_a_no() {
    let folder = folder("short");
    let rows: String = (0..40).map(|at| format!("{}\n", 20 + at % 3)).collect();
    fs::write(folder.join("log.csv"), rows).unwrap();
    let output = run(&folder, &["analyse", "log.csv", "--variant", "esp32s2"]);
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("error[analyse::too-short]: log.csv: 40 rows are too few"), "{stderr}");
    let number =
        |word: &str| stderr.split(word).nth(1).unwrap().split('\n').next().unwrap().parse::<u32>().unwrap();
    let enough = number("the chip needs ");
    let rows: String = (0..enough).map(|at| format!("{}\n", 20 + at % 3)).collect();
    fs::write(folder.join("log.csv"), rows).unwrap();
    let output = run(&folder, &["analyse", "log.csv", "--variant", "esp32s2"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
}

#[test]
fn a_demonstration_fits_one_screen() {
    for variant in ["esp32", "esp32s2", "esp32c3", "esp32c6"] {
        let output = run(&folder("demo"), &["sim", "--variant", variant, "--demo"]);
        let all = text(&output.stderr) + &text(&output.stdout);
        assert!(all.lines().count() <= 40, "{variant}: {} lines\n{all}", all.lines().count());
        let wide = all.lines().find(|line| line.chars().count() > 80);
        assert_eq!(wide, None, "{variant}");
    }
}

#[test]
fn items_never_exceed_the_capacity() {
    let output = run(&folder("items"), &["sim", "--variant", "esp32s2", "--demo", "--json"]);
    for line in text(&output.stdout).lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        if let (Some(items), Some(capacity)) =
            (line["memory"]["items"].as_u64(), line["memory"]["capacity"].as_u64())
        {
            assert!(items <= capacity, "{line}");
        }
    }
}
