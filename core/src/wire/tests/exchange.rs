//! On a bad link, too, what is acknowledged was delivered, and once.

use crate::arena::Arena;
use crate::item::ItemId;
use crate::units::Micros;
use crate::wire::authentication::Key;
use crate::wire::frame::BROADCAST;
use crate::wire::keyring::Keyring;
use crate::wire::link::LinkKind;
use crate::wire::message::{Add, Message, Stored};
use crate::wire::retry::Timing;
use crate::wire::{Capacity, Delivery, Dropped, Endpoint, Event, FRAME_LIMIT, SendError, Settings, Ticket};
use oorandom::Rand32;
use proptest::prelude::*;
use std::collections::BTreeMap;
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
    /// Numbers of messages still to be sent, the first last.
    to_send: Vec<(u16, u32, usize)>,
    sent: BTreeMap<Ticket, u32>,
    /// Numbers of messages that were acknowledged, and that were given up.
    acknowledged: Vec<u32>,
    given_up: Vec<u32>,
    /// How often each number was delivered here.
    delivered: BTreeMap<u32, u32>,
}

impl Node {
    fn new(address: u16, boot: u32, link: LinkKind, key: Option<Key>) -> Self {
        let settings = Settings {
            address,
            boot,
            nonce: 0,
            entropy: 7 + u64::from(address),
            embedder: 1,
            frame_limit: link.frame_limit(),
            timing: link.timing(),
        };
        Self {
            settings,
            keys: key.map(|key| Keyring::provision(&key, address, 1)),
            memory: vec![0; 32 * 1024],
            to_send: Vec::new(),
            sent: BTreeMap::new(),
            acknowledged: Vec::new(),
            given_up: Vec::new(),
            delivered: BTreeMap::new(),
        }
    }

