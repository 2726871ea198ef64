//! `wire encode`: a message as the bytes that a chip would send.

use super::link;
use crate::error::{CliError, CommandResult, Exit, Stop};
use crate::fleet_key::KeyOptions;
use crate::output::Output;
use ruvllm_esp_core::role::RoleKind;
use ruvllm_esp_core::wire::authentication::Key;
use ruvllm_esp_core::wire::field::Hex;
use ruvllm_esp_core::wire::fragment::Fragmentation;
use ruvllm_esp_core::wire::frame::{self, Flags, Header, Seal};
use ruvllm_esp_core::wire::link::LinkKind;
use ruvllm_esp_core::wire::message::{MESSAGES, REKEY};
use ruvllm_esp_core::wire::{BROADCAST, FRAME_LIMIT, MESSAGE_LIMIT, cobs, parse};
use schemars::JsonSchema;
use serde::Serialize;
use std::io::{self, BufRead, Write};

/// Options of `wire encode`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The text form is what `wire decode` prints: fields of the header, the message's name, its fields. What is not given is \
zero, false or empty. An option wins over a field of the text. Standard output is one line of hexadecimal digits a \
packet; a message longer than a frame is fragmented. Of the lines on standard input those of fragments are passed over: \
the message that they make has its own. An authenticated line needs the fleet's key.

Examples:
  ruvllm-esp wire encode 'stored item=1:1:9' --from 1 --to 2
  ruvllm-esp wire encode 'search request=7 count=4 query=\"the pump\"' --from 1 --to all --link uart
  ruvllm-esp wire encode 'hello' --from 5 --key-file fleet.key
  ruvllm-esp wire decode capture.hex | ruvllm-esp wire encode -")]
pub struct Arguments {
    /// The message; `-` reads lines of them from standard input
    #[arg(value_name = "TEXT")]
    text: String,
    /// The chip that sends
    #[arg(long, value_name = "CHIP", value_parser = clap::value_parser!(u16).range(..0xFFFF))]
    from: Option<u16>,
    /// The chip that is meant, or `all`
    #[arg(long, value_name = "CHIP", value_parser = destination)]
    to: Option<u16>,
    /// How often the sender has booted
    #[arg(long, value_name = "N")]
    boot: Option<u32>,
    /// Random bits of that boot
    #[arg(long, value_name = "N")]
    nonce: Option<u16>,
    /// The sender's count of its messages
    #[arg(long, value_name = "N")]
    sequence: Option<u32>,
    /// The version of the sender's embedder
    #[arg(long, value_name = "N")]
    embedder: Option<u8>,
    #[command(flatten)]
    key: KeyOptions,
    /// The epoch of the fleet's keys
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    epoch: u32,
    /// Encrypt the payload; so does the text of an encrypted frame
    #[arg(long)]
    encrypt: bool,
    /// The sender's count of its authenticated frames, for the first of them [default: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..frame::COUNTER_END))]
    counter: Option<u64>,
    /// Apply the framing of this kind of link [default: the bare frame]
    #[arg(long, value_name = "LINK", value_parser = link())]
    link: Option<LinkKind>,
    /// The longest frame in bytes, less than the link's own limit
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u16).range(72..=1070))]
    limit: Option<u16>,
}

#[derive(Serialize, JsonSchema)]
pub struct Packet<'a> {
    /// Which fragment, from 0; 0 where the message is not cut.
    fragment: u8,
    fragments: u8,
    bytes: usize,
    hex: &'a str,
}

/// What authenticates frames.
struct Sealer {
    key: Key,
    epoch: u32,
    /// The counter of the next frame, if one is left.
    next: Option<u64>,
}

