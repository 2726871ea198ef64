//! Time stamps: what form a column's have, and how much time lies between two.
//!
//! A form is found among the usual ones by trying them on the first rows. `02/03/2024` may be February or March: where
//! the rows do not tell, the form has to be given.

use super::cell;
use super::fault::{LogError, short};
use super::options::Decimal;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::Offset;

/// Dates as people write them.
const DATES: [&str; 14] = [
    "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d.%m.%Y", "%d.%m.%y", "%d/%m/%Y", "%m/%d/%Y", "%d/%m/%y",
    "%m/%d/%y", "%d-%m-%Y", "%m-%d-%Y", "%d-%b-%Y", "%d %b %Y",
];
/// Times of a day.
const TIMES: [&str; 5] = ["%H:%M:%S%.f", "%H:%M", "%I:%M:%S %p", "%I:%M %p", "%H%M%S"];
/// What a stamp ends with: nothing, or an offset from universal time.
const ZONES: [&str; 4] = ["", "Z", "%:z", "%z"];

const DAY: i64 = 86_400_000_000;
/// From these values on, numbers are taken for seconds, milliseconds, microseconds and nanoseconds since 1970.
const EPOCHS: [(f64, f64); 3] = [(1e17, 1e-3), (1e14, 1.0), (1e11, 1e3)];

/// Could this be a time stamp? Cheap, and not exact: digits around a colon, or numbers around two equal signs.
pub(super) fn looks_like_time(cell: &str) -> bool {
    let count = |is: fn(&u8) -> bool| cell.bytes().filter(is).count();
    let (colons, letters) = (count(|byte| *byte == b':'), count(u8::is_ascii_alphabetic));
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-/.:,+ ".contains(&byte);
    let is_twice = |sign: u8| cell.bytes().filter(|byte| *byte == sign).count() >= 2;
    // A comma is a decimal sign after seconds, and separates cells anywhere else.
    let comma = cell.find(',').is_none_or(|comma| cell.rfind(':').is_some_and(|colon| colon < comma));
    cell.as_bytes().first().is_some_and(u8::is_ascii_digit)
        && cell.bytes().all(is_part)
        && count(u8::is_ascii_digit) >= 3
        && letters <= 5
        && comma
        && (colons > 0 || b"-/. ".iter().any(|sign| is_twice(*sign)))
}

/// The form of a column's time stamps.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum TimeForm {
    /// Numbers, of so many microseconds.
    Number(f64),
    /// Texts of this form; one of a day alone begins again at midnight.
    Stamp { format: String, has_date: bool },
}

impl TimeForm {
    /// The microseconds that a stamp stands for: since 1970, midnight, or whatever the numbers count from.
    pub fn micros(&self, text: &str, decimal: Decimal) -> Option<i64> {
        match self {
            Self::Number(unit) => {
                let micros = cell::value(text, decimal)? * unit;
                (micros.abs() < 9e18).then_some(micros.round() as i64)
            }
            Self::Stamp { format, has_date } => stamp_micros(text, format, *has_date),
        }
    }

    /// Does a fall by most of a day mean midnight?
    pub fn wraps(&self) -> bool {
        matches!(self, Self::Stamp { has_date: false, .. })
    }

    /// As it is said.
    pub fn name(&self) -> String {
        match self {
            Self::Number(unit) => match *unit {
                unit if unit < 1.0 => "nanoseconds".into(),
                1.0 => "microseconds".into(),
                1e3 => "milliseconds".into(),
                6e7 => "minutes".into(),
                3.6e9 => "hours".into(),
                8.64e10 => "days".into(),
                _ => "seconds".into(),
            },
            Self::Stamp { format, .. } => format!("`{format}`"),
        }
    }
}

/// The time of day after `earlier` that a stamp without a date stands for.
pub(super) fn after_midnight(earlier: Option<i64>, micros: i64) -> i64 {
    let Some(earlier) = earlier else { return micros };
    let day = earlier - earlier.rem_euclid(DAY);
    let micros = day + micros;
    if micros + DAY / 2 < earlier { micros + DAY } else { micros }
}

fn stamp_micros(text: &str, format: &str, has_date: bool) -> Option<i64> {
    let point;
    let text = if text.contains(',') {
        point = text.replace(',', ".");
        &point
    } else {
        text
    };
    let parsed = BrokenDownTime::parse(format, text).ok()?;
    if !has_date {
        let time = parsed.to_time().ok()?;
        let since = time.duration_since(jiff::civil::Time::midnight());
        return i64::try_from(since.as_micros()).ok();
    }
    let datetime = parsed.to_datetime().or_else(|_| parsed.to_date().map(|date| date.at(0, 0, 0, 0))).ok()?;
    let offset = parsed.offset().unwrap_or(Offset::UTC);
    Some(offset.to_timestamp(datetime).ok()?.as_microsecond())
}

