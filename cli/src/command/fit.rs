//! `fit`: what fits which chip, and where every byte of it goes.
//!
//! The sizes are those of the structures themselves, carved as a chip carves them: nothing here is estimated but the
//! firmware's and the radio's shares, whose sources `chips CHIP` shows.

use crate::configuration;
use crate::error::{CliError, CommandResult, Exit};
use crate::output::Output;
use crate::quantity::{bytes, count, parse_bytes};
use crate::selection::{Names, ROLE, RadioChoice, ResolvedOption, VARIANT, list};
use crate::style::strong;
use crate::table::{Align, Table};
use ruvllm_esp_core::chip::{self, Chip, Radio};
use ruvllm_esp_core::limits::LINE_LIMIT;
use ruvllm_esp_core::role::RoleKind;
use ruvllm_esp_core::role::catalog::texts_that_fit;
use ruvllm_esp_core::units::Bytes;
use ruvllm_esp_sim::memory::Memory;
use ruvllm_esp_sim::memory::{min_arena, parts};
use schemars::JsonSchema;
use serde::Serialize;
use std::io::{self, Write};

const EXAMPLES: &str = "\
Exits with 1 when something that was asked for does not fit.

Examples:
  ruvllm-esp fit --variant all --role all
  ruvllm-esp fit --variant esp32c3 --role hnsw
  ruvllm-esp fit --variant esp32,esp32s2 --radio wifi --json | jq '.chips[].roles[] | {role, capacity}'";

/// Options of `fit`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The chips: names with commas between, or `all` [default: all] [env: RUVLLM_VARIANT]
    #[arg(long, value_name = "CHIP,...", value_parser = Names::CHIPS, help_heading = "What to fit")]
    variant: Option<String>,
    /// The roles: names with commas between, or `all` [default: all] [env: RUVLLM_ROLE]
    #[arg(long, value_name = "ROLE,...", value_parser = Names::ROLES, help_heading = "What to fit")]
    role: Option<String>,
    /// How the radio is used, which takes memory
    #[arg(long, value_enum, default_value_t, value_name = "USE", help_heading = "What to fit")]
    radio: RadioChoice,
    /// The size of the arena, such as 64KiB or 100k; [default: all that the chip has]
    #[arg(long, value_name = "BYTES", value_parser = parse_bytes, help_heading = "What to fit")]
    arena: Option<Bytes>,
}

#[derive(Serialize, JsonSchema)]
pub struct Report {
    radio: &'static str,
    fits: bool,
    chips: Vec<ChipFit>,
}

#[derive(Serialize, JsonSchema)]
struct ChipFit {
    variant: &'static str,
    /// The main region of RAM.
    ram_bytes: u32,
    /// What its parts are; the last is the arena.
    budget: Vec<Part>,
    /// What the roles are fitted into.
    arena_bytes: u32,
    roles: Vec<RoleFit>,
}

#[derive(Serialize, JsonSchema)]
struct RoleFit {
    role: &'static str,
    fits: bool,
    /// Bytes that are lacking for it to fit at all.
    lacking_bytes: u32,
    /// The most items that fit.
    capacity: u32,
    /// How many texts of the typical length fit, for a role that keeps texts.
    #[serde(skip_serializing_if = "Option::is_none")]
    typical_texts: Option<TextFit>,
    /// How many texts of the longest length fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    longest_texts: Option<TextFit>,
    item: &'static str,
    used_bytes: u32,
    free_bytes: u32,
    bytes_per_item: f64,
    parts: Vec<Part>,
}

/// How many texts of one length fit.
#[derive(Clone, Copy, Serialize, JsonSchema)]
struct TextFit {
    bytes: u32,
    texts: u32,
}

/// The mean length of the 628 sentences of `fixtures/text`.
const TYPICAL_TEXT: u32 = 49;
/// The longest text of a console line, after `add `.
const LONGEST_TEXT: u32 = LINE_LIMIT as u32 - 4;

#[derive(Serialize, JsonSchema)]
struct Part {
    part: &'static str,
    bytes: u32,
}

/// Fits every chosen role into every chosen chip.
///
/// # Errors
/// Unknown names.
pub fn run(arguments: &Arguments, output: &Output) -> CommandResult {
    let report = arguments.fit()?;
    if output.json {
        output.json("fit", &report)?;
    } else {
        let mut out = output.text();
        match report.chips.as_slice() {
            [chip] if chip.roles.len() == 1 => chip.write_detail(&mut out)?,
            _ => report.write(&mut out)?,
        }
    }
    Ok(if report.fits { Exit::Ok } else { Exit::No })
}

impl Arguments {
    fn fit(&self) -> Result<Report, CliError> {
        let chips = match configuration::find(self.variant.as_deref(), "--variant", VARIANT)? {
            Some(resolved) => list(&resolved, &chip::ALL, ResolvedOption::chip)?,
            None => chip::ALL.to_vec(),
        };
        let roles = match configuration::find(self.role.as_deref(), "--role", ROLE)? {
            Some(resolved) => list(&resolved, &RoleKind::ALL, ResolvedOption::role)?,
            None => RoleKind::ALL.to_vec(),
        };
        let radio = Radio::from(self.radio);
        let chips: Vec<ChipFit> =
            chips.into_iter().map(|chip| ChipFit::of(chip, &roles, radio, self.arena)).collect();
        let fits = chips.iter().flat_map(|chip| &chip.roles).all(|role| role.fits);
        Ok(Report { radio: radio.name(), fits, chips })
    }
}

