//! One round of the program's loop: a frame, a line, a timer; then the frames that the core wants to send.

use super::frame::{RxFrame, TxFrame};
use super::link::Discipline;
use super::program::{Program, Seen};
use super::record::What;
use super::{Chip, Line};
use crate::cost::icache::Ran;
use crate::scenario::Hostility;
use ruvllm_esp_core::agent::Agent;
use ruvllm_esp_core::console::Failure;
use ruvllm_esp_core::event::{ChipEvent, Detection};
use ruvllm_esp_core::federation::Turn;
use ruvllm_esp_core::limits::LINE_LIMIT;
use ruvllm_esp_core::meter::{Counts, Meter, Op};
use ruvllm_esp_core::units::{Micros, Nanos};
use ruvllm_esp_core::wire::FRAME_LIMIT;
use ruvllm_esp_core::wire::link::Framing;
use ruvllm_esp_core::write_counter::WriteCounter;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// How soon the program looks again when a driver has no room.
const BLOCKED: Nanos = Nanos(1_000_000);
/// The loop of the program takes at least this from one timer to the next.
const LOOP: Nanos = Nanos(20_000);
/// Frames that one turn makes at most.
const MAX_FRAMES: usize = 64;

/// What a line did.
#[derive(Clone, Debug)]
pub struct Reply {
    /// What the chip wrote in the turn that took the line.
    pub text: String,
    /// Whether the command failed.
    pub outcome: Result<(), Failure>,
    /// What a detector said, where the line was for one.
    pub verdict: Option<Detection>,
    /// The work of that turn.
    pub counts: Counts,
}

impl Chip {
    /// One round of the program's loop.
    pub(super) fn turn(&mut self, now: Nanos) {
        self.turns += 1;
        self.ports.settle(now);
        for _ in 0..self.inbox.absorb(now) {
            self.overflowed += 1;
            self.record(now, What::Overflowed);
        }
        self.work.counts.clear();
        let Some(mut program) = self.program.take() else { return };
        let (mut out, mut seen) = (WriteCounter::new(String::new()), Seen::default());
        let frame = self.inbox.pop();
        if let Some(frame) = &frame {
            self.receive(&mut *program, now, frame, &mut out, &mut seen);
        }
        let line = self.typed.pop_front_if(|(at, _)| *at <= now).map(|(_, line)| line);
        let outcome = line.as_ref().map(|line| self.line(&mut *program, now, line, &mut out, &mut seen));
        let ticked = self.tick(&mut *program, now, &mut out, &mut seen);
        if program.agent().is_some() {
            let ran = Ran { line: line.as_ref().map(typed), network: frame.is_some() || ticked };
            self.overhead(ran, &out);
        }
        self.spend(now);
        let verdict = seen.verdict();
        self.telemetry(now, seen);
        self.write_console(now, &out.out);
        if let Some(outcome) = outcome.filter(|_| self.keep.replies) {
            self.reply = Some(Reply { text: out.out, outcome, verdict, counts: self.work.counts.clone() });
        }
        self.transmit(&mut *program);
        let wake = program.wake_at(self.clock.shows(self.busy));
        self.program = Some(program);
        let soonest = self.busy + if self.ports.is_blocked() { BLOCKED } else { LOOP };
        self.wake = wake.map(|wake| self.clock.when(wake).max(soonest));
        if self.jamming.is_some() {
            self.wake = Some(soonest);
        }
    }

    /// Does what is due; says whether that was any work.
    fn tick(
        &mut self,
        program: &mut dyn Program,
        now: Nanos,
        out: &mut WriteCounter<String>,
        seen: &mut Seen,
    ) -> bool {
        if self.wake.is_none_or(|wake| wake > now) {
            return false;
        }
        if let Some(agent) = program.agent() {
            agent.report_load((self.recent.load(now) / 10) as u8);
        }
        let before = self.work.counts.clone();
        program.tick(&mut turn(self.clock.shows(now), &mut self.work.counts, out, seen));
        self.work.counts != before
    }

    /// Counts what the loop, the ports and the flash cache add to the work of the agent.
    fn overhead(&mut self, ran: Ran<'_>, out: &WriteCounter<String>) {
        if ran == Ran::default() {
            return;
        }
        let counts = &mut self.work.counts;
        counts.record(Op::PollLoop, 1);
        counts.record(Op::WriteCall, out.calls);
        counts.record(Op::TxByte, u32::try_from(out.out.len()).unwrap_or(u32::MAX));
        self.work.fetch(ran);
    }