/// The unit that a column's name states, in microseconds: `time_ms`, `minute`, `t [s]`.
fn unit_of_name(name: &str) -> Option<f64> {
    let name = name.to_ascii_lowercase();
    let word = name.rsplit(|sign: char| !sign.is_ascii_alphabetic()).find(|word| !word.is_empty())?;
    Some(match word {
        "ns" | "nanos" | "nanoseconds" => 1e-3,
        "us" | "micros" | "microseconds" => 1.0,
        "ms" | "msec" | "millis" | "milliseconds" => 1e3,
        "s" | "sec" | "secs" | "second" | "seconds" => 1e6,
        "min" | "mins" | "minute" | "minutes" => 6e7,
        "h" | "hour" | "hours" => 3.6e9,
        "d" | "day" | "days" => 8.64e10,
        _ => return None,
    })
}

/// The form of a column that holds `samples`; `name` may state a unit.
///
/// # Errors
/// Stamps of no known form, or of several.
pub(super) fn form(
    samples: &[&str],
    name: &str,
    decimal: Decimal,
    given: Option<&str>,
) -> Result<TimeForm, LogError> {
    if let Some(format) = given {
        return Ok(TimeForm::Stamp { format: format.into(), has_date: has_date(format) });
    }
    let numbers: Option<Vec<f64>> = samples.iter().map(|text| cell::value(text, decimal)).collect();
    if let Some(numbers) = numbers {
        let first = numbers.first().copied().unwrap_or(0.0);
        let epoch = EPOCHS.iter().find(|(from, _)| first >= *from).map(|(_, unit)| *unit);
        return Ok(TimeForm::Number(epoch.or_else(|| unit_of_name(name)).unwrap_or(1e6)));
    }
    let fitting = fitting(samples);
    match fitting.as_slice() {
        [] => Err(unknown(samples)),
        [one] => Ok(one.clone()),
        [first, second, ..] => choose(first, second, &fitting, samples),
    }
}

/// Does a format say which day?
fn has_date(format: &str) -> bool {
    ["%d", "%e", "%j", "%s", "%F", "%D", "%x", "%c"].iter().any(|part| format.contains(part))
}

fn fitting(samples: &[&str]) -> Vec<TimeForm> {
    let Some(first) = samples.first() else { return Vec::new() };
    let mut formats = Vec::new();
    for zone in ZONES {
        for time in TIMES {
            formats.push(format!("{time}{zone}"));
            for date in DATES {
                formats.extend([format!("{date} {time}{zone}"), format!("{date}T{time}{zone}")]);
            }
        }
    }
    formats.extend(DATES.map(String::from));
    let forms = formats.into_iter().map(|format| TimeForm::Stamp { has_date: has_date(&format), format });
    let mut fitting: Vec<TimeForm> =
        forms.filter(|form| form.micros(first, Decimal::Point).is_some()).collect();
    fitting.retain(|form| samples.iter().all(|text| form.micros(text, Decimal::Point).is_some()));
    // Forms that mean the same are one.
    let mut distinct: Vec<(Vec<Option<i64>>, TimeForm)> = Vec::new();
    for form in fitting {
        let means: Vec<Option<i64>> = samples.iter().map(|text| form.micros(text, Decimal::Point)).collect();
        if !distinct.iter().any(|(have, _)| *have == means) {
            distinct.push((means, form));
        }
    }
    distinct.into_iter().map(|(_, form)| form).collect()
}

