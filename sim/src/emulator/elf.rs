//! Reading an ELF: what goes where, where it starts, its symbols.
//!
//! Any byte string is accepted or refused, none panics. Segments are placed at their virtual addresses, as the chips'
//! own boot loader places them.

use object::read::elf::ElfFile32;
use object::{Endianness, Object, ObjectSegment, ObjectSymbol, SymbolKind};

/// Why an ELF cannot be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    #[error("not a 32-bit ELF file: {0}")]
    NotElf(String),
    #[error("an ELF file for another processor (machine {0})")]
    NotRiscV(u16),
    #[error("segment at {address:#010x} with {bytes} bytes lies outside the memory of {chip}")]
    Unmapped { address: u32, bytes: u64, chip: &'static str },
    #[error("nothing to load: no segment has contents")]
    Empty,
    #[error("the entry point {0:#010x} is odd: instructions begin at even addresses")]
    OddEntry(u32),
}

/// A run of bytes and where it belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment<'a> {
    pub address: u32,
    pub bytes: &'a [u8],
    /// How much memory it takes: its bytes, and zeros after them.
    pub size: u64,
}

/// A named address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    pub address: u32,
    /// Bytes; 0 when unknown.
    pub size: u32,
    pub name: String,
    pub is_function: bool,
}

/// The named addresses of a program, by address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Symbols {
    sorted: Vec<Symbol>,
}

/// A program ready to load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program<'a> {
    pub entry: u32,
    pub segments: Vec<Segment<'a>>,
    pub symbols: Symbols,
}

impl Symbols {
    /// Sorts them by address; of several at one address, functions come last and so win.
    pub fn new(mut symbols: Vec<Symbol>) -> Self {
        symbols.sort_by_key(|symbol| (symbol.address, symbol.is_function, symbol.size));
        Self { sorted: symbols }
    }

    /// The address of the symbol with that name.
    pub fn address(&self, name: &str) -> Option<u32> {
        self.sorted.iter().find(|symbol| symbol.name == name).map(|symbol| symbol.address)
    }

    /// Index of the function that `pc` lies in: the last one that begins at or before it, unless its size says that
    /// it ends earlier.
    pub fn function_at(&self, pc: u32) -> Option<usize> {
        let end = self.sorted.partition_point(|symbol| symbol.address <= pc);
        let index = self.sorted.get(..end)?.iter().rposition(|symbol| symbol.is_function)?;
        let symbol = self.sorted.get(index)?;
        let is_inside = symbol.size == 0 || pc - symbol.address < symbol.size;
        is_inside.then_some(index)
    }

    /// The symbol with that index.
    pub fn get(&self, index: usize) -> Option<&Symbol> {
        self.sorted.get(index)
    }
}

/// Reads an ELF file.
pub fn parse(bytes: &[u8]) -> Result<Program<'_>, LoadError> {
    let not_elf = |error: object::Error| LoadError::NotElf(error.to_string());
    let file = ElfFile32::<Endianness>::parse(bytes).map_err(not_elf)?;
    let machine = file.elf_header().e_machine.get(file.endian());
    if machine != object::elf::EM_RISCV || !file.is_little_endian() {
        return Err(LoadError::NotRiscV(machine.0));
    }
    let mut segments = Vec::new();
    for segment in file.segments() {
        let contents = segment.data().map_err(not_elf)?;
        if segment.size() > 0 {
            segments.push(Segment {
                address: segment.address() as u32,
                bytes: contents,
                size: segment.size(),
            });
        }
    }
    if segments.iter().all(|segment| segment.bytes.is_empty()) {
        return Err(LoadError::Empty);
    }
    let entry = file.entry() as u32;
    if !entry.is_multiple_of(2) {
        return Err(LoadError::OddEntry(entry));
    }
    let symbols = file.symbols().filter_map(|symbol| {
        // Untyped symbols are the labels of assembly code; `$x` and the like only mark where code begins.
        let is_label = symbol.kind() == SymbolKind::Unknown || symbol.kind() == SymbolKind::Label;
        let is_function = symbol.kind() == SymbolKind::Text || is_label;
        let name = symbol.name().ok().filter(|name| !name.is_empty() && !name.starts_with(['$', '.']))?;
        let (address, size) = (symbol.address() as u32, symbol.size() as u32);
        Some(Symbol { address, size, name: name.to_owned(), is_function })
    });
    Ok(Program { entry, segments, symbols: Symbols::new(symbols.collect()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symbol(address: u32, size: u32, name: &str) -> Symbol {
        Symbol { address, size, name: name.to_owned(), is_function: true }
    }

    #[test]
    fn a_function_ends_where_its_size_says() {
        let symbols = Symbols::new(vec![symbol(0x20, 0, "label"), symbol(0x10, 8, "sized")]);
        let name = |pc| symbols.function_at(pc).and_then(|index| symbols.get(index)).map(|s| s.name.as_str());
        assert_eq!(name(0x0f), None);
        assert_eq!(name(0x17), Some("sized"));
        assert_eq!(name(0x18), None);
        assert_eq!(name(0x1000), Some("label"));
        assert_eq!(symbols.address("sized"), Some(0x10));
    }

    #[test]
    fn what_is_no_elf_is_refused() {
        assert!(matches!(parse(b""), Err(LoadError::NotElf(_))));
        assert!(matches!(parse(&[0x7f, b'E', b'L', b'F', 1, 1, 1]), Err(LoadError::NotElf(_))));
    }
}
