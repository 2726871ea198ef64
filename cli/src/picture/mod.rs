//! Pictures: drawn once, written as SVG or PNG.
//!
//! The letters of a PNG come from a font that is part of the program, so that it needs nothing of the machine it runs on.

pub mod chart;

use crate::destination::{Destination, cannot_write};
use crate::error::CliError;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::register_font;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Once;

/// DejaVu Sans, cut down to Latin, Greek and Cyrillic letters; `fixtures/font` has its licence.
const FONT: &[u8] = include_bytes!("../../../fixtures/font/DejaVuSans.ttf");
/// The family by which it is used.
pub const FAMILY: &str = "sans-serif";

/// Something that can be drawn, of a size in pixels.
pub trait Picture {
    /// Width and height.
    fn size(&self) -> (u32, u32);

    /// Draws it.
    ///
    /// # Errors
    /// Why the backend does not take it.
    fn draw<Backend: DrawingBackend>(&self, area: &DrawingArea<Backend, Shift>) -> Result<(), Unpainted>;
}

/// A picture could not be drawn.
#[derive(Debug)]
pub struct Unpainted(pub String);

impl<Error: std::error::Error + Send + Sync> From<DrawingAreaErrorKind<Error>> for Unpainted {
    fn from(error: DrawingAreaErrorKind<Error>) -> Self {
        Self(error.to_string())
    }
}

fn use_font() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // The font is sound, as the test shows.
        let _ = register_font(FAMILY, FontStyle::Normal, FONT);
    });
}

/// The picture as SVG.
///
/// # Errors
/// [`Unpainted`].
pub fn svg(picture: &impl Picture) -> Result<String, Unpainted> {
    use_font();
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, picture.size()).into_drawing_area();
        picture.draw(&area)?;
        area.present()?;
    }
    Ok(text)
}

/// Writes the picture as PNG.
///
/// # Errors
/// [`Unpainted`], or the output takes no more.
pub fn png(picture: &impl Picture, out: impl Write) -> Result<(), io::Error> {
    use_font();
    let (width, height) = picture.size();
    let mut pixels = vec![0; 3 * width as usize * height as usize];
    {
        let area = BitMapBackend::with_buffer(&mut pixels, (width, height)).into_drawing_area();
        picture.draw(&area).map_err(|error| io::Error::other(error.0))?;
        area.present().map_err(|error| io::Error::other(error.to_string()))?;
    }
    let mut encoder = png::Encoder::new(out, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels)?;
    Ok(writer.finish()?)
}

/// Writes a picture to a file in the form that `kind` says.
///
/// # Errors
/// `picture::cannot-write`.
pub fn write(picture: &impl Picture, kind: Form, path: &Path, inputs: &[PathBuf]) -> Result<(), CliError> {
    save(path, inputs, |out| match kind {
        Form::Svg => out.write_all(svg(picture).map_err(|error| io::Error::other(error.0))?.as_bytes()),
        Form::Png => png(picture, out),
    })
}

/// Writes a file, which takes its name once it is whole.
///
/// # Errors
/// `picture::cannot-write`.
pub fn save(
    path: &Path,
    inputs: &[PathBuf],
    write: impl FnOnce(&mut BufWriter<Box<dyn Write>>) -> io::Result<()>,
) -> Result<(), CliError> {
    const CODE: &str = "picture::cannot-write";
    let (destination, file) = Destination::open(path, inputs, CODE)?;
    let mut out = BufWriter::new(Box::new(file) as Box<dyn Write>);
    write(&mut out)
        .and_then(|()| out.flush())
        .and_then(|()| destination.keep())
        .map_err(|error| cannot_write(path, &error, CODE))
}

/// The form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Svg,
    Png,
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Dot;

    impl Picture for Dot {
        fn size(&self) -> (u32, u32) {
            (40, 20)
        }

        fn draw<Backend: DrawingBackend>(&self, area: &DrawingArea<Backend, Shift>) -> Result<(), Unpainted> {
            area.fill(&WHITE)?;
            Ok(area.draw_text("\u{b5}", &chart::letters(16, &chart::INK), (2, 2))?)
        }
    }

    #[test]
    fn a_picture_has_letters_without_a_font_of_the_machine() {
        let mut bytes = Vec::new();
        png(&Dot, &mut bytes).unwrap();
        let mut reader = png::Decoder::new(io::Cursor::new(bytes)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((info.width, info.height), (40, 20));
        assert!(pixels.iter().any(|value| *value < 128), "a letter is dark");
        let text = svg(&Dot).unwrap();
        assert!(text.contains("<svg") && text.contains('\u{b5}'), "{text}");
    }
}
