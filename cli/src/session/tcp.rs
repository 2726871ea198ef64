//! The console on a TCP port: one client at a time; a second one is refused with a message.
//!
//! A client that is slow to read slows the chip's answers, as any terminal does; nothing is dropped. One that connects
//! as another leaves waits a moment for the console. Each waits in a thread of its own, so that no client delays the next.
//! A client that has sent nothing for the idle limit gives way to the next one that connects.

use super::serve::{GLANCE, Incident, ListenAddress, Transport};
use crate::error::CliError;
use crate::interrupt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How long a client waits for another to leave.
const GRACE: Duration = Duration::from_millis(500);
/// Pieces of input that may wait for the chip; after that the client waits.
const AHEAD: usize = 16;
/// The most that is read of a client that is sent away.
const MAX_UNREAD: u64 = 1 << 20;
/// Clients that may wait at a time; more are closed at once.
const MAX_WAITING: usize = 64;

/// A console on a TCP port.
#[derive(Debug)]
pub struct Tcp {
    address: SocketAddr,
    incidents: Receiver<Incident>,
    seat: Arc<Seat>,
}

/// The one client at a time, and who waits for it to leave.
#[derive(Debug)]
struct Seat {
    client: Mutex<Option<Client>>,
    left: Condvar,
    /// Silence after which a client gives way to the next.
    idle_limit: Duration,
    waiting: AtomicUsize,
}

/// The client that has the console.
#[derive(Clone, Debug)]
struct Client {
    stream: Arc<TcpStream>,
    /// When it last sent something.
    active: Instant,
}

impl Tcp {
    /// Listens there. Port 0 takes any that is free. A client silent for `idle_limit` gives way to the next.
    ///
    /// # Errors
    /// `sim::cannot-listen`.
    pub fn listen(bind: IpAddr, port: u16, idle_limit: Duration) -> Result<Self, CliError> {
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
        let seat = Arc::new(Seat {
            client: Mutex::new(None),
            left: Condvar::new(),
            idle_limit,
            waiting: AtomicUsize::new(0),
        });
        let door = Arc::clone(&seat);
        thread::spawn(move || admit(&listener, &door, &sender));
        Ok(Self { address, incidents, seat })
    }
}

impl Transport for Tcp {
    fn incidents(&self) -> &Receiver<Incident> {
        &self.incidents
    }

    fn address(&self) -> ListenAddress {
        let host = match self.address.ip() {
            ip if ip.is_unspecified() => "HOST".to_string(),
            ip => ip.to_string(),
        };
        let command = format!("nc {host} {}", self.address.port());
        ListenAddress::Tcp { address: self.address.to_string(), command }
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(Client { stream: client, .. }) = self.seat.client().clone() else { return Ok(()) };
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
            let _ = client.stream.shutdown(Shutdown::Both);
        }
        self.seat.left.notify_one();
    }
}

impl Seat {
    fn client(&self) -> MutexGuard<'_, Option<Client>> {
        self.client.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the console for `stream` once it is free, or once an idle client has given way.
    ///
    /// # Errors
    /// How long the client that keeps it has been silent.
    fn claim(&self, stream: &Arc<TcpStream>) -> Result<(), Duration> {
        if self.take_free(stream) {
            return Ok(());
        }
        let idle = self.client().as_ref().map_or(Duration::ZERO, |client| client.active.elapsed());
        if idle < self.idle_limit || !self.dismiss() || !self.take_free(stream) {
            return Err(idle);
        }
        Ok(())
    }

    /// Takes the console if it becomes free within [`GRACE`].
    fn take_free(&self, stream: &Arc<TcpStream>) -> bool {
        let waited = self.left.wait_timeout_while(self.client(), GRACE, |client| client.is_some());
        let (mut client, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let is_free = client.is_none();
        if is_free {
            *client = Some(Client { stream: Arc::clone(stream), active: Instant::now() });
        }
        is_free
    }

    /// Tells an idle client that it has to leave, and closes it. Its reader then says that it left. False where it has
    /// sent something meanwhile.
    fn dismiss(&self) -> bool {
        let Some(client) = self.client().clone() else { return true };
        if client.active.elapsed() < self.idle_limit {
            return false;
        }
        let seconds = self.idle_limit.as_secs();
        let text = format!("\nidle for {seconds} s or more: another client takes this console\n");
        let _ = (&*client.stream).write_all(text.as_bytes());
        let _ = client.stream.shutdown(Shutdown::Both);
        true
    }

    /// The client sent something.
    fn note_activity(&self) {
        if let Some(client) = self.client().as_mut() {
            client.active = Instant::now();
        }
    }
}

/// Accepts clients; each waits for the console in a thread of its own.
fn admit(listener: &TcpListener, seat: &Arc<Seat>, incidents: &SyncSender<Incident>) {
    loop {
        match listener.accept() {
            Ok((stream, peer)) => {
                if stream.set_write_timeout(Some(GLANCE)).is_err() {
                    continue;
                }
                // A reply is small, and waits for no company.
                let _ = stream.set_nodelay(true);
                if seat.waiting.fetch_add(1, Ordering::Relaxed) >= MAX_WAITING {
                    // Dropped, and so closed.
                    seat.waiting.fetch_sub(1, Ordering::Relaxed);
                    continue;
                }
                let (seat, incidents) = (Arc::clone(seat), incidents.clone());
                thread::spawn(move || attend(&Arc::new(stream), peer.to_string(), &seat, &incidents));
            }
            // One that gave up before it was let in, or none at all for a while.
            Err(error) if is_passing(&error) || error.kind() == ErrorKind::ConnectionAborted => {}
            Err(error) => {
                let _ = incidents.send(Incident::Broken(error));
                return;
            }
        }
    }
}

/// Gives a client the console and hands over what it sends, or sends it away.
fn attend(stream: &Arc<TcpStream>, peer: String, seat: &Seat, incidents: &SyncSender<Incident>) {
    let taken = seat.claim(stream);
    seat.waiting.fetch_sub(1, Ordering::Relaxed);
    match taken {
        Ok(()) => {
            if incidents.send(Incident::Came(peer)).is_ok() {
                listen(stream, seat, incidents);
            }
        }
        Err(idle) => {
            if incidents.send(Incident::Refused(peer)).is_ok() {
                send_away(stream, idle, seat.idle_limit);
            }
        }
    }
}

/// Tells a client that another has the console. What it sent meanwhile is read, or closing would take the words back.
fn send_away(mut client: &TcpStream, idle: Duration, limit: Duration) {
    let text = format!(
        "another client has this console; try again when it has left, or when it has been idle for {} s (now {} s)\n",
        limit.as_secs(),
        idle.as_secs(),
    );
    let said = client.write_all(text.as_bytes());
    let reported = said.and_then(|()| client.shutdown(Shutdown::Write));
    if reported.and_then(|()| client.set_read_timeout(Some(GRACE))).is_ok() {
        let _ = io::copy(&mut client.take(MAX_UNREAD), &mut io::sink());
    }
}

/// Hands over what a client sends, until it leaves or says that it will send no more.
fn listen(mut client: &TcpStream, seat: &Seat, incidents: &SyncSender<Incident>) {
    let mut buffer = [0; 4096];
    loop {
        match client.read(&mut buffer) {
            Ok(length @ 1..) => {
                seat.note_activity();
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
