//! The form of a configuration file, for editors that check while one types.
//!
//! The file itself is read by hand, so that each mistake has its line. A test holds the two equal.

use super::{BAUD, KEYMAP, KEYS, PRESETS};
use crate::selection::VARIANT;
use ruvllm_esp_core::chip;
use schemars::{Schema, json_schema};
use serde_json::{Map, Value, json};

/// The schema; `actions` are those of the display that keys can be given to.
pub fn of_file(actions: &[&str]) -> Schema {
    let mut properties: Map<String, Value> =
        KEYS.iter().map(|key| (key.name.to_string(), form_of(key.variable))).collect();
    properties.insert(PRESETS.into(), presets());
    properties.insert(KEYMAP.into(), keys(actions));
    json_schema!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "ruvllm-esp.toml",
        "description": "The configuration of a project, or of a user.",
        "type": "object",
        "properties": properties,
        "additionalProperties": false
    })
}

fn form_of(variable: &str) -> Value {
    let names: Vec<&str> = chip::ALL.iter().map(|chip| chip.name).collect();
    match variable {
        BAUD => json!({ "type": "integer", "minimum": 1, "maximum": u32::MAX }),
        VARIANT => json!({ "enum": names }),
        _ => json!({ "type": "string" }),
    }
}

/// One `item`, or a list of them.
fn one_or_more(item: &Value) -> Value {
    json!({ "anyOf": [item, { "type": "array", "items": item }] })
}

fn presets() -> Value {
    let value = one_or_more(&json!({ "type": ["string", "number", "boolean"] }));
    json!({
        "description": "Options under one name, for --preset NAME.",
        "type": "object",
        "additionalProperties": {
            "description": "Long names of options without their hyphens, and their values; true sets a flag.",
            "type": "object",
            "additionalProperties": value
        }
    })
}

fn keys(actions: &[&str]) -> Value {
    let key = one_or_more(&json!({ "type": "string" }));
    let actions: Map<String, Value> =
        actions.iter().map(|action| (action.to_string(), key.clone())).collect();
    json!({
        "description": "Keys of the display by action, such as pause = \"p\" or [\"p\", \"Space\"].",
        "type": "object",
        "properties": actions,
        "additionalProperties": false
    })
}
