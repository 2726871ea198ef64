//! Addresses to functions and lines, from the firmware's ELF.
//!
//! A chip prints addresses, not names: names would take flash. Every word of a line that looks like an address of code
//! is looked up; what is no address of this program, as those of ROM and bootloader, stays without an answer.

use addr2line::Loader;
use object::{Object, ObjectSymbol};
use std::fmt;
use std::ops::Range;
use std::path::Path;

/// How a chip that fails begins the line with the addresses to which its functions would have returned.
const STACK: &str = "[panic] code on the stack:";

/// The program's names.
pub struct Decoder {
    loader: Loader,
    /// Where each function lies, by its beginning, for those without a line: only inside it an address is its own.
    functions: Vec<(Range<u64>, String)>,
}

/// A source location.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Frame {
    /// The address.
    pub address: String,
    /// The function, without the hash of its name.
    pub function: String,
    /// File and line.
    pub location: Option<String>,
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Decoder")
    }
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.address, self.function)?;
        self.location.as_ref().map_or(Ok(()), |location| write!(f, " at {location}"))
    }
}

impl Decoder {
    /// Reads an ELF.
    ///
    /// # Errors
    /// What the reader says.
    pub fn open(path: &Path) -> Result<Self, String> {
        let loader = Loader::new(path).map_err(|error| error.to_string())?;
        let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
        Ok(Self { loader, functions: functions(&bytes)? })
    }

    /// The source locations of the addresses in a line, in its order; inlined functions first.
    pub fn frames(&self, line: &str) -> Vec<Frame> {
        // A function returns to what follows its call, which may be another line or, after a panic, another function.
        let back = u32::from(line.contains(STACK));
        addresses(line).into_iter().flat_map(|address| self.frames_at(address, back)).collect()
    }

    /// What lies `back` bytes before `address`.
    fn frames_at(&self, address: u32, back: u32) -> Vec<Frame> {
        let name = format!("{address:#010x}");
        let address = u64::from(address.saturating_sub(back));
        let mut frames = Vec::new();
        if let Ok(mut found) = self.loader.find_frames(address) {
            while let Ok(Some(frame)) = found.next() {
                let Some(function) = frame.function else { continue };
                let function = function.demangle().map_or_else(|_| "?".into(), |name| short(&name));
                let location =
                    frame.location.and_then(|location| Some((location.file?.to_string(), location.line?)));
                let location = location.map(|(file, line)| format!("{file}:{line}"));
                frames.push(Frame { address: name.clone(), function, location });
            }
        }
        if frames.is_empty()
            && let Some(symbol) = self.symbol(address)
        {
            let function = short(&addr2line::demangle_auto(symbol.into(), None));
            frames.push(Frame { address: name, function, location: None });
        }
        frames
    }

    fn symbol(&self, address: u64) -> Option<&str> {
        let after = self.functions.partition_point(|(range, _)| range.start <= address);
        let (range, name) = self.functions.get(after.checked_sub(1)?)?;
        range.contains(&address).then_some(name)
    }
}

/// The functions of an ELF, by their beginnings; one without a size is its first byte.
fn functions(bytes: &[u8]) -> Result<Vec<(Range<u64>, String)>, String> {
    let file = object::File::parse(bytes).map_err(|error| error.to_string())?;
    let named = |symbol: object::Symbol<'_, '_>| {
        let begin = symbol.address();
        let name = symbol.name().ok().filter(|name| !name.is_empty())?;
        Some((begin..begin.saturating_add(symbol.size().max(1)), name.to_string()))
    };
    let mut functions: Vec<_> =
        file.symbols().filter(|symbol| symbol.is_definition()).filter_map(named).collect();
    // Of several names for one address the one that tells its size counts: it is the last.
    functions.sort_by_key(|(range, _)| (range.start, range.end));
    Ok(functions)
}

/// The addresses of code in a line, `0x4.......`, in flash or in RAM. A backtrace of ESP-IDF may have two of them without
/// anything between (`0x3fc8b1000x4201917a`).
fn addresses(line: &str) -> Vec<u32> {
    let bytes = line.as_bytes();
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(offset) = bytes.get(at..).and_then(|rest| rest.windows(2).position(is_hex_mark)) {
        let begin = at + offset;
        let is_start = begin == at && at > 0 || !is_alphanumeric(bytes, begin.checked_sub(1));
        match line.get(begin + 2..begin + 2 + DIGITS).filter(|digits| is_hex(digits)) {
            Some(digits) if is_start && is_end(bytes, begin + 2 + DIGITS) => {
                found.extend(u32::from_str_radix(digits, 16).ok().filter(|address| address >> 28 == 4));
                at = begin + 2 + DIGITS;
            }
            _ => at = begin + 2,
        }
    }
    found
}

