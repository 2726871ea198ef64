//! Text that fits its space: cut with a mark, as a curve, as a clock.

use ratatui::text::Span;
use ruvllm_esp_core::units::Micros;

const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The columns that a text takes.
pub fn width(text: &str) -> usize {
    Span::raw(text).width()
}

/// A text in at most `room` columns: what is cut off is marked, control characters are made visible.
pub fn fit(text: &str, room: usize) -> String {
    let clean = |letter: char| if letter.is_control() { ' ' } else { letter };
    let whole: String = text.chars().map(clean).collect();
    if width(&whole) <= room {
        return whole;
    }
    let mut cut = String::new();
    for letter in whole.chars() {
        let mut bytes = [0; 4];
        if width(&cut) + width(letter.encode_utf8(&mut bytes)) + 1 > room {
            break;
        }
        cut.push(letter);
    }
    if room > 0 {
        cut.push('…');
    }
    cut
}

/// `1 chip`, `2 chips`.
pub fn counted(count: u64, one: &str) -> String {
    let number = crate::quantity::count(count);
    if count == 1 { format!("{number} {one}") } else { format!("{number} {one}s") }
}

/// A text in lines of at most `room` columns, broken at spaces where it can be; later lines are set in by `indent`.
pub fn wrapped(text: &str, room: usize, indent: usize) -> Vec<String> {
    let clean: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    let indent = if indent + 8 < room { indent } else { 0 };
    let mut lines = Vec::new();
    let mut rest = clean.as_str();
    loop {
        let inset = if lines.is_empty() { 0 } else { indent };
        let (line, more) = break_at(rest, room.saturating_sub(inset).max(1));
        lines.push(format!("{}{line}", " ".repeat(inset)));
        if more.is_empty() {
            return lines;
        }
        rest = more;
    }
}

/// As much of a text as `room` columns hold, and the rest.
fn break_at(text: &str, room: usize) -> (&str, &str) {
    if width(text) <= room {
        return (text, "");
    }
    let mut end = 0;
    for (index, letter) in text.char_indices() {
        let next = index + letter.len_utf8();
        if width(text.get(..next).unwrap_or("")) > room && index > 0 {
            break;
        }
        end = next;
    }
    // A word is broken only where it is longer than half a line.
    let head = text.get(..end).unwrap_or(text);
    let space = head.rfind(' ').filter(|space| *space > head.len() / 2);
    match space {
        Some(space) => (text.get(..space).unwrap_or(""), text.get(space + 1..).unwrap_or("")),
        None => (head, text.get(end..).unwrap_or("")),
    }
}

/// The same, filled up with spaces.
pub fn padded(text: &str, room: usize) -> String {
    let mut text = fit(text, room);
    let lacking = room.saturating_sub(width(&text));
    text.extend(std::iter::repeat_n(' ', lacking));
    text
}

/// The same, with the text at the right.
pub fn padded_left(text: &str, room: usize) -> String {
    let text = fit(text, room);
    format!("{}{text}", " ".repeat(room.saturating_sub(width(&text))))
}

/// A curve of as many columns as `room`, the newest value at the right; `most` is full height.
pub fn curve(values: impl DoubleEndedIterator<Item = u32>, most: u32, room: usize) -> String {
    let mut newest_first: Vec<char> = values
        .rev()
        .take(room)
        .map(|value| {
            let level = u64::from(value.min(most)) * 8 / u64::from(most.max(1));
            LEVELS.get((level as usize).min(7)).copied().unwrap_or('█')
        })
        .collect();
    newest_first.resize(room, ' ');
    newest_first.into_iter().rev().collect()
}

/// A bar that is filled to `part` of `whole`, in cells.
pub fn filled(part: u64, whole: u64, room: usize) -> usize {
    let cells = (part.min(whole) * room as u64).checked_div(whole).unwrap_or(0) as usize;
    // Something is never shown as nothing.
    if part > 0 && cells == 0 { room.min(1) } else { cells }
}

