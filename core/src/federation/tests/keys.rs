//! A chip is struck from a fleet by a new epoch, and the others lose nothing.

use super::net::Net;
use crate::federation::Topology;
use crate::role::RoleKind;
use crate::units::Micros;
use crate::wire::Dropped;
use crate::wire::authentication::Key;
use crate::wire::field::Hex;
use crate::wire::keyring::{OVERLAP, epoch_key, seal};
use std::format;
use std::string::String;
use std::vec::Vec;

const MASTER: Key = Key::new(*b"a key for a test");
const SECOND: u64 = 1_000_000;

/// Chips 1 to 4, at work.
fn fleet(seed: u64, encrypts: bool) -> Net {
    let mut net = Net::of(&[RoleKind::HnswIndexer; 4], Topology::Mesh, seed);
    net.set_key(MASTER);
    net.encrypt(encrypts);
    net.run(Micros::seconds(8));
    net
}

/// Has chip 1 pass on the key of `epoch` to `chips`.
fn rekey(net: &mut Net, epoch: u32, chips: impl IntoIterator<Item = u16>) {
    for chip in chips {
        let said =
            net.handle_line(0, &format!("fleet rekey {chip} {epoch} {}", Hex(&seal(&MASTER, chip, epoch))));
        assert!(said.starts_with("fleet: "), "{said}");
    }
}

fn epochs(net: &mut Net) -> Vec<u32> {
    (0..net.chips.len()).map(|slot| net.chips[slot].agent.keyring().unwrap().epoch).collect()
}

fn dropped(net: &mut Net, slot: usize, reason: Dropped) -> u32 {
    net.chips[slot].agent.traffic().unwrap().drops.of(reason)
}

/// Stores an item a second at chips 1 to 3 in turn; how many were acknowledged.
fn store(net: &mut Net, numbers: core::ops::Range<usize>) -> usize {
    let mut said = String::new();
    for number in numbers {
        net.handle_line(number % 3, &format!("fleet add note {number} about lamp {}", number * 7919 % 1009));
        net.run(Micros::seconds(1));
        said += &(0..3).map(|slot| net.read(slot)).collect::<String>();
    }
    said.matches("fleet: stored item=").count()
}

/// The items that chips 1 to 3 hold together, each once.
fn held(net: &mut Net) -> usize {
    let mut texts: Vec<String> = Vec::new();
    for slot in 0..3 {
        net.chips[slot].agent.held_texts(|_, text| texts.push(text.into()));
    }
    texts.sort();
    texts.dedup();
    texts.len()
}

#[test]
fn a_revoked_chip_is_refused_by_all_and_the_others_lose_no_acknowledged_item() {
    for (loss, encrypts) in [(0, false), (200, false), (200, true)] {
        let mut net = fleet(1, encrypts);
        net.loss = loss;
        let mut stored = store(&mut net, 0..10);
        rekey(&mut net, 2, 1..=3);
        // Both epochs are taken meanwhile: nobody is missed, chip 4 neither.
        stored += store(&mut net, 10..60);
        assert_eq!(epochs(&mut net), [1; 4], "nobody sends in the new epoch before the others have its key");
        assert!(net.all_know_all(), "{}", net.handle_line(0, "peers"));
        stored += store(&mut net, 60..90);
        assert_eq!(epochs(&mut net), [2, 2, 2, 1]);
        stored += store(&mut net, 90..160);
        // Only the new one is taken.
        net.loss = 0;
        net.keep_frames = true;
        let before: Vec<u32> = (0..3).map(|slot| dropped(&mut net, slot, Dropped::Epoch)).collect();
        stored += store(&mut net, 160..175);
        net.run(Micros::seconds(60));
        let after: Vec<u32> = (0..3).map(|slot| dropped(&mut net, slot, Dropped::Epoch)).collect();
        assert!(before.iter().zip(&after).all(|(before, after)| after > before), "{before:?} {after:?}");
        for slot in 0..3 {
            let fleet = net.chips[slot].agent.fleet().unwrap();
            assert_eq!((fleet.alive, fleet.lost), (2, 1), "{}", net.handle_line(slot, "peers"));
            assert_eq!(net.chips[slot].agent.keyring().unwrap().next, None);
        }
        assert!(stored > 150 && held(&mut net) >= stored, "{} of {stored} acknowledged", held(&mut net));
        // Whatever it sends, chip 4 gets nothing in: neither its own words nor those of others.
        let items = |net: &mut Net| [0, 1, 2].map(|slot| net.chips[slot].agent.items());
        let count = items(&mut net);
        net.handle_line(3, "fleet add a word of chip 4");
        net.run(Micros::seconds(20));
        assert_eq!(items(&mut net), count);
    }
}

#[test]
fn a_chip_that_was_away_gets_the_key_later_and_a_boot_meanwhile_loses_none() {
    [false, true].into_iter().for_each(a_chip_that_was_away_gets_the_key_later);
}

fn a_chip_that_was_away_gets_the_key_later(encrypts: bool) {
    let mut net = fleet(2, encrypts);
    net.crash(2);
    rekey(&mut net, 2, 1..=4);
    net.run(Micros::seconds(5));
    // Chip 2 boots while the epochs overlap: flash has both keys.
    net.reboot(1);
    assert_eq!(net.chips[1].agent.keyring().unwrap().next, Some((2, epoch_key(&MASTER, 2))));
    net.run(Micros(3 * OVERLAP.get()));
    net.reboot(2);
    net.run(Micros::seconds(30));
    assert_eq!(epochs(&mut net), [2, 2, 1, 2]);
    assert_eq!(net.chips[2].agent.fleet().unwrap().alive, 0, "{}", net.handle_line(2, "peers"));
    // The third epoch: the second was missed.
    rekey(&mut net, 3, 1..=4);
    net.run(Micros(2 * OVERLAP.get() + 30 * SECOND));
    assert_eq!(epochs(&mut net), [3; 4]);
    net.until(Micros::seconds(30), Net::all_know_all);
}

#[test]
fn a_key_that_is_not_right_is_refused_on_the_console() {
    let mut net = fleet(3, false);
    let sealed = |chip| format!("{}", Hex(&seal(&MASTER, chip, 2)));
    for (line, code) in [
        (format!("fleet rekey 1 2 {}", sealed(2)), "bad-key"),
        (format!("fleet rekey 1 3 {}", sealed(1)), "bad-key"),
        (format!("fleet rekey 2 2 {}", &sealed(2)[2..]), "bad-key"),
        (format!("fleet rekey x 2 {}", sealed(1)), "bad-number"),
        (String::from("fleet rekey 1 2"), "missing-argument"),
    ] {
        let said = net.handle_line(0, &line);
        assert!(said.starts_with(&format!("err: {code} ")), "{line}: {said}");
    }
    assert_eq!(
        net.handle_line(0, &format!("fleet rekey 1 2 {}", sealed(1))),
        "fleet: has the key of epoch 2\n"
    );
    assert!(net.handle_line(0, "fleet").ends_with(" epoch=1\n"));
}
