//! What is typed: keys of a terminal in raw mode, bytes of a pipe.
//!
//! Keys that are the monitor's never reach the board; all others go there as the bytes a terminal would send.

use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use std::io::{self, Read};
use std::sync::mpsc::{Receiver, Sender, channel};

/// What Ctrl-T says.
pub const MENU: &str =
    "Ctrl-R reset the board   Ctrl-] leave   Ctrl-C leave with exit code 130   Ctrl-T this line";

/// What came from the keyboard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// For the board.
    Bytes(Vec<u8>),
    /// Reset it.
    Reset,
    /// Say what the keys are.
    Menu,
    /// Leave.
    Leave,
    /// Leave as an interrupt does.
    Interrupt,
    /// The pipe has ended, after this many bytes.
    Ended(usize),
}

/// Raw mode for as long as it lives.
#[derive(Debug)]
pub struct RawMode(());

impl RawMode {
    /// Begins it.
    ///
    /// # Errors
    /// Those of the terminal.
    pub fn begin() -> io::Result<Self> {
        crossterm::terminal::enable_raw_mode().map(|()| Self(()))
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        let _ = crossterm::terminal::disable_raw_mode();
    }
}

/// Listens to the keyboard (`keys`) or to a pipe.
pub fn listen(keys: bool) -> Receiver<Input> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || if keys { type_keys(&sender) } else { read_pipe(&sender) });
    receiver
}

fn type_keys(sender: &Sender<Input>) {
    while let Ok(event) = event::read() {
        let input = match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => meaning(key),
            _ => None,
        };
        if let Some(input) = input
            && sender.send(input).is_err()
        {
            return;
        }
    }
}

fn read_pipe(sender: &Sender<Input>) {
    let (mut stdin, mut buffer, mut count) = (io::stdin().lock(), [0; 1024], 0);
    while let Ok(length @ 1..) = stdin.read(&mut buffer) {
        count += length;
        let bytes = buffer.get(..length).unwrap_or_default().to_vec();
        if sender.send(Input::Bytes(bytes)).is_err() {
            return;
        }
    }
    let _ = sender.send(Input::Ended(count));
}

/// What a key is for.
fn meaning(key: KeyEvent) -> Option<Input> {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    Some(match key.code {
        KeyCode::Char('c') if control => Input::Interrupt,
        // The byte of Ctrl-] arrives as Ctrl-5 on some terminals.
        KeyCode::Char(']' | '5') if control => Input::Leave,
        KeyCode::Char('r') if control => Input::Reset,
        KeyCode::Char('t') if control => Input::Menu,
        KeyCode::Char(letter @ 'a'..='z') if control => Input::Bytes(vec![letter as u8 & 0x1f]),
        // So do the bytes after it, and the one before it.
        KeyCode::Char(digit @ '4'..='7') if control => Input::Bytes(vec![digit as u8 - b'4' + 0x1c]),
        KeyCode::Char(' ') if control => Input::Bytes(vec![0]),
        KeyCode::Char(_) if control => return None,
        KeyCode::Char(character) => Input::Bytes(character.to_string().into_bytes()),
        KeyCode::Enter => Input::Bytes(b"\r".to_vec()),
        KeyCode::Backspace => Input::Bytes(vec![0x7f]),
        KeyCode::Tab => Input::Bytes(b"\t".to_vec()),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_the_monitor_stay_here_and_others_become_bytes() {
        let key = |code, modifiers| meaning(KeyEvent::new(code, modifiers));
        let control = |letter| key(KeyCode::Char(letter), KeyModifiers::CONTROL);
        assert_eq!(control(']'), Some(Input::Leave));
        assert_eq!(control('c'), Some(Input::Interrupt));
        assert_eq!(control('r'), Some(Input::Reset));
        assert_eq!(control('e'), Some(Input::Bytes(vec![5])));
        // Ctrl-\ and Ctrl-_ as a terminal's parser names them.
        assert_eq!(
            (control('4'), control('7')),
            (Some(Input::Bytes(vec![0x1c])), Some(Input::Bytes(vec![0x1f])))
        );
        assert_eq!((control('9'), control(' ')), (None, Some(Input::Bytes(vec![0]))));
        assert_eq!(key(KeyCode::Char('ä'), KeyModifiers::NONE), Some(Input::Bytes("ä".into())));
        assert_eq!(key(KeyCode::Enter, KeyModifiers::NONE), Some(Input::Bytes(b"\r".to_vec())));
        assert_eq!(key(KeyCode::Up, KeyModifiers::NONE), None);
    }
}
