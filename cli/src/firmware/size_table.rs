//! The sizes of images as `docs/sizes.md` states them, and how far an image may be from them.
//!
//! The document is the data: what people read is what gate G4 holds images to. Its rows are written from images that
//! were built; a row of a chip that was not says so.

#[cfg(test)]
mod document;

use super::image::Sizes;
use ruvllm_esp_core::chip::Chip;

/// How far a size may be from its row, in hundredths.
pub const TOLERANCE: u64 = 3;

/// The sizes of one image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measured {
    /// The program's.
    pub sizes: Sizes,
    /// The application's image.
    pub image: u64,
}

/// The rows that have figures, by chip and profile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SizeTable(Vec<(String, String, Measured)>);

impl Measured {
    fn columns(self) -> [(&'static str, u64); 5] {
        let Sizes { text, rodata, data, bss } = self.sizes;
        [("text", text), ("rodata", rodata), ("data", data), ("bss", bss), ("image", self.image)]
    }

    /// What is further from `row` than it may be, with both figures.
    pub fn drift(self, row: Self) -> Vec<String> {
        let pairs = self.columns().into_iter().zip(row.columns());
        let is_far = |have: u64, row: u64| have.abs_diff(row) * 100 > row * TOLERANCE;
        let far = pairs.filter(|((_, have), (_, row))| is_far(*have, *row));
        far.map(|((name, have), (_, row))| {
            format!("{name} is {have} B, more than {TOLERANCE}% from the {row} B of docs/sizes.md")
        })
        .collect()
    }
}

impl SizeTable {
    /// Reads the document; what is no row with figures is passed over.
    pub fn parse(document: &str) -> Self {
        Self(document.lines().filter_map(parse_row).collect())
    }

    /// The figures of a chip's image.
    pub fn row(&self, chip: &Chip, profile: &str) -> Option<Measured> {
        let is_it = |row: &&(String, String, Measured)| row.0 == chip.name && row.1 == profile;
        self.0.iter().find(is_it).map(|row| row.2)
    }
}

/// `| esp32c3 | release | 1 | 2 | 3 | 4 | 5 |`
fn parse_row(line: &str) -> Option<(String, String, Measured)> {
    let cells: Vec<&str> = line.strip_prefix('|')?.strip_suffix('|')?.split('|').map(str::trim).collect();
    let [chip, profile, figures @ ..] = cells.as_slice() else { return None };
    let figures: Vec<u64> = figures.iter().map_while(|cell| cell.parse().ok()).collect();
    let [text, rodata, data, bss, image] = *figures.as_slice() else { return None };
    let measured = Measured { sizes: Sizes { text, rodata, data, bss }, image };
    Some((chip.to_string(), profile.to_string(), measured))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ruvllm_esp_core::chip;

    fn measured(text: u64) -> Measured {
        Measured { sizes: Sizes { text, rodata: 1_000, data: 100, bss: 0 }, image: 10_000 }
    }

    #[test]
    fn three_hundredths_are_allowed_and_no_more() {
        assert_eq!(measured(1_030).drift(measured(1_000)), Vec::<String>::new());
        assert_eq!(measured(970).drift(measured(1_000)), Vec::<String>::new());
        let far = "text is 1031 B, more than 3% from the 1000 B of docs/sizes.md";
        assert_eq!(measured(1_031).drift(measured(1_000)), [far]);
        assert_eq!(measured(969).drift(measured(1_000)).len(), 1);
    }

    #[test]
    fn only_rows_with_figures_are_read() {
        let text = "| chip | profile | text |\n| esp32 | release | not built here |  |  |  |  |\n\
            | esp32c3 | small | 1 | 2 | 3 | 4 | 5 |\n";
        let table = SizeTable::parse(text);
        let sizes = Sizes { text: 1, rodata: 2, data: 3, bss: 4 };
        assert_eq!(table.0.len(), 1);
        assert_eq!(table.row(&chip::esp32c3::CHIP, "small"), Some(Measured { sizes, image: 5 }));
        assert_eq!(table.row(&chip::esp32c3::CHIP, "release"), None);
    }
}
