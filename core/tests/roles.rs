//! What each role does, shown by its effect, and that no amount of use wears it out.

mod rig;

use rig::Rig;
use ruvllm_esp_core::role::RoleKind;
use ruvllm_esp_core::units::Micros;

const ARENA: usize = 24 * 1024;

/// A sentence that no other number gives.
fn note(number: usize) -> String {
    const THINGS: [&str; 11] =
        ["pump", "valve", "boiler", "fan", "heater", "motor", "filter", "tank", "relay", "meter", "door"];
    const STATES: [&str; 7] =
        ["leaks", "hums", "rattles", "runs hot", "stands still", "was cleaned", "smells"];
    format!("{} {number} {} in hall {}", THINGS[number % 11], STATES[number % 7], number % 13)
}

#[test]
fn the_indexer_finds_what_it_stored_and_forgets_what_it_deleted() {
    let mut rig = Rig::new(RoleKind::HnswIndexer, ARENA);
    assert_eq!(rig.ask("add the pump is in hall 3"), "added id=0");
    assert_eq!(rig.ask("add the cat sleeps on the sofa"), "added id=1");
    assert_eq!(rig.ask("add the boiler was serviced in March"), "added id=2");
    let reply = rig.handle_line("search 1 where does the cat sleep");
    assert!(reply.starts_with("hits: 1\n  id=1 score=0."), "{reply}");
    assert!(reply.ends_with("the cat sleeps on the sofa\n"), "{reply}");
    assert_eq!(rig.ask("delete 1"), "deleted id=1");
    assert!(!rig.handle_line("search 3 where does the cat sleep").contains("sofa"));
    assert_eq!(rig.ask("get 1"), "err: not-found no item has id 1; `list` shows what there is");
    assert_eq!(rig.ask("add the cat sleeps on the bed"), "added id=3");
}

#[test]
fn the_indexer_past_ten_times_its_capacity_still_finds_everything_it_holds() {
    let mut rig = Rig::new(RoleKind::HnswIndexer, ARENA);
    let capacity = rig.agent.capacity() as usize;
    let mut oldest = 0;
    for number in 0..10 * capacity {
        let mut reply = rig.ask(&format!("add {}", note(number)));
        while reply.starts_with("err: full") || reply.starts_with("err: text-full") {
            assert_eq!(rig.ask(&format!("delete {oldest}")), format!("deleted id={oldest}"));
            oldest += 1;
            reply = rig.ask(&format!("add {}", note(number)));
        }
        assert_eq!(reply, format!("added id={number}"));
    }
    assert!(10 * capacity - oldest >= capacity * 9 / 10, "slots were lost");
    for number in oldest..10 * capacity {
        assert_eq!(rig.ask(&format!("search 1 {}", note(number))), format!("hits: {number}"));
    }
}

#[test]
fn the_listing_pages_through_every_item() {
    let mut rig = Rig::new(RoleKind::HnswIndexer, ARENA);
    for number in 0..40 {
        rig.handle_line(&format!("add {}", note(number)));
    }
    rig.handle_line("delete 3");
    let (mut from, mut seen) = ("list".to_string(), 0);
    loop {
        let reply = rig.handle_line(&from);
        assert!(reply.starts_with("items: 39\n"));
        seen += reply.lines().filter(|line| line.starts_with("  id=")).count();
        match reply.lines().find_map(|line| line.strip_prefix("  more: ")) {
            Some(next) => from = next.to_string(),
            None => break,
        }
    }
    assert_eq!(seen, 39);
}

#[test]
fn the_retriever_answers_with_whole_texts_and_admits_when_it_knows_nothing() {
    let mut rig = Rig::new(RoleKind::RagRetriever, ARENA);
    let lift = "The annual inspection of the lift takes place in May, and the inspector wants the log book, the load certificate, and the key to the machine room on the roof.";
    rig.handle_line("add The spare key for the boiler room hangs behind the green door.");
    rig.handle_line("add Water the tomatoes every second evening, and never at noon.");
    assert_eq!(rig.ask(&format!("add {lift}")), "added id=2");
    assert!(rig.ask("recall where is the key for the boiler room").contains("behind the green door"));
    assert_eq!(rig.ask("recall the key to the machine room"), format!("top: {lift}"));
    assert_eq!(
        rig.handle_line("recall quarterly revenue of the shareholders"),
        "top: (no match)\n  no stored text has: quarterly, revenue, shareholders\n"
    );
    rig.handle_line("delete 0");
    assert!(!rig.handle_line("recall where is the key for the boiler room").contains("green door"));
}

