//! Bytes to text: the encoding is found from a mark or from the bytes themselves, line ends become `\n`.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use encoding_rs_io::{DecodeReaderBytes, DecodeReaderBytesBuilder};
use std::io::{self, BufReader, Read};

/// The encoding of a text that begins with `head`.
pub(super) fn encoding(head: &[u8]) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(head) {
        return encoding;
    }
    let zeros = |parity: usize| head.iter().skip(parity).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    // A text of ASCII letters has a zero in every second byte.
    match head.len() / 4 {
        0 => {}
        quarter if odd > quarter && even <= odd / 4 => return UTF_16LE,
        quarter if even > quarter && odd <= even / 4 => return UTF_16BE,
        _ => {}
    }
    match std::str::from_utf8(head) {
        Ok(_) => UTF_8,
        // A letter that is cut off at the end of the head is none that is wrong.
        Err(error) if error.error_len().is_none() => UTF_8,
        Err(_) => WINDOWS_1252,
    }
}

/// A text in UTF-8 whose lines end with `\n`.
pub(super) type Text<Input> = BufReader<Lines<DecodeReaderBytes<Input, Vec<u8>>>>;

/// Decodes `input`.
pub(super) fn text<Input: Read>(input: Input, encoding: &'static Encoding) -> Text<Input> {
    let decoder = DecodeReaderBytesBuilder::new().encoding(Some(encoding)).bom_override(true).build(input);
    BufReader::with_capacity(1 << 16, Lines { input: decoder, after_return: false })
}

/// Turns `\r\n` and a lone `\r` into `\n`.
#[derive(Debug)]
pub(super) struct Lines<Input> {
    input: Input,
    after_return: bool,
}

impl<Input: Read> Read for Lines<Input> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let length = self.input.read(buffer)?;
            let kept = self.join(buffer.get_mut(..length).unwrap_or_default());
            // A read of nothing but the `\n` of a `\r\n` is not the end.
            if kept > 0 || length == 0 {
                return Ok(kept);
            }
        }
    }
}

impl<Input> Lines<Input> {
    /// Works in place and says how many bytes are left.
    fn join(&mut self, bytes: &mut [u8]) -> usize {
        if !self.after_return && !bytes.contains(&b'\r') {
            return bytes.len();
        }
        let mut kept = 0;
        for at in 0..bytes.len() {
            let byte = bytes.get(at).copied().unwrap_or_default();
            let skip = self.after_return && byte == b'\n';
            self.after_return = byte == b'\r';
            if let (false, Some(slot)) = (skip, bytes.get_mut(kept)) {
                *slot = if byte == b'\r' { b'\n' } else { byte };
                kept += 1;
            }
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8]) -> String {
        let mut out = String::new();
        text(bytes, encoding(bytes)).read_to_string(&mut out).unwrap();
        out
    }

    #[test]
    fn every_encoding_and_line_end_gives_the_same_text() {
        let utf16 = |mark: &[u8], bytes: fn(u16) -> [u8; 2]| {
            let body = "a,b\r\n1,2\r\n".encode_utf16().flat_map(bytes);
            [mark.to_vec(), body.collect()].concat()
        };
        for bytes in [
            b"a,b\n1,2\n".to_vec(),
            b"\xef\xbb\xbfa,b\r\n1,2\r\n".to_vec(),
            b"a,b\r1,2\r".to_vec(),
            utf16(&[0xff, 0xfe], u16::to_le_bytes),
            utf16(&[], u16::to_le_bytes),
            utf16(&[0xfe, 0xff], u16::to_be_bytes),
            utf16(&[], u16::to_be_bytes),
        ] {
            assert_eq!(decoded(&bytes), "a,b\n1,2\n", "{bytes:?}");
        }
        assert_eq!(decoded(b"t,\xb0C\n"), "t,\u{b0}C\n");
    }

    #[test]
    fn a_line_end_may_be_cut_by_a_read() {
        struct Bytes<'b>(&'b [u8]);
        impl Read for Bytes<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                let Some((first, rest)) = self.0.split_first() else { return Ok(0) };
                buffer[0] = *first;
                self.0 = rest;
                Ok(1)
            }
        }
        let mut out = String::new();
        let mut lines = Lines { input: Bytes(b"a\r\nb\r\rc\n"), after_return: false };
        lines.read_to_string(&mut out).unwrap();
        assert_eq!(out, "a\nb\n\nc\n");
    }
}
