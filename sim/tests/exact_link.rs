//! Two emulated chips with their images, UART1 wired to UART1: they receive each other's frames.
//!
//! Where images and ROMs are from, `images/mod.rs` says.
#![allow(clippy::unwrap_used, reason = "what cannot be read or run fails the test")]

mod images;

use images::{CHIPS, image};
use ruvllm_esp_core::chip;
use ruvllm_esp_core::role::RoleKind;
use ruvllm_esp_core::units::Micros;
use ruvllm_esp_sim::emulator::board::time::Ticks;
use ruvllm_esp_sim::emulator::board::wire::run_wired;
use ruvllm_esp_sim::emulator::board::{BoardConfig, Halt, Port, milliseconds};
use ruvllm_esp_sim::exact::Exact;

/// More than the longest time between two heartbeats of a small fleet.
const HEARTBEAT: Ticks = milliseconds(1_300);

fn key(digit: char) -> String {
    digit.to_string().repeat(32)
}

/// A chip that starts with a number and, if there is one, a key.
fn boot(name: &str, id: u16, role: RoleKind, key: Option<&str>) -> Exact {
    let (flash, rom) = image(name);
    let board_config =
        BoardConfig { mac: [2, 0, 0, 0, 0, id as u8], seed: id.into(), ..BoardConfig::default() };
    let mut exact = Exact::boot(chip::by_name(name).unwrap(), &rom, flash, board_config).unwrap();
    if let Some(key) = key {
        // Keys are those of a number.
        for line in [format!("chip config id {id}"), format!("chip config key {key}")] {
            let stored = handle_line(&mut exact, &line);
            assert!(stored.starts_with("stored"), "{stored}");
        }
    }
    exact.configure(id, role).unwrap();
    exact
}

fn handle_line(exact: &mut Exact, line: &str) -> String {
    exact.line(Ok(line)).unwrap().text
}

fn run(first: &mut Exact, second: &mut Exact, ticks: Ticks) {
    let halt = run_wired([first.board(), second.board()], ticks, |_| false);
    assert_eq!(halt, Halt::TimeOut);
}

/// The number that `chip` says of itself.
fn figure(exact: &mut Exact, name: &str) -> u32 {
    let said = handle_line(exact, "chip");
    let figure = said.split_whitespace().find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
    figure.unwrap_or_else(|| panic!("no {name} in {said}")).parse().unwrap()
}

#[test]
#[ignore = "runs images: `ruvllm-esp build --variant esp32c3,esp32c6 --out DIR`, then RUVLLM_EXACT_IMAGES=DIR"]
fn two_chips_on_a_wire_hear_each_other() {
    let fleet = key('a');
    for [one, other] in [["esp32c3", "esp32c3"], ["esp32c6", "esp32c3"]] {
        let mut first = boot(one, 1, RoleKind::HnswIndexer, Some(&fleet));
        let mut second = boot(other, 2, RoleKind::RagRetriever, Some(&fleet));
        assert_eq!(handle_line(&mut first, "peers"), "peers: (none)\n");
        run(&mut first, &mut second, HEARTBEAT);
        let received = [handle_line(&mut first, "peers"), handle_line(&mut second, "peers")];
        println!("{}{}{}", received[0], received[1], handle_line(&mut first, "fleet"));
        assert!(
            received[0].contains("id=2 role=rag") && received[1].contains("id=1 role=hnsw"),
            "{received:?}"
        );
        for exact in [&mut first, &mut second] {
            assert_eq!((figure(exact, "broken"), figure(exact, "overrun")), (0, 0));
        }
        // Work on one console stops neither its link nor the other's news of it.
        let texts: String = (0..300).map(|item| format!("add the pump in hall {item} hums\n")).collect();
        first.board().serial_in(Port::Usb, texts.as_bytes());
        run(&mut first, &mut second, 2 * HEARTBEAT);
        first.board().take_serial_out(Port::Usb);
        let news = handle_line(&mut second, "peers");
        let of =
            |name: &str| news.split_once(name).unwrap().1.split(' ').next().unwrap().parse::<u32>().unwrap();
        assert!(of(" items=") > 10 && of(" load=") > 10, "{news}");
        // Questions to the fleet run deepest: the stack that is set aside keeps a quarter of itself free.
        for question in ["fleet search the pump in hall 7", "fleet recall where is the pump"] {
            handle_line(&mut first, question);
            handle_line(&mut second, question);
            run(&mut first, &mut second, HEARTBEAT);
        }
        for exact in [&mut first, &mut second] {
            let [used, reserved] = ["used", "reserved"].map(|name| figure(exact, name));
            println!("stack: {used} of {reserved} B");
            assert!(used * 4 <= reserved * 3, "{used} of {reserved} B");
        }
    }
}

