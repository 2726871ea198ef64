//! A chip's serial console, opened to whoever connects: the loop between the chip and the outside.
//!
//! The chip starts before anybody is there, and what it says then waits for the first who comes. After that it is a
//! serial line like any other: whoever connects finds the chip, and the line, as they were left.

use super::lines::{bad_directive, event};
use super::serial::{Line, SerialPort};
use super::{Event, Session};
use crate::error::{CliError, Exit, Outcome, Stop};
use crate::interrupt;
use crate::output::Output;
use serde::Serialize;
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

/// How long Ctrl-C may go unnoticed.
pub const GLANCE: Duration = Duration::from_millis(100);

/// What happens outside.
#[derive(Debug)]
pub enum Incident {
    /// Somebody connected.
    Came(String),
    /// Bytes for the chip.
    Bytes(Vec<u8>),
    /// Whoever was connected left, and everything they sent was handed over.
    Left,
    /// Somebody else came meanwhile and was sent away.
    Refused(String),
    /// The outside is no more.
    Broken(io::Error),
}

/// A way in from outside.
pub trait Outside {
    /// Where incidents come from.
    fn incidents(&self) -> &Receiver<Incident>;

    /// Where it is: what to connect to.
    fn place(&self) -> Place;

    /// Sends bytes to whoever is there, and drops them where nobody is. Gives up once an interrupt was asked for.
    ///
    /// # Errors
    /// When the way is no more. A client that went away is none.
    fn send(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Whoever left has left: the next may come.
    fn free(&mut self) {}
}

/// What to connect to.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// An address with its port.
    Tcp {
        /// The address.
        address: String,
        /// A command that talks to it.
        #[serde(skip)]
        command: String,
    },
    /// The path of a terminal device.
    #[cfg(unix)]
    Pty {
        /// The path.
        path: String,
    },
}

impl Place {
    /// What a program connects to.
    fn address(&self) -> &str {
        match self {
            Place::Tcp { address, .. } => address,
            #[cfg(unix)]
            Place::Pty { path } => path,
        }
    }
}

#[derive(Serialize)]
struct Client<'a> {
    state: &'a str,
    client: Option<&'a str>,
}

/// Lets whoever connects talk to the chip, until Ctrl-C.
///
/// # Errors
/// Those of the session, and when the outside is no more.
pub fn run(mut session: Session, outside: &mut dyn Outside, output: &Output) -> Outcome {
    interrupt::note_only();
    announce(&outside.place(), output)?;
    let mut port = SerialPort::default();
    let mut greeting = Some(session.device.banner());
    if !matches!(outside.place(), Place::Tcp { .. }) {
        // A device file shows nobody coming; its buffer keeps this.
        send(outside, greeting.take().unwrap_or_default().as_bytes())?;
    }
    while !interrupt::asked() {
        if session.is_over() {
            return session.end();
        }
        match outside.incidents().recv_timeout(GLANCE) {
            Ok(Incident::Came(client)) => {
                tell("connected", Some(&client), output)?;
                send(outside, greeting.take().unwrap_or_default().as_bytes())?;
            }
            Ok(Incident::Bytes(bytes)) => talk(&bytes, &mut port, &mut session, outside, output)?,
            Ok(Incident::Left) => {
                outside.free();
                tell("disconnected", None, output)?;
            }
            Ok(Incident::Refused(client)) => tell("refused", Some(&client), output)?,
            Ok(Incident::Broken(error)) => return Err(broken(&error).into()),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err(broken(&io::ErrorKind::NotConnected.into()).into());
            }
        }
    }
    session.end()?;
    Ok(Exit::Interrupted)
}

/// Lets the chip hear bytes, and sends what it says, line by line.
fn talk(
    bytes: &[u8],
    port: &mut SerialPort,
    session: &mut Session,
    outside: &mut dyn Outside,
    output: &Output,
) -> Result<(), Stop> {
    let mut out = Vec::new();
    for byte in bytes {
        if let Some(line) = port.take(*byte, &mut out) {
            let said = answer(line, session, output)?;
            if has_started_anew(&said) {
                *port = SerialPort::default();
            }
            port.reply(&said, &mut out);
            send(outside, &out)?;
            out.clear();
        }
        if interrupt::asked() {
            return Ok(());
        }
    }
    send(outside, &out)
}

/// Did the chip start while it answered? Then it has forgotten who is at the other end.
fn has_started_anew(said: &str) -> bool {
    said.lines().any(|line| line == "[ready] type 'help' for commands")
}

/// What the chip says to a line. Directives and remarks are for the simulator here too.
fn answer(line: Line, session: &mut Session, output: &Output) -> Result<String, Stop> {
    match line.map(|line| event(&line)) {
        Ok(Ok(event)) => session.hear(event),
        Ok(Err(error)) => {
            output.say(&bad_directive("", &error).to_string());
            Ok(String::new())
        }
        Err(failure) => session.hear(Event::Line(Err(failure))),
    }
}

fn send(outside: &mut dyn Outside, bytes: &[u8]) -> Result<(), Stop> {
    Ok(if bytes.is_empty() { Ok(()) } else { outside.send(bytes) }.map_err(|error| broken(&error))?)
}

fn broken(error: &io::Error) -> CliError {
    CliError::runtime("sim::console-lost", format!("the console cannot be reached any more: {error}"))
}

fn announce(place: &Place, output: &Output) -> Result<(), Stop> {
    if output.json {
        return output.json("listening", place);
    }
    if output.quiet {
        // It has to be said somewhere, and standard output carries nothing else here.
        return Ok(writeln!(output.text(), "{}", place.address())?);
    }
    output.say(&match place {
        Place::Tcp { address, command } => {
            format!("the console is at {address}; `{command}` talks to it, Ctrl-C here ends it")
        }
        #[cfg(unix)]
        Place::Pty { path } => {
            format!("the console is at {path}; any terminal program opens it, Ctrl-C here ends it")
        }
    });
    Ok(())
}

fn tell(state: &str, client: Option<&str>, output: &Output) -> Result<(), Stop> {
    if output.json {
        return output.json("client", &Client { state, client });
    }
    output.say(&match client {
        Some(client) => format!("{client} {state}"),
        None => state.to_string(),
    });
    Ok(())
}
