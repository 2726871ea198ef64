//! The display: a fleet in the terminal, looked at and played with.
//!
//! An event becomes an [`action`], an action changes the [`app`], and the app is drawn. The source runs in a thread of its
//! own and is never waited for.
//!
//! - [`action`], [`keymap`]: what can be asked for, and by which keys
//! - [`app`], [`update`]: what the display knows, and how that changes
//! - [`roster`], [`history`], [`timeline_entry`], [`prompt`], [`fault`]: parts of what it knows
//! - [`panel`]: what is drawn, one file a panel
//! - [`source`]: where views come from, one file a source
//! - [`terminal`]: the terminal, taken over and given back
//! - [`text`], [`theme`]: text that fits, colours and what stands for them

pub mod action;
pub mod app;
pub mod fault;
pub mod history;
pub mod keymap;
pub mod panel;
pub mod prompt;
pub mod roster;
pub mod source;
pub mod terminal;
#[cfg(test)]
mod tests;
pub mod text;
pub mod theme;
pub mod timeline_entry;
pub mod update;

use crate::error::{CliError, Exit, Stop};
use action::Action;
use app::{App, Leaving};
use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use keymap::Keymap;
use source::FleetSource;
use source::worker::{self, Handle};
use std::io::{self, IsTerminal};
use std::sync::mpsc::TryRecvError;
use std::time::{Duration, Instant};
use terminal::Screen;
use theme::Theme;

/// The time between two drawings, where no key asks for one.
const FRAME: Duration = Duration::from_millis(100);

/// How long more keys are waited for after one. Not zero: with no time at all the reader does not look.
const MORE: Duration = Duration::from_millis(1);

/// Is there a terminal to draw on and to type at?
///
/// # Errors
/// `tui::no-terminal`, `tui::dumb-terminal`.
pub fn require_terminal() -> Result<(), CliError> {
    if !(io::stdout().is_terminal() && io::stdin().is_terminal()) {
        return Err(no_terminal());
    }
    if std::env::var_os("TERM").is_some_and(|kind| kind == "dumb") {
        return Err(CliError::usage(
            "tui::dumb-terminal",
            "TERM=dumb: this terminal cannot show the display",
        )
        .help("without it: `ruvllm-esp sim --fleet FILE` prints what happens"));
    }
    Ok(())
}

/// There is none, or none that may be taken over.
pub fn no_terminal() -> CliError {
    CliError::usage("tui::no-terminal", "the display needs a terminal to draw on and to type at")
        .help("without one: `ruvllm-esp sim --fleet FILE` prints what happens")
}

/// Shows a source until the user leaves.
///
/// # Errors
/// Those of the terminal; `tui::source-stopped`.
pub fn run(source: Box<dyn FleetSource>, keymap: Keymap) -> Result<Exit, Stop> {
    let colour = !matches!(anstream::AutoStream::choice(&io::stdout()), anstream::ColorChoice::Never);
    let handle = worker::start(source)?;
    let mut screen = Screen::take()?;
    let size = screen.terminal.size()?;
    let mut app = App::new(&handle, Theme { colour }, (size.width, size.height));
    app.keymap = keymap;
    let left = follow(&mut screen, &handle, &mut app);
    if terminal::is_gone() {
        screen.abandon();
        return Ok(Exit::Interrupted);
    }
    drop(screen);
    Ok(match left? {
        Leaving::Quit => Exit::Ok,
        Leaving::Interrupted => Exit::Interrupted,
    })
}

/// Keys at once, views as they come, a drawing when something changed.
fn follow(screen: &mut Screen, handle: &Handle, app: &mut App) -> Result<Leaving, Stop> {
    let mut changed = true;
    loop {
        if changed {
            screen.terminal.draw(|frame| panel::draw(frame, app))?;
        }
        changed = keys(screen, app)?;
        if terminal::is_gone() {
            return Ok(Leaving::Interrupted);
        }
        loop {
            match handle.updates.try_recv() {
                Ok(update) => {
                    app.receive(update);
                    changed = true;
                }
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return Err(stopped().into()),
            }
        }
        if terminal::stop_requested() {
            app.update(Action::Interrupt);
        }
        for command in app.take_commands() {
            if handle.commands.send(command).is_err() {
                return Err(stopped().into());
            }
        }
        if let Some(leaving) = app.leaving {
            return Ok(leaving);
        }
    }
}

/// Does what is typed within the time of a drawing. Gives whether anything was.
fn keys(screen: &mut Screen, app: &mut App) -> io::Result<bool> {
    let until = Instant::now() + FRAME;
    let mut changed = false;
    // After a key only what is already there is taken: then it is drawn. A flood of keys is drawn now and then too.
    while event::poll(patience(changed, until))? {
        match event::read()? {
            Event::Key(key) if is_suspend(key) => {
                screen.suspend()?;
                changed = true;
            }
            Event::Key(key) if key.kind != KeyEventKind::Release => {
                // A terminal that sends Escape and a letter at once means both.
                if key.modifiers == KeyModifiers::ALT {
                    press(app, KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE));
                    press(app, KeyEvent::new(key.code, KeyModifiers::NONE));
                } else {
                    press(app, key);
                }
                changed = true;
            }
            Event::Paste(text) => {
                app.paste(&text);
                changed = true;
            }
            Event::Resize(columns, rows) => {
                app.size = (columns, rows);
                changed = true;
            }
            _ => {}
        }
        if app.leaving.is_some() || (changed && Instant::now() >= until) {
            break;
        }
    }
    Ok(changed)
}

/// Ctrl-Z, which a terminal in raw mode hands over as a key.
fn is_suspend(key: KeyEvent) -> bool {
    key.kind == KeyEventKind::Press
        && key.code == KeyCode::Char('z')
        && key.modifiers == KeyModifiers::CONTROL
}

/// How long the next key is waited for.
fn patience(changed: bool, until: Instant) -> Duration {
    if changed { MORE } else { until.saturating_duration_since(Instant::now()).max(MORE) }
}

fn press(app: &mut App, key: KeyEvent) {
    if let Some(action) = app.keymap.action(app.context(), key) {
        app.update(action);
    }
}

fn stopped() -> CliError {
    CliError::runtime("tui::source-stopped", "the thread that runs the fleet has ended")
        .help("this is a fault of the program: please report it, with what you did last")
}
