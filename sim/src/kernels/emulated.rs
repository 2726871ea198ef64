//! The workloads as the chip's own machine code, in the emulator, with a flash cache whose fills cost nothing.

use super::Measurement;
use super::image::{Image, ImageError};
use crate::emulator::{Machine, Pace, Stop};

/// More than the longest run takes, several times.
const MAX_CYCLES: u64 = 40_000_000_000;

/// Every kernel.
///
/// # Errors
/// [`ImageError`] where the image cannot be built, loaded or run to its end.
pub fn kernels(image: &Image) -> Result<Vec<Measurement>, ImageError> {
    run(image, "kernels\n")
}

/// Single commands and the whole session of each role.
///
/// # Errors
/// As for [`kernels`].
pub fn sessions(image: &Image) -> Result<Vec<Measurement>, ImageError> {
    run(image, "sessions\n")
}

fn run(image: &Image, request: &str) -> Result<Vec<Measurement>, ImageError> {
    let mut machine = image.load(Pace::Timed)?;
    // Which lines are missing depends on how the linker laid out this image, and no chip runs it: the firmware's image,
    // whole, is where cache fills are priced and checked (`firmware_calibration`).
    machine.fill_for_free();
    machine.uart_input(request.as_bytes());
    let stop = machine.run(MAX_CYCLES);
    let output = text(&mut machine);
    let ended = stop == Stop::Exited { code: 0 };
    let (lines, last) = output.trim_end().rsplit_once('\n').unwrap_or_default();
    if !ended || last != "end" {
        return Err(ImageError::Stopped { chip: image.chip.name, stop, last: last.to_string() });
    }
    measurements(lines)
}

/// What an image printed, line by line.
///
/// # Errors
/// [`ImageError::NoMeasurement`] with the first line that is none.
pub fn measurements(lines: &str) -> Result<Vec<Measurement>, ImageError> {
    lines.lines().map(|line| parse(line).ok_or_else(|| ImageError::NoMeasurement(line.to_string()))).collect()
}

/// What the machine sent.
pub(super) fn text(machine: &mut Machine) -> String {
    String::from_utf8_lossy(&machine.take_uart_output()).into_owned()
}

/// `NAME SIZE CYCLES INSTRUCTIONS STACK CHECKSUM`
fn parse(line: &str) -> Option<Measurement> {
    let words: Vec<&str> = line.split(' ').collect();
    let [kernel, size, cycles, instructions, stack, checksum] = words.as_slice() else { return None };
    Some(Measurement {
        kernel: (*kernel).to_string(),
        size: size.parse().ok()?,
        cycles: cycles.parse().ok()?,
        instructions: instructions.parse().ok()?,
        stack: stack.parse().ok()?,
        checksum: u32::from_str_radix(checksum, 16).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_measurement_or_nothing() {
        let line = parse("dot 64 591 470 48 0000002a").unwrap();
        assert_eq!((line.kernel.as_str(), line.size, line.cycles), ("dot", 64, 591));
        assert_eq!((line.instructions, line.stack, line.checksum), (470, 48, 42));
        assert!(parse("dot 64 591 470 48").is_none() && parse("dot 64 591 470 48 xyz").is_none());
    }
}
