//! The chip's own commands, and what it starts with.
//!
//! The settings in flash come first, then what the image was built with, then the chip's default.

use crate::entropy::Entropy;
use crate::flash::Store;
use crate::identity::{self, CHIP, THIS};
use crate::link::Traffic;
use crate::{clock, fleet, memory};
use core::fmt::{self, Write};
use ruvllm_esp_core::agent::Identity;
use ruvllm_esp_core::federation::Membership;
use ruvllm_esp_core::role::RoleKind;
use ruvllm_esp_core::units::Micros;
use ruvllm_esp_core::wire::authentication::Key;
use ruvllm_esp_core::wire::keyring::Keyring;
use ruvllm_esp_firmware_logic::command::{Command, HELP, Refusal};
use ruvllm_esp_firmware_logic::config::{KEY_BYTES, Settings};
use ruvllm_esp_firmware_logic::crash::{Boot, Record};
use ruvllm_esp_firmware_logic::load::Load;

/// The role that the image was built with.
const BUILT_ROLE: Option<&str> = option_env!("RUVLLM_ROLE");

/// The number that the image was built with.
const BUILT_ID: Option<&str> = option_env!("RUVLLM_CHIP_ID");

/// What is said of the link of a chip that has none.
const NO_LINK: &str = "link: closed; a chip joins a fleet with 'chip config id' and 'chip config key'\n";

/// What is said where flash does not take the keys of a new epoch.
pub const KEYS_NOT_KEPT: &str = "fleet: the new key could not be written to flash; it is tried again every minute, and lost with a boot before that\n";

/// How soon flash is tried again.
const KEEP_AGAIN: Micros = Micros::seconds(60);

/// What the commands of the chip are about.
pub struct Chip {
    /// The settings in flash.
    pub store: Store,
    /// Random bytes.
    pub entropy: Entropy,
    /// How the boot before this one ended.
    pub boot: Boot,
    /// The last failure, if any.
    pub record: Record,
    /// How often the chip has booted, where the flash counts it.
    pub boots: Option<u32>,
    /// How busy it was lately.
    pub load: Load,
    /// Bytes of output dropped, on all ports.
    pub dropped: u32,
    /// What crossed the link, where it is open.
    pub traffic: Option<Traffic>,
    /// The keys of its fleet, as flash has them.
    pub kept: Option<Keyring>,
    /// Before that time flash is not tried again with keys that it did not take.
    pub keep_at: Micros,
}

/// What a command asks of the loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// To go on.
    Loop,
    /// To restart, once the reply is out.
    Reset,
    /// To hang.
    Hang,
}

/// The number that the chip was given.
fn number(settings: &Settings) -> Option<u16> {
    settings.chip_id.or_else(|| BUILT_ID.and_then(|digits| digits.parse().ok()))
}

impl Chip {
    /// Who the agent is to be.
    pub fn identity(&mut self) -> Identity {
        let settings = self.settings();
        let role = [settings.role(), BUILT_ROLE].into_iter().flatten().find_map(RoleKind::by_name);
        let role = role.unwrap_or_else(|| RoleKind::default_for(THIS));
        let chip_id = number(&settings).unwrap_or(0);
        Identity { chip: &CHIP, chip_id, role, seed: chip_id.into() }
    }

    /// The fleet that the agent is to be in, if any.
    pub fn membership(&mut self) -> Option<Membership> {
        let settings = self.settings();
        self.kept = settings.keys;
        let random = self.entropy.bytes();
        fleet::membership(&settings, number(&settings), self.boots, random)
    }

    fn settings(&mut self) -> Settings {
        self.store.read().settings.unwrap_or_default()
    }

    /// Runs a command of the chip.
    ///
    /// # Errors
    /// Any [`Refusal`].
    pub fn run(&mut self, command: Command<'_>, out: &mut dyn Write) -> Result<Next, Refusal> {
        // A reply that cannot be written has nowhere to be reported.
        match command {
            Command::Status => _ = self.status(out),
            Command::Help => _ = out.write_str(HELP),
            Command::ShowSettings => _ = self.show_settings(out),
            Command::SetRole(name) => {
                let role = RoleKind::by_name(name).ok_or(Refusal::UnknownRole)?.alias();
                self.change(out, |settings| _ = settings.set_role(role))?;
            }
            Command::SetId(chip_id) => self.set_id(chip_id, out)?,
            Command::SetKey { master, epoch } => self.set_key(&master, epoch, out)?,
            Command::NewKey => self.new_key(out)?,
            Command::SetEncryption(encrypts) => self.set_encryption(encrypts, out)?,
            Command::ClearSettings => self.change(out, |settings| *settings = Settings::default())?,
            Command::Reset => return Ok(Next::Reset),
            Command::Panic => panic!("asked for on the console"),
            Command::Hang => return Ok(Next::Hang),
        }
        Ok(Next::Loop)
    }

