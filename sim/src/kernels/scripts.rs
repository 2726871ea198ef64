//! The golden console scripts, one a role.

use ruvllm_esp_core::role::RoleKind;
use ruvllm_esp_core::workload::Script;

/// What is typed at each role.
pub const ALL: [Script<'static>; 4] = [
    script(RoleKind::HnswIndexer, include_str!("../../../fixtures/transcripts/scripts/hnsw.txt")),
    script(RoleKind::RagRetriever, include_str!("../../../fixtures/transcripts/scripts/rag.txt")),
    script(RoleKind::AnomalySentinel, include_str!("../../../fixtures/transcripts/scripts/anomaly.txt")),
    script(RoleKind::MemoryArchivist, include_str!("../../../fixtures/transcripts/scripts/memory.txt")),
];

const fn script(role: RoleKind, text: &'static str) -> Script<'static> {
    Script { role, text }
}
