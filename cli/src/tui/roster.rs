//! Which chips are shown, in which order, and which of them is selected.
//!
//! The order is found again once a second at most, so that tiles do not jump about under the eye, and the selection stays
//! with its chip wherever that goes.

use super::prompt::Prompt;
use super::theme;
use ruvllm_esp_sim::fleet::view::{ChipState, ChipView, FleetView};
use std::cmp::Reverse;

/// How many views the order stays: a second.
const STEADY: u32 = 10;

/// A property to sort by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// As in the scenario.
    #[default]
    Index,
    /// By name.
    Name,
    /// By role.
    Role,
    /// By kind of chip.
    Variant,
    /// The fullest arena first.
    Arena,
    /// The busiest first.
    Load,
    /// The most alarms first.
    Alarms,
    /// What does not run first.
    State,
}

impl Order {
    const ALL: [Order; 8] = [
        Order::Index,
        Order::Name,
        Order::Role,
        Order::Variant,
        Order::Arena,
        Order::Load,
        Order::Alarms,
        Order::State,
    ];

    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            Order::Index => "index",
            Order::Name => "name",
            Order::Role => "role",
            Order::Variant => "variant",
            Order::Arena => "arena",
            Order::Load => "load",
            Order::Alarms => "alarms",
            Order::State => "state",
        }
    }

    /// The next one.
    pub fn next(self) -> Self {
        let index = Self::ALL.iter().position(|order| *order == self).unwrap_or(0);
        Self::ALL.get(index + 1).copied().unwrap_or_default()
    }
}

/// The chips that are shown.
#[derive(Clone, Debug, Default)]
pub struct Roster {
    /// Sorted by what?
    pub order: Order,
    /// The other way round?
    pub reverse: bool,
    /// The words that a chip must have.
    pub filter: Prompt,
    shown: Vec<usize>,
    selected: usize,
    views: u32,
}

impl Roster {
    /// The indices of the chips that are shown, in order.
    pub fn shown(&self) -> &[usize] {
        &self.shown
    }

    /// The index of the selected chip, if it is shown.
    pub fn selected(&self) -> Option<usize> {
        self.shown.contains(&self.selected).then_some(self.selected)
    }

    /// Where the selected chip stands among those shown.
    pub fn position(&self) -> usize {
        self.shown.iter().position(|index| *index == self.selected).unwrap_or(0)
    }

    /// Selects what stands there, or the nearest to it.
    pub fn select(&mut self, position: usize) {
        if let Some(index) = self.shown.get(position).or(self.shown.last()) {
            self.selected = *index;
        }
    }

    /// Takes in a view.
    pub fn update(&mut self, view: &FleetView) {
        self.views += 1;
        let known = self.shown.len() == view.chips.len() || !self.filter.text().is_empty();
        if self.views >= STEADY || !known {
            self.arrange(view);
        }
    }

    /// Filters and sorts now.
    pub fn arrange(&mut self, view: &FleetView) {
        self.views = 0;
        let words: Vec<String> = self.filter.text().split_whitespace().map(str::to_lowercase).collect();
        let fits = |chip: &ChipView| words.iter().all(|word| has(chip, word));
        let chip = |index: usize| view.chips.get(index);
        self.shown = (0..view.chips.len()).filter(|index| chip(*index).is_some_and(fits)).collect();
        match self.order {
            Order::Index => {}
            Order::Name => self.shown.sort_by_key(|index| chip(*index).map(|chip| natural(&chip.name))),
            Order::Role => self.shown.sort_by_key(|index| chip(*index).map(|chip| chip.role.clone())),
            Order::Variant => self.shown.sort_by_key(|index| chip(*index).map(|chip| chip.variant.clone())),
            Order::Arena => self.shown.sort_by_key(|index| Reverse(chip(*index).map(fullness))),
            Order::Load => self.shown.sort_by_key(|index| Reverse(chip(*index).map(|chip| chip.load))),
            Order::Alarms => self.shown.sort_by_key(|index| Reverse(chip(*index).map(|chip| chip.alarms))),
            Order::State => self.shown.sort_by_key(|index| chip(*index).map(|chip| urgency(chip.state))),
        }
        if self.reverse {
            self.shown.reverse();
        }
        if self.selected().is_none() {
            self.select(0);
        }
    }
}

