//! Frames and messages as JSON objects.

use ruvllm_esp_core::item::ItemId;
use ruvllm_esp_core::wire::field::{Hex, Value};
use ruvllm_esp_core::wire::frame::{Flags, Frame, Header};
use ruvllm_esp_core::wire::message::{Hit, Message, RoleCode};
use ruvllm_esp_core::wire::{BROADCAST, fragment::Fragment};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::json;
use std::borrow::Cow;

/// What stands before the payload.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HeaderObject {
    #[serde(rename = "type")]
    number: u8,
    message: Option<&'static str>,
    source: u16,
    destination: u16,
    broadcast: bool,
    boot: u32,
    nonce: u16,
    sequence: u32,
    embedder: u8,
    flags: String,
}

/// A frame.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FrameObject<'a> {
    /// Which of those that were given, from 1.
    pub number: u32,
    #[serde(flatten)]
    header: HeaderObject,
    payload: String,
    /// Is `payload` encrypted still?
    ciphertext: bool,
    crc: String,
    /// The lowest 8 bits of the epoch of its key.
    epoch: Option<u8>,
    counter: Option<u64>,
    tag: Option<String>,
    /// Is the tag right? None without a tag or a key.
    authentic: Option<bool>,
    fragment: Option<FragmentObject>,
    fields: Option<Fields<'a>>,
}

/// A message that was put together.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MessageObject<'a> {
    #[serde(flatten)]
    pub header: HeaderObject,
    pub fields: Fields<'a>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct FragmentObject {
    index: u8,
    count: u8,
    total: u16,
}

/// The fields of a message in their order.
#[derive(Debug)]
pub struct Fields<'a>(pub &'a Message<'a>);

impl From<&Header> for HeaderObject {
    fn from(header: &Header) -> Self {
        Self {
            number: header.number,
            message: Message::name_of(header.number),
            source: header.source,
            destination: header.destination,
            broadcast: header.destination == BROADCAST,
            boot: header.boot,
            nonce: header.nonce,
            sequence: header.sequence,
            embedder: header.embedder,
            flags: format!("{:?}", header.flags),
        }
    }
}

impl<'a> FrameObject<'a> {
    /// The frame with its message, where it is one.
    pub fn new(
        number: u32,
        frame: &Frame<'_>,
        message: Option<&'a Message<'a>>,
        authentic: Option<bool>,
    ) -> Self {
        let fragment = (!frame.is_encrypted && frame.header.flags.has(Flags::FRAGMENT))
            .then(|| Fragment::read(frame.payload))
            .flatten();
        Self {
            number,
            header: (&frame.header).into(),
            payload: Hex(frame.payload).to_string(),
            ciphertext: frame.is_encrypted,
            crc: format!("{:08x}", frame.crc),
            epoch: frame.tag.map(|tag| tag.epoch),
            counter: frame.tag.map(|tag| tag.counter),
            tag: frame.tag.map(|tag| Hex(tag.tag).to_string()),
            authentic,
            fragment: fragment.map(|Fragment { index, cut, .. }| FragmentObject {
                index,
                count: cut.count(),
                total: cut.total(),
            }),
            fields: message.map(Fields),
        }
    }
}

impl JsonSchema for Fields<'_> {
    fn schema_name() -> Cow<'static, str> {
        "Fields".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "The fields of the message, as `ruvllm-esp wire messages` lists them.",
            "type": "object"
        })
    }
}

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let mut outcome = Ok(());
        self.0.each_field(|name, field| {
            if outcome.is_ok() {
                outcome = map.serialize_entry(name, &value(field));
            }
        });
        outcome?;
        map.end()
    }
}

fn value(value: Value<'_>) -> serde_json::Value {
    match value {
        Value::None => serde_json::Value::Null,
        Value::Flag(flag) => flag.into(),
        Value::Number(number) => number.into(),
        Value::Signed(number) => number.into(),
        Value::Text(text) => text.into(),
        Value::Vector(bytes) => bytes.iter().map(|byte| byte.cast_signed()).collect(),
        Value::Bytes(bytes) => Hex(bytes).to_string().into(),
        Value::Role(RoleCode(code)) => match RoleCode(code).role() {
            Some(role) => role.alias().into(),
            None => code.into(),
        },
        Value::Item(item) => item_value(item),
        Value::Hits(hits) => hits.iter().map(hit_value).collect(),
        Value::Chips(chips) => chips.into(),
        Value::Answers(answers) => answers
            .iter()
            .map(|answer| json!({ "chip": answer.chip, "challenge": answer.challenge }))
            .collect(),
    }
}

fn item_value(ItemId { origin, nonce, boot, count }: ItemId) -> serde_json::Value {
    json!({ "origin": origin, "boot": boot, "count": count, "nonce": nonce })
}

fn hit_value(hit: &Hit<'_>) -> serde_json::Value {
    json!({ "item": item_value(hit.item), "score": hit.score, "text": hit.text })
}
