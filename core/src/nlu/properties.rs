//! What holds for any container and any sentence.

use super::container::{ContainerError, HEAD, MAX_BYTES, Model, VERSION};
use super::decode::{Reading, decode};
use super::encoder;
use super::encoder::{EncodeError, encode};
use super::limits::MAX_WORDS;
use super::sample::{INTENTS, SLOTS, container, seal};
use crate::arena::Arena;
use crate::meter::{Counts, Meter, Op};
use proptest::prelude::*;
use std::string::{String, ToString};
use std::vec;
use std::vec::Vec;

fn read<M: Meter>(bytes: &[u8], text: &str, meter: &mut M) -> Result<Reading, EncodeError> {
    let model = Model::open(bytes, &mut ()).unwrap();
    let mut memory = vec![0xA5; 24 * 1024];
    let encoded = encode(&model, text, &mut Arena::new(&mut memory), meter)?;
    Ok(decode(&model, &encoded, meter))
}

#[test]
fn a_whole_container_opens_and_has_its_names() {
    let bytes = container(1);
    let model = Model::open(&bytes, &mut ()).unwrap();
    assert_eq!((model.shape().intents, model.shape().slots), (INTENTS, SLOTS));
    assert_eq!((model.intent_name(0), model.intent_name(2), model.slot_name(0)), ("na", "nc", "nd"));
    assert_eq!((model.intent_name(3), model.slot_name(SLOTS)), ("", ""));
    assert!(!model.allows(0, SLOTS) && !model.allows(INTENTS, 0));
}

#[test]
fn every_truncation_and_every_changed_byte_is_an_error() {
    let bytes = container(1);
    for length in 0..bytes.len() {
        assert!(Model::open(&bytes[..length], &mut ()).is_err(), "{length}");
    }
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 0x10;
        assert!(Model::open(&changed, &mut ()).is_err(), "{at}");
    }
    let longer = [bytes.as_slice(), &[0]].concat();
    assert_eq!(
        Model::open(&longer, &mut ()).unwrap_err(),
        ContainerError::TooLong { offset: bytes.len(), extra: 1 }
    );
}

#[test]
fn errors_say_where_and_what() {
    let changed = |at: usize, value: u8| {
        let mut bytes = container(1);
        bytes[at] = value;
        if at >= 16 {
            seal(&mut bytes);
        }
        Model::open(&bytes, &mut ()).unwrap_err().to_string()
    };
    for (at, value, message) in [
        (0, b'X', "not a model: byte 0 does not begin `RVNL`"),
        (4, 9, "version 9 at byte 4; this program reads version 1"),
        (11, 1, "byte 8: length is "),
        (16, 17, "byte 16: width is 17, allowed are values up to 128"),
        (17, 4, "byte 16: width is 1040"),
        (21, 2, "byte 20: intents is 515"),
        (32, 3, "byte 32: heads is 3"),
        (33, 9, "byte 33: layers is 9"),
        (24, 21, "byte 552: reserved is 213"),
        (HEAD + 50 * 10, 63, "shift is 63"),
    ] {
        let error = changed(at, value);
        assert!(error.contains(message), "{at}: {error}");
    }
    assert!(VERSION < 9 && container(1).len() < MAX_BYTES);
}

#[test]
fn a_sentence_without_words_and_an_arena_without_room_are_errors() {
    let bytes = container(1);
    assert_eq!(read(&bytes, " \t ", &mut ()), Err(EncodeError::Empty));
    let model = Model::open(&bytes, &mut ()).unwrap();
    let mut memory = [0; 100];
    let error = encode(&model, "two words", &mut Arena::new(&mut memory), &mut ()).unwrap_err();
    assert!(matches!(error, EncodeError::NoRoom(_)));
}

#[test]
fn words_beyond_the_limit_are_left_out_and_said() {
    let bytes = container(1);
    let model = Model::open(&bytes, &mut ()).unwrap();
    for (words, cut) in [(MAX_WORDS, false), (MAX_WORDS + 1, true)] {
        let mut memory = vec![0; 24 * 1024];
        let encoded = encode(&model, &"word ".repeat(words), &mut Arena::new(&mut memory), &mut ()).unwrap();
        assert_eq!((encoded.words(), encoded.is_cut()), (MAX_WORDS, cut));
    }
}

/// The same on every host and chip: integers leave nothing open. A change of these figures is a change of the format.
#[test]
fn the_scores_of_a_sentence_are_what_they_always_were() {
    let bytes = container(1);
    let model = Model::open(&bytes, &mut ()).unwrap();
    let mut memory = vec![0; 24 * 1024];
    let text = "Dim the CAFÉ lights to 20%, please";
    let encoded = encode(&model, text, &mut Arena::new(&mut memory), &mut ()).unwrap();
    let mut intents = [0; INTENTS];
    encoded.intent_scores(&model, &mut intents, &mut ());
    let mut tags = [0; 1 + 2 * SLOTS];
    encoded.tag_scores(&model, 6, &mut tags, &mut ());
    let one_by_one = (0..tags.len()).map(|tag| encoded.tag_score(&model, 6, tag, &mut ()));
    assert!(one_by_one.eq(tags));
    assert_eq!(encoder::intent_bits(&model), 10);
    assert_eq!((intents, &tags[..6]), GOLDEN);
}

/// Scores of intents, and the first of the last word's tags.
const GOLDEN: ([i16; INTENTS], &[i16]) = ([-2744, -2510, -1756], &[3595, 2641, -2096, 865, 2867, -2242]);

#[test]
fn the_work_grows_with_the_words() {
    let bytes = container(1);
    let macs = |text: &str| {
        let mut counts = Counts::default();
        read(&bytes, text, &mut counts).unwrap();
        counts.of(Op::Mac)
    };
    assert!(macs("one two three four") > 3 * macs("one"));
}

proptest! {
    #[test]
    fn any_bytes_are_a_model_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Model::open(&bytes, &mut ()).is_err());
    }

    /// Damage with a right checksum: what a hostile author can do.
    #[test]
    fn a_hostile_model_gives_nonsense_or_an_error(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..40),
        text in ".{0,80}",
    ) {
        let mut bytes = container(2);
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        seal(&mut bytes);
        if Model::open(&bytes, &mut ()).is_ok() {
            let _ = read(&bytes, &text, &mut ());
        }
    }

    #[test]
    fn readings_are_consistent(seed in 1u64..50, text in "[a-z0-9 ,.é']{1,120}") {
        let bytes = container(seed);
        let model = Model::open(&bytes, &mut ()).unwrap();
        let Ok(reading) = read(&bytes, &text, &mut ()) else { return Ok(()) };
        prop_assert_eq!(reading.tags().len(), text.split_whitespace().count().min(MAX_WORDS));
        prop_assert!((0..=1000).contains(&reading.confidence.0));
        prop_assert!(reading.confidence <= reading.intent_confidence);
        let mut before = 0;
        for tag in reading.tags() {
            let inside = *tag > 0 && tag % 2 == 0;
            prop_assert!(!inside || before == *tag || before + 1 == *tag, "{:?}", reading.tags());
            prop_assert!(*tag == 0 || model.allows(reading.intent, usize::from((tag - 1) / 2)));
            before = *tag;
        }
        let again: Vec<String> = text.split_whitespace().map(String::from).collect();
        prop_assert_eq!(read(&bytes, &again.join("  "), &mut ()).unwrap(), reading);
    }
}
