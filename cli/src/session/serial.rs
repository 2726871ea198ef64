//! A simulated chip's serial port: bytes in, bytes out, as the firmware's own console does it.
//!
//! Echo and editing are the very code that the firmware runs (`Editor`), so a client cannot distinguish the two:
//! a program gets replies and nothing else, a person presses Ctrl-E first. What the port remembers belongs to the chip
//! and outlives the client.

use ruvllm_esp_core::console::{Failure, LineAssembler};
use ruvllm_esp_firmware_logic::editor::{Editor, KeyInput, Mode, PROMPT};

/// A line as it ended, or why no chip would take it.
pub type Line = Result<String, Failure>;

/// The chip's end of the line.
#[derive(Debug, Default)]
pub struct SerialPort {
    editor: Editor,
    assembler: LineAssembler,
}

impl SerialPort {
    /// Takes a byte; what is to be shown for it is appended to `out`. Gives the line that it ended.
    pub fn on_byte(&mut self, byte: u8, out: &mut Vec<u8>) -> Option<Line> {
        let Self { editor, assembler } = self;
        let line = match editor.push(byte, &mut |shown| out.extend(shown)) {
            KeyInput::Nothing => None,
            KeyInput::Byte(byte) => assembler.push(byte),
            KeyInput::Line(line) => {
                for byte in line {
                    // No byte of an edited line ends it.
                    let _ = assembler.push(*byte);
                }
                assembler.push(b'\n')
            }
        };
        line.map(|line| line.map(str::to_string))
    }

    /// What goes out for what the chip has to say: a terminal needs a carriage return before a line feed.
    pub fn reply(&self, text: &str, out: &mut Vec<u8>) {
        match self.editor.mode() {
            Mode::Raw => out.extend(text.bytes()),
            Mode::Echo => {
                out.extend(text.replace('\n', "\r\n").bytes());
                out.extend(PROMPT);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What goes out where every line is answered with `ok`.
    fn talk(port: &mut SerialPort, bytes: &[u8]) -> String {
        let mut out = Vec::new();
        for byte in bytes {
            if let Some(line) = port.on_byte(*byte, &mut out) {
                let text = line.map_or_else(|failure| format!("{failure}\n"), |line| format!("ok {line}\n"));
                port.reply(&text, &mut out);
            }
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_program_gets_replies_and_nothing_else() {
        let mut port = SerialPort::default();
        assert_eq!(talk(&mut port, b"role\r\nst"), "ok role\n");
        assert_eq!(talk(&mut port, b"ats\n"), "ok stats\n");
        assert!(talk(&mut port, b"\x01\n").starts_with("err: control-byte "));
        assert!(
            talk(&mut port, &[[b'x'; 300].as_slice(), b"\n"].concat()).starts_with("err: line-too-long ")
        );
    }

    #[test]
    fn a_person_gets_an_echo_and_a_prompt() {
        let mut port = SerialPort::default();
        assert_eq!(talk(&mut port, b"\x05rope\x7f\x7fle\r"), "> rope\x08 \x08\x08 \x08le\r\nok role\r\n> ");
        assert_eq!(talk(&mut port, b"\x04role\n"), "\r\nok role\n");
    }
}
