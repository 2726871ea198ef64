//! Incoming frames: note the sender, handle the message, forward where needed.

use super::answer::{FrameReply, News, news, serve, tell_alarm};
use super::member::{Members, PeerChange};
use super::node::{Node, Profile, destination, source};
use super::{Topology, Turn, pace};
use crate::event::ChipEvent;
use crate::meter::Meter;
use crate::role::AnyRole;
use crate::wire::frame::Header;
use crate::wire::message::PROVE;
use crate::wire::{BROADCAST, Dropped, Event, Message};

impl Node<'_> {
    /// Takes a frame that came in at `port`, its framing removed.
    #[inline(never)]
    pub fn receive<M: Meter>(
        &mut self,
        port: u8,
        frame: &[u8],
        role: &mut AnyRole<'_>,
        profile: &Profile,
        turn: &mut Turn<'_, M>,
    ) {
        let (hub, coordinates) = (self.forwards(port), self.is_coordinator());
        let (header, reply, news) = match self.endpoint.receive(frame, turn.now, turn.meter) {
            Err(Dropped::NotForUs) => return self.forward_frame(frame, hub, turn),
            // Chips behind this hub need the proof too, or they never accept the sender.
            Err(Dropped::Unproven) if frame.get(1) == Some(&PROVE) => return self.spread(frame, hub, turn),
            Err(reason @ (Dropped::Unencrypted | Dropped::Encrypted)) => {
                return self.tell_other_kind(reason, source(frame), turn);
            }
            Err(_) => return,
            Ok(Event::Message { header, message }) => {
                let (has_come, has_gone) = listen(&mut self.members, &header, &message, port, turn);
                if let Message::Anomaly(anomaly) = &message {
                    tell_alarm(header.source, anomaly.score, coordinates, turn);
                }
                let reply = match serve(&header, &message, role, profile, turn) {
                    // All others are known by their heartbeats; hundreds of answers at once would crowd the link.
                    FrameReply::Hello if !coordinates && header.destination == BROADCAST => {
                        FrameReply::Nothing
                    }
                    reply => reply,
                };
                let news = news(&message);
                if has_gone {
                    self.recount_items_of(header.source, role, turn);
                } else if has_come {
                    self.rebalance(role, turn.now);
                }
                if let FrameReply::Stored(item, _) = reply {
                    self.note_copy(header.source, item, role, profile, turn);
                }
                (Some(header), reply, news)
            }
            Ok(Event::Proven { header, is_duplicate }) => {
                self.take_session(&header, is_duplicate, port, role, turn);
                (None, FrameReply::Nothing, News::None)
            }
            Ok(Event::NewKey(epoch)) => {
                // A line that cannot be written has nowhere to be reported.
                let _ = writeln!(turn.out, "fleet: has the key of epoch {epoch}");
                (None, FrameReply::Nothing, News::None)
            }
            Ok(_) => (None, FrameReply::Nothing, News::None),
        };
        self.spread(frame, hub, turn);
        if let Some(header) = header {
            self.reply(header.source, &reply, profile);
            self.take_news(header.source, news, role, profile, turn);
        }
    }

    /// The sender in `header` is alive: it counts as received; where two boards are under one number, that is said.
    fn take_session<M: Meter>(
        &mut self,
        header: &Header,
        is_duplicate: bool,
        port: u8,
        role: &AnyRole<'_>,
        turn: &mut Turn<'_, M>,
    ) {
        let id = header.source;
        if id == self.id {
            return self.tell_duplicate(header, turn);
        }
        if is_duplicate && !self.members.is_duplicate(id) {
            self.members.mark_duplicate(id, turn.meter);
            turn.observer.event(&ChipEvent::DuplicateNumber { id });
        }
        match self.members.on_frame(header, port, turn.now, turn.meter) {
            PeerChange::New => turn.observer.event(&ChipEvent::PeerHeard { id }),
            PeerChange::Rebooted => turn.observer.event(&ChipEvent::PeerRebooted { id }),
            PeerChange::Again | PeerChange::NoSlot => return,
        }
        self.rebalance(role, turn.now);
    }

    /// Another board has the number of this chip.
    fn tell_duplicate<M: Meter>(&mut self, other: &Header, turn: &mut Turn<'_, M>) {
        let told = self.state.duplicate_told;
        if told != 0 && turn.now.get().saturating_sub(told) < pace::DUPLICATE_PAUSE.get() {
            return;
        }
        self.state.duplicate_told = turn.now.get().max(1);
        turn.observer.event(&ChipEvent::DuplicateNumber { id: self.id });
        let (boot, nonce) = (self.membership.boot, self.membership.nonce);
        // A line that cannot be written has nowhere to be reported.
        let _ = writeln!(
            turn.out,
            "fleet: duplicate number {}: another board uses it, boot={} nonce={:04x}; this one is boot={boot} nonce={nonce:04x}",
            self.id, other.boot, other.nonce
        );
    }

    /// Chip `id` encrypts and this one does not, or the other way round. Said of the first frame, the second, the fourth,
    /// and so on: anybody can send such frames.
    fn tell_other_kind<M: Meter>(&mut self, reason: Dropped, id: u16, turn: &mut Turn<'_, M>) {
        let count = self.traffic().drops.of(reason);
        if !count.is_power_of_two() {
            return;
        }
        let (other, own) = match reason {
            Dropped::Encrypted => ("encrypts", "does not"),
            _ => ("does not encrypt", "does"),
        };
        // A line that cannot be written has nowhere to be reported.
        let _ =
            writeln!(turn.out, "fleet: chip {id} {other} and this one {own}: frames dropped so far: {count}");
    }

    /// Does this chip coordinate the fleet, as far as it knows?
    pub(super) fn is_coordinator(&self) -> bool {
        self.state.has_coordinator != 0 && self.state.coordinator == self.id
    }

    /// The port at which a frame that came in at `port` goes on, if this chip forwards frames at all.
    fn forwards(&self, port: u8) -> Option<u8> {
        match self.membership.topology {
            Topology::Mesh => None,
            Topology::Ring => Some(u8::from(port == 0)),
            Topology::Star => {
                (self.state.has_coordinator != 0 && self.state.coordinator == self.id).then_some(0)
            }
        }
    }

    /// Forwards a frame that is meant for everyone, at `port`.
    fn spread<M: Meter>(&mut self, frame: &[u8], port: Option<u8>, turn: &mut Turn<'_, M>) {
        if let Some(port) = port.filter(|_| destination(frame) == Some(BROADCAST))
            && !self.relay.is_known(frame, turn.meter)
        {
            self.relay.push(frame, port, turn.meter);
        }
    }

    /// Forwards a frame that is meant for another chip, at `port`.
    fn forward_frame<M: Meter>(&mut self, frame: &[u8], port: Option<u8>, turn: &mut Turn<'_, M>) {
        let Some(port) = port else { return };
        let Ok(header) = self.endpoint.verify_for_relay(frame, turn.meter) else { return };
        let sender = self.members.get(header.source, turn.meter);
        if sender.is_some_and(|sender| sender.is_counted()) && !self.relay.is_known(frame, turn.meter) {
            self.relay.push(frame, port, turn.meter);
        }
    }
}

/// Notes who was seen and what it said of itself. Says whether it came, came back or has another role than before, and
/// whether what it held is gone.
fn listen<M: Meter>(
    members: &mut Members<'_>,
    header: &Header,
    message: &Message<'_>,
    port: u8,
    turn: &mut Turn<'_, M>,
) -> (bool, bool) {
    let id = header.source;
    let received = members.on_frame(header, port, turn.now, turn.meter);
    match received {
        PeerChange::New => turn.observer.event(&ChipEvent::PeerHeard { id }),
        PeerChange::Rebooted => turn.observer.event(&ChipEvent::PeerRebooted { id }),
        PeerChange::Again | PeerChange::NoSlot => {}
    }
    let has_turned = match message {
        Message::Heartbeat(beat) => members.beat(id, beat, turn.now, turn.meter),
        Message::Hello(hello) => members.greet(id, hello.role, turn.meter),
        _ => false,
    };
    let has_gone = has_turned || received == PeerChange::Rebooted;
    (has_gone || received == PeerChange::New, has_gone)
}
