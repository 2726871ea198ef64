//! The core of ruvllm-esp on an ESP32 chip.
//!
//! Bytes from the ports go to the agent, and its replies go back; everything else here makes sure that this goes on for
//! years: the settings in flash, the watchdog, the panics. What the console says is the core's, byte for byte as in the
//! simulator, except behind the word `chip`.
#![no_std]
#![no_main]

mod chip;
mod clock;
mod console;
mod entropy;
mod flash;
mod fleet;
mod identity;
mod link;
mod memory;
mod panic;
mod ports;
#[cfg(feature = "radio")]
mod radio;
mod raw;
mod uart;
mod watchdog;
#[cfg(not(feature = "radio"))]
mod wired;

#[cfg(feature = "radio")]
extern crate alloc;

use chip::{Chip, Next};
use core::fmt::{self, Write};
use esp_hal::clock::CpuClock;
use fleet::Fleet;
use ruvllm_esp_core::agent::{Agent, Identity};
use ruvllm_esp_core::console::Failure;
use ruvllm_esp_core::units::Micros;
use ruvllm_esp_firmware_logic::command::{self, Refusal};
use ruvllm_esp_firmware_logic::load::Load;

esp_bootloader_esp_idf::esp_app_desc!();

/// The agent over the RAM that the linker leaves.
type ChipAgent = Agent<&'static mut [u8]>;

#[esp_hal::main]
fn main() -> ! {
    identity::insist();
    let peripherals = esp_hal::init(esp_hal::Config::default().with_cpu_clock(CpuClock::max()));
    clock::start();
    memory::guard_stack();
    let (boot, record) = panic::boot();
    let mut watchdog = watchdog::Watchdog::start(peripherals.RTC_TIMER);
    let Ok(ports) = open_ports!(peripherals) else { panic!("UART0 does not take its settings") };
    let mut store = flash::Store::open(peripherals.FLASH);
    let boots = store.count_boot();
    let entropy = entropy::Entropy::new(peripherals.RNG, peripherals.ADC1);
    let mut chip = Chip {
        store,
        entropy,
        boot,
        record,
        boots,
        load: Load::default(),
        dropped: 0,
        traffic: None,
        kept: None,
        keep_at: Micros(0),
    };
    let identity = chip.identity();
    let mut agent = start(&mut chip, identity);
    ports.emit(&mut |out| _ = greet(&chip, identity, agent.as_ref(), out));
    let is_member = agent.as_ref().is_some_and(|agent| agent.membership().is_some());
    let mut fleet = Fleet::new(if is_member { open_link!(peripherals) } else { None });
    let mut next = Next::Loop;
    loop {
        let role = agent.as_ref().map_or("safe", |agent| agent.identity().role.alias());
        watchdog.feed(role);
        if let (Some(fleet), Some(agent)) = (&mut fleet, &mut agent) {
            if fleet.turn(agent, ports, &mut chip.load) && chip.keep_keys(agent.keyring()).is_err() {
                ports.emit(&mut |out| _ = out.write_str(chip::KEYS_NOT_KEPT));
            }
        }
        (chip.dropped, chip.traffic) = (ports.dropped(), fleet.as_ref().map(Fleet::traffic));
        ports.poll(&mut |line, out| next = answer(&mut chip, agent.as_mut(), line, out));
        match next {
            Next::Loop => {}
            Next::Reset => {
                raw::RawPorts::of(identity::THIS).flush();
                esp_hal::system::software_reset()
            }
            Next::Hang => loop {
                core::hint::spin_loop();
            },
        }
    }
}

/// Starts the agent, in its fleet or alone, unless it failed too often.
fn start(chip: &mut Chip, identity: Identity) -> Option<ChipAgent> {
    if chip.boot.safe_mode {
        return None;
    }
    let memory = memory::arena()?;
    match chip.membership() {
        Some(membership) => Agent::join(memory, identity, membership).ok(),
        None => Agent::boot(memory, identity).ok(),
    }
}

/// Says what a chip says at boot: why the last boot failed, if it did, and then the banner.
fn greet(chip: &Chip, identity: Identity, agent: Option<&ChipAgent>, out: &mut dyn Write) -> fmt::Result {
    if let (true, Some(failure)) = (chip.boot.failed, chip.record.failure) {
        writeln!(out, "[panic] {failure}")?;
    }
    if let Some(agent) = agent {
        return agent.banner(out);
    }
    writeln!(out, "ruvllm-esp {}", env!("CARGO_PKG_VERSION"))?;
    let (name, role) = (identity.chip.name, identity.role.name());
    writeln!(out, "variant={name} role={role} chip_id={} safe mode", identity.chip_id)?;
    writeln!(out, "[safe] the agent is not running; type 'chip help' for commands")
}

/// Answers one line: the chip's own commands here, all others by the agent.
fn answer(
    chip: &mut Chip,
    agent: Option<&mut ChipAgent>,
    line: Result<&str, Failure>,
    out: &mut dyn Write,
) -> Next {
    let begun = clock::now();
    let outcome = match (line.ok().and_then(command::parse), agent) {
        (Some(command), _) => command.and_then(|command| chip.run(command, out)),
        (None, Some(agent)) => {
            // A failure has been written as the reply.
            let _ = agent.line(line, clock::now(), &mut (), out);
            Ok(Next::Loop)
        }
        (None, None) if line.is_ok_and(str::is_empty) => Ok(Next::Loop),
        (None, None) => Err(Refusal::SafeMode),
    };
    chip.load.work(clock::now().get().saturating_sub(begun.get()));
    outcome.unwrap_or_else(|refusal| {
        let _ = writeln!(out, "{refusal}");
        Next::Loop
    })
}
