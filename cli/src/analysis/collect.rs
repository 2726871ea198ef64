//! Plays a log to a simulated sentinel, and keeps what a picture needs: memory does not grow with the log.

use super::curve::{Axis, AxisKind, Curve};
use super::series::{SeriesPicture, Span};
use crate::error::{CliError, Stop};
use crate::output::Output;
use crate::progress::Stage;
use crate::quantity::count;
use crate::session::Sample;
use crate::session::chip::single_error;
use crate::session::log_report::verb;
use crate::session::samples::Samples;
use ruvllm_esp_core::anomaly::State;
use ruvllm_esp_core::anomaly::stream::Phase;
use ruvllm_esp_core::event::Detection;
use ruvllm_esp_core::units::{Micros, Nanojoules};
use ruvllm_esp_sim::cost::Cost;
use ruvllm_esp_sim::figure::{Figure, Kind};
use ruvllm_esp_sim::sensor_log::{Row, Score, Scoring, TimeKind};
use ruvllm_esp_sim::single::{Setup, SingleChip};
use schemars::JsonSchema;
use serde::Serialize;
use std::fs::File;

/// More alarms than this are counted, and not kept.
const MAX_ALARMS: usize = 10_000;
/// Numbers of seconds as large as this are dates.
const DATES_FROM: i64 = 1_000_000_000_000_000;

/// One alarm.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Alarm {
    pub number: u32,
    pub from: Point,
    /// The last anomalous row.
    pub to: Point,
    pub samples: u64,
    pub channel: String,
    pub reading: f64,
    pub kind: &'static str,
    /// The highest score, in bits.
    pub peak: f64,
    /// Does the file label the row with which it begins?
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labelled: Option<bool>,
    #[serde(skip)]
    pub span: Span,
}

/// A row.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Point {
    pub line: u64,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub time: String,
}

/// What came of a log.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Analysis {
    pub file: String,
    pub variant: &'static str,
    pub rows: u64,
    /// Rows from which the chip learned what is normal.
    pub learned: u64,
    /// How many alarms there were; at most 10,000 are listed.
    pub alarm_count: u64,
    pub anomalous: u64,
    pub alarms: Vec<Alarm>,
    /// How many more rows it takes to learn what is normal; present where no row was judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing_rows: Option<u32>,
    pub threshold: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<Score>,
    /// Of one sample, on average.
    pub time_of_sample: Figure<ruvllm_esp_core::units::Nanos>,
    pub energy_of_sample: Figure<Nanojoules>,
    pub energy: Figure<Nanojoules>,
    /// How the file was read.
    pub notes: Vec<String>,
    /// The first and the last time, as the file writes them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span: Option<(String, String)>,
    #[serde(skip)]
    pub picture: SeriesPicture,
}

/// Plays the log.
///
/// # Errors
/// Those of the log and of the chip; `csv::refused`.
pub fn collect(mut log: Samples<File>, name: &str, setup: &Setup, output: &Output) -> Result<Analysis, Stop> {
    let mut chip = SingleChip::boot(setup).map_err(|error| single_error(&error))?;
    let mut collector = Collector::new(&log, name, setup);
    let rows = log.survey().rows;
    let stage = Stage::quiet(output, name);
    let began = chip.run().now();
    while let Some((sample, row)) = log.next_row()? {
        if let Some(since) = sample.since {
            let due = Micros(began.get().saturating_add(since.get()));
            let wait = due.saturating_sub(chip.run().now());
            chip.wait(wait).map_err(|error| single_error(&error))?;
        }
        let reply = chip.line(Ok(&sample.line)).map_err(|error| single_error(&error))?;
        let Some(detection) = reply.verdict.filter(|_| reply.outcome.is_ok()) else {
            let reason = reply.text.trim_end();
            let message = format!("{name}:{}: the chip refused `{}`: {reason}", sample.row, sample.line);
            return Err(CliError::no("csv::refused", message)
                .help("--columns chooses fewer channels, --arena gives the chip more memory")
                .into());
        };
        collector.take(&sample, row, &detection);
        if collector.rows.is_multiple_of(256) {
            stage.rows(collector.rows, rows);
        }
    }
    let total = chip.total().map_err(|error| single_error(&error))?;
    let energy = chip.energy();
    Ok(collector.finish(&total, energy))
}