/// The one form of several in which time goes forward.
fn choose(
    first: &TimeForm,
    second: &TimeForm,
    all: &[TimeForm],
    samples: &[&str],
) -> Result<TimeForm, LogError> {
    let rises = |form: &&TimeForm| {
        let times: Vec<i64> = samples.iter().filter_map(|text| form.micros(text, Decimal::Point)).collect();
        times.len() > 1 && times.is_sorted() && times.first() < times.last()
    };
    let steps = |form: &TimeForm| {
        let times: Vec<i64> = samples.iter().filter_map(|text| form.micros(text, Decimal::Point)).collect();
        times
            .windows(2)
            .map(|pair| pair.iter().rev().copied().reduce(|late, early| late - early))
            .collect::<Vec<_>>()
    };
    let rising: Vec<&TimeForm> = all.iter().filter(rises).collect();
    match rising.as_slice() {
        [one] => return Ok((*one).clone()),
        [one, rest @ ..] if rest.iter().all(|other| steps(other) == steps(one)) && samples.len() > 150 => {
            return Ok((*one).clone());
        }
        _ => {}
    }
    let text = samples.first().copied().unwrap_or_default();
    let (first, second) = (first.name(), second.name());
    Err(LogError::malformed(
        format!("the time `{}` may be {first} or {second}", short(text)),
        "--time-format says which, such as --time-format '%d/%m/%Y %H:%M'; --time none does without times",
    ))
}

fn unknown(samples: &[&str]) -> LogError {
    let first = fitting(samples.get(..1).unwrap_or_default());
    let odd = samples.iter().find(|text| {
        !first.is_empty() && first.iter().all(|form| form.micros(text, Decimal::Point).is_none())
    });
    let text = odd.or(samples.first()).copied().unwrap_or_default();
    LogError::malformed(
        format!("`{}` is not a time of a known form", short(text)),
        "--time-format says its form, such as --time-format '%d/%m/%Y %H:%M'; --time none does without times",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(samples: &[&str], name: &str) -> (String, Vec<i64>) {
        let form = form(samples, name, Decimal::Point, None).unwrap();
        let first = form.micros(samples[0], Decimal::Point).unwrap();
        let since = samples.iter().map(|text| (form.micros(text, Decimal::Point).unwrap() - first) / 1000);
        (form.name(), since.collect())
    }

    #[test]
    fn usual_stamps_are_understood() {
        for (samples, name) in [
            (["2014-04-01 00:00:00", "2014-04-01 00:00:01.5"], "`%Y-%m-%d %H:%M:%S%.f`"),
            (["2014-04-01T00:00:00Z", "2014-04-01T00:00:01.5Z"], "`%Y-%m-%dT%H:%M:%S%.fZ`"),
            (["2014-04-01T00:00:00+02:00", "2014-03-31T22:00:01.5+00:00"], "`%Y-%m-%dT%H:%M:%S%.f%:z`"),
            (["31.12.2013 23:59:59", "01.01.2014 00:00:00,5"], "`%d.%m.%Y %H:%M:%S%.f`"),
            (["00:00:59", "00:01:00.5"], "`%H:%M:%S%.f`"),
        ] {
            assert_eq!(found(&samples, ""), (name.to_string(), vec![0, 1500]), "{samples:?}");
        }
        assert_eq!(found(&["2024-01-01", "2024-01-02"], "").1, [0, 86_400_000]);
        assert_eq!(found(&["5/14/2024 1:05 PM", "5/14/2024 2:05 PM"], "").1, [0, 3_600_000]);
    }

    #[test]
    fn numbers_are_of_the_unit_that_size_or_name_says() {
        assert_eq!(found(&["0", "1.5"], "time").1, [0, 1500]);
        assert_eq!(found(&["0", "1500"], "time_ms").1, [0, 1500]);
        assert_eq!(found(&["1396310400", "1396310401.5"], "timestamp").1, [0, 1500]);
        assert_eq!(found(&["1396310400000", "1396310401500"], "timestamp").1, [0, 1500]);
        assert_eq!(found(&["0", "1"], "minute").1, [0, 60_000]);
    }

    #[test]
    fn two_readings_of_a_date_are_refused_unless_the_rows_tell() {
        assert_eq!(found(&["30/01/2024", "01/02/2024"], "").0, "`%d/%m/%Y`");
        let error = form(&["01/02/2024", "02/02/2024"], "", Decimal::Point, None).unwrap_err();
        assert!(error.message.contains("`%d/%m/%Y` or `%m/%d/%Y`"), "{error}");
        assert!(error.help.contains("--time-format"));
        assert!(form(&["soon"], "", Decimal::Point, None).unwrap_err().message.contains("`soon`"));
    }

    #[test]
    fn a_time_without_a_date_goes_past_midnight() {
        let at = |hours: i64| hours * 3_600_000_000;
        assert_eq!(after_midnight(None, at(23)), at(23));
        assert_eq!(after_midnight(Some(at(23)), at(0)), at(24));
        assert_eq!(after_midnight(Some(at(24)), at(1)), at(25));
        assert_eq!(after_midnight(Some(at(25)), at(0)), at(24), "a small step back stays one");
    }
}
