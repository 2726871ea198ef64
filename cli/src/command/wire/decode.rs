//! `wire decode`: bytes off a link as the frames and messages that they are.
//!
//! Whatever a chip would drop for its form is an error here, under the same name; what it would drop for its history
//! (duplicates, replays) is not, for there is none.

use super::hex::{self, Packet};
use super::link;
use super::object::{Fields, FrameObject, MessageObject};
use crate::error::{CliError, CommandResult, Exit, Stop};
use crate::fleet_key::KeyOptions;
use crate::output::{self, Output};
use crate::session::lines::unreadable;
use ruvllm_esp_core::arena::Arena;
use ruvllm_esp_core::units::Micros;
use ruvllm_esp_core::wire::authentication::Key;
use ruvllm_esp_core::wire::fragment::{Fragment, Progress, Reassembly};
use ruvllm_esp_core::wire::frame::{self, Flags, Frame, FrameError, Header};
use ruvllm_esp_core::wire::keyring::epoch_key;
use ruvllm_esp_core::wire::link::{Framing, LinkKind};
use ruvllm_esp_core::wire::{Dropped, FRAME_LIMIT, MESSAGE_LIMIT, Message, cobs, verify};
use std::io::{self, IsTerminal, Read, Write};
use std::path::Path;

/// Messages that may be unfinished at a time.
const SLOTS: u32 = 16;

/// Options of `wire decode`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Bytes are hexadecimal digits, with or without spaces, commas, colons, line ends and `0x`. From `#` on a line is a \
remark. Without --link frames stand one after the other, or, where the first byte is 00, as on a UART. Where packets \
keep frames apart, a blank line or a comment separates packets. A message in fragments is shown once it is whole.

Exit code 1 says that a frame is not valid; the others are shown all the same.

Examples:
  ruvllm-esp wire decode 05510001010002010300000000000200010005000100010900 f442aadf
  ruvllm-esp wire decode fixtures/wire/fragments.hex
  ruvllm-esp wire decode --link espnow --key-file fleet.key packet.hex --json
  xxd -p capture.bin | ruvllm-esp wire decode --link uart -")]
pub struct Arguments {
    /// The bytes, or a file with them; `-` is standard input
    #[arg(value_name = "HEX|FILE|-")]
    input: Vec<String>,
    /// The link they were on, whose framing is taken off
    #[arg(long, value_name = "LINK", value_parser = link())]
    link: Option<LinkKind>,
    #[command(flatten)]
    key: KeyOptions,
    /// The epoch of the fleet's keys [default: the first with the 8 bits that a frame has of it]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    epoch: Option<u32>,
}

/// A frame that a chip would drop.
struct Invalid {
    reason: Dropped,
    message: String,
}

impl Invalid {
    fn new(reason: impl Into<Dropped>, message: impl ToString) -> Self {
        Self { reason: reason.into(), message: message.to_string() }
    }

    fn error(&self, location: &str) -> CliError {
        let Self { reason, message } = self;
        CliError::no("wire::not-valid", format!("{location}: {reason}: {message}")).help(match reason {
            Dropped::Checksum => {
                "a byte was changed, or there are several frames; --link removes the framing"
            }
            Dropped::Truncated | Dropped::Oversized => {
                "bytes are missing or left over; a blank line separates packets, --link removes the framing"
            }
            Dropped::Version => {
                "a bare frame begins with 05, one on a UART with 00; --link says which link it was"
            }
            Dropped::BadTag => "the frame was changed, or authenticated with another key",
            Dropped::Unauthenticated => "without a key it is shown as it is",
            Dropped::Stream => {
                "a byte was lost, or the bytes begin within a frame; the next one starts after a 00"
            }
            _ => "docs/wire.md says what a frame is",
        })
    }
}

/// Shows every frame, and every message that fragments make.
///
/// # Errors
/// Input that cannot be read or is no hexadecimal. Frames that are not valid are reported, and end in [`Exit::No`].
pub fn run(arguments: &Arguments, output: &Output) -> CommandResult {
    let (name, text) = arguments.read()?;
    let packets = hex::packets(&name, &text)?;
    let mut memory = vec![0; SLOTS as usize * (MESSAGE_LIMIT + 64)];
    let reassembly = Reassembly::carve(&mut Arena::new(&mut memory), SLOTS)
        .map_err(|error| CliError::runtime("wire::no-room", error.to_string()))?;
    let key = arguments.key.find(output)?;
    let epoch = arguments.epoch;
    let mut viewer = Viewer { key, epoch, output, reassembly, number: 0, invalid: 0 };
    for packet in packets {
        each_piece(arguments.link, &packet, &mut |piece| {
            viewer.number += 1;
            let outcome = match piece {
                Ok(bytes) => viewer.frame(bytes)?,
                Err(invalid) => Err(invalid),
            };
            if let Err(invalid) = outcome {
                viewer.invalid += 1;
                let location = format!("frame {} (from line {} of {name})", viewer.number, packet.line);
                output::report(&invalid.error(&location), output.json);
            }
            Ok(())
        })?;
    }
    if viewer.number == 0 {
        return Err(CliError::no("wire::no-frame", format!("{name} holds no frame"))
            .help("zeros only separate frames; a frame has at least 24 bytes")
            .into());
    }
    let unfinished = viewer.reassembly.unfinished();
    if unfinished > 0 {
        output.info(&format!("{unfinished} of the messages lack fragments"));
    }
    Ok(if viewer.invalid > 0 { Exit::No } else { Exit::Ok })
}

