//! A session with a board: the port that comes and goes, the keys, the transcript.

use super::decode::Decoder;
use super::echo::{self, Echo, is_banner};
use super::keys::{Input, MENU, RawMode, listen};
use super::log::Log;
use super::piped::Piped;
use super::transcript::{Form, Transcript};
use crate::board::fault;
use crate::board::port::SelectedPort;
use crate::error::{CliError, Exit, Stop};
use crate::interrupt;
use crate::output::Output;
use espflash::connection::Port;
use serialport::SerialPort;
use std::io::{self, ErrorKind, IsTerminal, Read, Write};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

/// How often a port that went away is looked for.
const LOOK: Duration = Duration::from_millis(250);

/// What the port cannot do.
const NO_RESET: &str = "the port has no reset lines: press RESET on the board, or use --no-reset";

/// How to listen.
#[derive(Debug)]
pub struct Options {
    /// Bits a second.
    pub baud: u32,
    /// Reset the board first?
    pub reset: bool,
    /// Bytes as they come?
    pub raw: bool,
    /// The file in which whole lines are kept.
    pub log: Option<PathBuf>,
    /// The program's names.
    pub decoder: Option<Decoder>,
    /// Where ELFs of `build` lie, to find the program by the chip that the banner names.
    pub built: Option<PathBuf>,
}

/// A session.
struct Session<'o> {
    port: SelectedPort,
    baud: u32,
    serial: Option<Port>,
    keys: Receiver<Input>,
    transcript: Transcript<Log>,
    built: Option<PathBuf>,
    output: &'o Output,
    begun: Instant,
    last_heard: Instant,
    /// Is the terminal in raw mode?
    typed: bool,
    raw: bool,
    echo: Echo,
    piped: Piped,
}

/// Listens until the user leaves. Gives how it ended.
///
/// # Errors
/// A port that cannot be opened at the start, and what screen and log refuse.
pub fn run(port: SelectedPort, options: Options, output: &Output) -> Result<Exit, Stop> {
    interrupt::note_only();
    let mut serial = open(&port, options.baud)?;
    // A log is begun only for a board that is there.
    let log = options.log.as_deref().map(Log::open).transpose()?;
    let is_deaf = options.reset && reset(&mut serial).is_err();
    let typed = output.interactive && io::stdout().is_terminal();
    let _raw_mode = if typed { Some(RawMode::begin()?) } else { None };
    let form = match (output.json, options.raw) {
        (true, _) => Form::Json,
        (_, true) => Form::Raw,
        _ => Form::Lines { carriage_return: typed },
    };
    let now = Instant::now();
    let mut session = Session {
        port,
        baud: options.baud,
        serial: Some(serial),
        keys: listen(typed),
        transcript: Transcript::new(form, log, options.decoder),
        built: options.built,
        output,
        begun: now,
        last_heard: now,
        typed,
        raw: options.raw,
        echo: Echo { wanted: typed && !options.raw, on: false },
        piped: Piped::default(),
    };
    session.note(&format!(
        "{} at {} baud; {}",
        session.port.name,
        session.baud,
        if typed { MENU } else { "Ctrl-C leaves" }
    ));
    if is_deaf {
        session.note(NO_RESET);
    }
    session.ask_for_echo();
    let ended = session.follow();
    session.leave(&ended)?;
    ended
}

