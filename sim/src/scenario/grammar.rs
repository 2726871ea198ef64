//! Which keys there are in a scenario file, what they hold, and what they mean.
//!
//! One table, read three times: by the reader, which refuses every other key; by the errors, which name the nearest;
//! and by `docs/scenarios.md`, which a test holds against it.

use crate::signal::{Fault, Normal};

/// A section: the top of the file or one kind of `[[name]]`.
#[derive(Debug)]
pub struct Section {
    /// Its name in the file, behind that of its parent; empty for the top.
    pub name: &'static str,
    /// What it says.
    pub about: &'static str,
    /// Its keys.
    pub keys: &'static [Key],
    /// Where `kind` decides which keys it takes: the kinds.
    pub kinds: &'static [KindInfo],
    /// The sections that it holds.
    pub parts: &'static [&'static Section],
}

/// A key.
#[derive(Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub value: Value,
    /// What there is if the key is not; `None` where it must be there.
    pub default: Option<&'static str>,
    /// What it means.
    pub about: &'static str,
}

/// A value of `kind`, and which keys go with it.
#[derive(Debug)]
pub struct KindInfo {
    /// The word.
    pub name: &'static str,
    /// What it means.
    pub about: &'static str,
    /// The keys it must have.
    pub needs: &'static [&'static str],
    /// The keys it may have.
    pub takes: &'static [&'static str],
}

/// What a key holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// A text.
    Text,
    /// One or several texts.
    Texts,
    /// A whole number, from and to.
    Integer(u64, u64),
    /// A whole number, a share, a time or an energy, as the kind wants it.
    Bound,
    /// `true` or `false`.
    Truth,
    /// A span of virtual time, `"250ms"`.
    Time,
    /// This many in a unit of time, `"2/s"`.
    Rate,
    /// A share, `"2%"`.
    Share,
    /// A size, `"64KiB"`.
    Size,
    /// A clock's error, `"40ppm"`.
    Skew,
    /// An energy, `"5mJ"`.
    Energy,
    /// Hexadecimal digits.
    Key,
    /// One of these words.
    Word(&'static [&'static str]),
    /// The kind of chip.
    Variant,
    /// A role.
    Role,
    /// One or several names of chips or groups; `all` is every member.
    Chips,
    /// The name of a link.
    Link,
    /// One or several names of links; `all` is every link.
    Links,
    /// Lists of chips.
    Groups,
    /// A file, named relative to the scenario.
    File,
}

impl Value {
    /// What it holds, in words.
    pub fn describe(self) -> String {
        match self {
            Self::Text => "text".into(),
            Self::Texts => "text or list of texts".into(),
            Self::Integer(least, most) => format!("{least} to {most}"),
            Self::Bound => "number or quantity".into(),
            Self::Truth => "true or false".into(),
            Self::Time => "time".into(),
            Self::Rate => "rate".into(),
            Self::Share => "share".into(),
            Self::Size => "size".into(),
            Self::Skew => "ppm".into(),
            Self::Energy => "energy".into(),
            Self::Key => "32 hex digits, `from-seed`, `id:` and 16 hex digits".into(),
            Self::Word(words) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "),
            Self::Variant => "kind of chip".into(),
            Self::Role => "role".into(),
            Self::Chips => "chips".into(),
            Self::Link => "link".into(),
            Self::Links => "links".into(),
            Self::Groups => "list of lists of chips".into(),
            Self::File => "file".into(),
        }
    }
}

impl Key {
    /// What it wants, with an example where there is one, in a table of this kind.
    pub fn wanted(&self, kind: Option<&str>) -> String {
        let value = match (self.value, kind) {
            (Value::Bound, Some("recall" | "answered")) => Value::Share,
            (Value::Bound, Some("latency")) => Value::Time,
            (Value::Bound, Some("energy")) => Value::Energy,
            (Value::Bound, _) => return "a whole number such as 3".into(),
            (value, _) => value,
        };
        let example = match (value, self.name) {
            (Value::Time, _) => "a time such as \"1s\"",
            (Value::Rate, _) => "a rate such as \"2/s\"",
            (Value::Share, "at-least" | "quantile") => "a share such as \"90%\"",
            (Value::Share, _) => "a share such as \"2%\"",
            (Value::Size, _) => "a size such as \"64KiB\"",
            (Value::Skew, _) => "a number of ppm such as \"40ppm\"",
            (Value::Energy, _) => "an energy such as \"5J\"",
            (Value::Link, _) => "the name of one link",
            _ => return value.describe(),
        };
        example.into()
    }
}

