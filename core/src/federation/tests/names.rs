//! Names of items: never two texts under one name, never a name short.

use super::net::{ARENA, Net};
use crate::arena::Arena;
use crate::federation::node::Node;
use crate::federation::{Membership, Topology};
use crate::role::RoleKind;
use crate::units::Micros;
use std::collections::BTreeSet;
use std::format;
use std::string::String;

const INDEXER: RoleKind = RoleKind::HnswIndexer;
const SENTINEL: RoleKind = RoleKind::AnomalySentinel;

/// Every text that some running chip can say.
fn texts(net: &mut Net) -> BTreeSet<String> {
    let mut texts = BTreeSet::new();
    for slot in 0..net.chips.len() {
        let list = net.handle_line(slot, "list");
        texts.extend(
            list.lines().filter_map(|line| Some(line.split_once("id=")?.1.split_once(' ')?.1.into())),
        );
    }
    texts
}

/// Two boards that were given one number, both in their first boot; what each was told of the text that it added.
fn two_boards(nonces: [u16; 2]) -> (Net, [String; 2]) {
    let mut net = Net::of(&[INDEXER; 3], Topology::Mesh, 5);
    let boards = nonces.map(|nonce| {
        let membership = Membership { nonce, ..net.membership(5) };
        net.add(9, SENTINEL, ARENA, membership)
    });
    net.run(Micros::seconds(5));
    let said = [0, 1].map(|board| {
        net.handle_line(boards[board], &format!("fleet add the key hangs behind door {board}"));
        net.run(Micros::seconds(12));
        net.read(boards[board])
    });
    (net, said)
}

#[test]
fn two_boards_with_one_number_and_boot_count_lose_nothing() {
    let (mut net, said) = two_boards([1, 2]);
    let texts = texts(&mut net);
    for (board, said) in said.iter().enumerate() {
        assert!(said.contains("fleet: stored ") && said.contains(" copies=2"), "{said}");
        assert!(texts.contains(&format!("the key hangs behind door {board}")), "{texts:?}");
    }
}

/// Even where chance gives both boards the same nonce.
#[test]
fn other_content_under_a_name_is_refused_and_never_acknowledged() {
    let (mut net, [first, second]) = two_boards([0, 0]);
    assert!(first.contains("fleet: stored item=9.1 copies=2"), "{first}");
    assert!(!second.contains("fleet: stored ") && second.contains("name-taken"), "{second}");
    let texts = texts(&mut net);
    assert!(texts.contains("the key hangs behind door 0"), "{texts:?}");
}

#[test]
fn a_boot_has_more_than_65_535_names() {
    let mut net = Net::of(&[INDEXER; 1], Topology::Mesh, 6);
    net.chips[0].membership.replicas = 1;
    net.set_membership(0);
    let mut names = BTreeSet::new();
    for _ in 0..66_000 {
        let said = net.handle_line(0, "fleet add a");
        assert!(said.starts_with("fleet: adding item="), "{said} after {}", names.len());
        assert!(names.insert(said));
        if net.chips[0].agent.items() > 100 {
            net.handle_line(0, "clear !");
        }
    }
}

#[test]
fn names_go_on_past_two_to_the_32() {
    let identity = Net::of(&[INDEXER; 1], Topology::Mesh, 6).chips[0].membership;
    let mut memory = std::vec![0; ARENA];
    let mut node = Node::carve(&mut Arena::new(&mut memory), 3, identity).unwrap();
    let mut names = BTreeSet::new();
    for start in [0, u64::from(u16::MAX) - 5, (1 << 31) - 5, (1 << 32) - 5] {
        node.state.named = start;
        assert!((0..10).all(|_| names.insert(node.next_name())), "a name came twice after {start}");
    }
    assert!(names.iter().all(|name| name.own_id().is_none()));
}