impl Sealer {
    fn of(arguments: &Arguments, output: &Output) -> Result<Option<Self>, CliError> {
        let key = arguments.key.find(output)?;
        if key.is_none() && arguments.counter.is_some() {
            return Err(CliError::usage(
                "wire::no-key",
                "--counter counts authenticated frames, and there is no key",
            )
            .help("give the fleet's key with --key-file FILE, or leave --counter out"));
        }
        if key.is_none() && arguments.encrypt {
            return Err(CliError::usage("wire::no-key", "--encrypt needs the key of the fleet")
                .help("give it with --key-file FILE, or leave --encrypt out"));
        }
        Ok(key.map(|key| Self { key, epoch: arguments.epoch, next: Some(arguments.counter.unwrap_or(1)) }))
    }

    /// What authenticates the next frame.
    fn seal(&mut self) -> Result<Seal, CliError> {
        let counter = self.next.ok_or_else(used_up)?;
        self.next = counter.checked_add(1).filter(|next| *next < frame::COUNTER_END);
        Ok(Seal::of(&self.key, self.epoch, counter))
    }
}

fn destination(text: &str) -> Result<u16, String> {
    match text {
        "all" => Ok(BROADCAST),
        number => number.parse().map_err(|_| "a chip's number, or `all`".to_string()),
    }
}

/// Prints the packets of each message.
///
/// # Errors
/// Text that is no message (exit code 2), and messages that cannot be sent so (1).
pub fn run(arguments: &Arguments, output: &Output) -> CommandResult {
    let mut sealer = Sealer::of(arguments, output)?;
    if arguments.text != "-" {
        arguments.line(&arguments.text, &mut sealer, output)?;
        return Ok(Exit::Ok);
    }
    for (index, line) in io::stdin().lock().lines().enumerate() {
        let line = line.map_err(|error| crate::session::lines::unreadable("standard input", &error))?;
        if !line.trim().is_empty() && !line.starts_with('#') && !is_fragment(&line) {
            let outcome = arguments.line(&line, &mut sealer, output);
            outcome.map_err(|stop| match stop {
                Stop::Error(error) => error.at(&format!("standard input:{}", index + 1)).into(),
                closed => closed,
            })?;
        }
    }
    Ok(Exit::Ok)
}

/// Is it a fragment, as `wire decode` shows one? The whole message stands in a line of its own behind the last of them.
fn is_fragment(line: &str) -> bool {
    let flags = line.split_whitespace().find_map(|word| word.strip_prefix("flags="));
    flags.is_some_and(|flags| flags.split('+').any(|flag| flag == "fragment"))
}

impl Arguments {
    /// Prints the packets of one message.
    fn line(&self, line: &str, sealer: &mut Option<Sealer>, output: &Output) -> Result<(), Stop> {
        let mut scratch = vec![0; 2 * line.len()];
        let (header, message) = parse::frame(line, &mut scratch).map_err(|error| not_a_message(&error))?;
        let header = self.header(header, sealer.is_some())?;
        let mut payload = [0; MESSAGE_LIMIT];
        let length = message.encode(&mut payload).map_err(|error| cannot_send(&error.to_string()))?;
        let payload = payload.get(..length).unwrap_or_default();
        let limit = self.link.map_or(FRAME_LIMIT as u16, LinkKind::frame_limit);
        let limit = self.limit.map_or(limit, |own| own.min(limit));
        let room = limit.saturating_sub(frame::overhead(sealer.is_some()) as u16);
        let cut = Fragmentation::plan(length as u16, room).ok_or_else(|| {
            cannot_send(&format!("{length} bytes cannot be fragmented into frames of {limit}"))
        })?;
        for index in 0..cut.count() {
            let packet = Hex(&self.packet(&header, payload, cut, index, sealer)?).to_string();
            if output.json {
                let bytes = packet.len() / 2;
                let packet = Packet { fragment: index, fragments: cut.count(), bytes, hex: &packet };
                output.json("packet", &packet)?;
            } else {
                writeln!(output.text(), "{packet}")?;
            }
        }
        Ok(())
    }