pub(crate) const fn must(name: &'static str, value: Value, about: &'static str) -> Key {
    Key { name, value, default: None, about }
}

pub(crate) const fn may(name: &'static str, value: Value, default: &'static str, about: &'static str) -> Key {
    Key { name, value, default: Some(default), about }
}

const fn kind(
    name: &'static str,
    needs: &'static [&'static str],
    takes: &'static [&'static str],
    about: &'static str,
) -> KindInfo {
    KindInfo { name, about, needs, takes }
}

/// The kinds of link.
const LINKS: &[&str] = &["uart", "spi", "i2c", "espnow", "espnow-v2", "parallel"];
/// The normal signals.
const SIGNALS: &[&str] =
    &["sine", "pump-cycle", "duty-cycle", "random-walk", "daily", "vibration", "flat", "bursty"];
/// The faults of signals.
const SIGNAL_FAULTS: &[&str] = &[
    "spike",
    "dropout",
    "stuck",
    "drift",
    "level-shift",
    "noise-burst",
    "frequency-change",
    "missing-cycle",
];

/// The top of the file.
pub const TOP: Section = Section {
    name: "",
    about: "The fleet as a whole.",
    keys: &[
        must("schema", Value::Integer(1, 1), "the version of this format"),
        may("name", Value::Text, "the file's name", "what the scenario is called"),
        may("about", Value::Text, "nothing", "what it shows, for the reader"),
        may("seed", Value::Integer(0, i64::MAX as u64), "0", "the random seed"),
        may("until", Value::Time, "60s", "how much virtual time it takes"),
        may(
            "topology",
            Value::Word(&["mesh", "star", "ring"]),
            "mesh",
            "how the chips are connected; boards form a `mesh`, the others are only simulated",
        ),
        may("replicas", Value::Integer(1, 8), "2", "copies of each item of the fleet, the first included"),
        may(
            "key",
            Value::Key,
            "none",
            "the fleet's key; without one nothing is authenticated. `from-seed` makes one, `id:` and the id of a key wants it with `--key-file`",
        ),
        may("encrypt", Value::Truth, "false", "encrypt the payload of every frame; it needs a `key`"),
    ],
    kinds: &[],
    parts: &SECTIONS,
};

/// The sections.
pub const SECTIONS: [&Section; 7] = [&LINK, &CHIP, &DATA, &TYPE, &LOAD, &FAULT, &EXPECT];

/// Links.
pub const LINK: Section = Section {
    name: "link",
    about: "A shared medium: what one chip sends, all others on it receive. Without a `[[link]]` there is one, `air`, of \
            kind `espnow`; a single `[[chip]]` that names no link has none, and is the chip of `sim --variant`. In a ring each link is cut into segments between neighbours, `bus-1`, `bus-2`, and so on.",
    keys: &[
        must("name", Value::Text, "what it is called"),
        must(
            "kind",
            Value::Word(LINKS),
            "what kind of link it is; boards have `uart` and `espnow`, the others are only simulated",
        ),
        may("loss", Value::Share, "0%", "frames that do not arrive, at each receiver"),
        may("corruption", Value::Share, "0%", "frames that arrive with bits changed, at each receiver"),
        may("duplication", Value::Share, "0%", "frames that arrive twice, at each receiver"),
        may(
            "reordering",
            Value::Share,
            "0%",
            "frames that later ones overtake, by up to 100 ms, at each receiver",
        ),
        may("delay", Value::Time, "0s", "time on the way beyond what this kind of link takes"),
    ],
    kinds: &[],
    parts: &[],
};