/// Digits of an address.
const DIGITS: usize = 8;

fn is_hex_mark(pair: &[u8]) -> bool {
    matches!(pair, [b'0', b'x' | b'X'])
}

fn is_hex(digits: &str) -> bool {
    digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_alphanumeric(bytes: &[u8], at: Option<usize>) -> bool {
    at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_alphanumeric)
}

/// Does a number end before `at`: at the end of a word, or where the next number begins?
fn is_end(bytes: &[u8], at: usize) -> bool {
    !is_alphanumeric(bytes, Some(at)) || bytes.get(at..at + 2).is_some_and(is_hex_mark)
}

/// A function's name without the hash at its end.
fn short(name: &str) -> String {
    match name.rsplit_once("::h") {
        Some((path, hash)) if hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            path.into()
        }
        _ => name.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_code_are_found_in_any_form_of_line() {
        let line = "[panic] at 0x42001234 (0x40380004), a1=0x3fc80000 MEPC: 0x42000010 0x4200";
        assert_eq!(addresses(line), [0x4200_1234, 0x4038_0004, 0x4200_0010]);
    }

    #[test]
    fn addresses_without_a_space_between_them_are_two() {
        let line = "Backtrace:0x42002468:0x3fc8b1000x4200357a:0x3fc8b120 |<-CORRUPTED";
        assert_eq!(addresses(line), [0x4200_2468, 0x4200_357a]);
        assert_eq!(addresses("0x420012340x42001238"), [0x4200_1234, 0x4200_1238]);
        for line in ["a0x42001234", "0x4200123456", "0x42001234z", "0x4200é123", "0x", "x0x4200"] {
            assert!(addresses(line).is_empty(), "{line}: {:x?}", addresses(line));
        }
    }

    /// Its own ELF, at addresses as they are in the file: a function of this file is found with its line.
    #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
    #[test]
    fn a_function_of_this_very_program_is_named_with_its_line() {
        use object::read::elf::ElfFile64;
        use object::{Object, ObjectSymbol};
        let program = std::env::current_exe().unwrap();
        let bytes = std::fs::read(&program).unwrap();
        let file = ElfFile64::<object::Endianness>::parse(bytes.as_slice()).unwrap();
        let mut symbols = file.symbols().filter(|symbol| symbol.size() > 0);
        let symbol =
            symbols.find(|symbol| symbol.name().is_ok_and(|name| name.contains("frames_at"))).unwrap();
        let decoder = Decoder::open(&program).unwrap();
        let begin = u32::try_from(symbol.address()).unwrap();
        let frames = decoder.frames_at(begin, 0);
        let outer = frames.last().unwrap();
        // Line tables name a function without its type.
        assert!(outer.function.contains("frames_at"), "{frames:?}");
        assert!(
            outer.location.as_ref().is_some_and(|location| location.contains("decode.rs:")),
            "{frames:?}"
        );
        // What a call returns to belongs to the function before it.
        let end = begin + u32::try_from(symbol.size()).unwrap();
        let of_call = decoder.frames_at(end, 1);
        assert!(of_call.iter().any(|frame| frame.function.contains("frames_at")), "{of_call:?}");
        assert_eq!(of_call.last().unwrap().address, format!("{end:#010x}"));
        assert!(decoder.symbol(u64::MAX - 1).is_none(), "past the last function");
        assert!(decoder.symbol(begin.into()).is_some_and(|name| name.contains("frames_at")));
        assert!(decoder.frames("nothing here").is_empty());
        assert!(Decoder::open(Path::new("/nowhere.elf")).is_err());
    }

    #[test]
    fn the_hash_of_a_name_is_cut_off() {
        assert_eq!(short("core::fmt::write::h0123456789abcdef"), "core::fmt::write");
        assert_eq!(short("core::hash::hasher"), "core::hash::hasher");
    }
}
