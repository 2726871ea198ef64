//! On a bad link, too, a message comes whole or not at all, and never twice.

use crate::arena::Arena;
use crate::item::ItemId;
use crate::units::Micros;
use crate::wire::authentication::Key;
use crate::wire::frame::BROADCAST;
use crate::wire::keyring::Keyring;
use crate::wire::link::LinkKind;
use crate::wire::message::{Add, Message, Stored};
use crate::wire::{Capacity, Dropped, Endpoint, Event, FRAME_LIMIT, SendError, Settings};
use oorandom::Rand32;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::string::String;
use std::vec;
use std::vec::Vec;

const CAPACITY: Capacity = Capacity { peers: 4, outgoing: 6, unfinished: 3 };
const KEY: Key = Key::new(*b"a key for a test");

/// How a link treats frames, in thousandths.
#[derive(Clone, Copy, Debug)]
struct Weather {
    loss: u32,
    duplication: u32,
    reordering: u32,
    damage: u32,
}

const FAIR: Weather = Weather { loss: 0, duplication: 0, reordering: 0, damage: 0 };

struct Node {
    settings: Settings,
    keys: Option<Keyring>,
    memory: Vec<u8>,
    /// Messages still to be sent, the first last: to whom, which number, how long.
    to_send: Vec<(u16, u32, usize)>,
    /// The numbers delivered here.
    delivered: BTreeSet<u32>,
}

impl Node {
    fn new(address: u16, boot: u32, link: LinkKind, key: Option<Key>) -> Self {
        let (entropy, frame_limit) = (7 + u64::from(address), link.frame_limit());
        let settings = Settings { address, boot, nonce: 0, entropy, embedder: 1, frame_limit };
        let keys = key.map(|key| Keyring::provision(&key, address, 1));
        Self { settings, keys, memory: vec![0; 32 * 1024], to_send: Vec::new(), delivered: BTreeSet::new() }
    }

    /// Carved again for every use, as a role is.
    fn endpoint(&mut self) -> Endpoint<'_> {
        Endpoint::carve(&mut Arena::new(&mut self.memory), self.settings, self.keys.as_ref(), CAPACITY)
            .unwrap()
    }

    fn send_what_fits(&mut self) {
        while let Some((destination, number, length)) = self.to_send.last().copied() {
            let text = text(number, length);
            let item = ItemId { origin: self.settings.address, boot: 1, count: number, nonce: 0 };
            match self.endpoint().send(destination, &Message::Add(Add { item, text: &text })) {
                Ok(()) => self.to_send.pop(),
                Err(SendError::Full { .. }) => return,
                Err(error) => panic!("{error}"),
            };
        }
    }

    fn receive(&mut self, frame: &[u8], now: Micros) -> Result<(), Dropped> {
        let mut memory = core::mem::take(&mut self.memory);
        let mut endpoint =
            Endpoint::carve(&mut Arena::new(&mut memory), self.settings, self.keys.as_ref(), CAPACITY)
                .unwrap();
        let outcome = endpoint.receive(frame, now, &mut ()).map(|event| {
            if let Event::Message { message: Message::Add(add), .. } = event {
                assert_eq!(add.text, text(add.item.count, add.text.len()));
                assert!(self.delivered.insert(add.item.count), "message {} came twice", add.item.count);
            }
        });
        self.memory = memory;
        outcome
    }
}

fn text(number: u32, length: usize) -> String {
    (0..length).map(|index| char::from(b'a' + ((number as usize + index) % 26) as u8)).collect()
}

struct Field {
    nodes: Vec<Node>,
    weather: Weather,
    random: Rand32,
    now: Micros,
    /// Frames under way, by arrival and order of sending: for whom, and the bytes.
    air: BTreeMap<(Micros, u32), (usize, Vec<u8>)>,
    order: u32,
}

impl Field {
    fn new(nodes: Vec<Node>, weather: Weather, seed: u64) -> Self {
        let random = Rand32::new(seed);
        Self { nodes, weather, random, now: Micros(0), air: BTreeMap::new(), order: 0 }
    }

    fn happens(&mut self, thousandths: u32) -> bool {
        self.random.rand_range(0..1000) < thousandths
    }

    fn broadcast(&mut self, from: usize, frame: &[u8]) {
        for to in (0..self.nodes.len()).filter(|to| *to != from) {
            let copies = 1 + usize::from(self.happens(self.weather.duplication));
            for _ in 0..copies {
                if self.happens(self.weather.loss) {
                    continue;
                }
                let mut frame = frame.to_vec();
                if self.happens(self.weather.damage) {
                    let index = self.random.rand_range(0..frame.len() as u32) as usize;
                    frame[index] ^= 1 << self.random.rand_range(0..8);
                }
                let late = self.happens(self.weather.reordering);
                let delay = if late { self.random.rand_range(0..400_000) } else { 3_000 };
                self.order += 1;
                self.air.insert((self.now + Micros(u64::from(delay)), self.order), (to, frame));
            }
        }
    }

    /// Runs until nothing is left to do.
    fn settle(&mut self) {
        let mut steps = 0;
        loop {
            steps += 1;
            assert!(steps < 200_000, "the exchange does not end");
            for from in 0..self.nodes.len() {
                self.work(from);
            }
            let wakes: Vec<Micros> = (0..self.nodes.len())
                .filter_map(|node| self.nodes[node].endpoint().wake_at(self.now))
                .collect();
            let arrival = self.air.keys().next().map(|(time, _)| *time);
            let Some(next) = wakes.into_iter().chain(arrival).min() else { return };
            self.now = self.now.max(next);
            while let Some(entry) = self.air.first_entry().filter(|entry| entry.key().0 <= self.now) {
                let (to, frame) = entry.remove();
                let _ = self.nodes[to].receive(&frame, self.now);
            }
        }
    }