#[test]
fn one_rare_word_is_enough() {
    for (role, add) in [(RoleKind::RagRetriever, "add"), (RoleKind::MemoryArchivist, "remember fact")] {
        let mut rig = Rig::new(role, ARENA);
        let texts = [
            ("pump", "the pump in hall three whistles"),
            ("V12", "valve V12 is mounted the wrong way round, and the arrow points against the flow"),
            ("Q7", "after a trip of the motor reset breaker Q7 behind the panel"),
            ("compressor", "the compressor trips when the intake filter is clogged"),
            ("dog", "the vet said the dog should get its pills with food"),
            ("Dampfschiff", "die Donaudampfschifffahrt hat Verspätung"),
            ("東京", "東京タワーは高い"),
        ];
        texts.iter().for_each(|(_, text)| _ = rig.handle_line(&format!("{add} {text}")));
        for (word, text) in texts {
            assert_eq!(rig.ask(&format!("recall {word}")), format!("top: {text}"), "{role:?}");
        }
        assert!(rig.ask("recall V13").starts_with("top: (no "), "another number is another thing");
    }
}

#[test]
fn the_newer_of_two_texts_about_one_thing_is_the_answer() {
    for (role, add) in [(RoleKind::RagRetriever, "add"), (RoleKind::MemoryArchivist, "remember fact")] {
        let mut rig = Rig::new(role, ARENA);
        for text in [
            "the key is under the mat",
            "the dentist appointment is on 14 June",
            "Tom works in the office on Tuesdays",
            "the dog is called Biscuit",
            "the key is in the drawer",
            "the dentist appointment is moved to 21 June",
            "Tom no longer works in the office on Tuesdays but on Mondays",
        ] {
            rig.handle_line(&format!("{add} {text}"));
        }
        let reply = rig.handle_line("recall where is the key");
        assert!(reply.starts_with("top: the key is in the drawer\n"), "{reply}");
        assert!(reply.contains("superseded-by=4 the key is under the mat"), "{reply}");
        assert_eq!(
            rig.ask("recall when is the dentist appointment"),
            "top: the dentist appointment is moved to 21 June"
        );
        assert!(rig.ask("recall when is Tom in the office").contains("no longer"));
        assert!(!rig.handle_line("recall what is the dog called").contains("superseded"));
    }
}

#[test]
fn a_newer_text_that_only_shares_words_does_not_come_before_the_one_that_is_quoted() {
    for (role, add) in [(RoleKind::RagRetriever, "add"), (RoleKind::MemoryArchivist, "remember fact")] {
        let mut rig = Rig::new(role, ARENA);
        for text in [
            "the key of the shed is rusty and hangs in the hallway",
            "the medicine for the cat is in the fridge door",
            "the hallway door and the shed need a new key from the smith",
            "the cat's medicine is no longer in the fridge but on the windowsill",
        ] {
            rig.handle_line(&format!("{add} {text}"));
        }
        let quoted = rig.handle_line("recall key of the shed");
        assert!(quoted.starts_with("top: the key of the shed is rusty"), "{quoted}");
        assert!(!quoted.contains("superseded"), "{quoted}");
        // Quoted as well, but the newer one says something else about nearly the same.
        let changed = rig.handle_line("recall medicine for the cat");
        assert!(changed.starts_with("top: the cat's medicine is no longer"), "{changed}");
        assert!(changed.contains("superseded-by=3 the medicine for the cat"), "{changed}");
    }
}

