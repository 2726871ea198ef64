//! Scenario files, whole: what they become, and what is said of wrong ones.

use super::key::FleetKey;
use super::plan::*;
use super::problem::Problem;
use proptest::prelude::*;
use ruvllm_esp_core::chip::Radio;
use ruvllm_esp_core::role::RoleKind;
use ruvllm_esp_core::units::{Bytes, Micros};
use ruvllm_esp_core::wire::authentication::Key;
use ruvllm_esp_core::wire::link::LinkKind;
use std::sync::Arc;

const HOUSE: &str = r#"
schema = 1
name = "house"
seed = 7
until = "2m"
topology = "star"
replicas = 3
key = "000102030405060708090a0b0c0d0e0f"

[[link]]
name = "air"
kind = "espnow"
loss = "2.5%"
delay = "3ms"

[[link]]
name = "wire"
kind = "uart"

[[chip]]
name = "hall"
variant = "esp32c6"
role = "memory"
link = "air"
id = 4
arena = "64KiB"
starts = "2s"
skew = "-20ppm"

[[chip]]
name = "room"
variant = "esp32c3"
role = "anomaly"
count = 3
link = "air"
id = 10

[[chip]]
variant = "ESP32-S2"
link = "wire"
hostile = "replay"

[[data]]
chip = "hall"
file = "notes.txt"
limit = 2
fleet = true

[[type]]
at = "5s"
chip = ["room-2", "hall"]
line = ["stats", "peers"]
every = "1s"

[[load]]
kind = "samples"
chip = "room"
rate = "4/s"
signal = "sine"
fault = "spike"

[[load]]
kind = "questions"
chip = "hall"
rate = "6/m"
from = "10s"
until = "30s"
texts = "where is the pump"
fleet = true

[[fault]]
kind = "crash"
at = "20s"
lasts = "5s"
chip = "all"

[[fault]]
kind = "loss"
rate = "1/m"
link = "air"
share = "50%"

[[fault]]
kind = "partition"
at = "30s"
groups = [["hall"], ["room"]]

[[expect]]
kind = "text"
chip = "room"
text = "ANOMALY"
by = "90s"

[[expect]]
kind = "recall"
at-least = "90%"

[[expect]]
kind = "alarms"
chip = "room-1"
at-least = 1
at-most = 9

[[expect]]
kind = "nothing-accepted"

[[expect]]
kind = "latency"
quantile = "99%"
under = "250ms"
name = "fast enough"
"#;

fn files() -> Vec<(String, Arc<str>)> {
    let notes = "# notes\nthe pump is in hall 3\nthe valve is red\nnever read\n";
    vec![("notes.txt".into(), notes.into()), ("log.csv".into(), "time,v\n0,1.5\n1,x\n".into())]
}

fn parse(text: &str) -> Result<Scenario, Vec<Problem>> {
    Scenario::parse(text, "house.toml", files().as_slice()).map_err(|problems| problems.list)
}

/// The first mistake of the file with one change.
fn mistake(from: &str, to: &str) -> Problem {
    assert!(HOUSE.contains(from), "{from}");
    parse(&HOUSE.replacen(from, to, 1)).expect_err(to).remove(0)
}

