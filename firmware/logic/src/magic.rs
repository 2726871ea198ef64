//! Which chip the image runs on, told by a word of its ROM.
//!
//! The bootloader compares an image's header with the chip, but an image put into RAM by a debugger or with a patched
//! header never meets it, and a chip that runs another's clock setup shows nothing at all. A known word of another chip
//! is refused; an unknown one may be a new revision of this chip and is not.

/// Where the word lies, on every chip.
pub const ADDRESS: usize = 0x4000_1000;

/// The words that are known, as espflash 4.7 lists them (`Chip::has_magic_value`).
const KNOWN: [(u32, &str); 15] = [
    (0x00f0_1d83, "esp32"),
    (0x0000_07c6, "esp32s2"),
    (0x0000_0009, "esp32s3"),
    (0x6f51_306f, "esp32c2"), // ECO 0
    (0x7c41_a06f, "esp32c2"), // ECO 1
    (0x6921_506f, "esp32c3"), // ECO 1 and 2
    (0x1b31_506f, "esp32c3"), // ECO 3
    (0x4881_606f, "esp32c3"), // ECO 6
    (0x4361_606f, "esp32c3"), // ECO 7
    (0x1101_406f, "esp32c5"),
    (0x63e1_406f, "esp32c5"),
    (0x5fd1_406f, "esp32c5"),
    (0x2ce0_806f, "esp32c6"),
    (0x7211_606f, "esp32c61"),
    (0xd7b7_3e80, "esp32h2"),
];

/// What the word says about the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageMatch {
    /// It runs on the chip that it was built for.
    Own,
    /// It runs on this other chip.
    Foreign(&'static str),
    /// The word is not known.
    Unknown,
}

/// Compares the word found with the chip that the image was built for.
pub fn judge(word: u32, built_for: &str) -> ImageMatch {
    match KNOWN.iter().find(|(known, _)| *known == word) {
        Some((_, chip)) if *chip == built_for => ImageMatch::Own,
        Some((_, chip)) => ImageMatch::Foreign(chip),
        None => ImageMatch::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_word_of_another_chip_is_refused_and_an_unknown_one_is_not() {
        assert_eq!(judge(0x1b31_506f, "esp32c3"), ImageMatch::Own);
        assert_eq!(judge(0x2ce0_806f, "esp32c3"), ImageMatch::Foreign("esp32c6"));
        assert_eq!(judge(0x1234_5678, "esp32c3"), ImageMatch::Unknown);
        assert_eq!(judge(0, "esp32c3"), ImageMatch::Unknown);
    }
}
