//! Echo and backspace when a person types, nothing when a program does.
//!
//! A port starts raw: every byte goes to the console as it came, and what comes back is the console's reply alone, so a
//! script sees the bytes that the simulator would give it. Ctrl-E as the first byte of a line begins a session for a
//! person: the chip echoes, edits and prompts. Ctrl-D ends it. Both are idempotent, so that a program can make sure of a
//! raw port without knowing its state, and neither can stand in a text. Nothing is guessed from timing.

/// The longest line that can be edited, in bytes; the console's own limit.
pub const LINE_LIMIT: usize = 256;

/// Begins a session for a person.
pub const CONTROL_E: u8 = 0x05;

/// Ends it.
pub const CONTROL_D: u8 = 0x04;

/// What stands before the cursor when a person may type.
pub const PROMPT: &[u8] = b"> ";

const CONTROL_C: u8 = 0x03;
const BACKSPACE: u8 = 0x08;
const CONTROL_U: u8 = 0x15;
const ESCAPE: u8 = 0x1b;
const DELETE: u8 = 0x7f;
const BELL: &[u8] = b"\x07";
const RUB_OUT: &[u8] = b"\x08 \x08";

/// Who is at the other end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// A program: bytes pass as they are.
    #[default]
    Raw,
    /// A person: bytes are echoed and a line can be edited.
    Echo,
}

/// What a byte gives to the console.
#[derive(Debug, PartialEq, Eq)]
pub enum KeyInput<'e> {
    /// Nothing yet.
    Nothing,
    /// This byte, as it came.
    Byte(u8),
    /// A line without its end.
    Line(&'e [u8]),
}

/// How far a key that sends several bytes has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    Plain,
    Escaped,
    Sequence,
}

/// One port's line as it is typed.
#[derive(Clone, Debug)]
pub struct Editor {
    mode: Mode,
    line: [u8; LINE_LIMIT],
    length: usize,
    key: Key,
    /// The byte before this one; none has come where it is a line feed.
    last: u8,
}

impl Default for Editor {
    fn default() -> Self {
        Self { mode: Mode::Raw, line: [0; LINE_LIMIT], length: 0, key: Key::Plain, last: b'\n' }
    }
}

impl Editor {
    /// Who is at the other end.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Changes the mode between two lines.
    pub fn set_mode(&mut self, mode: Mode) {
        self.mode = mode;
        self.length = 0;
        self.key = Key::Plain;
    }

