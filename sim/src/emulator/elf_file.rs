//! Writing the smallest ELF that can be run: one segment and a symbol table.
//!
//! For programs that are built in or made up by tests, so that they enter the emulator the way any other does.

const HEADER: u32 = 52;
const PROGRAM_HEADER: u32 = 32;
const SECTION_HEADER: u16 = 40;
const SYMBOL: u32 = 16;

/// A 32-bit RISC-V ELF whose only segment, `contents`, lies at `address`, is entered there, and may be read, written
/// and executed. All symbols are functions of unknown size.
pub fn write(address: u32, contents: &[u8], symbols: &[(&str, u32)]) -> Vec<u8> {
    let mut names = vec![0];
    let mut table = vec![0; SYMBOL as usize];
    for (name, value) in symbols {
        table.extend([names.len() as u32, *value, 0].map(u32::to_le_bytes).concat());
        table.extend([0x12, 0, 0xf1, 0xff]); // global function, absolute
        names.extend(name.bytes().chain([0]));
    }
    let size = contents.len() as u32;
    let contents_at = HEADER + PROGRAM_HEADER;
    let table_at = (contents_at + size).next_multiple_of(4);
    let names_at = table_at + table.len() as u32;
    let sections_at = (names_at + names.len() as u32).next_multiple_of(4);

    // Identification: 32 bits, little-endian, version 1; then executable (2) for RISC-V (0xf3).
    let mut file = vec![0x7f, b'E', b'L', b'F', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0xf3, 0];
    let mut words = |words: &[u32]| file.extend(words.iter().flat_map(|word| word.to_le_bytes()));
    words(&[1, address, HEADER, sections_at, 0]);
    let sizes = [HEADER as u16, PROGRAM_HEADER as u16, 1, SECTION_HEADER, 3, 2];
    file.extend(sizes.map(u16::to_le_bytes).concat());
    let mut words = |words: &[u32]| file.extend(words.iter().flat_map(|word| word.to_le_bytes()));
    words(&[1, contents_at, address, address, size, size, 7, 4]);
    file.extend(contents);
    file.resize(table_at as usize, 0);
    file.extend(&table);
    file.extend(&names);
    file.resize(sections_at as usize, 0);
    let symbol_section = [0, 2, 0, 0, table_at, table.len() as u32, 2, 1, 4, SYMBOL];
    let name_section = [0, 3, 0, 0, names_at, names.len() as u32, 0, 0, 1, 0];
    for section in [[0; 10], symbol_section, name_section] {
        file.extend(section.map(u32::to_le_bytes).concat());
    }
    file
}

#[cfg(test)]
mod tests {
    use super::super::elf;
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let file = write(0x4038_0000, &[1, 2, 3], &[("main", 0x4038_0000), ("end", 0x4038_0002)]);
        let program = elf::parse(&file).unwrap();
        let segment = elf::Segment { address: 0x4038_0000, bytes: &[1, 2, 3], size: 3 };
        assert_eq!((program.entry, program.segments), (0x4038_0000, vec![segment]));
        assert_eq!(program.symbols.address("end"), Some(0x4038_0002));
    }
}
