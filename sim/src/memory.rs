//! The RAM of a simulated chip: exactly as many bytes as it has, aligned as on the chip; and what a role takes of it.

use memmap2::MmapMut;
use ruvllm_esp_core::arena::{AllocObserver, Arena};
use ruvllm_esp_core::role::{AnyRole, Plan, RoleKind};
use ruvllm_esp_core::units::Bytes;
use zerocopy::IntoBytes;

/// Zeroed bytes at a 16-byte boundary, so that structures lie at the same offsets on every host.
///
/// The system maps them page by page as they are written to: a fleet of ten thousand chips takes what its chips use. An
/// allocator zeroes what it had given out before, and so takes all of it.
#[derive(Debug)]
pub struct Memory {
    bytes: Bytes16,
    length: usize,
}

#[derive(Debug)]
enum Bytes16 {
    Mapped(MmapMut),
    /// Where the system maps no memory.
    Allocated(Vec<u128>),
}

impl Memory {
    /// `length` zeroed bytes.
    pub fn new(length: Bytes) -> Self {
        let length = length.get() as usize;
        let bytes = match MmapMut::map_anon(length.max(1)) {
            Ok(map) => {
                // Large pages would take what is not used.
                #[cfg(target_os = "linux")]
                let _ = map.advise(memmap2::Advice::NoHugePage);
                Bytes16::Mapped(map)
            }
            Err(_) => Bytes16::Allocated(vec![0; length.div_ceil(size_of::<u128>())]),
        };
        Self { bytes, length }
    }
}

impl Clone for Memory {
    fn clone(&self) -> Self {
        let mut copy = Self::new(Bytes(u32::try_from(self.length).unwrap_or(u32::MAX)));
        copy.as_mut().copy_from_slice(self.bytes.whole().get(..self.length).unwrap_or_default());
        copy
    }
}

impl Bytes16 {
    fn whole(&self) -> &[u8] {
        match self {
            Self::Mapped(map) => map,
            Self::Allocated(words) => words.as_bytes(),
        }
    }
}

impl AsMut<[u8]> for Memory {
    fn as_mut(&mut self) -> &mut [u8] {
        let bytes = match &mut self.bytes {
            Bytes16::Mapped(map) => &mut map[..],
            Bytes16::Allocated(words) => words.as_mut_bytes(),
        };
        let length = self.length.min(bytes.len());
        &mut bytes[..length]
    }
}

/// The least arena in which a role's least capacity fits.
pub fn min_arena(role: RoleKind) -> Bytes {
    parts(role, role.smallest_plan()).iter().fold(Bytes(0), |sum, (_, bytes)| sum + *bytes)
}

/// The structures of a role, with their sizes.
pub fn parts(role: RoleKind, plan: Plan) -> Vec<(&'static str, Bytes)> {
    #[derive(Default)]
    struct Parts(Vec<(&'static str, Bytes)>);
    impl AllocObserver for Parts {
        fn part(&mut self, part: &'static str, bytes: Bytes) {
            self.0.push((part, bytes));
        }
    }
    // More than any chip has: only the sum of the parts matters here.
    let mut memory = Memory::new(Bytes::kib(8 * 1024));
    let mut parts = Parts::default();
    let _ = AnyRole::carve(role, &mut Arena::with_observer(memory.as_mut(), &mut parts), plan);
    parts.0
}
