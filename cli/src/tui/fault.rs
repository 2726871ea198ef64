//! What can be broken and repaired by hand, on a chip or on a link.

use ruvllm_esp_core::units::Micros;
use ruvllm_esp_sim::fleet::Fault;
use ruvllm_esp_sim::fleet::view::{ChipState, EventKind, EventView, FleetView};
use ruvllm_esp_sim::scenario::Permille;
use std::collections::{BTreeMap, BTreeSet};

/// How long a power cut of the menu lasts.
const CUT: Micros = Micros(10_000_000);

/// What is in force on chips and links: views do not tell it, events do.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    jamming: BTreeSet<usize>,
    losing: BTreeMap<usize, String>,
    spoiling: BTreeMap<usize, String>,
}

impl Marks {
    /// Takes in what happened.
    pub fn receive(&mut self, view: &FleetView, event: &EventView) {
        if !matches!(event.kind, EventKind::Fault | EventKind::Repair) {
            return;
        }
        if let Some(chip) = event.chip {
            if event.text == (Fault::Jam { chip }).words() {
                self.jamming.insert(chip);
            } else if event.text == (Fault::Calm { chip }).words() {
                self.jamming.remove(&chip);
            }
            return;
        }
        for (link, one) in view.links.iter().enumerate() {
            let words = event.text.strip_prefix(&one.name).and_then(|rest| rest.strip_prefix(' '));
            let Some(words) = words else { continue };
            let (no_loss, no_spoil) =
                (Fault::Loss { link, share: None }.words(), Fault::Corruption { link, share: None }.words());
            mark(&mut self.losing, link, words, "loses ", &no_loss);
            mark(&mut self.spoiling, link, words, "corrupts ", &no_spoil);
        }
    }

    /// What a chip does that it should not.
    pub fn of_chip(&self, chip: usize) -> Option<&'static str> {
        self.jamming.contains(&chip).then_some("jams")
    }

    /// What a link does that it should not.
    pub fn of_link(&self, link: usize) -> Option<String> {
        let both: Vec<&str> = [self.losing.get(&link), self.spoiling.get(&link)]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect();
        (!both.is_empty()).then(|| both.join(", "))
    }
}

/// Notes what begins with `verb` and forgets it when it is over.
fn mark(marks: &mut BTreeMap<usize, String>, link: usize, words: &str, verb: &str, over: &str) {
    if words == over {
        marks.remove(&link);
    } else if words.starts_with(verb) {
        marks.insert(link, words.to_string());
    }
}

/// A line of the menu.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What it does.
    pub fault: Fault,
    /// To whom.
    pub target: String,
    /// In words.
    pub text: &'static str,
}

/// The faults of a chip and a link.
pub fn menu(view: &FleetView, marks: &Marks, chip: Option<usize>, link: Option<usize>) -> Vec<Entry> {
    let mut entries = chip.map_or_else(Vec::new, |index| of_chip(view, marks, index));
    entries.extend(link.map_or_else(Vec::new, |index| of_link(view, marks, index)));
    entries
}

fn of_chip(view: &FleetView, marks: &Marks, index: usize) -> Vec<Entry> {
    let Some(chip) = view.chips.get(index) else { return Vec::new() };
    let faults = if chip.state == ChipState::Off {
        vec![(Fault::Reboot { chip: index }, "switch it on")]
    } else {
        vec![
            (Fault::PowerCut { chip: index, lasts: Some(CUT) }, "power cut for 10 s"),
            (Fault::Crash { chip: index }, "crash: it stops, RAM is lost"),
            (Fault::Reboot { chip: index }, "reboot: RAM is lost"),
            match marks.of_chip(index) {
                None => (Fault::Jam { chip: index }, "jam: it fills its link with noise"),
                Some(_) => (Fault::Calm { chip: index }, "stop jamming"),
            },
        ]
    };
    let now = marks.of_chip(index).map_or(String::new(), |words| format!(": {words}"));
    let target = format!("chip {} {}{now}", chip.id, chip.name);
    faults.into_iter().map(|(fault, text)| Entry { fault, target: target.clone(), text }).collect()
}

fn of_link(view: &FleetView, marks: &Marks, index: usize) -> Vec<Entry> {
    let Some(link) = view.links.get(index) else { return Vec::new() };
    let cut = if link.cut {
        (Fault::Mend { link: index }, "repair it: frames pass again")
    } else {
        (Fault::Cut { link: index }, "cut it: nothing passes")
    };
    let mut faults =
        vec![cut, (Fault::Loss { link: index, share: Some(Permille(300)) }, "lose 3 in 10 frames")];
    if marks.losing.contains_key(&index) {
        faults.push((Fault::Loss { link: index, share: None }, "lose no extra frames"));
    }
    faults.push((Fault::Corruption { link: index, share: Some(Permille(100)) }, "corrupt 1 in 10 frames"));
    if marks.spoiling.contains_key(&index) {
        faults.push((Fault::Corruption { link: index, share: None }, "corrupt no extra frames"));
    }
    let now = marks.of_link(index).map_or(String::new(), |words| format!(": {words}"));
    let target = format!("link {}{now}", link.name);
    faults.into_iter().map(|(fault, text)| Entry { fault, target: target.clone(), text }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ruvllm_esp_sim::fleet::view::{ChipView, LinkView};

    #[test]
    fn what_is_in_force_is_reported_and_can_be_ended() {
        let link = |name: &str| LinkView { name: name.into(), ..LinkView::default() };
        let view = FleetView {
            chips: vec![ChipView::default()],
            links: vec![link("air"), link("air 2")],
            ..FleetView::default()
        };
        let loss = Fault::Loss { link: 0, share: Some(Permille(300)) };
        let texts = |marks: &Marks| -> Vec<&str> {
            menu(&view, marks, Some(0), Some(0)).into_iter().map(|entry| entry.text).collect()
        };
        let mut marks = Marks::default();
        assert!(!texts(&marks).iter().any(|text| text.contains("no extra")), "{:?}", texts(&marks));
        let mut report = |chip, text: String| {
            let event = EventView { at: Micros(0), chip, kind: EventKind::Fault, text };
            marks.receive(&view, &event);
            (marks.of_chip(0), marks.of_link(0), texts(&marks).join("; "))
        };
        let (chip, _, offered) = report(Some(0), Fault::Jam { chip: 0 }.words());
        assert!(chip.is_some() && offered.contains("stop jamming"), "{offered}");
        let (_, on_link, offered) = report(None, format!("air {}", loss.words()));
        assert!(on_link.is_some() && offered.contains("lose no extra"), "{offered}");
        assert_eq!(report(Some(0), Fault::Calm { chip: 0 }.words()).0, None);
        assert_eq!(report(None, format!("air {}", Fault::Loss { link: 0, share: None }.words())).1, None);
    }
}
