//! Files as loggers, spreadsheets and scripts write them, each with the samples that it stands for.

use super::*;

const AHEAD: Sniff = Sniff::Ahead;

/// The channels, and the samples with their times in milliseconds since the first.
/// Names of channels, lines, times.
type Log = (Vec<String>, Vec<String>, Vec<i64>);

fn read_with(bytes: &[u8], options: &LogOptions) -> Result<Log, LogError> {
    survey(bytes, options)?;
    let mut log = SensorLog::open(bytes, AHEAD, options)?;
    let channels = log.layout().channels.iter().map(Channel::shown).collect();
    let (mut row, mut samples, mut times) = (Row::default(), Vec::new(), Vec::new());
    let mut first = None;
    while log.read(&mut row)? {
        samples.push(row.readings.clone());
        times.extend(row.time.map(|time| (time - *first.get_or_insert(time)) / 1000));
    }
    Ok((channels, samples, times))
}

fn read(text: &str) -> (Vec<String>, Vec<String>, Vec<i64>) {
    read_with(text.as_bytes(), &LogOptions::default()).unwrap()
}

fn refused(text: &str) -> LogError {
    read_with(text.as_bytes(), &LogOptions::default()).unwrap_err()
}

/// Channels and samples, without times.
fn table(text: &str) -> (String, Vec<String>) {
    let (channels, samples, _) = read(text);
    (channels.join("|"), samples)
}

fn is(text: &str, channels: &str, samples: &[&str]) {
    assert_eq!(
        table(text),
        (channels.into(), samples.iter().map(|text| text.to_string()).collect()),
        "{text}"
    );
}

#[test]
fn a_name_that_begins_like_time_is_no_time() {
    is("temperature,humidity\n21.5,44\n21.6,45\n", "temperature|humidity", &["21.5 44", "21.6 45"]);
    is("torque,rpm\n5,6\n7,5\n", "torque|rpm", &["5 6", "7 5"]);
    let (channels, samples, times) = read("pressure,time\n3.5,2024-02-01\n3.6,2024-02-02\n");
    assert_eq!((channels.join("|").as_str(), samples), ("pressure", vec!["3.5".into(), "3.6".into()]));
    assert_eq!(times, [0, 86_400_000]);
}

#[test]
fn a_first_row_with_a_missing_reading_is_a_row() {
    is("nan,7\n6,5\n4,3\n", "column 1|column 2", &["- 7", "6 5", "4 3"]);
    is("1,2\n3,4\n", "column 1|column 2", &["1 2", "3 4"]);
    is("7\n8\n", "column 1", &["7", "8"]);
    is("time\n3\n", "time", &["3"]);
}

#[test]
fn separators_and_decimal_signs_are_found() {
    is("time;temp;hum\n10:00;21,5;44\n10:01;21,6;45\n", "temp|hum", &["21.5 44", "21.6 45"]);
    is("temp\n21,5\n21,6\n", "temp", &["21.5", "21.6"]);
    is("time\ttemp\n0\t21.5\n1\t21.6\n", "temp", &["21.5", "21.6"]);
    is("a|b\n1|2\n3|4\n", "a|b", &["1 2", "3 4"]);
    is("0 21.5\n1  21.6\n2 21.7\n", "column 1|column 2", &["0 21.5", "1 21.6", "2 21.7"]);
    is("time,flow,bar\n0,\"1,25\",7\n1,\"1,26\",7\n", "flow|bar", &["1.25 7", "1.26 7"]);
    is("sep=;\na;b\n1,5;2\n2,5;2\n", "a|b", &["1.5 2", "2.5 2"]);
    let log = SensorLog::open("a;b\n1,5;2\n".as_bytes(), AHEAD, &LogOptions::default()).unwrap();
    assert_eq!(log.layout().notes()[0], "read as separator `;`, decimal sign `,`");
}

