//! Hexadecimal as people have it: with spaces, `0x`, line ends and remarks.
//!
//! A blank line or a remark (from `#` on) ends a packet, other line ends mean nothing. So the files of `fixtures/wire`
//! can be read as they are; a test reads them all.

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
}

/// The packets of `text`, called `name` in errors. All of it is checked before the first is given.
///
/// # Errors
/// `wire::not-hex` with its location, `wire::empty`.
pub fn packets<'t>(name: &str, text: &'t str) -> Result<Packets<'t>, CliError> {
    let mut is_empty = true;
    for (index, line) in text.lines().enumerate() {
        let bytes = line_bytes(without_remark(line).0).map_err(|(column, word, why)| {
            CliError::usage("wire::not-hex", format!("{name}:{}:{column}: `{word}` {why}", index + 1))
                .help("bytes are pairs of hexadecimal digits, such as `02 51` or `0x0251`")
        })?;
        is_empty &= bytes.is_empty();
    }
    if is_empty {
        return Err(CliError::usage("wire::empty", format!("{name} holds no bytes"))
            .help("give them as hexadecimal digits, such as `02 51`"));
    }
    Ok(Packets { lines: text.lines().enumerate() })
}

impl Iterator for Packets<'_> {
    type Item = Packet;

    fn next(&mut self) -> Option<Packet> {
        let mut packet: Option<Packet> = None;
        for (index, line) in self.lines.by_ref() {
            let (digits, has_remark) = without_remark(line);
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
    fn what_is_no_hexadecimal_has_a_place() {
        let error = |text| packets("t", text).unwrap_err().to_string();
        assert!(error("02\n51 0z").contains("t:2:4: `0z` is not hexadecimal"));
        assert!(error("02 5").contains("t:1:4: `5` has an odd number"));
        assert!(error("0x").contains("`0x` is not"));
        assert!(error("# nothing").contains("no bytes"));
        assert!(looks_like_hex("0x02 51") && !looks_like_hex("frames.hex") && !looks_like_hex(" "));
    }
}
