//! A release served on this machine's own address, and fetched from there.
//!
//! The server knows one directory and serves regular files that lie right in it, by their plain names: no folder, no
//! escape, no link leads anywhere else. It listens on the loopback address only, on a port that the system picks.

use crate::firmware::release::is_plain;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long either side waits for the other.
const PATIENCE: Duration = Duration::from_secs(10);

/// The most bytes of a request's or a reply's head.
const LONGEST_HEAD: u64 = 8 * 1024;

/// The longest file that is fetched.
const LONGEST_FILE: u64 = 64 * 1024 * 1024;

/// A server that serves until it is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    is_closing: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpResponse {
    /// The HTTP status.
    pub status: u16,
    /// What the head says the length is.
    pub length: Option<u64>,
    /// What came.
    pub body: Vec<u8>,
}

impl Server {
    /// Serves the files of `directory`.
    ///
    /// # Errors
    /// Those of the network.
    pub fn open(directory: &Path) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let is_closing = Arc::new(AtomicBool::new(false));
        let (directory, closing) = (directory.to_path_buf(), Arc::clone(&is_closing));
        let thread = std::thread::Builder::new().spawn(move || {
            for stream in listener.incoming().flatten() {
                if closing.load(Ordering::Acquire) {
                    return;
                }
                // A client may go away in the middle.
                let _ = answer(&stream, &directory);
            }
        })?;
        Ok(Self { address, is_closing, thread: Some(thread) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.is_closing.store(true, Ordering::Release);
        // It waits for the next connection, and this is one.
        let is_reached = TcpStream::connect_timeout(&self.address, PATIENCE).is_ok();
        if let Some(thread) = self.thread.take().filter(|_| is_reached) {
            let _ = thread.join();
        }
    }
}

/// The file that is asked for as `target`, where it is one that may be had.
fn resolve(directory: &Path, target: &str) -> Option<PathBuf> {
    let name = target.strip_prefix('/').filter(|name| is_plain(name) && !name.contains('%'))?;
    let path = directory.join(name);
    path.symlink_metadata().is_ok_and(|data| data.is_file()).then_some(path)
}

fn answer(stream: &TcpStream, directory: &Path) -> io::Result<()> {
    patient(stream)?;
    let mut words = String::new();
    let mut reader = BufReader::new(stream).take(LONGEST_HEAD);
    reader.read_line(&mut words)?;
    let mut line = String::new();
    while reader.read_line(&mut line)? > 0 && !line.trim().is_empty() {
        line.clear();
    }
    let (status, body) = match words.split_whitespace().collect::<Vec<_>>().as_slice() {
        ["GET", target, version] if version.starts_with("HTTP/1.") => match resolve(directory, target) {
            Some(path) => ("200 OK", std::fs::read(path)?),
            None => ("404 Not Found", Vec::new()),
        },
        [_, _, version] if version.starts_with("HTTP/1.") => ("405 Method Not Allowed", Vec::new()),
        _ => ("400 Bad Request", Vec::new()),
    };
    let length = body.len();
    let mut out = stream;
    write!(
        out,
        "HTTP/1.1 {status}\r\nContent-Type: application/octet-stream\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    )?;
    out.write_all(&body)?;
    out.flush()
}

/// Asks for `target`, such as `/manifest.json`.
///
/// # Errors
/// Those of the network, and `InvalidData` where the answer is not HTTP.
pub fn fetch(address: SocketAddr, target: &str) -> io::Result<HttpResponse> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    patient(&stream)?;
    write!(stream, "GET {target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut reader = BufReader::new(&stream).take(LONGEST_HEAD);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let status = line.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
    let status =
        status.ok_or_else(|| io::Error::new(ErrorKind::InvalidData, format!("no HTTP: {line:?}")))?;
    let mut length = None;
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok();
        }
    }
    let mut body = Vec::new();
    reader.set_limit(LONGEST_FILE);
    reader.read_to_end(&mut body)?;
    Ok(HttpResponse { status, length, body })
}

fn patient(stream: &TcpStream) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::firmware::release::sample::release;

    #[test]
    fn a_file_comes_whole() {
        let dir = release("loopback");
        let server = Server::open(dir.path()).unwrap();
        assert!(server.address().ip().is_loopback());
        let reply = fetch(server.address(), "/two.bin").unwrap();
        assert_eq!(reply, HttpResponse { status: 200, length: Some(5_000), body: vec![0xff; 5_000] });
    }

    #[test]
    fn nothing_outside_the_directory_can_be_had() {
        let dir = release("traversal");
        let inner = dir.path().join("inner");
        std::fs::create_dir(&inner).unwrap();
        std::fs::write(inner.join("file"), b"x").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("../one.bin", inner.join("link")).unwrap();
        let server = Server::open(&inner).unwrap();
        let status = |target: &str| fetch(server.address(), target).unwrap().status;
        assert_eq!(status("/file"), 200);
        let absolute = dir.path().join("one.bin").display().to_string();
        for target in ["/../one.bin", "/..%2fone.bin", "/%2e%2e/one.bin", "/..\\one.bin", "/./file", "//file"]
        {
            assert_eq!(status(target), 404, "{target}");
        }
        for target in ["/", "/..", "/link", "file", "/file/", &absolute, &format!("/{absolute}")] {
            assert_eq!(status(target), 404, "{target}");
        }
        assert_eq!(status("/two words"), 400);
    }

    #[test]
    fn only_get_is_answered_and_a_head_without_end_is_cut_off() {
        let dir = release("methods");
        let server = Server::open(dir.path()).unwrap();
        let info = |text: &str| {
            let mut stream = TcpStream::connect(server.address()).unwrap();
            patient(&stream).unwrap();
            let mut answer = String::new();
            // A head that was not read to its end may reset the connection at any step, answer or none.
            let _ = stream.write_all(text.as_bytes());
            let _ = stream.shutdown(std::net::Shutdown::Write);
            let _ = stream.read_to_string(&mut answer);
            answer.lines().next().unwrap_or_default().to_string()
        };
        assert_eq!(info("DELETE /one.bin HTTP/1.1\r\n\r\n"), "HTTP/1.1 405 Method Not Allowed");
        assert_eq!(info("nonsense\r\n\r\n"), "HTTP/1.1 400 Bad Request");
        assert!(!info(&"x".repeat(20_000)).contains("200"));
        assert_eq!(fetch(server.address(), "/one.bin").unwrap().body, b"one");
    }
}