impl Arguments {
    /// The text with the bytes, and its name.
    fn read(&self) -> Result<(String, String), CliError> {
        let joined = self.input.join(" ");
        let from_stdin = match self.input.as_slice() {
            [] if io::stdin().is_terminal() => {
                return Err(CliError::usage("wire::empty", "there are no bytes to decode")
                    .help("give them as hexadecimal digits, name a file, or pipe them in"));
            }
            [] => true,
            [only] => only == "-",
            _ => false,
        };
        if from_stdin {
            let name = "standard input";
            let mut text = String::new();
            io::stdin().lock().read_to_string(&mut text).map_err(|error| unreadable(name, &error))?;
            return Ok((name.into(), text));
        }
        match self.input.as_slice() {
            [only] if !hex::looks_like_hex(only) => match std::fs::read_to_string(Path::new(only)) {
                Ok(text) => Ok((only.clone(), text)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    let message = format!("`{only}` is neither hexadecimal nor a file");
                    Err(CliError::usage("wire::not-hex", message)
                        .help("bytes are pairs of hexadecimal digits, such as `02 51`"))
                }
                Err(error) => {
                    Err(unreadable(only, &error).help("a file of hexadecimal digits; `xxd -p` makes one"))
                }
            },
            _ => Ok(("the command line".into(), joined)),
        }
    }
}

/// What is done with a frame, or with what is instead of one.
type Visit<'v> = &'v mut dyn FnMut(Result<&[u8], Invalid>) -> Result<(), Stop>;

/// Visits the frames of a packet, without what the link adds. None is kept: a capture may hold millions.
fn each_piece(link: Option<LinkKind>, packet: &Packet, visit: Visit<'_>) -> Result<(), Stop> {
    let bytes = &packet.bytes;
    match link {
        None if bytes.first() == Some(&cobs::DELIMITER) => stream(LinkKind::Uart, bytes, visit),
        None => bare(bytes, visit),
        Some(link) if link.framing() == Framing::Stream => stream(link, bytes, visit),
        Some(link) => {
            visit(link.unwrap_packet(bytes).map_err(|error| Invalid::new(error, too_long(error, link))))
        }
    }
}

fn too_long(error: FrameError, link: LinkKind) -> String {
    match error {
        FrameError::NoSpace { needs, have } => {
            format!("{needs} bytes, and a frame on {} has at most {have}", link.name())
        }
        other => other.to_string(),
    }
}

/// Frames one after the other, each as long as it says.
fn bare(mut bytes: &[u8], visit: Visit<'_>) -> Result<(), Stop> {
    while !bytes.is_empty() {
        let declared = frame::declared_length(bytes).unwrap_or(bytes.len());
        let (frame, rest) = bytes.split_at(declared.min(bytes.len()));
        visit(Ok(frame))?;
        bytes = rest;
    }
    Ok(())
}

/// Frames between delimiters; the last delimiter may be missing.
fn stream(link: LinkKind, bytes: &[u8], visit: Visit<'_>) -> Result<(), Stop> {
    let mut memory = vec![0; FRAME_LIMIT + 64];
    let Ok(mut decoder) = cobs::Decoder::carve(&mut Arena::new(&mut memory), link.frame_limit()) else {
        return Ok(());
    };
    for byte in bytes.iter().chain(&[cobs::DELIMITER]) {
        match decoder.push(*byte) {
            Ok(None) => {}
            Ok(Some(frame)) => visit(Ok(frame))?,
            Err(error @ cobs::StreamError::Truncated { .. }) => {
                visit(Err(Invalid::new(Dropped::Stream, error)))?;
            }
            Err(error @ cobs::StreamError::TooLong { .. }) => {
                visit(Err(Invalid::new(Dropped::Oversized, error)))?;
            }
        }
    }
    Ok(())
}

