//! `roles [ROLE]`: what a chip can be, and the commands it then has.

use crate::error::{CommandResult, Exit};
use crate::output::Output;
use crate::selection::{Names, ResolvedOption};
use crate::style::strong;
use crate::table::{Align, Table};
use ruvllm_esp_core::agent::COMMON;
use ruvllm_esp_core::console::CommandInfo;
use ruvllm_esp_core::role::RoleKind;
use schemars::JsonSchema;
use serde::Serialize;
use std::io::{self, Write};

const EXAMPLES: &str = "\
Examples:
  ruvllm-esp roles
  ruvllm-esp roles memory
  ruvllm-esp roles --json | jq -r '.roles[].alias'";

/// Options of `roles`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Show this role with its commands
    #[arg(value_parser = Names::ROLE)]
    role: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub struct Roles {
    roles: Vec<Role>,
}

#[derive(Serialize, JsonSchema)]
struct Role {
    alias: &'static str,
    name: &'static str,
    summary: &'static str,
    default_on: &'static [&'static str],
    item: &'static str,
    min_capacity: u32,
    commands: Vec<Command>,
}

#[derive(Serialize, JsonSchema)]
struct Command {
    name: &'static str,
    usage: &'static str,
    summary: &'static str,
    every_role: bool,
}

/// Lists the roles, or shows one.
///
/// # Errors
/// An unknown role.
pub fn run(arguments: &Arguments, output: &Output) -> CommandResult {
    let kinds = match &arguments.role {
        Some(role) => vec![ResolvedOption::option(role, "ROLE").role()?],
        None => RoleKind::ALL.to_vec(),
    };
    let roles: Vec<Role> = kinds.into_iter().map(Role::of).collect();
    if output.json {
        output.json("roles", &Roles { roles })?;
        return Ok(Exit::Ok);
    }
    let mut out = output.text();
    match arguments.role {
        Some(_) => roles.iter().try_for_each(|role| role.write(&mut out))?,
        None => write_table(&roles, &mut out)?,
    }
    Ok(Exit::Ok)
}

fn write_table(roles: &[Role], out: &mut impl Write) -> io::Result<()> {
    let headings = ["alias", "role", "default on", "what it does"].map(|heading| (heading, Align::Left));
    let mut table = Table::new(headings);
    for role in roles {
        table.row([role.alias.into(), role.name.into(), role.default_on.join(", "), role.summary.into()]);
    }
    table.write(out)
}

impl Role {
    fn of(kind: RoleKind) -> Self {
        let info = kind.info();
        let own = info.commands.iter().map(|command| Command::of(command, false));
        let common = COMMON.iter().map(|command| Command::of(command, true));
        Self {
            alias: kind.alias(),
            name: kind.name(),
            summary: info.summary,
            default_on: info.default_on,
            item: info.item,
            min_capacity: info.min_capacity,
            commands: own.chain(common).collect(),
        }
    }

    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "{} ({}): {}", strong(self.name), self.alias, self.summary)?;
        writeln!(
            out,
            "default on {}; one unit of capacity is one {}",
            self.default_on.join(", "),
            self.item
        )?;
        for (every_role, heading) in [(false, "Commands"), (true, "Commands of every role")] {
            writeln!(out, "\n{}", strong(heading))?;
            for command in self.commands.iter().filter(|command| command.every_role == every_role) {
                writeln!(out, "  {:<34} {}", command.usage, command.summary)?;
            }
        }
        Ok(())
    }
}

impl Command {
    fn of(info: &CommandInfo, every_role: bool) -> Self {
        Self { name: info.name, usage: info.usage, summary: info.summary, every_role }
    }
}
