//! What every role is and does: its description, its plan, its trait, and what the roles' commands share.

use super::catalog::Catalog;
use super::shared::{Asked, Asks, ItemPayload, Keeps};
use crate::arena::{Arena, NoRoom};
use crate::console::{CommandInfo, Failure, Session};
use crate::embed::{DIMENSIONS, embed};
use crate::index::{AnyIndex, Kind};
use crate::meter::Meter;

/// What there is to know about a role without running it.
#[derive(Debug)]
pub struct RoleInfo {
    /// What it does, in one line.
    pub summary: &'static str,
    /// The field of `stats` that counts its items.
    pub counter: &'static str,
    /// What one unit of its capacity holds.
    pub item: &'static str,
    /// The chips that have this role by default.
    pub default_on: &'static [&'static str],
    /// The least capacity with which it is worth running.
    pub min_capacity: u32,
    /// Its commands beyond those of every role.
    pub commands: &'static [CommandInfo],
    /// What it keeps for its fleet.
    pub keeps: Option<Keeps>,
    /// The questions of the fleet that it answers.
    pub answers: Option<Asks>,
    /// What a display shows of it.
    pub view: View,
    /// The command that stores a text, up to the text.
    pub store: &'static str,
    /// The command that looks for a text, up to the text.
    pub find: &'static str,
    /// Commands that are measured by themselves: what each is measured as, and what is typed.
    pub measured: &'static [(&'static str, &'static str)],
}

/// What a display shows of a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// The last questions with their answers, and the shape of its index where it has one.
    Questions,
    /// The scores of its last samples beside the threshold. Such a role takes samples.
    Signal,
}

/// `clear`, as every role has it.
pub const CLEAR: CommandInfo =
    CommandInfo { name: "clear", usage: "clear !", summary: "remove every item; `!` confirms" };

/// What left its habit during a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// How far from the habit, in thousandths.
    pub score: i32,
    /// From which score on it is an alarm, in thousandths.
    pub threshold: i32,
}

/// What a role's structures follow from; the same plan lays them out the same way each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// How many items they hold.
    pub capacity: u32,
    /// Decides whatever is left to chance, such as the levels of a graph.
    pub seed: u32,
    /// What finds vectors, in the roles that search.
    pub index: Kind,
    /// Do items have a name in a fleet beside them?
    pub named: bool,
}

/// A role at work: a view over the bytes of an arena.
pub trait Role<'a>: Sized {
    /// Takes the role's structures. All zeros is the empty role.
    ///
    /// # Errors
    /// [`NoRoom`] when the arena is too small.
    fn carve(arena: &mut Arena<'a>, plan: Plan) -> Result<Self, NoRoom>;

    /// How many items it holds, as its counter counts them.
    fn items(&self) -> u32;

    /// How many of its capacity are taken.
    fn stored(&self) -> u32 {
        self.items()
    }

    /// Runs one command; `rest` is the line after its first word.
    ///
    /// A command with buffers is `#[inline(never)]`: inlined here, the stack of each would be that of all of them. So is
    /// what console and fleet both call, or an image has it twice (`docs/decisions.md`).
    ///
    /// # Errors
    /// Any [`Failure`]; [`Failure::UnknownCommand`] where the role has no such command.
    fn run<M: Meter>(&mut self, verb: &str, rest: &str, session: &mut Session<'_, M>) -> Result<(), Failure>;

    /// Its items, where it has items that a fleet can name.
    fn catalog(&self) -> Option<&Catalog<'a>> {
        None
    }

    /// As [`Role::catalog`].
    fn catalog_mut(&mut self) -> Option<&mut Catalog<'a>> {
        None
    }

    /// The index of its texts, where it has one.
    fn index(&self) -> Option<&AnyIndex<'a>> {
        None
    }

    /// The alarm that the current command raised.
    fn alarm(&self) -> Option<Alarm> {
        None
    }

    /// Stores what the fleet gave, of the kind that [`RoleInfo::keeps`] says; its slot.
    ///
    /// # Errors
    /// What the role's own command fails with.
    fn keep<M: Meter>(
        &mut self,
        _given: &ItemPayload<'_>,
        _now: u32,
        _meter: &mut M,
    ) -> Result<u32, Failure> {
        Err(Failure::UnknownCommand)
    }

    /// What it keeps at `slot`, which holds `text`.
    fn kept<'t>(&self, _slot: u32, _now: u32, text: &'t str) -> ItemPayload<'t> {
        ItemPayload::Text(text)
    }

    /// Removes the item at `slot`.
    fn release<M: Meter>(&mut self, _slot: u32, _meter: &mut M) {}

    /// Offers the items nearest to `vector`: slot and dot product.
    fn search_for<M: Meter>(
        &self,
        _vector: &[i8; DIMENSIONS],
        _meter: &mut M,
        _offer: impl FnMut(u32, i32, &mut M),
    ) {
    }

    /// Offers what bears on a text: slot and the role's own score in thousandths.
    ///
    /// # Errors
    /// As those of the role's `recall`.
    fn recall_for<M: Meter>(
        &mut self,
        _asked: &Asked<'_>,
        _now: u32,
        _meter: &mut M,
        _offer: impl FnMut(u32, i32),
    ) -> Result<(), Failure> {
        Ok(())
    }
}

/// Embeds a text that some feature can find again.
///
/// # Errors
/// [`Failure::Missing`] for no text, [`Failure::NothingToEmbed`] for a text without letters or digits.
pub fn embed_text<M: Meter>(
    text: &str,
    usage: &'static str,
    meter: &mut M,
) -> Result<[i8; DIMENSIONS], Failure> {
    if text.is_empty() {
        return Err(Failure::Missing { usage });
    }
    let vector = embed(text, meter);
    if vector.iter().all(|element| *element == 0) { Err(Failure::NothingToEmbed) } else { Ok(vector) }
}

/// Refuses to discard items without a `!`; gives how many there are.
///
/// # Errors
/// [`Failure::NeedsConfirmation`].
pub fn confirm(items: u32, rest: &str) -> Result<u32, Failure> {
    if items > 0 && rest != "!" { Err(Failure::NeedsConfirmation { items }) } else { Ok(items) }
}
