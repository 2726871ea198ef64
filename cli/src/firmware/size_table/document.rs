//! Keeps `docs/sizes.md` equal to the images that were built, within the tolerance of the table.
//!
//! Images are taken from RUVLLM_EXACT_IMAGES; those of the profile `small` from the folder `small` in it.
//! `BLESS=1` writes the rows of the images that are there; without images nothing is held and nothing changes.

use super::{Measured, SizeTable, TOLERANCE};
use crate::firmware::manifest::{Manifest, NAME};
use ruvllm_esp_core::chip::{self, Chip};
use std::path::{Path, PathBuf};

const BEGIN: &str = "<!-- generated from the images: begin -->\n";
const END: &str = "<!-- generated from the images: end -->\n";
const PROFILES: [&str; 2] = ["release", "small"];
const COLUMNS: [&str; 7] = ["chip", "profile", "text", "rodata", "data", "bss", "image"];

/// What a row says where no build was possible.
const NOT_BUILT: &str = "not built here";

fn set(table: &mut SizeTable, chip: &Chip, profile: &str, measured: Measured) {
    table.0.retain(|row| row.0 != chip.name || row.1 != profile);
    table.0.push((chip.name.into(), profile.into(), measured));
}

/// The table as the document has it: every chip, every profile.
fn markdown(table: &SizeTable) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let mut text = line(&COLUMNS.map(String::from)) + "| --- | --- | ---: | ---: | ---: | ---: | ---: |\n";
    for chip in chip::ALL {
        for profile in PROFILES {
            let figures = match table.row(chip, profile) {
                Some(measured) => measured.columns().map(|(_, bytes)| bytes.to_string()),
                None => [NOT_BUILT, "", "", "", ""].map(String::from),
            };
            let names = [chip.name, profile].map(String::from);
            text += &line(&[names.as_slice(), &figures].concat());
        }
    }
    text
}

/// The images of a profile.
fn built(profile: &str) -> Vec<(&'static Chip, Measured)> {
    let images = std::env::var_os("RUVLLM_EXACT_IMAGES").map(PathBuf::from);
    let images =
        images.expect("RUVLLM_EXACT_IMAGES names the folder of images; `ruvllm-esp build` makes them");
    let folder = if profile == "release" { images } else { images.join(profile) };
    let path = folder.join(NAME);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let manifest: Manifest = serde_json::from_str(&text).unwrap();
    let images =
        manifest.images.into_iter().filter(|image| image.profile == profile && image.features.is_empty());
    let measured = images.map(|image| {
        let bytes = image.files.iter().find(|file| file.part == "application").unwrap().bytes;
        (chip::by_name(&image.chip).unwrap(), Measured { sizes: image.sizes, image: bytes })
    });
    measured.collect()
}

/// The document: what stands before the table, the table, and what stands after it.
fn document() -> (PathBuf, [String; 3]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/sizes.md");
    let document = std::fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
    let (before, rest) = document.split_once(BEGIN).unwrap();
    let (stated, after) = rest.split_once(END).unwrap();
    (path, [before, stated, after].map(str::to_string))
}

/// Compares the images of a profile with the document, or under BLESS=1 the document with them.
fn compare(profile: &str) {
    let (path, [before, stated, after]) = document();
    let is_blessing = std::env::var_os("BLESS").is_some();
    let mut table = SizeTable::parse(&stated);
    let built = built(profile);
    assert!(!built.is_empty(), "`ruvllm-esp build --profile {profile}` makes images");
    for (chip, measured) in built {
        if is_blessing {
            set(&mut table, chip, profile, measured);
            continue;
        }
        let drift = table.row(chip, profile).map_or(vec!["no row".into()], |row| measured.drift(row));
        assert!(drift.is_empty(), "{} {profile}: {drift:?}; BLESS=1 rewrites the table", chip.name);
        println!("{} {profile}: within {TOLERANCE}% of docs/sizes.md", chip.name);
    }
    if is_blessing {
        std::fs::write(&path, format!("{before}{BEGIN}\n{}\n{END}{after}", markdown(&table))).unwrap();
    }
}

#[test]
fn the_table_of_the_document_is_as_it_is_generated() {
    let (_, [_, stated, _]) = document();
    assert_eq!(stated, format!("\n{}\n", markdown(&SizeTable::parse(&stated))));
}

#[test]
#[ignore = "runs images: `ruvllm-esp build --variant esp32c3,esp32c6 --out DIR`, then RUVLLM_EXACT_IMAGES=DIR"]
fn the_document_says_how_large_the_images_are() {
    compare("release");
}

#[test]
#[ignore = "looks at images: `ruvllm-esp build --variant esp32c3,esp32c6 --profile small --out DIR/small`, then RUVLLM_EXACT_IMAGES=DIR"]
fn nightly_the_document_says_how_large_the_small_images_are() {
    compare("small");
}

#[test]
fn a_table_of_the_document_is_read_back() {
    let mut table = SizeTable::default();
    let sizes = crate::firmware::image::Sizes { text: 1, rodata: 2, data: 3, bss: 4 };
    set(&mut table, &chip::esp32c3::CHIP, "small", Measured { sizes, image: 5 });
    assert_eq!(SizeTable::parse(&markdown(&table)), table);
    assert!(markdown(&table).contains("| esp32 | release | not built here |"));
}
