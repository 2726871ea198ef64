//! Options for a sensor log: how it is written and which columns are used. What is not said is found.

use ruvllm_esp_sim::sensor_log::{Decimal, LogOptions, TimeColumn};

/// How a sensor log (CSV) is read.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "The sensor log (CSV)")]
pub struct LogArguments {
    /// The columns to use as channels, by name or by number from 1 [default: all that hold readings]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub columns: Vec<String>,
    /// Columns to leave out
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    ignore: Vec<String>,
    /// The column with the time, or `none` [default: one that holds times, or is named so]
    #[arg(long, value_name = "NAME")]
    time: Option<String>,
    /// The form of the times, such as '%d/%m/%Y %H:%M' [default: found]
    #[arg(long, value_name = "FORM")]
    time_format: Option<String>,
    /// The column that says which rows are anomalous, to score the alarms by
    #[arg(long, value_name = "NAME")]
    label: Option<String>,
    /// What separates cells: a sign, or comma, semicolon, tab, pipe, space [default: found]
    #[arg(long, value_name = "SIGN", value_parser = LogOptions::parse_separator)]
    separator: Option<u8>,
    /// The decimal sign, `.` or `,` [default: found]
    #[arg(long, value_name = "SIGN", value_parser = LogOptions::parse_decimal)]
    decimal: Option<Decimal>,
    /// Is the first row a header: yes or no [default: found]
    #[arg(long, value_name = "ANSWER", value_parser = parse_answer)]
    header: Option<bool>,
    /// Leave out so many lines at the top
    #[arg(long, value_name = "N", default_value_t = 0)]
    skip_lines: usize,
    /// Leave out rows that cannot be read, and count them, instead of refusing the file
    #[arg(long)]
    skip_bad_rows: bool,
}

impl LogArguments {
    /// As the reader takes them.
    pub fn options(&self) -> LogOptions {
        LogOptions {
            separator: self.separator,
            decimal: self.decimal,
            columns: self.columns.clone(),
            ignore: self.ignore.clone(),
            time: self.time.as_deref().map_or(TimeColumn::Found, LogOptions::parse_time),
            time_format: self.time_format.clone(),
            label: self.label.clone(),
            header: self.header,
            skip_lines: self.skip_lines,
            skip_bad_rows: self.skip_bad_rows,
        }
    }
}

fn parse_answer(text: &str) -> Result<bool, String> {
    match text {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err("the answer is yes or no".into()),
    }
}
