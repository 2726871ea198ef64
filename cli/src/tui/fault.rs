//! What can be broken and mended by hand, on a chip or on a link.

use ruvllm_esp_core::units::Micros;
use ruvllm_esp_sim::fleet::Fault;
use ruvllm_esp_sim::fleet::view::{ChipState, FleetView};
use ruvllm_esp_sim::scenario::Permille;

/// How long a power cut of the menu lasts.
const CUT: Micros = Micros(10_000_000);

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
pub fn menu(view: &FleetView, chip: Option<usize>, link: Option<usize>) -> Vec<Entry> {
    let mut entries = chip.map_or_else(Vec::new, |place| of_chip(view, place));
    entries.extend(link.map_or_else(Vec::new, |place| of_link(view, place)));
    entries
}

fn of_chip(view: &FleetView, place: usize) -> Vec<Entry> {
    let Some(chip) = view.chips.get(place) else { return Vec::new() };
    let faults = if chip.state == ChipState::Off {
        vec![(Fault::Reboot { chip: place }, "switch it on")]
    } else {
        vec![
            (Fault::PowerCut { chip: place, lasts: Some(CUT) }, "power cut for 10 s"),
            (Fault::Crash { chip: place }, "crash: it stops, what its RAM held is lost"),
            (Fault::Reboot { chip: place }, "reboot: what its RAM held is lost"),
            (Fault::Babble { chip: place }, "babble: it fills its link with noise"),
            (Fault::Calm { chip: place }, "babble no more"),
        ]
    };
    let target = format!("chip {} {}", chip.id, chip.name);
    faults.into_iter().map(|(fault, text)| Entry { fault, target: target.clone(), text }).collect()
}

fn of_link(view: &FleetView, place: usize) -> Vec<Entry> {
    let Some(link) = view.links.get(place) else { return Vec::new() };
    let cut = if link.cut {
        (Fault::Mend { link: place }, "mend it: frames cross again")
    } else {
        (Fault::Cut { link: place }, "cut it: nothing crosses")
    };
    let faults = [
        cut,
        (Fault::Loss { link: place, share: Some(Permille(300)) }, "lose 3 in 10 frames"),
        (Fault::Loss { link: place, share: None }, "lose no more than it should"),
        (Fault::Corruption { link: place, share: Some(Permille(100)) }, "spoil 1 in 10 frames"),
        (Fault::Corruption { link: place, share: None }, "spoil no more than it should"),
    ];
    let target = format!("link {}", link.name);
    faults.into_iter().map(|(fault, text)| Entry { fault, target: target.clone(), text }).collect()
}
