//! Values as a call prints them: `20%`, `21.5C`, `1h30m`, `18:30`, `up2C`, `down1step`, `#ffd700`.
//!
//! What is printed is read back as the same value.

use super::{Value, color};
use crate::nlu::kind::Kind;
use core::fmt;

/// A value with its kind. Listed values and words have no form of their own here.
#[derive(Clone, Copy, Debug)]
pub struct Shown {
    /// The argument's kind.
    pub kind: Kind,
    /// The value.
    pub value: Value,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.value {
            Value::Scalar(number) => scalar(self.kind, number, f),
            Value::Change(number) => {
                f.write_str(if number < 0 { "down" } else { "up" })?;
                scalar(self.kind, number.saturating_abs(), f)
            }
            Value::Steps(steps) => {
                let plural = if steps.unsigned_abs() == 1 { "" } else { "s" };
                let direction = if steps < 0 { "down" } else { "up" };
                write!(f, "{direction}{}step{plural}", steps.unsigned_abs())
            }
            Value::Color(color) => match color::name_of(color) {
                Some(name) if !name.contains(' ') => f.write_str(name),
                Some(name) => write!(f, "\"{name}\""),
                None => write!(f, "#{color:06x}"),
            },
            Value::Choice(_) | Value::Words => Ok(()),
        }
    }
}

fn scalar(kind: Kind, number: i32, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match kind {
        Kind::Duration => duration(number, f),
        Kind::Time => write!(f, "{:02}:{:02}", number / 60, number % 60),
        _ => {
            thousandths(number, f)?;
            f.write_str(match kind {
                Kind::Percent => "%",
                Kind::Temperature => "C",
                _ => "",
            })
        }
    }
}

fn thousandths(number: i32, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let sign = if number < 0 { "-" } else { "" };
    let (whole, rest) = (number.unsigned_abs() / 1000, number.unsigned_abs() % 1000);
    write!(f, "{sign}{whole}")?;
    match rest {
        0 => Ok(()),
        _ if rest % 100 == 0 => write!(f, ".{}", rest / 100),
        _ if rest % 10 == 0 => write!(f, ".{:02}", rest / 10),
        _ => write!(f, ".{rest:03}"),
    }
}

fn duration(seconds: i32, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let parts = [(86_400, "d"), (3600, "h"), (60, "m"), (1, "s")];
    let mut left = seconds;
    for (size, unit) in parts {
        if left >= size {
            write!(f, "{}{unit}", left / size)?;
            left %= size;
        }
    }
    Ok(())
}
