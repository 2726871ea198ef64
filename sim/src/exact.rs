//! A flash image on an emulated chip, talked to over its console: what the chip says, and how long it took.
//!
//! The image is the one that is flashed, unmodified. The console has no mark at the end of a reply, so a reply ends when
//! the program looks for input again and again and finds none, with all its output gone. Time is the chip's own; only
//! a wait is short-cut ([`Exact::wait`]). The port is USB-Serial-JTAG, which adds no baud rate to the time of a reply; the time
//! in which it has no room, because the host has not fetched the last packet, is taken off, for it is the host's.

use crate::cost::{self, Cost, CostTable};
use crate::emulator::board::time::{MICROSECOND, Ticks};
use crate::emulator::board::unmodelled::UnmodelledRegister;
use crate::emulator::board::{Board, BoardConfig, BoardError, Halt, Port, Rom, Start, milliseconds};
use crate::emulator::{Fault, chip};
use crate::exact_failure::NoConsole;
use ruvllm_esp_core::chip::Chip;
use ruvllm_esp_core::console::Failure;
use ruvllm_esp_core::limits::LINE_LIMIT;
use ruvllm_esp_core::role::RoleKind;
use ruvllm_esp_core::units::Micros;
use thiserror::Error;

/// The longest start: the ROM, the bootloader, the firmware.
const START: Ticks = milliseconds(10_000);
/// The longest answer: the firmware's watchdog lets no command take longer.
const ANSWER: Ticks = milliseconds(30_000);
/// How long a chip that is spoken to waits at least before time is skipped.
const SETTLE: Ticks = milliseconds(200);
/// A chip that starts so often without its console coming up does not come up: the firmware itself gives up an agent that
/// failed three times, and shows its console then.
const MAX_STARTS: usize = 6;
/// The end of what a chip says at its start.
const READY: &[u8] = b"type '";
const PORT: Port = Port::Usb;

