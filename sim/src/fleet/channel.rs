//! One link of a fleet: its medium, and the discipline by which frames take it.

use super::bus::Bus;
use super::medium::{Effect, Medium};
use super::radio::Radio;
use crate::chip::frame::TxFrame;
use crate::chip::link::{Discipline, LinkModel};
use crate::chip::rng::{Rng, Stream};
use crate::scenario::LinkPlan;
use ruvllm_esp_core::units::Nanos;

/// A link between chips.
#[derive(Clone, Debug)]
pub struct Channel {
    /// Its index in the scenario.
    pub index: usize,
    /// What it does to frames.
    pub medium: Medium,
    turns: Turns,
}

#[derive(Clone, Debug)]
enum Turns {
    Bus(Bus),
    Radio(Radio),
}

impl Channel {
    /// The link at `index` of a scenario.
    pub fn new(plan: &LinkPlan, index: usize, seed: u64) -> Self {
        let model = LinkModel::new(plan.kind, plan.members.len());
        let mut medium = Medium::new(model, plan.members.clone(), Rng::new(seed, Stream::Link(index)));
        (medium.loss, medium.corruption) = (plan.loss, plan.corruption);
        (medium.duplication, medium.reordering) = (plan.duplication, plan.reordering);
        medium.delay = Nanos(plan.delay.get().saturating_mul(1_000));
        let turns = match model.discipline {
            Discipline::Radio => Turns::Radio(Radio::default()),
            _ => Turns::Bus(Bus::new(&medium)),
        };
        Self { index, medium, turns }
    }

    /// Takes a frame for sending.
    pub fn offer(&mut self, frame: TxFrame) {
        match &mut self.turns {
            Turns::Bus(bus) => bus.offer(frame),
            Turns::Radio(radio) => radio.offer(&self.medium, frame),
        }
    }

    /// When something happens on it next.
    pub fn next(&self) -> Option<Nanos> {
        match &self.turns {
            Turns::Bus(bus) => bus.next(&self.medium),
            Turns::Radio(radio) => radio.next(),
        }
    }

    /// Does what happens before `end`; none of its effects is earlier than the lookahead after the first of that.
    pub fn run(&mut self, end: Nanos, out: &mut Vec<Effect>) {
        match &mut self.turns {
            Turns::Bus(bus) => bus.run(&mut self.medium, end, out),
            Turns::Radio(radio) => radio.run(&mut self.medium, end, out),
        }
    }