/// Chips.
pub const CHIP: Section = Section {
    name: "chip",
    about: "A chip, or a group of equal ones: with `count = 40`, the chips of `sentinel` are `sentinel-1` to \
            `sentinel-40`, and `sentinel` is all of them.",
    keys: &[
        may("name", Value::Text, "`chip-` and its number in the file", "what it is called"),
        must("variant", Value::Variant, "what kind of chip it is"),
        may("role", Value::Role, "the default of the variant", "the role it boots with"),
        may(
            "id",
            Value::Integer(0, 65_534),
            "the lowest free from 1",
            "its address; a group's go on from it",
        ),
        may("count", Value::Integer(1, 10_000), "1", "how many chips"),
        may("arena", Value::Size, "all there is", "the size of its arena"),
        may(
            "radio",
            Value::Word(&["off", "espnow", "wifi"]),
            "what its link needs",
            "what takes its share of the memory",
        ),
        may("link", Value::Link, "the only link", "the link that it is on"),
        may("starts", Value::Time, "0s", "when it is first given power"),
        may("skew", Value::Skew, "0ppm", "how much too fast its clock runs"),
        may("clock", Value::Time, "0s", "what its clock shows when it boots, to pass a rollover soon"),
        may("boots", Value::Integer(0, u32::MAX as u64), "0", "how often it has booted before"),
        may(
            "hostile",
            Value::Word(&["outsider", "replay", "forge", "noise", "insider", "duplicate"]),
            "a member",
            "without the key it runs the same program, replays frames, forges frames, or sends noise; with the key it sends \
             frames under wrong boot numbers (insider), or is a second board with the `id` of a member (duplicate)",
        ),
        may("port", Value::Text, "none", "for `flash --fleet`: the board's serial port"),
        may(
            "serial-number",
            Value::Text,
            "none",
            "for `flash --fleet`: the serial number of the board's USB device",
        ),
        may("image", Value::Text, "none", "for `flash --fleet`: the board's image"),
    ],
    kinds: &[],
    parts: &[],
};

/// How a `.csv` is read, as the options of `sim --input` say it.
const COLUMNS: Key = may(
    "columns",
    Value::Texts,
    "all that hold readings",
    "of a `.csv`: the columns to use, by name or number",
);
const IGNORE: Key = may("ignore", Value::Texts, "none", "of a `.csv`: columns to leave out");
const TIME: Key = may("time", Value::Text, "found", "of a `.csv`: the column with the time, or `none`");
const SEPARATOR: Key = may(
    "separator",
    Value::Text,
    "found",
    "of a `.csv`: what separates cells, a sign or `comma`, `semicolon`, `tab`, `pipe`, `space`",
);
const DECIMAL: Key = may("decimal", Value::Text, "found", "of a `.csv`: the decimal sign, `.` or `,`");
/// The keys that only a `.csv` has.
pub const OF_LOGS: [&str; 5] = [COLUMNS.name, IGNORE.name, TIME.name, SEPARATOR.name, DECIMAL.name];

/// Data that chips are given.
pub const DATA: Section = Section {
    name: "data",
    about: "Texts or samples that are typed at chips as their roles take them: `add` and `remember fact` for texts, \
            `sample` for the rows of a `.csv`.",
    keys: &[
        must("chip", Value::Chips, "who is given them"),
        may("file", Value::File, "none", "one text a line, `#` begins a remark; or a `.csv` of samples"),
        may("texts", Value::Texts, "none", "the texts, instead of a file"),
        COLUMNS,
        IGNORE,
        TIME,
        SEPARATOR,
        DECIMAL,
        may("limit", Value::Integer(1, 1_000_000), "all", "use only this many"),
        may("at", Value::Time, "0s", "when the first is typed"),
        may("every", Value::Time, "0s", "the time between two at one chip; at 0s all are typed at once"),
        may(
            "spread",
            Value::Truth,
            "false",
            "deal them out, each to one of the chips, instead of all to each",
        ),
        may("fleet", Value::Truth, "false", "hand them to the fleet, which makes `replicas` copies of each"),
    ],
    kinds: &[],
    parts: &[],
};

/// Scripted lines.
pub const TYPE: Section = Section {
    name: "type",
    about: "Lines typed at set times.",
    keys: &[
        must("at", Value::Time, "when the first is typed"),
        must("chip", Value::Chips, "at which chips"),
        must("line", Value::Texts, "what, one after the other"),
        may("every", Value::Time, "0s", "the time between two; at 0s all are typed at once"),
    ],
    kinds: &[],
    parts: &[],
};