/// Why an image cannot be run, or not on.
#[derive(Debug, Error)]
pub enum ExactError {
    /// No emulator for the chip.
    #[error("{0} has no emulator; esp32c3 and esp32c6 have")]
    NoEmulator(&'static str),
    /// The board cannot be made.
    #[error(transparent)]
    Board(#[from] BoardError),
    /// The image does not come up.
    #[error("{0}")]
    NoConsole(Box<NoConsole>),
    /// The program does not answer, and does not restart either.
    #[error("no answer: {0}")]
    NoAnswer(Box<NoConsole>),
    /// The program failed for good.
    #[error("{0}")]
    Fault(Fault),
}

/// What one line did.
#[derive(Clone, Debug)]
pub struct Reply {
    /// What the chip wrote.
    pub text: String,
    /// The code of the error, where the chip reported one.
    pub error: Option<String>,
    /// How long it took, from the line's first byte to the reply's last, less the waits for the host.
    pub cost: Cost,
}

/// A chip that runs an image.
#[derive(Debug)]
pub struct Exact {
    board: Board,
    chip: &'static Chip,
    table: &'static CostTable,
    log: String,
    banner: String,
    spent: Ticks,
    commands: u32,
    failures: u32,
    /// Has the other end of the console gone?
    gone: fn() -> bool,
}

impl Exact {
    /// Starts `flash`, a merged image, from power-on until its console is there.
    ///
    /// # Errors
    /// [`ExactError`], with what the chip last said where no console came.
    pub fn boot(
        chip: &'static Chip,
        rom: &Rom,
        flash: Vec<u8>,
        board_config: BoardConfig,
    ) -> Result<Self, ExactError> {
        let no_emulator = ExactError::NoEmulator(chip.name);
        let (Some(core), Some(table)) = (chip::by_name(chip.name), cost::table(chip)) else {
            return Err(no_emulator);
        };
        let board = Board::new(core, rom, flash, board_config)?;
        let (log, banner) = (String::new(), String::new());
        let mut exact =
            Self { board, chip, table, log, banner, spent: 0, commands: 0, failures: 0, gone: || false };
        exact.start()?;
        Ok(exact)
    }

    /// Waits for the console of a chip that starts.
    fn start(&mut self) -> Result<(), ExactError> {
        let (began, before) = (self.board.now(), self.board.starts().len().saturating_sub(1));
        self.board.forget_reads();
        let is_over = |board: &Board| is_ready(board) || board.starts().len() > before + MAX_STARTS;
        let halt = self.board.run_until(START, is_over);
        let is_ready = is_ready(&self.board);
        let said = String::from_utf8_lossy(&self.board.take_serial_out(PORT)).into_owned();
        match halt {
            Halt::Reached if is_ready => {}
            Halt::Fault(fault) => return Err(ExactError::Fault(fault)),
            Halt::Reached | Halt::TimeOut | Halt::Asleep => {
                return Err(ExactError::NoConsole(self.failure(began, before, &said)));
            }
        }
        let (log, banner) = split(&said);
        (self.log, self.banner) = (log.to_string(), banner.to_string());
        Ok(())
    }

    /// What the chip came to since `began`, when it had started `before` times.
    fn failure(&mut self, began: Ticks, before: usize, said: &str) -> Box<NoConsole> {
        let waited = self.board.now().saturating_sub(began);
        let starts = self.board.starts().len().saturating_sub(before);
        Box::new(NoConsole::of(&mut self.board, waited, starts, said))
    }

    /// Gives the chip a number and a role, as a person would: in its settings, by its console; and starts it again.
    ///
    /// # Errors
    /// As for [`Exact::boot`].
    pub fn configure(&mut self, chip_id: u16, role: RoleKind) -> Result<(), ExactError> {
        let wanted = format!("role={} chip_id={chip_id} ", role.name());
        if self.banner.contains(&wanted) {
            return Ok(());
        }
        for line in [format!("chip config id {chip_id}"), format!("chip config role {}", role.alias())] {
            self.line(Ok(&line))?;
        }
        (self.spent, self.commands, self.failures) = (0, 0, 0);
        self.reset()
    }

    /// Has the chip restart, and waits until its console is there.
    ///
    /// # Errors
    /// As for [`Exact::boot`].
    pub fn reset(&mut self) -> Result<(), ExactError> {
        self.board.serial_in(PORT, b"chip reset\n");
        self.start()
    }

    /// From now on a line is left unanswered once `gone` says that nobody waits for the answer. It is asked many times
    /// within each millisecond of the chip.
    pub fn answer_until(&mut self, gone: fn() -> bool) {
        self.gone = gone;
    }

    /// What ROM and bootloader said at the start.
    pub fn log(&self) -> &str {
        &self.log
    }

    /// What the firmware says at its start.
    pub fn banner(&self) -> &str {
        &self.banner
    }

    /// The kind of chip.
    pub fn chip(&self) -> &'static Chip {
        self.chip
    }

    /// Sends one line, and runs the chip until it has answered.
    ///
    /// A chip that restarts is waited for until its console is there again.
    ///
    /// # Errors
    /// [`ExactError::Fault`], [`ExactError::NoAnswer`], [`ExactError::NoConsole`].
    pub fn line(&mut self, line: Result<&str, Failure>) -> Result<Reply, ExactError> {
        match line {
            Ok(line) => self.bytes(line.as_bytes()),
            Err(Failure::NotUtf8) => self.bytes(&[0xff]),
            // Not as the first byte, where it may mean something to the port.
            Err(Failure::ControlByte(byte)) => self.bytes(&[b'x', byte]),
            // Longer than any line may be.
            Err(_) => self.bytes(&[b'x'; LINE_LIMIT + 1]),
        }
    }

    /// Sends the bytes of one line, whatever they are, and runs the chip until it has answered.
    ///
    /// # Errors
    /// As for [`Exact::line`].
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<Reply, ExactError> {
        let (began, (before, _)) = (self.board.now(), self.board.waited_for_room(PORT));
        let starts = self.board.starts().len();
        self.board.forget_reads();
        self.board.serial_in(PORT, bytes);
        self.board.serial_in(PORT, b"\n");
        let gone = self.gone;
        let is_over = |board: &Board| has_answered(board, starts) || is_stuck(board, starts) || gone();
        let halt = self.board.run_until(ANSWER, is_over);
        let (has_answered, is_stuck) = (has_answered(&self.board, starts), is_stuck(&self.board, starts));
        let text = String::from_utf8_lossy(&self.board.take_serial_out(PORT)).into_owned();
        let has_restarted = self.board.starts().len() > starts;
        match halt {
            Halt::Fault(fault) => return Err(ExactError::Fault(fault)),
            Halt::Reached if has_answered || !is_stuck => {}
            _ if has_restarted => return Err(ExactError::NoConsole(self.failure(began, starts, &text))),
            _ => return Err(ExactError::NoAnswer(self.failure(began, starts, &text))),
        }
        let ended = if text.is_empty() { self.board.now() } else { self.board.last_written(PORT) };
        let waited = self.board.waited_for_room(PORT).1.saturating_sub(before);
        let took = ended.saturating_sub(began + waited);
        let error = text.strip_prefix("err: ").and_then(|rest| rest.split_whitespace().next());
        // What restarts a chip that nobody told to is a failure of it.
        let is_crash = has_restarted && !is_reset(bytes);
        let error = error.or(is_crash.then_some("restarted")).map(str::to_string);
        self.spent += took;
        self.commands += 1;
        self.failures += u32::from(error.is_some());
        Ok(Reply { text, error, cost: self.table.cost_of_cycles(took) })
    }

    /// Lets time pass. A chip that waits for input does nothing else, so after a fifth of a second of that, its clocks
    /// are set forward and its watchdogs held.
    ///
    /// # Errors
    /// [`ExactError::Fault`].
    pub fn wait(&mut self, time: Micros) -> Result<(), ExactError> {
        let time = time.get().saturating_mul(MICROSECOND);
        let before = time.min(SETTLE);
        if let Halt::Fault(fault) = self.board.run_for(before) {
            return Err(ExactError::Fault(fault));
        }
        self.board.skip(time - before);
        Ok(())
    }

    /// The time since the board had power.
    pub fn now(&self) -> Micros {
        Micros(self.board.now() / MICROSECOND)
    }

    /// What all lines took together.
    pub fn total(&self) -> Cost {
        self.table.cost_of_cycles(self.spent)
    }

    /// Lines taken, and how many of them failed.
    pub fn commands(&self) -> (u32, u32) {
        (self.commands, self.failures)
    }

    /// The board, to cut its power or look into it.
    pub fn board(&mut self) -> &mut Board {
        &mut self.board
    }

    /// Every register that was used and is not modelled.
    pub fn unmodelled(&self) -> Vec<UnmodelledRegister> {
        self.board.unmodelled()
    }
}

/// Is the console there, and ready for a line?
fn is_ready(board: &Board) -> bool {
    board.is_waiting_for_input(PORT) && find(board.serial_out(PORT), READY).is_some()
}

/// Is the answer over, of a chip that had started `starts` times when it was asked?
fn has_answered(board: &Board, starts: usize) -> bool {
    if board.starts().len() > starts { is_ready(board) } else { board.is_waiting_for_input(PORT) }
}

/// Has the chip restarted since, too often or too long ago for a console to come?
fn is_stuck(board: &Board, starts: usize) -> bool {
    let since = board.starts().get(starts..).and_then(<[Start]>::last).map(|start| start.at);
    since.is_some_and(|at| {
        board.starts().len() >= starts + MAX_STARTS || board.now().saturating_sub(at) > START
    })
}

/// Does this line ask the chip to restart?
fn is_reset(line: &[u8]) -> bool {
    std::str::from_utf8(line).is_ok_and(|line| line.split_whitespace().eq(["chip", "reset"]))
}

/// What ROM and bootloader say, and what the firmware says after them.
fn split(said: &str) -> (&str, &str) {
    let begins = |line: &str| line.starts_with("ruvllm-esp ") || line.starts_with("[panic] ");
    let mut at = 0;
    for line in said.split_inclusive('\n') {
        if begins(line) {
            return said.split_at(at);
        }
        at += line.len();
    }
    (said, "")
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_banner_begins_where_the_bootloader_ends() {
        let said = "ESP-ROM:x\nI (1) boot: y\nruvllm-esp 0.1.0\nvariant=z\n";
        assert_eq!(split(said), ("ESP-ROM:x\nI (1) boot: y\n", "ruvllm-esp 0.1.0\nvariant=z\n"));
        assert_eq!(split("something else\n"), ("something else\n", ""));
    }
}
