//! What can be broken and mended by hand, on a chip or on a link.

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
    babbling: BTreeSet<usize>,
    losing: BTreeMap<usize, String>,
    spoiling: BTreeMap<usize, String>,
}

impl Marks {
    /// Takes in what happened.
    pub fn hear(&mut self, view: &FleetView, event: &EventView) {
        if !matches!(event.kind, EventKind::Fault | EventKind::Repair) {
            return;
        }
        if let Some(chip) = event.chip {
            if event.text == (Fault::Babble { chip }).words() {
                self.babbling.insert(chip);
            } else if event.text == (Fault::Calm { chip }).words() {
                self.babbling.remove(&chip);
            }
            return;
        }
        for (link, one) in view.links.iter().enumerate() {
            let words = event.text.strip_prefix(&one.name).and_then(|rest| rest.strip_prefix(' '));
            let Some(words) = words else { continue };
            let (no_loss, no_spoil) =
                (Fault::Loss { link, share: None }.words(), Fault::Corruption { link, share: None }.words());
            mark(&mut self.losing, link, words, "loses ", &no_loss);
            mark(&mut self.spoiling, link, words, "spoils ", &no_spoil);
        }
    }

    /// What a chip does that it should not.
    pub fn of_chip(&self, chip: usize) -> Option<&'static str> {
        self.babbling.contains(&chip).then_some("babbles")
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
    let mut entries = chip.map_or_else(Vec::new, |place| of_chip(view, marks, place));
    entries.extend(link.map_or_else(Vec::new, |place| of_link(view, marks, place)));
    entries
}

fn of_chip(view: &FleetView, marks: &Marks, place: usize) -> Vec<Entry> {
    let Some(chip) = view.chips.get(place) else { return Vec::new() };
    let faults = if chip.state == ChipState::Off {
        vec![(Fault::Reboot { chip: place }, "switch it on")]
    } else {
        vec![
            (Fault::PowerCut { chip: place, lasts: Some(CUT) }, "power cut for 10 s"),
            (Fault::Crash { chip: place }, "crash: it stops, what its RAM held is lost"),
            (Fault::Reboot { chip: place }, "reboot: what its RAM held is lost"),
            match marks.of_chip(place) {
                None => (Fault::Babble { chip: place }, "babble: it fills its link with noise"),
                Some(_) => (Fault::Calm { chip: place }, "babble no more"),
            },
        ]
    };
    let now = marks.of_chip(place).map_or(String::new(), |words| format!(": {words}"));
    let target = format!("chip {} {}{now}", chip.id, chip.name);
    faults.into_iter().map(|(fault, text)| Entry { fault, target: target.clone(), text }).collect()
}

fn of_link(view: &FleetView, marks: &Marks, place: usize) -> Vec<Entry> {
    let Some(link) = view.links.get(place) else { return Vec::new() };
    let cut = if link.cut {
        (Fault::Mend { link: place }, "mend it: frames cross again")
    } else {
        (Fault::Cut { link: place }, "cut it: nothing crosses")
    };
    let mut faults =
        vec![cut, (Fault::Loss { link: place, share: Some(Permille(300)) }, "lose 3 in 10 frames")];
    if marks.losing.contains_key(&place) {
        faults.push((Fault::Loss { link: place, share: None }, "lose no more than it should"));
    }
    faults.push((Fault::Corruption { link: place, share: Some(Permille(100)) }, "spoil 1 in 10 frames"));
    if marks.spoiling.contains_key(&place) {
        faults.push((Fault::Corruption { link: place, share: None }, "spoil no more than it should"));
    }
    let now = marks.of_link(place).map_or(String::new(), |words| format!(": {words}"));
    let target = format!("link {}{now}", link.name);
    faults.into_iter().map(|(fault, text)| Entry { fault, target: target.clone(), text }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ruvllm_esp_sim::fleet::view::{ChipView, LinkView};

    #[test]
    fn what_is_in_force_is_told_and_can_be_ended() {
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
        assert!(!texts(&marks).iter().any(|text| text.contains("no more")), "{:?}", texts(&marks));
        let mut tell = |chip, text: String| {
            let event = EventView { at: Micros(0), chip, kind: EventKind::Fault, text };
            marks.hear(&view, &event);
            (marks.of_chip(0), marks.of_link(0), texts(&marks).join("; "))
        };
        let (chip, _, offered) = tell(Some(0), Fault::Babble { chip: 0 }.words());
        assert!(chip.is_some() && offered.contains("babble no more"), "{offered}");
        let (_, on_link, offered) = tell(None, format!("air {}", loss.words()));
        assert!(on_link.is_some() && offered.contains("lose no more"), "{offered}");
        assert_eq!(tell(Some(0), Fault::Calm { chip: 0 }.words()).0, None);
        assert_eq!(tell(None, format!("air {}", Fault::Loss { link: 0, share: None }.words())).1, None);
    }
}
