//! G5: the image boots, shows its banner and answers `role`, within five seconds of the chip's time.
//!
//! On ESP32-C3 and C6 an emulated board boots the merged image from power-on; time is emulated cycles. With a port, a
//! real board of any chip is flashed with it and has to answer as it would to `flash`; time is then the host's.

use super::build_cache::{BuildCache, rom};
use super::outcome::GateOutcome;
use super::size::PREDICTION_TOLERANCE;
use super::transcripts;
use crate::board::image::Image;
use crate::board::install::{Installed, Job, Options, Watch, install};
use crate::board::port::SelectedPort;
use crate::board::settings::Change;
use crate::firmware::artifacts::Artifacts;
use ruvllm_esp_core::agent::Identity;
use ruvllm_esp_core::chip::{Chip, Radio};
use ruvllm_esp_core::role::RoleKind;
use ruvllm_esp_core::units::Micros;
use ruvllm_esp_sim::emulator::board::unmodelled::UnmodelledRegister;
use ruvllm_esp_sim::emulator::board::{BoardConfig, Rom};
use ruvllm_esp_sim::exact::{Exact, ExactError};
use ruvllm_esp_sim::single::{Setup, SingleChip};
use std::time::Duration;

/// How long banner and reply may take together.
const LIMIT: Micros = Micros(5_000_000);

/// What a chip said and did from power-on to its second reply.
#[derive(Clone, Debug)]
struct BootLog {
    banner: String,
    /// When the console was ready, since power-on.
    ready: Micros,
    role: String,
    /// When the reply to `role` was out, since power-on.
    answered: Micros,
    memory: String,
    instructions: u64,
    unmodelled: Vec<UnmodelledRegister>,
}

/// Boots the image, on the board at the given port if there is one.
pub fn check(build_cache: &mut BuildCache<'_>, chip: &'static Chip) -> GateOutcome {
    let made = build_cache.image(chip);
    let artifacts = match made.as_ref() {
        Ok(artifacts) => artifacts,
        Err(refusal) => return refusal.outcome(),
    };
    if let Some(port) = build_cache.port() {
        return on_board(artifacts, port);
    }
    if ruvllm_esp_sim::emulator::chip::by_name(chip.name).is_none() {
        let lift = format!("ruvllm-esp bench --gates G5 --variant {} --port PORT", chip.name);
        return GateOutcome::skip("it was built, and no emulator boots it", lift);
    }
    match rom(chip) {
        Some(Ok(rom)) => emulated(chip, artifacts.images.merged.clone(), &rom),
        Some(Err(error)) => GateOutcome::fail(error),
        None => {
            let lift = format!("RUVLLM_ROM_DIR=DIR ruvllm-esp bench --gates G5 --variant {}", chip.name);
            let from = "https://github.com/espressif/esp-rom-elfs has it";
            GateOutcome::skip(format!("there is no ROM image for {}; {from}", chip.name), lift)
        }
    }
}

fn emulated(chip: &'static Chip, flash: Vec<u8>, rom: &Rom) -> GateOutcome {
    match listen(chip, flash, rom) {
        Ok(log) => hold(chip, &log),
        Err(error) => GateOutcome::fail(error.to_string()),
    }
}

fn listen(chip: &'static Chip, flash: Vec<u8>, rom: &Rom) -> Result<BootLog, ExactError> {
    let mut exact = Exact::boot(chip, rom, flash, BoardConfig::default())?;
    let (banner, ready) = (exact.banner().to_string(), exact.now());
    let reply = exact.line(Ok("role"))?;
    let answered = Micros(ready.get() + reply.cost.time.value.get().div_ceil(1_000));
    let instructions = exact.board().instructions();
    let memory = exact.line(Ok("mem"))?.text;
    let unmodelled = exact.unmodelled();
    Ok(BootLog { banner, ready, role: reply.text, answered, memory, instructions, unmodelled })
}

