//! What can be broken and mended by hand, on a chip or on a link.

use ruvllm_esp_sim::fleet::view::{ChipState, FleetView};

/// Something that happens to a chip or a link, both by their places in the view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The chip stops, and its memory is lost.
    Crash(usize),
    /// It starts anew, after a crash too.
    Reboot(usize),
    /// It has no power for ten seconds.
    PowerCut(usize),
    /// It fills its link with noise, or ceases to.
    Babble(usize, bool),
    /// Nothing crosses the link, or everything again.
    Cut(usize, bool),
    /// Three in ten frames on the link are lost, or none any more.
    Loss(usize, bool),
    /// One in ten frames on the link is spoiled, or none any more.
    Corruption(usize, bool),
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
pub fn menu(view: &FleetView, chip: Option<usize>, link: Option<usize>) -> Vec<Entry> {
    let mut entries = Vec::new();
    if let Some((place, chip)) = chip.and_then(|place| Some((place, view.chips.get(place)?))) {
        let target = format!("chip {} {}", chip.id, chip.name);
        let mut add = |fault, text| entries.push(Entry { fault, target: target.clone(), text });
        if chip.state == ChipState::Off {
            add(Fault::Reboot(place), "switch it on");
        } else {
            add(Fault::Crash(place), "crash: it stops, its RAM is lost");
            add(Fault::Reboot(place), "reboot: its RAM is lost");
            add(Fault::PowerCut(place), "power cut for 10 s");
            add(Fault::Babble(place, true), "babble: fill the link with noise");
            add(Fault::Babble(place, false), "end the babbling");
        }
    }
    if let Some((place, link)) = link.and_then(|place| Some((place, view.links.get(place)?))) {
        let target = format!("link {}", link.name);
        let mut add = |fault, text| entries.push(Entry { fault, target: target.clone(), text });
        if link.cut {
            add(Fault::Cut(place, false), "mend it");
        } else {
            add(Fault::Cut(place, true), "cut it");
        }
        add(Fault::Loss(place, true), "lose 3 in 10 frames");
        add(Fault::Loss(place, false), "lose no frames any more");
        add(Fault::Corruption(place, true), "spoil 1 in 10 frames");
        add(Fault::Corruption(place, false), "spoil no frames any more");
    }
    entries
}