impl Session<'_> {
    fn follow(&mut self) -> Result<Exit, Stop> {
        loop {
            if interrupt::asked() {
                return Ok(Exit::Interrupted);
            }
            self.receive()?;
            if let Some(exit) = self.typed_input() {
                return Ok(exit);
            }
            if let Some(end) = self.piped.end(self.last_heard.elapsed(), self.serial.is_some()) {
                return end;
            }
        }
    }

    /// Reads what is there, for at most a tenth of a second; looks for the port where there is none.
    fn receive(&mut self) -> Result<(), Stop> {
        let Some(serial) = &mut self.serial else {
            std::thread::sleep(LOOK);
            if let Ok(serial) = open(&self.port, self.baud) {
                self.serial = Some(serial);
                self.note("the port is back");
                self.ask_for_echo();
            }
            return Ok(());
        };
        let mut buffer = [0; 4096];
        match serial.read(&mut buffer) {
            Ok(length @ 1..) => self.on_bytes(buffer.get(..length).unwrap_or_default()),
            Err(error) if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::Interrupted) => Ok(()),
            _ => {
                self.serial = None;
                self.transcript.finish(self.begun.elapsed(), &mut self.screen())?;
                self.note("the port went away; waiting for it, Ctrl-C leaves");
                Ok(())
            }
        }
    }

    fn on_bytes(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        self.last_heard = Instant::now();
        let (mut variant, mut restarted) = (None, false);
        let at = self.begun.elapsed();
        let mut screen = self.screen();
        self.transcript.feed(bytes, at, &mut screen, |line| {
            let named = line.split_whitespace().find_map(|word| word.strip_prefix("variant="));
            variant = named.map(str::to_string).or(variant.take());
            restarted |= is_banner(line);
        })?;
        self.piped.receive();
        if restarted {
            self.piped.restart();
            self.echo.restart();
            self.ask_for_echo();
        }
        self.echo.receive(self.transcript.open_line());
        if let (Some(variant), Some(directory), None) = (variant, &self.built, &self.transcript.decoder) {
            let file = directory.join(format!("ruvllm-esp-{variant}.elf"));
            self.transcript.decoder = Decoder::open(&file).ok();
        }
        Ok(())
    }

    /// Does what was typed. Gives the exit when it was to leave.
    fn typed_input(&mut self) -> Option<Exit> {
        loop {
            match self.keys.try_recv() {
                Ok(Input::Bytes(bytes)) => {
                    let is_sent = self.send(&bytes);
                    self.echo.keys(if self.typed { &bytes } else { &[] });
                    self.piped.send(&bytes, is_sent);
                }
                Ok(Input::Reset) => {
                    let done = self.serial.as_mut().is_some_and(|serial| reset(serial).is_ok());
                    self.note(if done { "reset" } else { "the port has no reset lines" });
                    self.ask_for_echo();
                }
                Ok(Input::Menu) => self.note(MENU),
                Ok(Input::Leave) => return Some(Exit::Ok),
                Ok(Input::Interrupt) => return Some(Exit::Interrupted),
                // Nothing piped in, as from /dev/null: the user wants to listen.
                Ok(Input::Ended(count)) => self.piped.ended = count > 0,
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => return None,
            }
        }
    }

    /// Bytes for the board; false where they are lost, as while the port is away, which the screen shows.
    fn send(&mut self, bytes: &[u8]) -> bool {
        self.last_heard = Instant::now();
        let sent = self.serial.as_mut().map(|serial| serial.write_all(bytes).and_then(|()| serial.flush()));
        sent.is_some_and(|sent| sent.is_ok())
    }

    /// A person sees what is typed; a script does not.
    fn ask_for_echo(&mut self) {
        if self.echo.wanted {
            self.send(echo::ON);
        }
    }

    /// Raw bytes go out as they are; elsewhere a pipe gets no escape sequences.
    fn screen(&self) -> Box<dyn Write> {
        if self.raw { Box::new(io::stdout().lock()) } else { Box::new(anstream::stdout().lock()) }
    }

    /// A word of the monitor's own.
    fn note(&self, text: &str) {
        let end = if self.typed { "\r" } else { "" };
        self.output.info(&format!("{end}-- {text}{end}"));
    }

    /// Leaves the board as scripts expect it, and the log whole.
    fn leave(&mut self, ended: &Result<Exit, Stop>) -> Result<(), Stop> {
        if self.echo.on {
            self.send(echo::OFF);
        }
        let at = self.begun.elapsed();
        match ended {
            Err(_) => Ok(self.transcript.finish(at, &mut io::sink())?),
            Ok(_) => Ok(self.transcript.finish(at, &mut self.screen())?),
        }
    }
}

fn open(port: &SelectedPort, baud: u32) -> Result<Port, CliError> {
    let builder = serialport::new(&port.name, baud).timeout(Duration::from_millis(100));
    builder.open_native().map_err(|error| fault::open(&error, port))
}

/// Pulls the reset line for a moment, with the boot pin left alone.
fn reset(serial: &mut Port) -> serialport::Result<()> {
    serial.write_data_terminal_ready(false)?;
    serial.write_request_to_send(true)?;
    std::thread::sleep(Duration::from_millis(100));
    serial.write_request_to_send(false)
}
