//! Printing for people and for programs.

mod color;
mod harmless;
mod meter;
mod screen;
mod sheet;
mod table;
mod when;

pub(crate) use color::Tone;
pub(crate) use harmless::{brief, harmless};
pub(crate) use meter::{Done, Meter, grouped, rough};
pub(crate) use screen::Screen;
pub(crate) use sheet::Sheet;
pub(crate) use table::{Cell, Column, Table};
pub(crate) use when::span;

use crate::exit::ExitError;
use serde::Serialize;
use std::{
    fmt::Display,
    io::{self, Write as _},
};

/// Writes a line to the standard output. A reader that is gone, as behind `| head`, is no error.
///
/// # Errors
/// [`ExitError::Refused`] when it cannot be written, as on a full disk.
pub(crate) fn line(text: impl Display) -> Result<(), ExitError> {
    unless_unread(try_line(text))
}

/// The same, for what goes on and on and has to end with its reader.
///
/// # Errors
/// When it cannot be written, or the reader is gone.
pub(crate) fn try_line(text: impl Display) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush())
}

/// Writes bytes that are no line, such as a generated script, to the standard output.
///
/// # Errors
/// As for [`line()`].
pub(crate) fn raw(bytes: &[u8]) -> Result<(), ExitError> {
    let mut out = io::stdout().lock();
    unless_unread(out.write_all(bytes).and_then(|()| out.flush()))
}

/// What became of a writing: a reader that is gone has all that it wanted.
///
/// # Errors
/// [`ExitError::Refused`] for every other failure.
pub(crate) fn unless_unread(written: io::Result<()>) -> Result<(), ExitError> {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(ExitError::Refused(format!("the standard output cannot be written: {error}")))
        }
        _ => Ok(()),
    }
}

/// Writes a line for people to the standard error, beside what a program reads from the standard output.
pub(crate) fn note(text: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Writes the last words: one line to the standard error.
pub(crate) fn error(text: impl Display) {
    let _ = writeln!(io::stderr().lock(), "actas: {text}");
}

/// Writes a value as indented JSON.
///
/// # Errors
/// As for [`line()`].
pub(crate) fn json(value: &impl Serialize) -> Result<(), ExitError> {
    line(harmless::json(&serde_json::to_string_pretty(value).unwrap_or_default()))
}

/// Writes a value as one line of JSON.
///
/// # Errors
/// When it cannot be written, or the reader is gone.
pub(crate) fn json_line(value: &impl Serialize) -> io::Result<()> {
    try_line(harmless::json(&serde_json::to_string(value).unwrap_or_default()))
}
