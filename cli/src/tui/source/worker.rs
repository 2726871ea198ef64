//! The thread in which a source runs.

use super::{Abilities, FleetSource, Pace};
use ruvllm_esp_core::units::Micros;
use ruvllm_esp_sim::fleet::Fault;
use ruvllm_esp_sim::fleet::view::{ChipDetail, EventView, FleetView};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, TrySendError, channel, sync_channel};
use std::time::{Duration, Instant};

/// How often a view is sent.
const VIEWS: Duration = Duration::from_millis(100);

/// The longest that a source may compute before commands are looked at.
const BUDGET: Duration = Duration::from_millis(40);

/// How long is slept when the time that is due has been simulated.
const REST: Duration = Duration::from_millis(20);

/// What the display asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Let time pass like this.
    Pace(Pace),
    /// One event further.
    Step,
    /// Go to this time.
    Jump(Micros),
    /// Send this chip's details with every view.
    Watch(Option<usize>),
    /// Type a line at a chip's console.
    Type(usize, String),
    /// Break or mend something.
    Inject(Fault),
}

/// What the display gets.
#[derive(Clone, Debug)]
pub struct Update {
    /// The fleet.
    pub view: FleetView,
    /// The chip that is watched.
    pub detail: Option<(usize, ChipDetail)>,
    /// What happened since the last update.
    pub events: Vec<EventView>,
    /// Was time turned back? Then events after [`FleetView::now`] have not happened.
    pub rewound: bool,
    /// Where time is going, while it is on its way to a time that was asked for.
    pub jumping: Option<Micros>,
    /// How fast time passed lately, in thousandths of real time.
    pub achieved: u64,
    /// Something that could not be done, in words.
    pub refusal: Option<String>,
    /// Has the source no more to tell?
    pub ended: bool,
}

/// A source at work.
#[derive(Debug)]
pub struct Handle {
    /// What it is.
    pub title: String,
    /// What it can do.
    pub abilities: Abilities,
    /// To it.
    pub commands: Sender<Command>,
    /// From it. Disconnected when it broke down.
    pub updates: Receiver<Update>,
}

/// Starts the thread. It ends when the handle is dropped.
///
/// # Errors
/// Those of the system.
pub fn start(source: Box<dyn FleetSource>) -> std::io::Result<Handle> {
    let (title, abilities) = (source.title(), source.abilities());
    let (commands, receiver) = channel();
    // One update waits at most: who draws slowly misses views, never events.
    let (sender, updates) = sync_channel(1);
    let worker = Worker::new(source, sender);
    std::thread::Builder::new().name("fleet".into()).spawn(move || worker.run(&receiver))?;
    Ok(Handle { title, abilities, commands, updates })
}

struct Worker {
    source: Box<dyn FleetSource>,
    updates: SyncSender<Update>,
    pace: Pace,
    goal: Option<Micros>,
    /// Is it on its way to the next event?
    stepping: bool,
    watched: Option<usize>,
    events: Vec<EventView>,
    rewound: bool,
    refusal: Option<String>,
    ended: bool,
    /// Until when time has been simulated, in this machine's time.
    simulated: Instant,
    sent: Option<Instant>,
    /// Where time was when the speed was last looked at.
    mark: (Instant, Micros),
    achieved: u64,
}

impl Worker {
    fn new(source: Box<dyn FleetSource>, updates: SyncSender<Update>) -> Self {
        let begun = Instant::now();
        let mark = (begun, source.now());
        Self {
            source,
            updates,
            pace: Pace::REAL,
            goal: None,
            stepping: false,
            watched: None,
            events: Vec::new(),
            rewound: false,
            refusal: None,
            ended: false,
            simulated: begun,
            sent: None,
            mark,
            achieved: 0,
        }
    }

