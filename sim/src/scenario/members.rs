//! The links and the chips of a scenario file.

use super::grammar;
use super::names::Names;
use super::plan::{ChipPlan, Hostility, LinkPlan, MAX_CHIPS, Permille, Port, Scenario, Topology};
use super::problem::{Notes, Wrong};
use super::quantity;
use super::sections::Sections;
use super::table::{Found, Table};
use crate::memory::min_arena;
use ruvllm_esp_core::chip::{self, Chip, Radio};
use ruvllm_esp_core::role::RoleKind;
use ruvllm_esp_core::units::{Bytes, Micros};
use ruvllm_esp_core::wire::link::LinkKind;
use std::collections::BTreeSet;
use std::ops::Range;

/// The largest address of a chip; the one above is everybody's.
const LAST_ID: u16 = 65_534;

/// What chips and links are called.
#[derive(Debug)]
pub(super) struct Members {
    pub chips: Names,
    pub links: Names,
}

/// A link as the file has it, before a ring cuts it.
struct Medium {
    name: String,
    kind: LinkKind,
    plan: LinkPlan,
    span: Range<usize>,
    members: Vec<usize>,
    /// Does a chip name it, even one that is wrong otherwise?
    is_named: bool,
}

/// A chip or group as the file has it.
struct Group {
    name: String,
    span: Range<usize>,
    count: usize,
    /// The index of the first chip; none where the table is wrong.
    first: Option<usize>,
}

impl Members {
    /// Reads them into `scenario`.
    pub fn read(sections: Sections<'_>, scenario: &mut Scenario, notes: &Notes<'_>) -> Self {
        let mut members = Self { chips: Names::new("chip"), links: Names::new("link") };
        let mut media: Vec<Medium> = sections.of(&grammar::LINK).iter().filter_map(medium).collect();
        let tables = sections.of(&grammar::CHIP);
        if media.is_empty() && !sections.has("link") && !is_alone(&tables) {
            media.push(Medium::new("air", LinkKind::EspNow, 0..0));
        }
        let mut groups = Vec::new();
        let mut ids = Ids::default();
        for table in &tables {
            groups.push(members.group(table, scenario, &mut media, &mut ids));
        }
        if tables.is_empty() && !sections.has("chip") {
            notes.add(None, Wrong::with("there is no [[chip]]", "a fleet has at least one chip"));
        }
        ids.assign(&mut scenario.chips, notes);
        members.name_chips(&groups, scenario, notes);
        members.lay_links(media, scenario, notes);
        members
    }

    fn group(
        &self,
        table: &Table<'_>,
        scenario: &mut Scenario,
        media: &mut [Medium],
        ids: &mut Ids,
    ) -> Group {
        for name in ["port", "serial-number", "image"] {
            // What boards are told; a wrong type is a mistake here too.
            let _ = table.text(name);
        }
        let count = table.whole("count").map_or(1, |count| count.value as usize);
        let (name, span) = match table.text("name") {
            Some(name) => (name.value.to_string(), name.span),
            None => (format!("chip-{}", scenario.chips.len() + 1), table.span()),
        };
        let medium = if media.is_empty() && !table.has("link") { None } else { Some(link_of(table, media)) };
        let (is_alone, medium) = (medium.is_none(), medium.flatten());
        if let Some(medium) = medium.and_then(|medium| media.get_mut(medium)) {
            medium.is_named = true;
        }
        let plan = plan_of(table, medium.and_then(|medium| media.get(medium)));
        let plan = plan.filter(|_| medium.is_some() || is_alone);
        let plan = plan.map(|plan| ChipPlan { name: name.clone(), link: medium, ..plan });
        if plan.is_none() {
            // A wrong address is told all the same.
            let _ = table.whole("id");
        }
        let first = plan.and_then(|plan| add_chips(table, &plan, count, scenario, ids));
        if let Some((first, medium)) = first.zip(medium.and_then(|medium| media.get_mut(medium))) {
            medium.members.extend(first..first + count);
        }
        Group { name, span, count, first }
    }