    /// Carved again for every use, as a role is.
    fn endpoint(&mut self) -> Endpoint<'_> {
        Endpoint::carve(&mut Arena::new(&mut self.memory), self.settings, self.keys.as_ref(), CAPACITY)
            .unwrap()
    }

    fn send_what_fits(&mut self, now: Micros) {
        while let Some((destination, number, length)) = self.to_send.last().copied() {
            let text = text(number, length);
            let item = ItemId { origin: self.settings.address, boot: 1, count: number, nonce: 0 };
            let message = Message::Add(Add { item, text: &text });
            match self.endpoint().send(destination, Delivery::Acknowledged, &message, now, &mut ()) {
                Ok(ticket) => {
                    self.sent.insert(ticket, number);
                    self.to_send.pop();
                }
                Err(SendError::Full { .. } | SendError::WindowFull) => return,
                Err(error) => panic!("{error}"),
            }
        }
    }

    fn receive(&mut self, frame: &[u8], now: Micros) -> Result<(), Dropped> {
        let mut memory = core::mem::take(&mut self.memory);
        let mut endpoint =
            Endpoint::carve(&mut Arena::new(&mut memory), self.settings, self.keys.as_ref(), CAPACITY)
                .unwrap();
        let outcome = endpoint.receive(frame, now, &mut ()).map(|event| match event {
            Event::Message { message: Message::Add(add), .. } => {
                assert_eq!(add.text, text(add.item.count, add.text.len()));
                *self.delivered.entry(add.item.count).or_default() += 1;
            }
            Event::Delivered(ticket) => self.acknowledged.push(self.sent[&ticket]),
            Event::Nothing | Event::Message { .. } | Event::Proven { .. } | Event::NewKey(_) => {}
        });
        self.memory = memory;
        outcome
    }

    fn traffic(&mut self) -> crate::wire::endpoint::Traffic {
        *self.endpoint().traffic()
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
        let node = &mut self.nodes[from];
        while let Some(ticket) = node.endpoint().expire(now) {
            let number = node.sent[&ticket];
            node.given_up.push(number);
        }
        node.send_what_fits(now);
        let mut out = [0; FRAME_LIMIT];
        while let Some(length) = self.nodes[from].endpoint().transmit(&mut out, now, &mut ()) {
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

    #[test]
    fn every_acknowledged_message_is_delivered_exactly_once(
        weather in weather(),
        link in proptest::sample::select(LinkKind::ALL.to_vec()),
        lengths in proptest::collection::vec((0u8..2, 0usize..900), 1..40),
        with_key in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let key = with_key.then_some(KEY);
        let mut nodes = vec![Node::new(1, 1, link, key), Node::new(2, 9, link, key)];
        for (number, (from, length)) in (0..).zip(lengths) {
            let other = 2 - u16::from(from);
            nodes[usize::from(from)].to_send.push((other, number, length));
        }
        let mut field = Field::new(nodes, weather, seed);
        field.settle();
        for (from, to) in [(0, 1), (1, 0)] {
            let (from, to) = (&field.nodes[from], &field.nodes[to]);
            for number in &from.acknowledged {
                prop_assert_eq!(to.delivered.get(number), Some(&1), "message {}", number);
            }
            prop_assert!(to.delivered.values().all(|times| *times == 1));
            prop_assert_eq!(from.acknowledged.len() + from.given_up.len(), from.sent.len());
            prop_assert!(from.to_send.is_empty());
        }
    }

    #[test]
    fn with_patience_every_message_is_acknowledged(weather in weather(), seed in any::<u64>()) {
        let mut nodes = vec![Node::new(1, 1, LinkKind::EspNow, None), Node::new(2, 1, LinkKind::EspNow, None)];
        // The odds of giving one up are then below one in 10^11: 0.7 * 0.95 both ways, 60 times.
        let patient = Timing { first: Micros(40_000), longest: Micros(400_000), attempts: 60 };
        nodes.iter_mut().for_each(|node| node.settings.timing = patient);
        nodes[0].to_send = (0..30).map(|number| (2, number, number as usize * 30)).collect();
        let mut field = Field::new(nodes, weather, seed);
        field.settle();
        prop_assert_eq!(field.nodes[0].acknowledged.len(), 30);
        prop_assert_eq!(field.nodes[1].delivered.len(), 30);
    }
}

#[test]
fn on_a_fair_link_each_frame_is_sent_once() {
    let mut nodes = vec![Node::new(1, 1, LinkKind::EspNow, None), Node::new(2, 1, LinkKind::EspNow, None)];
    nodes[0].to_send = vec![(2, 0, 700), (2, 1, 10)];
    let mut field = Field::new(nodes, FAIR, 0);
    field.settle();
    let (sender, receiver) = (field.nodes[0].traffic(), field.nodes[1].traffic());
    // 704 bytes of message in frames with room for 222, and one more message.
    assert_eq!((sender.sent, sender.resent, sender.delivered), (5, 0, 2));
    assert_eq!((receiver.received, receiver.sent, receiver.drops.total()), (5, 2, 0));
    assert_eq!(field.now, Micros(6_000));
}

#[test]
fn many_chips_share_one_lossy_field() {
    let link = LinkKind::EspNow;
    let mut nodes: Vec<Node> = (0..5).map(|address| Node::new(address, 1, link, Some(KEY))).collect();
    for number in 0..100u32 {
        let (from, to) = (number % 5, (number + 1 + number / 25) % 5);
        nodes[from as usize].to_send.push((to as u16, number, number as usize * 9));
    }
    let mut field =
        Field::new(nodes, Weather { loss: 200, duplication: 200, reordering: 200, damage: 20 }, 7);
    field.settle();
    let delivered: u32 = field.nodes.iter().flat_map(|node| node.delivered.values()).sum();
    let acknowledged: usize = field.nodes.iter().map(|node| node.acknowledged.len()).sum();
    assert_eq!((delivered, acknowledged), (100, 100));
    assert!(field.nodes[0].traffic().resent > 0);
}

#[test]
fn a_chip_that_reboots_is_heard_at_once_and_its_past_is_not() {
    let link = LinkKind::Uart;
    let mut field = Field::new(vec![Node::new(1, 1, link, None), Node::new(2, 1, link, None)], FAIR, 0);
    field.nodes[0].to_send = (0..5).map(|number| (2, number, 8)).collect();
    field.settle();
    let mut late = [0; FRAME_LIMIT];
    field.nodes[0].to_send = vec![(2, 50, 8)];
    field.nodes[0].send_what_fits(field.now);
    let length = field.nodes[0].endpoint().transmit(&mut late, field.now, &mut ()).unwrap();
    // It reboots with nothing but a higher count of boots, and its sequences begin at 0 again.
    field.nodes[0] = Node::new(1, 2, link, None);
    field.nodes[0].to_send = vec![(2, 100, 8), (2, 101, 8)];
    field.settle();
    assert_eq!(field.nodes[0].acknowledged.len(), 2);
    assert_eq!(field.nodes[1].delivered.len(), 7);
    let now = field.now;
    assert_eq!(field.nodes[1].receive(&late[..length], now), Err(Dropped::Unproven));
}

#[test]
fn an_acknowledgement_from_before_the_boot_is_not_taken_for_another() {
    let link = LinkKind::Uart;
    let mut field = Field::new(vec![Node::new(1, 7, link, None), Node::new(2, 1, link, None)], FAIR, 0);
    let mut late = [0; FRAME_LIMIT];
    field.nodes[0].to_send = vec![(2, 0, 8)];
    field.nodes[0].send_what_fits(field.now);
    let length = field.nodes[0].endpoint().transmit(&mut late, field.now, &mut ()).unwrap();
    field.nodes[1].receive(&late[..length], field.now).unwrap();
    let length = field.nodes[1].endpoint().transmit(&mut late, field.now, &mut ()).unwrap();
    field.nodes[0] = Node::new(1, 8, link, None);
    field.nodes[0].to_send = vec![(2, 1, 8)];
    field.nodes[0].send_what_fits(field.now);
    let now = field.now;
    assert_eq!(field.nodes[0].receive(&late[..length], now), Err(Dropped::UnknownAck));
    field.settle();
    assert_eq!((field.nodes[0].acknowledged.len(), field.nodes[1].delivered.len()), (1, 2));
}

#[test]
fn a_chip_that_is_gone_costs_its_messages_and_nothing_else() {
    let link = LinkKind::EspNow;
    let mut field = Field::new(vec![Node::new(1, 1, link, None), Node::new(2, 1, link, None)], FAIR, 0);
    field.nodes[0].to_send = vec![(9, 1, 500), (2, 2, 8), (9, 3, 8), (2, 4, 8)];
    field.settle();
    assert_eq!(field.nodes[0].acknowledged, [4, 2]);
    assert_eq!(field.nodes[0].given_up.len(), 2);
    assert!(field.now <= link.timing().patience());
    assert!(field.nodes[0].endpoint().outgoing() == 0);
}

#[test]
fn a_broadcast_reaches_everyone_once_and_asks_for_nothing() {
    let link = LinkKind::EspNow;
    let weather = Weather { duplication: 500, ..FAIR };
    let nodes = (0..4).map(|address| Node::new(address, 1, link, None)).collect();
    let mut field = Field::new(nodes, weather, 3);
    let text = text(5, 600);
    let message = Message::Add(Add { item: ItemId { boot: 1, count: 5, ..ItemId::default() }, text: &text });
    let mut endpoint = field.nodes[0].endpoint();
    endpoint.send(BROADCAST, Delivery::Plain, &message, Micros(0), &mut ()).unwrap();
    let refused = endpoint.send(BROADCAST, Delivery::Acknowledged, &message, Micros(0), &mut ());
    assert_eq!(refused, Err(SendError::Broadcast));
    assert_eq!(endpoint.send(0, Delivery::Plain, &message, Micros(0), &mut ()), Err(SendError::ToSelf));
    field.settle();
    for node in &mut field.nodes[1..] {
        assert_eq!(node.delivered.get(&5), Some(&1));
        assert_eq!(node.traffic().sent, 0);
    }
}

#[test]
fn a_full_outbox_says_so_and_empties_again() {
    let mut node = Node::new(1, 1, LinkKind::Uart, None);
    let message =
        Message::Stored(Stored { item: ItemId { origin: 1, boot: 1, count: 1, nonce: 0 }, check: 7 });
    let mut endpoint = node.endpoint();
    for _ in 0..CAPACITY.outgoing {
        endpoint.send(2, Delivery::Plain, &message, Micros(0), &mut ()).unwrap();
    }
    let full = endpoint.send(2, Delivery::Plain, &message, Micros(0), &mut ());
    assert_eq!(full, Err(SendError::Full { capacity: CAPACITY.outgoing }));
    assert_eq!(endpoint.transmit(&mut [0; 4], Micros(0), &mut ()), None);
    while endpoint.transmit(&mut [0; FRAME_LIMIT], Micros(0), &mut ()).is_some() {}
    assert!(endpoint.send(2, Delivery::Plain, &message, Micros(0), &mut ()).is_ok());
}