    fn change(&mut self, out: &mut dyn Write, change: impl FnOnce(&mut Settings)) -> Result<(), Refusal> {
        let mut settings = self.settings();
        change(&mut settings);
        self.store.write(&settings)?;
        let _ = out.write_str("stored; 'chip reset' starts with it\n");
        Ok(())
    }

    /// Another number has other keys: those of the old one go.
    fn set_id(&mut self, chip_id: u16, out: &mut dyn Write) -> Result<(), Refusal> {
        let before = self.settings();
        let loses_keys = before.keys.is_some() && number(&before) != Some(chip_id);
        self.change(out, |settings| {
            settings.chip_id = Some(chip_id);
            settings.keys = settings.keys.filter(|_| !loses_keys);
        })?;
        if loses_keys {
            let _ = out
                .write_str("its keys were those of another number: set them again with 'chip config key'\n");
        }
        Ok(())
    }

    fn set_key(&mut self, master: &Key, epoch: u32, out: &mut dyn Write) -> Result<(), Refusal> {
        let chip_id = number(&self.settings()).ok_or(Refusal::NoNumber)?;
        self.change(out, |settings| {
            let encrypts = settings.keys.is_some_and(|keys| keys.encrypts);
            settings.keys = Some(Keyring::provision(master, chip_id, epoch).with_encryption(encrypts));
        })
    }

    fn set_encryption(&mut self, encrypts: bool, out: &mut dyn Write) -> Result<(), Refusal> {
        let keys = self.settings().keys.ok_or(Refusal::NoKey)?;
        self.change(out, |settings| settings.keys = Some(keys.with_encryption(encrypts)))
    }

    fn new_key(&mut self, out: &mut dyn Write) -> Result<(), Refusal> {
        let key: [u8; KEY_BYTES] = self.entropy.bytes().ok_or(Refusal::Flash)?;
        self.set_key(&Key::new(key), 1, out)?;
        let _ = out.write_str("key: ");
        let _ = key.iter().try_for_each(|byte| write!(out, "{byte:02x}"));
        let _ = out.write_str("\n");
        Ok(())
    }

    /// Writes the keys of a fleet that changed them to flash; a chip that boots has those that it had.
    ///
    /// # Errors
    /// [`Refusal`] where flash does not take them. They are tried again after [`KEEP_AGAIN`]: each attempt erases a sector.
    pub fn keep_keys(&mut self, keys: Option<Keyring>) -> Result<(), Refusal> {
        if keys.is_none() || keys == self.kept || clock::now() < self.keep_at {
            return Ok(());
        }
        let mut settings = self.settings();
        settings.keys = keys;
        self.keep_at = clock::now() + KEEP_AGAIN;
        self.store.write(&settings)?;
        self.kept = keys;
        Ok(())
    }

    fn show_settings(&mut self, out: &mut dyn Write) -> fmt::Result {
        let settings = self.settings();
        if !self.store.has_partition() {
            return writeln!(out, "config: no partition");
        }
        write!(out, "config: role={} id=", settings.role().unwrap_or("(default)"))?;
        match settings.chip_id {
            Some(chip_id) => write!(out, "{chip_id}")?,
            None => out.write_str("(default)")?,
        }
        match settings.keys {
            Some(keys) => {
                let encrypts = if keys.encrypts { "on" } else { "off" };
                writeln!(out, " key=set epoch={} encrypt={encrypts}", keys.epoch)
            }
            None => writeln!(out, " key=(none)"),
        }
    }

    fn status(&mut self, out: &mut dyn Write) -> fmt::Result {
        identity::write(out)?;
        write!(out, "up: {} s", clock::now().as_seconds())?;
        match self.boots {
            Some(boots) => writeln!(out, " boots={boots}")?,
            None => writeln!(out, " boots=unknown")?,
        }
        writeln!(out, "stack: reserved={} used={}", memory::STACK_BYTES, memory::stack_used())?;
        writeln!(out, "console: dropped={}", self.dropped)?;
        match &self.traffic {
            Some(traffic) => traffic.write(out)?,
            None => out.write_str(NO_LINK)?,
        }
        self.show_settings(out)?;
        match self.record.failure {
            Some(failure) => writeln!(out, "last failure: {failure}"),
            None => writeln!(out, "last failure: (none)"),
        }
    }
}