#[test]
fn what_may_mean_two_things_is_refused_with_the_option_that_decides() {
    let error = refused("time,power\n0,\"1,250\"\n1,\"1,260\"\n");
    assert_eq!((error.line, error.column), (Some(2), Some(2)));
    assert!(error.message.contains("1.250 or 1250") && error.help.contains("--decimal"), "{error:?}");
    let options = LogOptions { decimal: Some(Decimal::Comma), ..LogOptions::default() };
    let (_, samples, _) = read_with(b"time,power\n0,\"1,250\"\n1,\"1,260\"\n", &options).unwrap();
    assert_eq!(samples, ["1.250", "1.260"]);
    let error = refused("date,v\n01/02/2024,1\n02/02/2024,2\n");
    assert!(error.help.contains("--time-format"), "{error:?}");
    let options = LogOptions { time_format: Some("%m/%d/%Y".into()), ..LogOptions::default() };
    let (_, _, times) = read_with(b"date,v\n01/02/2024,1\n02/02/2024,2\n", &options).unwrap();
    assert_eq!(times, [0, 31 * 86_400_000]);
}

#[test]
fn comments_units_quotes_and_any_line_end_are_read() {
    is("# logger\n# unit C\ntime,temp\n0,21.5\n1,21.6\n", "temp", &["21.5", "21.6"]);
    is("time,temp\ns,degC\n0,21.5\n1,21.6\n", "temp [degC]", &["21.5", "21.6"]);
    is("time,\"flow, l/min\",bar\n0,1.5,2\n1,1.6,3\n", "flow, l/min|bar", &["1.5 2", "1.6 3"]);
    is("time,\"flow\nl/min\"\n0,1.5\n1,1.6\n", "flow l/min", &["1.5", "1.6"]);
    is("time,flow\r0,1.5\r1,1.6\r", "flow", &["1.5", "1.6"]);
    is("a,b,\n1,2,\n3,4,\n", "a|b", &["1 2", "3 4"]);
}

