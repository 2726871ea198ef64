//! Every JSON object this program prints, and the type it is made of.
//!
//! The schema of an object is derived from the type that is serialised, so the two cannot differ. A test runs the commands
//! and holds what they print against `docs/schema/`; another looks for kinds that are missing here.

use crate::analysis::collect::Analysis;
use crate::command::{
    bench, chips, config, doctor, emulate, fit, fleet, init, man, model, roles, schema, sim, tools, trace,
    wire,
};
#[cfg(feature = "board")]
use crate::command::{build, flash, ports};
use crate::configuration;
use crate::error::ErrorLine;
use crate::json::schema_of;
#[cfg(feature = "board")]
use crate::monitor::transcript;
use crate::report;
use crate::session::{report as session, serve};
use ruvllm_esp_sim::evaluation::anomaly::AnomalyReport;
use ruvllm_esp_sim::evaluation::anomaly::field::FieldReport;
use ruvllm_esp_sim::evaluation::embed::EmbedReport;
use ruvllm_esp_sim::evaluation::reliability;
use ruvllm_esp_sim::run::verdict::ScenarioVerdict;
use schemars::Schema;

/// Something that has a schema.
#[derive(Clone, Copy, Debug)]
pub struct Document {
    /// The `kind` of the object; the name of the schema's file.
    pub name: &'static str,
    schema: fn(&str) -> Schema,
}

impl Document {
    const fn new(name: &'static str, schema: fn(&str) -> Schema) -> Self {
        Self { name, schema }
    }

    /// Its schema.
    pub fn schema(self) -> Schema {
        (self.schema)(self.name)
    }
}

/// The file of the configuration, which is TOML.
fn configuration_file(_: &str) -> Schema {
    #[cfg(feature = "tui")]
    let actions = crate::tui::action::NAMES.map(|(name, _)| name);
    #[cfg(not(feature = "tui"))]
    let actions = [];
    configuration::schema::of_file(&actions)
}

/// All of them, by name.
pub const DOCUMENTS: &[Document] = &[
    Document::new("analysis", schema_of::<Analysis>),
    Document::new("bench-anomaly", schema_of::<AnomalyReport>),
    Document::new("bench-anomaly-data", schema_of::<FieldReport>),
    Document::new("bench-baseline", schema_of::<bench::figures::Changes<'_>>),
    Document::new("bench-calibrate", schema_of::<bench::calibrate::Report>),
    Document::new("bench-embed", schema_of::<EmbedReport>),
    Document::new("bench-emulator", schema_of::<bench::emulator::Report>),
    Document::new("bench-fleet", schema_of::<bench::fleet::Report>),
    Document::new("bench-index", schema_of::<bench::index::Report>),
    Document::new("bench-kernels", schema_of::<bench::kernels::Report>),
    Document::new("bench-nlu", schema_of::<bench::nlu::Report>),
    Document::new("bench-recall", schema_of::<bench::recall::Report>),
    Document::new("bench-reliability", schema_of::<reliability::Report>),
    Document::new("boot", schema_of::<session::Boot<'_>>),
    #[cfg(feature = "board")]
    Document::new("build", schema_of::<build::Report<'_>>),
    Document::new("chips", schema_of::<chips::Chips>),
    Document::new("client", schema_of::<serve::Client<'_>>),
    Document::new("command", schema_of::<session::Command<'_>>),
    Document::new("config", schema_of::<config::Report<'_>>),
    Document::new("configuration-file", configuration_file),
    Document::new("doctor", schema_of::<doctor::Report<'_>>),
    Document::new("emulation", schema_of::<emulate::Report>),
    Document::new("error", schema_of::<ErrorLine<'_>>),
    Document::new("explanation", schema_of::<doctor::Explanation<'_>>),
    Document::new("fidelity", schema_of::<sim::Statement>),
    Document::new("fit", schema_of::<fit::Report>),
    #[cfg(feature = "board")]
    Document::new("flash", schema_of::<flash::Report<'_>>),
    Document::new("fleet-check", schema_of::<fleet::check::Summary<'_>>),
    Document::new("fleet-key", schema_of::<fleet::key::Made>),
    Document::new("fleet-new", schema_of::<fleet::new::Written>),
    #[cfg(feature = "board")]
    Document::new("fleet-revoke", schema_of::<fleet::revoke::Line>),
    Document::new("frame", schema_of::<wire::object::FrameObject<'_>>),
    Document::new("gates", schema_of::<bench::gates::Report>),
    Document::new("init", schema_of::<init::Laid<'_>>),
    #[cfg(feature = "board")]
    Document::new("line", schema_of::<transcript::Line<'_>>),
    Document::new("listening", schema_of::<serve::ListenAddress>),
    Document::new("man", schema_of::<man::Pages<'_>>),
    Document::new("message", schema_of::<wire::object::MessageObject<'_>>),
    Document::new("messages", schema_of::<wire::messages::Report>),
    Document::new("model-train", schema_of::<model::train::Report>),
    Document::new("packet", schema_of::<wire::encode::Packet<'_>>),
    #[cfg(feature = "board")]
    Document::new("ports", schema_of::<ports::Report<'_>>),
    Document::new("replay", schema_of::<fleet::replay::Line<'_>>),
    Document::new("report", schema_of::<report::Summary<'_>>),
    Document::new("roles", schema_of::<roles::Roles>),
    Document::new("schema", schema_of::<schema::Report<'_>>),
    Document::new("schemas", schema_of::<schema::Names<'_>>),
    Document::new("summary", schema_of::<session::Summary<'_>>),
    Document::new("tools", schema_of::<tools::show::Tools>),
    Document::new("tools-check", schema_of::<tools::check::Summary<'_>>),
    Document::new("tools-import", schema_of::<tools::import::Report<'_>>),
    Document::new("tools-new", schema_of::<tools::new::Written<'_>>),
    Document::new("trace-export", schema_of::<trace::Exported>),
    Document::new("trace-report", schema_of::<ScenarioVerdict>),
    Document::new("verdict", schema_of::<sim::fleet::report::Line<'_>>),
    Document::new("wait", schema_of::<session::Wait>),
];
