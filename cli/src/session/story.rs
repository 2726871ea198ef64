//! A demonstration on one screen: what is typed, the whole answer, and at the end what each kind of command cost.
//!
//! Of commands in a row that only store, the first is shown; `-v` shows every line, reply and cost.

use super::chip::LineReply;
use ruvllm_esp_core::role::RoleKind;
use ruvllm_esp_sim::cost::Cost;
use ruvllm_esp_sim::figure::Kind;
use std::collections::BTreeMap;

/// The columns of a screen.
const COLUMNS: usize = 80;
/// Stores of a row that are shown.
const SHOWN: u32 = 1;
/// Commands about the chip itself, and lists, which a story does without.
const ASIDE: [&str; 3] = ["stats", "mem", "recent"];

/// What has been shown so far.
#[derive(Debug, Default)]
pub struct Story {
    /// Stores in a row, so far.
    stores: u32,
    /// Those of them that were not shown.
    hidden: u32,
    costs: BTreeMap<String, (u32, Cost)>,
}

/// Lines of a story: what is typed, and what comes of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct StoryLines {
    pub typed: Vec<String>,
    pub answer: Vec<String>,
}

impl Story {
    /// A command and its reply.
    pub fn command(&mut self, line: &str, reply: &LineReply, role: RoleKind) -> StoryLines {
        let verb = line.split(' ').next().unwrap_or_default();
        let entry = self.costs.entry(verb.to_string()).or_default();
        *entry = (entry.0 + 1, entry.1 + reply.cost);
        if ASIDE.contains(&verb) {
            return StoryLines::default();
        }
        let is_store = reply.error.is_none() && role.info().store.starts_with(verb);
        let mut lines = StoryLines::default();
        if is_store {
            self.stores += 1;
            if self.stores > SHOWN {
                self.hidden += 1;
                return lines;
            }
        } else {
            lines.typed.extend(self.flush());
        }
        lines.typed.push(short(&format!("> {line}")));
        if !is_store {
            lines.answer = answer(&reply.text);
        }
        lines
    }

    /// The row of stores ends: how many more there were.
    pub fn flush(&mut self) -> Option<String> {
        self.stores = 0;
        match std::mem::take(&mut self.hidden) {
            0 => None,
            1 => Some("  and one more".into()),
            more => Some(format!("  and {more} more")),
        }
    }

    /// A row of a sensor log and its cost.
    pub fn sample(&mut self, cost: Cost) {
        let entry = self.costs.entry("sample".into()).or_default();
        *entry = (entry.0 + 1, entry.1 + cost);
    }

    /// What one command of each kind cost, on average.
    pub fn costs(&self, kind: Kind) -> Vec<String> {
        let each = |(verb, (times, cost)): (&String, &(u32, Cost))| {
            let mean = (*cost).divided_by(*times);
            let (time, energy) = (mean.time.tagged(kind), mean.energy.tagged(Kind::Modelled));
            format!("{verb} {} {}", time.short(), energy.short())
        };
        let shown = self.costs.iter().filter(|(verb, _)| !ASIDE.contains(&verb.as_str()));
        shown.map(each).collect()
    }
}

/// The first line of a reply that says something, whole.
fn answer(text: &str) -> Vec<String> {
    let first = text.lines().next().unwrap_or_default();
    let is_ids = first.starts_with("hits: ");
    // The second line has the text of the best hit.
    let line = if is_ids { text.lines().nth(1).unwrap_or(first) } else { first };
    wrapped(line)
}

/// A text in lines of the screen, broken at spaces.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= COLUMNS => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) => lines.push(format!("    {word}")),
            None => lines.push(format!("  {word}")),
        }
    }
    lines
}

/// At most a line of the screen.
pub fn short(text: &str) -> String {
    match text.char_indices().nth(COLUMNS) {
        None => text.to_string(),
        Some(_) => {
            let end = text.char_indices().nth(COLUMNS - 3).map_or(0, |(end, _)| end);
            format!("{}...", text.get(..end).unwrap_or_default().trim_end())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(text: &str) -> LineReply {
        LineReply { text: text.into(), error: None, verdict: None, cost: Cost::default() }
    }

    #[test]
    fn an_answer_is_shown_whole() {
        let text = "word ".repeat(40);
        let lines = answer(&format!("top: {text}"));
        assert!(lines.len() == 3 && lines.iter().all(|line| line.chars().count() <= COLUMNS), "{lines:?}");
        assert_eq!(lines.join(" ").matches("word").count(), 40);
    }

    #[test]
    fn stores_are_summed_up_and_answers_follow() {
        let mut story = Story::default();
        let role = RoleKind::MemoryArchivist;
        let mut lines = Vec::new();
        let shown = |lines: StoryLines| lines.typed.into_iter().chain(lines.answer).collect::<Vec<_>>();
        for number in 0..5 {
            lines.extend(shown(story.command(
                &format!("remember fact number {number}"),
                &reply("remembered id=0"),
                role,
            )));
        }
        lines.extend(shown(story.command("stats", &reply("role=MemoryArchivist"), role)));
        lines.extend(shown(story.command(
            "recall 1 three",
            &reply("top: number 3\n  id=3 score=0.9 number 3"),
            role,
        )));
        assert_eq!(
            lines,
            ["> remember fact number 0", "  and 4 more", "> recall 1 three", "  top: number 3"]
        );
        assert_eq!(story.costs(Kind::Modelled).len(), 2);
        assert_eq!(short(&"x".repeat(200)).len(), COLUMNS);
    }
}
