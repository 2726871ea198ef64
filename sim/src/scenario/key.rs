//! The fleet's key as a scenario has it, and how it stays out of traces.
//!
//! A trace is passed on: it names the key by its id, and a replay needs the key. A scenario may do
//! the same, so that the key lies in a file of its own.

use super::plan::Scenario;
use ruvllm_esp_core::wire::authentication::{Key, KeyId};
use ruvllm_esp_core::wire::field;
use thiserror::Error;
use toml::de::DeTable;

/// The word for a key that is made from the seed.
const FROM_SEED: &str = "from-seed";
/// What stands before the id of a key.
const ID: &str = "id:";

/// The key of a fleet.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum FleetKey {
    /// There is none: frames are not authenticated.
    #[default]
    None,
    /// One made from the seed: for simulations, which protect nothing.
    FromSeed,
    /// This one.
    Known(Key),
    /// The one with this id, which is given when the scenario is run.
    Wanted(KeyId),
}

/// A fleet cannot run with the key that it was given, or without one.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum KeyError {
    /// It was given none.
    #[error("the fleet's key, which has the id {0}, was not given")]
    Missing(KeyId),
    /// It was given another.
    #[error("the key that was given has the id {given}, and the fleet's has {wanted}")]
    Wrong {
        /// The id of the fleet's.
        wanted: KeyId,
        /// The id of the one given.
        given: KeyId,
    },
}

impl FleetKey {
    /// Reads a key: 32 hexadecimal digits, `from-seed`, or `id:` and 16 digits.
    ///
    /// # Errors
    /// What a key looks like.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let wanted =
            || "a key has 32 hexadecimal digits, or is `from-seed`, or `id:` and the id of one".to_string();
        if text == FROM_SEED {
            return Ok(Self::FromSeed);
        }
        if let Some(id) = text.strip_prefix(ID) {
            return digits(id).map(|id| Self::Wanted(KeyId(id))).ok_or_else(wanted);
        }
        digits(text).map(|bytes| Self::Known(Key::new(bytes))).ok_or_else(wanted)
    }

    /// The key of a run with this seed, if it has one.
    ///
    /// # Errors
    /// [`KeyError::Missing`].
    pub fn resolve(&self, seed: u64) -> Result<Option<Key>, KeyError> {
        match *self {
            Self::None => Ok(None),
            Self::FromSeed => {
                let [a, b, c, d, e, f, g, h] = seed.to_le_bytes();
                Ok(Some(Key::new([a, b, c, d, e, f, g, h, b'f', b'r', b'o', b'm', b's', b'e', b'e', b'd'])))
            }
            Self::Known(key) => Ok(Some(key)),
            Self::Wanted(id) => Err(KeyError::Missing(id)),
        }
    }

    /// The id of a key that is to be kept secret.
    pub fn secret_id(&self) -> Option<KeyId> {
        match self {
            Self::None | Self::FromSeed => None,
            Self::Known(key) => Some(key.id()),
            Self::Wanted(id) => Some(*id),
        }
    }
}

impl Scenario {
    /// Gives the fleet the key that it runs with, instead of the one that the file has.
    ///
    /// # Errors
    /// [`KeyError::Wrong`] where the file names another by its id.
    pub fn set_key(&mut self, key: Key) -> Result<(), KeyError> {
        if let FleetKey::Wanted(wanted) = self.key
            && wanted != key.id()
        {
            return Err(KeyError::Wrong { wanted, given: key.id() });
        }
        self.key = FleetKey::Known(key);
        Ok(())
    }

    /// Its text without the digits of its key, which `id:` and its id replace.
    pub fn text_without_key(&self) -> String {
        let text = &self.bundle.text;
        let Some(id) = self.key.secret_id() else { return text.clone() };
        let span = DeTable::parse(text).ok().and_then(|top| Some(top.get_ref().get("key")?.span()));
        match span.and_then(|span| Some((text.get(..span.start)?, text.get(span.end..)?))) {
            Some((before, after)) => format!("{before}\"{ID}{id}\"{after}"),
            None => text.clone(),
        }
    }
}

/// Exactly `N` bytes as hexadecimal digits.
pub(crate) fn digits<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let is_hex = text.len() == 2 * N && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_hex && field::hex(text, &mut bytes)?.len() == N).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Bundle;

    const DIGITS: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";

    fn scenario(key: &str) -> Scenario {
        let text = format!("schema = 1 # one\nkey = {key} # ours\n[[chip]]\nvariant = \"esp32c3\"\n");
        Scenario::unpack(&Bundle { name: "it".into(), text, files: Vec::new() }).unwrap()
    }

    #[test]
    fn keys_are_read_in_each_form() {
        let known = FleetKey::parse(DIGITS).unwrap();
        assert_eq!(known.resolve(0).unwrap().unwrap().id(), known.secret_id().unwrap());
        assert_eq!(
            FleetKey::parse("id:0123456789abcdef"),
            Ok(FleetKey::Wanted(KeyId([0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef])))
        );
        let seeds = [1, 2].map(|seed| FleetKey::FromSeed.resolve(seed).unwrap().unwrap().id());
        assert_ne!(seeds[0], seeds[1]);
        for wrong in
            ["", "0f", &DIGITS.repeat(2), "id:", "id:00", "+f1e2d3c4b5a69788796a5b4c3d2e1f0", "from seed"]
        {
            assert!(FleetKey::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_text_loses_its_key_and_nothing_else() {
        for key in [format!("\"{DIGITS}\""), format!("'{DIGITS}'"), format!("\"\"\"{DIGITS}\"\"\"")] {
            let known = scenario(&key);
            let id = known.key.secret_id().unwrap();
            let text = known.text_without_key();
            assert_eq!(text, known.bundle.text.replace(&key, &format!("\"id:{id}\"")));
            assert!(!text.contains(DIGITS));
        }
        assert_eq!(scenario("\"from-seed\"").text_without_key(), scenario("\"from-seed\"").bundle.text);
    }

    #[test]
    fn a_key_that_is_wanted_is_missing_until_the_right_one_is_given() {
        let key = scenario(&format!("\"{DIGITS}\"")).key.resolve(0).unwrap().unwrap();
        let mut wanted = scenario(&format!("\"id:{}\"", key.id()));
        assert_eq!(wanted.key.resolve(0), Err(KeyError::Missing(key.id())));
        let other = Key::new([1; 16]);
        let wrong = KeyError::Wrong { wanted: key.id(), given: other.id() };
        assert_eq!(wanted.set_key(other), Err(wrong));
        assert_eq!(wanted.set_key(key), Ok(()));
        assert_eq!(wanted.key, FleetKey::Known(key));
    }
}
