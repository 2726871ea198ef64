//! A sensor log as console input: each row becomes one `sample` line, at the time that the row has.
//!
//! A file is read through once before its first row is used, so that a mistake in it comes before the first answer. A
//! pipe is read as it comes.

use super::{Event, LineSource, LogInfo, Sample};
use crate::error::{CliError, Stop};
use crate::output::Output;
use crate::progress::Stage;
use ruvllm_esp_core::role::RoleKind;
use ruvllm_esp_core::units::Micros;
use ruvllm_esp_sim::sensor_log::{LogError, LogOptions, Refusal, Row, SensorLog, Sniff, Survey, survey};
use std::collections::VecDeque;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The command that names channels, and the bytes that all names may take on a chip, a comma behind each.
const CHANNELS: &str = "channels ";
const MAX_NAMES: usize = 124;

/// Rows of a sensor log.
#[derive(Debug)]
pub struct Samples<Input> {
    name: String,
    log: SensorLog<Input>,
    row: Row,
    /// What is due before the next row is read.
    due: VecDeque<Event>,
    /// The time of the first row.
    first: Option<i64>,
    /// Does the chip get the time of each row, in seconds?
    tells_time: bool,
    rows: Option<u64>,
    survey: Survey,
}

impl Samples<File> {
    /// Opens a file, after a look through all of it.
    ///
    /// # Errors
    /// When it cannot be read, or nothing in it can be used, or some of it is wrong.
    pub fn open_file(path: &Path, options: &LogOptions, output: &Output) -> Result<Self, Stop> {
        let name = path.display().to_string();
        let open = || File::open(path).map_err(|error| super::lines::unreadable(&name, &error));
        let survey = {
            let _stage = Stage::quiet(output, &format!("reading {name}"));
            survey(open()?, options).map_err(|error| refused(&name, &error))?
        };
        Ok(Self::open(open()?, &name, Sniff::Ahead, options)?.surveyed(&survey).named())
    }
}

impl<'t> Samples<&'t [u8]> {
    /// A log that is part of the program.
    ///
    /// # Errors
    /// When it is malformed.
    pub fn bundled(text: &'t str, name: &str, remark: &str) -> Result<Self, Stop> {
        let options = LogOptions::default();
        let survey = survey(text.as_bytes(), &options).map_err(|error| refused(name, &error))?;
        let mut samples = Self::open(text.as_bytes(), name, Sniff::Ahead, &options)?.surveyed(&survey);
        samples.due = VecDeque::from([Event::Remark(remark.to_string())]);
        Ok(samples)
    }
}

impl<Input: Read> Samples<Input> {
    /// Opens a pipe.
    ///
    /// # Errors
    /// When its first rows are no log.
    pub fn live(input: Input, name: &str, options: &LogOptions) -> Result<Self, Stop> {
        Ok(Self::open(input, name, Sniff::Live, options)?.named())
    }

    /// The chip is told the names that the header has, so that its alarms name the channel.
    fn named(mut self) -> Self {
        let layout = self.log.layout();
        if layout.has_header() {
            let names: Vec<String> = layout.channels.iter().map(|channel| one_word(&channel.name)).collect();
            let line = format!("{CHANNELS}{}", names.join(","));
            self.due.push_back(match line.len() - CHANNELS.len() < MAX_NAMES {
                true => Event::Line(Ok(line)),
                false => Event::Remark(format!(
                    "{}: the chip does not get the names of the channels: it holds {MAX_NAMES} bytes of them",
                    self.name
                )),
            });
        }
        self
    }

    fn open(input: Input, name: &str, sniff: Sniff, options: &LogOptions) -> Result<Self, Stop> {
        let log = SensorLog::open(input, sniff, options).map_err(|error| refused(name, &error))?;
        let notes = log.layout().notes();
        let due = notes.iter().map(|note| Event::Remark(format!("{name}: {note}"))).collect();
        let (row, first, tells_time, rows) = (Row::default(), None, false, None);
        let survey = Survey::default();
        Ok(Self { name: name.to_string(), log, row, due, first, tells_time, rows, survey })
    }

    fn surveyed(mut self, survey: &Survey) -> Self {
        self.rows = Some(survey.rows);
        self.survey = survey.clone();
        self.tells_time = survey.has_whole_seconds();
        self.due
            .extend(survey.notes().into_iter().map(|note| Event::Remark(format!("{}: {note}", self.name))));
        self
    }

    /// What was found on a look through the whole file.
    pub fn survey(&self) -> &Survey {
        &self.survey
    }

    /// The log, with what was found of its layout.
    pub fn log(&self) -> &SensorLog<Input> {
        &self.log
    }

    /// Reads the next row, as it is in the file and as it is typed.
    ///
    /// # Errors
    /// A row that cannot be read.
    pub fn next_row(&mut self) -> Result<Option<(Sample, &Row)>, Stop> {
        match self.log.read(&mut self.row) {
            Ok(true) => {
                let sample = self.sample();
                Ok(Some((sample, &self.row)))
            }
            Ok(false) => Ok(None),
            Err(error) => Err(refused(&self.name, &error)),
        }
    }

