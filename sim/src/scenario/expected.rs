//! What must hold: `[[expect]]`.

use super::grammar;
use super::members::Members;
use super::names::ALL;
use super::plan::{Expectation, Expected, Hostility, Permille, Scenario};
use super::problem::{Notes, Wrong};
use super::quantity;
use super::sections::Sections;
use super::table::Table;
use ruvllm_esp_core::units::Micros;

/// Reads the expectations.
pub(super) fn read(
    sections: Sections<'_>,
    scenario: &Scenario,
    members: &Members,
    notes: &Notes<'_>,
) -> Vec<Expectation> {
    let read = |table: Table<'_>| {
        let reading = Reading { table, scenario, members, notes };
        let what = reading.what()?;
        reading.check(&what);
        let name = table.text("name").map_or_else(|| reading.name(&what), |name| name.value.to_string());
        Some(Expectation { name, line: table.line(), what })
    };
    sections.of(&grammar::EXPECT).into_iter().filter_map(read).collect()
}

struct Reading<'r, 'd> {
    table: Table<'d>,
    scenario: &'r Scenario,
    members: &'r Members,
    notes: &'r Notes<'d>,
}

impl Reading<'_, '_> {
    fn what(&self) -> Option<Expected> {
        let table = self.table;
        Some(match table.kind()? {
            "text" => Expected::Text {
                chips: self.chips()?,
                any: table.truth("any").unwrap_or(false),
                text: self.text()?,
                from: self.time("from").unwrap_or(Micros(0)),
                by: self.by()?,
            },
            "no-text" => Expected::NoText { chips: self.chips()?, text: self.text()? },
            "no-item-lost" => Expected::NoItemLost,
            "copies" => Expected::Copies { at_least: self.whole("at-least", 8)? as u8 },
            "recall" => Expected::Recall {
                k: table.whole("k").map_or(4, |k| k.value as u8),
                at_least: self.share("at-least")?,
            },
            "answered" => Expected::Answered { at_least: self.share("at-least")? },
            "latency" => Expected::Latency {
                quantile: self.share("quantile").unwrap_or(Permille(950)),
                under: self.time("under")?,
            },
            "nothing-accepted" => Expected::NothingAccepted { from: self.hostile()? },
            "alive" => Expected::Alive { chips: self.chips()?, at: self.at()? },
            "coordinator" => Expected::Coordinator { by: self.at()?, is: self.is()? },
            "peers" => Expected::Peers {
                chips: self.chips()?,
                at_least: self.whole("at-least", 10_000)? as u16,
                by: self.at()?,
            },
            "alarms" => self.alarms()?,
            _ => Expected::Energy { chips: self.chips()?, under: self.energy()? },
        })
    }

    /// Notes what can never hold, and what holds whatever happens.
    fn check(&self, what: &Expected) {
        let wrong = |key: &str, wrong: String| {
            self.table.wrong_at(self.table.span_of(key).unwrap_or(self.table.span()), Wrong::new(wrong));
        };
        let chips = self.scenario.chips.len();
        match what {
            Expected::Text { from, by, .. } | Expected::Alarms { from, until: by, .. } if from > by => {
                wrong("from", "it ends before it begins".into());
            }
            Expected::Peers { at_least, .. } if usize::from(*at_least) >= chips => {
                wrong(
                    "at-least",
                    format!("with {chips} chips, each has at most {} peers", chips.saturating_sub(1)),
                );
            }
            Expected::Latency { under: Micros(0), .. } | Expected::Energy { under: 0, .. } => {
                wrong("under", "a limit of 0 cannot be met".into());
            }
            Expected::Latency { quantile: Permille(0), .. } => {
                wrong("quantile", "a share of 0% checks nothing".into());
            }
            Expected::Recall { at_least: Permille(0), .. } | Expected::Answered { at_least: Permille(0) } => {
                wrong("at-least", "0% is always reached".into());
            }
            _ => {}
        }
    }

    fn alarms(&self) -> Option<Expected> {
        let table = self.table;
        if !table.has("at-least") && !table.has("at-most") {
            table.wrong(Wrong::new("it takes `at-least`, `at-most` or both"));
        }
        let bound = |name, otherwise: u32| {
            if table.has(name) {
                self.whole(name, u64::from(u32::MAX)).map(|number| number as u32)
            } else {
                Some(otherwise)
            }
        };
        let (at_least, at_most) = (bound("at-least", 0)?, bound("at-most", u32::MAX)?);
        if at_least > at_most {
            table.wrong(Wrong::new("`at-least` is more than `at-most`"));
        }
        let from = self.time("from").unwrap_or(Micros(0));
        Some(Expected::Alarms { chips: self.chips()?, at_least, at_most, from, until: self.by()? })
    }

