//! Vectors to search among, of several kinds, from a seed.
//!
//! An index that is good on one kind of data can be poor on another: random vectors have no structure to find a way by,
//! clusters trap a search that goes by near links only, and texts lie between. Every vector has the embedder's norm of 127,
//! to the rounding. The arithmetic uses only operations that are exact or correctly rounded everywhere, so a seed gives
//! the same bytes on every host.

use oorandom::Rand64;
use ruvllm_esp_core::embed::embed;
use schemars::JsonSchema;
use serde::Serialize;

/// Elements of a vector.
pub const DIMENSIONS: usize = 64;
/// The norm of a vector, to the rounding of its elements.
pub const NORM: f64 = 127.0;

/// A vector as the embedder makes it.
pub type Vector = [i8; DIMENSIONS];

/// A kind of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Dataset {
    /// Directions drawn uniformly: the hardest case, there is nothing to learn.
    Random,
    /// About 50 items around each centre, at angles of 15 to 40 degrees from it.
    Clustered,
    /// Maintenance notes put together from word lists, as the core embeds them.
    Text,
    /// Sentences of other people, as the core embeds them.
    Others,
    /// Sixteen tight clusters whose items differ by steps of one, a fifth of them copies: what a stuck sensor stores.
    Tight,
}

impl Dataset {
    /// The kinds for which floors of recall hold.
    pub const ALL: [Dataset; 3] = [Dataset::Random, Dataset::Clustered, Dataset::Text];

    /// The name used in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Dataset::Random => "random",
            Dataset::Clustered => "clustered",
            Dataset::Text => "text",
            Dataset::Others => "others",
            Dataset::Tight => "tight",
        }
    }
}

/// An endless sequence of vectors of one kind.
#[derive(Clone, Debug)]
pub struct VectorSource {
    dataset: Dataset,
    random: Rand64,
    centres: Vec<[f64; DIMENSIONS]>,
    last: Vector,
}

impl VectorSource {
    /// A sequence laid out for about `items` vectors: that decides how many clusters there are.
    pub fn new(dataset: Dataset, items: u32, seed: u64) -> Self {
        let mut random = Rand64::new(seed.into());
        let centres = match dataset {
            Dataset::Random | Dataset::Text | Dataset::Others => 0,
            Dataset::Clustered => (items / 50).max(4),
            Dataset::Tight => 16,
        };
        let centres = (0..centres).map(|_| direction(&mut random)).collect();
        Self { dataset, random, centres, last: [0; DIMENSIONS] }
    }

    /// The next `count` vectors.
    pub fn take_vectors(&mut self, count: usize) -> Vec<Vector> {
        self.take(count).collect()
    }

    fn centre(&mut self) -> [f64; DIMENSIONS] {
        let centre = self.random.rand_range(0..self.centres.len().max(1) as u64);
        self.centres.get(centre as usize).copied().unwrap_or([1.0; DIMENSIONS])
    }

    fn clustered(&mut self) -> Vector {
        let centre = self.centre();
        let spread = 0.27 + 0.57 * self.random.rand_float();
        let noise = direction(&mut self.random);
        quantised(core::array::from_fn(|axis| centre[axis] + spread * noise[axis]))
    }

    fn tight(&mut self) -> Vector {
        if self.random.rand_range(0..5) == 0 {
            return self.last;
        }
        let mut vector = quantised(self.centre());
        for element in &mut vector {
            *element += self.random.rand_range(0..3) as i8 - 1;
        }
        vector
    }
}

impl Iterator for VectorSource {
    type Item = Vector;

    fn next(&mut self) -> Option<Vector> {
        self.last = match self.dataset {
            Dataset::Random => quantised(direction(&mut self.random)),
            Dataset::Clustered => self.clustered(),
            // Sentences of others come from a folder and not from here: `index::at_size`.
            Dataset::Text | Dataset::Others => embed(&note(&mut self.random), &mut ()),
            Dataset::Tight => self.tight(),
        };
        Some(self.last)
    }
}

/// A direction drawn uniformly, of norm one; each element is a sum of twelve uniform draws, which is close to normal.
fn direction(random: &mut Rand64) -> [f64; DIMENSIONS] {
    let elements: [f64; DIMENSIONS] =
        core::array::from_fn(|_| (0..12).map(|_| random.rand_float()).sum::<f64>() - 6.0);
    let norm = norm(&elements);
    elements.map(|element| element / norm)
}

fn norm(elements: &[f64; DIMENSIONS]) -> f64 {
    elements.iter().map(|element| element * element).sum::<f64>().sqrt().max(1e-9)
}

