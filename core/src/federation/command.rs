//! What a console says to its fleet.
//!
//! Each command answers at once with what was begun. How it ended comes later, as lines that begin with `fleet:`.

use super::errand::ALARM;
use super::gather::Asking;
use super::node::{Node, Profile};
use super::rank::Pool;
use super::replication::FROM_CONSOLE;
use super::{Turn, pace};
use crate::console::{CommandInfo, Failure, count_and_text, split_word};
use crate::event::ChipEvent;
use crate::limits::LINE_LIMIT;
use crate::meter::Meter;
use crate::role::anomaly::Alarm;
use crate::role::contract::embed_text;
use crate::role::memory::{FOR_EVER, MemoryType, parse_time_to_live, parse_type};
use crate::role::shared::Keeping;
use crate::role::{AnyRole, RoleKind};
use crate::units::Thousandths;
use crate::wire::message::{Anomaly, RoleCode};
use crate::wire::{BROADCAST, Message};
use core::fmt::Write;

/// Results of `fleet search` without K.
const SEARCH_RESULTS: usize = 4;
/// Results of `fleet recall` without K.
const RECALL_RESULTS: usize = 3;

/// The commands of a chip in a fleet, beside those of its role.
pub const COMMANDS: [CommandInfo; 5] = [STATUS, ADD, SEARCH, REMEMBER, RECALL];

const STATUS: CommandInfo =
    CommandInfo { name: "fleet", usage: "fleet", summary: "the fleet as this chip sees it" };
const ADD: CommandInfo = CommandInfo {
    name: "fleet add",
    usage: "fleet add [to=hnsw|rag] TEXT",
    summary: "store a text on as many chips as the fleet keeps copies",
};
const SEARCH: CommandInfo = CommandInfo {
    name: "fleet search",
    usage: "fleet search [K] TEXT",
    summary: "the K nearest texts of all indexers (4 unless told)",
};
const REMEMBER: CommandInfo = CommandInfo {
    name: "fleet remember",
    usage: "fleet remember TYPE [ttl=SECONDS] TEXT",
    summary: "keep a memory on as many archivists as the fleet keeps copies",
};
const RECALL: CommandInfo = CommandInfo {
    name: "fleet recall",
    usage: "fleet recall [K] TEXT",
    summary: "what retrievers and archivists know that bears on TEXT (3 unless told)",
};
const USAGE: &str = "fleet [add|search|remember|recall] ...";

