//! The console on a pseudo-terminal: a device file that any terminal program opens as it would a serial port.
//!
//! It is raw from the start, so nothing but the chip echoes. This end holds it open, so it outlives a client that has it
//! open; as with a real port nobody is counted, and what is written while nobody reads is kept up to the system's
//! buffer and dropped after that, never waited for without end.

use super::serve::{GLANCE, Incident, ListenAddress, Transport};
use crate::error::CliError;
use crate::interrupt;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

/// How long output waits for a reader before it is dropped.
const PATIENCE: Duration = Duration::from_secs(1);
/// Pieces of input that may wait for the chip.
const AHEAD: usize = 16;

/// A console on a pseudo-terminal.
#[derive(Debug)]
pub struct Pty {
    path: String,
    chip: Arc<OwnedFd>,
    incidents: Receiver<Incident>,
    /// The other end, held open so that the terminal outlives its clients.
    _client: OwnedFd,
    /// The last wait for a reader was in vain.
    stalled: bool,
}

impl Pty {
    /// Makes one.
    ///
    /// # Errors
    /// `sim::no-pty`.
    pub fn open() -> Result<Self, CliError> {
        let (chip, client, path) = pair().map_err(|error| {
            CliError::runtime("sim::no-pty", format!("cannot open a pseudo-terminal: {error}"))
                .help("--tcp 0 opens the console to programs on this machine")
        })?;
        let chip = Arc::new(chip);
        let (sender, incidents) = sync_channel(AHEAD);
        let reader = Arc::clone(&chip);
        thread::spawn(move || listen(&reader, &sender));
        Ok(Self { path, chip, incidents, _client: client, stalled: false })
    }
}

/// Both ends, in raw mode, and the path of the clients' one.
fn pair() -> io::Result<(OwnedFd, OwnedFd, String)> {
    let chip = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
    grantpt(&chip)?;
    unlockpt(&chip)?;
    let path = ptsname(&chip, Vec::new())?;
    let client = rustix::fs::open(&*path, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())?;
    let mut settings = tcgetattr(&client)?;
    settings.make_raw();
    tcsetattr(&client, OptionalActions::Now, &settings)?;
    rustix::io::ioctl_fionbio(&chip, true)?;
    Ok((chip, client, path.to_string_lossy().into_owned()))
}

impl Transport for Pty {
    fn incidents(&self) -> &Receiver<Incident> {
        &self.incidents
    }

    fn address(&self) -> ListenAddress {
        ListenAddress::Pty { path: self.path.clone() }
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut rest = bytes;
        let mut since = Instant::now();
        while !rest.is_empty() {
            match rustix::io::write(&*self.chip, rest) {
                Ok(written) => {
                    rest = rest.get(written..).unwrap_or_default();
                    (self.stalled, since) = (false, Instant::now());
                }
                Err(Errno::AGAIN) if self.stalled || since.elapsed() >= PATIENCE || interrupt::asked() => {
                    self.stalled = true;
                    return Ok(());
                }
                Err(Errno::AGAIN) => wait(&self.chip, PollFlags::OUT)?,
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

/// Hands over what is typed.
fn listen(chip: &OwnedFd, incidents: &SyncSender<Incident>) {
    let mut buffer = [0; 4096];
    loop {
        let read = wait(chip, PollFlags::IN).map(|()| rustix::io::read(chip, &mut buffer));
        let incident = match read {
            Ok(Ok(length)) => Incident::Bytes(buffer.get(..length).unwrap_or_default().to_vec()),
            Ok(Err(Errno::AGAIN | Errno::INTR)) => continue,
            Ok(Err(error)) => Incident::Broken(error.into()),
            Err(error) => Incident::Broken(error),
        };
        let is_over = matches!(incident, Incident::Broken(_));
        if incidents.send(incident).is_err() || is_over {
            return;
        }
    }
}

/// Waits until something can be done, but not for long.
fn wait(chip: &OwnedFd, what: PollFlags) -> io::Result<()> {
    let glance = Timespec { tv_sec: 0, tv_nsec: i64::from(GLANCE.subsec_nanos()) as _ };
    match poll(&mut [PollFd::new(chip, what)], Some(&glance)) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
