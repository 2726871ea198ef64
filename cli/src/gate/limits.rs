//! The latency limits of `fixtures/gates.toml`: microseconds by chip, kernel and size.
//!
//! The file is plain TOML of one shape: a table a chip, in it `"KERNEL SIZE" = MICROSECONDS`.

use ruvllm_esp_core::units::Nanos;
use std::collections::BTreeMap;

/// How the names of single commands begin.
const COMMAND: &str = "command-";

/// The limits of one chip, by kernel and size.
pub type Limits = BTreeMap<(String, u32), Nanos>;

/// The limits of `chip` in `text`.
///
/// # Errors
/// The first line that is not of the shape.
pub fn parse(text: &str, chip: &str) -> Result<Limits, String> {
    let mut limits = Limits::new();
    let mut is_ours = false;
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(table) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            is_ours = table == chip;
            continue;
        }
        let (key, limit) = parse_line(line).ok_or_else(|| line.to_string())?;
        if is_ours {
            limits.insert(key, limit);
        }
    }
    Ok(limits)
}

/// `"KERNEL SIZE" = 12.34`
fn parse_line(line: &str) -> Option<((String, u32), Nanos)> {
    let (key, value) = line.split_once(" = ")?;
    let (kernel, size) = key.strip_prefix('"')?.strip_suffix('"')?.rsplit_once(' ')?;
    let (whole, part) = value.split_once('.')?;
    let thousandths: u64 = format!("{part:0<3}").parse().ok().filter(|_| part.len() <= 3)?;
    let nanos = whole.parse::<u64>().ok()?.checked_mul(1_000)?.checked_add(thousandths)?;
    Some(((kernel.to_string(), size.parse().ok()?), Nanos(nanos)))
}

/// A line for a limit a quarter above `nanos`, or twice as high for a single command.
///
/// A command runs through about as much code as the cache holds. Where the linker happens to put its functions then decides
/// two thirds of its time (61 or 103 us for a sensor reading on the ESP32-C3), whatever was changed, and a limit a quarter
/// above would fail by chance.
pub fn line(kernel: &str, size: u32, nanos: u64) -> String {
    let hundredths = if kernel.starts_with(COMMAND) { 200 } else { 125 };
    let limit = nanos.saturating_mul(hundredths).div_ceil(100);
    format!("\"{kernel} {size}\" = {}.{:03}\n", limit / 1_000, limit % 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_back_by_chip() {
        let text = format!(
            "# microseconds\n[esp32]\n{}[esp32c3]\n{}",
            line("dot", 64, 4_000),
            line("dot", 64, 3_699)
        );
        let limits = parse(&text, "esp32c3").unwrap();
        assert_eq!(limits.get(&("dot".to_string(), 64)), Some(&Nanos(4_624)));
        assert_eq!(parse(&text, "esp32").unwrap().values().next(), Some(&Nanos(5_000)));
    }

    #[test]
    fn a_command_has_room_for_another_layout() {
        assert_eq!(line("dot", 64, 4_000), "\"dot 64\" = 5.000\n");
        assert_eq!(line("command-sample", 32, 4_000), "\"command-sample 32\" = 8.000\n");
    }

    #[test]
    fn what_is_no_limit_is_named() {
        for wrong in ["dot = 1.0", "\"dot\" = 1.0", "\"dot 64\" = 1", "\"dot 64\" = 1.0000"] {
            assert_eq!(parse(&format!("[esp32]\n{wrong}"), "esp32").unwrap_err(), wrong);
        }
    }
}