    fn name_chips(&mut self, groups: &[Group], scenario: &Scenario, notes: &Notes<'_>) {
        for group in groups {
            // A chip that is wrong has a name all the same, or every line that names it would be wrong too.
            let indices = |range: Range<usize>| match group.first {
                Some(first) => first + range.start..first + range.end,
                None => 0..0,
            };
            let named = self.chips.insert(&group.name, indices(0..group.count));
            let mut numbers = (0..group.count).filter(|_| group.count > 1);
            let each = numbers.try_for_each(|number| {
                self.chips.insert(&numbered(&group.name, number), indices(number..number + 1))
            });
            if let Err(wrong) = named.and(each) {
                notes.add(Some(group.span.clone()), wrong);
            }
        }
        let is_member = |index: &usize| scenario.chips.get(*index).is_some_and(|chip| chip.hostile.is_none());
        self.chips.set_all((0..scenario.chips.len()).filter(is_member).collect());
    }

    /// Turns media into links: one each, or in a ring one for each pair of neighbours.
    fn lay_links(&mut self, media: Vec<Medium>, scenario: &mut Scenario, notes: &Notes<'_>) {
        let is_ring = scenario.topology == Topology::Ring;
        for medium in media {
            let first = scenario.links.len();
            // Where there are no chips at all, that is said already.
            if !medium.is_named && !self.chips.is_empty() {
                notes.add(
                    Some(medium.span.clone()),
                    Wrong::new(format!("no chip is on the link `{}`", medium.name)),
                );
            }
            if is_ring {
                if matches!(medium.kind, LinkKind::EspNow | LinkKind::EspNowV2 | LinkKind::I2c) {
                    let message =
                        format!("{} cannot form a ring: all chips receive every frame", medium.kind.name());
                    notes.add(
                        Some(medium.span.clone()),
                        Wrong::with(message, "a link of a ring is uart, spi or parallel"),
                    );
                }
                medium.cut_into(&mut scenario.links, &mut scenario.chips);
            } else {
                for chip in &medium.members {
                    if let Some(plan) = scenario.chips.get_mut(*chip) {
                        plan.link = Some(first);
                    }
                }
                let members = medium.members.iter().map(|chip| Port { chip: *chip, port: 0 }).collect();
                scenario.links.push(LinkPlan { members, ..medium.plan.clone() });
            }
            self.name_links(&medium, first..scenario.links.len(), scenario, notes);
        }
        self.links.set_all((0..scenario.links.len()).collect());
    }

    fn name_links(&mut self, medium: &Medium, indices: Range<usize>, scenario: &Scenario, notes: &Notes<'_>) {
        let named = self.links.insert(&medium.name, indices.clone());
        let segments = indices.filter_map(|index| Some((index, scenario.links.get(index)?.name.clone())));
        let mut parts = segments.filter(|(_, name)| *name != medium.name);
        let each = parts.try_for_each(|(index, name)| self.links.insert(&name, index..index + 1));
        if let Err(wrong) = named.and(each) {
            notes.add(Some(medium.span.clone()), wrong);
        }
    }
}

impl Medium {
    fn new(name: &str, kind: LinkKind, span: Range<usize>) -> Self {
        let (loss, corruption, delay) = (Permille(0), Permille(0), Micros(0));
        let (duplication, reordering) = (Permille(0), Permille(0));
        let (name, members) = (name.to_string(), Vec::new());
        let plan =
            LinkPlan { name: name.clone(), kind, members, loss, corruption, duplication, reordering, delay };
        Self { name, kind, plan, span, members: Vec::new(), is_named: false }
    }

    /// Segment `n` leads from the right of one chip to the left of the next; the last leads back to the first chip.
    fn cut_into(&self, links: &mut Vec<LinkPlan>, chips: &mut [ChipPlan]) {
        let next = self.members.iter().cycle().skip(1);
        for (number, (left, right)) in self.members.iter().zip(next).enumerate() {
            if let Some(chip) = chips.get_mut(*left) {
                chip.link = Some(links.len());
            }
            let members = vec![Port { chip: *left, port: 1 }, Port { chip: *right, port: 0 }];
            links.push(LinkPlan {
                name: format!("{}-{}", self.name, number + 1),
                members,
                ..self.plan.clone()
            });
        }
    }
}

