//! A small household, from templates: trained, quantised, read as a chip reads it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use ruvllm_esp_core::nlu::container::{MAX_BYTES, Model};
use ruvllm_esp_core::nlu::feature::Buckets;
use ruvllm_esp_train::corpus::{Corpus, Sentence};
use ruvllm_esp_train::forward::{Dropout, NONE};
use ruvllm_esp_train::learn::{Encoder, Options, train};
use ruvllm_esp_train::quantise::{agreement, container, measure};
use std::fmt::Write;
use std::fs;

const ROOMS: [&str; 8] =
    ["kitchen", "hall", "living room", "cellar", "guest bath", "attic", "garage", "study"];
const THINGS: [&str; 5] = ["lamp", "ceiling light", "fan", "heater", "blue lantern"];
const SONGS: [&str; 6] = ["so what", "blue in green", "naima", "take five", "autumn leaves", "misty"];

/// `[slot words]` in a template: the words of `slot`.
fn templates(number: usize) -> (&'static str, String) {
    let pick = |list: &[&'static str], by: usize| list[(number / by) % list.len()];
    let (room, thing, song) = (pick(&ROOMS, 3), pick(&THINGS, 7), pick(&SONGS, 5));
    match number % 6 {
        0 => ("Light", format!("turn on the [thing {thing}] in the [room {room}]")),
        1 => ("Light", format!("please make the [thing {thing}] in my [room {room}] brighter")),
        2 => ("Music", format!("play [song {song}] in the [room {room}]")),
        3 => ("Music", format!("i want to hear [song {song}]")),
        4 => ("Timer", format!("set a timer for [count {}] minutes", number % 59 + 1)),
        _ => ("Timer", format!("wake me in [count {}] minutes please", number % 47 + 2)),
    }
}

fn corpus(count: usize) -> Corpus {
    let (mut words, mut tags, mut labels) = (String::new(), String::new(), String::new());
    for number in 0..count {
        let (intent, text) = templates(number * 7 + number / 11);
        let mut slot: Option<String> = None;
        let mut begins = false;
        let (mut line, mut line_tags) = (Vec::new(), Vec::new());
        for word in text.split(' ') {
            if let Some(name) = word.strip_prefix('[') {
                (slot, begins) = (Some(name.to_owned()), true);
                continue;
            }
            line.push(word.trim_end_matches(']').to_owned());
            line_tags.push(
                slot.as_ref().map_or("O".into(), |slot| format!("{}-{slot}", if begins { "B" } else { "I" })),
            );
            begins = false;
            if word.ends_with(']') {
                slot = None;
            }
        }
        writeln!(words, "{}", line.join(" ")).unwrap();
        writeln!(tags, "{}", line_tags.join(" ")).unwrap();
        writeln!(labels, "{intent}").unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("seq.in", words), ("seq.out", tags), ("label", labels)] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    Corpus::read(folder.path()).unwrap()
}

fn small() -> Options {
    let buckets = Buckets { words: 128, patterns: 256 };
    // Few names, so words must often do without their own row.
    let dropout = Dropout { word: 0.3, ..Options::default().dropout };
    Options { dropout, epochs: 6, rate: 4e-3, width: 32, hidden: 32, buckets, ..Options::default() }
}

fn trained(corpus: &Corpus, options: &Options) -> (Encoder, Vec<u8>) {
    let encoder = train(corpus, options, &mut |_| true).unwrap();
    let bytes = container(&encoder, &corpus.training, &corpus.held_out).unwrap();
    (encoder, bytes)
}

#[test]
fn commands_of_templates_are_understood_on_the_chip_as_in_floating_point() {
    let corpus = corpus(700);
    assert_eq!(corpus.labels.intents, ["Light", "Music", "Timer", "none"]);
    assert_eq!(corpus.labels.slots, ["count", "room", "song", "thing"]);
    let (encoder, bytes) = trained(&corpus, &small());
    assert!(bytes.len() <= MAX_BYTES);
    let (score, counts) = measure(&bytes, &corpus.held_out).unwrap();
    assert_eq!(score.sentences, 70);
    assert!(score.whole_accuracy() >= 0.95, "{score:?}");
    assert!(score.confident_accuracy() >= 0.97, "{score:?}");
    assert!(counts.iter().next().is_some());
    let agreed = agreement(&encoder, &bytes, &corpus.training).unwrap();
    assert!(agreed.intents.1 * 100 >= agreed.intents.0 * 99, "{agreed:?}");
    assert!(agreed.tags.1 * 100 >= agreed.tags.0 * 99, "{agreed:?}");
    // Names that no sentence of the corpus has are found by their neighbours.
    let slot = |name: &str| 1 + 2 * corpus.labels.slots.iter().position(|slot| slot == name).unwrap() as u16;
    let things = ["chandelier", "radiator", "kettle", "projector", "sprinkler"];
    let rooms = ["library", "pantry", "conservatory", "nursery", "workshop"];
    let sentences = things.into_iter().zip(rooms).map(|(thing, room)| Sentence {
        words: format!("turn on the {thing} in the {room}").split(' ').map(str::to_owned).collect(),
        tags: vec![0, 0, 0, slot("thing"), 0, 0, slot("room")],
        intent: 0,
    });
    let (score, _) = measure(&bytes, &sentences.collect::<Vec<_>>()).unwrap();
    // Of ten such names this small model finds more than half.
    assert!(score.intents_right >= 4 && score.slots_right > 5, "{score:?}");
    // What is no command is refused, and no command is.
    let others =
        ["why do exponents come before products", "my sister lives near a quiet lake", "vorbel zutti makrem"];
    let sentences = others.map(|text| {
        let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
        Sentence { tags: vec![0; words.len()], words, intent: 3 }
    });
    assert!(measure(&bytes, &sentences).unwrap().0.refused >= 2);
    assert_eq!(measure(&bytes, &corpus.held_out).unwrap().0.refused, 0);
}

#[test]
fn the_same_seed_gives_the_same_bytes_on_one_thread_and_on_two() {
    let corpus = corpus(150);
    let options = Options { epochs: 2, ..small() };
    let run = |threads: usize, options: Options| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| trained(&corpus, &options).1)
    };
    let one = run(1, options);
    assert_eq!(one, run(2, options));
    assert_eq!(one, run(1, options));
    assert_ne!(one, run(2, Options { seed: 2, ..options }));
}

#[test]
fn each_step_lowers_the_loss_and_a_training_can_be_stopped() {
    let corpus = corpus(300);
    let mut losses = Vec::new();
    let plain = Options { dropout: NONE, ..small() };
    let stopped = train(&corpus, &plain, &mut |progress| {
        losses.extend(progress.epoch.map(|(_, loss, _)| loss));
        losses.len() < 4
    });
    assert!(stopped.is_none());
    assert!(losses.is_sorted_by(|a, b| a > b) && losses[3] < losses[0] / 4.0, "{losses:?}");
}

#[test]
fn a_container_says_what_it_was_made_of() {
    let corpus = corpus(150);
    let (_, bytes) = trained(&corpus, &Options { epochs: 1, ..small() });
    let model = Model::open(&bytes, &mut ()).unwrap();
    assert_eq!((model.intent_name(0), model.slot_name(3)), ("Light", "thing"));
    let slot = |name: &str| corpus.labels.slots.iter().position(|slot| slot == name).unwrap();
    assert!(model.allows(0, slot("room")) && !model.allows(0, slot("song")) && model.allows(1, slot("room")));
}