    /// Takes one byte; what is to be shown for it goes to `show`.
    pub fn push(&mut self, byte: u8, show: &mut impl FnMut(&[u8])) -> KeyInput<'_> {
        let last = core::mem::replace(&mut self.last, byte);
        match self.mode {
            Mode::Raw => self.pass(byte, matches!(last, b'\n' | b'\r' | CONTROL_D | CONTROL_E), show),
            Mode::Echo => self.edit(byte, last, show),
        }
    }

    fn pass(&mut self, byte: u8, at_start: bool, show: &mut impl FnMut(&[u8])) -> KeyInput<'_> {
        match byte {
            CONTROL_E if at_start => {
                self.set_mode(Mode::Echo);
                show(PROMPT);
                KeyInput::Nothing
            }
            CONTROL_D if at_start => KeyInput::Nothing,
            byte => {
                if matches!(byte, CONTROL_D | CONTROL_E) {
                    self.last = 0; // within a line it is the console's to refuse
                }
                KeyInput::Byte(byte)
            }
        }
    }

    fn edit(&mut self, byte: u8, last: u8, show: &mut impl FnMut(&[u8])) -> KeyInput<'_> {
        if self.key != Key::Plain || byte == ESCAPE {
            self.swallow(byte);
            return KeyInput::Nothing;
        }
        match byte {
            b'\n' if last == b'\r' => {}
            b'\r' | b'\n' => {
                show(b"\r\n");
                let length = core::mem::take(&mut self.length);
                return KeyInput::Line(self.line.get(..length).unwrap_or_default());
            }
            BACKSPACE | DELETE => self.rub_out(show),
            CONTROL_U => {
                while self.length > 0 {
                    self.rub_out(show);
                }
            }
            CONTROL_C => {
                self.length = 0;
                show(b"^C\r\n");
                show(PROMPT);
            }
            CONTROL_D => {
                self.set_mode(Mode::Raw);
                show(b"\r\n");
            }
            CONTROL_E => {}
            b'\t' => self.append(b' ', show),
            0x20.. => self.append(byte, show),
            _ => show(BELL),
        }
        KeyInput::Nothing
    }

    /// Reads past the bytes of an arrow or function key, which do nothing here.
    fn swallow(&mut self, byte: u8) {
        self.key = match (self.key, byte) {
            (Key::Plain, _) | (_, ESCAPE) => Key::Escaped,
            (Key::Escaped, b'[' | b'O') => Key::Sequence,
            (Key::Sequence, 0x20..=0x3f) => Key::Sequence,
            _ => Key::Plain,
        };
    }

    fn append(&mut self, byte: u8, show: &mut impl FnMut(&[u8])) {
        match self.line.get_mut(self.length) {
            Some(slot) => {
                *slot = byte;
                self.length += 1;
                show(&[byte]);
            }
            None => show(BELL),
        }
    }

    /// Removes the last character with all of its bytes.
    fn rub_out(&mut self, show: &mut impl FnMut(&[u8])) {
        let continues = |byte: Option<&u8>| byte.is_some_and(|byte| byte & 0xc0 == 0x80);
        if self.length == 0 {
            return show(BELL);
        }
        self.length -= 1;
        while self.length > 0 && continues(self.line.get(self.length)) {
            self.length -= 1;
        }
        show(RUB_OUT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    /// What the console gets, and what the terminal shows.
    fn run(editor: &mut Editor, bytes: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let (mut given, mut shown) = (Vec::new(), Vec::new());
        for byte in bytes {
            match editor.push(*byte, &mut |bytes| shown.extend(bytes)) {
                KeyInput::Nothing => {}
                KeyInput::Byte(byte) => given.push(byte),
                KeyInput::Line(line) => {
                    given.extend(line);
                    given.push(b'\n');
                }
            }
        }
        (given, shown)
    }

    fn person(bytes: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let mut editor = Editor::default();
        run(&mut editor, &[CONTROL_E]);
        run(&mut editor, bytes)
    }

    #[test]
    fn a_person_sees_what_is_typed_and_can_mend_it() {
        assert_eq!(
            person(b"rope\x7f\x7fle\r"),
            (b"role\n".to_vec(), b"rope\x08 \x08\x08 \x08le\r\n".to_vec())
        );
        assert_eq!(person(b"junk\x15role\r\n").0, b"role\n");
        assert_eq!(person(b"junk\x03role\n").0, b"role\n");
        assert_eq!(person("ä\x7fok\r".as_bytes()).0, b"ok\n");
        assert_eq!(person("ä\x7f".as_bytes()).1, "ä\x08 \x08".as_bytes());
        assert_eq!(person(b"\x1b[Ar\x1b[3~o\x1bOPle\r").0, b"role\n");
        assert_eq!(person(b"\x7f").1, BELL);
    }

    #[test]
    fn a_line_too_long_to_edit_rings_and_keeps_what_it_has() {
        let mut line = std::vec![b'x'; LINE_LIMIT + 3];
        line.push(b'\r');
        let (given, shown) = person(&line);
        assert_eq!(given.len(), LINE_LIMIT + 1);
        assert_eq!(shown.iter().filter(|byte| **byte == BELL[0]).count(), 3);
    }

    #[test]
    fn the_modes_change_at_the_start_of_a_line_and_as_often_as_one_likes() {
        let mut editor = Editor::default();
        assert_eq!(run(&mut editor, b"\x04\x04role\n"), (b"role\n".to_vec(), Vec::new()));
        assert_eq!(run(&mut editor, b"\x05\x05ro").1, b"> ro");
        assert_eq!(run(&mut editor, b"\x04role\n").0, b"role\n");
        assert_eq!(editor.mode(), Mode::Raw);
        assert_eq!(run(&mut editor, b"a\x05b\x05\n").0, b"a\x05b\x05\n");
        assert_eq!(editor.mode(), Mode::Raw);
    }

    proptest! {
        #[test]
        fn a_raw_port_passes_every_byte_and_shows_none(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            // All but a Ctrl-D or Ctrl-E that begins a line.
            let mut text: Vec<u8> = Vec::new();
            for byte in bytes {
                let starts = text.last().is_none_or(|last| matches!(last, b'\n' | b'\r'));
                if !(starts && matches!(byte, CONTROL_D | CONTROL_E)) {
                    text.push(byte);
                }
            }
            prop_assert_eq!(run(&mut Editor::default(), &text), (text, Vec::new()));
        }

        #[test]
        fn whatever_a_person_types_the_console_gets_printable_lines(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let typed: Vec<u8> = bytes.into_iter().filter(|byte| *byte != CONTROL_D).collect();
            for line in person(&typed).0.split(|byte| *byte == b'\n') {
                prop_assert!(line.len() <= LINE_LIMIT && line.iter().all(|byte| *byte >= 0x20 && *byte != 0x7f));
            }
        }
    }
}
