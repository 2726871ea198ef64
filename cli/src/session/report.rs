//! What a session prints: the chip's own words, and beside them what the work would have cost.

use super::chip::{Chip, LineReply, Memory, Register};
use super::log_report::{Counts, LogReport, News, Origin};
use super::story::{Story, short};
use super::{LogInfo, Sample, SessionOptions, watch};
use crate::error::Stop;
use crate::output::Output;
use crate::quantity::{bytes, count, duration};
use crate::style::{faint, strong};
use ruvllm_esp_core::chip::Radio;
use ruvllm_esp_core::units::{Micros, Nanojoules};
use ruvllm_esp_sim::cost::{Cost, cost_schema};
use ruvllm_esp_sim::figure::{Figure, Kind};
use ruvllm_esp_sim::run::judge::Judged;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use std::borrow::Cow;
use std::io::{self, Write};

/// Kinds of commands whose costs stand in one line.
const COSTS_IN_LINE: usize = 2;

/// The printer of one session.
#[derive(Debug)]
pub struct Report {
    output: Output,
    pub options: SessionOptions,
    kind: Kind,
    number: u64,
    /// The sensor log that is played, if one is.
    log: Option<LogReport>,
    /// What is told of a demonstration.
    story: Option<Story>,
    /// How full the chip was when that was last shown.
    memory: Option<Memory>,
}

#[derive(Serialize, JsonSchema)]
pub struct Boot<'a> {
    variant: &'a str,
    role: &'a str,
    chip_id: u16,
    radio: &'a str,
    seed: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory: Option<Memory>,
    banner: &'a str,
}

#[derive(Serialize, JsonSchema)]
pub struct Command<'a> {
    number: u64,
    /// None where the bytes typed were no line.
    line: Option<&'a str>,
    reply: &'a str,
    ok: bool,
    error: Option<&'a str>,
    started_us: u64,
    cost: Tagged<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory: Option<Memory>,
    /// The row of the sensor log that it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    log: Option<Origin<'a>>,
}

#[derive(Serialize, JsonSchema)]
pub struct Wait {
    wait_us: u64,
    now_us: u64,
}

#[derive(Serialize, JsonSchema)]
pub struct Summary<'a> {
    commands: u32,
    failures: u32,
    seed: u32,
    now_us: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    samples: Option<Counts>,
    cost: Tagged<'a>,
    /// Since power-on, at rest included.
    #[serde(skip_serializing_if = "Option::is_none")]
    energy: Option<Figure<Nanojoules>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory: Option<Memory>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unmodelled: Option<Vec<Register>>,
    #[serde(skip_serializing_if = "<[Judged]>::is_empty")]
    expectations: &'a [Judged],
}

/// A cost, with cycles and time tagged by where they come from; energy is modelled always.
#[derive(Clone, Copy)]
pub struct Tagged<'a>(&'a Cost, Kind);

impl JsonSchema for Tagged<'_> {
    fn schema_name() -> Cow<'static, str> {
        "Cost".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        cost_schema(generator)
    }
}

impl Serialize for Tagged<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(cost, kind) = self;
        let mut fields = serializer.serialize_struct("Cost", 3)?;
        fields.serialize_field("cycles", &cost.cycles.tagged(*kind))?;
        fields.serialize_field("time", &cost.time.tagged(*kind))?;
        fields.serialize_field("energy", &cost.energy.tagged(Kind::Modelled))?;
        fields.end()
    }
}

impl Report {
    /// A printer.
    pub fn new(output: &Output, options: SessionOptions, kind: Kind) -> Self {
        let story = (options.story && !output.verbose && !output.json).then(Story::default);
        Self { output: *output, options, kind, number: 0, log: None, story, memory: None }
    }

    /// The chip has booted.
    pub fn boot(&self, radio: Radio, device: &mut dyn Chip) -> Result<(), Stop> {
        let banner = device.banner();
        if self.story.is_some() {
            // One line says which chip it is.
            let who = banner.lines().find(|line| line.starts_with("variant="));
            return self.chip_writes(&format!("{}\n", who.unwrap_or_default()));
        }
        if !self.output.json {
            return self.chip_writes(&banner);
        }
        let identity = device.identity();
        let boot = Boot {
            variant: identity.chip.name,
            role: identity.role.name(),
            chip_id: identity.chip_id,
            radio: radio.name(),
            seed: self.options.seed,
            memory: device.memory(),
            banner: &banner,
        };
        self.output.json("boot", &boot)
    }

