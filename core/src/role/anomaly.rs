//! The sentinel: raises the alarm when sensor samples or texts leave their habit.
//!
//! Samples and texts are two detectors with their own memory: three quarters of the arena hold the window of the sample
//! stream, up to what the widest stream can use, and the rest holds learned texts. How long the window is follows from
//! the number of channels, which the first sample decides.

use super::contract::{Alarm, CLEAR, Plan, Role, RoleInfo, View, confirm, embed_text};
use crate::anomaly::State;
use crate::anomaly::reading::Reading;
use crate::anomaly::stream::{
    DEFAULT_WINDOW, Episode, MAX_CHANNELS, Phase, StreamDetector, Verdict, WINDOWS,
};
use crate::anomaly::text::{TextDetector, TextVerdict};
use crate::arena::{Arena, NoRoom};
use crate::console::{CommandInfo, Failure, Session};
use crate::embed::DIMENSIONS;
use crate::event::{ChipEvent, Detection};
use crate::meter::{Meter, Op};
use crate::units::Thousandths;
use core::fmt;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Bytes beyond which a longer stream window brings nothing: every channel has [`DEFAULT_WINDOW`] samples.
const MAX_STREAM_BYTES: u32 = MAX_CHANNELS * 12_496;

/// Bytes that the names of all channels may take, with a comma between.
const MAX_NAMES: u32 = 124;

const LEARN: CommandInfo =
    CommandInfo { name: "learn", usage: "learn TEXT", summary: "take a text for normal; says if it was not" };
const CHECK: CommandInfo =
    CommandInfo { name: "check", usage: "check TEXT", summary: "is the text like those learned?" };
const SAMPLE: CommandInfo = CommandInfo {
    name: "sample",
    usage: "sample [@SECONDS] V [V...]",
    summary: "one reading a channel, - if missing: judged and learned",
};
const CHANNELS: CommandInfo = CommandInfo {
    name: "channels",
    usage: "channels NAME,NAME...",
    summary: "names the channels in their order; verdicts say the name",
};

/// What there is to know about the role.
pub const INFO: RoleInfo = RoleInfo {
    summary: "raises the alarm when sensor samples or texts leave their habit",
    counter: "anomaly_samples",
    item: "text",
    default_on: &["esp32s2"],
    min_capacity: 16,
    commands: &[LEARN, CHECK, SAMPLE, CHANNELS, CLEAR],
    keeps: None,
    answers: None,
    view: View::Signal,
    store: "learn ",
    find: "check ",
    measured: &[
        ("command-check", "check the pump in hall 3 rattles"),
        ("command-sample", "sample 19.85 1.10"),
    ],
};

/// The sample stream so far. All zeros: no sample yet.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
struct Stream {
    samples: u32,
    channels: u16,
    window: u16,
    /// When the latest sample with a time came, in seconds; zero before the first.
    time: u32,
    /// Seconds that usually lie between two samples.
    interval: u32,
}
const _: () = assert!(size_of::<Stream>() == 16);

/// The names of the channels. All zeros: none.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
struct Names {
    /// Separated by commas.
    bytes: [u8; MAX_NAMES as usize],
    /// How many bytes are used.
    length: u32,
}
const _: () = assert!(size_of::<Names>() == 128);

impl Names {
    fn text(&self) -> &str {
        let used = self.bytes.get(..self.length as usize).unwrap_or_default();
        core::str::from_utf8(used).unwrap_or_default()
    }

    /// The name of the channel with this number, from zero.
    fn of(&self, channel: u32) -> Option<&str> {
        self.text().split(',').nth(channel as usize).filter(|name| !name.is_empty())
    }
}

/// Times the usual interval after which readings no longer follow those before.
const GAP: u32 = 4;

impl Stream {
    /// Takes in the time of a sample, and says whether it follows the one before.
    fn follows(&mut self, time: u32) -> bool {
        let passed = time.saturating_sub(core::mem::replace(&mut self.time, time));
        if self.interval == 0 {
            // The first sample has no interval, the second sets it.
            self.interval = if passed == time { 0 } else { passed };
            return true;
        }
        let follows = passed > 0 && passed <= self.interval.saturating_mul(GAP);
        self.interval = if follows {
            (7 * u64::from(self.interval) + u64::from(passed)).div_ceil(8) as u32
        } else {
            // A stream that has become slower is not one gap after the other.
            passed.clamp(1, self.interval.saturating_mul(2))
        };
        follows
    }
}

