//! What a caller says about a log; everything that is left out is found.

/// How a sensor log is to be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogOptions {
    /// What separates cells.
    pub separator: Option<u8>,
    /// The decimal sign.
    pub decimal: Option<Decimal>,
    /// The columns that are channels, by name or by number from 1; all that hold readings if empty.
    pub columns: Vec<String>,
    /// Columns that are left out.
    pub ignore: Vec<String>,
    /// Which column holds the time.
    pub time: TimeColumn,
    /// The form of time stamps, as `strptime` takes it.
    pub time_format: Option<String>,
    /// The column that says whether a row is anomalous.
    pub label: Option<String>,
    /// Is the first row a header?
    pub header: Option<bool>,
    /// Lines before the table.
    pub skip_lines: usize,
    /// Leave out rows that cannot be read, and count them?
    pub skip_bad_rows: bool,
}

/// A decimal sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decimal {
    /// `20.5`
    Point,
    /// `20,5`
    Comma,
}

/// Which column holds the time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum TimeColumn {
    /// One whose values are times, or that is named so.
    #[default]
    Found,
    /// None: the rows are equally far apart.
    None,
    /// The one of this name, or number from 1.
    Named(String),
}

impl Decimal {
    /// The sign.
    pub const fn sign(self) -> char {
        match self {
            Self::Point => '.',
            Self::Comma => ',',
        }
    }
}

/// The names of separators that are hard to type.
pub(super) const SEPARATOR_NAMES: [(&str, u8); 6] =
    [("comma", b','), ("semicolon", b';'), ("tab", b'\t'), ("pipe", b'|'), ("space", b' '), ("\\t", b'\t')];

/// The bytes that may separate cells, the likeliest first.
pub(super) const SEPARATORS: [u8; 5] = [b',', b';', b'\t', b'|', b' '];

impl LogOptions {
    /// Reads a separator: the sign itself, or its name.
    ///
    /// # Errors
    /// What a separator is.
    pub fn parse_separator(text: &str) -> Result<u8, String> {
        let named = SEPARATOR_NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
        let sign = match text.as_bytes() {
            [sign] if sign.is_ascii_punctuation() || b"\t ".contains(sign) => Some(*sign),
            _ => None,
        };
        let is_free = |sign: &u8| !b"\"'#.+-_".contains(sign);
        named
            .map(|(_, sign)| *sign)
            .or(sign)
            .filter(is_free)
            .ok_or_else(|| "a separator is one sign, or comma, semicolon, tab, pipe or space".to_string())
    }

    /// Reads a decimal sign.
    ///
    /// # Errors
    /// What a decimal sign is.
    pub fn parse_decimal(text: &str) -> Result<Decimal, String> {
        match text {
            "." | "point" => Ok(Decimal::Point),
            "," | "comma" => Ok(Decimal::Comma),
            _ => Err("a decimal sign is `.` or `,`".into()),
        }
    }

    /// Reads the name of a time column.
    pub fn parse_time(text: &str) -> TimeColumn {
        match text {
            "none" => TimeColumn::None,
            name => TimeColumn::Named(name.to_string()),
        }
    }
}

/// A separator as it is shown.
pub(super) fn separator_name(separator: u8) -> String {
    match separator {
        b'\t' => "tab".into(),
        b' ' => "space".into(),
        sign => format!("`{}`", char::from(sign)),
    }
}
