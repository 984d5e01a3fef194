//! How an error is shown: never with a key, a ticket or a body, and never with characters that a terminal obeys.

use super::{Cause, Error, Source};
use std::{
    error::Error as StdError,
    fmt::{self, Write as _},
};

/// Shows what a server said, or a hook: control characters, and those that turn the direction of text, are escaped.
pub(super) struct Harmless<T>(pub(super) T);

impl<T: fmt::Display> fmt::Display for Harmless<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escaping(formatter), "{}", self.0)
    }
}

struct Escaping<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl fmt::Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            let turns = matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            if character.is_control() || turns {
                write!(self.0, "{}", character.escape_default())?;
            } else {
                self.0.write_char(character)?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = self.0.operation {
            write!(formatter, "{operation}: ")?;
        }
        write_cause(&self.0.cause, formatter)?;
        match self.0.attempts {
            0 | 1 => {}
            attempts => write!(formatter, " (after {attempts} attempts)")?,
        }
        match &self.0.earlier {
            Some(earlier) => {
                formatter.write_str("; before that ")?;
                write_cause(&earlier.0.cause, formatter)
            }
            None => Ok(()),
        }
    }
}

fn write_cause(cause: &Cause, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    let root = |source| Harmless(root(source));
    match cause {
        Cause::Refused(refusal) => fmt::Display::fmt(refusal, formatter),
        Cause::Redirected { status, .. } => {
            write!(formatter, "the server answered {status}, a redirect, which is not followed; ")?;
            formatter.write_str("check the server's URL")
        }
        Cause::NotSent(source) => write!(formatter, "no connection to the server: {}", root(source)),
        Cause::Interrupted(source) => {
            write!(formatter, "the connection was cut before the whole answer was here: {}", root(source))
        }
        Cause::TimedOut { limit, what } => write!(formatter, "{} took longer than {limit:?}", what.as_str()),
        Cause::Undecodable { status, problem, .. } => {
            write!(formatter, "the answer ({status}) could not be understood: {}", Harmless(problem))
        }
        Cause::TooLarge { source, .. } => fmt::Display::fmt(&Harmless(source), formatter),
        Cause::Bearer(source) => write!(formatter, "no key was yielded: {}", root(source)),
        Cause::Hook(source) => write!(formatter, "a hook refused the request: {}", root(source)),
        Cause::Value(problem) | Cause::Builder(problem) | Cause::Request(problem) => {
            fmt::Display::fmt(&Harmless(problem), formatter)
        }
    }
}

/// The innermost cause: those around it say little more than that something failed.
fn root(source: &Source) -> &(dyn StdError + 'static) {
    let mut root: &(dyn StdError + 'static) = source.as_ref();
    while let Some(inner) = root.source() {
        root = inner;
    }
    root
}

impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = formatter.debug_struct("Error");
        debug.field("kind", &self.kind());
        if let Some(status) = self.status() {
            debug.field("status", &status);
        }
        debug.field("message", &format_args!("{:?}", self.to_string()));
        if let Some(source) = self.source() {
            debug.field("source", &source);
        }
        debug.finish()
    }
}