impl ChipFit {
    fn of(chip: &Chip, roles: &[RoleKind], radio: Radio, asked: Option<Bytes>) -> Self {
        let budget = chip.arena_budget(radio);
        let arena = asked.unwrap_or(budget.arena);
        let beyond = budget.missing + arena.saturating_sub(budget.arena);
        Self {
            variant: chip.name,
            ram_bytes: budget.total.get(),
            budget: budget.parts().into_iter().map(Part::from).collect(),
            arena_bytes: arena.get(),
            roles: roles.iter().map(|role| RoleFit::of(*role, arena, beyond)).collect(),
        }
    }

    fn write_detail(&self, out: &mut impl Write) -> io::Result<()> {
        let Some(role) = self.roles.first() else { return Ok(()) };
        writeln!(out, "{}", strong(&format!("RAM of {}", self.variant)))?;
        write_parts(out, &self.budget, self.ram_bytes, "main region")?;
        writeln!(out, "\n{}", strong(&format!("Arena of role {}", role.role)))?;
        if !role.fits {
            return writeln!(out, "does not fit: {} B are lacking", count(role.lacking_bytes.into()));
        }
        let mut parts: Vec<Part> = role.parts.iter().map(|part| Part { ..*part }).collect();
        parts.push(Part { part: "free", bytes: role.free_bytes });
        write_parts(out, &parts, self.arena_bytes, "arena")?;
        let capacity = count(role.capacity.into());
        writeln!(out, "\ncapacity {capacity}, {:.1} B a {}", role.bytes_per_item, role.item)?;
        for (name, fit) in [("typical", role.typical_texts), ("longest", role.longest_texts)] {
            let Some(TextFit { bytes, texts }) = fit else { continue };
            writeln!(out, "  {} texts of {bytes} B, the {name} length", count(texts.into()))?;
        }
        Ok(())
    }
}

impl RoleFit {
    /// `beyond` is by how much what was asked for exceeds the chip already.
    fn of(role: RoleKind, arena: Bytes, beyond: Bytes) -> Self {
        let info = role.info();
        let plan = role.plan(Memory::new(arena).as_mut(), 0).filter(|_| beyond == Bytes(0));
        let parts = plan.map_or(Vec::new(), |plan| parts(role, plan));
        let used = parts.iter().fold(Bytes(0), |sum, (_, bytes)| sum + *bytes);
        let capacity = plan.map(|plan| plan.capacity);
        let lacking = match capacity {
            Some(_) => Bytes(0),
            None => beyond + min_arena(role).saturating_sub(arena),
        };
        let texts = |bytes| {
            let texts = texts_that_fit(capacity.filter(|_| info.keeps.is_some())?, bytes);
            Some(TextFit { bytes, texts })
        };
        Self {
            role: role.alias(),
            fits: capacity.is_some(),
            lacking_bytes: lacking.get(),
            capacity: capacity.unwrap_or(0),
            typical_texts: texts(TYPICAL_TEXT),
            longest_texts: texts(LONGEST_TEXT),
            item: info.item,
            used_bytes: used.get(),
            free_bytes: (arena - used).get(),
            bytes_per_item: capacity
                .map_or(0.0, |capacity| f64::from(used.get()) / f64::from(capacity.max(1))),
            parts: parts.into_iter().map(Part::from).collect(),
        }
    }
}

impl Report {
    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        // The headings name `TYPICAL_TEXT` and `LONGEST_TEXT`.
        let mut table = Table::new([
            ("chip", Align::Left),
            ("role", Align::Left),
            ("arena", Align::Right),
            ("capacity", Align::Right),
            ("of", Align::Left),
            ("of 49 B", Align::Right),
            ("of 252 B", Align::Right),
            ("B each", Align::Right),
            ("free B", Align::Right),
            ("fits?", Align::Left),
        ]);
        for chip in &self.chips {
            for role in &chip.roles {
                let verdict = match role.fits {
                    true => "yes".to_string(),
                    false => format!("no, {} B are lacking", count(role.lacking_bytes.into())),
                };
                table.row([
                    chip.variant.into(),
                    role.role.into(),
                    bytes(Bytes(chip.arena_bytes)),
                    count(role.capacity.into()),
                    role.item.into(),
                    role.typical_texts.map_or(String::new(), |fit| count(fit.texts.into())),
                    role.longest_texts.map_or(String::new(), |fit| count(fit.texts.into())),
                    format!("{:.1}", role.bytes_per_item),
                    count(role.free_bytes.into()),
                    verdict,
                ]);
            }
        }
        table.write(out)
    }
}

impl From<(&'static str, Bytes)> for Part {
    fn from((part, bytes): (&'static str, Bytes)) -> Self {
        Self { part, bytes: bytes.get() }
    }
}

fn write_parts(out: &mut impl Write, parts: &[Part], total: u32, name: &'static str) -> io::Result<()> {
    let mut table = Table::new([("part", Align::Left), ("bytes", Align::Right), ("share", Align::Right)]);
    for Part { part, bytes } in parts.iter().chain([&Part { part: name, bytes: total }]) {
        let share = 100.0 * f64::from(*bytes) / f64::from(total.max(1));
        table.row([part.to_string(), count((*bytes).into()), format!("{share:.1}%")]);
    }
    table.write(out)
}
