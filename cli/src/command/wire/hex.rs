//! Hexadecimal as people have it: with spaces, `0x`, line ends and remarks.
//!
//! A blank line or a remark (from `#` on) ends a packet, other line ends mean nothing. So the files of `fixtures/wire`
//! can be read as they are; a test reads them all. A column of offsets, as `od` and `xxd` write it, is left out.

use crate::error::CliError;

/// Bytes that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// The line on which they begin, from 1.
    pub line: usize,
    pub bytes: Vec<u8>,
}

/// May this be meant as bytes?
pub fn looks_like_hex(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_hexdigit() || is_separator(c) || c == 'x' || c == 'X';
    !text.trim().is_empty() && text.chars().all(is_part)
}

/// The packets of a text, read one by one: what is kept is the text and one packet.
#[derive(Clone, Debug)]
pub struct Packets<'t> {
    lines: std::iter::Enumerate<std::str::Lines<'t>>,
    /// Does each line begin with its offset?
    has_offsets: bool,
}

/// The packets of `text`, called `name` in errors. All of it is checked before the first is given.
///
/// # Errors
/// `wire::not-hex` with its location, `wire::empty`.
pub fn packets<'t>(name: &str, text: &'t str) -> Result<Packets<'t>, CliError> {
    let mut is_empty = true;
    let has_offsets = has_offsets(text);
    for (index, line) in text.lines().enumerate() {
        let digits = content(line, has_offsets).0;
        if let Some(word) = swapped_word(digits).filter(|_| has_offsets && !line.contains(':')) {
            return Err(CliError::usage(
                "wire::not-hex",
                format!("{name}:{}: `{word}` is a word of od, in the byte order of its machine", index + 1),
            )
            .help("write single bytes: `od -A x -t x1 -v`, or `xxd -p`"));
        }
        let bytes = line_bytes(digits).map_err(|(column, word, why)| {
            let column = column + line.len() - line.len().min(line_rest(line, has_offsets).len());
            CliError::usage("wire::not-hex", format!("{name}:{}:{column}: `{word}` {why}", index + 1))
                .help("bytes are pairs of hexadecimal digits, such as `02 51` or `0x0251`")
        })?;
        is_empty &= bytes.is_empty();
    }
    if is_empty {
        return Err(CliError::usage("wire::empty", format!("{name} holds no bytes"))
            .help("give them as hexadecimal digits, such as `02 51`"));
    }
    Ok(Packets { lines: text.lines().enumerate(), has_offsets })
}

impl Iterator for Packets<'_> {
    type Item = Packet;

    fn next(&mut self) -> Option<Packet> {
        let mut packet: Option<Packet> = None;
        for (index, line) in self.lines.by_ref() {
            let (digits, has_remark) = content(line, self.has_offsets);
            // Checked when the packets were made.
            let bytes = line_bytes(digits).unwrap_or_default();
            let is_end = bytes.is_empty() || has_remark;
            match &mut packet {
                Some(packet) => packet.bytes.extend(&bytes),
                None if !bytes.is_empty() => packet = Some(Packet { line: index + 1, bytes }),
                None => {}
            }
            if is_end && packet.is_some() {
                break;
            }
        }
        packet
    }
}

/// A line up to its remark, and whether it has one.
fn without_remark(line: &str) -> (&str, bool) {
    line.split_once('#').map_or((line, false), |(digits, _)| (digits, true))
}

/// The bytes of a line, without its offset and its remark, and whether it has a remark.
fn content(line: &str, has_offsets: bool) -> (&str, bool) {
    without_remark(line_rest(line, has_offsets))
}

/// A line without its offset.
fn line_rest(line: &str, has_offsets: bool) -> &str {
    if has_offsets { line.trim_start().trim_start_matches(|c| !is_separator(c)) } else { line }
}

/// The fewest digits of an offset: od writes six, xxd eight.
const OFFSET_DIGITS: usize = 6;