impl Node<'_> {
    /// Runs `fleet` with what follows it.
    ///
    /// # Errors
    /// Any [`Failure`]; nothing was begun then.
    pub fn command<M: Meter>(
        &mut self,
        rest: &str,
        role: &mut AnyRole<'_>,
        profile: &Profile,
        turn: &mut Turn<'_, M>,
    ) -> Result<(), Failure> {
        let (word, text) = split_word(rest);
        match word {
            "" => Ok(self.write_status(role, turn.out)?),
            "add" => self.add(text, profile, turn),
            "search" => {
                let (count, text) = count_and_text(text, SEARCH_RESULTS, SEARCH.usage)?;
                let vector = embed_text(text, SEARCH.usage, turn.meter)?;
                self.ask(&Asking::Search(&vector), count as u8, role, profile, turn).map(|_| ())
            }
            "remember" => self.remember(text, turn),
            "recall" => {
                let (count, text) = count_and_text(text, RECALL_RESULTS, RECALL.usage)?;
                embed_text(text, RECALL.usage, turn.meter)?;
                self.ask(&Asking::Recall(text), count as u8, role, profile, turn).map(|_| ())
            }
            _ => Err(Failure::Missing { usage: USAGE }),
        }
    }

    fn add<M: Meter>(
        &mut self,
        rest: &str,
        profile: &Profile,
        turn: &mut Turn<'_, M>,
    ) -> Result<(), Failure> {
        let (pool, text) = match split_word(rest) {
            ("to=hnsw", text) => (RoleKind::HnswIndexer, text),
            ("to=rag", text) => (RoleKind::RagRetriever, text),
            _ => (self.usual_pool(profile), rest),
        };
        embed_text(text, ADD.usage, turn.meter)?;
        let item = self.give(&Keeping::Text(text), pool, FROM_CONSOLE, turn)?;
        Ok(writeln!(turn.out, "fleet: adding item={item}")?)
    }

    /// Texts go to the indexers, and to the retrievers where there is no indexer.
    fn usual_pool(&self, profile: &Profile) -> RoleKind {
        let mine = RoleCode::from(profile.role);
        let indexers = Pool::of(RoleKind::HnswIndexer.into(), profile.id, mine);
        let retrievers = Pool::of(RoleKind::RagRetriever.into(), profile.id, mine);
        if indexers.is_empty(&self.members) && !retrievers.is_empty(&self.members) {
            return RoleKind::RagRetriever;
        }
        RoleKind::HnswIndexer
    }

    fn remember<M: Meter>(&mut self, rest: &str, turn: &mut Turn<'_, M>) -> Result<(), Failure> {
        let (kind, rest) = parse_type(rest, REMEMBER.usage)?;
        let (lives, text) = parse_time_to_live(rest, kind)?;
        embed_text(text, REMEMBER.usage, turn.meter)?;
        let keeping = Keeping::Memory { kind: kind as u8, lives_s: lives.unwrap_or(FOR_EVER), text };
        let item = self.give(&keeping, RoleKind::MemoryArchivist, FROM_CONSOLE, turn)?;
        Ok(writeln!(turn.out, "fleet: remembering item={item}")?)
    }

    /// Tells everyone of an alarm of this chip, and gives it to the archivists to remember, at most once in
    /// [`pace::ALARM_PAUSE`]: a fault goes on for many samples.
    pub fn raise<M: Meter>(&mut self, alarm: Alarm, sample: &str, profile: &Profile, turn: &mut Turn<'_, M>) {
        let number = self.next_alarm();
        turn.observer.event(&ChipEvent::Alarm { from: profile.id, score: alarm.score });
        if turn.now.get() < self.state.quiet_until {
            return;
        }
        self.state.quiet_until = turn.now.get().saturating_add(pace::ALARM_PAUSE.get());
        let at_s = u32::try_from(turn.now.as_seconds()).unwrap_or(u32::MAX);
        let Alarm { score, threshold } = alarm;
        let message = Message::Anomaly(Anomaly { number, at_s, score, threshold, text: sample });
        self.endpoint.post(BROADCAST, &message, turn.now, turn.meter);
        let mut text = Short::default();
        let (score, threshold) = (Thousandths(score), Thousandths(threshold));
        let id = profile.id;
        // What does not fit is cut off.
        let _ = write!(text, "alarm {number} of chip {id}: score {score} over {threshold} at {sample}");
        let keeping = Keeping::Memory { kind: MemoryType::Event as u8, lives_s: 0, text: text.get() };
        if self.give(&keeping, RoleKind::MemoryArchivist, ALARM, turn).is_err() {
            // A line that cannot be written has nowhere to be reported.
            let _ = writeln!(turn.out, "fleet: alarm not stored busy");
        }
    }
}

/// A text that takes what fits a line and drops the rest.
struct Short {
    bytes: [u8; LINE_LIMIT],
    length: usize,
}

impl Default for Short {
    fn default() -> Self {
        Self { bytes: [0; LINE_LIMIT], length: 0 }
    }
}

impl Short {
    fn get(&self) -> &str {
        let bytes = self.bytes.get(..self.length).unwrap_or_default();
        core::str::from_utf8(bytes).unwrap_or_default()
    }
}

impl Write for Short {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        let room = LINE_LIMIT - self.length;
        let length = text.floor_char_boundary(room);
        let place = self.bytes.iter_mut().skip(self.length);
        place.zip(text.as_bytes().iter().take(length)).for_each(|(place, byte)| *place = *byte);
        self.length += length;
        Ok(())
    }
}