    fn sample(&mut self) -> Sample {
        let since = self.row.time.map(|time| {
            let first = *self.first.get_or_insert(time);
            Micros(u64::try_from(time - first).unwrap_or(0))
        });
        let time = since
            .filter(|_| self.tells_time)
            .map_or(String::new(), |since| format!("@{} ", since.as_seconds()));
        Sample {
            line: format!("sample {time}{}", self.row.readings),
            since,
            row: self.row.line,
            stamp: self.row.stamp.clone(),
            label: self.row.label,
        }
    }
}

impl<Input: Read> LineSource for Samples<Input> {
    fn next(&mut self) -> Result<Option<Event>, Stop> {
        if let Some(event) = self.due.pop_front() {
            return Ok(Some(event));
        }
        Ok(self.next_row()?.map(|(sample, _)| Event::Sample(sample)))
    }

    fn log(&self) -> Option<LogInfo> {
        let layout = self.log.layout();
        Some(LogInfo {
            name: self.name.clone(),
            channels: layout.channels.iter().map(|channel| channel.name.clone()).collect(),
            rows: self.rows,
            has_label: layout.has_label(),
        })
    }
}

/// A name as the console takes it: without blanks, commas and control characters.
fn one_word(name: &str) -> String {
    let is_between = |letter: char| letter.is_whitespace() || letter.is_control() || letter == ',';
    name.split(is_between).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("_")
}

/// A log's error, with its position and the option that helps.
pub fn refused(name: &str, error: &LogError) -> Stop {
    let colon = if error.line.is_some() { ":" } else { ": " };
    let message = format!("{name}{colon}{error}");
    let refused = match error.refusal {
        Refusal::Unusable => CliError::no("csv::unusable", message),
        Refusal::Malformed => CliError::usage("csv::malformed", message),
        Refusal::Io => CliError::usage("cli::cannot-read", message),
    };
    refused.help(error.help.clone()).into()
}

/// The role has to take samples.
///
/// # Errors
/// `cli::log-needs-anomaly`.
pub fn check_role(name: &str, role: RoleKind) -> Result<(), CliError> {
    if role.takes_samples() {
        return Ok(());
    }
    let message = format!("{name}: role {} takes no sensor log", role.alias());
    Err(CliError::usage("cli::log-needs-anomaly", message).help("add --role anomaly"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(text: &str) -> Vec<Event> {
        let mut samples = Samples::bundled(text, "log.csv", "a remark").unwrap();
        std::iter::from_fn(|| samples.next().unwrap()).collect()
    }

    #[test]
    fn rows_become_samples_at_their_times() {
        let text = "Timestamp;flow;bar\n2026-01-01 00:00;1,5;2\n2026-01-01 00:01;-3e2;\n";
        let sample = |line: &str, seconds: u64, row, stamp: &str| {
            let since = Some(Micros(seconds * 1_000_000));
            Event::Sample(Sample { line: line.into(), since, row, stamp: stamp.into(), label: false })
        };
        assert_eq!(
            events(text),
            [
                Event::Remark("a remark".into()),
                sample("sample @0 1.5 2", 0, 2, "2026-01-01 00:00"),
                sample("sample @60 -3e2 -", 60, 3, "2026-01-01 00:01"),
            ]
        );
    }

    #[test]
    fn the_names_of_the_header_go_to_the_chip() {
        let named = |text: &str| {
            let mut samples = Samples::live(text.as_bytes(), "log.csv", &LogOptions::default()).unwrap();
            let events: Vec<Event> = std::iter::from_fn(|| samples.next().unwrap()).collect();
            events.into_iter().find_map(|event| match event {
                Event::Line(line) => line.ok(),
                _ => None,
            })
        };
        assert_eq!(named("time,flow rate,bar\n0,1,2\n1,2,3\n").as_deref(), Some("channels flow_rate,bar"));
        assert_eq!(named("0,1,2\n1,2,3\n"), None);
        let long = format!("time,{},bar\n0,1,2\n1,2,3\n", "x".repeat(124));
        assert_eq!(named(&long), None);
    }

    #[test]
    fn times_below_a_second_move_the_clock_only() {
        let lines: Vec<Event> = events("time,v\n0,1\n0.25,2\n0.5,3\n");
        let Some(Event::Sample(last)) = lines.last() else { panic!("{lines:?}") };
        assert_eq!((last.line.as_str(), last.since), ("sample 3", Some(Micros(500_000))));
    }

    #[test]
    fn a_log_of_which_nothing_can_be_used_is_a_no() {
        let error = |text| match Samples::bundled(text, "log.csv", "") {
            Err(Stop::Error(error)) => {
                (error.exit(), anstream::adapter::strip_str(&error.to_string()).to_string())
            }
            _ => panic!("{text}"),
        };
        let (exit, text) = error("a,b\n");
        assert_eq!(exit as u8, 1);
        assert!(text.starts_with("error[csv::unusable]: log.csv:1: no column holds readings"), "{text}");
        let (exit, text) = error("a,b\n1,2\n3,x\n");
        assert_eq!(exit as u8, 2);
        assert!(
            text.starts_with("error[csv::malformed]: log.csv:3:2: `x` of column `b` is not a number"),
            "{text}"
        );
    }
}
