//! The console that every role has, and what no input may do to it.

mod rig;

use proptest::prelude::*;
use rig::Rig;
use ruvllm_esp_core::agent::COMMON;
use ruvllm_esp_core::role::RoleKind;

const ARENA: usize = 24 * 1024;

#[test]
fn every_listed_command_exists_and_has_help() {
    for kind in RoleKind::ALL {
        let mut rig = Rig::new(kind, ARENA);
        for command in kind.info().commands.iter().chain(&COMMON) {
            let reply = rig.handle_line(command.name);
            assert!(!reply.contains("unknown-command"), "{}: {reply}", command.name);
            assert!(rig.handle_line("help").contains(command.usage), "{}", command.name);
            assert!(rig.handle_line(&format!("help {}", command.name)).contains(command.summary));
        }
    }
}

#[test]
fn a_command_of_another_role_names_that_role() {
    let mut rig = Rig::new(RoleKind::HnswIndexer, ARENA);
    assert!(rig.ask("remember fact x").starts_with("err: wrong-role"), "{}", rig.ask("remember fact x"));
    assert!(rig.ask("remember fact x").contains("memory"));
    assert!(rig.ask("nonsense").starts_with("err: unknown-command"));
    assert_eq!(rig.handle_line(""), "");
}

#[test]
fn changing_the_role_wants_a_mark_when_something_would_be_lost() {
    let mut rig = Rig::new(RoleKind::HnswIndexer, ARENA);
    rig.handle_line("add the pump is in hall 3");
    assert!(rig.ask("set-role rag").starts_with("err: needs-confirmation"));
    assert_eq!(rig.ask("role"), "role: HnswIndexer");
    assert_eq!(rig.ask("get 0"), "id=0 the pump is in hall 3");
    assert_eq!(rig.ask("set-role rag !"), "role set to RagRetriever, 1 items discarded");
    assert_eq!(rig.ask("set-role HnswIndexer"), "role set to HnswIndexer");
    assert_eq!(rig.ask("list"), "items: 0");
    assert!(rig.ask("set-role cook").starts_with("err: unknown-role"));
}

#[test]
fn stats_keep_their_form() {
    let mut rig = Rig::new(RoleKind::MemoryArchivist, ARENA);
    rig.handle_line("remember fact the pump is in hall 3");
    assert_eq!(rig.ask("stats"), "role=MemoryArchivist variant=esp32s3 sram_kb=333 ops=2 mem=1");
}

#[test]
fn mem_accounts_for_the_arena() {
    for kind in RoleKind::ALL {
        let mut rig = Rig::new(kind, ARENA);
        let reply = rig.handle_line("mem");
        let field = |name: &str| -> usize {
            let rest = reply.split(&format!(" {name}=")).nth(1).unwrap();
            rest.split_whitespace().next().unwrap().parse().unwrap()
        };
        assert_eq!(field("total"), ARENA);
        let parts =
            reply.lines().skip(1).map(|line| line.rsplit(' ').next().unwrap().parse::<usize>().unwrap());
        assert_eq!(parts.sum::<usize>(), field("used"));
        assert_eq!(field("used") + field("free"), ARENA);
        assert!(field("free") < 1024, "{kind:?} leaves {} B unused", field("free"));
    }
}

fn any_line() -> impl Strategy<Value = String> {
    let verb = prop::sample::select(vec![
        "add",
        "search",
        "get",
        "delete",
        "list",
        "clear",
        "recall",
        "learn",
        "check",
        "sample",
        "remember",
        "recall-type",
        "recent",
        "forget",
        "role",
        "variant",
        "stats",
        "mem",
        "peers",
        "set-role",
        "help",
        "version",
        "?",
    ]);
    let argument = prop_oneof![
        "[a-z]{1,8}( [a-z]{1,8}){0,12}",
        "\\PC{0,40}",
        any::<i64>().prop_map(|number| number.to_string()),
        Just("fact".to_string()),
        Just("!".to_string()),
        Just("hnsw !".to_string()),
        Just("memory !".to_string()),
        Just("99999999999999999999 -1e999 .".to_string()),
    ];
    (verb, proptest::collection::vec(argument, 0..4))
        .prop_map(|(verb, rest)| format!("{verb} {}", rest.join(" ")))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_get_an_answer_and_no_panic(
        role in 0usize..4, bytes in proptest::collection::vec(any::<u8>(), 0..1500)
    ) {
        let mut rig = Rig::new(RoleKind::ALL[role], ARENA);
        rig.feed(&bytes);
        prop_assert!(rig.ask("role").starts_with("role: "));
    }

    #[test]
    fn any_commands_get_an_answer_and_no_panic(
        role in 0usize..4, lines in proptest::collection::vec(any_line(), 0..80)
    ) {
        let mut rig = Rig::new(RoleKind::ALL[role], ARENA);
        for line in lines {
            let reply = rig.feed(format!("{line}\n").as_bytes());
            prop_assert!(reply.ends_with('\n'), "{line}: {reply}");
            for answer in reply.lines().filter(|answer| answer.starts_with("err:")) {
                prop_assert!(answer.split(' ').nth(1).is_some_and(|code| !code.is_empty()));
            }
        }
        prop_assert!(rig.ask("stats").starts_with("role="));
    }
}