/// Adds the chips of a group, and gives the index of the first.
fn add_chips(
    table: &Table<'_>,
    plan: &ChipPlan,
    count: usize,
    scenario: &mut Scenario,
    ids: &mut Ids,
) -> Option<usize> {
    let first = scenario.chips.len();
    if count > MAX_CHIPS - first {
        table.wrong(Wrong::new(format!("a scenario has at most {MAX_CHIPS} chips")));
        return None;
    }
    ids.claim(table, plan.hostile == Some(Hostility::Duplicate), first, count);
    for number in 0..count {
        let name = if count == 1 { plan.name.clone() } else { numbered(&plan.name, number) };
        scenario.chips.push(ChipPlan { name, ..plan.clone() });
        scenario.lines.push(table.line());
    }
    Some(first)
}

/// The name of a group's chip.
fn numbered(group: &str, number: usize) -> String {
    format!("{group}-{}", number + 1)
}

fn medium(table: &Table<'_>) -> Option<Medium> {
    let (name, kind) = (table.text("name"), table.word("kind"));
    let share = |name| table.parsed(name, quantity::share).map_or(Permille(0), |share| share.value);
    let (loss, corruption) = (share("loss"), share("corruption"));
    let (duplication, reordering) = (share("duplication"), share("reordering"));
    let delay = table.parsed("delay", quantity::time).map_or(Micros(0), |time| time.value);
    let (name, kind) = (name?, LinkKind::by_name(kind?.value)?);
    let mut medium = Medium::new(name.value, kind, name.span);
    medium.plan = LinkPlan { loss, corruption, duplication, reordering, delay, ..medium.plan };
    Some(medium)
}

