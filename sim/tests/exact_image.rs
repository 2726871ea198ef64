//! The image that is flashed, on the emulated chip: the times of its sessions, and a power that comes and goes. Gate G3
//! replays transcripts on it.
//!
//! Where images and ROMs are from, `images/mod.rs` says. RUVLLM_POWER_CUTS is the number of power cuts
//! [default: 25].
#![allow(clippy::unwrap_used, reason = "what cannot be read or run fails the test")]

mod images;

use images::{CHIPS, image, root};
use ruvllm_esp_core::chip;
use ruvllm_esp_core::role::RoleKind;
use ruvllm_esp_core::units::Micros;
use ruvllm_esp_sim::cost::calibrated;
use ruvllm_esp_sim::emulator::board::{BoardConfig, Halt, Port, milliseconds};
use ruvllm_esp_sim::exact::Exact;
use ruvllm_esp_sim::kernels::calibration::ratio;
use ruvllm_esp_sim::kernels::firmware_calibration::{self, RecordedSession};
use std::fmt::Write;

/// How far the modelled cycles of a session are from the emulated ones, in thousandths.
fn error(session: &RecordedSession) -> u32 {
    let (modelled, emulated) = session.cycles();
    ratio(modelled, u32::try_from(emulated).unwrap()).abs_diff(1_000)
}

/// What a session of the document's table is: the costs are fitted to all but the golden ones.
fn kind(name: &str) -> &'static str {
    if name.starts_with("session-") { "golden, held out" } else { "fitted" }
}

fn table(chip: &str, sessions: &[RecordedSession]) -> String {
    let mut text = String::new();
    for session in sessions {
        let (modelled, emulated) = session.cycles();
        let signed = 100.0 * (modelled as f64 / emulated as f64 - 1.0);
        let million = |cycles: u64| format!("{:.2} M", cycles as f64 / 1e6);
        let (name, kind) = (session.name, kind(session.name));
        let [modelled, emulated] = [modelled, emulated].map(million);
        writeln!(text, "| {chip} | {name} | {kind} | {modelled} | {emulated} | {signed:+.1} % |").unwrap();
    }
    text
}

/// How many single commands of the golden sessions lie within the band that `sim` prints, of how many.
fn within(sessions: &[RecordedSession]) -> (usize, usize) {
    let golden = sessions.iter().filter(|session| session.name.starts_with("session-"));
    let all: Vec<_> = golden.flat_map(|session| &session.exchanges).collect();
    (all.iter().filter(|one| one.band.contains(&one.cycles)).count(), all.len())
}

/// Rewrites what `docs/fidelity.md` says of the sessions.
fn bless(rows: &str, singles: &str) {
    let path = root().join("docs/fidelity.md");
    let document = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = document.split_once("<!-- sessions: begin -->\n").unwrap();
    let (_, after) = rest.split_once("<!-- sessions: end -->\n").unwrap();
    let head = "| chip | session | | modelled cycles | emulated cycles | off |\n| --- | --- | --- | --- | --- | --- |\n";
    let text = format!(
        "{before}<!-- sessions: begin -->\n\n{head}{rows}\n{singles}\n<!-- sessions: end -->\n{after}"
    );
    std::fs::write(path, text).unwrap();
}

#[test]
#[ignore = "runs images: `ruvllm-esp build --variant esp32c3,esp32c6 --out DIR`, then RUVLLM_EXACT_IMAGES=DIR"]
fn modelled_and_emulated_times_stand_within_the_band() {
    let (mut rows, mut singles) = (String::new(), String::new());
    for name in CHIPS {
        let (flash, rom) = image(name);
        let chip = chip::by_name(name).unwrap();
        let stated = if name == "esp32c6" { calibrated::ESP32C6 } else { calibrated::ESP32C3 };
        let sessions = firmware_calibration::sessions(chip, &rom, &flash).unwrap();
        rows += &table(name, &sessions);
        let (near, all) = within(&sessions);
        writeln!(
            singles,
            "Of the {all} single commands in the golden sessions on {name}, {near} are within the band of a single command."
        )
        .unwrap();
        for session in &sessions {
            let error = error(session);
            // The transcripts are what nothing was fitted to. 25 % is promised of all, the band of the output of these.
            assert!(error <= 250, "{name} {}: off by {error} thousandths\n{rows}", session.name);
            let is_golden = session.name.starts_with("session-");
            assert!(
                !is_golden || error <= stated.band(),
                "{name} {}: {error} of {}",
                session.name,
                stated.band()
            );
        }
        // What is ported to the chip and not to the model, or the other way round, shows in a single command first.
        assert!(near * 100 >= all * 95, "{name}: {near} of {all} commands within the band");
    }
    println!("{rows}{singles}");
    if std::env::var_os("BLESS").is_some() {
        bless(&rows, &singles);
    }
}

