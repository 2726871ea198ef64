//! `build`: the firmware compiled, and the image of a chip made from it.

use crate::configuration;
use crate::error::{CliError, CommandResult, Exit, Stop};
use crate::firmware::artifacts::Artifacts;
use crate::firmware::compile::{BuildOptions, RADIO_FEATURE, Radio};
use crate::firmware::manifest::{Manifest, Skipped};
use crate::firmware::source::FirmwareSource;
use crate::firmware::toolchain::{Missing, Toolchain};
use crate::output::Output;
use crate::selection::{Names, ROLE, ResolvedOption, VARIANT, list};
use crate::table::{Align, Table};
use ruvllm_esp_core::chip::{self, Chip};
use std::io::Write;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  ruvllm-esp build --variant esp32c3
  ruvllm-esp build --variant all --out release
  ruvllm-esp build --variant esp32c6 --role memory --profile small
  ruvllm-esp build --variant esp32c3 --radio espnow";

/// Options of `build`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The chips: a comma list of names, or `all`; $RUVLLM_VARIANT where it is not given
    #[arg(long, value_name = "CHIP,...", value_parser = Names::CHIPS)]
    variant: Option<String>,
    /// The role that a chip without settings starts with; $RUVLLM_ROLE where it is not given
    #[arg(long, value_name = "ROLE", value_parser = Names::ROLE)]
    role: Option<String>,
    /// Build the image whose link to other chips is the radio instead of UART1
    #[arg(long, value_name = "USE")]
    radio: Option<Radio>,
    /// Where the files go; made if it is not there
    #[arg(long, value_name = "DIR", default_value = "dist")]
    out: PathBuf,
    /// The firmware's source; $RUVLLM_ESP_FIRMWARE, or the checkout, where it is not given
    #[arg(long, value_name = "DIR")]
    firmware: Option<PathBuf>,
    /// Fast, or small
    #[arg(long, value_name = "PROFILE", value_enum, default_value_t)]
    profile: Profile,
}

/// The profiles of the firmware's manifest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Profile {
    /// Fast
    #[default]
    Release,
    /// Small
    Small,
}

impl Profile {
    fn name(self) -> &'static str {
        match self {
            Profile::Release => "release",
            Profile::Small => "small",
        }
    }
}

/// Builds, and tells what there is now.
///
/// # Errors
/// `build::no-firmware`, `build::no-toolchain`, `build::failed`, `build::image`, and what cannot be written.
pub fn run(arguments: &Arguments, output: &Output) -> CommandResult {
    let resolved =
        configuration::find(arguments.variant.as_deref(), "--variant", VARIANT)?.ok_or_else(|| {
            CliError::usage("build::no-variant", "for which chip?").help("name it: --variant esp32c3, or all")
        })?;
    let chips = list(&resolved, &chip::ALL, ResolvedOption::chip)?;
    let role = configuration::find(arguments.role.as_deref(), "--role", ROLE)?
        .map(|resolved| resolved.role())
        .transpose()?;
    let source = FirmwareSource::find(arguments.firmware.as_deref())?;
    let radio = radio(arguments, &source)?;
    source.whole()?;
    let commit = source.commit();
    let toolchains: Vec<_> = chips.iter().map(|chip| (*chip, Toolchain::find(chip))).collect();
    if let Some(missing) = nothing_to_build(&toolchains) {
        return Err(missing.into());
    }
    let mut manifest = Manifest::new(&commit);
    for (chip, toolchain) in toolchains {
        let build_options = BuildOptions {
            source: &source,
            commit: &commit,
            chip,
            role,
            radio,
            profile: arguments.profile.name(),
        };
        match toolchain {
            Ok(toolchain) => {
                let artifacts = Artifacts::make(&build_options, &toolchain, output)?;
                // Not before there is anything to write: a build that fails leaves nothing.
                create(&arguments.out)?;
                let built = artifacts.write(&arguments.out);
                manifest.images.push(built.map_err(|error| cannot_write(&arguments.out, &error))?);
            }
            Err(missing) => manifest.skipped.push(skipped(chip, missing)),
        }
    }
    let report = manifest.clone();
    manifest.keep_others(&arguments.out);
    manifest.write(&arguments.out).map_err(|error| cannot_write(&arguments.out, &error))?;
    print_manifest(&report, arguments, output)
}

