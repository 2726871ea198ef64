//! The console on a TCP port: one client at a time, the next is told so.
//!
//! A client that is slow to read slows the chip's answers, as any terminal does; nothing is dropped. One that connects
//! as another leaves waits a moment for the place.

use super::serve::{GLANCE, Incident, Outside, Place};
use crate::error::CliError;
use crate::interrupt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// How long a client waits for another to leave.
const GRACE: Duration = Duration::from_millis(500);
/// Pieces of input that may wait for the chip; after that the client waits.
const AHEAD: usize = 16;
/// The most that is read of a client that is sent away.
const MOST_UNREAD: u64 = 1 << 20;

/// A console on a TCP port.
#[derive(Debug)]
pub struct Tcp {
    address: SocketAddr,
    incidents: Receiver<Incident>,
    seat: Arc<Seat>,
}

/// The place for one client.
#[derive(Debug, Default)]
struct Seat {
    client: Mutex<Option<Arc<TcpStream>>>,
    left: Condvar,
}

impl Tcp {
    /// Listens there. Port 0 takes any that is free.
    ///
    /// # Errors
    /// `sim::cannot-listen`.
    pub fn listen(bind: IpAddr, port: u16) -> Result<Self, CliError> {
        let wanted = SocketAddr::new(bind, port);
        let listen = || {
            let listener = TcpListener::bind(wanted)?;
            Ok((listener.local_addr()?, listener))
        };
        let (address, listener) = listen().map_err(|error: io::Error| {
            let help = match error.kind() {
                ErrorKind::AddrInUse => "another program listens there; --tcp 0 takes a port that is free",
                ErrorKind::PermissionDenied => "ports below 1024 are the administrator's; take a higher one",
                ErrorKind::AddrNotAvailable => "--bind takes an address of this machine",
                _ => "--tcp takes a port, --bind an address of this machine",
            };
            CliError::runtime("sim::cannot-listen", format!("{wanted}: {error}")).help(help)
        })?;
        let (sender, incidents) = sync_channel(AHEAD);
        let seat = Arc::new(Seat::default());
        let door = Arc::clone(&seat);
        thread::spawn(move || admit(&listener, &door, &sender));
        Ok(Self { address, incidents, seat })
    }
}

impl Outside for Tcp {
    fn incidents(&self) -> &Receiver<Incident> {
        &self.incidents
    }

    fn place(&self) -> Place {
        let host = match self.address.ip() {
            ip if ip.is_unspecified() => "HOST".to_string(),
            ip => ip.to_string(),
        };
        let command = format!("nc {host} {}", self.address.port());
        Place::Tcp { address: self.address.to_string(), command }
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(client) = self.seat.client().clone() else { return Ok(()) };
        let mut rest = bytes;
        while !rest.is_empty() && !interrupt::asked() {
            match (&*client).write(rest) {
                Ok(written @ 1..) => rest = rest.get(written..).unwrap_or_default(),
                Err(error) if is_passing(&error) => {}
                // It went away; its reader says so in its turn.
                Ok(_) | Err(_) => {
                    let _ = client.shutdown(Shutdown::Both);
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn free(&mut self) {
        if let Some(client) = self.seat.client().take() {
            let _ = client.shutdown(Shutdown::Both);
        }
        self.seat.left.notify_one();
    }
}

impl Seat {
    fn client(&self) -> MutexGuard<'_, Option<Arc<TcpStream>>> {
        self.client.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the place, once it is free; false where it stays taken.
    fn take(&self, stream: &Arc<TcpStream>) -> bool {
        let waited = self.left.wait_timeout_while(self.client(), GRACE, |client| client.is_some());
        let (mut client, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let is_free = client.is_none();
        if is_free {
            *client = Some(Arc::clone(stream));
        }
        is_free
    }
}

/// Lets clients in, one at a time.
fn admit(listener: &TcpListener, seat: &Seat, incidents: &SyncSender<Incident>) {
    loop {
        let incident = match listener.accept() {
            Ok((stream, peer)) => {
                let (stream, peer) = (Arc::new(stream), peer.to_string());
                if stream.set_write_timeout(Some(GLANCE)).is_err() {
                    continue;
                }
                // A reply is small, and waits for no company.
                let _ = stream.set_nodelay(true);
                if seat.take(&stream) {
                    if incidents.send(Incident::Came(peer)).is_err() {
                        return;
                    }
                    let incidents = incidents.clone();
                    thread::spawn(move || listen(&stream, &incidents));
                    continue;
                }
                thread::spawn(move || send_away(&stream));
                Incident::Refused(peer)
            }
            // One that gave up before it was let in, or none at all for a while.
            Err(error) if is_passing(&error) || error.kind() == ErrorKind::ConnectionAborted => continue,
            Err(error) => Incident::Broken(error),
        };
        let is_over = matches!(incident, Incident::Broken(_));
        if incidents.send(incident).is_err() || is_over {
            return;
        }
    }
}

/// Tells a client that the place is taken. What it sent meanwhile is read, or closing would take the words back.
fn send_away(mut client: &TcpStream) {
    let said = client.write_all(b"another client has this console; try again when it has left\n");
    let told = said.and_then(|()| client.shutdown(Shutdown::Write));
    if told.and_then(|()| client.set_read_timeout(Some(GRACE))).is_ok() {
        let _ = io::copy(&mut client.take(MOST_UNREAD), &mut io::sink());
    }
}

/// Hands over what a client sends, until it leaves or says that it will send no more.
fn listen(mut client: &TcpStream, incidents: &SyncSender<Incident>) {
    let mut buffer = [0; 4096];
    loop {
        match client.read(&mut buffer) {
            Ok(length @ 1..) => {
                let bytes = buffer.get(..length).unwrap_or_default().to_vec();
                if incidents.send(Incident::Bytes(bytes)).is_err() {
                    return;
                }
            }
            Err(error) if is_passing(&error) => {}
            Ok(_) | Err(_) => {
                let _ = incidents.send(Incident::Left);
                return;
            }
        }
    }
}

fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}