#[test]
#[ignore = "runs images: `ruvllm-esp build --variant esp32c3,esp32c6 --out DIR`, then RUVLLM_EXACT_IMAGES=DIR"]
fn without_its_key_a_chip_is_not_in_the_fleet_and_with_another_it_is_not_heard() {
    let mut member = boot("esp32c3", 1, RoleKind::HnswIndexer, Some(&key('a')));
    let mut stranger = boot("esp32c3", 2, RoleKind::HnswIndexer, Some(&key('b')));
    run(&mut member, &mut stranger, HEARTBEAT);
    assert!(figure(&mut member, "received") > 0, "it did arrive");
    assert_eq!(handle_line(&mut member, "peers"), "peers: (none)\n");

    let mut alone = boot("esp32c3", 3, RoleKind::HnswIndexer, None);
    assert_eq!(alone.board().run_for(HEARTBEAT), Halt::TimeOut);
    assert_eq!(alone.board().take_serial_out(Port::Uart1), b"");
    assert!(handle_line(&mut alone, "chip").contains("link: closed"));
}

#[test]
#[ignore = "runs images: `ruvllm-esp build --variant esp32c3,esp32c6 --out DIR`, then RUVLLM_EXACT_IMAGES=DIR"]
fn noise_on_the_line_costs_frames_and_never_the_console() {
    for name in CHIPS {
        let mut exact = boot(name, 1, RoleKind::MemoryArchivist, Some(&key('a')));
        let mut random = oorandom::Rand32::new(3);
        let noise: Vec<u8> = (0..40_000).map(|_| random.rand_u32() as u8).collect();
        exact.board().serial_in(Port::Uart1, &noise);
        for round in 0..3 {
            let text = format!("a lamp in room {round}");
            assert_eq!(
                handle_line(&mut exact, &format!("remember fact {text}")),
                format!("remembered id={round}\n")
            );
        }
        assert_eq!(exact.board().run_for(milliseconds(500)), Halt::TimeOut);
        assert!(figure(&mut exact, "broken") > 50);
        assert_eq!(handle_line(&mut exact, "peers"), "peers: (none)\n");
        assert_eq!(exact.board().starts().len(), 2, "{name}: it restarted");
    }
}

#[test]
#[ignore = "runs images: `ruvllm-esp build --variant esp32c3,esp32c6 --out DIR`, then RUVLLM_EXACT_IMAGES=DIR"]
fn no_boot_has_the_number_of_another() {
    let mut exact = boot("esp32c3", 1, RoleKind::HnswIndexer, Some(&key('a')));
    let mut newest = figure(&mut exact, "boots");
    assert_eq!(newest, 2, "the second since the flash was new");
    for _ in 0..3 {
        exact.reset().unwrap();
        let boots = figure(&mut exact, "boots");
        assert!(boots > newest, "{boots} after {newest}");
        newest = boots;
    }
}

#[test]
#[ignore = "runs images: `ruvllm-esp build --variant esp32c3,esp32c6 --out DIR`, then RUVLLM_EXACT_IMAGES=DIR"]
fn nightly_a_fleet_of_two_images_lives_past_49_days() {
    let fleet = key('a');
    let mut first = boot("esp32c3", 1, RoleKind::HnswIndexer, Some(&fleet));
    let mut second = boot("esp32c3", 2, RoleKind::HnswIndexer, Some(&fleet));
    run(&mut first, &mut second, 4 * HEARTBEAT);
    handle_line(&mut first, "fleet add the pump is loud");
    run(&mut first, &mut second, HEARTBEAT);
    let starts = [&mut first, &mut second].map(|exact| exact.board().starts().len());
    let wait = Micros((1 << 32) * 1_000 - 2_000_000 - first.now().get());
    for exact in [&mut first, &mut second] {
        exact.wait(wait).unwrap();
    }
    // Past the end of 32 bits of milliseconds, and past the 10 s that the watchdog waits.
    run(&mut first, &mut second, milliseconds(14_000));
    for (exact, before) in [&mut first, &mut second].into_iter().zip(starts) {
        assert_eq!(exact.board().starts().len(), before, "it restarted");
        assert!(handle_line(exact, "list").contains("the pump is loud"));
        assert!(handle_line(exact, "peers").contains(" alive\n"));
    }
}