/// A time as a clock shows it: `00:01:23.456`.
pub fn clock(time: Micros) -> String {
    let millis = time.get() / 1000;
    let (seconds, minutes, hours) = (millis / 1000, millis / 60_000, millis / 3_600_000);
    format!("{hours:02}:{:02}:{:02}.{:03}", minutes % 60, seconds % 60, millis % 1000)
}

/// A time that somebody typed: seconds, `1:30`, `1:02:03.5`, `90s`, `5m`, `2h`, `250ms`; with `+` or `-` before it from
/// `now` on.
pub fn parse_time(text: &str, now: Micros) -> Option<Micros> {
    let text = text.trim();
    if let Some(later) = text.strip_prefix('+') {
        return now.get().checked_add(span(later)?).map(Micros);
    }
    if let Some(earlier) = text.strip_prefix('-') {
        return Some(Micros(now.get().saturating_sub(span(earlier)?)));
    }
    span(text).map(Micros)
}

fn span(text: &str) -> Option<u64> {
    let text = text.trim();
    let units = [("ms", 1e3), ("s", 1e6), ("m", 6e7), ("min", 6e7), ("h", 3.6e9)];
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit = text.get(digits.len()..)?;
    let micros = if unit.is_empty() {
        digits.split(':').try_fold(0.0, |sum, part| Some(sum * 60.0 + number(part)?))? * 1e6
    } else {
        let factor = units.iter().find(|(name, _)| *name == unit)?.1;
        number(digits.trim())? * factor
    };
    // A year is longer than anybody waits.
    (micros <= 3.2e13).then_some(micros as u64)
}

fn number(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    text.parse().ok().filter(|_| plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_is_marked() {
        assert_eq!([fit("archivist", 9), fit("archivist", 5), fit("ab", 0)], ["archivist", "arch…", ""]);
        assert_eq!(
            [fit("a\tb\x1b[2J", 20), padded("ab", 4), padded_left("ab", 4)],
            ["a b [2J", "ab  ", "  ab"]
        );
        // Wide letters take two columns.
        assert_eq!(fit("水水水", 4), "水…");
    }

    #[test]
    fn long_text_is_broken_and_nothing_of_it_lost() {
        assert_eq!(wrapped("one two three four", 9, 0), ["one two", "three", "four"]);
        assert_eq!(wrapped("abcdefghij", 4, 0), ["abcd", "efgh", "ij"]);
        assert_eq!(wrapped("alpha beta gamma", 12, 2), ["alpha beta", "  gamma"]);
        assert_eq!((wrapped("", 4, 0), wrapped("水水", 1, 0).len()), (vec![String::new()], 2));
        assert_eq!([counted(1, "chip"), counted(2_000, "item")], ["1 chip", "2,000 items"]);
    }

    #[test]
    fn a_curve_ends_with_the_newest() {
        assert_eq!(curve([0, 50, 100].into_iter(), 100, 4), " ▁▅█");
        assert_eq!(curve([9, 0, 50, 100].into_iter(), 100, 2), "▅█");
        assert_eq!([filled(0, 9, 10), filled(1, 1000, 10), filled(9, 9, 10), filled(1, 0, 4)], [0, 1, 10, 1]);
    }

    #[test]
    fn times_are_read_in_every_form() {
        let now = Micros(60_000_000);
        let read = |text| parse_time(text, now).map(|time| time.get());
        assert_eq!(
            [read("90"), read("1:30"), read("90s"), read("+30s"), read("1.5m")],
            [Some(90_000_000); 5]
        );
        assert_eq!([read("-10s"), read("-5m"), read("250ms")], [Some(50_000_000), Some(0), Some(250_000)]);
        assert_eq!(
            [read(""), read("x"), read("1:x"), read("5 parsecs"), read("1e99"), read("inf")],
            [None; 6]
        );
        assert_eq!(clock(Micros(3_723_456_000)), "01:02:03.456");
    }
}
