//! Templates, counted and written.

use super::*;

fn template(text: &str) -> Template {
    let mut synonyms = BTreeMap::new();
    synonyms.insert("light".into(), parse("(light|lamp)[s]", &synonyms).unwrap());
    parse(text, &synonyms).unwrap()
}

fn mistake(text: &str) -> (usize, String) {
    let mistake = parse(text, &BTreeMap::new()).unwrap_err();
    (mistake.at, mistake.message)
}

#[test]
fn every_sentence_is_written_once() {
    let sentences = |text: &str| template(text).sentences(100);
    assert_eq!(sentences("turn [the] (light|lamp)[s] on").len(), 8);
    assert_eq!(sentences("<light> on|off"), ["lights on", "lamps on", "light on", "lamp on", "off"]);
    assert_eq!(sentences("(on;[the] {area})"), ["on the {area}", "the {area} on", "on {area}", "{area} on"]);
    assert_eq!(sentences("  two   words [ ] apart  "), ["two words apart"; 2]);
    assert_eq!(sentences(r"50\% \(or so\)"), ["50% (or so)"]);
}

#[test]
fn slots_are_filled_and_found() {
    let sentence = template("dim {area} to {level}[ ]%")
        .sentence(1, |slot| if slot == "area" { "the big hall".into() } else { "20".into() });
    assert_eq!(sentence.text, "dim the big hall to 20%");
    assert_eq!(sentence.spans, [("area".into(), 4..16), ("level".into(), 20..22)]);
}

#[test]
fn large_templates_are_counted_and_drawn_from_at_once() {
    let template = template(&"(a|b|c|d|e|f|g|h) ".repeat(24));
    assert_eq!(template.count(), u64::MAX);
    assert_eq!(template.sentence(u64::MAX - 1, |_| String::new()).text.len(), 47);
}

#[test]
fn synonyms_of_synonyms_do_not_grow_without_limit() {
    let mut synonyms = BTreeMap::from([("s0".to_string(), parse("word", &BTreeMap::new()).unwrap())]);
    let refused = (1..64).find_map(|level| {
        let text = format!("<s{}> <s{}>", level - 1, level - 1);
        parse(&text, &synonyms).map(|template| drop(synonyms.insert(format!("s{level}"), template))).err()
    });
    assert_eq!(refused.unwrap().message, "the sentence is too large");
}

#[test]
fn what_can_be_left_unsaid_is_known() {
    let is_silent = |text: &str| template(text).may_be_silent();
    assert!(is_silent("[a] [b]") && is_silent("a|") && is_silent(""));
    assert!(!is_silent("[a] b") && !is_silent("[a] {b}"));
}

#[test]
fn slots_are_counted_within_one_sentence() {
    let template = template("({a}|{a} {b}) [{b}]");
    assert_eq!(template.slots(), BTreeMap::from([("a", 1), ("b", 2)]));
}

#[test]
fn mistakes_have_their_location() {
    assert_eq!(mistake("turn (on"), (5, "`)` is missing".into()));
    assert_eq!(mistake("turn on)"), (7, "`)` closes nothing".into()));
    assert_eq!(mistake("a [b)"), (4, "`)` closes nothing".into()));
    assert_eq!(mistake("a {b"), (2, "`}` is missing".into()));
    assert_eq!(mistake("a {}"), (2, "this is not a name".into()));
    assert_eq!(mistake("a <b>"), (2, "there is no synonym `<b>`".into()));
    assert_eq!(mistake("(a|b;c)"), (4, "`|` and `;` stand in one group".into()));
    assert_eq!(mistake("a\\"), (1, "`\\` stands at the end".into()));
    assert_eq!(mistake(&"(".repeat(40)).1, "brackets are nested too deep");
}