/// Does every line of a dump begin with the number of bytes before it, as hexadecimal, decimal or octal number?
fn has_offsets(text: &str) -> bool {
    let lines: Vec<&str> =
        text.lines().map(|line| without_remark(line).0.trim()).filter(|line| !line.is_empty()).collect();
    [16, 10, 8].into_iter().any(|radix| {
        let mut before = 0;
        let counts = lines.iter().all(|line| {
            let offset = line.split(is_separator).next().unwrap_or_default();
            let is_right = offset.len() >= OFFSET_DIGITS && u64::from_str_radix(offset, radix) == Ok(before);
            before += line_bytes(line_rest(line, true)).map_or(0, |bytes| bytes.len() as u64);
            is_right
        });
        counts && lines.len() > 1 && before > 0
    })
}

/// The first word of more than one byte.
fn swapped_word(digits: &str) -> Option<&str> {
    digits.split(is_separator).find(|word| word.len() > 2)
}

fn is_separator(c: char) -> bool {
    c.is_whitespace() || matches!(c, ',' | ':' | '-')
}

/// The bytes of a line; or the column, the word and what is wrong with it.
fn line_bytes(line: &str) -> Result<Vec<u8>, (usize, &str, &'static str)> {
    let mut bytes = Vec::new();
    let mut column = 1;
    for word in line.split(is_separator) {
        let digits = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")).unwrap_or(word);
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) || (digits.is_empty() && !word.is_empty()) {
            return Err((column, word, "is not hexadecimal"));
        }
        if digits.len() % 2 == 1 {
            return Err((column, word, "has an odd number of digits; a byte has two"));
        }
        bytes.extend(digits.as_bytes().chunks(2).filter_map(|pair| {
            let pair = std::str::from_utf8(pair).ok()?;
            u8::from_str_radix(pair, 16).ok()
        }));
        column += word.chars().count() + 1;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_in_many_ways_and_remarks_part_packets() {
        for text in ["0251ff", "02 51 FF", "0x02,0x51, 0xff", "0x0251\nff", "02:51:ff", " 02-51-ff\r\n"] {
            assert_eq!(
                packets("t", text).unwrap().collect::<Vec<_>>(),
                [Packet { line: 1, bytes: vec![2, 0x51, 0xff] }],
                "{text}"
            );
        }
        let two: Vec<_> = packets("t", "# first\n02\n51 # remark\n\n# second\nff\n").unwrap().collect();
        assert_eq!(two, [Packet { line: 2, bytes: vec![2, 0x51] }, Packet { line: 6, bytes: vec![0xff] }]);
    }

    #[test]
    fn a_column_of_offsets_is_left_out() {
        let sixteen = "00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f";
        for (second, last) in [("000010", "000012"), ("0000020", "0000022"), ("0000016", "0000018")] {
            let first = "0".repeat(second.len());
            let text = format!("{first} {sixteen}\n{second} 10 11\n{last}\n");
            let bytes: Vec<u8> = packets("t", &text).unwrap().flat_map(|packet| packet.bytes).collect();
            assert_eq!(bytes, (0..0x12).collect::<Vec<u8>>(), "{text}");
        }
        let xxd = "00000000: 0001 0203\n00000004: 0405\n";
        assert_eq!(packets("t", xxd).unwrap().next().unwrap().bytes, [0, 1, 2, 3, 4, 5]);
        // What only begins like one is bytes.
        let bytes = packets("t", "000000 02\n000003 04\n").unwrap().next().unwrap().bytes;
        assert_eq!(bytes, [0, 0, 0, 2, 0, 0, 3, 4]);
    }

    #[test]
    fn words_of_a_dump_whose_byte_order_is_unknown_are_refused() {
        let error = packets("t", "000000 0100 0302\n000004\n").unwrap_err().to_string();
        assert!(error.contains("t:1: `0100` is a word of od"), "{error}");
        assert!(packets("t", "000000 00 0z\n000001\n").is_err());
    }

    #[test]
    fn what_is_no_hexadecimal_has_a_place() {
        let error = |text| packets("t", text).unwrap_err().to_string();
        assert!(error("02\n51 0z").contains("t:2:4: `0z` is not hexadecimal"));
        assert!(error("02 5").contains("t:1:4: `5` has an odd number"));
        assert!(error("0x").contains("`0x` is not"));
        assert!(error("# nothing").contains("no bytes"));
        assert!(looks_like_hex("0x02 51") && !looks_like_hex("frames.hex") && !looks_like_hex(" "));
    }
}