#[test]
fn a_file_becomes_what_it_says() {
    let house = parse(HOUSE).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let encrypted = parse(&HOUSE.replace("replicas = 3", "replicas = 3\nencrypt = true")).unwrap();
    assert_eq!((house.encrypts, encrypted.encrypts), (false, true));
    assert_eq!((house.name.as_str(), house.seed, house.until), ("house", 7, Micros::seconds(120)));
    assert_eq!(
        (house.topology, house.replicas, house.key),
        (
            Topology::Star,
            3,
            FleetKey::Known(Key::new([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]))
        )
    );
    let named: Vec<(&str, u16)> = house.chips.iter().map(|chip| (chip.name.as_str(), chip.id)).collect();
    assert_eq!(named, [("hall", 4), ("room-1", 10), ("room-2", 11), ("room-3", 12), ("chip-5", 1)]);
    let hall = &house.chips[0];
    assert_eq!(
        (hall.role, hall.radio, hall.arena),
        (RoleKind::MemoryArchivist, Radio::EspNow, Some(Bytes::kib(64)))
    );
    assert_eq!((hall.starts, hall.skew, hall.hostile), (Micros::seconds(2), -20, None));
    assert_eq!((house.chips[4].role, house.chips[4].radio), (RoleKind::AnomalySentinel, Radio::Off));
    assert_eq!((house.chips[4].chip.name, house.chips[4].hostile), ("esp32s2", Some(Hostility::Replay)));
    let air = &house.links[0];
    assert_eq!((air.kind, air.loss, air.delay), (LinkKind::EspNow, Permille(25), Micros(3_000)));
    assert!(
        air.members.iter().map(|port| port.chip).eq(0..4) && air.members.iter().all(|port| port.port == 0)
    );
    assert_eq!((house.chips[4].link, house.links[1].members[0].chip), (Some(1), 4));
    assert_eq!(
        house.scripted[0].lines.as_ref(),
        ["fleet remember fact the pump is in hall 3", "fleet remember fact the valve is red"]
    );
    assert_eq!((&house.scripted[1].chips, house.scripted[1].every), (&vec![0, 2], Micros::seconds(1)));
    assert_eq!((house.load[0].gap, house.load[0].regular), (Micros(250_000), true));
    assert!(
        matches!(&house.load[1].lines, LoadLines::Any(lines) if lines.as_ref() == ["fleet recall where is the pump"])
    );
    assert_eq!(house.faults[0].fault, FaultKind::Crash(vec![0, 1, 2, 3]), "`all` is every member");
    assert_eq!(house.faults[1].fault, FaultKind::Loss(vec![0], Permille(500)));
    assert_eq!(house.faults[2].fault, FaultKind::Partition(vec![vec![0], vec![1, 2, 3]]));
    let named: Vec<&str> = house.expectations.iter().map(|expected| expected.name.as_str()).collect();
    let last = ["nothing accepted from hostile chips", "fast enough"];
    assert_eq!(named, ["`ANOMALY` on room", "recall@4 at least 90%", "alarms of room-1", last[0], last[1]]);
    assert_eq!(house.expectations[3].what, Expected::NothingAccepted { from: vec![4] });
    assert_eq!(Scenario::unpack(&house.bundle), Ok(house));
}