/// Runs two chips on a wire; what the second sent meanwhile.
fn record(first: &mut Exact, second: &mut Exact, ticks: Ticks) -> Vec<u8> {
    let mut tape = Vec::new();
    let turn = milliseconds(1) / 20;
    for _ in 0..ticks.div_ceil(turn) {
        for board in [first.board(), second.board()] {
            assert_eq!(board.run_for(turn), Halt::TimeOut);
        }
        let one_way = first.board().take_serial_out(Port::Uart1);
        let other_way = second.board().take_serial_out(Port::Uart1);
        tape.extend(&other_way);
        second.board().serial_in(Port::Uart1, &one_way);
        first.board().serial_in(Port::Uart1, &other_way);
    }
    tape
}

#[test]
#[ignore = "runs images: `ruvllm-esp build --variant esp32c3,esp32c6 --out DIR`, then RUVLLM_EXACT_IMAGES=DIR"]
fn a_recording_from_before_a_reboot_is_refused_after_it() {
    let fleet = key('a');
    let mut first = boot("esp32c3", 1, RoleKind::HnswIndexer, Some(&fleet));
    let mut second = boot("esp32c3", 2, RoleKind::HnswIndexer, Some(&fleet));
    let mut tape = record(&mut first, &mut second, 2 * HEARTBEAT);
    assert!(handle_line(&mut second, "fleet add the valve is red").starts_with("fleet: adding"));
    tape.extend(record(&mut first, &mut second, 2 * HEARTBEAT));
    assert!(handle_line(&mut first, "list").contains("the valve is red"), "it holds a copy");
    first.reset().unwrap();
    for _ in 0..3 {
        first.board().serial_in(Port::Uart1, &tape);
        assert_eq!(first.board().run_for(milliseconds(500)), Halt::TimeOut);
        first.board().take_serial_out(Port::Uart1);
    }
    assert!(figure(&mut first, "received") > 10, "it did arrive");
    assert_eq!(handle_line(&mut first, "peers"), "peers: (none)\n");
    assert!(!handle_line(&mut first, "list").contains("the valve is red"));
    run(&mut first, &mut second, 3 * HEARTBEAT);
    assert!(handle_line(&mut first, "peers").contains("id=2 role=hnsw"), "alive, it is seen again");
}

/// Two chips at work, encrypting or not; what the first puts on the wire while it stores a text.
fn sent_while_storing(encrypts: bool) -> (Vec<u8>, [Exact; 2]) {
    let mut chips = [1, 2].map(|id| {
        let mut exact = boot("esp32c3", id, RoleKind::HnswIndexer, Some(&key('a')));
        let line = format!("chip config encrypt {}", if encrypts { "on" } else { "off" });
        assert!(handle_line(&mut exact, &line).starts_with("stored"));
        // The setting counts from the next boot on.
        exact.reset().unwrap();
        exact
    });
    let [first, second] = &mut chips;
    run(first, second, 2 * HEARTBEAT);
    assert!(handle_line(first, "peers").contains("id=2 role=hnsw"), "encrypted: {encrypts}");
    handle_line(first, "fleet add the winter tyres are in the cellar");
    assert_eq!(first.board().run_for(HEARTBEAT), Halt::TimeOut);
    let sent = first.board().take_serial_out(Port::Uart1).to_vec();
    run(first, second, 2 * HEARTBEAT);
    assert!(handle_line(second, "search winter tyres").contains("winter tyres"), "encrypted: {encrypts}");
    (sent, chips)
}

#[test]
#[ignore = "runs images: `ruvllm-esp build --variant esp32c3,esp32c6 --out DIR`, then RUVLLM_EXACT_IMAGES=DIR"]
fn two_chips_that_encrypt_work_and_their_wire_shows_no_text() {
    let shows = |sent: &[u8]| sent.windows(12).any(|part| part == b"winter tyres");
    let ((plain, [mut open, _]), (encrypted, [_, mut closed])) =
        (sent_while_storing(false), sent_while_storing(true));
    assert!(shows(&plain) && !shows(&encrypted));
    // One of each: neither takes the other's frames, and each says so.
    run(&mut open, &mut closed, 2 * HEARTBEAT);
    for (exact, told) in
        [(&mut open, " encrypts and this one does not"), (&mut closed, " does not encrypt and this one does")]
    {
        let said = String::from_utf8_lossy(&exact.board().take_serial_out(Port::Usb)).into_owned();
        assert!(said.contains(told), "{said}");
    }
}
