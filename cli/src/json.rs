//! The envelope of every JSON object this program prints: schema version and kind.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde_json::json;

/// The version of every JSON object this program prints. Fields may be added; none changes or goes while it stands.
pub const SCHEMA: u8 = 1;

#[derive(Serialize, JsonSchema)]
struct Envelope<'a, Body> {
    /// The version of the form; fields may be added to it.
    schema: u8,
    /// What the object is.
    kind: &'a str,
    #[serde(flatten)]
    body: &'a Body,
}

/// One JSON object as a line: `body` with the schema's version and its `kind`.
///
/// # Errors
/// Those of the serialiser.
pub fn envelope<Body: Serialize>(kind: &str, body: &Body) -> serde_json::Result<String> {
    serde_json::to_string(&Envelope { schema: SCHEMA, kind, body })
}

/// The JSON schema of a `Body` in the envelope of its `kind`.
pub fn schema_of<Body: JsonSchema>(kind: &str) -> Schema {
    let mut schema = settings().into_generator().into_root_schema_for::<Envelope<'_, Body>>();
    schema.insert("title".into(), kind.into());
    if let Some(properties) = schema.get_mut("properties").and_then(|it| it.as_object_mut()) {
        properties.insert("schema".into(), json!({ "const": SCHEMA }));
        properties.insert("kind".into(), json!({ "const": kind }));
    }
    schema
}

/// Schemas of what is written, in the newest draft that validators know.
pub fn settings() -> SchemaSettings {
    SchemaSettings::draft2020_12().for_serialize()
}
