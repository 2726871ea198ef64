//! The words of a command line, looked at before it is understood, or where it cannot be.

use std::borrow::Cow;
use std::ffi::OsString;

/// The words of a command line that may be options.
pub fn words(arguments: &[OsString]) -> impl Iterator<Item = Cow<'_, str>> {
    arguments.iter().skip(1).map(|word| word.to_string_lossy()).take_while(|word| word != "--")
}

/// The last value of an option.
pub fn value_of(arguments: &[OsString], option: &str) -> Option<String> {
    let inline = |word: &str| Some(word.strip_prefix(option)?.strip_prefix('=')?.to_string());
    let behind =
        words(arguments).zip(words(arguments).skip(1).map(Some).chain([None])).filter_map(|(word, next)| {
            inline(&word).or_else(|| next.filter(|_| word == option).map(Cow::into_owned))
        });
    behind.last()
}
