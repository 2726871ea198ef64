//! What a sensor log's session prints: the alarms with the time and the line of the file, and how it went.

use super::chip::LineReply;
use super::{LogInfo, Sample};
use crate::board_text::field;
use crate::error::{CliError, Stop};
use crate::output::Output;
use crate::progress::Stage;
use crate::quantity::{count, duration};
use crate::style::{alarm, strong};
use ruvllm_esp_sim::sensor_log::{Score, Scoring};
use schemars::JsonSchema;
use serde::Serialize;

/// What is known of a log while it is played.
#[derive(Debug)]
pub struct LogReport {
    info: LogInfo,
    stage: Stage,
    counts: Counts,
    scoring: Scoring,
    is_ongoing: bool,
}

/// How the samples went.
#[derive(Clone, Copy, Debug, Default, Serialize, JsonSchema)]
pub struct Counts {
    pub rows: u64,
    /// Rows during which the chip learned what is normal.
    pub warmup: u64,
    pub alarms: u64,
    /// Rows that belong to some alarm.
    pub anomalous: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<Score>,
}

/// Where a sample comes from.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Origin<'s> {
    /// Its line in the file.
    line: u64,
    #[serde(skip_serializing_if = "str::is_empty")]
    time: &'s str,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<bool>,
}

/// What a reply means to the reader of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// Nothing new.
    Nothing,
    /// An alarm begins.
    Alarm,
    /// An alarm is over.
    Over,
    /// The chip has learned what is normal.
    Learned,
}

/// How a channel is when a test of this kind fails.
const KINDS: [(&str, &str); 8] = [
    ("high", "is high"),
    ("low", "is low"),
    ("jump", "jumps"),
    ("shift", "has shifted"),
    ("noise", "is noisy"),
    ("shape", "has another shape"),
    ("stuck", "is stuck"),
    ("restart", "starts again"),
];

impl LogReport {
    /// A log is about to be played.
    pub fn new(info: LogInfo, output: &Output) -> Self {
        let stage = match info.rows {
            Some(_) => Stage::quiet(output, &info.name),
            None => Stage::none(),
        };
        Self { info, stage, counts: Counts::default(), scoring: Scoring::default(), is_ongoing: false }
    }

    /// Counts a sample, and says what is new about it.
    ///
    /// # Errors
    /// A chip that refuses a row refuses the others too.
    pub fn take(&mut self, sample: &Sample, reply: &LineReply) -> Result<News, Stop> {
        if reply.error.is_some() {
            return Err(self.refused(sample, reply));
        }
        let verdict = reply.verdict.unwrap_or_default();
        let counts = &mut self.counts;
        counts.rows += 1;
        counts.warmup += u64::from(verdict == "WARMUP");
        counts.alarms += u64::from(verdict == "ANOMALY");
        self.is_ongoing = matches!(verdict, "ANOMALY" | "ONGOING");
        counts.anomalous += u64::from(self.is_ongoing);
        self.scoring.row(sample.label, verdict == "ANOMALY");
        if let Some(rows) = self.info.rows.filter(|_| counts.rows.is_multiple_of(256)) {
            self.stage.rows(counts.rows, rows);
        }
        Ok(match verdict {
            "ANOMALY" => News::Alarm,
            "NORMAL" if reply.text.starts_with("NORMAL ended=") => News::Over,
            "WARMUP" if reply.text.trim_end() == "WARMUP remaining=1" => News::Learned,
            _ => News::Nothing,
        })
    }

    /// Prints something beside the bar.
    pub fn beside<Outcome>(&self, print: impl FnOnce() -> Outcome) -> Outcome {
        self.stage.beside(print)
    }

    /// What is said of a sample that brings news.
    pub fn headline(&self, news: News, sample: &Sample, reply: &LineReply) -> String {
        let when = when(sample);
        let text = reply.text.as_str();
        match news {
            News::Alarm => {
                let number = field(text, "episode").unwrap_or("?");
                alarm(&format!("! ALARM {number} {when}: {}", self.finding(sample, text)))
            }
            News::Over => {
                let (number, samples) =
                    (field(text, "ended").unwrap_or("?"), field(text, "samples").unwrap_or("?"));
                format!("  alarm {number} is over {when}; it lasted {samples} samples")
            }
            News::Learned => {
                format!("  learned what is normal from {} rows, {when}", count(self.counts.rows))
            }
            News::Nothing => format!("{} {}", strong(">"), sample.line),
        }
    }

    /// `vibration 3.29 is high`
    fn finding(&self, sample: &Sample, text: &str) -> String {
        let channel: usize = field(text, "channel").and_then(|number| number.parse().ok()).unwrap_or(1);
        let name = self.info.channels.get(channel.saturating_sub(1)).map_or("", String::as_str);
        let readings = sample.line.split(' ').skip(1).filter(|word| !word.starts_with('@'));
        let reading = readings.into_iter().nth(channel.saturating_sub(1)).unwrap_or("-");
        let kind = field(text, "kind").unwrap_or_default();
        format!("{name} {reading} {}", verb(kind))
    }

    /// Where a sample comes from.
    pub fn origin<'s>(&self, sample: &'s Sample) -> Origin<'s> {
        Origin { line: sample.row, time: &sample.stamp, label: self.info.has_label.then_some(sample.label) }
    }

    /// How it went.
    pub fn counts(&self) -> Counts {
        Counts { score: self.info.has_label.then(|| self.scoring.score()), ..self.counts }
    }

    /// How it went, in lines.
    pub fn summary(&self) -> Vec<String> {
        let counts = self.counts();
        let normal = counts.rows - counts.warmup - counts.anomalous;
        let alarms = if counts.alarms == 1 { "alarm" } else { "alarms" };
        let open = if self.is_ongoing { ", the last goes on" } else { "" };
        let mut lines = vec![format!(
            "  samples: {} to learn from, {} normal, {} in {} {alarms}{open}",
            count(counts.warmup),
            count(normal),
            count(counts.anomalous),
            count(counts.alarms)
        )];
        if counts.warmup == counts.rows {
            lines.push(
                "  the log ended before the chip had learned what is normal: it judged no sample".into(),
            );
        }
        lines.extend(counts.score.map(|score| format!("  labels:  {score}")));
        lines
    }

    fn refused(&self, sample: &Sample, reply: &LineReply) -> Stop {
        let message = format!(
            "{}:{}: the chip refused `{}`: {}",
            self.info.name,
            sample.row,
            sample.line,
            reply.text.trim_end()
        );
        CliError::no("csv::refused", message)
            .help("--columns chooses fewer channels, --arena gives the chip more memory")
            .into()
    }
}

/// What a channel does when a test of this kind fails.
pub fn verb(kind: &str) -> &str {
    KINDS.iter().find(|(word, _)| *word == kind).map_or(kind, |(_, verb)| verb)
}

/// `at 2014-04-11 09:00 (line 2954)`; numbers are shown as the time since the first row.
fn when(sample: &Sample) -> String {
    match sample.stamp.as_str() {
        "" => format!("at line {}", sample.row),
        stamp if stamp.parse::<f64>().is_ok() => {
            format!("at {} (line {})", duration(sample.since.unwrap_or_default()), sample.row)
        }
        stamp => format!("at {stamp} (line {})", sample.row),
    }
}
