//! The RAM of a simulated chip: exactly as many bytes as it has, aligned as on the chip; and what a role takes of it.

use ruvllm_esp_core::arena::{AllocObserver, Arena};
use ruvllm_esp_core::role::{AnyRole, Plan, RoleKind};
use ruvllm_esp_core::units::Bytes;
use zerocopy::IntoBytes;

/// Zeroed bytes at a 16-byte boundary, so that structures lie at the same offsets on every host.
#[derive(Clone, Debug)]
pub struct Memory {
    words: Vec<u128>,
    length: usize,
}

impl Memory {
    /// `length` zeroed bytes.
    pub fn new(length: Bytes) -> Self {
        let length = length.get() as usize;
        Self { words: vec![0; length.div_ceil(size_of::<u128>())], length }
    }
}

impl AsMut<[u8]> for Memory {
    fn as_mut(&mut self) -> &mut [u8] {
        let bytes = self.words.as_mut_bytes();
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
