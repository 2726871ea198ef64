//! Boards on serial ports: what their consoles tell of them.

use super::board::Board;
use super::{Abilities, FleetSource, Origin};
use crate::board::fault as port_fault;
use crate::board::port;
use crate::error::CliError;
use espflash::connection::Port;
use ruvllm_esp_core::units::Micros;
use ruvllm_esp_sim::fleet::Fault;
use ruvllm_esp_sim::fleet::view::{ChipDetail, EventKind, EventView, FleetView};
use std::io::{ErrorKind, Read, Write};
use std::time::{Duration, Instant};

/// How often a port that went away is looked for.
const LOOK: Duration = Duration::from_millis(500);

/// How long a read waits: there may be many ports, and they are read in turn.
const WAIT: Duration = Duration::from_millis(1);

/// A board and its port, while that is there.
struct Line {
    name: String,
    baud: u32,
    port: Option<Port>,
    looked: Instant,
    board: Board,
}

/// See the module.
pub struct Serial {
    lines: Vec<Line>,
    begun: Instant,
    events: Vec<EventView>,
}

impl Serial {
    /// Opens every port.
    ///
    /// # Errors
    /// Those of the first port that cannot be opened.
    pub fn open(names: &[String], baud: u32) -> Result<Self, CliError> {
        let begun = Instant::now();
        let line = |name: &String| {
            let opened = open(name, baud).map_err(|error| port_fault::open(&error, &port::named(name)))?;
            let short = name.rsplit(['/', '\\']).next().unwrap_or(name);
            let board = Board::new(short, begun);
            Ok(Line { name: name.clone(), baud, port: Some(opened), looked: begun, board })
        };
        let lines = names.iter().map(line).collect::<Result<Vec<_>, CliError>>()?;
        Ok(Self { lines, begun, events: Vec::new() })
    }

    fn collect(&mut self) {
        let at = self.now();
        for (index, line) in self.lines.iter_mut().enumerate() {
            let events = line.board.take_events().into_iter();
            self.events.extend(events.map(|(kind, text)| EventView { at, chip: Some(index), kind, text }));
        }
    }
}

fn open(name: &str, baud: u32) -> serialport::Result<Port> {
    serialport::new(name, baud).timeout(WAIT).open_native()
}

impl Line {
    /// Reads what came, writes what is to be asked, looks for the port where it is gone. Gives what became of the port.
    fn attend(&mut self) -> Option<(EventKind, &'static str)> {
        let now = Instant::now();
        let Some(port) = &mut self.port else {
            self.board.settle(now);
            if now.duration_since(self.looked) < LOOK {
                return None;
            }
            self.looked = now;
            self.port = open(&self.name, self.baud).ok();
            return self.port.is_some().then_some((EventKind::Repair, "the port is back"));
        };
        let mut buffer = [0; 2048];
        let mut alive = match port.read(&mut buffer) {
            Ok(length @ 1..) => {
                self.board.receive(buffer.get(..length).unwrap_or_default(), now);
                true
            }
            Err(error) => matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::Interrupted),
            Ok(_) => false,
        };
        if let Some(line) = self.board.next_line(now) {
            alive &= port.write_all(line.as_bytes()).is_ok();
        }
        if alive {
            return None;
        }
        self.port = None;
        self.board.gone();
        Some((EventKind::Fault, "the port went away"))
    }
}

impl FleetSource for Serial {
    fn title(&self) -> String {
        match self.lines.as_slice() {
            [only] => only.name.clone(),
            several => format!("{} ports", several.len()),
        }
    }

    fn abilities(&self) -> Abilities {
        Abilities { origin: Origin::Ports, console: true, ..Abilities::default() }
    }

    fn now(&self) -> Micros {
        Micros(u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX))
    }

    fn run_until(&mut self, _: Micros, _: Duration) -> Result<bool, String> {
        let at = self.now();
        for (index, line) in self.lines.iter_mut().enumerate() {
            if let Some((kind, text)) = line.attend() {
                self.events.push(EventView { at, chip: Some(index), kind, text: text.into() });
            }
        }
        self.collect();
        Ok(true)
    }

    fn step(&mut self, _: Duration) -> Result<bool, String> {
        Err("real chips cannot be stepped".into())
    }

    fn rewind(&mut self, _: Micros) -> Result<(), String> {
        Err("this time cannot be turned back".into())
    }

    fn view(&mut self) -> FleetView {
        let chips = self.lines.iter().map(|line| line.board.chip.clone()).collect();
        FleetView { now: self.now(), chips, ..FleetView::default() }
    }

    fn detail(&mut self, chip: usize) -> ChipDetail {
        self.lines.get(chip).map(|line| line.board.detail.clone()).unwrap_or_default()
    }

    fn type_line(&mut self, chip: usize, text: &str) -> Result<(), String> {
        let line = self.lines.get_mut(chip).ok_or("there is no such chip")?;
        if line.port.is_none() {
            return Err(format!("{} is not there", line.name));
        }
        line.board.type_line(text);
        Ok(())
    }

    fn inject(&mut self, _: Fault) -> Result<(), String> {
        Err("real chips have no fault injection".into())
    }

    fn events(&mut self) -> Vec<EventView> {
        std::mem::take(&mut self.events)
    }
}
