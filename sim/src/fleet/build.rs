//! A fleet of a scenario: which chips can reach each other, and what each is built of.

use super::channel::Channel;
use super::component::LinkComponent;
use crate::chip::adversary::{Attack, AttackKind};
use crate::chip::ports::Port;
use crate::chip::work::Work;
use crate::chip::{self, Blueprint, Chip};
use crate::cost::{self, UnknownCost};
use crate::scenario::key::KeyError;
use crate::scenario::{ChipPlan, Hostility, LinkPlan, Scenario};
use ruvllm_esp_core::agent::Identity;
use ruvllm_esp_core::federation::Membership;
use ruvllm_esp_core::units::Bytes;
use ruvllm_esp_core::wire::keyring::{Keyring, epoch_key};
use std::collections::BTreeSet;
use std::sync::Arc;
use thiserror::Error;

/// The epoch of a fleet's keys when a scenario begins.
const FIRST_EPOCH: u32 = 1;

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
    /// A chip has no cost table.
    #[error("there is no cost table for {0}")]
    NoCosts(&'static str),
    /// Its cost table lacks an operation.
    #[error(transparent)]
    UnknownCost(#[from] UnknownCost),
    /// An index in the scenario does not exist.
    #[error("{what} {index} does not exist")]
    UnknownIndex {
        /// `chip` or `link`.
        what: &'static str,
        /// The index.
        index: usize,
    },
    /// The fleet's key was not given.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The machine gives no threads.
    #[error("no threads: {0}")]
    NoThreads(String),
}

/// The chips of `scenario`, together with those they can reach.
pub fn components(scenario: &Scenario) -> Result<Vec<LinkComponent>, FleetError> {
    // Empty where nobody is hostile: each chip asks this for each frame.
    let has_hostile = scenario.chips.iter().any(|chip| chip.hostile.is_some());
    let hostile: Arc<[Option<Hostility>]> =
        scenario.chips.iter().filter(|_| has_hostile).map(|chip| chip.hostile).collect();
    let mut tried = BTreeSet::new();
    let mut components = Vec::new();
    for (indices, links) in groups(scenario)? {
        let mut channels = Vec::with_capacity(links.len());
        for link in links {
            let plan =
                scenario.links.get(link).ok_or(FleetError::UnknownIndex { what: "link", index: link })?;
            channels.push(Channel::new(plan, link, scenario.seed));
        }
        let mut chips = Vec::with_capacity(indices.len());
        for index in &indices {
            let plan =
                scenario.chips.get(*index).ok_or(FleetError::UnknownIndex { what: "chip", index: *index })?;
            let blueprint = blueprint(scenario, plan, indices.len() as u32)?;
            fits(plan, &blueprint, &mut tried)?;
            let table = cost::table(plan.chip).ok_or(FleetError::NoCosts(plan.chip.name))?;
            chips.push(Chip::new(*index, blueprint, Work::new(table)?, scenario.seed, Arc::clone(&hostile)));
        }
        connect(&mut chips, &channels);
        components.push(LinkComponent::new(chips, channels));
    }
    Ok(components)
}

/// Chips and links, by ascending index.
type Group = (Vec<usize>, Vec<usize>);

/// Chips and links that hang together.
fn groups(scenario: &Scenario) -> Result<Vec<Group>, FleetError> {
    let mut group: Vec<usize> = (0..scenario.chips.len()).collect();
    fn root(group: &mut [usize], mut index: usize) -> usize {
        while group[index] != index {
            group[index] = group[group[index]];
            index = group[index];
        }
        index
    }
    for link in &scenario.links {
        for pair in link.members.windows(2) {
            let missing = pair.iter().find(|port| port.chip >= group.len());
            if let Some(port) = missing {
                return Err(FleetError::UnknownIndex { what: "chip", index: port.chip });
            }
            let (one, other) = (root(&mut group, pair[0].chip), root(&mut group, pair[1].chip));
            group[one.max(other)] = one.min(other);
        }
    }
    let mut members = vec![(Vec::new(), Vec::new()); group.len()];
    for index in 0..group.len() {
        let root = root(&mut group, index);
        members[root].0.push(index);
    }
    for (index, link) in scenario.links.iter().enumerate() {
        if let Some(first) = link.members.first() {
            let root = root(&mut group, first.chip);
            members[root].1.push(index);
        }
    }
    members.retain(|(chips, _)| !chips.is_empty());
    Ok(members)
}

/// What the chip of `plan` is built of, in a component of `chips`.
fn blueprint(scenario: &Scenario, plan: &ChipPlan, chips: u32) -> Result<Blueprint, FleetError> {
    let no_place = |index| FleetError::UnknownIndex { what: "link", index };
    let link = |index: usize| scenario.links.get(index).ok_or_else(|| no_place(index));
    let link: Option<&LinkPlan> = plan.link.map(link).transpose()?;
    let master = scenario.key.resolve(scenario.seed)?;
    let intent = match plan.hostile {
        None | Some(Hostility::Outsider | Hostility::Duplicate) => {
            let seed = (scenario.seed ^ scenario.seed >> 32) as u32;
            let identity = Identity { chip: plan.chip, chip_id: plan.id, role: plan.role, seed };
            let arena = plan.arena.unwrap_or_else(|| plan.chip.arena_budget(plan.radio).arena);
            let master = master.filter(|_| plan.hostile != Some(Hostility::Outsider));
            let provision = |master| Keyring::provision(&master, plan.id, FIRST_EPOCH);
            let keys = master.map(|master| provision(master).with_encryption(scenario.encrypts));
            let topology = scenario.topology;
            let peers = chips.saturating_sub(1).max(1);
            let replicas = scenario.replicas;
            let (boot, nonce, entropy) = (plan.boots, 0, 0);
            let member = |link: &LinkPlan| Membership {
                link: link.kind,
                topology,
                replicas,
                peers,
                boot,
                nonce,
                entropy,
                keys,
            };
            let membership = link.map(member);
            return Ok(Blueprint::Agent { identity, arena, membership, clock: plan.clock });
        }
        Some(Hostility::Replay) => AttackKind::Replay,
        Some(Hostility::Forge) => AttackKind::Forge,
        Some(Hostility::Noise) => AttackKind::Noise,
        Some(Hostility::Insider) => AttackKind::Insider,
    };
    let limit = link.ok_or_else(|| no_place(scenario.links.len()))?.kind.frame_limit();
    // An insider has what a member has: the key of the epoch, from which it can speak for others.
    let key = master.filter(|_| intent == AttackKind::Insider).map(|master| epoch_key(&master, FIRST_EPOCH));
    Ok(Blueprint::Adversary(Attack { intent, address: plan.id, limit, key, seed: scenario.seed }))
}

/// Boots one agent of each kind on trial.
fn fits(
    plan: &ChipPlan,
    blueprint: &Blueprint,
    tried: &mut BTreeSet<(u32, u8, u32)>,
) -> Result<(), FleetError> {
    let Blueprint::Agent { identity, arena, membership, .. } = *blueprint else { return Ok(()) };
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
    for (index, channel) in channels.iter().enumerate() {
        for (member, port) in channel.medium.members.iter().enumerate() {
            if let Ok(local) = chips.binary_search_by_key(&port.chip, |chip| chip.index) {
                chips[local].ports.all.push(Port::new(port.port, index, member, channel.medium.model));
            }
        }
    }
    chips.iter_mut().for_each(|chip| chip.ports.all.sort_by_key(|port| port.number));
}
