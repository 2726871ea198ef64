//! What became of input from a pipe: whether all of it was sent, and whether the last of it was answered.
//!
//! A script goes on after `monitor`, so success has to mean that the board received everything and was still there to answer.
//! The port has no mark at the end of a reply; what counts is that the board said anything after the last byte.

use crate::error::{CliError, Exit, Stop};
use std::time::Duration;

/// How long a board may be silent after it answered.
const LAST_WORDS: Duration = Duration::from_millis(1500);
/// How long an answer may take: the firmware's watchdog ends a command after ten seconds.
const ANSWER: Duration = Duration::from_secs(15);
/// How long the port may be away, as when a chip with USB of its own restarts.
const AWAY: Duration = Duration::from_secs(5);

/// The input so far.
#[derive(Debug, Default)]
pub struct Piped {
    /// Has it ended, and was there any?
    pub ended: bool,
    unsent: usize,
    /// Its last line, for what it was to do.
    last: Vec<u8>,
    is_answered: bool,
    is_cut: bool,
}

impl Piped {
    /// Bytes were sent, or were not.
    pub fn send(&mut self, bytes: &[u8], is_sent: bool) {
        self.unsent += if is_sent { 0 } else { bytes.len() };
        (self.is_answered, self.is_cut) = (false, false);
        let end = bytes.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r')).map_or(0, |at| at + 1);
        let text = bytes.get(..end).unwrap_or_default();
        match text.iter().rposition(|byte| *byte == b'\n') {
            Some(at) => self.last = text.get(at + 1..).unwrap_or_default().to_vec(),
            None if self.last.ends_with(b"\n") && !text.is_empty() => self.last = text.to_vec(),
            None => self.last.extend(text),
        }
        if bytes.ends_with(b"\n") {
            self.last.push(b'\n');
        }
    }

    /// The board said something.
    pub fn receive(&mut self) {
        (self.is_answered, self.is_cut) = (true, false);
    }

    /// The board restarted; what was sent before is forgotten, unless that was the command to restart.
    pub fn restart(&mut self) {
        self.is_cut = ![&b"chip reset"[..], b"chip crash"].iter().any(|begin| self.last.starts_with(begin));
    }

    /// How the session ends after this long a silence, if it does.
    ///
    /// # Errors
    /// `monitor::unsent`, `monitor::port-vanished`, `monitor::restarted`, `monitor::no-answer`.
    pub fn end(&self, silence: Duration, is_there: bool) -> Option<Result<Exit, Stop>> {
        let patience = match (is_there, self.is_answered) {
            (false, _) => AWAY,
            (true, true) => LAST_WORDS,
            (true, false) if self.unsent > 0 => LAST_WORDS,
            (true, false) => ANSWER,
        };
        (self.ended && silence > patience).then(|| self.verdict(is_there))
    }

    fn verdict(&self, is_there: bool) -> Result<Exit, Stop> {
        let error = match self {
            Self { unsent: 1.., .. } => CliError::runtime(
                "monitor::unsent",
                format!("the port was away: {} B of the input were not sent", self.unsent),
            ),
            _ if !is_there => {
                CliError::runtime("monitor::port-vanished", "the port went away and has not come back")
            }
            Self { is_cut: true, .. } => CliError::runtime(
                "monitor::restarted",
                "the board restarted before it had answered the last of the input",
            ),
            Self { is_answered: false, .. } => CliError::timeout(
                "monitor::no-answer",
                format!("the board did not answer the last of the input within {} s", ANSWER.as_secs()),
            ),
            _ => return Ok(Exit::Ok),
        };
        Err(error.help("see that the board runs with `ruvllm-esp monitor`, then send the input again").into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    fn code(piped: &Piped, is_there: bool) -> Option<&'static str> {
        match piped.end(LONG, is_there)? {
            Ok(exit) => Some(if exit == Exit::Ok { "ok" } else { "?" }),
            Err(Stop::Error(error)) => Some(error.code()),
            Err(Stop::PipeClosed) => Some("closed"),
        }
    }

    fn after(steps: impl FnOnce(&mut Piped)) -> Piped {
        let mut piped = Piped::default();
        steps(&mut piped);
        piped.ended = true;
        piped
    }

    #[test]
    fn only_what_was_received_and_answered_is_a_success() {
        let answered = after(|piped| {
            piped.send(b"role\n", true);
            piped.receive();
        });
        assert_eq!(code(&answered, true), Some("ok"));
        assert!(answered.end(Duration::from_millis(1400), true).is_none());
        assert_eq!(code(&answered, false), Some("monitor::port-vanished"));
        let silent = after(|piped| piped.send(b"role\n", true));
        assert_eq!(code(&silent, true), Some("monitor::no-answer"));
        assert!(silent.end(Duration::from_secs(10), true).is_none(), "a command may take that long");
        let unsent = after(|piped| {
            piped.send(b"role\n", false);
            piped.receive();
        });
        assert_eq!(code(&unsent, true), Some("monitor::unsent"));
        assert!(Piped::default().end(LONG, true).is_none(), "the input goes on");
    }

    #[test]
    fn a_board_that_restarts_owes_an_answer_if_no_restart_was_asked_for() {
        let ends = |pieces: &[&str], more: bool| {
            let piped = after(|piped| {
                pieces.iter().for_each(|piece| piped.send(piece.as_bytes(), true));
                piped.receive();
                piped.restart();
                if more {
                    piped.receive();
                }
            });
            code(&piped, true)
        };
        assert_eq!(ends(&["chip crash hang\nrole\n"], false), Some("monitor::restarted"));
        assert_eq!(ends(&["chip crash hang\nrole\n"], true), Some("ok"));
        assert_eq!(ends(&["role\nchip ", "reset\n"], false), Some("ok"));
        assert_eq!(ends(&["role\n", "chip crash\n\n"], false), Some("ok"));
    }
}
