//! One line that is typed: with a cursor, and the lines before it.

use super::action::{Action, Direction};

/// How many lines are remembered.
const REMEMBERED: usize = 100;

/// A line that is being typed.
#[derive(Clone, Debug, Default)]
pub struct Prompt {
    text: String,
    /// The cursor, in characters.
    cursor: usize,
    before: Vec<String>,
    /// Which of the lines before is shown.
    recalled: Option<usize>,
}

impl Prompt {
    /// What was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What stands before the cursor, and what after it.
    pub fn halves(&self) -> (&str, &str) {
        self.text.split_at(self.byte_offset(self.cursor))
    }

    /// Starts with this text.
    pub fn set(&mut self, text: &str) {
        self.text = text.to_string();
        self.cursor = self.text.chars().count();
    }

    /// Takes the line, and remembers it.
    pub fn take(&mut self) -> String {
        let line = std::mem::take(&mut self.text);
        if !line.trim().is_empty() && self.before.last() != Some(&line) {
            self.before.push(line.clone());
        }
        let surplus = self.before.len().saturating_sub(REMEMBERED);
        self.before.drain(..surplus);
        (self.cursor, self.recalled) = (0, None);
        line
    }

    /// Does what a key asks for.
    pub fn edit(&mut self, action: Action) {
        match action {
            Action::Character(letter) => {
                self.text.insert(self.byte_offset(self.cursor), letter);
                self.cursor += 1;
            }
            Action::Erase if self.cursor > 0 => {
                self.cursor -= 1;
                self.text.remove(self.byte_offset(self.cursor));
            }
            Action::EraseAll => self.set(""),
            Action::Go(Direction::Left) => self.cursor = self.cursor.saturating_sub(1),
            Action::Go(Direction::Right) => self.cursor = (self.cursor + 1).min(self.text.chars().count()),
            Action::Go(Direction::First) => self.cursor = 0,
            Action::Go(Direction::Last) => self.cursor = self.text.chars().count(),
            Action::Go(Direction::Up) => {
                self.recall(self.recalled.unwrap_or(self.before.len()).checked_sub(1))
            }
            Action::Go(Direction::Down) => self.recall(self.recalled.map(|line| line + 1)),
            _ => {}
        }
    }

    fn recall(&mut self, line: Option<usize>) {
        let Some(line) = line else { return };
        let text = self.before.get(line).cloned();
        self.recalled = text.is_some().then_some(line);
        self.set(&text.unwrap_or_default());
    }

    fn byte_offset(&self, character: usize) -> usize {
        self.text.char_indices().nth(character).map_or(self.text.len(), |(index, _)| index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Action::{Character, Erase, Go};

    #[test]
    fn a_line_is_edited_taken_and_recalled() {
        let mut prompt = Prompt::default();
        "pümp".chars().for_each(|letter| prompt.edit(Character(letter)));
        [Go(Direction::Left), Erase, Character('e'), Go(Direction::First), Character('>')]
            .into_iter()
            .for_each(|action| prompt.edit(action));
        assert_eq!(prompt.halves(), (">", "püep"));
        assert_eq!(prompt.take(), ">püep");
        prompt.set("stats");
        prompt.take();
        let mut recalled = |direction| {
            prompt.edit(Go(direction));
            prompt.text().to_string()
        };
        let (up, down) = (Direction::Up, Direction::Down);
        let lines =
            [recalled(up), recalled(up), recalled(up), recalled(down), recalled(down), recalled(down)];
        assert_eq!(lines, ["stats", ">püep", ">püep", "stats", "", ""]);
    }
}
