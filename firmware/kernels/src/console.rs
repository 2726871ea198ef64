//! The console of one role over the UART, as on a board.

use crate::machine::{self, Clock, Uart};
use ruvllm_esp_core::agent::{Agent, Identity};
use ruvllm_esp_core::console::{Failure, LineAssembler};
use ruvllm_esp_core::role::RoleKind;
use ruvllm_esp_core::units::Micros;
use ruvllm_esp_core::workload::{Step, step};

/// Lines as they arrive.
#[derive(Default)]
pub struct Lines(LineAssembler);

impl Lines {
    /// Waits for a line; one that is refused is empty.
    pub fn next(&mut self) -> &str {
        self.wait();
        match self.0.push(b'\n') {
            Some(Ok(line)) => line,
            _ => "",
        }
    }

    /// Collects bytes up to the end of a line.
    fn wait(&mut self) {
        loop {
            match machine::receive() {
                b'\n' => return,
                byte => drop(self.0.push(byte).is_some()),
            }
        }
    }
}

/// Boots the role and serves its console forever.
#[inline(never)]
pub fn serve(role: RoleKind, memory: &mut [u8]) {
    let identity = Identity { chip: machine::CHIP, chip_id: 1, role, seed: 1 };
    let Ok(mut agent) = Agent::boot(memory, identity) else { machine::exit(3) };
    let _ = agent.banner(&mut Uart);
    let mut lines = LineAssembler::default();
    let (mut clock, mut waited) = (Clock::start(), Micros(0));
    loop {
        let Some(line) = lines.push(machine::receive()) else { continue };
        let now = Micros(clock.micros().saturating_add(waited.get()));
        match line.map(|line| (line, step(line))) {
            Ok((_, Step::Wait(time))) => waited += time,
            Ok((_, Step::Skip)) => {}
            Ok((line, Step::Say(_))) => answer(&mut agent, Ok(line), now),
            Err(failure) => answer(&mut agent, Err(failure), now),
        }
    }
}

fn answer(agent: &mut Agent<&mut [u8]>, line: Result<&str, Failure>, now: Micros) {
    // The reply says what failed.
    let _ = agent.line(line, now, &mut (), &mut Uart);
}