    /// A sensor log is about to be played, or something else.
    pub fn log(&mut self, info: Option<LogInfo>) {
        self.log = info.map(|info| LogReport::new(info, &self.output));
    }

    /// A command was answered.
    pub fn command(
        &mut self,
        line: Option<&str>,
        started: Micros,
        reply: &LineReply,
        device: &mut dyn Chip,
    ) -> Result<(), Stop> {
        self.number += 1;
        let (role, memory) = (device.identity().role, device.memory());
        if self.output.json {
            return self.command_json(line, started, reply, memory, None);
        }
        if let Some(story) = &mut self.story {
            let lines = story.command(line.unwrap_or_default(), reply, role);
            lines.typed.iter().for_each(|line| self.output.info(line));
            return lines.answer.iter().try_for_each(|line| self.chip_writes(&format!("{line}\n")));
        }
        if self.options.echo {
            self.output.info(&format!("{} {}", strong(">"), line.unwrap_or("(no line)")));
        }
        self.chip_writes(&reply.text)?;
        self.cost(reply, memory);
        Ok(())
    }

    /// A row of a sensor log was judged. Alarms are printed, and with -v all rows.
    pub fn sample(
        &mut self,
        sample: &Sample,
        started: Micros,
        reply: &LineReply,
        device: &mut dyn Chip,
    ) -> Result<(), Stop> {
        self.number += 1;
        let Some(log) = &mut self.log else { return Ok(()) };
        let news = log.take(sample, reply)?;
        if let Some(story) = &mut self.story {
            story.sample(reply.cost);
        }
        if news == News::Nothing && !self.output.verbose {
            return Ok(());
        }
        let Some(log) = &self.log else { return Ok(()) };
        log.beside(|| -> Result<(), Stop> {
            if self.output.json {
                let memory = device.memory();
                return self.command_json(
                    Some(&sample.line),
                    started,
                    reply,
                    memory,
                    Some(log.origin(sample)),
                );
            }
            self.output.info(&log.headline(news, sample, reply));
            if news == News::Learned && !self.output.verbose {
                return Ok(());
            }
            match &self.story {
                Some(_) => self.chip_writes(&format!("{}\n", short(&format!("  {}", reply.text.trim_end())))),
                None => self.chip_writes(&reply.text),
            }
        })?;
        if self.output.verbose && !self.output.json {
            self.cost(reply, device.memory());
        }
        Ok(())
    }

    fn command_json(
        &self,
        line: Option<&str>,
        started: Micros,
        reply: &LineReply,
        memory: Option<Memory>,
        log: Option<Origin<'_>>,
    ) -> Result<(), Stop> {
        let error = reply.error.as_deref();
        let command = Command {
            number: self.number,
            line,
            reply: &reply.text,
            ok: error.is_none(),
            error,
            started_us: started.get(),
            cost: Tagged(&reply.cost, self.kind),
            memory,
            log,
        };
        self.output.json("command", &command)
    }

    /// What the work would have cost; with -v with its bands and cycles.
    fn cost(&mut self, reply: &LineReply, memory: Option<Memory>) {
        let mut parts = vec![work(&reply.cost, self.kind, self.output.verbose)];
        let earlier = std::mem::replace(&mut self.memory, memory);
        parts.extend(memory.and_then(|memory| memory_change(&memory, earlier.as_ref())));
        self.output.info(&faint(&format!("  {}", parts.join("; "))));
    }

    /// Time has passed.
    pub fn wait(&mut self, time: Micros, now: Micros) -> Result<(), Stop> {
        if self.output.json {
            return self.output.json("wait", &Wait { wait_us: time.get(), now_us: now.get() });
        }
        self.flush();
        if self.story.is_some() {
            // What is told says how much time has passed.
            return Ok(());
        }
        self.output.info(&faint(&format!("  waited {}, the clock is at {}", duration(time), duration(now))));
        Ok(())
    }

    /// Expectations were decided on the way.
    pub fn news(&self, judged: &[Judged]) {
        if self.output.verbose && !self.output.json {
            judged.iter().for_each(|judged| self.output.info(&faint(&watch::line(judged))));
        }
    }

    /// Something to say to the reader.
    pub fn remark(&mut self, text: &str) {
        self.flush();
        let text = format!("# {text}");
        self.output.info(&strong(&if self.story.is_some() { short(&text) } else { text }));
    }

