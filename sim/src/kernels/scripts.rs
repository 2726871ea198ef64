//! The console scripts: of each role in the table one of each kind, found by its alias. The kernel image compiles them too,
//! `firmware/kernels`.

use ruvllm_esp_core::for_each_role;
use ruvllm_esp_core::role::RoleKind;
use ruvllm_esp_core::workload::Script;

macro_rules! scripts {
    ($($(#[$doc:meta])* $kind:ident $file:ident $alias:literal $word:literal $code:literal;)*) => {
        /// What is typed at each role, and checks the cost tables.
        pub const GOLDEN: [Script<'static>; RoleKind::ALL.len()] = [$(Script {
            name: concat!("session-", $alias),
            role: RoleKind::$kind,
            text: include_str!(concat!("../../../fixtures/transcripts/scripts/", $alias, ".txt")),
        }),*];

        /// Other sessions, which the cost tables are fitted to.
        pub const DEMO: [Script<'static>; RoleKind::ALL.len()] = [$(Script {
            name: concat!("demo-", $alias),
            role: RoleKind::$kind,
            text: include_str!(concat!("../../../fixtures/demo/", $alias, ".txt")),
        }),*];

        /// Sessions of every command of a role, which the cost tables of a whole chip are fitted to.
        pub const CALIBRATION: [Script<'static>; RoleKind::ALL.len()] = [$(Script {
            name: concat!("fit-", $alias),
            role: RoleKind::$kind,
            text: include_str!(concat!("../../../fixtures/calibration/", $alias, ".txt")),
        }),*];
    };
}
for_each_role!(scripts);
