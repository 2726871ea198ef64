//! Sentences with slots, optional parts and alternatives: one template, many sentences.
//!
//! The language is that of `hassil`, which Home Assistant's intents are written in: `(a|b)` either, `[a]` with or
//! without, `(a;b)` both in any order, `{slot}`, `<synonym>`, and a backslash before a sign that is meant as itself. Parts
//! touch where nothing stands between them: `light[s]`.
//!
//! A template is counted and numbered, not expanded: sentence number `n` is found in time that grows with the template,
//! so a trainer draws from millions.

mod parse;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

pub use parse::{Mistake, parse};

/// A template. The source is kept, for showing.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    source: String,
    root: Arc<Node>,
}

/// A part of a template, and how many ways there are to say it.
#[derive(Debug, PartialEq)]
pub(super) struct Node {
    count: u64,
    /// Parts and bytes, those of synonyms each time that they are used.
    size: u64,
    /// Is there a way to say nothing?
    may_be_silent: bool,
    part: Part,
}

#[derive(Debug, PartialEq)]
pub(super) enum Part {
    Text(String),
    Slot(String),
    Sequence(Vec<Arc<Node>>),
    Alternatives(Vec<Arc<Node>>),
    /// In any order.
    Permutation(Vec<Arc<Node>>),
}

/// One sentence of a template, its slots filled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sentence {
    /// The text, words apart by one blank.
    pub text: String,
    /// Each slot with its bytes in the text, from left to right.
    pub spans: Vec<(String, Range<usize>)>,
}

impl Node {
    pub fn new(part: Part) -> Arc<Self> {
        let product = |nodes: &[Arc<Self>]| {
            nodes.iter().fold(1, |product: u64, node| product.saturating_mul(node.count))
        };
        let count = match &part {
            Part::Text(_) | Part::Slot(_) => 1,
            Part::Sequence(nodes) => product(nodes),
            Part::Alternatives(nodes) => {
                nodes.iter().fold(0, |sum: u64, node| sum.saturating_add(node.count))
            }
            Part::Permutation(nodes) => product(nodes).saturating_mul(factorial(nodes.len())),
        };
        let size = match &part {
            Part::Text(text) | Part::Slot(text) => text.len() as u64,
            Part::Sequence(nodes) | Part::Alternatives(nodes) | Part::Permutation(nodes) => {
                nodes.iter().fold(0, |sum: u64, node| sum.saturating_add(node.size))
            }
        };
        let may_be_silent = match &part {
            Part::Text(text) => text.trim().is_empty(),
            Part::Slot(_) => false,
            Part::Sequence(nodes) | Part::Permutation(nodes) => nodes.iter().all(|node| node.may_be_silent),
            Part::Alternatives(nodes) => nodes.iter().any(|node| node.may_be_silent),
        };
        Arc::new(Self { count, size: size.saturating_add(1), may_be_silent, part })
    }

    /// How often each slot can stand in one sentence.
    fn slots(&self) -> BTreeMap<&str, usize> {
        match &self.part {
            Part::Text(_) => BTreeMap::new(),
            Part::Slot(slot) => BTreeMap::from([(slot.as_str(), 1)]),
            Part::Sequence(nodes) | Part::Permutation(nodes) => merged(nodes, |a, b| a + b),
            Part::Alternatives(nodes) => merged(nodes, usize::max),
        }
    }

    /// Writes sentence `index`, of fewer than `count`.
    fn write(&self, index: u64, out: &mut Draft<'_>) {
        match &self.part {
            Part::Text(text) => out.text(text),
            Part::Slot(slot) => out.slot(slot),
            Part::Sequence(nodes) => write_sequence(nodes.iter(), index, out),
            Part::Alternatives(nodes) => {
                let mut index = index;
                for node in nodes {
                    if index < node.count {
                        return node.write(index, out);
                    }
                    index -= node.count;
                }
            }
            Part::Permutation(nodes) => {
                let orders = factorial(nodes.len());
                let order = permuted(nodes.len(), index % orders);
                let nodes: Vec<&Arc<Self>> = order.into_iter().filter_map(|at| nodes.get(at)).collect();
                let blank = Self::new(Part::Text(" ".into()));
                let spaced: Vec<&Arc<Self>> = nodes.iter().flat_map(|node| [&blank, *node, &blank]).collect();
                write_sequence(spaced.into_iter(), index / orders, out);
            }
        }
    }
}