    /// The header of the text, with what the options say.
    fn header(&self, header: Header, is_sealed: bool) -> Result<Header, CliError> {
        if header.flags.has(Flags::AUTHENTICATED) && !is_sealed {
            return Err(CliError::usage(
                "wire::no-key",
                "the text says `authenticated`, and there is no key",
            )
            .help("with --key-file FILE the tag is computed; a tag cannot be copied"));
        }
        Ok(Header {
            source: self.from.unwrap_or(header.source),
            destination: self.to.unwrap_or(header.destination),
            boot: self.boot.unwrap_or(header.boot),
            nonce: self.nonce.unwrap_or(header.nonce),
            sequence: self.sequence.unwrap_or(header.sequence),
            embedder: self.embedder.unwrap_or(header.embedder),
            ..header
        })
    }

    /// The bytes on the link of one frame.
    fn packet(
        &self,
        header: &Header,
        payload: &[u8],
        cut: Fragmentation,
        index: u8,
        sealer: &mut Option<Sealer>,
    ) -> Result<Vec<u8>, CliError> {
        let is_cut = cut.count() > 1;
        let fragment_header = cut.header(index);
        let bytes = payload.get(cut.range(index)).unwrap_or_default();
        let parts: &[&[u8]] = if is_cut { &[&fragment_header, bytes] } else { &[bytes] };
        let header = Header { flags: header.flags.with(Flags::FRAGMENT, is_cut), ..*header };
        // A sealed key is sent in the open.
        let encrypts = (self.encrypt || header.flags.has(Flags::ENCRYPTED)) && header.number != REKEY;
        let seal = sealer.as_mut().map(Sealer::seal).transpose()?.map(|seal| Seal { encrypts, ..seal });
        let mut frame = vec![0; FRAME_LIMIT];
        let length = frame::encode(&header, parts, seal, &mut frame, &mut ());
        let length = length.map_err(|error| cannot_send(&error.to_string()))?;
        frame.truncate(length);
        let Some(link) = self.link else { return Ok(frame) };
        let mut packet = vec![0; cobs::stuffed_length(FRAME_LIMIT)];
        let length =
            link.wrap(&frame, &mut packet, &mut ()).map_err(|error| cannot_send(&error.to_string()))?;
        packet.truncate(length);
        Ok(packet)
    }
}

fn used_up() -> CliError {
    cannot_send("the counter is used up; a chip would have to boot")
}

fn cannot_send(why: &str) -> CliError {
    CliError::no("wire::cannot-send", why).help("docs/wire.md has the limits of frames, messages and links")
}

fn not_a_message(error: &parse::ParseError<'_>) -> CliError {
    use crate::selection::nearest;
    use parse::ParseError::{BadValue, UnknownField, UnknownMessage};
    let names = || MESSAGES.iter().map(|known| known.name);
    let fields = || MESSAGES.iter().flat_map(|known| known.fields.iter().copied()).chain(HEADER_FIELDS);
    let near = match *error {
        UnknownMessage(name) => nearest(name, names()),
        UnknownField(name) => nearest(name, fields()),
        _ => None,
    };
    let help = match (near, *error) {
        (Some(near), _) => {
            format!("did you mean `{near}`? `ruvllm-esp wire messages` lists messages and fields")
        }
        (None, BadValue { field: "flags", value }) if value.contains("fragment") => {
            "a fragment is no message; `wire decode` shows the whole one after its fragments".into()
        }
        (None, BadValue { field: "role", .. }) => {
            let names = RoleKind::ALL.map(|role| role.alias()).join(", ");
            format!("a role is its number or one of {names}")
        }
        (None, BadValue { .. }) => {
            "a text stands in double quotes, an item is `1:1:9` (chip, boot, count); docs/wire.md has the kinds".into()
        }
        (None, _) => "`ruvllm-esp wire messages` lists messages and fields".into(),
    };
    CliError::usage("wire::not-a-message", error.to_string()).help(help)
}

const HEADER_FIELDS: [&str; 7] = ["source", "destination", "boot", "nonce", "sequence", "embedder", "flags"];
