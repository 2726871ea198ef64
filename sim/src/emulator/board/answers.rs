//! Registers whose answer follows from what was written to them, at once: cache, fuses, clock.

/// Operations of the cache are done at once: their bits of completion are always up.
pub fn cache(is_c3: bool, offset: u32, kept: u32) -> Option<u32> {
    let done = match (is_c3, offset) {
        (true, 0x1c) => 1 << 2,
        (true, 0x28 | 0x34) => 1 << 1,
        (true, 0x40) => 1 << 3,
        (true, 0xb0) => return Some(1),
        (true, 0xcc) => 1 << 2,
        (false, 0x2c) => 0,
        (false, 0x88) => 1 << 2,
        (false, 0x98) => 1 << 4,
        (false, 0xd8) => 1 << 1,
        (false, 0x134) => 1 << 1,
        _ => return None,
    };
    // A bit that starts an operation falls when it is done.
    let started = match (is_c3, offset) {
        (true, 0x28 | 0x34) => 1,
        (false, 0x98) => 0xf,
        (false, 0xd8) => 1,
        // Frozen: as asked.
        (false, 0x2c) => return Some(kept & !(0x11 << 18) | (kept >> 16 & 0x11) << 18),
        (true, 0xcc) => return Some(kept & !(1 << 2) | (kept & 1) << 2),
        _ => 0,
    };
    Some(kept & !started | done)
}

/// Address and revision; every other fuse is not blown, and no command is ever under way.
pub fn efuse(is_c3: bool, offset: u32, mac: [u8; 6], revision: (u32, u32)) -> Option<u32> {
    let [a, b, c, d, e, f] = mac;
    let (major, minor) = revision;
    Some(match offset {
        0x44 => u32::from_be_bytes([c, d, e, f]),
        0x48 => u32::from_be_bytes([0, 0, a, b]),
        0x50 if is_c3 => (minor & 7) << 18,
        0x58 if is_c3 => (minor >> 3 & 1) << 23 | (major & 3) << 24,
        0x50 => (minor & 15) << 18 | (major & 3) << 22,
        0x2c..0x1c8 => 0,
        0x1d4 => 0,
        _ => return None,
    })
}

/// The CPU's clock, in megahertz, as the registers that choose it say; `peek` reads them.
pub fn megahertz(is_c3: bool, peek: impl Fn(u32) -> u32) -> u64 {
    let megahertz = if is_c3 {
        let (period, clock) = (peek(0x600c_0008), peek(0x600c_0058));
        match clock >> 10 & 3 {
            1 if period & 3 == 1 => 160,
            1 => 80,
            0 => 40 / (u64::from(clock & 0x3ff) + 1).max(1),
            _ => 17,
        }
    } else {
        let (clock, divider) = (peek(0x6009_6110), peek(0x6009_6118));
        match clock >> 16 & 3 {
            1 => 160 / (u64::from(divider >> 8 & 0xff) + 1),
            0 => 40 / (u64::from(divider & 0xff) + 1),
            _ => 17,
        }
    };
    megahertz.max(1)
}
