//! Intents of our own in Home Assistant's form.

use super::*;
use ruvllm_esp_core::nlu::kind::Kind;

const INTENTS: &str = r#"{
  "language": "xx",
  "intents": {
    "LampSet": {"data": [
      {"sentences": ["set <the> {area} to {bright}[ ]%", "set {area} to {level_word:bright}", "dim {area} by {less:bright}"]},
      {"sentences": ["<the> lamp (on;now)", "all <nothing>"], "slots": {"domain": "light"}, "requires_context": {"area": {"slot": true}}},
      {"sentences": ["say \"{message}\"", "say {message} and {message}"], "slots": {"domain": "say"}}
    ]},
    "Empty": {"data": [{"sentences": ["[maybe]"]}]}
  },
  "lists": {
    "bright": {"range": {"type": "percentage", "from": 0, "to": 100}},
    "less": {"range": {"type": "percentage", "from": 0, "to": 100, "multiplier": -1}},
    "level_word": {"values": [{"in": "(max|full)", "out": 100}, {"in": "(min|max)", "out": 1}]},
    "message": {"wildcard": true}
  },
  "expansion_rules": {"the": "(the|<my>)", "my": "(my|our)", "loop": "<loop>"}
}"#;

#[test]
fn intents_become_tools_and_the_rest_is_listed() {
    let imported = convert(INTENTS, "xx").unwrap();
    assert_eq!(
        ToolFile::parse(&imported.text, "it").unwrap(),
        ToolFile { name: imported.file.name.clone(), ..imported.file.clone() }
    );
    assert_eq!(imported.file.tools.len(), 1);
    let tool = &imported.file.tools[0];
    let kinds: Vec<(&str, Kind)> =
        tool.arguments.iter().map(|argument| (argument.name.as_str(), argument.kind)).collect();
    let wanted =
        [("area", Kind::Area), ("bright", Kind::Percent), ("message", Kind::Text), ("domain", Kind::Choice)];
    assert_eq!(kinds, wanted);
    let bright = &tool.arguments[1];
    assert_eq!((bright.max, bright.values[0].number, bright.values[0].phrases.len()), (100_000, 100_000, 2));
    let sentences: Vec<String> = tool
        .intents
        .iter()
        .flat_map(|intent| &intent.examples)
        .map(|example| example.template.to_string())
        .collect();
    assert_eq!(
        sentences,
        [
            "set <the> {area} to {bright}[ ]%",
            "set {area} to {bright}",
            "<the> lamp (on;now)",
            "say \"{message}\""
        ]
    );
    assert_eq!(imported.contexts, 2);
    let left_out: Vec<(&str, &str, &str)> =
        imported.left_out.iter().map(|gone| (gone.what, gone.text.as_str(), gone.why.as_str())).collect();
    for (what, text, why) in [
        ("rule", "<loop> <loop>", "it uses a rule that is missing, or itself"),
        ("sentence", "dim {area} by {less:bright}", "numbers of the list `less` are multiplied by -1"),
        ("sentence", "all <nothing>", "there is no synonym `<nothing>`"),
        ("sentence", "say {message} and {message}", "`{message}` can stand 2 times in one sentence"),
        ("sentence", "[maybe]", "the sentence can be empty"),
        ("value", "1% = (min|max)", "`max` is said for two values"),
        ("tool", "Empty", "the tool has no example"),
    ] {
        assert!(left_out.contains(&(what, text, why)), "{text}: {left_out:#?}");
    }
    assert_eq!(left_out.len(), 7, "{left_out:#?}");
}

#[test]
fn what_is_not_there_is_an_error() {
    assert!(convert("{}", "xx").unwrap_err().contains("intents"));
    let error = home_assistant(Path::new("/nowhere"), "../en").unwrap_err();
    assert_eq!(error.to_string(), "/nowhere: there is no ../en.json");
}