#[test]
fn an_answer_is_shown_to_its_last_letter() {
    let text = format!("the boiler {} drips", "of the old mill by the river ".repeat(8).trim_end());
    for (role, add) in [
        (RoleKind::HnswIndexer, "add"),
        (RoleKind::RagRetriever, "add"),
        (RoleKind::MemoryArchivist, "remember fact"),
    ] {
        let mut rig = Rig::new(role, ARENA);
        rig.handle_line(&format!("{add} {text}"));
        let asked = if role == RoleKind::HnswIndexer { "search boiler mill" } else { "recall boiler mill" };
        let reply = rig.handle_line(asked);
        assert!(reply.trim_end().ends_with(&text), "{reply}");
    }
}

#[test]
fn what_is_stored_already_is_reported_and_not_stored_again() {
    for (role, add) in [(RoleKind::HnswIndexer, "add"), (RoleKind::RagRetriever, "add")] {
        let mut rig = Rig::new(role, ARENA);
        assert_eq!(rig.ask(&format!("{add} the pump is in hall 3")), "added id=0");
        assert_eq!(rig.ask(&format!("{add} the pump is in hall 3")), "already known as id=0");
        assert_eq!(rig.ask("list"), "items: 1");
    }
}

#[test]
fn the_retriever_past_ten_times_its_capacity_keeps_every_slot() {
    let mut rig = Rig::new(RoleKind::RagRetriever, ARENA);
    let capacity = rig.agent.capacity() as usize;
    for round in 0..10 {
        let mut held = Vec::new();
        for number in 0..capacity {
            match rig.ask(&format!("add {}", note(round * capacity + number))).strip_prefix("added id=") {
                Some(id) => held.push(id.to_string()),
                None => break,
            }
        }
        assert!(held.len() >= capacity * 9 / 10, "round {round} held {} of {capacity}", held.len());
        assert!(rig.ask("add one more note about the boiler").starts_with("err: "));
        for id in held {
            assert_eq!(rig.ask(&format!("delete {id}")), format!("deleted id={id}"));
        }
    }
}

#[test]
fn the_archivist_ranks_what_bears_on_the_question_before_what_is_important() {
    let mut rig = Rig::new(RoleKind::MemoryArchivist, ARENA);
    rig.handle_line("remember state the washing machine is running");
    rig.handle_line("remember fact ESP32-S3 has 512KB SRAM");
    rig.handle_line("remember fact the pump is in hall 3");
    assert_eq!(rig.ask("recall where is the pump"), "top: the pump is in hall 3");
    assert_eq!(rig.ask("recall-type state is the machine running"), "top: the washing machine is running");
    assert_eq!(rig.ask("recall-type event where is the pump"), "top: (no recall)");
    assert_eq!(rig.ask("recall quarterly revenue of the shareholders"), "top: (no recall)");
}

#[test]
fn the_archivist_prefers_the_newer_and_the_used_among_equals() {
    let mut rig = Rig::new(RoleKind::MemoryArchivist, ARENA);
    rig.handle_line("remember fact the blue key opens the shed");
    rig.wait(100 * 3600);
    rig.handle_line("remember fact the blue key opens the attic");
    assert_eq!(rig.ask("recall what does the blue key open"), "top: the blue key opens the attic");
    assert_eq!(rig.ask("recent 1"), "recent: 1");
    assert!(rig.handle_line("recent 1").contains("attic"));
}

#[test]
fn passing_memories_expire_and_others_do_not() {
    let mut rig = Rig::new(RoleKind::MemoryArchivist, ARENA);
    rig.handle_line("remember state the oven is on");
    rig.handle_line("remember fact ttl=60 the code of the gate is 4711");
    rig.handle_line("remember state ttl=0 the cellar is flooded");
    rig.handle_line("remember preference tea without sugar");
    rig.wait(59);
    assert!(rig.ask("recall code of the gate").contains("4711"));
    rig.wait(2);
    assert_eq!(rig.ask("recall code of the gate"), "top: (no recall)");
    rig.wait(24 * 3600);
    assert_eq!(rig.ask("recall is the oven on"), "top: (no recall)");
    assert_eq!(rig.ask("list"), "items: 2");
}

