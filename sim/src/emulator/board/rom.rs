//! The mask ROM, out of the ELF file that its maker publishes.
//!
//! The files carry the ROM's code at its address, but the first contents of its variables only where those end up, not
//! where the ROM keeps them. The ROM's own table (`_data_table_start`: destination, end, source) says where that is,
//! so the image can be put together again. Files: Espressif's esp-rom-elfs (Apache-2.0), also in the crate espflash.

use object::{Object, ObjectSection, ObjectSymbol};
use std::collections::BTreeMap;
use std::path::PathBuf;
use thiserror::Error;

/// Why a file is no ROM.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum RomError {
    /// Not an ELF file.
    #[error("not an ELF file: {0}")]
    Elf(String),
    /// The table of first contents is missing.
    #[error("no ROM of an ESP32-C3 or ESP32-C6: it has no {0}")]
    NoTable(&'static str),
}

/// What a ROM holds.
#[derive(Clone, Debug, Default)]
pub struct Rom {
    /// Pieces of it, at the addresses where instructions are fetched.
    pub pieces: Vec<(u32, Vec<u8>)>,
    names: BTreeMap<u32, String>,
}

const LOW: u32 = 0x4000_0000;
const HIGH: u32 = 0x4006_0000;
/// Bytes of an entry: destination, its end, source; on the ESP32-C3 a flag besides.
const ENTRY: usize = 12;
const ENTRY_WITH_FLAG: usize = 16;

impl Rom {
    /// A ROM that is nothing but `code`, from the reset vector on: for programs of a few instructions.
    pub fn of_code(code: Vec<u8>) -> Self {
        Self { pieces: vec![(LOW, code)], names: BTreeMap::new() }
    }

    /// The file of a chip's ROM: in the folder that RUVLLM_ROM_DIR names, or among the sources of the crate espflash,
    /// which carries these files, where cargo keeps them.
    pub fn find(chip: &str) -> Option<PathBuf> {
        let name = match chip {
            "esp32c3" => "esp32c3_rev300_rom.elf",
            "esp32c6" => "esp32c6_rev0_rom.elf",
            _ => return None,
        };
        if let Some(folder) = std::env::var_os("RUVLLM_ROM_DIR") {
            return Some(PathBuf::from(folder).join(name)).filter(|path| path.is_file());
        }
        let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
        let home = home.or_else(|| Some(std::env::home_dir()?.join(".cargo")))?;
        let folders =
            |path: PathBuf| std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
        let crates = folders(home.join("registry/src")).flat_map(folders);
        let found = crates.map(|path| path.join("resources/roms").join(name)).filter(|path| path.is_file());
        found.max()
    }

    /// Reads the ELF file of a ROM.
    ///
    /// # Errors
    /// [`RomError`] for any other file.
    pub fn parse(file: &[u8]) -> Result<Self, RomError> {
        let elf = object::File::parse(file).map_err(|error| RomError::Elf(error.to_string()))?;
        let mut symbols = BTreeMap::new();
        let mut names = BTreeMap::new();
        for symbol in elf.symbols() {
            let (Ok(name), address) = (symbol.name(), symbol.address() as u32) else { continue };
            symbols.insert(name.to_string(), address);
            if symbol.kind() == object::SymbolKind::Text {
                names.insert(address, name.to_string());
            }
        }
        let pieces = code(&elf);
        let end = *symbols.get("_bss_table_start").ok_or(RomError::NoTable("_bss_table_start"))?;
        let (start, entry) = match symbols.get("_data_table_start") {
            Some(start) => (*start, ENTRY),
            None => (table_start(&pieces, end), ENTRY_WITH_FLAG),
        };
        let table = bytes_at(&pieces, start, end.saturating_sub(start) as usize);
        let table = table.ok_or(RomError::NoTable("_data_table_start"))?;
        let mut rom = Self { pieces, names };
        rom.add_first_contents(&elf, &table, entry);
        Ok(rom)
    }

    fn add_first_contents(&mut self, elf: &object::File<'_>, table: &[u8], size: usize) {
        let mut contents = BTreeMap::new();
        for section in elf.sections() {
            if let Ok(data) = section.data()
                && !data.is_empty()
            {
                contents.insert(section.address() as u32, data.to_vec());
            }
        }
        for entry in table.chunks_exact(size) {
            let [destination, end, source] = [0, 4, 8].map(|at| word(entry, at));
            let Some(data) = contents.get(&destination) else { continue };
            let length = (end.saturating_sub(destination) as usize).min(data.len());
            if (LOW..HIGH).contains(&source) {
                self.pieces.push((source, data.get(..length).unwrap_or_default().to_vec()));
            }
        }
    }

    /// The function at or before `address`, and how far into it that is.
    pub fn function(&self, address: u32) -> Option<(&str, u32)> {
        let (start, name) = self.names.range(..=address).next_back()?;
        (LOW..HIGH).contains(&address).then_some((name, address - start))
    }
}

/// What the file has at addresses of the ROM: code and constants. Sections, because not all of them are in a segment.
fn code(elf: &object::File<'_>) -> Vec<(u32, Vec<u8>)> {
    let mut pieces = Vec::new();
    for section in elf.sections() {
        let Ok(data) = section.data() else { continue };
        let address = match section.address() as u32 {
            // The ESP32-C3's data bus sees the second part of its ROM here.
            address @ 0x3ff0_0000..0x3ff2_0000 => address - 0x3ff0_0000 + 0x4004_0000,
            address => address,
        };
        if (LOW..HIGH).contains(&address) && !data.is_empty() {
            pieces.push((address, data.to_vec()));
        }
    }
    pieces
}

/// The start of a table that ends at `end` and has no name: as far back as its entries look like entries.
fn table_start(pieces: &[(u32, Vec<u8>)], end: u32) -> u32 {
    let looks_right = |at: u32| {
        let Some(entry) = bytes_at(pieces, at, ENTRY_WITH_FLAG) else { return false };
        let [destination, stop, source] = [0, 4, 8].map(|at| word(&entry, at));
        destination >> 24 == 0x3f && destination <= stop && (LOW..HIGH).contains(&source)
    };
    let mut start = end;
    while looks_right(start - ENTRY_WITH_FLAG as u32) {
        start -= ENTRY_WITH_FLAG as u32;
    }
    start
}

fn word(bytes: &[u8], at: usize) -> u32 {
    let four = bytes.get(at..at + 4).and_then(|four| four.try_into().ok());
    four.map_or(0, u32::from_le_bytes)
}

fn bytes_at(pieces: &[(u32, Vec<u8>)], address: u32, length: usize) -> Option<Vec<u8>> {
    pieces.iter().find_map(|(base, data)| {
        let start = address.checked_sub(*base)? as usize;
        data.get(start..start + length).map(<[u8]>::to_vec)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_rom_is_refused() {
        assert!(matches!(Rom::parse(b"ELF it is not"), Err(RomError::Elf(_))));
    }
}
