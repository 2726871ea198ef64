//! What a session prints: the chip's own words, and beside them what the work would have cost.

use super::chip::{Chip, LineReply, Memory, Register};
use super::{SessionOptions, watch};
use crate::error::Stop;
use crate::output::Output;
use crate::quantity::{bytes, count, duration};
use crate::style::{faint, strong};
use ruvllm_esp_core::chip::Radio;
use ruvllm_esp_core::units::{Micros, Nanojoules};
use ruvllm_esp_sim::cost::Cost;
use ruvllm_esp_sim::figure::{Figure, Kind};
use ruvllm_esp_sim::run::judge::Judged;
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// The printer of one session.
#[derive(Debug)]
pub struct Report {
    output: Output,
    pub options: SessionOptions,
    kind: Kind,
    number: u64,
    /// The verdict of the last sample, and how often each was given.
    verdict: Option<&'static str>,
    verdicts: BTreeMap<&'static str, u64>,
}

#[derive(Serialize)]
struct Boot<'a> {
    variant: &'a str,
    role: &'a str,
    chip_id: u16,
    radio: &'a str,
    seed: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory: Option<Memory>,
    banner: &'a str,
}

#[derive(Serialize)]
struct Command<'a> {
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
}

#[derive(Serialize)]
struct Wait {
    wait_us: u64,
    now_us: u64,
}

#[derive(Serialize)]
struct Summary<'a> {
    commands: u32,
    failures: u32,
    seed: u32,
    now_us: u64,
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
struct Tagged<'a>(&'a Cost, Kind);

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
        Self { output: *output, options, kind, number: 0, verdict: None, verdicts: BTreeMap::new() }
    }

    /// The chip has booted.
    pub fn boot(&self, radio: Radio, device: &mut dyn Chip) -> Result<(), Stop> {
        let banner = device.banner();
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

    /// A command was answered.
    pub fn command(
        &mut self,
        line: Option<&str>,
        started: Micros,
        reply: &LineReply,
        memory: Option<Memory>,
    ) -> Result<(), Stop> {
        self.number += 1;
        if self.output.json {
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
            };
            return self.output.json("command", &command);
        }
        if self.options.changes_only && !self.has_changed(reply.verdict) {
            return Ok(());
        }
        if self.options.echo {
            let number =
                if self.options.changes_only { format!("{} ", count(self.number)) } else { String::new() };
            self.output.info(&format!("{}{} {}", faint(&number), strong(">"), line.unwrap_or("(no line)")));
        }
        self.chip_writes(&reply.text)?;
        self.output.info(&faint(&format!("  {}", cost_line(&reply.cost, self.kind, memory.as_ref()))));
        Ok(())
    }

    /// Time has passed.
    pub fn wait(&self, time: Micros, now: Micros) -> Result<(), Stop> {
        if self.output.json {
            return self.output.json("wait", &Wait { wait_us: time.get(), now_us: now.get() });
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
    pub fn remark(&self, text: &str) {
        self.output.info(&strong(&format!("# {text}")));
    }

    /// The session has ended.
    pub fn summary(&self, device: &mut dyn Chip, judged: &[Judged]) -> Result<(), Stop> {
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
                cost: Tagged(&cost, self.kind),
                energy,
                memory,
                unmodelled: device.unmodelled(),
                expectations: judged,
            };
            return self.output.json("summary", &summary);
        }
        let verdicts: Vec<String> =
            self.verdicts.iter().map(|(verdict, samples)| format!("{} {verdict}", count(*samples))).collect();
        self.output.info(&strong(&format!(
            "{}, {failures} failed, seed {}",
            counted(commands),
            self.options.seed
        )));
        if !verdicts.is_empty() {
            let verdicts = verdicts.join(", ");
            self.output
                .info(&format!("  samples: {verdicts}; shown where the verdict changed, -v shows all"));
        }
        self.output.info(&format!("  work:    {}", work(&cost, self.kind)));
        self.output.info(&format!("  clock:   {} since boot", duration(now)));
        if let Some(energy) = energy {
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

    /// Is the verdict of this reply another than that of the last?
    fn has_changed(&mut self, verdict: Option<&'static str>) -> bool {
        let Some(verdict) = verdict else { return true };
        *self.verdicts.entry(verdict).or_default() += 1;
        self.verdict.replace(verdict) != Some(verdict)
    }
}

fn counted(commands: u32) -> String {
    format!("{} command{}", count(commands.into()), if commands == 1 { "" } else { "s" })
}

fn cost_line(cost: &Cost, kind: Kind, memory: Option<&Memory>) -> String {
    memory.map_or_else(|| work(cost, kind), |memory| format!("{}; {}", work(cost, kind), memory_line(memory)))
}

fn work(cost: &Cost, kind: Kind) -> String {
    let time = cost.time.tagged(kind);
    let cycles = cost.cycles.tagged(kind);
    let energy = cost.energy.tagged(Kind::Modelled);
    format!("{time}, {cycles}, {energy}")
}

fn memory_line(memory: &Memory) -> String {
    let Memory { arena_bytes, used_bytes, items, capacity } = memory;
    let [used, total] = [used_bytes, arena_bytes].map(|size| bytes(ruvllm_esp_core::units::Bytes(*size)));
    // A sentinel's samples are counted, not kept: there may be more of them than texts fit.
    let of = if items > capacity { String::new() } else { format!(" of {}", count((*capacity).into())) };
    format!("arena {used} of {total}, {}{of} items", count((*items).into()))
}