#[test]
#[ignore = "runs images: `ruvllm-esp build --variant esp32c3,esp32c6 --out DIR`, then RUVLLM_EXACT_IMAGES=DIR"]
fn no_power_cut_keeps_it_from_starting() {
    let cuts: u32 =
        std::env::var("RUVLLM_POWER_CUTS").ok().and_then(|count| count.parse().ok()).unwrap_or(25);
    for name in CHIPS {
        let (flash, rom) = image(name);
        let chip = chip::by_name(name).unwrap();
        let mut exact = Exact::boot(chip, &rom, flash, BoardConfig::default()).unwrap();
        let board = exact.board();
        let mut random = oorandom::Rand32::new(7);
        for cut in 0..cuts {
            // Settings are written over and over, which takes the flash 45 ms each.
            let lines = b"chip config id 3\nchip config role rag\nchip config id 4\nchip config role hnsw\n";
            board.serial_in(Port::Usb, lines);
            board.run_for(
                milliseconds(1) * u64::from(random.rand_range(0..200))
                    + u64::from(random.rand_range(0..160_000)),
            );
            board.power_cycle();
            board.drop_input();
            board.take_serial_out(Port::Usb);
            // Every second time it goes again while the chip starts.
            if cut % 2 == 1 {
                board.run_for(milliseconds(1) * u64::from(random.rand_range(0..300)));
                board.power_cycle();
                board.take_serial_out(Port::Usb);
            }
            let starts = board.starts().len();
            let is_up = |board: &ruvllm_esp_sim::emulator::board::Board| {
                board.is_waiting_for_input(Port::Usb)
                    && String::from_utf8_lossy(board.serial_out(Port::Usb)).contains("[ready]")
            };
            let halt = board.run_until(milliseconds(5_000), is_up);
            let said = String::from_utf8_lossy(board.serial_out(Port::Usb)).into_owned();
            assert_eq!(halt, Halt::Reached, "{name} cut {cut}: {said}");
            assert_eq!(board.starts().len(), starts, "{name} cut {cut}: it started more than once: {said}");
            board.take_serial_out(Port::Usb);
        }
        assert!(
            board.wear().sectors_erased > u64::from(cuts) / 10,
            "the cuts fell where nothing was written"
        );
    }
}

/// Time is skipped between two idle moments, never faked: the chip's own counters go on from where they were set.
#[test]
#[ignore = "runs images: `ruvllm-esp build --variant esp32c3,esp32c6 --out DIR`, then RUVLLM_EXACT_IMAGES=DIR"]
fn it_runs_on_where_its_clocks_roll_over() {
    // After 2^32 milliseconds longer than the 10 s that the watchdog waits: that is where it was not fed any more.
    rolls_over("esp32c3", [1_000, 1_000, 1_000, 12_000]);
}

#[test]
#[ignore = "runs images: `ruvllm-esp build --variant esp32c3,esp32c6 --out DIR`, then RUVLLM_EXACT_IMAGES=DIR"]
fn nightly_both_chips_outlive_the_watchdog_at_each_rollover() {
    for name in CHIPS {
        rolls_over(name, [12_000; 4]);
    }
}

/// Runs over 2^32 microseconds, once and three times, and over 2^31 and 2^32 milliseconds: `after` more milliseconds each.
fn rolls_over(name: &str, after: [u64; 4]) {
    let (flash, rom) = image(name);
    let chip = chip::by_name(name).unwrap();
    let mut exact = Exact::boot(chip, &rom, flash, BoardConfig::default()).unwrap();
    exact.configure(1, RoleKind::HnswIndexer).unwrap();
    assert_eq!(exact.line(Ok("add the pump")).unwrap().text, "added id=0\n");
    let starts = exact.board().starts().len();
    let rollovers = [1 << 32, 3 << 32, (1 << 31) * 1_000, (1 << 32) * 1_000];
    for (rollover, after) in rollovers.into_iter().zip(after) {
        let wait = Micros(rollover - 500_000 - exact.now().get());
        exact.wait(wait).unwrap();
        assert_eq!(exact.board().run_for(milliseconds(500 + after)), Halt::TimeOut);
        let said = exact.line(Ok("get 0")).unwrap().text;
        assert_eq!(said, "id=0 the pump\n", "{name} after {rollover} us");
        assert_eq!(exact.board().starts().len(), starts, "{name} restarted after {rollover} us");
    }
    let status = exact.line(Ok("chip")).unwrap().text;
    let uptime = status.split_whitespace().skip_while(|word| *word != "up:").nth(1);
    assert!(uptime.and_then(|seconds| seconds.parse::<u64>().ok()) > Some((1 << 32) / 1_000), "{status}");
}
