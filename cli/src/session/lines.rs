//! Lines as bytes bring them: from a pipe as they arrive, from a file, from a bundled scenario.

use super::{Event, LineSource};
use crate::error::{CliError, Stop};
use ruvllm_esp_core::console::{Failure, LineAssembler};
use ruvllm_esp_sim::script::{ScriptError, Step, parse_step};
use std::io::{ErrorKind, Read};

/// Reads lines the way a chip does, byte by byte, and hands out each as soon as it is whole.
pub struct Lines<Input: Read> {
    input: Input,
    /// The name of the input, for errors.
    name: String,
    assembler: LineAssembler,
    buffer: Vec<u8>,
    position: usize,
    number: u64,
    ended: bool,
    /// The line so far, as it came, up to [`MAX_RAW`].
    raw: Vec<u8>,
}

/// The most that is kept of a line that no chip takes.
const MAX_RAW: usize = 1 << 20;

impl<Input: Read> Lines<Input> {
    /// Lines of `input`, called `name` in errors.
    pub fn new(input: Input, name: impl Into<String>) -> Self {
        Self {
            input,
            name: name.into(),
            assembler: LineAssembler::default(),
            buffer: Vec::new(),
            position: 0,
            number: 0,
            ended: false,
            raw: Vec::new(),
        }
    }

    /// The next byte; waits for one where there is none yet.
    fn byte(&mut self) -> Result<Option<u8>, Stop> {
        while self.position == self.buffer.len() && !self.ended {
            self.buffer.resize(8 * 1024, 0);
            self.position = 0;
            let length = match self.input.read(&mut self.buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {
                    self.buffer.clear();
                    continue;
                }
                outcome => outcome.map_err(|error| unreadable(&self.name, &error))?,
            };
            self.buffer.truncate(length);
            self.ended = length == 0;
        }
        let byte = self.buffer.get(self.position).copied();
        self.position += usize::from(byte.is_some());
        Ok(byte)
    }

    fn line(&mut self) -> Result<Option<Result<String, Failure>>, Stop> {
        self.raw.clear();
        while let Some(byte) = self.byte()? {
            if !matches!(byte, b'\n' | b'\r') && self.raw.len() < MAX_RAW {
                self.raw.push(byte);
            }
            if let Some(line) = self.assembler.push(byte) {
                return Ok(Some(line.map(str::to_string)));
            }
        }
        Ok(self.assembler.end().map(|line| line.map(str::to_string)))
    }
}

impl<Input: Read> LineSource for Lines<Input> {
    fn next(&mut self) -> Result<Option<Event>, Stop> {
        self.number += 1;
        match self.line()? {
            Some(Ok(line)) => match event(&line) {
                Ok(event) => Ok(Some(event)),
                Err(error) => Err(bad_directive(&format!("{}:{}: ", self.name, self.number), &error).into()),
            },
            Some(Err(failure)) => Ok(Some(Event::Refused(failure, std::mem::take(&mut self.raw)))),
            None => Ok(None),
        }
    }
}

/// What a line of a script means.
///
/// # Errors
/// A directive that is none.
pub fn event(line: &str) -> Result<Event, ScriptError> {
    Ok(match parse_step(line)? {
        Step::Say(line) => Event::Line(Ok(line.to_string())),
        Step::Wait(time) => Event::Wait(time),
        Step::Remark(text) => Event::Remark(text.to_string()),
    })
}

/// The error of a directive; `location` says where it stands.
pub fn bad_directive(location: &str, error: &ScriptError) -> CliError {
    CliError::usage("cli::bad-directive", format!("{location}{error}"))
        .help("a line that begins with `@` is for the simulator: `@wait 2h30m` lets that much time pass")
}

/// The error of an input that cannot be read.
pub fn unreadable(name: &str, error: &std::io::Error) -> CliError {
    CliError::usage("cli::cannot-read", format!("{name}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ruvllm_esp_core::units::Micros;

    fn events(text: &[u8]) -> Vec<Event> {
        let mut lines = Lines::new(text, "test");
        std::iter::from_fn(|| lines.next().unwrap()).collect()
    }

    #[test]
    fn every_line_is_an_event() {
        let info = |text: &str| Event::Line(Ok(text.to_string()));
        assert_eq!(
            events(b"# hello\r\nadd a pump\n@wait 2s\n\nrole"),
            [
                Event::Remark("hello".into()),
                info("add a pump"),
                Event::Wait(Micros(2_000_000)),
                info(""),
                info("role")
            ]
        );
        assert_eq!(events(b"role\n\xff\r\n")[1..], [Event::Refused(Failure::NotUtf8, vec![0xff])]);
        let long = vec![b'y'; 300];
        assert_eq!(events(&long), [Event::Refused(Failure::LineTooLong, long)]);
    }

    #[test]
    fn a_wrong_directive_says_where_it_stands() {
        let mut lines = Lines::new(&b"role\n@wiat 2s\n"[..], "notes.txt");
        lines.next().unwrap();
        let Err(Stop::Error(error)) = lines.next() else { panic!("not refused") };
        assert!(error.to_string().contains("notes.txt:2: "), "{error}");
    }
}