fn hold(chip: &'static Chip, log: &BootLog) -> GateOutcome {
    let mut outcome = GateOutcome::default();
    let role = RoleKind::default_for(chip);
    let identity = Identity { chip, chip_id: 0, role, seed: 0 };
    let banner = match SingleChip::boot(&Setup { identity, radio: Radio::Off, arena: None }) {
        Ok(mut single) => single.banner(),
        Err(error) => return GateOutcome::fail(error.to_string()),
    };
    hold_words("banner", &log.banner, &banner, &mut outcome);
    hold_words("reply to `role`", &log.role, &format!("role: {}\n", role.name()), &mut outcome);
    let BootLog { ready, answered, instructions, .. } = log;
    outcome.evidence.push(format!("console ready after {} us emulated", ready.get()));
    let line = format!("`role` answered after {} us emulated, limit {} us", answered.get(), LIMIT.get());
    outcome.hold(*answered <= LIMIT, line);
    outcome.evidence.push(format!("{instructions} instructions emulated"));
    hold_arena(chip, &log.memory, &mut outcome);
    let registers = &log.unmodelled;
    outcome.evidence.push(format!("{} registers used that are not modelled", registers.len()));
    outcome.evidence.extend(registers.iter().map(|register| {
        let (used, block) = (register.used, register.block.unwrap_or("?"));
        let note = if used.assumed_zero { ", assumed zero" } else { "" };
        format!("  {:#010x} {block}: {} reads, {} writes{note}", register.address, used.reads, used.writes)
    }));
    outcome.summary = format!(
        "banner and `role` as the simulator's, after {}.{:03} s emulated; {instructions} instructions",
        answered.get() / 1_000_000,
        answered.get() / 1_000 % 1_000
    );
    outcome
}

fn hold_words(what: &str, said: &str, expected: &str, outcome: &mut GateOutcome) {
    let line = match said == expected {
        true => format!("{what}: {}", said.trim_end().replace('\n', " / ")),
        false => format!("{what} is {said:?} and should be {expected:?}"),
    };
    outcome.hold(said == expected, line);
}

/// The arena that the firmware has, by its own account, beside what `fit` says.
fn hold_arena(chip: &Chip, memory: &str, outcome: &mut GateOutcome) {
    let predicted = chip.arena_budget(Radio::Off).arena.get();
    let Some(arena) = transcripts::arena(memory) else {
        outcome.failures.push(format!("`mem` says {memory:?}, and nothing of an arena"));
        return;
    };
    let off = u64::from(arena.get().abs_diff(predicted));
    let line = format!("arena of {} B by `mem`, {off} B from what `fit` predicts", arena.get());
    outcome.hold(off <= PREDICTION_TOLERANCE, line);
}

/// Shows nothing: the verdict comes at the end.
struct Unwatched;

impl Watch for Unwatched {
    fn stage(&mut self, _: &str) {}
    fn reached(&mut self, _: usize, _: usize) {}
}

fn on_board(artifacts: &Artifacts, port: &SelectedPort) -> GateOutcome {
    let image = match Image::check(artifacts.images.merged.clone(), "the image") {
        Ok(image) => image,
        Err(error) => return GateOutcome::fail(error.message()),
    };
    let options = Options { baud: 460_800, reset: true, patience: Duration::from_micros(LIMIT.get()) };
    match install(&Job { port, image: &image, change: Change::default(), options }, &mut Unwatched) {
        Ok(installed) => answered(&installed, port),
        Err(error) => GateOutcome::fail(error.message()),
    }
}