struct Collector {
    analysis: Analysis,
    rows: u64,
    scoring: Scoring,
    has_label: bool,
    /// Where the stretch of labelled rows began that goes on.
    labelled_from: Option<f64>,
    position: f64,
}

impl Collector {
    fn new(log: &Samples<File>, name: &str, setup: &Setup) -> Self {
        let (layout, survey) = (log.log().layout(), log.survey());
        let axis = axis(layout.time_kind(), survey.times, survey.rows);
        let channels = layout.channels.iter().map(|channel| (channel.shown(), Curve::default())).collect();
        let picture = SeriesPicture {
            title: String::new(),
            subtitle: String::new(),
            channels,
            score: Curve::default(),
            threshold: 0.0,
            learned: axis.from,
            alarms: Vec::new(),
            labelled: Vec::new(),
            axis,
        };
        let analysis = Analysis {
            file: name.to_string(),
            variant: setup.identity.chip.name,
            rows: 0,
            learned: 0,
            alarm_count: 0,
            anomalous: 0,
            alarms: Vec::new(),
            missing_rows: None,
            threshold: 0.0,
            score: None,
            time_of_sample: Cost::default().time.tagged(Kind::Modelled),
            energy_of_sample: Cost::default().energy.tagged(Kind::Modelled),
            energy: Cost::default().energy.tagged(Kind::Modelled),
            span: survey.stamps.clone(),
            notes: layout.notes().into_iter().chain(survey.notes()).collect(),
            picture,
        };
        let (scoring, has_label) = (Scoring::default(), layout.has_label());
        Self { analysis, rows: 0, scoring, has_label, labelled_from: None, position: 0.0 }
    }

    fn take(&mut self, sample: &Sample, row: &Row, detection: &Detection) {
        let position = match (self.analysis.picture.axis.kind, row.time) {
            (AxisKind::Number, Some(time)) if self.analysis.picture.axis.name != ROWS => time as f64 / 1e6,
            (AxisKind::Number, _) | (_, None) => self.rows as f64,
            (_, Some(time)) => time as f64,
        };
        self.position = position;
        self.rows += 1;
        self.curves(row, position, detection);
        self.labels(row.label, position);
        let begins = detection.phase == Some(Phase::Begins);
        self.scoring.row(row.label, begins);
        match detection.phase {
            Some(Phase::Begins) => self.begin(sample, row, position, detection),
            Some(Phase::Continues) => self.go_on(sample, position, detection),
            _ => {}
        }
    }

    fn curves(&mut self, row: &Row, position: f64, detection: &Detection) {
        let SeriesPicture { channels, score, axis, learned, threshold, .. } = &mut self.analysis.picture;
        for ((_, curve), value) in channels.iter_mut().zip(&row.values) {
            curve.add(axis, position, *value);
        }
        if let State::WarmingUp { remaining } = detection.state {
            self.analysis.learned += 1;
            self.analysis.missing_rows = Some(remaining.saturating_sub(1));
            *learned = position;
        } else {
            score.add(axis, position, bits(detection.score));
            *threshold = bits(detection.threshold);
        }
    }

    fn labels(&mut self, label: bool, position: f64) {
        match (label, self.labelled_from) {
            (true, None) => self.labelled_from = Some(position),
            (false, Some(from)) => {
                self.analysis.picture.labelled.push((from, position));
                self.labelled_from = None;
            }
            _ => {}
        }
    }

    fn begin(&mut self, sample: &Sample, row: &Row, position: f64, detection: &Detection) {
        let analysis = &mut self.analysis;
        analysis.alarm_count += 1;
        analysis.anomalous += 1;
        if analysis.alarms.len() >= MAX_ALARMS {
            return;
        }
        let (channel, kind) = detection.finding.unwrap_or_default();
        let number = u32::try_from(analysis.alarm_count).unwrap_or(u32::MAX);
        let point = Point { line: sample.row, time: sample.stamp.clone() };
        let name =
            analysis.picture.channels.get(channel as usize).map_or(String::new(), |(name, _)| name.clone());
        analysis.alarms.push(Alarm {
            number,
            from: point.clone(),
            to: point,
            samples: 1,
            channel: name,
            reading: row.values.get(channel as usize).copied().unwrap_or(f64::NAN),
            kind: kind.name(),
            peak: bits(detection.score),
            labelled: self.has_label.then_some(row.label),
            span: Span { number, from: position, to: position, channel: channel as usize },
        });
    }