    /// The chips that are named; every member where none is.
    fn chips(&self) -> Option<Vec<usize>> {
        match self.table.has("chip") {
            true => self.members.chips.find(&self.table.texts("chip")?, self.notes),
            false => self.members.chips.all(self.notes, self.table.span()),
        }
    }

    /// The chips that are named; every hostile one where none is.
    fn hostile(&self) -> Option<Vec<usize>> {
        if self.table.has("chip") {
            return self.chips();
        }
        let chips = self.scenario.chips.iter().enumerate();
        let all: Vec<usize> = chips
            .filter(|(_, chip)| chip.hostile.is_some_and(Hostility::is_harmful))
            .map(|(index, _)| index)
            .collect();
        if all.is_empty() {
            self.table
                .wrong(Wrong::with("no chip is hostile", "give a chip `hostile`, or name one with `chip`"));
        }
        Some(all)
    }

    fn is(&self) -> Option<Option<usize>> {
        if !self.table.has("is") {
            return Some(None);
        }
        let found = self.members.chips.find(&self.table.texts("is")?, self.notes)?;
        if found.len() != 1 {
            self.table.wrong(Wrong::new("`is` names one chip"));
        }
        Some(found.first().copied())
    }

    fn text(&self) -> Option<String> {
        let text = self.table.text("text")?;
        if text.value.is_empty() {
            self.table.wrong_at(text.span, Wrong::new("every line holds the empty text"));
        }
        Some(text.value.to_string())
    }

    fn time(&self, name: &str) -> Option<Micros> {
        self.table.parsed(name, quantity::time).map(|time| time.value)
    }

    fn share(&self, name: &str) -> Option<Permille> {
        self.table.parsed(name, quantity::share).map(|share| share.value)
    }

    fn energy(&self) -> Option<u64> {
        self.table.parsed("under", quantity::energy).map(|energy| energy.value)
    }

    fn whole(&self, name: &str, most: u64) -> Option<u64> {
        let number = self.table.whole(name)?;
        if number.value > most {
            self.table.wrong_at(number.span, Wrong::new(format!("`{name}` is at most {most}")));
        }
        Some(number.value.min(most))
    }

    /// Until when; the end of the scenario by default.
    fn by(&self) -> Option<Micros> {
        Some(self.at()?.unwrap_or(self.scenario.until))
    }

    fn at(&self) -> Option<Option<Micros>> {
        if !self.table.has("by") {
            return Some(None);
        }
        let by = self.table.parsed("by", quantity::time)?;
        if by.value > self.scenario.until {
            self.table.wrong_at(by.span, Wrong::new("the scenario ends before that"));
        }
        Some(Some(by.value))
    }

    /// Its default name.
    fn name(&self, what: &Expected) -> String {
        let chips = self.table.texts("chip").map_or(ALL.to_string(), |names| {
            names.iter().map(|name| name.value).collect::<Vec<_>>().join(", ")
        });
        match what {
            Expected::Text { text, .. } => format!("`{text}` on {chips}"),
            Expected::NoText { text, .. } => format!("no `{text}` on {chips}"),
            Expected::NoItemLost => "no acknowledged item lost".into(),
            Expected::Copies { at_least } => format!("{at_least} copies of each item"),
            Expected::Recall { k, at_least } => format!("recall@{k} at least {at_least}"),
            Expected::Answered { at_least } => format!("{at_least} answered"),
            Expected::Latency { quantile, .. } => {
                format!("p{} latency in time", quantile.to_string().trim_end_matches('%'))
            }
            Expected::NothingAccepted { .. } => "nothing accepted from hostile chips".into(),
            Expected::Alive { .. } => format!("{chips} alive"),
            Expected::Coordinator { .. } => "one coordinator".into(),
            Expected::Peers { at_least, .. } => format!("{at_least} peers on {chips}"),
            Expected::Alarms { .. } => format!("alarms of {chips}"),
            Expected::Energy { .. } => format!("energy of {chips}"),
        }
    }
}