/// The role over its arena. Capacity counts texts.
#[derive(Debug)]
pub struct AnomalySentinel<'a> {
    stream: &'a mut Stream,
    names: &'a mut Names,
    /// What the stream's detector is carved of, once the number of channels is known.
    stream_memory: &'a mut [u64],
    texts: TextDetector<'a, DIMENSIONS>,
    /// The alarm that the current command raised.
    alarm: Option<Alarm>,
}

impl<'a> Role<'a> for AnomalySentinel<'a> {
    fn carve(arena: &mut Arena<'a>, plan: Plan) -> Result<Self, NoRoom> {
        let stream = arena.one("stream state")?;
        let names = arena.one("channel names")?;
        let bytes = (arena.free().get() / 4).saturating_mul(3).min(MAX_STREAM_BYTES);
        let stream_memory = arena.slice("stream", bytes / 8)?;
        Ok(Self {
            stream,
            names,
            stream_memory,
            texts: TextDetector::carve(arena, plan.capacity)?,
            alarm: None,
        })
    }

    fn items(&self) -> u32 {
        self.stream.samples.saturating_add(self.texts.len())
    }

    /// Samples are counted, not kept.
    fn stored(&self) -> u32 {
        self.texts.len()
    }

    fn run<M: Meter>(&mut self, verb: &str, rest: &str, session: &mut Session<'_, M>) -> Result<(), Failure> {
        match verb {
            "learn" => self.learn(rest, session),
            "check" => self.check(rest, session),
            "sample" => self.sample(rest, session),
            "channels" => self.name_channels(rest, session),
            "clear" => self.clear(rest, session),
            _ => Err(Failure::UnknownCommand),
        }
    }

    fn alarm(&self) -> Option<Alarm> {
        self.alarm
    }
}