    fn go_on(&mut self, sample: &Sample, position: f64, detection: &Detection) {
        self.analysis.anomalous += 1;
        let count = self.analysis.alarm_count;
        let Some(alarm) = self.analysis.alarms.last_mut().filter(|alarm| u64::from(alarm.number) == count)
        else {
            return;
        };
        alarm.samples += 1;
        alarm.to = Point { line: sample.row, time: sample.stamp.clone() };
        alarm.span.to = position;
        alarm.peak = alarm.peak.max(bits(detection.score));
    }

    fn finish(mut self, total: &Cost, energy: Figure<Nanojoules>) -> Analysis {
        if let Some(from) = self.labelled_from {
            self.analysis.picture.labelled.push((from, self.position));
        }
        let mut analysis = self.analysis;
        analysis.rows = self.rows;
        if analysis.learned != analysis.rows {
            analysis.missing_rows = None;
        }
        analysis.energy = energy;
        let each = (*total).divided_by(u32::try_from(self.rows).unwrap_or(u32::MAX));
        analysis.time_of_sample = each.time.tagged(Kind::Modelled);
        analysis.energy_of_sample = each.energy.tagged(Kind::Modelled);
        analysis.score = self.has_label.then(|| self.scoring.score());
        analysis.threshold = analysis.picture.threshold;
        analysis.picture.alarms = analysis.alarms.iter().map(|alarm| alarm.span).collect();
        analysis.picture.title = format!("{}: {}", base_name(&analysis.file), analysis.verdict());
        analysis.picture.subtitle = analysis.subtitle();
        analysis
    }
}

/// The name of an axis of rows.
const ROWS: &str = "row";

fn axis(kind: Option<TimeKind>, times: Option<(i64, i64)>, rows: u64) -> Axis {
    let of_rows = Axis { from: 0.0, to: rows.max(2) as f64 - 1.0, name: ROWS.into(), kind: AxisKind::Number };
    let (Some(kind), Some((first, last))) = (kind, times.filter(|(first, last)| last > first)) else {
        return of_rows;
    };
    let (from, to) = (first as f64, last as f64);
    match kind {
        TimeKind::Date => Axis { from, to, name: "time".into(), kind: AxisKind::Date },
        TimeKind::TimeOfDay => Axis { from, to, name: "time".into(), kind: AxisKind::TimeOfDay },
        TimeKind::Number if first >= DATES_FROM => {
            Axis { from, to, name: "time, UTC".into(), kind: AxisKind::Date }
        }
        TimeKind::Number => {
            Axis { from: from / 1e6, to: to / 1e6, name: "time, seconds".into(), kind: AxisKind::Number }
        }
    }
}

fn bits(thousandths: i32) -> f64 {
    f64::from(thousandths) / 1000.0
}

fn base_name(file: &str) -> &str {
    file.rsplit(['/', '\\']).next().unwrap_or(file)
}

impl Analysis {
    /// `2 alarms`
    pub fn verdict(&self) -> String {
        match (self.alarm_count, self.learned == self.rows) {
            (_, true) => "too short to judge".into(),
            (0, _) => "no alarm".into(),
            (1, _) => "1 alarm".into(),
            (alarms, _) => format!("{} alarms", count(alarms)),
        }
    }

    fn subtitle(&self) -> String {
        let span = self.span.as_ref().map_or(String::new(), |(from, to)| format!(", {from} to {to}"));
        let score = self.score.map_or(String::new(), |score| format!("; {score}"));
        format!(
            "{} rows{span}; anomaly sentinel on an {}, {} a sample modelled{score}",
            count(self.rows),
            self.variant,
            self.time_of_sample.short()
        )
    }
}

impl Alarm {
    /// `value 98.7 is high`
    pub fn finding(&self) -> String {
        format!("{} {} {}", self.channel, crate::picture::chart::number(self.reading), verb(self.kind))
    }
}

impl std::fmt::Display for Point {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.time.as_str() {
            "" => write!(f, "line {}", self.line),
            time => f.write_str(time),
        }
    }
}
