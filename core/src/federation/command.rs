//! What a console says to its fleet.
//!
//! Each command answers at once with what was begun. How it ended comes later, as lines that begin with `fleet:`.

use super::gather::Asking;
use super::node::{Node, Profile};
use super::rank::Pool;
use super::replication::FROM_CONSOLE;
use super::replication_table::ALARM;
use super::{Turn, pace};
use crate::console::{CommandInfo, Failure, count_and_text, split_word};
use crate::event::ChipEvent;
use crate::limits::LINE_LIMIT;
use crate::meter::Meter;
use crate::role::contract::{Alarm, embed_text};
use crate::role::memory::{FOR_EVER, MemoryType, parse_time_to_live, parse_type};
use crate::role::shared::{Asks, ItemPayload, Keeps};
use crate::role::{AnyRole, RoleKind};
use crate::units::Thousandths;
use crate::wire::field::hex;
use crate::wire::keyring::Opened;
use crate::wire::message::{Anomaly, Rekey, RoleCode, SealedKey};
use crate::wire::{BROADCAST, Message, SendError};
use core::fmt::Write;

/// Results of `fleet search` without K.
const SEARCH_RESULTS: usize = 4;
/// Results of `fleet recall` without K.
const RECALL_RESULTS: usize = 3;

/// The commands of a chip in a fleet, beside those of its role.
pub const COMMANDS: [CommandInfo; 6] = [STATUS, ADD, SEARCH, REMEMBER, RECALL, REKEY];

const STATUS: CommandInfo =
    CommandInfo { name: "fleet", usage: "fleet", summary: "the fleet as this chip sees it" };
const ADD: CommandInfo = CommandInfo {
    name: "fleet add",
    usage: "fleet add [to=ROLE] TEXT",
    summary: "store a text on as many chips as the fleet keeps copies, of this role if given",
};
const SEARCH: CommandInfo = CommandInfo {
    name: "fleet search",
    usage: "fleet search [K] TEXT",
    summary: "the K nearest texts of all indexers [default: 4]",
};
const REMEMBER: CommandInfo = CommandInfo {
    name: "fleet remember",
    usage: "fleet remember TYPE [ttl=SECONDS] TEXT",
    summary: "keep a memory on as many archivists as the fleet keeps copies",
};
const RECALL: CommandInfo = CommandInfo {
    name: "fleet recall",
    usage: "fleet recall [K] TEXT",
    summary: "what retrievers and archivists hold about TEXT [default: 3]",
};
const REKEY: CommandInfo = CommandInfo {
    name: "fleet rekey",
    usage: "fleet rekey CHIP EPOCH HEX",
    summary: "pass on the key of an epoch, sealed for a chip by `ruvllm-esp fleet revoke`",
};
/// How often a key that is passed on is sent again. Nothing answers it; at 20% loss one in three thousand is missed.
const REKEY_AGAIN: u8 = 4;

const USAGE: &str = "fleet [add|search|remember|recall|rekey] ...";

/// What follows `fleet` on a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FleetCommand<'l> {
    /// How the chip sees its fleet.
    Status,
    /// Store a text, on chips of this role where one is named.
    Add {
        /// The role.
        role: Option<RoleKind>,
        /// The text.
        text: &'l str,
    },
    /// Keep a memory.
    Remember(ItemPayload<'l>),
    /// Ask for the nearest texts, or for what bears on a text.
    Ask {
        /// Which of the two.
        asks: Asks,
        /// How many results at most.
        count: usize,
        /// The question.
        text: &'l str,
    },
    /// Pass on a key.
    Rekey {
        /// The chip for which it is sealed.
        chip: u16,
        /// The key.
        rekey: Rekey,
    },
}

impl<'l> FleetCommand<'l> {
    /// Reads what follows `fleet`.
    ///
    /// # Errors
    /// [`Failure::Missing`], [`Failure::BadNumber`], [`Failure::UnknownRole`], [`Failure::UnknownType`].
    pub fn parse(rest: &'l str) -> Result<Self, Failure> {
        let (word, rest) = split_word(rest);
        Ok(match word {
            "" => FleetCommand::Status,
            "add" => {
                let (first, after) = split_word(rest);
                let (role, text) = match first.strip_prefix("to=") {
                    Some(name) => (Some(role_of_texts(name)?), after),
                    None => (None, rest),
                };
                FleetCommand::Add { role, text: some(text, ADD.usage)? }
            }
            "search" => {
                let (count, text) = count_and_text(rest, SEARCH_RESULTS, SEARCH.usage)?;
                FleetCommand::Ask { asks: Asks::Search, count, text }
            }
            "recall" => {
                let (count, text) = count_and_text(rest, RECALL_RESULTS, RECALL.usage)?;
                FleetCommand::Ask { asks: Asks::Recall, count, text }
            }
            "remember" => {
                let (kind, rest) = parse_type(rest, REMEMBER.usage)?;
                let (lives, text) = parse_time_to_live(rest, kind)?;
                let text = some(text, REMEMBER.usage)?;
                let (kind, ttl_s) = (kind as u8, lives.unwrap_or(FOR_EVER));
                FleetCommand::Remember(ItemPayload::Memory { kind, ttl_s, text })
            }
            "rekey" => {
                let (chip, rest) = split_word(rest);
                let (epoch, digits) = split_word(rest);
                some(digits, REKEY.usage)?;
                let bad = |what, most| Failure::BadNumber { what, least: 0, most };
                let mut sealed = SealedKey::default();
                let length = hex(digits, &mut sealed.0).map(<[u8]>::len);
                let sealed = length.filter(|length| *length == sealed.0.len()).map(|_| sealed);
                FleetCommand::Rekey {
                    chip: chip.parse().map_err(|_| bad("CHIP", u32::from(BROADCAST) - 1))?,
                    rekey: Rekey {
                        epoch: epoch.parse().map_err(|_| bad("EPOCH", u32::MAX))?,
                        sealed: sealed.ok_or(Failure::BadKey)?,
                    },
                }
            }
            _ => return Err(Failure::Missing { usage: USAGE }),
        })
    }
}