/// Random load.
pub const LOAD: Section = Section {
    name: "load",
    about: "Lines typed at random times, at each of the chips independently.",
    keys: &[
        must("kind", Value::Word(&["adds", "searches", "questions", "samples"]), "what is typed"),
        must("chip", Value::Chips, "at which chips"),
        must("rate", Value::Rate, "how often, at each chip"),
        may("regular", Value::Truth, "false; true for samples", "at equal intervals instead of at random"),
        may("from", Value::Time, "0s", "not before"),
        may("until", Value::Time, "the end", "the end"),
        may("file", Value::File, "none", "the texts, one a line; or a `.csv` of samples"),
        may("texts", Value::Texts, "none", "the texts, instead of a file"),
        COLUMNS,
        IGNORE,
        TIME,
        SEPARATOR,
        DECIMAL,
        may("limit", Value::Integer(1, 1_000_000), "all", "use only this many of the texts"),
        may(
            "order",
            Value::Word(&["any", "turn", "once"]),
            "any; once for adds; turn for samples",
            "whichever; in turn, over and over; each once, dealt out among the chips",
        ),
        may("fleet", Value::Truth, "false", "hand it to the fleet instead of the chip alone"),
        may("signal", Value::Word(SIGNALS), "none", "a generated signal instead of a file"),
        may(
            "fault",
            Value::Word(SIGNAL_FAULTS),
            "none",
            "what goes wrong with the signal, once, from its 400th to 640th sample on",
        ),
    ],
    kinds: &[
        kind(
            "adds",
            &[],
            &["file", "texts", "limit", "order", "fleet"],
            "`add` and `remember fact`, as roles take it",
        ),
        kind(
            "searches",
            &[],
            &["file", "texts", "limit", "order", "fleet"],
            "`search`, or `recall` where the role has that",
        ),
        kind(
            "questions",
            &[],
            &["file", "texts", "limit", "order", "fleet"],
            "`recall`, or `search` where the role has that",
        ),
        kind(
            "samples",
            &[],
            &["file", "columns", "ignore", "time", "separator", "decimal", "limit", "signal", "fault"],
            "`sample`, for sentinels",
        ),
    ],
    parts: &[],
};

/// Faults.
pub const FAULT: Section = Section {
    name: "fault",
    about: "Faults: at a set time on all named targets, or at random on one target at a time.",
    keys: &[
        must(
            "kind",
            Value::Word(&[
                "crash",
                "reboot",
                "power-cut",
                "partition",
                "cut",
                "loss",
                "corruption",
                "jam",
                "skew",
            ]),
            "what fails",
        ),
        may("at", Value::Time, "none", "when"),
        may("rate", Value::Rate, "none", "how often, at random times, instead of `at`"),
        may("from", Value::Time, "0s", "with `rate`: the start"),
        may("until", Value::Time, "the end", "with `rate`: the end"),
        may("lasts", Value::Time, "for good", "how long the fault lasts"),
        may("chip", Value::Chips, "none", "the chips"),
        may("link", Value::Links, "none", "the links"),
        may("groups", Value::Groups, "none", "the parts that no longer receive each other's frames"),
        may("share", Value::Share, "none", "how much of the frames"),
        may("skew", Value::Skew, "none", "how much too fast the clock runs then"),
    ],
    kinds: &[
        kind(
            "crash",
            &["chip"],
            &["lasts"],
            "the program stops and RAM is lost; it boots when the fault ends",
        ),
        kind("reboot", &["chip"], &[], "it reboots, RAM is lost"),
        kind("power-cut", &["chip"], &["lasts"], "no power, RAM is lost; it boots when the fault ends"),
        kind("partition", &["groups"], &["lasts"], "nothing passes between chips of different groups"),
        kind("cut", &["link"], &["lasts"], "the link is cut"),
        kind("loss", &["link", "share"], &["lasts"], "the link loses this share of the frames"),
        kind(
            "corruption",
            &["link", "share"],
            &["lasts"],
            "the link changes bits in this share of the frames",
        ),
        kind("jam", &["chip"], &["lasts"], "the chip sends continuously"),
        kind("skew", &["chip", "skew"], &["lasts"], "the chip's clock runs at another speed"),
    ],
    parts: &[],
};

