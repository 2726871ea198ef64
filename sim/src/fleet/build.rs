//! A fleet of a scenario: which chips can reach each other, and what each is built of.

use super::channel::Channel;
use super::island::Island;
use crate::chip::intruder::{Intent, Mischief};
use crate::chip::ports::Port;
use crate::chip::work::Work;
use crate::chip::{self, Blueprint, Chip};
use crate::cost::{self, Unpriced};
use crate::scenario::{ChipPlan, Hostility, LinkPlan, Scenario};
use ruvllm_esp_core::agent::Identity;
use ruvllm_esp_core::federation::Membership;
use ruvllm_esp_core::units::Bytes;
use ruvllm_esp_core::wire::authentication::Key;
use std::collections::BTreeSet;
use std::sync::Arc;
use thiserror::Error;

/// Why a fleet cannot be built.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum FleetError {
    /// A chip's arena is too small for the network's structures and its role.
    #[error(
        "chip `{chip}`: its fleet and its role do not fit {arena} of arena: `{part}` needs {needs}, {free} are free"
    )]
    DoesNotFit {
        /// The chip's name.
        chip: String,
        /// Its arena.
        arena: Bytes,
        /// The structure that does not fit.
        part: &'static str,
        /// What it needs.
        needs: Bytes,
        /// What is left for it.
        free: Bytes,
    },
    /// A chip has no price table.
    #[error("there is no price table for {0}")]
    NoPrices(&'static str),
    /// Its price table lacks an operation.
    #[error(transparent)]
    Unpriced(#[from] Unpriced),
    /// A place in the scenario does not exist.
    #[error("{what} {place} does not exist")]
    NoPlace {
        /// `chip` or `link`.
        what: &'static str,
        /// The place.
        place: usize,
    },
    /// The machine gives no threads.
    #[error("no threads: {0}")]
    NoThreads(String),
}

/// The chips of `scenario`, together with those they can reach.
pub fn islands(scenario: &Scenario) -> Result<Vec<Island>, FleetError> {
    // Empty where nobody means harm: each chip asks this for each frame.
    let has_hostile = scenario.chips.iter().any(|chip| chip.hostile.is_some());
    let hostile: Arc<[Option<Hostility>]> =
        scenario.chips.iter().filter(|_| has_hostile).map(|chip| chip.hostile).collect();
    let mut tried = BTreeSet::new();
    let mut islands = Vec::new();
    for (places, links) in groups(scenario)? {
        let mut channels = Vec::with_capacity(links.len());
        for link in links {
            let plan = scenario.links.get(link).ok_or(FleetError::NoPlace { what: "link", place: link })?;
            channels.push(Channel::new(plan, link, scenario.seed));
        }
        let mut chips = Vec::with_capacity(places.len());
        for place in &places {
            let plan =
                scenario.chips.get(*place).ok_or(FleetError::NoPlace { what: "chip", place: *place })?;
            let blueprint = blueprint(scenario, plan, places.len() as u32)?;
            fits(plan, &blueprint, &mut tried)?;
            let table = cost::table(plan.chip).ok_or(FleetError::NoPrices(plan.chip.name))?;
            chips.push(Chip::new(*place, blueprint, Work::new(table)?, scenario.seed, Arc::clone(&hostile)));
        }
        connect(&mut chips, &channels);
        islands.push(Island::new(chips, channels));
    }
    Ok(islands)
}

/// Chips and links, by ascending place.
type Group = (Vec<usize>, Vec<usize>);

/// Chips and links that hang together.
fn groups(scenario: &Scenario) -> Result<Vec<Group>, FleetError> {
    let mut group: Vec<usize> = (0..scenario.chips.len()).collect();
    fn root(group: &mut [usize], mut place: usize) -> usize {
        while group[place] != place {
            group[place] = group[group[place]];
            place = group[place];
        }
        place
    }
    for link in &scenario.links {
        for pair in link.members.windows(2) {
            let missing = pair.iter().find(|port| port.chip >= group.len());
            if let Some(port) = missing {
                return Err(FleetError::NoPlace { what: "chip", place: port.chip });
            }
            let (one, other) = (root(&mut group, pair[0].chip), root(&mut group, pair[1].chip));
            group[one.max(other)] = one.min(other);
        }
    }
    let mut members = vec![(Vec::new(), Vec::new()); group.len()];
    for place in 0..group.len() {
        let root = root(&mut group, place);
        members[root].0.push(place);
    }
    for (place, link) in scenario.links.iter().enumerate() {
        if let Some(first) = link.members.first() {
            let root = root(&mut group, first.chip);
            members[root].1.push(place);
        }
    }
    members.retain(|(chips, _)| !chips.is_empty());
    Ok(members)
}

/// What the chip of `plan` is built of, on an island of `chips`.
fn blueprint(scenario: &Scenario, plan: &ChipPlan, chips: u32) -> Result<Blueprint, FleetError> {
    let no_place = |place| FleetError::NoPlace { what: "link", place };
    let link = |place: usize| scenario.links.get(place).ok_or_else(|| no_place(place));
    let link: Option<&LinkPlan> = plan.link.map(link).transpose()?;
    let intent = match plan.hostile {
        None | Some(Hostility::Outsider) => {
            let seed = (scenario.seed ^ scenario.seed >> 32) as u32;
            let identity = Identity { chip: plan.chip, chip_id: plan.id, role: plan.role, seed };
            let arena = plan.arena.unwrap_or_else(|| plan.chip.arena_budget(plan.radio).arena);
            let key = scenario.key.filter(|_| plan.hostile.is_none()).map(Key::new);
            let topology = scenario.topology;
            let peers = chips.saturating_sub(1).max(1);
            let replicas = scenario.replicas;
            let (boot, nonce, entropy) = (0, 0, 0);
            let member = |link: &LinkPlan| Membership {
                link: link.kind,
                topology,
                replicas,
                peers,
                boot,
                nonce,
                entropy,
                key,
            };
            let membership = link.map(member);
            return Ok(Blueprint::Agent { identity, arena, membership });
        }
        Some(Hostility::Replay) => Intent::Replay,
        Some(Hostility::Forge) => Intent::Forge,
        Some(Hostility::Noise) => Intent::Noise,
    };
    let limit = link.ok_or_else(|| no_place(scenario.links.len()))?.kind.frame_limit();
    Ok(Blueprint::Intruder(Mischief { intent, address: plan.id, limit, seed: scenario.seed }))
}

/// Boots one agent of each kind on trial.
fn fits(
    plan: &ChipPlan,
    blueprint: &Blueprint,
    tried: &mut BTreeSet<(u32, u8, u32)>,
) -> Result<(), FleetError> {
    let Blueprint::Agent { identity, arena, membership } = *blueprint else { return Ok(()) };
    let peers = membership.map_or(0, |membership| membership.peers);
    if !tried.insert((arena.get(), identity.role as u8, peers)) {
        return Ok(());
    }
    match chip::boot(identity, arena, membership) {
        Ok(_) => Ok(()),
        Err(no_room) => {
            let (part, needs, free) = (no_room.part, no_room.needs, no_room.free);
            Err(FleetError::DoesNotFit { chip: plan.name.clone(), arena, part, needs, free })
        }
    }
}

/// Gives each chip its ends of the links.
fn connect(chips: &mut [Chip], channels: &[Channel]) {
    for (place, channel) in channels.iter().enumerate() {
        for (member, port) in channel.members.iter().enumerate() {
            if let Ok(local) = chips.binary_search_by_key(&port.chip, |chip| chip.place) {
                chips[local].ports.all.push(Port::new(port.port, place, member, channel.medium.model));
            }
        }
    }
    chips.iter_mut().for_each(|chip| chip.ports.all.sort_by_key(|port| port.number));
}
