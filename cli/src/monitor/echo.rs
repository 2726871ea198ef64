//! Whether the board echoes: asked for once for a person, and again when the board has restarted.
//!
//! Ctrl-E turns the echo on where a line begins, and the board answers with its prompt. Only then the bytes that turn it
//! off mean anything to the board; at any other time they would be the beginning of its next line.

/// Turns the board's echo on, at the start of a line.
pub const ON: &[u8] = b"\x05";
/// Clears the line, and turns the echo off.
pub const OFF: &[u8] = b"\x15\x04";

/// How the board begins a line that it echoes.
const PROMPT: &[u8] = b"> ";

/// What is known of the echo.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Echo {
    /// Is it to be on?
    pub wanted: bool,
    /// Did the board say that it is?
    pub on: bool,
}

impl Echo {
    /// The board said this much of a line.
    pub fn receive(&mut self, open_line: &[u8]) {
        let begin = open_line.iter().position(|byte| *byte != b'\r').unwrap_or(open_line.len());
        self.on |= self.wanted && open_line.get(begin..).is_some_and(|line| line.starts_with(PROMPT));
    }

    /// The board restarted: it echoes no more.
    pub fn restart(&mut self) {
        self.on = false;
    }

    /// Keys go to the board; two of them turn the echo on and off.
    pub fn keys(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match byte {
                5 => self.wanted = true,
                4 => *self = Self::default(),
                _ => {}
            }
        }
    }
}

/// Is this the end of a banner?
pub fn is_banner(line: &str) -> bool {
    ["[ready] ", "[safe] "].iter().any(|begin| line.starts_with(begin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_echo_is_on_when_the_board_says_so() {
        let mut echo = Echo { wanted: true, on: false };
        echo.receive(b"role: x");
        assert!(!echo.on);
        echo.receive(b"\r> ro");
        assert!(echo.on);
        echo.restart();
        assert_eq!(echo, Echo { wanted: true, on: false });
        echo.receive(b"> ");
        echo.keys(b"\x04");
        assert_eq!(echo, Echo::default());
        echo.receive(b"> ");
        assert!(!echo.on, "nobody asked for it");
        assert!(
            is_banner("[ready] type 'help' for commands")
                && is_banner("[safe] the agent")
                && !is_banner("[panic] at x")
        );
    }
}