    /// Says what a story has not said yet.
    fn flush(&mut self) {
        let rest = self.story.as_mut().and_then(Story::flush);
        rest.iter().for_each(|line| self.output.info(line));
    }

    /// The session has ended.
    pub fn summary(&mut self, device: &mut dyn Chip, judged: &[Judged]) -> Result<(), Stop> {
        let (commands, failures) = device.commands();
        let now = device.now();
        let cost = device.total()?;
        let memory = device.memory();
        let energy = device.consumed();
        if self.output.json {
            let seed = self.options.seed;
            let summary = Summary {
                commands,
                failures,
                seed,
                now_us: now.get(),
                samples: self.log.as_ref().map(LogReport::counts),
                cost: Tagged(&cost, self.kind),
                energy,
                memory,
                unmodelled: device.unmodelled(),
                expectations: judged,
            };
            return self.output.json("summary", &summary);
        }
        self.flush();
        self.output.info(&strong(&format!(
            "{}, {failures} failed, seed {}",
            counted(commands),
            self.options.seed
        )));
        let log = self.log.as_ref();
        log.iter().flat_map(|log| log.summary()).for_each(|line| self.output.info(&line));
        let each = self.story.as_ref().map(|story| story.costs(self.kind)).unwrap_or_default();
        for (row, some) in each.chunks(COSTS_IN_LINE).enumerate() {
            let head = if row == 0 { "each:" } else { "" };
            self.output.info(&format!("  {head:<8} {} {}", some.join(", "), self.kind));
        }
        self.output.info(&format!("  work:    {}", work(&cost, self.kind, self.output.verbose)));
        self.output.info(&format!("  clock:   {} since boot", duration(now)));
        if let Some(energy) = energy {
            let energy =
                if self.output.verbose { energy.to_string() } else { tagged(&[energy.short()], energy.kind) };
            self.output.info(&format!("  energy:  {energy} since power-on"));
        }
        if let Some(memory) = memory {
            self.output.info(&format!("  memory:  {}", memory_line(&memory)));
        }
        device.remarks().iter().for_each(|remark| self.output.info(remark));
        judged.iter().for_each(|judged| self.output.info(&watch::line(judged)));
        Ok(())
    }

    /// Writes the chip's bytes as they are, where they are for us.
    fn chip_writes(&self, text: &str) -> Result<(), Stop> {
        if self.options.remote {
            return Ok(());
        }
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        Ok(out.flush()?)
    }
}

fn counted(commands: u32) -> String {
    format!("{} command{}", count(commands.into()), if commands == 1 { "" } else { "s" })
}

/// `~0.7 ms, ~49 uJ modelled`; in full with cycles and bands.
fn work(cost: &Cost, kind: Kind, in_full: bool) -> String {
    let time = cost.time.tagged(kind);
    let cycles = cost.cycles.tagged(kind);
    let energy = cost.energy.tagged(Kind::Modelled);
    match (in_full, kind) {
        (true, _) => format!("{time}, {cycles}, {energy}"),
        (false, Kind::Modelled) => tagged(&[time.short(), energy.short()], kind),
        (false, _) => format!("{} {kind}, {}", time.short(), tagged(&[energy.short()], Kind::Modelled)),
    }
}

fn tagged(figures: &[String], kind: Kind) -> String {
    format!("{} {kind}", figures.join(", "))
}

/// How full it is, where that has changed.
fn memory_change(memory: &Memory, earlier: Option<&Memory>) -> Option<String> {
    let arena = |memory: &Memory| (memory.arena_bytes, memory.used_bytes, memory.capacity);
    let items = |memory: &Memory| memory.items;
    match earlier {
        Some(earlier) if arena(earlier) != arena(memory) => Some(memory_line(memory)),
        Some(earlier) if items(earlier) != items(memory) => Some(items_line(memory)),
        _ => None,
    }
}

fn memory_line(memory: &Memory) -> String {
    let Memory { arena_bytes, used_bytes, .. } = memory;
    let [used, total] = [used_bytes, arena_bytes].map(|size| bytes(ruvllm_esp_core::units::Bytes(*size)));
    format!("arena {used} of {total}, {}", items_line(memory))
}

fn items_line(memory: &Memory) -> String {
    format!("{} of {} items", count(memory.items.into()), count(memory.capacity.into()))
}
