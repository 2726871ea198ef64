//! The envelope of every JSON object this program prints: schema version and kind.

use serde::Serialize;

/// The version of every JSON object this program prints. Fields may be added; none changes or goes while it stands.
pub const SCHEMA: u8 = 1;

#[derive(Serialize)]
struct Envelope<'a, Body: Serialize> {
    schema: u8,
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
