//! Tool files, and calls from random scores.

use super::ToolFile;
use super::file::Listed;
use crate::cost;
use oorandom::Rand32;
use ruvllm_esp_core::chip;
use ruvllm_esp_core::meter::Counts;
use ruvllm_esp_core::nlu::automaton::{Decision, Scores, answer, decide};
use ruvllm_esp_core::nlu::call::{Call, Invalid};
use ruvllm_esp_core::nlu::kind::Kind;
use ruvllm_esp_core::nlu::limits::MAX_WORDS;
use ruvllm_esp_core::nlu::schema::{Schema, SchemaError};
use ruvllm_esp_core::nlu::sentence::Sentence;
use ruvllm_esp_core::nlu::value::Value;
use std::collections::BTreeSet;

const HOUSE: &str = include_str!("../../../fixtures/tools/house.toml");

fn house() -> ToolFile {
    ToolFile::parse(HOUSE, "house.toml").unwrap_or_else(|problems| panic!("{problems}"))
}

fn mistakes(text: &str) -> Vec<String> {
    let problems = ToolFile::parse(&format!("schema = 1\n{text}"), "it.toml").unwrap_err();
    problems.to_string().lines().map(str::to_string).collect()
}

#[test]
fn the_house_has_what_it_promises() {
    let house = house();
    let names: BTreeSet<&str> = house.tools.iter().map(|tool| tool.name.as_str()).collect();
    assert!(names.len() >= 30, "{}", names.len());
    for name in ["memory.recall", "memory.remember", "search", "sensor.check", "fleet.status"] {
        assert!(names.contains(name), "{name}");
    }
    let kinds: BTreeSet<Kind> =
        house.tools.iter().flat_map(|tool| &tool.arguments).map(|argument| argument.kind).collect();
    assert_eq!(kinds.len(), Kind::ALL.len(), "a kind is not shown: {kinds:?}");
    assert!(house.schema().unwrap().len() < 8192);
}

#[test]
fn values_have_names_and_phrases() {
    let house = house();
    let area = &house.tools[0].arguments[1];
    assert_eq!((area.name.as_str(), area.kind, area.required), ("area", Kind::Area, false));
    let phrases = ["living room", "lounge", "sitting room", "parlour"].map(String::from).to_vec();
    assert_eq!(area.values[1], Listed { name: "living room".into(), number: 0, phrases });
    let level = &house.tools[1].arguments[0];
    assert_eq!((level.min, level.max, level.values[0].number, level.relative), (0, 100_000, 100_000, true));
}

#[test]
fn every_mistake_is_reported_with_its_location() {
    let text = r#"
[[synonym]]
name = "light"
say = "(light|lamp"

[[tool]]
name = "light.set"
examples = ["turn {stat} the {area}", "{area} {area}", "[on]", "<lihgt> on", "turn on)"]
[[tool.argument]]
name = "state"
kind = "chioce"
[[tool.argument]]
name = "area"
kind = "area"
unit = "m"
min = "3"
values = ["hall", "room = hall|"]
[[tool.argument]]
name = "level"
kind = "percent"
min = "a lot"
values = ["120% = full"]
[[tool.intent]]
implies = ["area=attic", "x=1", "level"]
examples = ["{area} on"]
[[tool]]
name = "light.set"
"#;
    let found = mistakes(text).join("\n");
    for part in [
        "it.toml:5:8: `)` is missing\n  close the bracket",
        "it.toml:9:19: there is no argument `stat`",
        "it.toml:9:40: `{area}` can stand 2 times in one sentence",
        "the sentence can be empty",
        "there is no synonym `<lihgt>`",
        "`)` closes nothing",
        "there is no kind `chioce`\n  did you mean `choice`?",
        "`unit` has no meaning for kind `area`",
        "`min` has no meaning for kind `area`",
        "`hall` is said for two values",
        "`min` is `a lot`\n  wanted: a share such as \"20%\"",
        "the value `120%`\n  it is outside `min` and `max`",
        "there is no argument `x`",
        "`level` implies nothing",
        "there are two tools `light.set`",
        "the tool has no example",
    ] {
        assert!(found.contains(part), "{part}\n--\n{found}");
    }
}

#[test]
fn a_file_without_tools_is_none() {
    assert_eq!(mistakes("")[0], "it.toml:1:1: there is no tool");
    assert!(mistakes("[[tool")[0].starts_with("it.toml:2:"));
    assert!(mistakes("[[tol]]\nname = \"a\"").join(" ").contains("did you mean `tool`?"));
}