/// The first epoch with these lowest 8 bits; they count from 1.
fn first_epoch(low: u8) -> u32 {
    if low == 0 { 256 } else { low.into() }
}

/// Shows frames, and keeps their fragments.
struct Viewer<'a> {
    key: Option<Key>,
    epoch: Option<u32>,
    output: &'a Output,
    reassembly: Reassembly<'a>,
    number: u32,
    invalid: u32,
}

impl Viewer<'_> {
    /// Shows the frame that `bytes` are; or says why a chip would drop it.
    fn frame(&mut self, bytes: &[u8]) -> Result<Result<(), Invalid>, Stop> {
        let frame = match frame::decode(bytes, &mut ()) {
            Ok(frame) => frame,
            Err(error) => return Ok(Err(Invalid::new(error, error))),
        };
        let mut plain = [0; MESSAGE_LIMIT];
        let opened = self.open(&frame, &mut plain);
        let authentic = opened.map(|opened| opened.is_some());
        let frame = opened.flatten().unwrap_or(frame);
        let is_readable = !frame.is_encrypted && !frame.header.flags.has(Flags::FRAGMENT);
        let message = is_readable.then(|| Message::decode(frame.header.number, frame.payload));
        self.show(&frame, message.as_ref().and_then(|message| message.as_ref().ok()), authentic)?;
        if let Some(invalid) = self.refused(&frame, authentic) {
            return Ok(Err(invalid));
        }
        match message {
            Some(Err(error)) => Ok(Err(Invalid::new(error, error))),
            Some(Ok(_)) => Ok(Ok(())),
            None if frame.is_encrypted => Ok(Ok(())),
            None => self.fragment(&frame),
        }
    }

    /// The frame with its payload decrypted, where there is a key to check its tag with; the inner `None` is a wrong tag.
    fn open<'f>(&self, frame: &Frame<'f>, plain: &'f mut [u8]) -> Option<Option<Frame<'f>>> {
        let (master, tag) = (self.key.as_ref()?, frame.tag?);
        let epoch = self.epoch.unwrap_or_else(|| first_epoch(tag.epoch));
        if epoch as u8 != tag.epoch {
            return Some(None);
        }
        Some(verify::open(frame, &epoch_key(master, epoch), plain, &mut ()).ok())
    }

    /// Why a chip with this key, or none, would not take a whole frame.
    fn refused(&self, frame: &Frame<'_>, authentic: Option<bool>) -> Option<Invalid> {
        if authentic == Some(false) {
            return Some(Invalid::new(Dropped::BadTag, "the tag is not that of the frame under this key"));
        }
        let lacks_tag = self.key.is_some() && frame.tag.is_none();
        lacks_tag.then(|| Invalid::new(Dropped::Unauthenticated, "the frame has no tag, but there is a key"))
    }

    fn show(
        &self,
        frame: &Frame<'_>,
        message: Option<&Message<'_>>,
        authentic: Option<bool>,
    ) -> Result<(), Stop> {
        if self.output.json {
            return self.output.json("frame", &FrameObject::new(self.number, frame, message, authentic));
        }
        let verdict = match (authentic, frame.tag) {
            (_, None) => "",
            (None, _) if frame.is_encrypted => " encrypted",
            (None, _) => " unchecked",
            (Some(true), _) => " authentic",
            (Some(false), _) => " forged",
        };
        Ok(writeln!(self.output.text(), "{frame}{verdict}")?)
    }

    /// Keeps a fragment, and shows its message where that is whole.
    fn fragment(&mut self, frame: &Frame<'_>) -> Result<Result<(), Invalid>, Stop> {
        let Some(fragment) = Fragment::read(frame.payload) else {
            return Ok(Err(Invalid::new(Dropped::Fragment, "its header and its length do not agree")));
        };
        // Nothing gives way: the clock stands still.
        let slot = match self.reassembly.accept(&frame.header, &fragment, Micros(0), &mut ()) {
            Some(Progress::Complete(slot)) => slot,
            Some(Progress::Part(_)) => return Ok(Ok(())),
            None => return Ok(Err(Invalid::new(Dropped::Fragment, "it contradicts an earlier one"))),
        };
        let header = Header { flags: frame.header.flags.with(Flags::FRAGMENT, false), ..frame.header };
        let message = match Message::decode(header.number, self.reassembly.message(slot)) {
            Ok(message) => message,
            Err(error) => return Ok(Err(Invalid::new(error, error))),
        };
        if self.output.json {
            let object = MessageObject { header: (&header).into(), fields: Fields(&message) };
            self.output.json("message", &object)?;
        } else {
            writeln!(self.output.text(), "{header} {message}")?;
        }
        Ok(Ok(()))
    }
}
