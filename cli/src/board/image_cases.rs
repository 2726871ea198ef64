//! Images that ROM or bootloader refuse, or crash on, and odd ones that they start.
//!
//! Each was tried on the real ROM and bootloader under emulation; the words are those of the reason given here.

use super::Image;
use super::sample::{HEADER_BYTES, content, entry, header, merge, seal, table};

const C3: u16 = 5;
const C6: u16 = 13;
/// Where a bootloader of the ESP32-C3 lies: data, the code that it begins with, the code that loads.
const BOOT: [u32; 3] = [0x3fcd_5830, 0x403c_bf10, 0x403c_e710];
/// Likewise of the ESP32-C6.
const BOOT_C6: [u32; 3] = [0x4087_5720, 0x4086_c410, 0x4086_e610];
const CODE: u32 = 0x4201_0020;

/// The parts of an image, to change some of.
struct Parts {
    boot: [u8; HEADER_BYTES],
    boot_segments: Vec<(u32, Vec<u8>)>,
    header: [u8; HEADER_BYTES],
    segments: Vec<(u32, Vec<u8>)>,
    rows: Vec<Vec<u8>>,
    /// Where the application lies.
    at: usize,
    /// What lies there instead of a program.
    instead: Option<Vec<u8>>,
}

impl Parts {
    fn new() -> Self {
        Self {
            boot: header(C3, 3, BOOT[1]),
            boot_segments: BOOT.iter().map(|address| (*address, content(0x100))).collect(),
            header: header(C3, 3, CODE),
            segments: vec![
                (0x3c00_0020, content(0x100)),
                (0x3fc8_0e70, content(0x80)),
                // The code lies in the next page, behind a segment that fills the rest of this one.
                (0, content(0xfe68)),
                (CODE, content(0x200)),
            ],
            rows: vec![entry(0x40, 0, 0x9000, 0x4000, "config"), entry(0, 0, 0x10000, 0x3f0000, "factory")],
            at: 0x10000,
            instead: None,
        }
    }