fn some<'l>(text: &'l str, usage: &'static str) -> Result<&'l str, Failure> {
    if text.is_empty() { Err(Failure::Missing { usage }) } else { Ok(text) }
}

/// A role that keeps texts, by any of its names.
fn role_of_texts(name: &str) -> Result<RoleKind, Failure> {
    let role = RoleKind::by_name(name).ok_or(Failure::UnknownRole)?;
    let keeps_texts = role.info().keeps == Some(Keeps::Texts);
    if keeps_texts { Ok(role) } else { Err(Failure::WrongRole { wants: RoleKind::keeper(Keeps::Texts) }) }
}

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
        let command = FleetCommand::parse(rest)?;
        if self.endpoint.has_used_up_counters() && !matches!(command, FleetCommand::Status) {
            return Err(Failure::CountersUsedUp);
        }
        match command {
            FleetCommand::Status => Ok(self.write_status(role, turn.out)?),
            FleetCommand::Add { role, text } => {
                let pool = role.unwrap_or_else(|| self.usual_pool(Keeps::Texts, profile));
                self.accept(&ItemPayload::Text(text), pool, ("adding", ADD.usage), turn)
            }
            FleetCommand::Remember(memory) => {
                let pool = self.usual_pool(Keeps::Memories, profile);
                self.accept(&memory, pool, ("remembering", REMEMBER.usage), turn)
            }
            FleetCommand::Ask { asks, count, text } => {
                let usage = if asks == Asks::Search { SEARCH.usage } else { RECALL.usage };
                let vector = embed_text(text, usage, turn.meter)?;
                let asking = match asks {
                    Asks::Search => Asking::Search(&vector),
                    Asks::Recall => Asking::Recall(text),
                };
                self.ask(&asking, count as u8, role, profile, turn).map(|_| ())
            }
            FleetCommand::Rekey { chip, rekey } => self.rekey(chip, rekey, turn),
        }
    }

    /// Passes a sealed key on, or takes it where it is for this chip.
    fn rekey<M: Meter>(&mut self, chip: u16, rekey: Rekey, turn: &mut Turn<'_, M>) -> Result<(), Failure> {
        let Rekey { epoch, .. } = rekey;
        if chip == self.id {
            return match self.endpoint.take_key(&rekey, turn.now, turn.meter) {
                Opened::New(epoch) => Ok(writeln!(turn.out, "fleet: has the key of epoch {epoch}")?),
                Opened::Known => Ok(writeln!(turn.out, "fleet: knows the key of epoch {epoch}")?),
                Opened::NotForUs => Err(Failure::BadKey),
            };
        }
        let message = Message::Rekey(rekey);
        match self.endpoint.send_again(chip, &message, REKEY_AGAIN) {
            Ok(()) => Ok(writeln!(turn.out, "fleet: passing on the key of epoch {epoch} to chip {chip}")?),
            Err(SendError::Full { capacity }) => Err(Failure::Busy { limit: capacity }),
            Err(SendError::CountersUsedUp) => Err(Failure::CountersUsedUp),
            Err(_) => Err(Failure::Busy { limit: self.members.capacity() }),
        }
    }

    /// Gives the fleet what the console was told to store.
    fn accept<M: Meter>(
        &mut self,
        given: &ItemPayload<'_>,
        pool: RoleKind,
        (word, usage): (&'static str, &'static str),
        turn: &mut Turn<'_, M>,
    ) -> Result<(), Failure> {
        embed_text(given.text(), usage, turn.meter)?;
        let item = self.replicate(given, pool, FROM_CONSOLE, turn)?;
        Ok(writeln!(turn.out, "fleet: {word} item={item}")?)
    }

    /// The first role of the table that keeps such items and that the fleet has: texts go to the indexers, and to the
    /// retrievers where there is no indexer.
    fn usual_pool(&self, keeps: Keeps, profile: &Profile) -> RoleKind {
        let mine = RoleCode::from(profile.role);
        let is_there = |role: &RoleKind| !Pool::of((*role).into(), profile.id, mine).is_empty(&self.members);
        RoleKind::keepers(keeps).find(is_there).unwrap_or_else(|| RoleKind::keeper(keeps))
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
        self.endpoint.post(BROADCAST, &message);
        let mut text = Short::default();
        let (score, threshold) = (Thousandths(score), Thousandths(threshold));
        let id = profile.id;
        // What does not fit is cut off.
        let _ = write!(text, "alarm {number} of chip {id}: score {score} over {threshold} at {sample}");
        let payload = ItemPayload::Memory { kind: MemoryType::Event as u8, ttl_s: 0, text: text.get() };
        if self.replicate(&payload, RoleKind::keeper(Keeps::Memories), ALARM, turn).is_err() {
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
        let slot = self.bytes.iter_mut().skip(self.length);
        slot.zip(text.as_bytes().iter().take(length)).for_each(|(target, byte)| *target = *byte);
        self.length += length;
        Ok(())
    }
}