#[test]
fn encodings_of_spreadsheets_are_read() {
    let utf16: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain("time,temp\r\n0,21.5\r\n".encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    let (channels, samples, _) = read_with(&utf16, &LogOptions::default()).unwrap();
    assert_eq!((channels, samples), (vec!["temp".into()], vec!["21.5".into()]));
    let latin = b"\xb0C;bar\n21,5;1\n21,6;1\n";
    let (channels, ..) = read_with(latin, &LogOptions::default()).unwrap();
    assert_eq!(channels, ["\u{b0}C", "bar"]);
    let log = SensorLog::open(latin.as_slice(), AHEAD, &LogOptions::default()).unwrap();
    assert!(log.layout().notes()[0].contains("windows-1252"));
}

#[test]
fn date_and_time_may_stand_apart() {
    let (channels, samples, times) = read("date,time,temp\n2024-01-31,23:59,21.5\n2024-02-01,00:00,21.6\n");
    assert_eq!((channels.join("|").as_str(), samples), ("temp", vec!["21.5".into(), "21.6".into()]));
    assert_eq!(times, [0, 60_000]);
    assert_eq!(read("time,v\n23:59,1\n00:00,2\n00:01,3\n").2, [0, 60_000, 120_000]);
}

#[test]
fn a_row_of_another_length_is_refused_or_left_out() {
    let error = refused("time,temp\n0,21.5\n1,21.6,9\n2,21.7\n");
    assert_eq!(error.line, Some(3));
    assert!(
        error.message.contains("3 cells, but most rows have 2") && error.help.contains("--skip-bad-rows")
    );
    let error = refused("time,flow\n0,1.5\n1,1.6,9\n2\n");
    assert_eq!(error.line, Some(3));
    let options = LogOptions { skip_bad_rows: true, ..LogOptions::default() };
    let bytes = b"time,flow\n0,1.5\n1,1.6,9\n2\n3,1.7\n";
    let (_, samples, _) = read_with(bytes, &options).unwrap();
    assert_eq!(samples, ["1.5", "1.7"]);
    let survey = survey(bytes.as_slice(), &options).unwrap();
    assert_eq!((survey.rows, survey.skipped), (2, 2));
    assert!(
        survey.notes()[0].starts_with("2 rows are left out; the first because of line 3: 3 cells"),
        "{survey:?}"
    );
}

#[test]
fn a_cell_that_is_no_number_is_refused_before_the_first_sample() {
    let error = refused("t,flow,bar\n0,1,2\n1,2,n.a.\n2,3,4\n");
    assert_eq!((error.line, error.column), (Some(3), Some(3)));
    assert_eq!(error.to_string(), "3:3: `n.a.` of column `bar` is not a number");
    assert!(error.help.contains("--skip-bad-rows"));
    let error = refused("flow;bar\n1,5;2\n1,6;3\n1.7;4\n");
    assert_eq!(error.line, Some(4));
    assert!(error.help.contains("--decimal ."), "{error:?}");
    let long = format!("v\n{}oops\n", "1.5\n".repeat(40_000));
    assert_eq!(refused(&long).line, Some(40_002));
}

#[test]
fn a_number_that_cannot_be_held_is_refused_with_its_line() {
    let error = refused("bar,mm\n1,2\n3,1e999\n");
    assert_eq!(
        error.to_string(),
        "3:2: `1e999` of column `mm` is beyond 1.8e308, the largest number there is"
    );
    assert!(error.help.contains("--skip-bad-rows"), "{}", error.help);
    is("bar,mm\n1,2\n3,1e30\n", "bar|mm", &["1 2", "3 1e30"]);
}

#[test]
fn missing_readings_stay_missing() {
    is("a,b\n1,\nNaN,2\nN/A,null\n-,4\n", "a|b", &["1 -", "- 2", "- -", "- 4"]);
    assert!(refused("a,b\n1,inf\n2,3\n").message.contains("`inf`"));
}

#[test]
fn labels_indexes_and_texts_are_no_channels() {
    let text = ",datetime,flow,state,anomaly,changepoint\n0,2024-01-01 00:00:00,1.5,on,0.0,0.0\n\
                1,2024-01-01 00:00:01,1.6,off,1.0,1.0\n2,2024-01-01 00:00:02,1.7,on,1.0,0.0\n";
    is(text, "flow", &["1.5", "1.6", "1.7"]);
    let log = SensorLog::open(text.as_bytes(), AHEAD, &LogOptions::default()).unwrap();
    let note = &log.layout().notes()[1];
    assert!(
        note.ends_with(
            "label: anomaly; left out: column 1 (it numbers the rows), state (text), changepoint (a label)"
        ),
        "{note}"
    );
    let counting =
        SensorLog::open("kwh\n2218269\n2218270\n2218271\n".as_bytes(), AHEAD, &LogOptions::default())
            .unwrap();
    assert_eq!(counting.layout().channels.len(), 1);
    assert!(counting.layout().notes()[2].contains("counts up by one"), "{:?}", counting.layout().notes());
}

#[test]
fn columns_are_chosen_by_name_or_number() {
    let text = b"time,a,b,c\n0,1,2,3\n1,4,5,6\n";
    let choose = |columns: &[&str], ignore: &[&str], time| {
        let texts = |list: &[&str]| list.iter().map(|name| name.to_string()).collect();
        let options =
            LogOptions { columns: texts(columns), ignore: texts(ignore), time, ..LogOptions::default() };
        read_with(text, &options).map(|(channels, samples, _)| (channels.join("|"), samples[1].clone()))
    };
    assert_eq!(choose(&["c", "2"], &[], TimeColumn::Found).unwrap(), ("c|a".into(), "6 4".into()));
    assert_eq!(choose(&[], &["B"], TimeColumn::Found).unwrap(), ("a|c".into(), "4 6".into()));
    assert_eq!(choose(&[], &[], TimeColumn::None).unwrap().0, "time|a|b|c");
    assert_eq!(choose(&[], &[], TimeColumn::Named("a".into())).unwrap().0, "time|b|c");
    let error = choose(&["d"], &[], TimeColumn::Found).unwrap_err();
    assert!(error.message.contains("no column `d`") && error.help.contains("time, a, b, c"));
}

#[test]
fn a_file_of_which_nothing_can_be_used_is_refused_with_the_reason() {
    let wide = format!("{}\n{}\n", ["x"; 9].join(","), ["1"; 9].join(","));
    for (text, reason) in [
        ("", "no rows"),
        ("\n\n", "no rows"),
        ("a,b\n", "no column holds readings"),
        ("name,room\npump,hall\ntap,yard\n", "no column holds readings"),
        ("a,b\n,\n,\n", "no column holds readings"),
        (wide.as_str(), "9 columns of readings, and a chip takes 8"),
    ] {
        let error = refused(text);
        assert_eq!(error.refusal, Refusal::Unusable, "{text:?}: {error}");
        assert!(error.message.contains(reason), "{text:?}: {error}");
    }
}

#[test]
fn digits_are_passed_on_as_they_are() {
    is(
        "v\n2218269\n9999999\n0.026200\n8388608.000001\n1e12\n",
        "v",
        &["2218269", "9999999", "0.026200", "8388608.000001", "1e12"],
    );
}

#[test]
fn a_header_may_hold_numbers() {
    is("time,1,2\n0,21.5,3\n1,21.6,4\n", "1|2", &["21.5 3", "21.6 4"]);
    is("2024-01-01,1.5,ok\n2024-01-02,1.6,ok\n", "column 2", &["1.5", "1.6"]);
}

#[test]
fn lines_at_the_top_are_left_out_when_asked() {
    let text = b"Logger model,X,Y\nSerial,12,4\n\ntime,temp\n0,21.5\n1,21.6\n2,21.7\n";
    let options = LogOptions { skip_lines: 3, ..LogOptions::default() };
    let (channels, samples, _) = read_with(text, &options).unwrap();
    assert_eq!((channels, samples.len()), (vec!["temp".to_string()], 3));
    let mut log = SensorLog::open(text.as_slice(), AHEAD, &options).unwrap();
    let mut row = Row::default();
    assert!(log.read(&mut row).unwrap());
    assert_eq!(row.line, 5);
    let error = read_with(text, &LogOptions::default()).unwrap_err();
    assert!(error.help.contains("--skip-lines"), "{error:?}");
}

#[test]
fn a_log_is_distinguished_from_a_script() {
    for text in ["time,flow\n0,1.5\n", "a;b\n1,5;2\n", "1.5\n", "a\tb\n1\t2\n", "time,v\n10:00,1\n"] {
        assert!(looks_like_log(None, text.as_bytes()), "{text}");
    }
    for text in ["sample 1\nsample 2\n", "learn pump, valve\nlearn tap, valve\n", "role\n", ""] {
        assert!(!looks_like_log(None, text.as_bytes()), "{text}");
    }
    assert!(looks_like_log(Some(std::path::Path::new("a.CSV")), b""));
}

#[test]
fn a_live_log_is_opened_after_two_rows() {
    struct Once<'t>(&'t [u8]);
    impl std::io::Read for Once<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            assert!(!self.0.is_empty(), "nothing more may be waited for");
            let length = self.0.len().min(buffer.len());
            buffer[..length].copy_from_slice(&self.0[..length]);
            self.0 = &self.0[length..];
            Ok(length)
        }
    }
    let mut log = SensorLog::open(Once(b"time,flow\n0,1.5\n"), Sniff::Live, &LogOptions::default()).unwrap();
    let mut row = Row::default();
    assert!(log.read(&mut row).unwrap());
    assert_eq!(row.readings, "1.5");
}
