//! The image that is flashed, when it restarts: told to, and over and over because it destroyed itself.
#![allow(clippy::unwrap_used, reason = "what cannot be read or run fails the test")]

mod images;

use images::{CHIPS, image};
use ruvllm_esp_core::chip;
use ruvllm_esp_sim::emulator::board::BoardConfig;
use ruvllm_esp_sim::exact::{Exact, ExactError};

const TABLE: usize = 0x8000;
const ROW: usize = 32;

/// The image with its settings on the partition table, which has no sum then.
fn with_settings_on_the_table(mut flash: Vec<u8>) -> Vec<u8> {
    let rows = flash[TABLE..].chunks(ROW).take_while(|row| row.starts_with(&[0xaa, 0x50])).count();
    let settings = (0..rows).map(|row| TABLE + row * ROW).find(|at| flash[at + 2] == 0x40).unwrap();
    flash[settings + 4..settings + 8].copy_from_slice(&u32::try_from(TABLE).unwrap().to_le_bytes());
    let sum = TABLE + rows * ROW;
    flash[sum..sum + ROW].fill(0xff);
    flash
}

#[test]
#[ignore = "runs images: `ruvllm-esp build --variant esp32c3,esp32c6 --out DIR`, then RUVLLM_EXACT_IMAGES=DIR"]
fn a_chip_that_destroyed_its_table_is_no_answer_but_a_failure() {
    for name in CHIPS {
        let (flash, rom) = image(name);
        let chip = chip::by_name(name).unwrap();
        let flash = with_settings_on_the_table(flash);
        let mut exact = Exact::boot(chip, &rom, flash, BoardConfig::default()).unwrap();
        exact.line(Ok("chip config id 5")).unwrap();
        let ended = exact.line(Ok("chip reset"));
        let Err(ExactError::NoConsole(failure)) = ended else { panic!("{name}: {ended:?}") };
        assert!(failure.starts >= 6, "{name}: {failure}");
        assert!(failure.error.as_ref().unwrap().starts_with("E ("), "{name}: {failure}");
        println!("{name}: {failure}");
    }
}

#[test]
#[ignore = "runs images: `ruvllm-esp build --variant esp32c3,esp32c6 --out DIR`, then RUVLLM_EXACT_IMAGES=DIR"]
fn a_chip_that_is_asked_to_restart_answers_with_its_banner() {
    for name in CHIPS {
        let (flash, rom) = image(name);
        let mut exact =
            Exact::boot(chip::by_name(name).unwrap(), &rom, flash, BoardConfig::default()).unwrap();
        let reply = exact.line(Ok("chip reset")).unwrap();
        assert_eq!(reply.error, None, "{name}");
        assert!(reply.text.contains("[ready] type 'help'"), "{name}: {}", reply.text);
        assert_eq!(exact.line(Ok("role")).unwrap().error, None);
    }
}
