//! Reads a template, and says where it is wrong.

use super::{Node, Part, Template};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How deep brackets may be nested.
const MAX_DEPTH: usize = 32;
/// The longest template, in bytes.
const MAX_LENGTH: usize = 4096;
/// How many parts and bytes a template may have, its synonyms written out.
const MAX_SIZE: u64 = 1 << 16;
/// How many parts may stand in any order.
const MAX_PERMUTED: usize = 5;
/// The longest name in braces or angle brackets.
const MAX_NAME: usize = 40;

/// What is wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The byte.
    pub at: usize,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
}

/// Reads a template. `synonyms` has what may be named in angle brackets.
///
/// # Errors
/// [`Mistake`].
pub fn parse(text: &str, synonyms: &BTreeMap<String, Template>) -> Result<Template, Mistake> {
    let mut parser = Parser { text, at: 0, depth: 0, synonyms };
    if text.len() > MAX_LENGTH {
        return Err(parser.wrong(0, "the sentence is too long", format!("at most {MAX_LENGTH} bytes")));
    }
    let root = parser.group(None)?;
    if root.size > MAX_SIZE {
        let help = format!("at most {MAX_SIZE} parts and bytes, synonyms written out");
        return Err(parser.wrong(0, "the sentence is too large", help));
    }
    Ok(Template::new(text, root))
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
    synonyms: &'t BTreeMap<String, Template>,
}

impl Parser<'_> {
    /// Everything up to a closing bracket or the end.
    fn group(&mut self, close: Option<char>) -> Result<Arc<Node>, Mistake> {
        let start = self.at;
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.wrong(
                start,
                "brackets are nested too deep",
                format!("at most {MAX_DEPTH} deep"),
            ));
        }
        let (mut groups, mut separator) = (vec![self.sequence()?], None);
        loop {
            match self.next() {
                Some(sign @ ('|' | ';')) => {
                    if separator.is_some_and(|other| other != sign) {
                        let help = "put one of them in brackets of its own: \"((a|b);c)\"";
                        return Err(self.wrong(self.at - 1, "`|` and `;` stand in one group", help));
                    }
                    separator = Some(sign);
                    groups.push(self.sequence()?);
                }
                sign if sign == close => break,
                Some(sign) => {
                    return Err(self.wrong(
                        self.at - 1,
                        format!("`{sign}` closes nothing"),
                        "write `\\` before it",
                    ));
                }
                None => {
                    let close = close.unwrap_or(')');
                    return Err(self.wrong(
                        start.saturating_sub(1),
                        format!("`{close}` is missing"),
                        "close the bracket",
                    ));
                }
            }
        }
        self.depth -= 1;
        if separator == Some(';') && groups.len() > MAX_PERMUTED {
            let help = format!("at most {MAX_PERMUTED} parts");
            return Err(self.wrong(start, "too many parts stand in any order", help));
        }
        Ok(match (separator, groups.len()) {
            (_, 1) => groups.swap_remove(0),
            (Some(';'), _) => Node::new(Part::Permutation(groups)),
            _ => Node::new(Part::Alternatives(groups)),
        })
    }

    /// Parts that follow each other, up to a separator or a closing bracket.
    fn sequence(&mut self) -> Result<Arc<Node>, Mistake> {
        let mut nodes = Vec::new();
        loop {
            let start = self.at;
            match self.peek() {
                None | Some('|' | ';' | ')' | ']') => break,
                Some('(') => {
                    self.next();
                    nodes.push(self.group(Some(')'))?);
                }
                Some('[') => {
                    self.next();
                    let inner = self.group(Some(']'))?;
                    let nothing = Node::new(Part::Sequence(Vec::new()));
                    nodes.push(Node::new(Part::Alternatives(vec![inner, nothing])));
                }
                Some('{') => {
                    let name = self.name('}')?;
                    nodes.push(Node::new(Part::Slot(name)));
                }
                Some('<') => {
                    let name = self.name('>')?;
                    let Some(synonym) = self.synonyms.get(&name) else {
                        let help = "add a [[synonym]] of that name";
                        return Err(self.wrong(start, format!("there is no synonym `<{name}>`"), help));
                    };
                    nodes.push(Arc::clone(synonym.root()));
                }
                Some(sign @ ('}' | '>')) => {
                    return Err(self.wrong(
                        start,
                        format!("`{sign}` closes nothing"),
                        "write `\\` before it",
                    ));
                }
                Some(_) => nodes.push(self.words()?),
            }
        }
        Ok(match nodes.len() {
            1 => nodes.swap_remove(0),
            _ => Node::new(Part::Sequence(nodes)),
        })
    }

    fn words(&mut self) -> Result<Arc<Node>, Mistake> {
        let mut words = String::new();
        while let Some(letter) = self.peek().filter(|letter| !"()[]{}<>|;".contains(*letter)) {
            self.next();
            let letter = if letter == '\\' {
                let start = self.at - 1;
                self.next()
                    .ok_or_else(|| self.wrong(start, "`\\` stands at the end", "write the sign behind it"))?
            } else {
                letter
            };
            words.push(letter);
        }
        Ok(Node::new(Part::Text(words)))
    }

    /// The name in braces or angle brackets.
    fn name(&mut self, close: char) -> Result<String, Mistake> {
        let start = self.at;
        self.next();
        let rest = self.text.get(self.at..).unwrap_or_default();
        let Some(length) = rest.find(close) else {
            return Err(self.wrong(start, format!("`{close}` is missing"), "close the bracket"));
        };
        let name = rest.get(..length).unwrap_or_default();
        let is_fit = |letter: char| letter.is_alphanumeric() || "-_.".contains(letter);
        if name.is_empty() || name.len() > MAX_NAME || !name.chars().all(is_fit) {
            let help = format!("a name is up to {MAX_NAME} letters, digits, `-`, `_` and `.`");
            return Err(self.wrong(start, "this is not a name", help));
        }
        self.at += length + 1;
        Ok(name.to_string())
    }

    fn peek(&self) -> Option<char> {
        self.text.get(self.at..)?.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.at += letter.len_utf8();
        Some(letter)
    }

    fn wrong(&self, at: usize, message: impl Into<String>, help: impl Into<String>) -> Mistake {
        Mistake { at, message: message.into(), help: help.into() }
    }
}