    /// A member gains or loses power; what a silent one wanted to send is forgotten.
    pub fn power(&mut self, member: usize, on: bool) {
        if let Some(powered) = self.medium.powered.get_mut(member) {
            *powered = on;
        }
        match &mut self.turns {
            _ if on => {}
            Turns::Bus(bus) => bus.silence(member),
            Turns::Radio(radio) => radio.silence(member),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Permille, Port};
    use ruvllm_esp_core::units::Micros;
    use ruvllm_esp_core::wire::link::LinkKind;

    const SECOND: Nanos = Nanos(1_000_000_000);

    fn channel(kind: LinkKind, members: usize) -> Channel {
        let ports = (0..members).map(|chip| Port { chip, port: 0 }).collect();
        let (loss, corruption, delay) = (Permille(0), Permille(0), Micros(0));
        let (duplication, reordering, name) = (Permille(0), Permille(0), "link".into());
        let plan = LinkPlan { name, kind, members: ports, loss, corruption, duplication, reordering, delay };
        let mut channel = Channel::new(&plan, 0, 1);
        (0..members).for_each(|member| channel.power(member, true));
        channel
    }

    /// A member that has frames of one length to send.
    fn sender(member: usize, length: usize) -> impl FnMut(&mut Channel, Nanos) {
        let mut number = 0;
        move |link, at| {
            link.offer(TxFrame { at, member, number, bytes: vec![1; length].into() });
            number += 1;
        }
    }

    /// Frames that each member got from each sender in a second in which all `senders` always have one to send.
    fn flooded(channel: &mut Channel, senders: &[usize], length: usize) -> Vec<u32> {
        let members = channel.medium.members.len();
        let mut send: Vec<_> = (0..members).map(|member| sender(member, length)).collect();
        for number in 0..2 * senders.len() {
            send[senders[number % senders.len()]](channel, Nanos(number as u64));
        }
        let mut received = vec![0; members];
        let mut effects = Vec::new();
        while let Some(next) = channel.next().filter(|next| *next < SECOND) {
            channel.run(next + Nanos(1), &mut effects);
            for effect in effects.drain(..) {
                match effect {
                    Effect::Sent(member, at) => send[member](channel, at),
                    Effect::Received(member, _) => received[member] += 1,
                }
            }
        }
        received
    }

    #[test]
    fn throughput_of_wires_is_that_of_their_arithmetic() {
        for (kind, members) in [
            (LinkKind::Uart, 2),
            (LinkKind::Uart, 3),
            (LinkKind::Spi, 2),
            (LinkKind::I2c, 2),
            (LinkKind::Parallel, 3),
        ] {
            let mut link = channel(kind, members);
            let expected = SECOND.get() / (link.medium.model.occupied(200) + link.medium.model.gap).get();
            let got = u64::from(flooded(&mut link, &[0], 200)[1]);
            assert!(got.abs_diff(expected) <= expected / 50 + 1, "{}: {got} of {expected}", kind.name());
        }
    }

    #[test]
    fn contention_halves_a_shared_wire_and_not_a_duplex_one() {
        for (kind, members, share) in
            [(LinkKind::Uart, 3, 2), (LinkKind::Parallel, 3, 2), (LinkKind::Uart, 2, 1)]
        {
            let alone = flooded(&mut channel(kind, members), &[0], 200)[1];
            let both = flooded(&mut channel(kind, members), &[0, 1], 200);
            assert!(both[1].abs_diff(alone / share) <= 2, "{}: {both:?} of {alone}", kind.name());
            assert!(both[0].abs_diff(both[1]) <= 1, "turns are fair: {both:?}");
        }
    }

    #[test]
    fn what_no_master_sends_crosses_a_bus_twice() {
        for kind in [LinkKind::Spi, LinkKind::I2c] {
            let master = flooded(&mut channel(kind, 3), &[0], 200)[1];
            let other = flooded(&mut channel(kind, 3), &[1], 200)[2];
            assert!(other.abs_diff(master / 2) <= 2, "{}: {other} of {master}", kind.name());
            let mut orphaned = channel(kind, 3);
            orphaned.power(0, false);
            assert!(flooded(&mut orphaned, &[1], 200)[2].abs_diff(master) <= 2, "the next one is the master");
        }
    }

    #[test]
    fn espnow_transmits_what_was_measured_and_half_of_it_each_for_two() {
        // 101,000 B/s of 250-byte broadcasts at 1 Mbit/s were measured; four frames are on their way at a time, so that
        // the stack's delay does not count.
        let mut link = channel(LinkKind::EspNow, 3);
        let mut more = sender(0, 250);
        (0..2).for_each(|_| more(&mut link, Nanos(0)));
        let alone = flooded(&mut link, &[0], 250)[1];
        assert!((alone * 250).abs_diff(101_000) < 4_000, "{}", alone * 250);
        let both = flooded(&mut channel(LinkKind::EspNow, 3), &[0, 1], 250);
        let third = both[2];
        // Two that draw the same slot corrupt each other's frames.
        assert!((alone * 7 / 10..=alone).contains(&third), "{both:?} of {alone}");
        assert!(both[0].abs_diff(both[1]) < alone / 10, "{both:?}");
        assert!(both[0].abs_diff(alone / 2) < alone / 8, "{both:?} of {alone}");
    }

    #[test]
    fn one_that_waits_for_each_frame_to_leave_has_the_throughput_of_espressif_s_faq() {
        let mut link = channel(LinkKind::EspNow, 2);
        let mut send = sender(0, 250);
        send(&mut link, Nanos(0));
        let (mut frames, mut effects) = (0, Vec::new());
        while let Some(next) = link.next().filter(|next| *next < SECOND) {
            link.run(next + Nanos(1), &mut effects);
            for effect in effects.drain(..) {
                match effect {
                    Effect::Sent(_, at) => send(&mut link, at),
                    Effect::Received(..) => frames += 1,
                }
            }
        }
        // 555 kbit/s in a shielded box.
        let kilobits = frames * 250 * 8 / 1000;
        assert!((500..=680).contains(&kilobits), "{kilobits} kbit/s");
    }

    #[test]
    fn loss_corruption_cuts_and_groups_do_what_they_say() {
        let sent = flooded(&mut channel(LinkKind::Uart, 3), &[0], 100)[1];
        let with = |change: fn(&mut Medium)| {
            let mut link = channel(LinkKind::Uart, 3);
            change(&mut link.medium);
            let received = flooded(&mut link, &[0], 100);
            (received, link.medium.stats)
        };
        let twice = with(|medium| medium.duplication = Permille(250)).0;
        assert!(twice[1].abs_diff(sent * 5 / 4) < sent / 20, "{twice:?} of {sent}");
        let (received, stats) = with(|medium| medium.loss = Permille(200));
        assert!(received[1].abs_diff(sent * 8 / 10) < sent / 20, "{received:?} of {sent}");
        assert!(stats.lost.abs_diff(u64::from(sent) * 4 / 10) < u64::from(sent) / 10);
        let (_, stats) = with(|medium| medium.corruption = Permille(100));
        assert!(stats.corrupted.abs_diff(u64::from(sent) / 5) < u64::from(sent) / 20, "{stats:?}");
        assert_eq!(with(|medium| medium.is_cut = true).0, [0, 0, 0]);
        let (received, _) = with(|medium| medium.groups = vec![Some(1), Some(2), None]);
        assert!(received[1] == 0 && received[2] == sent, "{received:?}");
        let (received, _) = with(|medium| medium.powered[1] = false);
        assert!(received[1] == 0 && received[2] == sent, "{received:?}");
    }

    #[test]
    fn a_reordered_frame_comes_after_later_ones_and_none_is_missing() {
        let mut link = channel(LinkKind::Uart, 2);
        link.medium.reordering = Permille(200);
        for number in 0..200u8 {
            let (at, bytes) = (Nanos(number.into()), vec![number; 20].into());
            link.offer(TxFrame { at, member: 0, number: number.into(), bytes });
        }
        let (mut effects, mut received) = (Vec::new(), Vec::new());
        link.run(SECOND, &mut effects);
        for effect in effects {
            if let Effect::Received(_, frame) = effect {
                received.push((frame.at, frame.bytes[0]));
            }
        }
        received.sort_by_key(|(at, _)| *at);
        let mut numbers: Vec<u8> = received.into_iter().map(|(_, number)| number).collect();
        let late = numbers.windows(2).filter(|pair| pair[1] < pair[0]).count();
        assert!((15..80).contains(&late), "{late} of {}", numbers.len());
        numbers.sort_unstable();
        assert!(numbers.into_iter().eq(0..200));
    }

    #[test]
    fn on_a_byte_stream_corruption_cuts_and_swallows_frames() {
        let corrupted = |kind| {
            let mut link = channel(kind, 2);
            link.medium.corruption = Permille(1000);
            let mut send = sender(0, 100);
            send(&mut link, Nanos(0));
            let (mut lengths, mut effects) = (Vec::new(), Vec::new());
            while let Some(next) = link.next().filter(|next| *next < SECOND) {
                link.run(next + Nanos(1), &mut effects);
                for effect in effects.drain(..) {
                    match effect {
                        Effect::Sent(_, at) => send(&mut link, at),
                        Effect::Received(_, frame) => lengths.push(frame.bytes.len()),
                    }
                }
            }
            (lengths, link.medium.stats.corrupted as usize)
        };
        let (lengths, count) = corrupted(LinkKind::EspNow);
        assert!(lengths.len() == count && lengths.iter().all(|length| *length == 100));
        let (lengths, count) = corrupted(LinkKind::Uart);
        assert!(lengths.len() < count * 98 / 100, "{} of {count}", lengths.len());
        assert!(lengths.iter().any(|length| *length < 100) && lengths.contains(&100), "{lengths:?}");
    }

    #[test]
    fn who_is_out_of_reach_receives_nothing_and_collides_unseen() {
        let mut link = channel(LinkKind::EspNow, 3);
        // The outer two are 800 m apart, the middle one receives most of both.
        link.medium.set_positions(&[(0, 0), (400, 0), (800, 0)]);
        assert!(!link.medium.reaches(0, 2) && link.medium.reaches(1, 0));
        let alone = flooded(&mut link, &[0], 200);
        assert!(alone[2] == 0 && alone[1] > 50, "{alone:?}");
        let mut hidden = channel(LinkKind::EspNow, 3);
        hidden.medium.set_positions(&[(0, 0), (400, 0), (800, 0)]);
        let both = flooded(&mut hidden, &[0, 2], 200);
        assert!(both[1] < alone[1] / 2, "{both:?} of {alone:?}");
        assert!(hidden.medium.stats.collided > 100);
    }

    #[test]
    fn a_full_air_has_a_tail() {
        let slowest = |senders: &[usize]| {
            let mut link = channel(LinkKind::EspNow, 4);
            let mut send: Vec<_> = (0..4).map(|member| sender(member, 250)).collect();
            senders.iter().for_each(|member| send[*member](&mut link, Nanos(0)));
            let (mut latest, mut effects) = (Nanos(0), Vec::new());
            while let Some(next) = link.next().filter(|next| *next < SECOND) {
                link.run(next + Nanos(1), &mut effects);
                for effect in effects.drain(..) {
                    let pause = Nanos(if senders.len() > 1 { 0 } else { 30_000_000 });
                    match effect {
                        Effect::Sent(member, at) => send[member](&mut link, at + pause),
                        Effect::Received(_, frame) => latest = latest.max(frame.at - next),
                    }
                }
            }
            latest
        };
        assert!(slowest(&[0]) < Nanos(60_000_000));
        assert!(slowest(&[0, 1, 2]) > Nanos(10_000_000));
    }
}
