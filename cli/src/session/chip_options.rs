//! Which simulated chip: options and environment, checked.

use crate::configuration;
use crate::error::CliError;
use crate::quantity::parse_bytes;
use crate::selection::{CHIP_ID, Names, ROLE, RadioChoice, VARIANT};
use ruvllm_esp_core::agent::Identity;
use ruvllm_esp_core::chip::Chip;
use ruvllm_esp_core::role::RoleKind;
use ruvllm_esp_core::units::Bytes;
use ruvllm_esp_sim::single::Setup;

/// Options of one simulated chip.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "The chip")]
pub struct ChipOptions {
    /// The kind of chip [env: RUVLLM_VARIANT]
    #[arg(long, value_name = "CHIP", value_parser = Names::CHIP)]
    variant: Option<String>,
    /// Its role; each chip has a default [env: RUVLLM_ROLE]
    #[arg(long, value_parser = Names::ROLE)]
    role: Option<String>,
    /// Its number in the fleet [default: 0] [env: RUVLLM_CHIP_ID]
    #[arg(long, value_name = "N")]
    chip_id: Option<String>,
    /// How it uses its radio, which takes memory
    #[arg(long, value_enum, default_value_t, value_name = "USE")]
    radio: RadioChoice,
    /// The size of its arena, such as 64KiB or 100k [default: all that the chip has]
    #[arg(long, value_name = "BYTES", value_parser = parse_bytes)]
    arena: Option<Bytes>,
}

impl ChipOptions {
    /// Is a chip asked for on the command line?
    #[cfg_attr(not(feature = "tui"), allow(dead_code, reason = "the display asks for it"))]
    pub fn is_given(&self) -> bool {
        let named = [&self.variant, &self.role, &self.chip_id].into_iter().any(Option::is_some);
        named || self.arena.is_some() || self.radio != RadioChoice::Off
    }

    /// What to build.
    ///
    /// # Errors
    /// Names that are none, and an arena larger than the chip has.
    pub fn setup(&self, seed: u32) -> Result<Setup, CliError> {
        let chip = match configuration::find(self.variant.as_deref(), "--variant", VARIANT)? {
            Some(resolved) => resolved.chip()?,
            None => {
                return Err(CliError::usage("cli::no-chip", "no chip was named").help(format!(
                    "add --variant CHIP or set {VARIANT}; `ruvllm-esp chips` lists the chips"
                )));
            }
        };
        let role = configuration::find(self.role.as_deref(), "--role", ROLE)?;
        let role = role.map_or_else(|| Ok(RoleKind::default_for(chip)), |resolved| resolved.role())?;
        self.check_arena(chip)?;
        let chip_id = configuration::find(self.chip_id.as_deref(), "--chip-id", CHIP_ID)?;
        let chip_id = chip_id.map_or(Ok(0), |resolved| resolved.chip_id())?;
        let identity = Identity { chip, chip_id, role, seed };
        Ok(Setup { identity, radio: self.radio.into(), arena: self.arena })
    }

    /// The same for a sensor log: the role is the one that takes samples.
    ///
    /// # Errors
    /// As [`ChipOptions::setup`], and a role that takes none.
    pub fn sentinel(&self, seed: u32) -> Result<Setup, CliError> {
        let mut setup = self.setup(seed)?;
        let role = RoleKind::ALL.into_iter().find(|role| role.takes_samples());
        match role {
            Some(role) if self.role.is_none() => setup.identity.role = role,
            _ => super::samples::check_role("the log", setup.identity.role)?,
        }
        Ok(setup)
    }

    /// No chip has more memory than it has.
    fn check_arena(&self, chip: &Chip) -> Result<(), CliError> {
        let most = chip.arena_budget(self.radio.into()).arena;
        match self.arena {
            Some(asked) if asked > most => {
                let message = format!("{} has {most} for an arena, not {asked}", chip.name);
                let help = format!("`ruvllm-esp fit --variant {}` shows where its RAM goes", chip.name);
                Err(CliError::no("cli::arena-too-large", message).help(help))
            }
            _ => Ok(()),
        }
    }
}
