//! ELF files for tests, written from their parts.

/// A 32-bit RISC-V ELF with one segment at `address`, entered there, and these symbols (all functions).
pub fn elf(address: u32, contents: &[u8], symbols: &[(&str, u32)]) -> Vec<u8> {
    const HEADER: u32 = 52;
    const PROGRAM_HEADER: u32 = 32;
    let data_at = HEADER + PROGRAM_HEADER;
    let mut names = vec![0u8];
    let mut table = vec![0u8; 16];
    for (name, value) in symbols {
        table.extend((names.len() as u32).to_le_bytes());
        table.extend(value.to_le_bytes());
        table.extend([0; 4]);
        table.extend([0x12, 0, 0xf1, 0xff]); // global function, absolute
        names.extend(name.bytes().chain([0]));
    }
    let table_at = data_at + (contents.len() as u32).next_multiple_of(4);
    let names_at = table_at + table.len() as u32;
    let sections_at = (names_at + names.len() as u32).next_multiple_of(4);
    let mut file = vec![0x7f, b'E', b'L', b'F', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0xf3, 0];
    for word in [1, address, HEADER, sections_at, 0] {
        file.extend(u32::to_le_bytes(word));
    }
    for half in [HEADER as u16, PROGRAM_HEADER as u16, 1, 40, 3, 2] {
        file.extend(half.to_le_bytes());
    }
    let size = contents.len() as u32;
    for word in [1, data_at, address, address, size, size, 7, 4] {
        file.extend(u32::to_le_bytes(word));
    }
    file.extend(contents);
    file.resize(table_at as usize, 0);
    file.extend(&table);
    file.extend(&names);
    file.resize(sections_at as usize, 0);
    let null = [0; 10];
    let symbol_section = [0, 2, 0, 0, table_at, table.len() as u32, 2, 1, 4, 16];
    let name_section = [0, 3, 0, 0, names_at, names.len() as u32, 0, 0, 1, 0];
    for word in [null, symbol_section, name_section].into_iter().flatten() {
        file.extend(u32::to_le_bytes(word));
    }
    file
}
