//! `flash --fleet`: every board at once, one summary.
//!
//! The file, the images and the ports are checked before the first board is touched; after that one board's failure is
//! no other's.

use super::bars::Bars;
use super::{Arguments, Report, built};
use crate::board::fleet::{Fleet, Member, PortSelector};
use crate::board::image::Image;
use crate::board::install::{Installed, Job, install};
use crate::board::port::{self, SelectedPort};
use crate::board::settings::Change;
use crate::error::{CliError, CommandResult, Exit, Stop};
use crate::output::Output;
use crate::table::{Align, Table};
use std::path::Path;

/// What came of one board.
struct Done<'f> {
    member: &'f Member,
    port: String,
    outcome: Result<Installed, CliError>,
}

/// Flashes every member of the fleet.
///
/// # Errors
/// The file's mistakes, images and boards that are missing; `flash::fleet` when a board failed.
pub fn run(file: &Path, arguments: &Arguments, output: &Output) -> CommandResult {
    let fleet = Fleet::read(file)?;
    let epoch = arguments.epoch.unwrap_or(fleet.epoch);
    let key = arguments.key.find(output)?.or(fleet.key).map(|key| (key, epoch));
    let encrypts = arguments.encrypts().or(fleet.encrypts);
    let mut work = Vec::new();
    for member in &fleet.members {
        let image = match &member.image {
            Some(file) => Image::read(file),
            None => built(&arguments.out, member.chip),
        };
        let image = image.map_err(|error| error.at(&member.at))?;
        if image.chip != member.chip {
            let text = format!("the image for {} is for {}", member.chip.name, image.chip.name);
            return Err(CliError::usage("flash::wrong-chip", text)
                .at(&member.at)
                .help("name the image of that chip with `image`, or the chip of the image with `variant`")
                .into());
        }
        let port = find(&member.selector).map_err(|error| error.at(&member.at))?;
        work.push((member, image, port));
    }
    let options = arguments.options()?;
    let bars = Bars::new(output);
    let bars = &bars;
    let done: Vec<Done<'_>> = std::thread::scope(|scope| {
        let threads: Vec<_> = work
            .iter()
            .map(|(member, image, port)| {
                let change = Change { role: member.role, chip_id: member.chip_id, key, encrypts };
                let job = Job { port, image, change, options };
                let mut bar = bars.add(&format!("{} {}", member.chip.name, port.name));
                scope.spawn(move || Done {
                    member,
                    port: port.name.clone(),
                    outcome: install(&job, &mut bar),
                })
            })
            .collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).collect()
    });
    summary(&done, output)?;
    verdict(&done, work.len())
}

fn find(selector: &PortSelector) -> Result<SelectedPort, CliError> {
    let number = match selector {
        PortSelector::Port(name) => return Ok(port::named(name)),
        PortSelector::SerialNumber(number) => number,
    };
    let seen = port::seen()?;
    let found = seen
        .iter()
        .find(|port| port.serial_number.as_ref().is_some_and(|it| it.eq_ignore_ascii_case(number)));
    found.map(|port| port::named(&port.port)).ok_or_else(|| {
        CliError::runtime("port::none", format!("no board with the serial number {number}"))
            .help("`ruvllm-esp ports` lists those that are there")
    })
}

fn summary(done: &[Done<'_>], output: &Output) -> Result<(), Stop> {
    if output.json {
        return done.iter().try_for_each(|done| {
            output.json("flash", &Report::new(&done.port, done.member.chip, &done.outcome))
        });
    }
    let mut table = Table::new([
        ("chip", Align::Left),
        ("port", Align::Left),
        ("number", Align::Right),
        ("role", Align::Left),
        ("seconds", Align::Right),
        ("outcome", Align::Left),
    ]);
    for Done { member, port, outcome } in done {
        let chip = member.chip.name.to_string();
        table.row(match outcome {
            Ok(Installed { greeting, took, .. }) => [
                chip,
                port.clone(),
                greeting.chip_id.to_string(),
                greeting.role.clone(),
                format!("{:.1}", took.as_secs_f64()),
                "runs".into(),
            ],
            Err(error) => {
                let first = error.message().lines().next().unwrap_or_default();
                [chip, port.clone(), "-".into(), "-".into(), "-".into(), format!("{}: {first}", error.code())]
            }
        });
    }
    Ok(table.write(&mut output.text())?)
}

/// All of them, or an error that ends as the first failure does.
fn verdict(done: &[Done<'_>], all: usize) -> CommandResult {
    let good = done.iter().filter(|done| done.outcome.is_ok()).count();
    if good == all {
        return Ok(Exit::Ok);
    }
    let text = format!("{} of {all} boards failed", all - good);
    let first = done.iter().find_map(|done| done.outcome.as_ref().err()).map(CliError::exit);
    let error = match first {
        Some(Exit::Usage) => CliError::usage("flash::fleet", text),
        Some(Exit::Timeout) => CliError::timeout("flash::fleet", text),
        Some(Exit::No) => CliError::no("flash::fleet", text),
        _ => CliError::runtime("flash::fleet", text),
    };
    Err(error.help("flash those again; boards that run already are passed over quickly").into())
}