impl AnomalySentinel<'_> {
    #[inline(never)]
    fn learn<M: Meter>(&mut self, text: &str, session: &mut Session<'_, M>) -> Result<(), Failure> {
        let vector = embed_text(text, LEARN.usage, session.meter)?;
        let was_anomaly = self.texts.learn(&vector, session.meter).verdict.state == State::Anomaly;
        Ok(writeln!(session.out, "learned, prev_was_anomaly={was_anomaly}")?)
    }

    #[inline(never)]
    fn check<M: Meter>(&mut self, text: &str, session: &mut Session<'_, M>) -> Result<(), Failure> {
        let vector = embed_text(text, CHECK.usage, session.meter)?;
        let TextVerdict { state, distance, threshold, .. } = self.texts.check(&vector, session.meter);
        write_state(state, session.out)?;
        let (distance, threshold) = (thousandths(distance), thousandths(threshold));
        session.observer.event(&ChipEvent::Detection(judgement(state, distance, threshold)));
        if is_judged(state) {
            write!(session.out, " distance={distance} threshold={threshold}")?;
            self.raise(state, distance, threshold);
        }
        Ok(session.out.write_str("\n")?)
    }

    #[inline(never)]
    fn sample<M: Meter>(&mut self, rest: &str, session: &mut Session<'_, M>) -> Result<(), Failure> {
        session.meter.record(Op::Byte, rest.len() as u32);
        let (time, rest) = parse_time(rest)?;
        let mut readings = [None; MAX_CHANNELS as usize];
        let channels = parse_readings(rest, &mut readings)?;
        let readings = readings.get(..usize::from(channels)).unwrap_or_default();
        if self.stream.samples == 0 {
            self.has_as_many_names(channels)?;
            *self.stream = Stream { channels, window: self.longest_window(channels)?, ..Stream::default() };
        } else if channels != self.stream.channels {
            return Err(Failure::ChannelMismatch { have: channels, want: self.stream.channels });
        }
        let follows = time.is_none_or(|time| self.stream.follows(time));
        let Stream { channels, window, .. } = *self.stream;
        let mut arena = Arena::new(self.stream_memory.as_mut_bytes());
        let mut detector = StreamDetector::carve(&mut arena, u32::from(window), u32::from(channels))?;
        if !follows {
            detector.gap();
        }
        let verdict = detector.sample(readings, session.meter);
        self.stream.samples = self.stream.samples.saturating_add(1);
        let (score, threshold) = (thousandths(verdict.score), thousandths(verdict.threshold));
        let phase = verdict.episode.phase;
        if phase == Phase::Begins {
            self.raise(State::Anomaly, score, threshold);
        }
        session.observer.event(&ChipEvent::Detection(Detection {
            phase: Some(phase),
            finding: Some((verdict.channel, verdict.kind)),
            ..judgement(verdict.state, score, threshold)
        }));
        Ok(write_verdict(&verdict, self.names.of(verdict.channel), window, time, session.out)?)
    }

    /// Takes the names of the channels: words with commas or blanks between, as many as the stream has channels.
    #[inline(never)]
    fn name_channels<M: Meter>(&mut self, rest: &str, session: &mut Session<'_, M>) -> Result<(), Failure> {
        session.meter.record(Op::Byte, rest.len() as u32);
        let words = || rest.split([',', ' ', '\t']).map(str::trim_ascii).filter(|word| !word.is_empty());
        let (count, length) = (words().count(), words().map(|word| word.len() + 1).sum::<usize>());
        match count {
            0 => return Err(Failure::Missing { usage: CHANNELS.usage }),
            1.. if count > MAX_CHANNELS as usize => {
                return Err(Failure::TooManyChannels { have: count as u16, most: MAX_CHANNELS as u16 });
            }
            _ if length > MAX_NAMES as usize => {
                return Err(Failure::BadNumber {
                    what: "the length of all names",
                    least: 1,
                    most: MAX_NAMES,
                });
            }
            _ if self.stream.samples > 0 && count != usize::from(self.stream.channels) => {
                return Err(Failure::ChannelMismatch { have: count as u16, want: self.stream.channels });
            }
            _ => {}
        }
        let bytes = words().flat_map(|word| word.bytes().chain([b',']));
        for (slot, byte) in self.names.bytes.iter_mut().zip(bytes) {
            *slot = byte;
        }
        self.names.length = length as u32;
        Ok(writeln!(session.out, "channels: {}", self.names.text().trim_end_matches(','))?)
    }

    /// # Errors
    /// [`Failure::ChannelMismatch`] where other than `channels` were named.
    fn has_as_many_names(&self, channels: u16) -> Result<(), Failure> {
        let want = self.names.text().matches(',').count() as u16;
        if want == 0 || want == channels {
            Ok(())
        } else {
            Err(Failure::ChannelMismatch { have: channels, want })
        }
    }

    fn raise(&mut self, state: State, score: Thousandths, threshold: Thousandths) {
        if state == State::Anomaly {
            self.alarm = Some(Alarm { score: score.0, threshold: threshold.0 });
        }
    }

    /// The longest window, halving from [`DEFAULT_WINDOW`], with which a stream of `channels` fits its memory.
    fn longest_window(&mut self, channels: u16) -> Result<u16, NoRoom> {
        let mut window = DEFAULT_WINDOW;
        loop {
            let mut arena = Arena::new(self.stream_memory.as_mut_bytes());
            match StreamDetector::carve(&mut arena, window, u32::from(channels)) {
                Ok(_) => return Ok(window as u16),
                Err(no_room) if window <= *WINDOWS.start() => return Err(no_room),
                Err(_) => window /= 2,
            }
        }
    }

    fn clear<M: Meter>(&mut self, rest: &str, session: &mut Session<'_, M>) -> Result<(), Failure> {
        let items = confirm(self.items(), rest)?;
        *self.stream = Stream::default();
        self.names.length = 0;
        self.stream_memory.fill(0);
        session.meter.record(Op::Memset, 2 * self.stream_memory.len() as u32);
        self.texts.clear();
        session.observer.event(&ChipEvent::Cleared { items });
        Ok(writeln!(session.out, "cleared {items} items")?)
    }
}