fn answered(installed: &Installed, port: &SelectedPort) -> GateOutcome {
    let Installed { greeting, written, took } = installed;
    let (chip, role, version) = (&greeting.variant, &greeting.role, &greeting.version);
    let evidence = vec![
        format!("{}: {written} B written, {} ms with the answer", port.name, took.as_millis()),
        format!("banner: ruvllm-esp {version}, {chip}, role {role}, number {}", greeting.chip_id),
        format!("`role` answered {role}, both within {} s of the reset", LIMIT.get() / 1_000_000),
    ];
    let summary = format!("{chip} on {} runs {version} as {role}", port.name);
    GateOutcome { evidence, summary, ..GateOutcome::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ruvllm_esp_core::chip;
    use std::path::PathBuf;

    const CHIP: &Chip = &chip::esp32c3::CHIP;

    fn log() -> BootLog {
        let banner = "ruvllm-esp 0.1.0\nvariant=esp32c3 role=HnswIndexer chip_id=0 sram_kb=313\n\
            [ready] type 'help' for commands\n";
        let arena = CHIP.arena_budget(Radio::Off).arena.get();
        BootLog {
            banner: banner.into(),
            ready: Micros(500_000),
            role: "role: HnswIndexer\n".into(),
            answered: Micros(501_000),
            memory: format!("arena: total={arena} used=1\n"),
            instructions: 1,
            unmodelled: Vec::new(),
        }
    }

    #[test]
    fn only_the_right_words_in_time_pass() {
        assert_eq!(hold(CHIP, &log()).failures, Vec::<String>::new());
        let fails = |log: BootLog, begin: &str| {
            let failures = hold(CHIP, &log).failures;
            assert!(failures.len() == 1 && failures[0].starts_with(begin), "{failures:?}");
        };
        let other = log().banner.replace("esp32c3", "esp32c6");
        fails(BootLog { banner: other, ..log() }, "banner is");
        fails(BootLog { role: "err: unknown\n".into(), ..log() }, "reply to `role` is");
        fails(BootLog { answered: Micros(5_000_001), ..log() }, "`role` answered after 5000001 us");
        let larger = CHIP.arena_budget(Radio::Off).arena.get() + 4_096;
        let memory = format!("arena: total={larger} used=1\n");
        fails(BootLog { memory, ..log() }, &format!("arena of {larger} B"));
        fails(BootLog { memory: "err: unknown\n".into(), ..log() }, "`mem` says");
    }

    /// The image that `build` made in the folder that RUVLLM_EXACT_IMAGES names, and the ROM.
    fn built(chip: &Chip) -> (Vec<u8>, Rom) {
        let folder = std::env::var_os("RUVLLM_EXACT_IMAGES").map(PathBuf::from);
        let folder =
            folder.expect("RUVLLM_EXACT_IMAGES names the folder of images; `ruvllm-esp build` makes them");
        let flash = std::fs::read(folder.join(format!("ruvllm-esp-{}.bin", chip.name))).unwrap();
        (flash, rom(chip).unwrap().unwrap())
    }

    #[test]
    #[ignore = "runs images: `ruvllm-esp build --variant esp32c3,esp32c6 --out DIR`, then RUVLLM_EXACT_IMAGES=DIR"]
    fn fit_predicts_the_arena_of_the_image() {
        for chip in [CHIP, &chip::esp32c6::CHIP] {
            let (flash, rom) = built(chip);
            let log = listen(chip, flash, &rom).unwrap();
            let arena = transcripts::arena(&log.memory).unwrap().get();
            let off = arena.abs_diff(chip.arena_budget(Radio::Off).arena.get());
            assert!(u64::from(off) <= PREDICTION_TOLERANCE, "{}: {off} B off", chip.name);
            println!("{}: {arena} B of arena emulated, {off} B from the prediction", chip.name);
        }
    }

    #[test]
    #[ignore = "runs images: `ruvllm-esp build --variant esp32c3,esp32c6 --out DIR`, then RUVLLM_EXACT_IMAGES=DIR"]
    fn a_sound_image_passes_and_one_damaged_byte_keeps_it_from_booting() {
        let (flash, rom) = built(CHIP);
        assert_eq!(emulated(CHIP, flash.clone(), &rom).failures, Vec::<String>::new());
        let mut damaged = flash;
        damaged[0x1_4000] ^= 1;
        let failures = emulated(CHIP, damaged, &rom).failures;
        assert!(failures.len() == 1 && failures[0].starts_with("no console after"), "{failures:?}");
    }
}