/// Expectations.
pub const EXPECT: Section = Section {
    name: "expect",
    about: "Expectations. One that never came up, such as a latency without a question, fails.",
    keys: &[
        must(
            "kind",
            Value::Word(&[
                "text",
                "no-text",
                "no-item-lost",
                "copies",
                "recall",
                "answered",
                "latency",
                "nothing-accepted",
                "alive",
                "coordinator",
                "peers",
                "alarms",
                "energy",
            ]),
            "what is expected",
        ),
        may("name", Value::Text, "made from the rest", "what it is called in verdicts"),
        may("chip", Value::Chips, "all", "which chips; for `nothing-accepted`, all hostile ones"),
        may("any", Value::Truth, "false", "is one of the chips enough?"),
        may("text", Value::Text, "none", "what the line holds"),
        may("from", Value::Time, "0s", "not before"),
        may("by", Value::Time, "the end", "the deadline, or the time of the check"),
        may(
            "at-least",
            Value::Bound,
            "none",
            "the minimum; a number, or a share for `recall` and `answered`",
        ),
        may("at-most", Value::Integer(0, u32::MAX as u64), "no limit", "the most"),
        may("k", Value::Integer(1, 16), "4", "the number of results compared"),
        may("quantile", Value::Share, "95%", "this share of the questions"),
        may("under", Value::Bound, "none", "a time for `latency`, an energy for `energy`"),
        may("is", Value::Chips, "whichever", "which chip it must be"),
    ],
    kinds: &[
        kind(
            "text",
            &["text"],
            &["chip", "any", "from", "by"],
            "each of the chips writes a line with this text",
        ),
        kind("no-text", &["text"], &["chip"], "none of them ever does"),
        kind(
            "no-item-lost",
            &[],
            &[],
            "every item whose storing the fleet acknowledged is held by a running chip at the end",
        ),
        kind(
            "copies",
            &["at-least"],
            &[],
            "every acknowledged item has this many copies on running chips at the end",
        ),
        kind(
            "recall",
            &["at-least"],
            &["k"],
            "the fleet's answers hold this share of what one exact index would answer",
        ),
        kind("answered", &["at-least"], &[], "this share of the questions to the fleet was answered"),
        kind(
            "latency",
            &["under"],
            &["quantile"],
            "questions to the fleet took less than this; one never answered counts as infinite",
        ),
        kind("nothing-accepted", &[], &["chip"], "no member accepted a frame from these chips"),
        kind("alive", &[], &["chip", "by"], "the chips run"),
        kind("coordinator", &[], &["by", "is"], "all running members name the same running chip"),
        kind(
            "peers",
            &["at-least"],
            &["chip", "by"],
            "each of the chips has this many peers that are not lost, as the first line of `peers` counts them",
        ),
        kind(
            "alarms",
            &[],
            &["chip", "at-least", "at-most", "from", "by"],
            "each of the chips raises this many alarms",
        ),
        kind("energy", &["under"], &["chip"], "each of the chips uses less energy than this, modelled"),
    ],
    parts: &[],
};

/// The normal signal of this name.
pub(super) fn signal(name: &str) -> Option<Normal> {
    SIGNALS.iter().zip(Normal::ALL).find(|(have, _)| **have == name).map(|(_, normal)| normal)
}

/// The fault of signals of this name.
pub(super) fn signal_fault(name: &str) -> Option<Fault> {
    SIGNAL_FAULTS.iter().zip(Fault::ALL).find(|(have, _)| **have == name).map(|(_, fault)| fault)
}

impl Section {
    /// The heading in a file.
    pub fn heading(&self) -> String {
        if self.name.is_empty() { "the top of the file".into() } else { format!("[[{}]]", self.name) }
    }

    /// The key under which its parent holds it.
    pub fn own_key(&self) -> &'static str {
        self.name.rsplit('.').next().unwrap_or(self.name)
    }

    /// The key of this name.
    pub fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }

    /// The kind of this name.
    pub fn kind(&self, name: &str) -> Option<&'static KindInfo> {
        self.kinds.iter().find(|kind| kind.name == name)
    }

    /// Is this key one that only some kinds have?
    pub fn is_of_some_kind(&self, name: &str) -> bool {
        self.kinds.iter().any(|kind| kind.has(name))
    }
}

impl KindInfo {
    /// Does it have this key?
    pub fn has(&self, name: &str) -> bool {
        self.needs.contains(&name) || self.takes.contains(&name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_name_only_what_there_is() {
        for section in SECTIONS {
            for info in section.kinds {
                for name in info.needs.iter().chain(info.takes) {
                    assert!(section.key(name).is_some(), "{} {} {name}", section.name, info.name);
                }
                assert!(!info.needs.iter().any(|name| info.takes.contains(name)), "{}", info.name);
            }
            if let Some(Key { value: Value::Word(words), .. }) = section.key("kind")
                && !section.kinds.is_empty()
            {
                assert!(
                    section.kinds.iter().map(|kind| kind.name).eq(words.iter().copied()),
                    "{}",
                    section.name
                );
            }
        }
        use ruvllm_esp_core::wire::link::LinkKind;
        let word = |value: serde_json::Value| value.as_str().map(String::from);
        for name in SIGNALS {
            assert_eq!(word(serde_json::to_value(signal(name)).unwrap()).as_deref(), Some(*name));
        }
        for name in SIGNAL_FAULTS {
            assert_eq!(word(serde_json::to_value(signal_fault(name)).unwrap()).as_deref(), Some(*name));
        }
        assert!(LinkKind::ALL.iter().map(|kind| kind.name()).eq(LINKS.iter().copied()));
    }
}
