//! Every golden file of the wire through the program: its bytes give its text, and its text its bytes.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const KEY: &str = "000102030405060708090a0b0c0d0e0f";

/// A golden file: its text, and its packets, each with the remark above it.
struct Golden {
    name: String,
    text: Option<String>,
    packets: Vec<(String, String)>,
}

impl Golden {
    fn read(path: &Path) -> Self {
        let name = path.file_stem().unwrap().to_str().unwrap().to_string();
        let mut golden = Golden { name, text: None, packets: Vec::new() };
        let content = std::fs::read_to_string(path).unwrap();
        let mut remark = String::new();
        for line in content.lines() {
            match line.strip_prefix("# ") {
                Some(text) if text.starts_with("source=") => golden.text = Some(text.to_string()),
                Some(text) => {
                    remark = text.to_string();
                    golden.packets.push((remark.clone(), String::new()));
                }
                None => golden.packets.last_mut().unwrap().1.push_str(line),
            }
        }
        assert!(!remark.is_empty(), "{}", golden.name);
        golden.packets.retain(|(_, hex)| !hex.is_empty());
        golden
    }

    fn packets(&self, remark: &str) -> Vec<&str> {
        let of = self.packets.iter().filter(|(above, _)| above.starts_with(remark));
        of.map(|(_, hex)| hex.as_str()).collect()
    }
}

fn golden() -> Vec<Golden> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures/wire");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 17);
    files.iter().map(|path| Golden::read(path)).collect()
}

fn key_file() -> String {
    key_file_of(KEY)
}

