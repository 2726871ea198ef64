//! A chip's ends of its links: how much its drivers take, and what waits for room in them.

use super::frame::TxFrame;
use super::link::{Discipline, LinkModel};
use ruvllm_esp_core::units::Nanos;
use std::collections::VecDeque;
use std::sync::Arc;

/// One end of a link.
#[derive(Clone, Debug)]
pub struct Port {
    /// The port's number.
    pub number: u8,
    /// The link, as an index in the chip's component.
    pub channel: usize,
    /// The chip, as an index among the members of the link.
    pub member: usize,
    /// What the link is like.
    pub model: LinkModel,
    /// Frames handed to the driver since the beginning.
    offered: u64,
    in_flight: usize,
    /// When the driver will have sent a frame.
    notices: VecDeque<Nanos>,
}

impl Port {
    /// An end of a link.
    pub fn new(number: u8, channel: usize, member: usize, model: LinkModel) -> Self {
        Self { number, channel, member, model, offered: 0, in_flight: 0, notices: VecDeque::new() }
    }

    /// Frames that the driver takes at a time. ESP-NOW reports each frame before it should be given the next (ESP-IDF,
    /// `esp_now.rst`); on wires one is prepared while the other is sent.
    const fn depth(&self) -> usize {
        match self.model.discipline {
            Discipline::Radio => 1,
            _ => 2,
        }
    }
}

/// All ends of a chip, and the frame that waits for one of them.
#[derive(Clone, Debug, Default)]
pub struct Ports {
    /// The ends, by number.
    pub all: Vec<Port>,
    held: Option<(usize, Arc<[u8]>)>,
}

impl Ports {
    /// The end with this number.
    pub fn index_of(&self, number: u8) -> Option<usize> {
        self.all.iter().position(|port| port.number == number)
    }

    /// The driver will have room again at `at`.
    pub fn sent(&mut self, number: u8, at: Nanos) {
        if let Some(port) = self.all.iter_mut().find(|port| port.number == number) {
            port.notices.push_back(at);
        }
    }

    /// Takes note of what was sent by `now`.
    pub fn settle(&mut self, now: Nanos) {
        for port in &mut self.all {
            while port.notices.pop_front_if(|at| *at <= now).is_some() {
                port.in_flight = port.in_flight.saturating_sub(1);
            }
        }
    }

    /// When the frame that waits may go, if one waits and that is known.
    pub fn next(&self) -> Option<Nanos> {
        let (index, _) = self.held.as_ref()?;
        self.all.get(*index)?.notices.front().copied()
    }

    /// Does a frame wait for room?
    pub fn is_blocked(&self) -> bool {
        self.held.is_some()
    }

    /// Holds a frame until its driver takes it; there is none held.
    pub fn hold(&mut self, index: usize, bytes: Arc<[u8]>) {
        self.held = Some((index, bytes));
    }

    /// Hands the held frame to its driver, if there is one and there is room; the index of its port beside it.
    pub fn hand_over(&mut self, at: Nanos) -> Option<(usize, TxFrame)> {
        let (index, _) = self.held.as_ref()?;
        let port = self.all.get_mut(*index)?;
        if port.in_flight >= port.depth() {
            return None;
        }
        let (index, bytes) = self.held.take()?;
        let number = port.offered;
        (port.offered, port.in_flight) = (number + 1, port.in_flight + 1);
        Some((index, TxFrame { at, member: port.member, number, bytes }))
    }

    /// The chip lost its power: its drivers are empty.
    pub fn clear(&mut self) {
        self.held = None;
        self.all.iter_mut().for_each(|port| {
            port.in_flight = 0;
            port.notices.clear();
        });
    }
}
