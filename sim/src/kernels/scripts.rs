//! The console scripts, one a role. Compiled into the kernel image too, `firmware/kernels`.

use ruvllm_esp_core::role::RoleKind;
use ruvllm_esp_core::workload::Script;

/// What is typed at each role, and checks the prices.
pub const GOLDEN: [Script<'static>; 4] = [
    script(
        "session-hnsw",
        RoleKind::HnswIndexer,
        include_str!("../../../fixtures/transcripts/scripts/hnsw.txt"),
    ),
    script(
        "session-rag",
        RoleKind::RagRetriever,
        include_str!("../../../fixtures/transcripts/scripts/rag.txt"),
    ),
    script(
        "session-anomaly",
        RoleKind::AnomalySentinel,
        include_str!("../../../fixtures/transcripts/scripts/anomaly.txt"),
    ),
    script(
        "session-memory",
        RoleKind::MemoryArchivist,
        include_str!("../../../fixtures/transcripts/scripts/memory.txt"),
    ),
];

/// Other sessions, which the prices are fitted to.
pub const DEMO: [Script<'static>; 4] = [
    script("demo-hnsw", RoleKind::HnswIndexer, include_str!("../../../fixtures/demo/hnsw.txt")),
    script("demo-rag", RoleKind::RagRetriever, include_str!("../../../fixtures/demo/rag.txt")),
    script("demo-anomaly", RoleKind::AnomalySentinel, include_str!("../../../fixtures/demo/sentinel.txt")),
    script("demo-memory", RoleKind::MemoryArchivist, include_str!("../../../fixtures/demo/memory.txt")),
];

/// Sessions of every command of a role, which the prices of a whole chip are fitted to.
pub const CALIBRATION: [Script<'static>; 4] = [
    script("fit-hnsw", RoleKind::HnswIndexer, include_str!("../../../fixtures/calibration/hnsw.txt")),
    script("fit-rag", RoleKind::RagRetriever, include_str!("../../../fixtures/calibration/rag.txt")),
    script(
        "fit-anomaly",
        RoleKind::AnomalySentinel,
        include_str!("../../../fixtures/calibration/anomaly.txt"),
    ),
    script("fit-memory", RoleKind::MemoryArchivist, include_str!("../../../fixtures/calibration/memory.txt")),
];

const fn script(name: &'static str, role: RoleKind, text: &'static str) -> Script<'static> {
    Script { name, role, text }
}
