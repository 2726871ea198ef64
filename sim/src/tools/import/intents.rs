//! The intents of a language, and the draft that is made of them.

use super::LeftOut;
use super::draft::{Draft, DraftArgument, DraftTool, Group};
use ruvllm_esp_core::nlu::kind::Kind;
use serde::Deserialize;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};

/// A language's file, as far as it is used.
#[derive(Debug, Deserialize)]
pub(super) struct Intents {
    intents: BTreeMap<String, Intent>,
    #[serde(default)]
    lists: BTreeMap<String, List>,
    #[serde(default)]
    expansion_rules: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
struct Intent {
    data: Vec<Data>,
}

#[derive(Debug, Deserialize)]
struct Data {
    sentences: Vec<String>,
    /// What the sentences imply.
    #[serde(default)]
    slots: BTreeMap<String, Json>,
    #[serde(default)]
    requires_context: BTreeMap<String, Json>,
}

#[derive(Debug, Default, Deserialize)]
struct List {
    values: Option<Vec<ListValue>>,
    range: Option<Range>,
    #[serde(default)]
    wildcard: bool,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum ListValue {
    Same(String),
    Mapped { r#in: String, out: Json },
}

#[derive(Debug, Deserialize)]
struct Range {
    from: i64,
    to: i64,
    #[serde(default)]
    r#type: Option<String>,
    #[serde(default)]
    multiplier: Option<f64>,
}

/// A reference to a list in a sentence: the list, and the slot that it fills.
type Reference = (String, String);

/// Which kind of list, as far as lists of one slot have to agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Family {
    Range(Kind),
    Words(Kind),
    Values,
}

/// Drafts a tool file; counts the sentences that need a context.
pub(super) fn draft(intents: &Intents, language: &str, left_out: &mut Vec<LeftOut>) -> (Draft, usize) {
    let mut draft = Draft {
        name: format!("home-assistant-{language}"),
        about: "converted from home-assistant-intents (Apache-2.0)".into(),
        language: language.into(),
        rules: rules_in_order(&intents.expansion_rules, left_out),
        tools: Vec::new(),
    };
    for (name, intent) in &intents.intents {
        draft.tools.push(Conversion { intents, name, left_out }.tool(intent));
    }
    let data = intents.intents.values().flat_map(|intent| &intent.data);
    let contexts =
        data.filter(|data| !data.requires_context.is_empty()).map(|data| data.sentences.len()).sum();
    (draft, contexts)
}

/// Rules with those that they use before them; rules in a circle are left out.
fn rules_in_order(rules: &BTreeMap<String, String>, left_out: &mut Vec<LeftOut>) -> Vec<(String, String)> {
    let mut ordered: Vec<(String, String)> = Vec::new();
    let mut waiting: Vec<(&String, &String)> = rules.iter().collect();
    while !waiting.is_empty() {
        let known: BTreeSet<String> = ordered.iter().map(|(name, _)| name.clone()).collect();
        let is_ready = |text: &str| names_in(text, '<', '>').iter().all(|name| known.contains(name));
        let (ready, others): (Vec<_>, Vec<_>) = waiting.iter().partition(|(_, text)| is_ready(text));
        if ready.is_empty() {
            left_out.extend(others.iter().map(|(name, text)| LeftOut {
                intent: String::new(),
                what: "rule",
                text: format!("<{name}> {text}"),
                why: "it uses a rule that is missing, or itself".into(),
            }));
            break;
        }
        ordered.extend(ready.into_iter().map(|(name, text)| (name.clone(), with_slots(text))));
        waiting = others;
    }
    ordered
}

/// What stands between two brackets, each time.
fn names_in(text: &str, open: char, close: char) -> Vec<String> {
    let parts = text.split(open).skip(1);
    parts.filter_map(|part| part.split_once(close)).map(|(name, _)| name.to_string()).collect()
}

/// `{list:slot}` as `{slot}`.
fn with_slots(text: &str) -> String {
    let mut parts = text.split('{');
    let mut converted = parts.next().unwrap_or_default().to_string();
    for part in parts {
        let (name, rest) = part.split_once('}').unwrap_or((part, ""));
        let slot = name.split_once(':').map_or(name, |(_, slot)| slot);
        converted.push_str(&format!("{{{slot}}}{rest}"));
    }
    converted
}

/// One intent being converted.
struct Conversion<'i> {
    intents: &'i Intents,
    name: &'i str,
    left_out: &'i mut Vec<LeftOut>,
}

impl Conversion<'_> {
    fn tool(mut self, intent: &Intent) -> DraftTool {
        let sentences = intent.data.iter().flat_map(|data| &data.sentences);
        let mut uses: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
        for (list, slot) in sentences.flat_map(|sentence| self.references(sentence)) {
            *uses.entry(slot).or_default().entry(list).or_default() += 1;
        }
        let (mut arguments, mut refused) = (Vec::new(), BTreeMap::new());
        for (slot, lists) in &uses {
            if let Some(argument) = self.argument(slot, lists, &mut refused) {
                arguments.push(argument);
            }
        }
        let mut groups: Vec<Group> = Vec::new();
        for data in &intent.data {
            match self.implied(data, &mut arguments) {
                Ok(implies) => {
                    let sentences = self.kept(&data.sentences, &refused);
                    match groups.iter_mut().find(|group| group.implies == implies) {
                        Some(group) => group.sentences.extend(sentences),
                        None => groups.push(Group { implies, sentences }),
                    }
                }
                Err(why) => {
                    for sentence in &data.sentences {
                        self.leave_out("sentence", sentence, &why);
                    }
                }
            }
        }
        DraftTool { name: self.name.to_string(), arguments, groups }
    }