    fn work(&mut self, from: usize) {
        let now = self.now;
        let mut out = [0; FRAME_LIMIT];
        loop {
            self.nodes[from].send_what_fits();
            let Some(length) = self.nodes[from].endpoint().transmit(&mut out, now, &mut ()) else { return };
            assert!(length <= usize::from(self.nodes[from].settings.frame_limit));
            self.broadcast(from, &out[..length]);
        }
    }
}

fn weather() -> impl Strategy<Value = Weather> {
    (0u32..300, 0u32..300, 0u32..300, 0u32..50).prop_map(|(loss, duplication, reordering, damage)| Weather {
        loss,
        duplication,
        reordering,
        damage,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// [`Node::receive`] holds each message to its text and to coming once.
    #[test]
    fn a_message_comes_whole_and_at_most_once_whatever_the_link_does(
        weather in weather(),
        link in proptest::sample::select(LinkKind::ALL.to_vec()),
        lengths in proptest::collection::vec((0u8..2, 0usize..900), 1..40),
        (with_key, encrypts) in any::<(bool, bool)>(),
        seed in any::<u64>(),
    ) {
        let key = with_key.then_some(KEY);
        let mut nodes = vec![Node::new(1, 1, link, key), Node::new(2, 9, link, key)];
        for node in &mut nodes {
            node.keys = node.keys.map(|keys| keys.with_encryption(encrypts));
        }
        for (number, (from, length)) in (0..).zip(lengths) {
            let other = 2 - u16::from(from);
            nodes[usize::from(from)].to_send.push((other, number, length));
        }
        let mut field = Field::new(nodes, weather, seed);
        field.settle();
        prop_assert!(field.nodes.iter().all(|node| node.to_send.is_empty()));
    }
}

#[test]
fn on_a_fair_link_each_frame_is_sent_once_and_each_message_comes() {
    let mut nodes = vec![Node::new(1, 1, LinkKind::EspNow, None), Node::new(2, 1, LinkKind::EspNow, None)];
    nodes[0].to_send = vec![(2, 0, 700), (2, 1, 10)];
    let mut field = Field::new(nodes, FAIR, 0);
    field.settle();
    // 704 bytes of message in frames with room for 222, and one more message.
    assert_eq!(field.nodes[0].endpoint().traffic().sent, 5);
    let traffic = *field.nodes[1].endpoint().traffic();
    assert_eq!((traffic.received, traffic.sent, traffic.drops.total()), (5, 0, 0));
    assert_eq!(field.nodes[1].delivered.len(), 2);
}

#[test]
fn a_chip_that_reboots_is_received_at_once_and_its_past_is_not() {
    let link = LinkKind::Uart;
    let mut field = Field::new(vec![Node::new(1, 1, link, None), Node::new(2, 1, link, None)], FAIR, 0);
    field.nodes[0].to_send = (0..5).map(|number| (2, number, 8)).collect();
    field.settle();
    let mut late = [0; FRAME_LIMIT];
    field.nodes[0].to_send = vec![(2, 50, 8)];
    field.nodes[0].send_what_fits();
    let length = field.nodes[0].endpoint().transmit(&mut late, field.now, &mut ()).unwrap();
    // It reboots with nothing but a higher count of boots, and its sequences begin at 0 again.
    field.nodes[0] = Node::new(1, 2, link, None);
    field.nodes[0].to_send = vec![(2, 100, 8), (2, 101, 8)];
    field.settle();
    assert_eq!(field.nodes[1].delivered.len(), 7);
    let now = field.now;
    assert_eq!(field.nodes[1].receive(&late[..length], now), Err(Dropped::Unproven));
}

#[test]
fn a_broadcast_reaches_everyone_once() {
    let link = LinkKind::EspNow;
    let weather = Weather { duplication: 500, ..FAIR };
    let mut nodes: Vec<Node> = (0..4).map(|address| Node::new(address, 1, link, None)).collect();
    nodes[0].to_send = vec![(BROADCAST, 5, 600)];
    let mut field = Field::new(nodes, weather, 3);
    field.settle();
    for node in &mut field.nodes[1..] {
        assert!(node.delivered.contains(&5));
        assert_eq!(node.endpoint().traffic().sent, 0);
    }
}

#[test]
fn a_full_outbox_says_so_and_empties_again() {
    let mut node = Node::new(1, 1, LinkKind::Uart, None);
    let message =
        Message::Stored(Stored { item: ItemId { origin: 1, boot: 1, count: 1, nonce: 0 }, check: 7 });
    let mut endpoint = node.endpoint();
    assert_eq!(endpoint.send(1, &message), Err(SendError::ToSelf));
    for _ in 0..CAPACITY.outgoing {
        endpoint.send(2, &message).unwrap();
    }
    assert_eq!(endpoint.send(2, &message), Err(SendError::Full { capacity: CAPACITY.outgoing }));
    assert_eq!(endpoint.transmit(&mut [0; 4], Micros(0), &mut ()), None);
    while endpoint.transmit(&mut [0; FRAME_LIMIT], Micros(0), &mut ()).is_some() {}
    assert!(endpoint.send(2, &message).is_ok());
}