/// Reads `@SECONDS` at the beginning of a line, if it is there, and returns what follows.
fn parse_time(rest: &str) -> Result<(Option<u32>, &str), Failure> {
    let Some(word) = rest.trim_ascii_start().strip_prefix('@') else { return Ok((None, rest)) };
    let (word, rest) = word.split_once(' ').unwrap_or((word, ""));
    let time = word.parse().map_err(|_| Failure::BadSample { position: 1 })?;
    Ok((Some(time), rest))
}

/// Reads the readings of a line into `readings`, and says how many there are.
fn parse_readings(
    rest: &str,
    readings: &mut [Option<Reading>; MAX_CHANNELS as usize],
) -> Result<u16, Failure> {
    let mut count = 0u16;
    for (position, word) in (1u16..).zip(rest.split_ascii_whitespace()) {
        let reading = Reading::parse(word).map_err(|_| Failure::BadSample { position })?;
        match readings.get_mut(usize::from(count)) {
            Some(slot) => *slot = reading,
            None => {
                let have = rest.split_ascii_whitespace().count() as u16;
                return Err(Failure::TooManyChannels { have, most: MAX_CHANNELS as u16 });
            }
        }
        count = position;
    }
    if count == 0 { Err(Failure::Missing { usage: SAMPLE.usage }) } else { Ok(count) }
}

/// `NORMAL`, `ANOMALY` where an episode begins, `ONGOING` while it goes on, and what led to it.
fn write_verdict(
    verdict: &Verdict,
    name: Option<&str>,
    window: u16,
    time: Option<u32>,
    out: &mut dyn fmt::Write,
) -> fmt::Result {
    let Verdict { state, episode, channel, kind, score, threshold, slow } = *verdict;
    match (state, episode.phase) {
        (State::WarmingUp { .. }, _) => {
            write_state(state, out)?;
            return out.write_str("\n");
        }
        (_, Phase::Begins) => write!(out, "ANOMALY episode={}", episode.number)?,
        (_, Phase::Continues) => {
            write!(out, "ONGOING episode={} samples={}", episode.number, episode.samples)?
        }
        (_, Phase::Ended) => {
            let Episode { number, samples, peak, peak_after, .. } = episode;
            write!(out, "NORMAL ended={number} samples={samples} peak={}", thousandths(peak))?;
            write!(out, " peak-after={peak_after}")?;
        }
        (_, Phase::Quiet) => out.write_str("NORMAL")?,
    }
    if let (Some(time), Phase::Begins | Phase::Ended) = (time, episode.phase) {
        write!(out, " at={time}")?;
    }
    let (score, threshold, severity) = (thousandths(score), thousandths(threshold), verdict.severity());
    write!(out, " channel={}", channel + 1)?;
    if let Some(name) = name {
        write!(out, " name={name}")?;
    }
    write!(out, " kind={} score={score} threshold={threshold}", kind.name())?;
    write!(out, " severity={}.{:06}", severity / 1_000_000, severity % 1_000_000)?;
    if let Some(slow) = slow {
        write!(out, " note=cycle-of-channel-{}-longer-than-{window}-samples", slow + 1)?;
    }
    out.write_str("\n")
}

fn write_state(state: State, out: &mut dyn fmt::Write) -> fmt::Result {
    match state {
        State::WarmingUp { remaining } => write!(out, "WARMUP remaining={remaining}"),
        State::Normal => out.write_str("NORMAL"),
        State::Anomaly => out.write_str("ANOMALY"),
    }
}

/// Has it learned enough to judge?
fn is_judged(state: State) -> bool {
    matches!(state, State::Normal | State::Anomaly)
}

fn judgement(state: State, score: Thousandths, threshold: Thousandths) -> Detection {
    let (score, threshold) = if is_judged(state) { (score.0, threshold.0) } else { (0, 0) };
    Detection { state, phase: None, score, threshold, finding: None }
}

fn thousandths(value: u32) -> Thousandths {
    Thousandths(i32::try_from(value).unwrap_or(i32::MAX))
}