/// A file with these digits that its owner alone may read.
fn key_file_of(digits: &str) -> String {
    let path = std::env::temp_dir().join(format!("ruvllm-esp-wire-{digits}-{}", std::process::id()));
    if !path.exists() {
        // Written whole before it takes its name: tests run side by side.
        let beside = path.with_extension(format!("{:?}", std::thread::current().id()));
        std::fs::write(&beside, digits).unwrap();
        #[cfg(unix)]
        std::fs::set_permissions(&beside, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        std::fs::rename(&beside, &path).unwrap();
    }
    path.to_str().unwrap().into()
}

fn wire(arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ruvllm-esp"));
    command.arg("wire").args(arguments).env("NO_COLOR", "1");
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// What it prints where all is well.
fn said(arguments: &[&str], input: &str) -> String {
    let output = wire(arguments, input);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {stderr}");
    assert_eq!(stderr, "", "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn golden_bytes_give_the_golden_text_and_back() {
    let mut messages = 0;
    for golden in golden() {
        let packets = golden.packets("frame");
        let (Some(text), [frame, sealed, encrypted @ ..]) = (&golden.text, packets.as_slice()) else {
            continue;
        };
        messages += 1;
        assert_eq!(said(&["decode", frame], ""), format!("{text}\n"), "{}", golden.name);
        assert_eq!(said(&["encode", text], ""), format!("{frame}\n"), "{}", golden.name);
        // Sealed: the same fields, and a tag that is checked.
        let shown = said(&["decode", "--key-file", &key_file(), "-"], sealed);
        let (header, body) = text.split_once(" flags=").unwrap();
        let (flags, body) = body.split_once(' ').unwrap();
        let flags = if flags == "none" { "authenticated".into() } else { format!("{flags}+authenticated") };
        let expected = format!("{header} flags={flags} {body} | epoch=1 counter=7 tag=0x");
        assert!(shown.starts_with(&expected) && shown.ends_with(" authentic\n"), "{shown}");
        let again = said(&["encode", "-", "--key-file", &key_file(), "--counter", "7"], &shown);
        assert_eq!(again, format!("{sealed}\n"), "{}", golden.name);
        // Encrypted: the same fields again, for who has the key.
        assert_eq!(encrypted.is_empty(), golden.name == "rekey");
        let Some(encrypted) = encrypted.first() else { continue };
        let decrypted = said(&["decode", "--key-file", &key_file(), "-"], encrypted);
        assert!(
            decrypted.starts_with(&expected.replace("authenticated", "authenticated+encrypted")),
            "{decrypted}"
        );
        let again = said(&["encode", "-", "--key-file", &key_file(), "--counter", "7"], &decrypted);
        assert_eq!(again, format!("{encrypted}\n"), "{}", golden.name);
        let again = said(&["encode", text, "--encrypt", "--key-file", &key_file(), "--counter", "7"], "");
        assert_eq!(again, format!("{encrypted}\n"), "{}", golden.name);
        let unread = said(&["decode", encrypted], "");
        assert!(unread.contains(" ciphertext=0x") && unread.ends_with(" encrypted\n"), "{unread}");
        let json = said(&["decode", "--json", encrypted], "");
        assert!(json.contains(r#""ciphertext":true"#) && json.contains(r#""fields":null"#), "{json}");
    }
    let table: serde_json::Value = serde_json::from_str(&said(&["messages", "--json"], "")).unwrap();
    assert_eq!(messages, table["messages"].as_array().unwrap().len(), "each message has its golden file");
}

#[test]
fn a_golden_message_in_fragments_is_put_together_and_cut_again() {
    let golden = golden().into_iter().find(|golden| golden.name == "fragments").unwrap();
    let (text, fragments) = (golden.text.as_ref().unwrap(), golden.packets("fragment "));
    assert_eq!(fragments.len(), 4);
    let path = format!("{}/../fixtures/wire/fragments.hex", env!("CARGO_MANIFEST_DIR"));
    let shown = said(&["decode", &path], "");
    assert_eq!(shown.lines().last(), Some(text.as_str()));
    assert_eq!(shown.lines().count(), 5);
    let cut = said(&["encode", "--limit", "100", "-"], text);
    assert_eq!(cut.lines().collect::<Vec<_>>(), fragments);
    // In any order, as packets of a radio; and what is missing is said.
    let mut reversed = fragments.clone();
    reversed.reverse();
    let shown = said(&["decode", "--link", "espnow", "-"], &reversed.join("\n\n"));
    assert_eq!(shown.lines().last(), Some(text.as_str()));
    let output = wire(&["decode", fragments[0]], "");
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&output.stderr).contains("1 of the messages lack fragments"));
}

#[test]
fn every_golden_file_is_read_as_it_is() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures/wire");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        assert!(!said(&["decode", path.to_str().unwrap()], "").is_empty());
    }
}

#[test]
fn what_was_decoded_is_encoded_again_fragments_and_all() {
    let path = format!("{}/../fixtures/wire/fragments.hex", env!("CARGO_MANIFEST_DIR"));
    let shown = said(&["decode", &path], "");
    let again = said(&["encode", "-"], &shown);
    assert_eq!(said(&["decode", "-"], &again).lines().last(), shown.lines().last());
}

#[test]
fn no_two_sealed_frames_have_the_same_counter() {
    let lines = "stored item=1:1:1\nstored item=1:1:2\n";
    let packets = said(
        &["encode", "-", "--from", "1", "--to", "2", "--key-file", &key_file(), "--counter", "7"],
        lines,
    );
    let packets = packets.lines().collect::<Vec<_>>().join("\n\n");
    let shown = said(&["decode", "--key-file", &key_file(), "-"], &packets);
    let counters: Vec<&str> =
        shown.split_whitespace().filter_map(|word| word.strip_prefix("counter=")).collect();
    assert_eq!(counters, ["7", "8"]);
    let last = ["encode", "-", "--key-file", &key_file(), "--counter", "1099511627775"];
    let output = wire(&last, lines);
    assert_eq!(output.status.code(), Some(1), "the second has none left");
}

#[test]
fn bytes_without_a_frame_are_said_to_hold_none() {
    let output = wire(&["decode", "00 00 00"], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("holds no frame"));
}

#[test]
fn a_golden_byte_stream_is_taken_apart_and_made_again() {
    let golden = golden().into_iter().find(|golden| golden.name == "stream").unwrap();
    let (frame, stuffed) = (golden.packets("frame")[0], golden.packets("stuffed")[0]);
    let text = said(&["decode", frame], "");
    for arguments in [&["decode", "-"][..], &["decode", "--link", "uart", "-"]] {
        assert_eq!(said(arguments, stuffed), text);
        // Several frames, the middle delimiter shared, the last one missing.
        let stream = format!("{stuffed}{}", stuffed.trim_start_matches("00").trim_end_matches("00"));
        assert_eq!(said(arguments, &stream), format!("{text}{text}"));
    }
    assert_eq!(said(&["encode", "--link", "uart", text.trim()], ""), format!("{stuffed}\n"));
}

#[test]
fn every_link_carries_every_golden_message() {
    for golden in golden() {
        let Some(text) = &golden.text else { continue };
        for link in ["uart", "spi", "i2c", "espnow", "espnow-v2", "parallel"] {
            let packets = said(&["encode", "--link", link, "-"], text);
            let blocks = packets.lines().collect::<Vec<_>>().join("\n\n");
            let shown = said(&["decode", "--link", link, "-"], &blocks);
            assert_eq!(shown.lines().last(), Some(text.as_str()), "{} on {link}", golden.name);
        }
    }
}

#[test]
fn any_changed_byte_is_noticed_and_the_frames_beside_it_are_shown() {
    let golden = golden().into_iter().find(|golden| golden.name == "stored").unwrap();
    let (text, frame, sealed) =
        (golden.text.as_ref().unwrap(), golden.packets("frame")[0], golden.packets("frame, auth")[0]);
    for index in (0..frame.len()).step_by(2) {
        let mut changed = frame.to_string();
        let digit = if changed.as_bytes()[index] == b'0' { "1" } else { "0" };
        changed.replace_range(index..=index, digit);
        let output = wire(&["decode", "-"], &format!("{changed}\n\n{frame}"));
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{changed}");
        assert!(stderr.contains("error[wire::not-valid]: frame 1 ") && stderr.contains("help: "), "{stderr}");
        assert_eq!(String::from_utf8_lossy(&output.stdout).lines().last(), Some(text.as_str()), "{changed}");
    }
    let other = key_file_of(&KEY.replace("00", "10"));
    let refused = |arguments: &[&str], reason: &str| {
        let output = wire(arguments, "");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(stderr.contains(reason), "{stderr}");
    };
    refused(&["decode", "--key-file", &other, sealed], ": bad-tag: ");
    refused(&["decode", "--key-file", &key_file(), frame], ": unauthenticated: ");
    refused(&["decode", "05510201"], ": truncated: ");
    refused(&["decode", "--link", "spi", "05510201"], ": truncated: ");
    refused(&["decode", "00 05 01 02 00"], ": stream: ");
}

#[test]
fn whatever_came_over_a_link_is_shown_or_told() {
    // Noise, and frames cut short, run together or with noise behind them.
    let golden = golden();
    let frames: Vec<&str> = golden.iter().flat_map(|golden| golden.packets("fra")).collect();
    let mut state = 1_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let mut packets = String::new();
    for round in 0..600 {
        let frame = frames[random(frames.len())];
        let cut = 2 * random(frame.len() / 2 + 1);
        packets += if round % 3 == 0 { "" } else { &frame[..cut] };
        (0..random(40)).for_each(|_| packets += &format!("{:02x}", random(256)));
        packets += "\n\n";
    }
    for link in ["", "uart", "spi", "i2c", "espnow", "espnow-v2", "parallel"] {
        let link = if link.is_empty() { vec![] } else { vec!["--link", link] };
        let output = wire(&[&["decode", "-", "--key-file", &key_file()][..], &link].concat(), &packets);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{link:?}");
        let reported = stderr.matches("error[wire::not-valid]").count();
        assert!(reported >= 400 && !stderr.contains("panicked"), "{link:?}: {reported}");
    }
}

#[test]
fn json_has_every_field() {
    let golden = golden().into_iter().find(|golden| golden.name == "search-reply").unwrap();
    let object: serde_json::Value =
        serde_json::from_str(&said(&["decode", "--json", golden.packets("frame")[0]], "")).unwrap();
    assert_eq!((object["kind"].as_str(), object["message"].as_str()), (Some("frame"), Some("search-reply")));
    assert_eq!((object["source"].as_u64(), object["destination"].as_u64()), (Some(1), Some(258)));
    let fields = &object["fields"];
    assert_eq!((fields["request"].as_u64(), fields["partial"].as_bool()), (Some(12), Some(true)));
    assert_eq!(fields["hits"][0]["text"], "the pump in the cellar");
    assert_eq!(fields["hits"][1]["item"]["count"], 70_000);
    let stdout = wire(&["decode", "--json", "05510201"], "").stdout;
    let error: serde_json::Value = serde_json::from_slice(&stdout).unwrap();
    assert_eq!((error["kind"].as_str(), error["exit"].as_u64()), (Some("error"), Some(1)));
}