/// Scores of a sentence as an encoder without doubt gives them: an intent, and the words of each argument.
struct LabelledSentence<'w> {
    words: Vec<&'w str>,
    intents: Vec<i32>,
    tags: Vec<i32>,
}

impl<'w> LabelledSentence<'w> {
    fn new(schema: &Schema<'_>, text: &'w str, tool: &str, marks: &[(&str, &str)]) -> Self {
        let words: Vec<&str> = text.split(' ').collect();
        let index = schema.tool_named(tool).unwrap();
        let intent = (0..schema.intents()).find(|intent| schema.tool_of(*intent) == Some(index)).unwrap();
        let mut intents = vec![0; schema.intents()];
        intents[intent] = 1000;
        let mut tags = vec![0; words.len() * schema.tags()];
        for row in tags.chunks_mut(schema.tags()) {
            row[0] = 100;
        }
        for (slot, marked) in marks {
            let marked: Vec<&str> = marked.split(' ').collect();
            let first = words.windows(marked.len()).position(|window| window == marked).unwrap();
            let slot = (0..schema.slots()).find(|index| schema.slot_name(*index) == Some(slot)).unwrap();
            for offset in 0..marked.len() {
                tags[(first + offset) * schema.tags() + 1 + 2 * slot + usize::from(offset > 0)] = 200;
            }
        }
        Self { words, intents, tags }
    }

    fn decide(&self, schema: &Schema<'_>) -> Decision {
        let scores = Scores::new(schema, &self.words, &self.intents, &self.tags).unwrap();
        decide(schema, &scores, &mut ()).decision
    }
}

fn shown(schema: &Schema<'_>, call: &Call) -> String {
    let mut text = String::new();
    call.write(schema, &mut text).unwrap();
    text
}