    fn receive(
        &mut self,
        program: &mut dyn Program,
        now: Nanos,
        frame: &RxFrame,
        out: &mut WriteCounter<String>,
        seen: &mut Seen,
    ) {
        let RxFrame { port, from, ref bytes, .. } = *frame;
        let index = self.ports.index_of(port).and_then(|index| self.ports.all.get(index));
        if index.is_some_and(|port| port.model.kind.framing() == Framing::Stream) {
            self.work.counts.record(Op::Receive, bytes.len() as u32);
        }
        self.keep_message(now, false, bytes);
        self.frames.1 += 1;
        self.record(now, What::Received(port, Arc::clone(bytes)));
        let before = self.received(program);
        program.receive(port, bytes, &mut turn(self.clock.shows(now), &mut self.work.counts, out, seen));
        let accepted = self.received(program).saturating_sub(before) > 0;
        if accepted && self.is_harm(from, bytes) {
            *self.accepted.entry(from).or_default() += 1;
        }
    }

    /// Frames that the program took for good, where anybody in the fleet is hostile.
    fn received(&self, program: &mut dyn Program) -> u32 {
        let watch = self.hostile.iter().any(Option::is_some);
        let traffic = program.agent().filter(|_| watch).and_then(Agent::traffic);
        traffic.map_or(0, |traffic| traffic.received)
    }

    /// Did a frame that was accepted come from a hostile chip? One that is sent again by another does no harm
    /// where it had been lost: it is what its sender said.
    fn is_harm(&mut self, from: usize, bytes: &[u8]) -> bool {
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        let is_new = self.taken.insert(hasher.finish());
        match self.hostile.get(from).copied().flatten() {
            // A second board with a member's number is accepted as that member is.
            None | Some(Hostility::Duplicate) => false,
            Some(Hostility::Replay) => !is_new,
            Some(_) => true,
        }
    }

    fn line(
        &mut self,
        program: &mut dyn Program,
        now: Nanos,
        line: &Line,
        out: &mut WriteCounter<String>,
        seen: &mut Seen,
    ) -> Result<(), Failure> {
        let text = typed(line);
        if let Ok(line) = line {
            self.record(now, What::Typed(Arc::clone(line)));
            self.show(format!("> {line}").into());
        }
        self.work.counts.record(Op::Receive, text.len() as u32 + 1);
        let line = line.as_ref().map(|line| &**line).map_err(|failure| *failure);
        let outcome = program.line(line, &mut turn(self.clock.shows(now), &mut self.work.counts, out, seen));
        if self.keep.events {
            read_hits(program, seen);
        }
        outcome
    }

    /// Makes frames and hands them over while there is room.
    fn transmit(&mut self, program: &mut dyn Program) {
        let mut buffer = [0; FRAME_LIMIT];
        for _ in 0..MAX_FRAMES {
            if self.ports.is_blocked() {
                let Some((port, frame)) = self.ports.hand_over(self.busy) else { return };
                self.hand_over(port, frame);
            }
            self.work.counts.clear();
            let (local, counts) = (self.clock.shows(self.busy), &mut self.work.counts);
            let made = match &mut self.jamming {
                Some(adversary) => adversary.transmit(&mut buffer, local, counts),
                None => program.transmit(&mut buffer, local, counts),
            };
            let Some(made) = made else { return };
            self.spend(self.busy);
            let bytes = buffer.get(..made.length).unwrap_or_default();
            if let Some(index) = self.ports.index_of(made.port) {
                self.ports.hold(index, bytes.into());
            }
        }
    }

    /// A frame leaves for the link of the port at `index`.
    fn hand_over(&mut self, index: usize, frame: TxFrame) {
        let Some(port) = self.ports.all.get(index) else { return };
        let (number, channel, model) = (port.number, port.channel, port.model);
        if model.discipline == Discipline::Radio {
            self.usage.sending += model.occupied(frame.bytes.len());
        }
        self.frames.0 += 1;
        self.record(frame.at, What::Sent(number, Arc::clone(&frame.bytes)));
        self.keep_message(frame.at, true, &frame.bytes);
        self.offered.push((channel, frame));
    }

    /// The processor is busy from `from` on with what was counted.
    fn spend(&mut self, from: Nanos) {
        let time = self.work.spend();
        self.usage.busy += time;
        self.recent.busy(from, time);
        self.busy = from + time;
    }
}

/// What was typed; nothing where the bytes were no line.
fn typed(line: &Line) -> &str {
    line.as_ref().map_or("", |line| line)
}

/// Reads the texts of the hits, as a host can without the chip doing anything.
fn read_hits(program: &mut dyn Program, seen: &mut Seen) {
    for (event, text) in &mut seen.0 {
        if let ChipEvent::Hit { id, .. } = *event {
            *text = program.agent().and_then(Agent::role).and_then(|role| {
                let catalog = role.catalog()?;
                let slot = catalog.find(id, &mut ()).ok()?;
                Some(catalog.read(slot, &mut [0; LINE_LIMIT], &mut ()).into())
            });
        }
    }
}

fn turn<'t>(
    now: Micros,
    meter: &'t mut Counts,
    out: &'t mut WriteCounter<String>,
    observer: &'t mut Seen,
) -> Turn<'t, Counts> {
    Turn { now, meter, out, observer }
}