    fn run(mut self, commands: &Receiver<Command>) {
        loop {
            let busy = self.advance();
            self.measure();
            if self.sent.is_none_or(|sent| sent.elapsed() >= VIEWS) && !self.send() {
                return;
            }
            let patience = if busy { Duration::ZERO } else { REST };
            match commands.recv_timeout(patience) {
                Ok(command) => {
                    let first = self.obey(command);
                    let rest = commands.try_iter().collect::<Vec<_>>();
                    rest.into_iter()
                        .fold(first, |result, command| result.and(self.obey(command)))
                        .unwrap_or_else(|refusal| self.refusal = Some(refusal));
                    // The answer to a key is not to wait for the next view.
                    self.sent = None;
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Lets the time pass that is due. Gives whether there is more to do at once.
    fn advance(&mut self) -> bool {
        let elapsed = self.simulated.elapsed();
        self.simulated = Instant::now();
        if self.stepping {
            return self.step();
        }
        let now = self.source.now();
        let target = match (self.goal, self.pace) {
            (Some(goal), _) => goal,
            (None, Pace { paused: true, .. }) => return false,
            (None, Pace { permille: Pace::MAX, .. }) => now + Micros(60_000_000),
            (None, Pace { permille, .. }) => {
                let micros = elapsed.as_micros().saturating_mul(u128::from(permille)) / 1000;
                now + Micros(u64::try_from(micros).unwrap_or(u64::MAX))
            }
        };
        match self.source.run_until(target, BUDGET) {
            Ok(more) => self.ended = !more,
            Err(refusal) => {
                self.refusal = Some(refusal);
                self.pace.paused = true;
                self.goal = None;
            }
        }
        let reached = self.source.now() >= target || self.ended;
        if reached {
            self.goal = None;
        }
        !reached || (self.pace.permille == Pace::MAX && !self.pace.paused && !self.ended)
    }

    /// On to the next event. Gives whether it is still ahead.
    fn step(&mut self) -> bool {
        self.stepping = match self.source.step(BUDGET) {
            Ok(there) => !there,
            Err(refusal) => {
                self.refusal = Some(refusal);
                false
            }
        };
        self.stepping
    }

    fn obey(&mut self, command: Command) -> Result<(), String> {
        match command {
            Command::Pace(pace) => {
                self.pace = pace;
                (self.goal, self.stepping) = (None, false);
                self.simulated = Instant::now();
                self.mark = (self.simulated, self.source.now());
                Ok(())
            }
            Command::Step => {
                self.pace.paused = true;
                (self.goal, self.stepping) = (None, true);
                Ok(())
            }
            Command::Jump(to) => self.jump(to),
            Command::Watch(chip) => {
                self.watched = chip;
                Ok(())
            }
            Command::Type(chip, line) => self.source.type_line(chip, &line),
            Command::Inject(fault) => self.source.inject(fault),
        }
    }

    fn jump(&mut self, to: Micros) -> Result<(), String> {
        if to < self.source.now() {
            self.source.rewind(to)?;
            // Events that happen again on the way are reported again.
            self.events.clear();
            self.rewound = true;
            self.ended = false;
        }
        (self.goal, self.stepping) = (Some(to), false);
        Ok(())
    }

    fn measure(&mut self) {
        let (since, from) = self.mark;
        let elapsed = since.elapsed();
        if elapsed >= Duration::from_millis(500) {
            let now = self.source.now();
            let passed = u128::from((now - from).get()) * 1000 / elapsed.as_micros().max(1);
            self.achieved = u64::try_from(passed).unwrap_or(u64::MAX);
            self.mark = (Instant::now(), now);
        }
    }

    /// Sends an update, if there is room for one. Gives whether anybody listens.
    fn send(&mut self) -> bool {
        self.events.extend(self.source.events());
        let update = Update {
            view: self.source.view(),
            detail: self.watched.map(|chip| (chip, self.source.detail(chip))),
            events: std::mem::take(&mut self.events),
            rewound: std::mem::take(&mut self.rewound),
            jumping: self.goal,
            achieved: self.achieved,
            refusal: self.refusal.take(),
            ended: self.ended,
        };
        match self.updates.try_send(update) {
            Ok(()) => self.sent = Some(Instant::now()),
            Err(TrySendError::Full(update)) => {
                self.events = update.events;
                self.rewound = update.rewound;
                self.refusal = update.refusal;
                self.sent = Some(Instant::now());
            }
            Err(TrySendError::Disconnected(_)) => return false,
        }
        true
    }
}
