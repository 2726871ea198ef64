//! A chip's serial console, open to clients: the loop between chip and transport.
//!
//! The chip starts before anybody is there, and what it says then waits for the first who comes. After that it is a
//! serial line like any other: a client finds the chip and the line as they were left.

use super::lines::{bad_directive, event};
use super::serial::{Line, SerialPort};
use super::{ChipSession, Event};
use crate::error::{CliError, CommandResult, Exit, Stop};
use crate::interrupt;
use crate::output::Output;
use schemars::JsonSchema;
use serde::Serialize;
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

/// How long Ctrl-C may go unnoticed.
pub const GLANCE: Duration = Duration::from_millis(100);

/// What happens outside.
#[derive(Debug)]
pub enum Incident {
    /// A client connected.
    Came(String),
    /// Bytes for the chip.
    Bytes(Vec<u8>),
    /// The client disconnected, and everything it sent was handed over.
    Left,
    /// A second client was refused.
    Refused(String),
    /// The outside is no more.
    Broken(io::Error),
}

/// A way in from outside.
pub trait Transport {
    /// Where incidents come from.
    fn incidents(&self) -> &Receiver<Incident>;

    /// Where it is: what to connect to.
    fn address(&self) -> ListenAddress;

    /// Sends bytes to the client; drops them without one. Gives up after an interrupt.
    ///
    /// # Errors
    /// When the way is no more. A client that went away is none.
    fn send(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Accepts the next client.
    fn free(&mut self) {}
}

/// What to connect to.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ListenAddress {
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

impl ListenAddress {
    /// What a program connects to.
    fn address(&self) -> &str {
        match self {
            ListenAddress::Tcp { address, .. } => address,
            #[cfg(unix)]
            ListenAddress::Pty { path } => path,
        }
    }
}

#[derive(Serialize, JsonSchema)]
pub struct Client<'a> {
    state: &'a str,
    client: Option<&'a str>,
}

/// Serves clients until Ctrl-C.
///
/// # Errors
/// Those of the session, and when the outside is no more.
pub fn run(mut session: ChipSession, transport: &mut dyn Transport, output: &Output) -> CommandResult {
    interrupt::note_only();
    announce(&transport.address(), output)?;
    let mut port = SerialPort::default();
    let mut greeting = Some(session.device.banner());
    if !matches!(transport.address(), ListenAddress::Tcp { .. }) {
        // A device file shows nobody coming; its buffer keeps this.
        send(transport, greeting.take().unwrap_or_default().as_bytes())?;
    }
    while !interrupt::asked() {
        if session.is_over() {
            return session.end();
        }
        match transport.incidents().recv_timeout(GLANCE) {
            Ok(Incident::Came(client)) => {
                report("connected", Some(&client), output)?;
                send(transport, greeting.take().unwrap_or_default().as_bytes())?;
            }
            Ok(Incident::Bytes(bytes)) => talk(&bytes, &mut port, &mut session, transport, output)?,
            Ok(Incident::Left) => {
                transport.free();
                report("disconnected", None, output)?;
            }
            Ok(Incident::Refused(client)) => report("refused", Some(&client), output)?,
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

/// Passes bytes to the chip, and sends its output line by line.
fn talk(
    bytes: &[u8],
    port: &mut SerialPort,
    session: &mut ChipSession,
    transport: &mut dyn Transport,
    output: &Output,
) -> Result<(), Stop> {
    let mut out = Vec::new();
    for byte in bytes {
        if let Some(line) = port.on_byte(*byte, &mut out) {
            let said = answer(line, session, output)?;
            if has_started_anew(&said) {
                *port = SerialPort::default();
            }
            port.reply(&said, &mut out);
            send(transport, &out)?;
            out.clear();
        }
        if interrupt::asked() {
            return Ok(());
        }
    }
    send(transport, &out)
}

/// Did the chip start while it answered? Then it has forgotten who is at the other end.
fn has_started_anew(said: &str) -> bool {
    said.lines().any(|line| line == "[ready] type 'help' for commands")
}

/// What the chip says to a line. Directives and remarks are for the simulator here too.
fn answer(line: Line, session: &mut ChipSession, output: &Output) -> Result<String, Stop> {
    match line.map(|line| event(&line)) {
        Ok(Ok(event)) => session.receive(event),
        Ok(Err(error)) => {
            output.info(&bad_directive("", &error).to_string());
            Ok(String::new())
        }
        Err(failure) => session.receive(Event::Line(Err(failure))),
    }
}

fn send(transport: &mut dyn Transport, bytes: &[u8]) -> Result<(), Stop> {
    Ok(if bytes.is_empty() { Ok(()) } else { transport.send(bytes) }.map_err(|error| broken(&error))?)
}

fn broken(error: &io::Error) -> CliError {
    CliError::runtime("sim::console-lost", format!("the console cannot be reached any more: {error}"))
}

fn announce(address: &ListenAddress, output: &Output) -> Result<(), Stop> {
    if output.json {
        return output.json("listening", address);
    }
    if output.quiet {
        // It has to be said somewhere, and standard output carries nothing else here.
        return Ok(writeln!(output.text(), "{}", address.address())?);
    }
    output.info(&match address {
        ListenAddress::Tcp { address, command } => {
            format!("the console is at {address}; `{command}` talks to it, Ctrl-C here ends it")
        }
        #[cfg(unix)]
        ListenAddress::Pty { path } => {
            format!("the console is at {path}; any terminal program opens it, Ctrl-C here ends it")
        }
    });
    Ok(())
}

fn report(state: &str, client: Option<&str>, output: &Output) -> Result<(), Stop> {
    if output.json {
        return output.json("client", &Client { state, client });
    }
    output.info(&match client {
        Some(client) => format!("{client} {state}"),
        None => state.to_string(),
    });
    Ok(())
}