fn radio(arguments: &Arguments, source: &FirmwareSource) -> Result<Option<Radio>, CliError> {
    if arguments.radio.is_none() || source.has_feature(RADIO_FEATURE) {
        return Ok(arguments.radio);
    }
    let text = format!("the firmware in {} has no feature `{RADIO_FEATURE}`", source.directory.display());
    Err(CliError::usage("build::no-radio", text).help("build without --radio, or take a newer checkout"))
}

fn create(directory: &PathBuf) -> Result<(), CliError> {
    std::fs::create_dir_all(directory).map_err(|error| cannot_write(directory, &error))
}

fn cannot_write(directory: &std::path::Path, error: &std::io::Error) -> CliError {
    CliError::runtime("cli::cannot-write", format!("{}: {error}", directory.display()))
        .help("name a directory you may write to with --out")
}

/// Why there is nothing to build: none of the chips has its compiler.
fn nothing_to_build(toolchains: &[(&'static Chip, Result<Toolchain, Missing>)]) -> Option<CliError> {
    let missing = |(chip, toolchain): &(&'static Chip, Result<Toolchain, Missing>)| {
        toolchain.as_ref().err().map(|missing| no_toolchain(chip, missing))
    };
    let missing: Vec<CliError> = toolchains.iter().map_while(missing).collect();
    if missing.len() == toolchains.len() { missing.into_iter().next() } else { None }
}

fn no_toolchain(chip: &Chip, missing: &Missing) -> CliError {
    let text = format!("{} needs {}, which is not installed", chip.name, missing.what);
    CliError::runtime("build::no-toolchain", text).help(format!("run: {}", missing.cure))
}

fn skipped(chip: &Chip, missing: Missing) -> Skipped {
    Skipped { chip: chip.name.into(), reason: format!("needs {}", missing.what), cure: missing.cure }
}

#[derive(serde::Serialize, schemars::JsonSchema)]
pub struct Report<'a> {
    directory: &'a PathBuf,
    manifest: &'a Manifest,
}

fn print_manifest(manifest: &Manifest, arguments: &Arguments, output: &Output) -> CommandResult {
    if output.json {
        output.json("build", &Report { directory: &arguments.out, manifest })?;
    } else {
        print(manifest, arguments, &mut output.text())?;
    }
    for skipped in &manifest.skipped {
        output.info(&format!("SKIPPED {}: {}; run: {}", skipped.chip, skipped.reason, skipped.cure));
    }
    Ok(Exit::Ok)
}

fn print(manifest: &Manifest, arguments: &Arguments, out: &mut impl Write) -> Result<(), Stop> {
    let right = |name| (name, Align::Right);
    let mut table = Table::new([
        ("chip", Align::Left),
        right("text"),
        right("rodata"),
        right("data"),
        right("bss"),
        right("app image"),
        ("file", Align::Left),
    ]);
    for built in &manifest.images {
        let file = |part: &str| built.files.iter().find(|file| file.part == part);
        let sizes = built.sizes;
        let [text, rodata, data, bss] =
            [sizes.text, sizes.rodata, sizes.data, sizes.bss].map(|size| size.to_string());
        let application = file("application").map_or(0, |file| file.bytes).to_string();
        let name =
            file("merged").map_or(String::new(), |file| arguments.out.join(&file.name).display().to_string());
        table.row([built.chip.clone(), text, rodata, data, bss, application, name]);
    }
    if !manifest.images.is_empty() {
        table.write(out)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_at_all_to_build_is_an_error_however_many_chips_there_are() {
        let without = |chip| (chip, Err(Missing { what: "a compiler".into(), cure: "fetch it".into() }));
        let error = nothing_to_build(&[without(chip::ALL[0]), without(chip::ALL[1])]).unwrap();
        assert_eq!((error.code(), error.exit()), ("build::no-toolchain", Exit::Runtime));
    }
}