#[test]
fn every_mistake_has_its_place_and_a_way_out() {
    // What is changed, into what, what the mistake points at, what is said, and what is advised.
    let cases = [
        (
            r#"role = "memory""#,
            r#"role = "memroy""#,
            r#""memroy""#,
            "there is no role `memroy`",
            "did you mean `memory`?",
        ),
        (
            r#"variant = "esp32c6""#,
            r#"variant = "esp32c9""#,
            r#""esp32c9""#,
            "no kind of chip `esp32c9`",
            "esp32c",
        ),
        (r#"link = "air""#, r#"link = "iar""#, r#""iar""#, "there is no link `iar`", "did you mean `air`?"),
        (
            r#"arena = "64KiB""#,
            r#"arnea = "64KiB""#,
            "arnea",
            "no key `arnea` in [[chip]]",
            "did you mean `arena`?",
        ),
        (r#"arena = "64KiB""#, r#"arena = "64""#, r#""64""#, "`arena` is `64`", "64KiB"),
        (r#"arena = "64KiB""#, r#"arena = "64MiB""#, r#""64MiB""#, "esp32c6 has", "radio is espnow"),
        (r#"arena = "64KiB""#, r#"arena = "64B""#, r#""64B""#, "role memory needs", ""),
        ("id = 4", "id = 11", "10\n", "the address 11 is taken", ""),
        ("id = 4", r#"id = "4""#, r#""4""#, "`id` is a text", "wanted: 0 to 65534"),
        ("id = 4", "id = 65535", "65535", "`id` is 65535", "from 0 to 65534"),
        ("[[chip]]", "[[chp]]", "chp", "no key `chp` in the top of the file", "`chip`"),
        (
            r#"name = "room""#,
            r#"name = "hall""#,
            "\"hall\"\nvariant = \"esp32c3\"",
            "the name `hall` is taken",
            "",
        ),
        (
            r#"key = "000102030405060708090a0b0c0d0e0f""#,
            "encrypt = true",
            "true",
            "`encrypt` needs a `key`",
            "from-seed",
        ),
        ("schema = 1", "schema = 2", "2", "`schema` is 2", "from 1 to 1"),
        ("schema = 1", "", "", "the top of the file lacks `schema`", "version"),
        (r#"loss = "2.5%""#, "loss = 2.5", "2.5", "`loss` is a number with a point", "share"),
        (r#"kind = "espnow""#, r#"kind = "espnwo""#, r#""espnwo""#, "there is no kind `espnwo`", "`espnow`"),
        (
            r#"file = "notes.txt""#,
            r#"file = "nots.txt""#,
            r#""nots.txt""#,
            "`nots.txt` cannot be read",
            "recorded",
        ),
        (r#"["room-2""#, r#"["room-4""#, r#""room-4""#, "there is no chip `room-4`", "did you mean `room"),
        (r#"["stats""#, r#"["sta\u0007""#, r#""sta\u0007""#, "control character", "tabs"),
        (r#"rate = "4/s""#, r#"rate = "4""#, r#""4""#, "`rate` is `4`", "2/s"),
        (
            "\"sine\"\nfault = \"spike\"",
            "\"flat\"\nfault = \"missing-cycle\"",
            r#""missing-cycle""#,
            "has no cycles",
            "",
        ),
        (
            r#"until = "30s""#,
            r#"until = "10s""#,
            "[[load]]\nkind = \"questions\"",
            "ends before it begins",
            "",
        ),
        (r#"at = "20s""#, r#"at = "3m""#, r#""3m""#, "ends before that", ""),
        ("share = \"50%\"\n", "", "[[fault]]\nkind = \"loss\"", "kind `loss` lacks `share`", "frames"),
        (
            r#"share = "50%""#,
            "share = \"50%\"\nskew = \"1ppm\"",
            "skew = \"1ppm\"",
            "`skew` has no meaning for kind `loss`",
            "link, share",
        ),
        (r#"["room"]]"#, r#"["hall"]]"#, "[[fault]]\nkind = \"partition\"", "no chip is in two", ""),
        (r#"at-least = "90%""#, "at-least = 90", "90\n", "`at-least` is a whole number", ""),
        ("at-most = 9", "at-most = 0", "[[expect]]\nkind = \"alarms\"", "`at-least` is more", ""),
        ("hostile = \"replay\"\n", "", "[[expect]]\nkind = \"nothing", "no chip is hostile", "hostile"),
        (r#"until = "2m""#, r#"until = "0s""#, "", "cannot end at", ""),
        (r#"key = "0001"#, r#"key = "001"#, r#""00102"#, "`key` is", "32 hexadecimal"),
        (r#"name = "wire""#, "name = \"wire\"\nname = \"x\"", "name = \"x\"", "duplicate key `name`", ""),
        (
            r#"at-least = "90%""#,
            "at-least = 3",
            "3\n\n[[expect]]\nkind = \"alarms",
            "`at-least`",
            "a share such as \"90%\"",
        ),
        (r#"under = "250ms""#, "under = 5", "5\nname = \"fast", "`under`", "a time such as \"1s\""),
        (r#"loss = "2.5%""#, "corruption = 5", "5\ndelay", "`corruption`", "a share such as \"2%\""),
        (r#"at-least = "90%""#, r#"at-least = "0%""#, r#""0%""#, "always reached", ""),
        (r#"by = "90s""#, "by = \"90s\"\nfrom = \"91s\"", r#""91s""#, "ends before it begins", ""),
        ("at-most = 9", "at-most = 9\nby = \"3s\"\nfrom = \"4s\"", r#""4s""#, "ends before it begins", ""),
        (r#"quantile = "99%""#, r#"quantile = "0%""#, r#""0%""#, "checks nothing", ""),
        (r#"under = "250ms""#, r#"under = "0s""#, "\"0s\"", "cannot be met", ""),
        (r#"share = "50%""#, r#"share = "0%""#, r#""0%""#, "a fault cannot be 0%", ""),
        (r#"lasts = "5s""#, r#"lasts = "0s""#, r#""0s""#, "a fault cannot last 0s", ""),
        (
            r#"kind = "nothing-accepted""#,
            "kind = \"peers\"\nat-least = 5",
            "5\n\n[[expect]]\nkind = \"latency",
            "at most 4",
            "",
        ),
        (
            r#"kind = "nothing-accepted""#,
            "kind = \"copies\"\nat-least = 9",
            "9\n\n[[expect]]\nkind = \"latency",
            "`at-least`",
            "",
        ),
        (r#"link = "air""#, r#"link = ["air"]"#, r#"["air"]"#, "`link` is a list", "the name of one link"),
    ];
    for (from, to, at, message, help) in cases {
        let reported = mistake(from, to);
        let said = reported.help.as_deref().unwrap_or_default();
        assert!(reported.message.contains(message) && said.contains(help), "{to}: {reported:?}");
        let text = HOUSE.replacen(from, to, 1);
        let before = &text[..text.find(at).unwrap()];
        let line = before.matches('\n').count() as u32 + 1;
        let column = before.rsplit('\n').next().unwrap().len() as u32 + 1;
        assert_eq!((reported.line, reported.column), (line, column), "{to}: {reported:?}");
    }
}

#[test]
fn all_mistakes_are_reported_at_once_in_their_order() {
    let text =
        HOUSE.replace("\"memory\"", "\"memroy\"").replace("\"4/s\"", "\"4\"").replace("\"ANOMALY\"", "3");
    let problems = parse(&text).unwrap_err();
    assert!(problems.len() == 3 && problems.is_sorted_by_key(|problem| problem.line), "{problems:#?}");
}

#[test]
fn data_with_a_hole_names_the_row() {
    let reported = mistake("chip = \"hall\"\nfile = \"notes.txt\"", "chip = \"room\"\nfile = \"log.csv\"");
    // `fleet` says nothing to samples; the hole is what counts.
    assert!(reported.message.contains("line 3:2: `x` of column `v` is not a number"), "{reported:?}");
}

#[test]
fn a_ring_is_cut_between_neighbours() {
    let text = "schema = 1\ntopology = \"ring\"\n[[link]]\nname = \"bus\"\nkind = \"uart\"\n\
                [[chip]]\nvariant = \"esp32c3\"\ncount = 3\nname = \"n\"\n\
                [[fault]]\nkind = \"cut\"\nat = \"1s\"\nlink = \"bus-3\"\n";
    let ring = parse(text).unwrap();
    let ends = |link: &LinkPlan| link.members.iter().map(|port| (port.chip, port.port)).collect::<Vec<_>>();
    let ends: Vec<_> = ring.links.iter().map(ends).collect();
    assert_eq!(ends, [[(0, 1), (1, 0)], [(1, 1), (2, 0)], [(2, 1), (0, 0)]]);
    assert!(ring.chips.iter().map(|chip| chip.link).eq((0..3).map(Some)));
    assert_eq!(ring.faults[0].fault, FaultKind::Cut(vec![2]));
    let problems = parse(&text.replace("\"uart\"", "\"espnow\"")).unwrap_err();
    assert!(problems[0].message.contains("cannot form a ring"), "{problems:?}");
}

#[test]
fn the_least_file_has_one_chip_by_itself() {
    let least = parse("schema = 1\n[[chip]]\nvariant = \"esp32c3\"\n").unwrap();
    assert_eq!((least.links.len(), least.chips[0].link, least.name.as_str()), (0, None, "house"));
    for more in ["link = \"air\"", "[[chip]]\nvariant = \"esp32c6\"", "hostile = \"noise\""] {
        let air = parse(&format!("schema = 1\n[[chip]]\nvariant = \"esp32c3\"\n{more}\n")).unwrap();
        assert_eq!((air.links.len(), air.links[0].kind, air.chips[0].link), (1, LinkKind::EspNow, Some(0)));
    }
    assert!(parse("schema = 1\n").unwrap_err()[0].message.contains("no [[chip]]"));
}

#[test]
fn hostile_files_stay_within_bounds() {
    let chips = |count: &str| format!("schema = 1\n[[chip]]\nvariant = \"esp32c3\"\ncount = {count}\n");
    assert_eq!(parse(&chips("10_000")).unwrap().chips.len(), MAX_CHIPS);
    assert!(parse(&chips("10001")).is_err());
    assert!(parse(&chips("99999999999999999999999999")).is_err());
    let two = format!("{}[[chip]]\nvariant = \"esp32c3\"\n", chips("10000"));
    assert!(parse(&two).unwrap_err()[0].message.contains("at most 10000 chips"));
    // A megabyte of names that each stand for ten thousand chips.
    let names = vec!["\"all\""; 100_000].join(",");
    let many = format!("{}[[type]]\nat = \"1s\"\nline = \"role\"\nchip = [{names}]\n", chips("10000"));
    assert!(parse(&many).unwrap_err()[0].message.contains("together"));
    let load = "[[load]]\nkind = \"searches\"\nchip = \"all\"\nrate = \"10000/s\"\ntexts = \"x\"\n";
    assert!(parse(&format!("{}{load}", chips("10000"))).unwrap_err()[0].message.contains("more than"));
    let faults = "[[fault]]\nkind = \"reboot\"\nrate = \"10000/s\"\nchip = \"all\"\n";
    assert!(parse(&format!("{}{faults}", chips("1"))).unwrap_err()[0].message.contains("more than"));
    assert!(parse(&"[".repeat(100_000)).is_err());
    assert!(parse(&format!("x = {}", "[".repeat(500_000))).is_err());
    assert!(parse(&"x".repeat(2 << 20)).unwrap_err()[0].message.contains("1 MiB"));
    assert!(parse("schema = 1\nchip = 3\nlink = []\ndata = [1]\n").is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_change_gives_a_scenario_or_mistakes(at in 0..HOUSE.len(), cut in 0usize..30, with in "[a-z0-9\"\\[\\]=. %\\-/\n]{0,12}") {
        let end = (at + cut).min(HOUSE.len());
        let text = format!("{}{with}{}", &HOUSE[..at], &HOUSE[end..]);
        match parse(&text) {
            Ok(scenario) => prop_assert!(scenario.chips.len() <= MAX_CHIPS && scenario.inputs().take(1000).count() <= 1000),
            Err(problems) => prop_assert!(!problems.is_empty() && problems.len() <= 50),
        }
    }
}

#[test]
fn a_wrong_kind_of_chip_hides_nothing_else() {
    let text = "schema = 1\n[[chip]]\nvariant = \"esp33\"\nrole = \"memroy\"\nid = 70000\narena = \"x\"\n\
                starts = \"x\"\nskew = \"x\"\nhostile = \"x\"\nradio = \"x\"\ncount = 0\n";
    let problems = parse(text).unwrap_err();
    assert!(problems.iter().map(|problem| problem.line).eq(3..=11), "{problems:#?}");
}

#[test]
fn what_follows_from_a_mistake_is_not_one_more() {
    let without = parse("schema = 1\n").unwrap_err();
    assert!(without.len() == 1 && without[0].message == "there is no [[chip]]", "{without:?}");
    let single = parse("schema = 1\n[chip]\nvariant = \"esp32c3\"\n").unwrap_err();
    assert!(single.len() == 1 && single[0].message.contains("list of tables"), "{single:?}");
    let beside =
        parse("schema = 1\n[[chip]]\nvariant = \"esp32c3\"\n[chip]\nvariant = \"esp32\"\n").unwrap_err();
    assert!(beside[0].message.contains("chip"), "{beside:?}");
}

#[test]
fn another_end_is_the_end_of_all_that_lasts_to_it() {
    let house = parse(HOUSE).unwrap();
    let at = |seconds| Scenario::unpack_until(&house.bundle, Some(Micros::seconds(seconds))).unwrap();
    let longer = at(300);
    let written = HOUSE.replace("until = \"2m\"", "until = \"5m\"");
    let same = parse(&written).unwrap();
    assert_eq!((longer.until, longer.planned), (Micros::seconds(300), Micros::seconds(300)));
    assert_eq!(
        (&longer.load, &longer.faults, &longer.expectations),
        (&same.load, &same.faults, &same.expectations)
    );
    let shorter = at(50);
    assert_eq!((shorter.until, shorter.planned), (Micros::seconds(50), Micros::seconds(120)));
    assert_eq!((&house.lines, house.planned), (&vec![20, 30, 30, 30, 38], house.until));
}

#[test]
fn it_says_what_no_board_can_do() {
    let on_boards = parse("schema = 1\n[[chip]]\nvariant = \"esp32c3\"\ncount = 2\n").unwrap();
    assert!(on_boards.simulator_only().is_empty());
    let links = "[[link]]\nname = \"a\"\nkind = \"spi\"\n";
    let chips = "[[chip]]\nvariant = \"esp32c3\"\nlink = \"a\"\ncount = 3\n";
    let simulated = parse(&format!("schema = 1\ntopology = \"ring\"\n{links}{chips}")).unwrap();
    assert_eq!(simulated.simulator_only(), ["topology ring", "link spi"]);
}