fn quantised(elements: [f64; DIMENSIONS]) -> Vector {
    let scale = NORM / norm(&elements);
    elements.map(|element| (element * scale).round() as i8)
}

const DEVICES: &[&str] = &[
    "pump",
    "fan",
    "motor",
    "valve",
    "boiler",
    "compressor",
    "conveyor",
    "gearbox",
    "heater",
    "inverter",
    "lathe",
    "mixer",
    "press",
    "relay",
    "robot arm",
    "sensor",
    "spindle",
    "switch",
    "tank",
    "transformer",
    "turbine",
    "belt",
    "bearing",
    "chiller",
    "cooling tower",
    "crane",
    "drill",
    "filter",
    "generator",
    "lift",
    "oven",
    "printer",
];
const EVENTS: &[&str] = &[
    "was replaced",
    "is leaking oil",
    "vibrates at high speed",
    "was cleaned and greased",
    "shows a cracked seal",
    "runs too hot",
    "stopped without warning",
    "was calibrated",
    "lost pressure",
    "makes a grinding noise",
    "tripped the breaker",
    "needs a new gasket",
    "was inspected",
    "drifts by two percent",
    "reports no data",
    "was painted",
    "started after reset",
    "has worn teeth",
    "was moved",
    "draws too much current",
    "is out of balance",
    "passed its yearly test",
    "was ordered from the supplier",
    "smells of burnt rubber",
    "blinks red",
];
const PLACES: &[&str] = &[
    "in hall",
    "on line",
    "in workshop",
    "at gate",
    "in cellar",
    "on roof",
    "in room",
    "behind cabinet",
    "at station",
    "in greenhouse",
    "on deck",
    "in container",
    "near door",
    "at dock",
    "in lab",
];
const TIMES: &[&str] = &[
    "this morning",
    "on monday",
    "during the night shift",
    "after the storm",
    "last week",
    "before lunch",
    "in march",
    "since the update",
    "twice a day",
    "at full load",
    "on the weekend",
    "after maintenance",
    "in winter",
    "today",
];
const PEOPLE: &[&str] = &[
    "anna", "ben", "carla", "dmitri", "elif", "farid", "greta", "hiro", "ines", "jonas", "kofi", "lena",
    "mateo", "noor", "olga", "pablo", "quinn", "rosa", "sven", "tariq",
];
const ACTIONS: &[&str] = &[
    "ordered a spare part for",
    "will check",
    "signed off",
    "took photos of",
    "forgot to close",
    "asked about",
    "wrote the report on",
    "tightened the bolts of",
    "measured",
    "shut down",
    "has the key for",
    "is trained on",
];

/// A sentence of the kind a technician notes down.
fn note(random: &mut Rand64) -> String {
    let mut pick = |words: &[&'static str]| words[random.rand_range(0..words.len() as u64) as usize];
    let (device, place, time) = (pick(DEVICES), pick(PLACES), pick(TIMES));
    let (event, person, action, other) = (pick(EVENTS), pick(PEOPLE), pick(ACTIONS), pick(DEVICES));
    let number = random.rand_range(1..60);
    match random.rand_range(0..5) {
        0 => format!("the {device} {place} {number} {event} {time}"),
        1 => format!("{person} {action} the {device} {place} {number}"),
        2 => format!("{time} {person} said the {device} {event}"),
        3 => format!("{device} {number} {event} and the {other} {place} {number} too"),
        _ => format!("{person} {action} {device} {number} because it {event} {time}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_have_the_norm_and_follow_the_seed() {
        for dataset in Dataset::ALL {
            let vectors = VectorSource::new(dataset, 200, 5).take_vectors(200);
            for vector in &vectors {
                let norm =
                    f64::from(vector.iter().map(|e| i32::from(*e) * i32::from(*e)).sum::<i32>()).sqrt();
                assert!((124.5..129.5).contains(&norm), "{} {norm}", dataset.name());
            }
            assert_eq!(vectors, VectorSource::new(dataset, 200, 5).take_vectors(200));
            assert_ne!(vectors, VectorSource::new(dataset, 200, 6).take_vectors(200));
        }
    }

    #[test]
    fn every_dimension_is_used() {
        for dataset in Dataset::ALL {
            let vectors = VectorSource::new(dataset, 300, 5).take_vectors(300);
            for axis in 0..DIMENSIONS {
                assert!(vectors.iter().filter(|vector| vector[axis] != 0).count() > 30);
            }
        }
    }
}
