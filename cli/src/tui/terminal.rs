//! The terminal, taken over and given back: at the end, after a panic, when a signal stops the program.

use crate::error::Exit;
use crossterm::cursor::Show;
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::execute;
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use std::io::{self, Stdout};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long the display has to end by itself when a signal stops it.
const GRACE: Duration = Duration::from_secs(1);

static TAKEN: AtomicBool = AtomicBool::new(false);
static STOP: AtomicBool = AtomicBool::new(false);
static HOOK: Once = Once::new();

/// A terminal that shows nothing but the display, for as long as this lives.
#[derive(Debug)]
pub struct Screen {
    /// Where it is drawn.
    pub terminal: Terminal<CrosstermBackend<Stdout>>,
}

impl Screen {
    /// Takes the terminal over.
    ///
    /// # Errors
    /// Those of the terminal; then it is as it was.
    pub fn take() -> io::Result<Self> {
        HOOK.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                // First the terminal: a message on a screen that goes away is read by nobody.
                give_back();
                before(panic);
            }));
        });
        // Where there can be no handler, the signal ends the program as ever.
        let _ = ctrlc::set_handler(|| {
            STOP.store(true, Ordering::SeqCst);
            // A terminal that has hung up may block a reader forever.
            std::thread::sleep(GRACE);
            give_back();
            std::process::exit(Exit::Interrupted as i32);
        });
        let taken = take_over().and_then(|()| Terminal::new(CrosstermBackend::new(io::stdout())));
        taken.map(|terminal| Self { terminal }).inspect_err(|_| give_back())
    }

    /// Gives the terminal back, stops the program as Ctrl-Z does elsewhere, and takes the terminal again when it goes on.
    ///
    /// # Errors
    /// Those of the terminal.
    #[cfg(unix)]
    pub fn suspend(&mut self) -> io::Result<()> {
        give_back();
        rustix::process::kill_current_process_group(rustix::process::Signal::TSTP)?;
        take_over()?;
        execute!(io::stdout(), crossterm::terminal::Clear(crossterm::terminal::ClearType::All))?;
        // With nothing drawn yet, so that all of it is drawn again.
        self.terminal = Terminal::new(CrosstermBackend::new(io::stdout()))?;
        Ok(())
    }

    /// There is no such thing here.
    ///
    /// # Errors
    /// None.
    #[cfg(not(unix))]
    pub fn suspend(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Lets go of a terminal that is gone: whatever is written to it fails, and to say so would fail too.
    pub fn abandon(self) {
        TAKEN.store(false, Ordering::SeqCst);
        std::mem::forget(self);
    }
}

fn take_over() -> io::Result<()> {
    TAKEN.store(true, Ordering::SeqCst);
    enable_raw_mode().and_then(|()| execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste))
}

/// Has the terminal vanished, as when its window is closed or its line is cut?
#[cfg(unix)]
pub fn is_gone() -> bool {
    rustix::termios::tcgetattr(io::stdin()).is_err()
}

/// A console of this system ends its programs with it.
#[cfg(not(unix))]
pub fn is_gone() -> bool {
    false
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

/// Did a signal ask the program to stop?
pub fn stop_requested() -> bool {
    STOP.load(Ordering::SeqCst)
}

/// Puts the terminal back as it was, once.
fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let _ = disable_raw_mode();
        let _ = execute!(io::stdout(), DisableBracketedPaste, LeaveAlternateScreen, Show);
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use portable_pty::{CommandBuilder, PtySize, native_pty_system};
    use std::io::Read;

    #[test]
    #[ignore = "panics on purpose, inside the test below"]
    fn panics_with_the_terminal_taken() {
        let _screen = Screen::take().unwrap();
        panic!("on purpose");
    }

    #[test]
    fn a_panic_gives_the_terminal_back_first() {
        let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let script = "before=$(stty -g); \"$0\" --ignored --exact --nocapture \"$1\"; \
                      [ \"$before\" = \"$(stty -g)\" ] && echo all restored";
        let mut command = CommandBuilder::new("sh");
        let name = "tui::terminal::tests::panics_with_the_terminal_taken";
        command.args(["-c", script, std::env::current_exe().unwrap().to_str().unwrap(), name]);
        command.env("TERM", "xterm");
        let mut child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (mut shown, mut buffer) = (String::new(), [0; 4096]);
        while let Ok(length @ 1..) = reader.read(&mut buffer) {
            shown += &String::from_utf8_lossy(&buffer[..length]);
        }
        child.wait().unwrap();
        let left = shown.find("\x1b[?1049l").unwrap_or_else(|| panic!("the screen was not left: {shown:?}"));
        assert!(shown.find("\x1b[?1049h").unwrap() < left, "{shown:?}");
        assert!(shown.contains("\x1b[?2004h") && shown.contains("\x1b[?2004l"), "{shown:?}");
        assert!(shown.find("on purpose").unwrap() > left, "the message came too early: {shown:?}");
        assert!(shown.contains("all restored"), "{shown:?}");
    }
}
