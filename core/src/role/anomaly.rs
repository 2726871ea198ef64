//! The sentinel: raises the alarm when sensor samples or texts leave their habit.
//!
//! Samples and texts are two detectors with their own memory: three quarters of the arena hold the window of the sample
//! stream, up to what the widest stream can use, and the rest holds learned texts. How long the window is follows from
//! the number of channels, which the first sample decides.

use super::contract::{CLEAR, Plan, Role, RoleInfo, confirm, embed_text};
use crate::anomaly::State;
use crate::anomaly::sample::Sample;
use crate::anomaly::stream::{DEFAULT_WINDOW, MOST_CHANNELS, StreamDetector, WINDOWS};
use crate::anomaly::text::{TextDetector, TextVerdict};
use crate::arena::{Arena, NoRoom};
use crate::console::{CommandInfo, Failure, Session};
use crate::embed::DIMENSIONS;
use crate::meter::{Meter, Op};
use crate::units::Thousandths;
use core::fmt;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Bytes beyond which a longer stream window brings nothing: every channel has [`DEFAULT_WINDOW`] samples.
const MOST_STREAM_BYTES: u32 = MOST_CHANNELS * 12_512;

const LEARN: CommandInfo =
    CommandInfo { name: "learn", usage: "learn TEXT", summary: "take a text for normal; says if it was not" };
const CHECK: CommandInfo =
    CommandInfo { name: "check", usage: "check TEXT", summary: "is the text like those learned?" };
const SAMPLE: CommandInfo = CommandInfo {
    name: "sample",
    usage: "sample V [V...]",
    summary: "one reading a channel: judged, and learned if normal",
};

/// What there is to know about the role.
pub const INFO: RoleInfo = RoleInfo {
    summary: "raises the alarm when sensor samples or texts leave their habit",
    counter: "anomaly_samples",
    item: "text",
    default_on: &["esp32s2"],
    least_capacity: 16,
    commands: &[LEARN, CHECK, SAMPLE, CLEAR],
};

/// The sample stream so far. All zeros: no sample yet.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
struct Stream {
    samples: u32,
    channels: u16,
    window: u16,
}
const _: () = assert!(size_of::<Stream>() == 8);

/// What left its habit during a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// How far from the habit, in thousandths.
    pub score: i32,
    /// From which score on it is an alarm, in thousandths.
    pub threshold: i32,
}

/// The role over its arena. Capacity counts texts.
#[derive(Debug)]
pub struct AnomalySentinel<'a> {
    stream: &'a mut Stream,
    /// What the stream's detector is carved of, once the number of channels is known.
    stream_memory: &'a mut [u64],
    texts: TextDetector<'a, DIMENSIONS>,
    /// The alarm that the command at hand raised.
    alarm: Option<Alarm>,
}

impl<'a> Role<'a> for AnomalySentinel<'a> {
    fn carve(arena: &mut Arena<'a>, plan: Plan) -> Result<Self, NoRoom> {
        let stream = arena.one("stream state")?;
        let bytes = (arena.free().get() / 4).saturating_mul(3).min(MOST_STREAM_BYTES);
        let stream_memory = arena.slice("stream", bytes / 8)?;
        Ok(Self { stream, stream_memory, texts: TextDetector::carve(arena, plan.capacity)?, alarm: None })
    }

    fn items(&self) -> u32 {
        self.stream.samples.saturating_add(self.texts.len())
    }

    fn run<M: Meter>(&mut self, verb: &str, rest: &str, session: &mut Session<'_, M>) -> Result<(), Failure> {
        match verb {
            "learn" => self.learn(rest, session),
            "check" => self.check(rest, session),
            "sample" => self.sample(rest, session),
            "clear" => self.clear(rest, session),
            _ => Err(Failure::UnknownCommand),
        }
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
        if matches!(state, State::Normal | State::Anomaly) {
            let (distance, threshold) = (thousandths(distance), thousandths(threshold));
            write!(session.out, " distance={distance} threshold={threshold}")?;
            self.raise(state, distance, threshold);
        }
        Ok(session.out.write_str("\n")?)
    }

    #[inline(never)]
    fn sample<M: Meter>(&mut self, rest: &str, session: &mut Session<'_, M>) -> Result<(), Failure> {
        session.meter.record(Op::Byte, rest.len() as u32);
        let mut values = [0; MOST_CHANNELS as usize];
        let channels = parse_values(rest, &mut values)?;
        let values = values.get(..usize::from(channels)).unwrap_or_default();
        if self.stream.samples == 0 {
            *self.stream = Stream { samples: 0, channels, window: self.longest_window(channels)? };
        } else if channels != self.stream.channels {
            return Err(Failure::ChannelMismatch { have: channels, want: self.stream.channels });
        }
        let Stream { channels, window, .. } = *self.stream;
        let mut arena = Arena::new(self.stream_memory.as_mut_bytes());
        let mut detector = StreamDetector::carve(&mut arena, u32::from(window), u32::from(channels))?;
        let verdict = detector.sample(values, session.meter);
        self.stream.samples = self.stream.samples.saturating_add(1);
        write_state(verdict.state, session.out)?;
        if matches!(verdict.state, State::Normal | State::Anomaly) {
            let (score, threshold) = (thousandths(verdict.score), thousandths(verdict.threshold));
            let nearest = thousandths(verdict.nearest_distance);
            write!(session.out, " channel={} kind={}", verdict.channel + 1, verdict.kind.name())?;
            write!(session.out, " score={score} threshold={threshold} nearest={nearest}")?;
            self.raise(verdict.state, score, threshold);
        }
        Ok(session.out.write_str("\n")?)
    }

    fn raise(&mut self, state: State, score: Thousandths, threshold: Thousandths) {
        if state == State::Anomaly {
            self.alarm = Some(Alarm { score: score.0, threshold: threshold.0 });
        }
    }

    /// The alarm that the command at hand raised, if it did.
    pub fn alarm(&self) -> Option<Alarm> {
        self.alarm
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
        self.stream_memory.fill(0);
        session.meter.record(Op::Sweep, 2 * self.stream_memory.len() as u32);
        self.texts.clear();
        Ok(writeln!(session.out, "cleared {items} items")?)
    }
}

/// Reads the readings of a line into `values`, and says how many there are.
fn parse_values(rest: &str, values: &mut [i32; MOST_CHANNELS as usize]) -> Result<u16, Failure> {
    let mut count = 0u16;
    for (position, word) in (1u16..).zip(rest.split_ascii_whitespace()) {
        let sample = Sample::parse(word).map_err(|_| Failure::BadSample { position })?;
        match values.get_mut(usize::from(count)) {
            Some(place) => *place = sample.0,
            None => {
                let have = rest.split_ascii_whitespace().count() as u16;
                return Err(Failure::TooManyChannels { have, most: MOST_CHANNELS as u16 });
            }
        }
        count = position;
    }
    if count == 0 { Err(Failure::Missing { usage: SAMPLE.usage }) } else { Ok(count) }
}

fn write_state(state: State, out: &mut dyn fmt::Write) -> fmt::Result {
    match state {
        State::WarmingUp { remaining } => write!(out, "WARMUP remaining={remaining}"),
        State::Normal => out.write_str("NORMAL"),
        State::Anomaly => out.write_str("ANOMALY"),
    }
}

fn thousandths(value: u32) -> Thousandths {
    Thousandths(i32::try_from(value).unwrap_or(i32::MAX))
}