/// A name cut into words and numbers, so that `keeper-2` comes before `keeper-10`.
fn natural(name: &str) -> Vec<(String, u64)> {
    let mut parts = vec![(String::new(), 0u64)];
    let mut in_number = false;
    for letter in name.chars() {
        let digit = letter.to_digit(10);
        if digit.is_none() && in_number {
            parts.push((String::new(), 0));
        }
        in_number = digit.is_some();
        if let Some((word, number)) = parts.last_mut() {
            match digit {
                Some(digit) => *number = number.saturating_mul(10).saturating_add(u64::from(digit)),
                None => word.push(letter),
            }
        }
    }
    parts
}

/// How full the arena is, in thousandths.
fn fullness(chip: &ChipView) -> u64 {
    let (held, room) = chip.fill();
    (held * 1000).checked_div(room).unwrap_or(0)
}

fn urgency(state: ChipState) -> u8 {
    match state {
        ChipState::Off => 0,
        ChipState::Silent => 1,
        ChipState::Booting => 2,
        ChipState::Running => 3,
    }
}

/// Does a chip have a word?
fn has(chip: &ChipView, word: &str) -> bool {
    let (_, state, _) = theme::state(chip.state);
    let number = chip.id.to_string();
    let alarm = if chip.alarms.unwrap_or(0) > 0 { "alarm" } else { "" };
    number == word
        || [chip.name.as_str(), &chip.role, &chip.variant, state, alarm]
            .iter()
            .any(|text| text.to_lowercase().contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fleet() -> FleetView {
        let chip = |id: u16, name: &str, alarms, used| ChipView {
            id,
            name: name.into(),
            role: "anomaly".into(),
            arena: 100,
            arena_used: used,
            alarms: Some(alarms),
            ..ChipView::default()
        };
        let chips = vec![chip(1, "pump", 0, 50), chip(2, "fan", 3, 90), chip(3, "door", 1, 10)];
        FleetView { chips, ..FleetView::default() }
    }

    #[test]
    fn the_order_follows_the_property_and_the_selection_its_chip() {
        let view = fleet();
        let mut roster = Roster::default();
        roster.update(&view);
        roster.select(1);
        let mut orders = vec![];
        for order in [Order::Index, Order::Name, Order::Arena, Order::Alarms] {
            roster.order = order;
            roster.arrange(&view);
            orders.push((roster.shown().to_vec(), roster.position()));
        }
        let expected = [[0, 1, 2], [2, 1, 0], [1, 0, 2], [1, 2, 0]].map(|order: [usize; 3]| order.to_vec());
        assert_eq!(orders, expected.into_iter().zip([1, 1, 0, 0]).collect::<Vec<_>>());
    }

    #[test]
    fn names_are_sorted_as_people_count() {
        let mut names = ["keeper-10", "keeper-2", "door", "keeper-2b", "keeper"];
        names.sort_by_key(|name| natural(name));
        assert_eq!(names, ["door", "keeper", "keeper-2", "keeper-2b", "keeper-10"]);
    }

    #[test]
    fn every_word_of_the_filter_must_be_there() {
        let view = fleet();
        let mut roster = Roster::default();
        let mut found = |words: &str| {
            roster.filter.set(words);
            roster.arrange(&view);
            roster.shown().to_vec()
        };
        assert_eq!(
            [found("alarm"), found("ALARM fan"), found("3"), found("running anom")],
            [vec![1, 2], vec![1], vec![2], vec![0, 1, 2]]
        );
        assert_eq!(found("nobody"), [0; 0]);
    }
}