    /// An image for an ESP32-C6, whose code lies `filled` B further on in flash, and whose description has pages of
    /// `2^page_log` B; `boot` is what its bootloader can say.
    fn small_pages(filled: usize, page_log: u8, boot: &str) -> Self {
        let mut description = content(0x100);
        description[..4].copy_from_slice(&0xabcd_5432_u32.to_le_bytes());
        (description[176], description[177], description[180]) = (0, 0, page_log);
        let mut says = boot.as_bytes().to_vec();
        says.resize(0x100, 0);
        Self {
            boot: header(C6, 3, BOOT_C6[1]),
            header: header(C6, 4, CODE),
            segments: vec![
                (0x4200_0020, description),
                (0x4080_0000, content(0x80)),
                (0, content(filled)),
                (CODE, content(0x200)),
            ],
            boot_segments: BOOT_C6.iter().map(|address| (*address, says.clone())).collect(),
            ..Self::new()
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut header = self.header;
        header[1] = u8::try_from(self.segments.len()).unwrap();
        let program = self.instead.clone().unwrap_or_else(|| seal(header, &self.segments));
        merge(&seal(self.boot, &self.boot_segments), &table(&self.rows), (self.at, &program))
    }
}

/// The reason for which a changed image is refused.
fn refused(change: impl Fn(&mut Parts)) -> String {
    let mut parts = Parts::new();
    change(&mut parts);
    let error = Image::check(parts.bytes(), "test.bin").expect_err("it is taken");
    assert_eq!((error.code(), error.exit()), ("image::corrupt", crate::error::Exit::Usage));
    error.to_string()
}

fn taken(change: impl Fn(&mut Parts)) {
    let mut parts = Parts::new();
    change(&mut parts);
    if let Err(error) = Image::check(parts.bytes(), "test.bin") {
        panic!("{error}");
    }
}

fn data(offset: u32, size: u32) -> Vec<u8> {
    entry(1, 0x82, offset, size, "pack")
}

#[test]
fn the_parts_make_a_sound_image() {
    taken(|_| {});
}

#[test]
fn the_table_has_to_fit_the_flash_that_the_header_states() {
    let size = |code: u8| refused(move |parts| parts.boot[3] = code << 4);
    assert!(
        size(0).contains(
            "`factory` ends at 0x400000, and the flash at 0x100000: so says the bootloader's header"
        )
    );
    assert!(size(1).contains("the flash at 0x200000: so"));
    assert!(size(15).contains("the flash size code 15, which counts as 2 MiB"));
    taken(|parts| parts.boot[3] = 4 << 4);
    assert!(
        refused(|parts| parts.rows.push(data(0x40_0000, 0x1c0_0000))).contains("`pack` ends at 0x2000000")
    );
    assert!(
        refused(|parts| parts.rows.push(data(0xffff_f000, 0x2000))).contains("`pack` ends at 0x100001000")
    );
}

#[test]
fn nothing_lies_on_anything_else() {
    let lies = |rows: Vec<Vec<u8>>| {
        refused(move |parts| {
            parts.rows.clone_from(&rows);
            parts.rows.push(entry(0, 0, 0x10000, 0x3f0000, "factory"));
        })
    };
    assert!(
        lies(vec![entry(0x40, 0, 0, 0x4000, "config")])
            .contains("`config` at 0x0..0x4000 lies on the bootloader at 0x0..")
    );
    assert!(
        lies(vec![entry(0x40, 0, 0x8000, 0x4000, "config")])
            .contains("lies on the partition table at 0x8000..0x9000")
    );
    assert!(lies(vec![data(0x7000, 0x2000)]).contains("lies on the partition table"));
    assert!(
        lies(vec![data(0x20000, 0x10000)])
            .contains("`factory` at 0x10000..0x400000 lies on the partition `pack` at 0x20000..0x30000")
    );
    // The bootloader and the table may have rows of their own.
    taken(|parts| parts.rows.extend([entry(2, 0, 0, 0x8000, "boot"), entry(3, 0, 0x8000, 0x1000, "table")]));
}

#[test]
fn a_table_without_end_mark_is_refused() {
    let rows = |count: u32| {
        move |parts: &mut Parts| {
            parts.rows = vec![entry(0, 0, 0x10000, 0x100000, "factory")];
            parts.rows.extend((1..count).map(|number| data(0x110000 + number * 0x1000, 0x1000)));
        }
    };
    assert!(refused(rows(95)).contains("no end mark: 95 entries fill all its 96 rows"));
    taken(rows(94));
}

#[test]
fn the_application_is_one_that_can_be_loaded() {
    assert!(refused(|parts| parts.segments.clear()).contains("`factory` at 0x10000 has 0 segments"));
    let many =
        |parts: &mut Parts| parts.segments.splice(2..2, (0..13).map(|_| (0, Vec::new()))).for_each(drop);
    assert!(refused(many).contains("has 17 segments; 1 to 16 can be loaded"));
    assert!(refused(|parts| parts.segments[1].1.push(0)).contains("segment 1 of 129 B"));
    let to = |address: u32| refused(move |parts| parts.segments[1].0 = address);
    assert!(to(0x2000_0000).contains("segment 1 for 0x20000000..0x20000080, where no RAM is"));
    assert!(to(0x4000_0000).contains("where no RAM is"), "the ROM");
    assert!(to(BOOT[0] + 0x40).contains("on the bootloader's own at 0x3fcd5830"));
    assert!(to(BOOT[0] + 0x4000).contains("on the bootloader's own at 0x3fcd5830"), "its stack");
    assert!(to(BOOT[2]).contains("on the bootloader's own at 0x403ce710"));
    // Seen by the other bus it is the same RAM.
    assert!(to(BOOT[2] - 0x70_0000).contains("on the bootloader's own at 0x403ce710"));
    // What the bootloader began with is free when it loads.
    taken(|parts| parts.segments[1].0 = BOOT[1]);
    let entry = |at: u32| refused(move |parts| parts.header[4..8].copy_from_slice(&at.to_le_bytes()));
    assert!(entry(0).contains("starts at 0x00000000"));
    assert!(entry(0x3c00_0020).contains("starts at 0x3c000020, which is in none of its segments of code"));
    let moved = |parts: &mut Parts| {
        (parts.at, parts.rows[1]) = (0x11000, entry_row(0x11000));
    };
    assert!(refused(moved).contains("segment 0 for address 0x3c000020 at flash offset 0x11020"));
}

#[test]
fn the_pages_of_an_esp32c6_are_those_that_its_bootloader_sets_up() {
    /// Code at 0x20020, 0x18020, 0x14020: on pages of 64, 32 and 16 KiB.
    const FILLED: [usize; 3] = [0xfe68, 0x7e68, 0x3e68];
    const READS: &str = "I (%lu) %s: MMU page size mismatch, configured: 0x%x, found: 0x%lx";
    let why = |flash_code: u8, filled: usize, page_log: u8, boot: &str| {
        let mut parts = Parts::small_pages(filled, page_log, boot);
        parts.boot[3] = flash_code << 4;
        parts.rows = vec![entry(0, 0, 0x10000, 0xf0000, "factory")];
        Image::check(parts.bytes(), "test.bin").err().map(|error| error.to_string())
    };
    // The description says so, whatever the size of the flash.
    for (filled, log) in FILLED.into_iter().zip([16, 15, 14]) {
        for flash_code in [0, 2] {
            assert_eq!(why(flash_code, filled, log, READS), None, "{log}");
        }
    }
    let text = why(2, FILLED[1], 16, READS).unwrap();
    assert!(text.contains("at flash offset 0x18020: they differ within a page of 64 KiB"), "{text}");
    assert!(why(2, FILLED[2], 15, READS).unwrap().contains("within a page of 32 KiB"));
    for log in [13, 17, 200] {
        let text = why(2, FILLED[0], log, READS).unwrap();
        assert!(
            text.contains(&format!("pages of 2^{log} B; the bootloader knows those of 16, 32")),
            "{text}"
        );
    }
    // Without a word on it, or before bootloaders read it, they have the size that belongs to the flash.
    for (flash_code, filled) in [(2, FILLED[0]), (1, FILLED[1]), (0, FILLED[2])] {
        assert_eq!(why(flash_code, filled, 0, READS), None);
        assert_eq!(why(flash_code, filled, 14, ""), None);
    }
    assert!(why(2, FILLED[1], 15, "").unwrap().contains("within a page of 64 KiB"));
    // An ESP32-C3 has one size.
    let c3 = |parts: &mut Parts| {
        let mut description = content(0x100);
        description[..4].copy_from_slice(&0xabcd_5432_u32.to_le_bytes());
        (description[176], description[177], description[180]) = (0, 0, 15);
        (parts.segments[0].1, parts.segments[2].1) = (description, content(0x7e68));
    };
    assert!(refused(c3).contains("within a page of 64 KiB"));
}

fn entry_row(offset: u32) -> Vec<u8> {
    entry(0, 0, offset, 0x3ef000, "factory")
}

#[test]
fn a_partition_for_programs_holds_a_program() {
    let text = refused(|parts| parts.instead = Some(b"no program".repeat(20)));
    assert!(
        text.contains("the application in `factory` at 0x10000 begins with 0x6e, not with 0xe9"),
        "{text}"
    );
    let same_label = |parts: &mut Parts| {
        parts.rows = vec![entry(0, 0, 0x10000, 0x10000, "x"), entry(1, 0x82, 0x20000, 0x10000, "x")];
        (parts.at, parts.instead) = (0x20000, Some(b"data".to_vec()));
    };
    assert!(refused(same_label).contains("no application where the partition table says"));
    // An erased one is passed over.
    taken(|parts| {
        parts.rows =
            vec![entry(0, 0, 0x10000, 0x10000, "factory"), entry(0, 0x10, 0x20000, 0x40000, "ota_0")];
        parts.at = 0x20000;
    });
    taken(|parts| parts.rows[1] = entry(0, 0x20, 0x10000, 0x3f0000, "test"));
}

#[test]
fn a_revision_that_no_chip_can_have_is_refused() {
    fn revisions(header: &mut [u8; HEADER_BYTES], least: u16, most: u16) {
        header[15..17].copy_from_slice(&least.to_le_bytes());
        header[17..19].copy_from_slice(&most.to_le_bytes());
    }
    assert!(
        refused(|parts| revisions(&mut parts.header, 909, 0))
            .contains("chip revision 9.9 or later, which no chip has")
    );
    assert!(
        refused(|parts| revisions(&mut parts.boot, 909, 0))
            .contains("the bootloader wants chip revision 9.9")
    );
    let both = refused(|parts| {
        revisions(&mut parts.boot, 3, 199);
        revisions(&mut parts.header, 0, 1);
    });
    assert!(
        both.contains("the bootloader takes 0.3 to 1.99, the application in `factory` 0.1 at most"),
        "{both}"
    );
    let mut parts = Parts::new();
    revisions(&mut parts.boot, 3, 199);
    revisions(&mut parts.header, 4, 0xffff);
    assert_eq!(Image::check(parts.bytes(), "test.bin").unwrap().revisions, 4..=199);
}

#[test]
fn the_bootloader_is_one_that_the_rom_starts() {
    assert!(refused(|parts| parts.boot[2] = 0x77).contains("the bootloader has the flash mode 0x77"));
    assert!(refused(|parts| parts.boot[3] = 0x29).contains("the bootloader has the flash speed code 9"));
    assert!(refused(|parts| parts.boot[4..8].fill(0)).contains("the bootloader starts at 0x00000000"));
    taken(|parts| (parts.boot[2], parts.boot[3]) = (0, 0x2f));
    // Neither needs a hash.
    taken(|parts| (parts.boot[23], parts.header[23]) = (0, 0));
}

#[test]
fn an_image_that_was_copied_as_text_is_recognised() {
    let bytes = Parts::new().bytes();
    let turned: Vec<u8> =
        bytes.iter().flat_map(|byte| if *byte == b'\n' { vec![b'\r', b'\n'] } else { vec![*byte] }).collect();
    assert!(turned.len() > bytes.len() + 64);
    let error = Image::check(turned, "test.bin").unwrap_err();
    assert_eq!(error.code(), "image::corrupt");
    assert!(error.to_string().contains("line feeds (0x0a) follows a carriage return (0x0d)"), "{error}");
}

#[test]
fn what_the_bootloader_does_not_look_at_is_not_looked_at() {
    // Flags, an odd size, no size, no label, a label of sixteen letters.
    let mut flags = entry(0, 0, 0x10000, 0x3f0000, "factory");
    flags[28..].fill(0xff);
    taken(|parts| parts.rows[1].clone_from(&flags));
    taken(|parts| parts.rows.push(data(0xe000, 0x1001)));
    taken(|parts| parts.rows.push(data(0xe000, 0)));
    taken(|parts| parts.rows[1] = entry(0, 0, 0x10000, 0x3f0000, ""));
    taken(|parts| parts.rows[1] = entry(0, 0, 0x10000, 0x3f0000, "sixteen letters!"));
}

#[test]
fn no_change_of_headers_or_table_is_more_than_an_error() {
    let sound = Parts::new().bytes();
    let mut state = 7_u32;
    // A linear congruential generator: which numbers come is of no account, that they come again is.
    let mut random = |limit: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((state >> 16) % limit) as usize
    };
    for _ in 0..300 {
        let mut bytes = sound.clone();
        for _ in 0..=random(4) {
            let at = [0, 0x8000, 0x10000][random(3)] + random(0x80);
            bytes[at] = [random(256) as u8, 0, 0xff, 0x80][random(4)];
        }
        // Hashes off, so that what is behind them is reached too.
        (bytes[23], bytes[0x10017]) = (0, 0);
        let _ = Image::check(bytes, "test.bin");
    }
}