#[test]
fn tags_become_typed_calls() {
    let bytes = house().schema().unwrap();
    let schema = Schema::new(&bytes, &mut ()).unwrap();
    for (text, tool, marks, wanted) in [
        (
            "make it less bright in the kitchen",
            "light.set",
            &[("level", "less bright"), ("area", "kitchen")][..],
            "light.set level=down2steps area=kitchen",
        ),
        (
            "heat the sitting room to twenty one and a half degrees",
            "climate.set",
            &[("area", "the sitting room"), ("temperature", "to twenty one and a half degrees")],
            "climate.set temperature=21.5C area=\"living room\"",
        ),
        (
            "put oat milk on the grocery list",
            "list.add",
            &[("item", "oat milk"), ("list", "grocery")],
            "list.add item=\"oat milk\" list=shopping",
        ),
        (
            "wake me at quarter to nine pm",
            "alarm.set",
            &[("time", "quarter to nine pm")],
            "alarm.set time=20:45",
        ),
        ("cap the house to 3.5kW", "power.limit", &[("power", "3.5kW")], "power.limit power=3.5kW"),
        (
            "timer for an hour and a half",
            "timer.start",
            &[("duration", "an hour and a half")],
            "timer.start duration=1h30m",
        ),
        (
            "make the kitchn warm white",
            "light.color",
            &[("area", "kitchn"), ("color", "warm white")],
            "light.color color=\"warm white\" area=kitchen",
        ),
    ] {
        match LabelledSentence::new(&schema, text, tool, marks).decide(&schema) {
            Decision::Call(call) => assert_eq!(shown(&schema, &call), wanted),
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn words_that_are_no_value_are_not_taken_for_one() {
    let bytes = house().schema().unwrap();
    let schema = Schema::new(&bytes, &mut ()).unwrap();
    let told = LabelledSentence::new(
        &schema,
        "heat the spaceship to 90 degrees",
        "climate.set",
        &[("area", "spaceship"), ("temperature", "90 degrees")],
    );
    let Decision::Ask { call, argument } = told.decide(&schema) else { panic!("a call out of range") };
    assert_eq!((shown(&schema, &call).as_str(), argument), ("climate.set", 0));
}

#[test]
fn a_missing_argument_is_asked_for_and_the_next_line_fills_it() {
    let bytes = house().schema().unwrap();
    let schema = Schema::new(&bytes, &mut ()).unwrap();
    let told = LabelledSentence::new(&schema, "lock the door", "door.lock", &[("action", "lock")]);
    let Decision::Ask { call, argument } = told.decide(&schema) else { panic!("nothing is asked") };
    let tool = schema.tool(call.tool()).unwrap();
    assert_eq!(tool.argument(argument).unwrap().name(), "door");
    let line = |text: &'static str| {
        let sentence = Sentence::split(text, &mut ()).unwrap();
        answer(&schema, &call, argument, sentence.words(), &mut ())
    };
    assert_eq!(line("the blue one"), None);
    assert_eq!(line(""), None);
    let Some(Decision::Call(filled)) = line("The front one, please!") else { panic!("it is not filled") };
    assert_eq!(shown(&schema, &filled), "door.lock action=lock door=front");
    assert_eq!(filled.check(&schema), Ok(()));
}

#[test]
fn implied_values_need_no_words() {
    let file = house();
    let bytes = file.schema().unwrap();
    let schema = Schema::new(&bytes, &mut ()).unwrap();
    let is_dimmer = |intent: &super::file::Intent| {
        intent.implied.iter().any(|implied| implied.value == Value::Steps(-2) && implied.argument == 0)
    };
    let intent = file.intents().position(|(_, intent)| is_dimmer(intent)).unwrap();
    let mut told =
        LabelledSentence::new(&schema, "it is too bright in the study", "light.set", &[("area", "study")]);
    told.intents.fill(0);
    told.intents[intent] = 1000;
    let Decision::Call(call) = told.decide(&schema) else { panic!("nothing is called") };
    assert_eq!(shown(&schema, &call), "light.set level=down2steps area=study");
}

#[test]
fn none_of_these_is_nothing() {
    let bytes = house().schema().unwrap();
    let schema = Schema::new(&bytes, &mut ()).unwrap();
    let mut told = LabelledSentence::new(&schema, "sing me a song", "search", &[]);
    told.intents.push(1001);
    assert_eq!(told.decide(&schema), Decision::Nothing);
    *told.intents.last_mut().unwrap() = 999;
    assert!(matches!(told.decide(&schema), Decision::Ask { .. }));
}

/// Whatever an encoder says, what comes of it is valid; and what is printed is read back as the same call.
#[test]
fn random_scores_give_valid_calls_only() {
    let bytes = house().schema().unwrap();
    let schema = Schema::new(&bytes, &mut ()).unwrap();
    let vocabulary: Vec<&str> = "turn on off the kitchen living room twenty 20% degrees half past six for an hour and a bit \
                                 warmer red #ff0000 5kW milk please = \u{e4}\u{f6} x-y 99999999999 18:30 front lock kitchn monday"
        .split(' ')
        .collect();
    let mut rng = Rand32::new(13);
    let (mut calls, mut asked) = (0, 0);
    for round in 0..400 {
        let length = rng.rand_range(0..if round % 10 == 0 { MAX_WORDS as u32 + 1 } else { 9 }) as usize;
        let words: Vec<&str> =
            (0..length).map(|_| vocabulary[rng.rand_range(0..vocabulary.len() as u32) as usize]).collect();
        let mut score = |wide: bool| if wide { rng.rand_u32() as i32 } else { rng.rand_i32_below(2000) };
        let intents: Vec<i32> = (0..schema.intents() + round % 2).map(|_| score(round % 7 == 0)).collect();
        let tags: Vec<i32> = (0..length * schema.tags()).map(|_| score(round % 5 == 0)).collect();
        let scores = Scores::new(&schema, &words, &intents, &tags).unwrap();
        match decide(&schema, &scores, &mut ()).decision {
            Decision::Call(call) => {
                calls += 1;
                assert_eq!(call.check(&schema), Ok(()), "{call:?}");
                let text = shown(&schema, &call);
                let read =
                    Call::read(&schema, &text, &mut ()).unwrap_or_else(|error| panic!("{text}: {error:?}"));
                assert_eq!(shown(&schema, &read), text);
            }
            Decision::Ask { call, argument } => {
                asked += 1;
                assert!(matches!(call.check(&schema), Err(Invalid::Missing { .. })), "{call:?}");
                if let Some(Decision::Call(call)) = answer(&schema, &call, argument, &words, &mut ()) {
                    assert_eq!(call.check(&schema), Ok(()), "{call:?}");
                }
            }
            Decision::Nothing => {}
        }
    }
    assert!(calls > 50 && asked > 50, "{calls} calls, {asked} questions: the test shows too little");
}

trait Below {
    fn rand_i32_below(&mut self, limit: i32) -> i32;
}

impl Below for Rand32 {
    fn rand_i32_below(&mut self, limit: i32) -> i32 {
        self.rand_range(0..2 * limit as u32) as i32 - limit
    }
}

#[test]
fn calls_that_are_not_valid_are_refused() {
    let bytes = house().schema().unwrap();
    let schema = Schema::new(&bytes, &mut ()).unwrap();
    let read = |text: &str| Call::read(&schema, text, &mut ()).map(|call| shown(&schema, &call));
    assert_eq!(read("door.lock action=lock door=back").as_deref(), Ok("door.lock action=lock door=back"));
    assert_eq!(read("door.open"), Err(Invalid::Tool));
    assert!(matches!(read("door.lock action=lock"), Err(Invalid::Missing { .. })));
    assert!(matches!(read("climate.set temperature=31C"), Err(Invalid::OutOfRange { .. })));
    assert!(matches!(read("light.set level=20% level=30%"), Err(Invalid::Duplicate { .. })));
    assert!(matches!(read("light.set level"), Err(Invalid::Syntax { at: 10 })));
    assert!(matches!(read("search query=\"no end"), Err(Invalid::Syntax { .. })));
}

#[test]
fn hostile_bytes_are_an_error() {
    let bytes = house().schema().unwrap();
    for length in 0..bytes.len() {
        assert!(Schema::new(&bytes[..length], &mut ()).is_err(), "{length}");
    }
    let longer = [&bytes[..], &[0]].concat();
    assert_eq!(Schema::new(&longer, &mut ()).unwrap_err(), SchemaError::Trailing { bytes: 1 });
    let mut rng = Rand32::new(7);
    let mut refused = 0;
    for _ in 0..600 {
        let mut bytes = bytes.clone();
        for _ in 0..rng.rand_range(1..4) {
            let at = rng.rand_range(0..bytes.len() as u32) as usize;
            bytes[at] = rng.rand_u32() as u8;
        }
        let Ok(schema) = Schema::new(&bytes, &mut ()) else {
            refused += 1;
            continue;
        };
        let words = ["turn", "on", "the", "kitchen", "lights"];
        let intents: Vec<i32> = (0..schema.intents()).map(|_| rng.rand_u32() as i32).collect();
        let tags: Vec<i32> = (0..words.len() * schema.tags()).map(|_| rng.rand_u32() as i32).collect();
        let scores = Scores::new(&schema, &words, &intents, &tags).unwrap();
        if let Decision::Call(call) = decide(&schema, &scores, &mut ()).decision {
            assert_eq!(call.check(&schema), Ok(()));
        }
    }
    assert!(refused > 60, "{refused}");
}

/// The automaton's part of a sentence, modelled: what the encoder takes comes on top.
#[test]
fn a_decision_costs_a_chip_a_few_milliseconds() {
    let bytes = house().schema().unwrap();
    let mut counts = Counts::default();
    let schema = Schema::new(&bytes, &mut ()).unwrap();
    let text = "heat the sitting room to twenty one and a half degrees";
    let marks = [("area", "the sitting room"), ("temperature", "to twenty one and a half degrees")];
    let told = LabelledSentence::new(&schema, text, "climate.set", &marks);
    let scores = Scores::new(&schema, &told.words, &told.intents, &told.tags).unwrap();
    assert!(matches!(decide(&schema, &scores, &mut counts).decision, Decision::Call(_)));
    let cost = cost::table(&chip::esp32c3::CHIP).unwrap().cost(&counts).unwrap();
    let micros = cost.time.value.0 / 1000;
    assert!((10..5_000).contains(&micros), "{micros} us modelled on an ESP32-C3: {counts:?}");
}

/// Files with one part changed are read or refused, and never anything else.
#[test]
fn changed_files_are_read_or_refused() {
    const STARTER: &str = include_str!("../../../fixtures/tools/starter.toml");
    const PARTS: [&str; 12] =
        ["[", "]", "{", "}", "|", "\"", "=", "\n[[tool.argument]]", "<light>", "\\", "\u{e9}", "100% = "];
    let characters: Vec<char> = STARTER.chars().collect();
    let mut rng = Rand32::new(3);
    let mut read = 0;
    for _ in 0..600 {
        let at = rng.rand_range(0..characters.len() as u32) as usize;
        let cut = rng.rand_range(0..6) as usize;
        let part = PARTS[rng.rand_range(0..PARTS.len() as u32) as usize];
        let head: String = characters[..at].iter().collect();
        let tail: String = characters[(at + cut).min(characters.len())..].iter().collect();
        match ToolFile::parse(&format!("{head}{part}{tail}"), "changed.toml") {
            Ok(file) => {
                read += 1;
                let bytes = file.schema().unwrap();
                assert_eq!(Schema::new(&bytes, &mut ()).unwrap().intents(), file.intents().count());
            }
            Err(problems) => assert!(!problems.list.is_empty()),
        }
    }
    assert!(read > 50, "{read} of 600 changed files are read: the changes are too coarse");
}