fn merged(nodes: &[Arc<Node>], join: impl Fn(usize, usize) -> usize) -> BTreeMap<&str, usize> {
    let mut all = BTreeMap::new();
    for node in nodes {
        for (slot, count) in node.slots() {
            let sum = all.entry(slot).or_insert(0);
            *sum = join(*sum, count);
        }
    }
    all
}

fn write_sequence<'n>(nodes: impl Iterator<Item = &'n Arc<Node>>, mut index: u64, out: &mut Draft<'_>) {
    for node in nodes {
        node.write(index % node.count.max(1), out);
        index /= node.count.max(1);
    }
}

fn factorial(count: usize) -> u64 {
    (1..=count as u64).fold(1, u64::saturating_mul)
}

/// The order number `index` of `count` things (factorial number system).
fn permuted(count: usize, mut index: u64) -> Vec<usize> {
    let mut left: Vec<usize> = (0..count).collect();
    let mut order = Vec::with_capacity(count);
    while !left.is_empty() {
        let length = left.len() as u64;
        order.push(left.remove((index % length) as usize));
        index /= length;
    }
    order
}

/// A sentence being written.
struct Draft<'f> {
    sentence: Sentence,
    fill: &'f mut dyn FnMut(&str) -> String,
    /// Is a blank due before the next letter?
    is_apart: bool,
}

impl Draft<'_> {
    fn text(&mut self, text: &str) {
        for letter in text.chars() {
            if letter.is_whitespace() {
                self.is_apart = true;
            } else {
                self.part();
                self.sentence.text.push(letter);
            }
        }
    }

    fn slot(&mut self, slot: &str) {
        let filled = (self.fill)(slot);
        self.part();
        let start = self.sentence.text.len();
        self.text(&filled);
        self.sentence.spans.push((slot.to_string(), start..self.sentence.text.len()));
    }

    fn part(&mut self) {
        if std::mem::take(&mut self.is_apart) && !self.sentence.text.is_empty() {
            self.sentence.text.push(' ');
        }
    }
}

impl Template {
    pub(super) fn new(source: &str, root: Arc<Node>) -> Self {
        Self { source: source.to_string(), root }
    }

    /// How many sentences it stands for, saturating; equal ones count each.
    pub fn count(&self) -> u64 {
        self.root.count
    }

    /// Has it a sentence without words?
    pub fn may_be_silent(&self) -> bool {
        self.root.may_be_silent
    }

    /// Each slot that it has, with how often it can stand in one sentence.
    pub fn slots(&self) -> BTreeMap<&str, usize> {
        self.root.slots()
    }

    /// Sentence `index` (modulo [`Template::count`]), each slot filled by `fill`.
    pub fn sentence(&self, index: u64, mut fill: impl FnMut(&str) -> String) -> Sentence {
        let mut draft = Draft { sentence: Sentence::default(), fill: &mut fill, is_apart: false };
        self.root.write(index % self.root.count.max(1), &mut draft);
        draft.sentence
    }

    /// Every sentence, slots as `{slot}`; at most `limit`.
    pub fn sentences(&self, limit: usize) -> Vec<String> {
        let count = self.root.count.min(limit as u64);
        (0..count).map(|index| self.sentence(index, |slot| format!("{{{slot}}}")).text).collect()
    }

    pub(super) fn root(&self) -> &Arc<Node> {
        &self.root
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

#[cfg(test)]
mod tests;