    fn leave_out(&mut self, what: &'static str, text: &str, why: &str) {
        let intent = self.name.to_string();
        self.left_out.push(LeftOut { intent, what, text: text.to_string(), why: why.to_string() });
    }

    /// Every list that a sentence refers to, its rules included.
    fn references(&self, text: &str) -> Vec<Reference> {
        let mut found = Vec::new();
        let (mut open, mut seen) = (vec![text.to_string()], BTreeSet::new());
        while let Some(text) = open.pop() {
            for name in names_in(&text, '{', '}') {
                let (list, slot) = name.split_once(':').unwrap_or((&name, &name));
                found.push((list.to_string(), slot.to_string()));
            }
            for rule in names_in(&text, '<', '>') {
                if let Some(text) = self.intents.expansion_rules.get(&rule)
                    && seen.insert(rule)
                {
                    open.push(text.clone());
                }
            }
        }
        found
    }

    /// Sentences that use no list that was refused.
    fn kept(&mut self, sentences: &[String], refused: &BTreeMap<Reference, String>) -> Vec<String> {
        let mut kept = Vec::new();
        for sentence in sentences {
            match self.references(sentence).iter().find_map(|reference| refused.get(reference)) {
                Some(why) => self.leave_out("sentence", sentence, why),
                None => kept.push(with_slots(sentence)),
            }
        }
        kept
    }