#[test]
fn the_same_memory_is_kept_once() {
    let mut rig = Rig::new(RoleKind::MemoryArchivist, ARENA);
    assert_eq!(rig.ask("remember fact the pump is in hall 3"), "remembered id=0");
    assert_eq!(rig.ask("remember fact the pump is in hall 3"), "already known as id=0");
    assert_eq!(rig.ask("remember event the pump is in hall 3"), "remembered id=1");
    assert_eq!(rig.ask("forget 0"), "forgot id=0");
    assert_eq!(rig.ask("list"), "items: 1");
}

#[test]
fn the_archivist_at_capacity_lets_the_least_valuable_go_and_goes_on_for_ever() {
    let mut rig = Rig::new(RoleKind::MemoryArchivist, ARENA);
    let capacity = rig.agent.capacity() as usize;
    rig.handle_line("remember preference the owner takes tea without sugar");
    rig.handle_line("recall how does the owner take tea");
    for number in 0..10 * capacity {
        rig.wait(60);
        assert_eq!(
            rig.ask(&format!("remember entity {}", note(number))),
            format!("remembered id={}", number + 1)
        );
    }
    assert_eq!(rig.ask("recall how does the owner take tea"), "top: the owner takes tea without sugar");
    assert!(rig.ask(&format!("recall {}", note(10 * capacity - 1))).contains(&note(10 * capacity - 1)));
    let held: usize = rig.ask("list").strip_prefix("items: ").unwrap().parse().unwrap();
    assert!(held >= capacity * 9 / 10, "{held} of {capacity}");
}

#[test]
fn a_memory_in_use_outlasts_a_stream_that_is_never_used() {
    let mut rig = Rig::new(RoleKind::MemoryArchivist, ARENA);
    let capacity = rig.agent.capacity() as usize;
    rig.handle_line("remember fact the owner takes tea without sugar");
    for _ in 0..50 {
        assert!(rig.ask("recall how does the owner take tea").contains("without sugar"));
    }
    for number in 0..3 * capacity {
        rig.wait(600);
        rig.handle_line(&format!("remember context {}", note(number)));
    }
    assert_eq!(rig.ask("recall how does the owner take tea"), "top: the owner takes tea without sugar");
}

#[test]
fn a_recalled_memory_is_as_recent_as_a_new_one() {
    let left = |is_recalled: bool| {
        let mut rig = Rig::new(RoleKind::MemoryArchivist, ARENA);
        let capacity = rig.agent.capacity() as usize;
        rig.handle_line("remember fact the blue key opens the shed");
        rig.wait(2000 * 3600);
        if is_recalled {
            assert!(rig.ask("recall blue key").contains("shed"));
        }
        // Newer, but of a type that is worth less.
        (0..capacity + 20)
            .for_each(|number| _ = rig.handle_line(&format!("remember entity {}", note(number))));
        rig.ask("recall blue key").contains("shed")
    };
    assert!(left(true) && !left(false));
}

#[test]
fn long_texts_cannot_starve_the_archivist() {
    let mut rig = Rig::new(RoleKind::MemoryArchivist, ARENA);
    for number in 0..500 {
        let text = format!("{number} {}", "pump valve boiler fan ".repeat(10));
        assert!(rig.ask(&format!("remember event {text}")).starts_with("remembered id="), "{number}");
    }
}

#[test]
fn a_role_does_not_care_what_its_memory_held_before() {
    use ruvllm_esp_core::agent::{Agent, Identity};
    use ruvllm_esp_core::chip;
    for role in RoleKind::ALL {
        let identity = Identity { chip: &chip::esp32c3::CHIP, chip_id: 1, role, seed: 1 };
        let after = |byte: u8| {
            let mut memory = vec![byte; ARENA];
            let mut agent = Agent::boot(memory.as_mut_slice(), identity).unwrap();
            assert_eq!(agent.items(), 0, "{role:?}");
            // And a change of role leaves nothing of the last one behind.
            let mut reply = String::new();
            for line in ["set-role hnsw !", "add the pump is in hall 3", "set-role memory !", "stats"] {
                agent.line(Ok(line), Micros(0), &mut (), &mut reply).unwrap();
            }
            (reply, memory)
        };
        assert_eq!(after(0), after(0xA5), "{role:?}");
    }
}