/// Is it one chip by itself, which names no link and means no harm to others?
fn is_alone(tables: &[Table<'_>]) -> bool {
    let [table] = tables else { return false };
    !["count", "link", "hostile"].into_iter().any(|key| table.has(key))
}

/// The link that a chip is on.
fn link_of(table: &Table<'_>, media: &[Medium]) -> Option<usize> {
    let Some(name) = table.text("link") else {
        if table.has("link") {
            return None;
        }
        if media.len() > 1 {
            let names: Vec<&str> = media.iter().map(|medium| medium.name.as_str()).collect();
            table.wrong(Wrong::with(
                "[[chip]] lacks `link`",
                format!("there are several: {}", names.join(", ")),
            ));
        }
        return (media.len() == 1).then_some(0);
    };
    let found = media.iter().position(|medium| medium.name == name.value);
    if found.is_none() {
        let names = media.iter().map(|medium| medium.name.as_str());
        table.wrong_at(name.span, Wrong::unknown("link", name.value, names));
    }
    found
}

/// A chip of the group, without a name and an address.
fn plan_of(table: &Table<'_>, medium: Option<&Medium>) -> Option<ChipPlan> {
    let chip = variant_of(table);
    let role = role_of(table, chip);
    let is_radio = medium.is_some_and(|medium| matches!(medium.kind, LinkKind::EspNow | LinkKind::EspNowV2));
    let needed = if is_radio { Radio::EspNow } else { Radio::Off };
    let radio = table.word("radio").and_then(|word| Radio::by_name(word.value)).unwrap_or(needed);
    if is_radio && radio == Radio::Off && table.has("radio") {
        table.wrong(Wrong::new("a chip on an ESP-NOW link has its radio on"));
    }
    let hostile = table.word("hostile");
    let kind = |word: &'static str| Hostility::ALL.into_iter().find(|kind| kind.name() == word);
    let starts = table.parsed("starts", quantity::time).map_or(Micros(0), |time| time.value);
    let skew = table.parsed("skew", quantity::skew).map_or(0, |skew| skew.value);
    let clock = table.parsed("clock", quantity::time).map_or(Micros(0), |clock| clock.value);
    let boots = table.whole("boots").map_or(0, |boots| boots.value as u32);
    let asked = table.parsed("arena", quantity::size);
    let hostile = hostile.and_then(|word| kind(word.value));
    // What is wrong above is told before the first of them ends it.
    let (chip, role) = (chip?, role?);
    let arena = arena_of(table, asked, chip, role, radio);
    let name = String::new();
    Some(ChipPlan { name, id: 0, chip, role, radio, arena, link: None, starts, skew, clock, boots, hostile })
}

fn variant_of(table: &Table<'_>) -> Option<&'static Chip> {
    let name = table.text("variant")?;
    let found = chip::by_name(name.value);
    if found.is_none() {
        let names = chip::ALL.into_iter().map(|chip| chip.name);
        table.wrong_at(name.span, Wrong::unknown("kind of chip", name.value, names));
    }
    found
}

fn role_of(table: &Table<'_>, chip: Option<&'static Chip>) -> Option<RoleKind> {
    let Some(name) = table.text("role") else {
        return chip.filter(|_| !table.has("role")).map(RoleKind::default_for);
    };
    let found = RoleKind::by_name(name.value);
    if found.is_none() {
        let names = RoleKind::ALL.into_iter().flat_map(RoleKind::names);
        table.wrong_at(name.span, Wrong::unknown("role", name.value, names));
    }
    found
}

/// The arena that was asked for, if the chip has that much and the role gets by with it.
fn arena_of(
    table: &Table<'_>,
    asked: Option<Found<Bytes>>,
    chip: &Chip,
    role: RoleKind,
    radio: Radio,
) -> Option<Bytes> {
    let most = chip.arena_budget(radio).arena;
    let have = asked.as_ref().map_or(most, |asked| asked.value);
    let span = asked.as_ref().map_or(table.span(), |asked| asked.span.clone());
    let least = min_arena(role);
    if have > most {
        let message = format!("{} has {most} for an arena, not {have}", chip.name);
        table.wrong_at(span, Wrong::with(message, format!("its radio is {}", radio.name())));
    } else if have < least {
        let alias = role.alias();
        table.wrong_at(span, Wrong::new(format!("role {alias} needs {least} of arena and has {have}")));
    }
    asked.map(|asked| asked.value)
}

/// The addresses that are taken.
#[derive(Default)]
struct Ids {
    taken: BTreeSet<u16>,
    /// Indices whose address is given.
    given: Vec<(usize, u16)>,
}

impl Ids {
    fn claim(&mut self, table: &Table<'_>, is_duplicate: bool, first: usize, count: usize) {
        let Some(id) = table.whole("id") else {
            if is_duplicate {
                let wrong = "a duplicate has the `id` of a member";
                table.wrong(Wrong::with(wrong, "give that member an `id`, and this chip the same"));
            }
            return;
        };
        for offset in 0..count {
            let number = id.value + offset as u64;
            let fits = u16::try_from(number).ok().filter(|number| *number <= LAST_ID);
            match fits {
                Some(number) if is_duplicate => self.given.push((first + offset, number)),
                Some(number) if self.taken.insert(number) => self.given.push((first + offset, number)),
                Some(number) => {
                    return table.wrong_at(
                        id.span,
                        Wrong::new(format!("the address {number} is taken above already")),
                    );
                }
                None => {
                    return table.wrong_at(id.span, Wrong::new(format!("an address is at most {LAST_ID}")));
                }
            }
        }
    }

    /// Gives each chip its own, and the others the lowest that are free.
    fn assign(self, chips: &mut [ChipPlan], notes: &Notes<'_>) {
        let given: std::collections::BTreeMap<usize, u16> = self.given.into_iter().collect();
        let mut free = (1..=LAST_ID).filter(|id| !self.taken.contains(id));
        for (index, chip) in chips.iter_mut().enumerate() {
            match given.get(&index).copied().or_else(|| free.next()) {
                Some(id) => chip.id = id,
                None => return notes.add(None, Wrong::new("there are more chips than addresses")),
            }
        }
    }
}