    fn family(&self, list: &str) -> Result<Family, String> {
        let Some(found) = self.intents.lists.get(list) else {
            return match list {
                "area" | "floor" => Ok(Family::Words(Kind::Area)),
                "name" => Ok(Family::Words(Kind::Name)),
                _ => Err(format!("there is no list `{list}`")),
            };
        };
        match found {
            List { range: Some(Range { multiplier: Some(by), .. }), .. } if *by != 1.0 => {
                Err(format!("numbers of the list `{list}` are multiplied by {by}"))
            }
            List { range: Some(range), .. } => Ok(Family::Range(match range.r#type.as_deref() {
                Some("percentage") => Kind::Percent,
                Some("temperature") => Kind::Temperature,
                _ => Kind::Number,
            })),
            List { wildcard: true, .. } => Ok(Family::Words(Kind::Text)),
            List { values: Some(_), .. } => Ok(Family::Values),
            _ => Err(format!("the list `{list}` is of a kind that is not known")),
        }
    }

    /// The argument of a slot. Where its lists disagree, those that most sentences use win.
    fn argument(
        &mut self,
        slot: &str,
        lists: &BTreeMap<String, usize>,
        refused: &mut BTreeMap<Reference, String>,
    ) -> Option<DraftArgument> {
        let mut families: BTreeMap<&String, Family> = BTreeMap::new();
        for list in lists.keys() {
            match self.family(list) {
                Ok(family) => drop(families.insert(list, family)),
                Err(why) => drop(refused.insert((list.clone(), slot.to_string()), why)),
            }
        }
        // Names of numbers belong to the range that they are names for.
        let range = families.values().copied().find(|family| matches!(family, Family::Range(_)));
        for (list, family) in &mut families {
            if let (Family::Values, Some(range)) = (*family, range)
                && values_of(self.intents.lists.get(*list)).iter().all(|(out, _)| out.parse::<i64>().is_ok())
            {
                *family = range;
            }
        }
        let mut votes: BTreeMap<Family, usize> = BTreeMap::new();
        for (list, family) in &families {
            *votes.entry(*family).or_default() += lists.get(*list).copied().unwrap_or_default();
        }
        let family = votes.into_iter().max_by_key(|(_, count)| *count)?.0;
        for (list, _) in families.iter().filter(|(_, other)| **other != family) {
            let why = format!("the lists of `{slot}` have values of different kinds");
            refused.insert(((*list).clone(), slot.to_string()), why);
        }
        families.retain(|_, other| *other == family);
        let kind = match family {
            Family::Range(kind) | Family::Words(kind) => kind,
            Family::Values => Kind::Choice,
        };
        let lists: Vec<&List> = families.keys().filter_map(|list| self.intents.lists.get(*list)).collect();
        Some(argument_of(slot, kind, &lists))
    }

    /// What a group of sentences implies, as the file writes it; adds the arguments and values that are missing.
    fn implied(&self, data: &Data, arguments: &mut Vec<DraftArgument>) -> Result<Vec<String>, String> {
        let mut implies = Vec::new();
        for (slot, value) in &data.slots {
            let Json::String(value) = value else {
                return Err(format!("the implied `{slot}` is not a text"));
            };
            let argument = match arguments.iter_mut().find(|argument| argument.name == *slot) {
                Some(argument) => argument,
                None => {
                    let kind = Kind::Choice;
                    arguments.push(DraftArgument {
                        name: slot.clone(),
                        kind,
                        range: None,
                        values: Vec::new(),
                    });
                    let Some(argument) = arguments.last_mut() else { continue };
                    argument
                }
            };
            let is_listed = argument.values.iter().any(|listed| listed.split(" = ").next() == Some(value));
            if argument.kind == Kind::Choice && !is_listed {
                argument.values.push(value.clone());
            }
            implies.push(format!("{slot}={value}"));
        }
        Ok(implies)
    }
}

/// An argument that takes what its lists have.
fn argument_of(slot: &str, kind: Kind, lists: &[&List]) -> DraftArgument {
    let in_unit = |number: &str| match kind {
        Kind::Percent => format!("{number}%"),
        Kind::Temperature => format!("{number} C"),
        _ => number.to_string(),
    };
    let ranges = || lists.iter().filter_map(|list| list.range.as_ref());
    let (from, to) = (ranges().map(|range| range.from).min(), ranges().map(|range| range.to).max());
    let mut values: Vec<(String, Vec<String>)> = Vec::new();
    for (out, said) in lists.iter().flat_map(|list| values_of(Some(*list))) {
        merge(&mut values, out, said);
    }
    let range = from.zip(to).map(|(from, to)| (in_unit(&from.to_string()), in_unit(&to.to_string())));
    let values = values.iter().map(|(out, said)| format!("{} = {}", in_unit(out), joined(said))).collect();
    DraftArgument { name: slot.to_string(), kind, range, values }
}

/// The values of a list: what a call says, and how people say it.
fn values_of(list: Option<&List>) -> Vec<(String, String)> {
    let values = list.and_then(|list| list.values.as_ref()).into_iter().flatten();
    values
        .map(|value| match value {
            ListValue::Same(text) => (text.clone(), text.clone()),
            ListValue::Mapped { r#in, out: Json::String(out) } => (out.clone(), r#in.clone()),
            ListValue::Mapped { r#in, out } => (out.to_string(), r#in.clone()),
        })
        .collect()
}

fn merge(values: &mut Vec<(String, Vec<String>)>, out: String, said: String) {
    match values.iter_mut().find(|(name, _)| *name == out) {
        Some((_, all)) if all.contains(&said) => {}
        Some((_, all)) => all.push(said),
        None => values.push((out, vec![said])),
    }
}

/// Several templates as one.
fn joined(said: &[String]) -> String {
    match said {
        [one] => one.clone(),
        _ => said.iter().map(|one| format!("({one})")).collect::<Vec<_>>().join("|"),
    }
}
