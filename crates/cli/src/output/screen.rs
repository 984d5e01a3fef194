//! What the output is shown on, and since when.

use super::{Tone, color, when};
use crate::load;
use actas_crypto::SystemClock;
use actas_domain::{ports::Clock as _, time::UnixMillis};
use std::io::{self, IsTerminal as _};

/// Columns where there is no terminal to ask.
const WIDTH: usize = 100;
/// Narrower than this nothing can be read, so it is not tried.
const WIDTH_MIN: usize = 40;

/// The standard output: how wide, whether coloured, and what time it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Screen {
    pub(crate) width: usize,
    pub(crate) colored: bool,
    pub(crate) now: UnixMillis,
    /// Show dates in UTC and not how long ago.
    pub(crate) utc: bool,
}

impl Screen {
    pub(crate) fn of_stdout(utc: bool) -> Self {
        let colored = color::is_colored(load::variable, io::stdout().is_terminal());
        Self { width: width(), colored, now: SystemClock.now(), utc }
    }

    /// The standard error, for what people are told beside the output.
    pub(crate) fn of_stderr(utc: bool) -> Self {
        let colored = color::is_colored(load::variable, io::stderr().is_terminal());
        Self { colored, ..Self::of_stdout(utc) }
    }

    pub(crate) fn paint(&self, tone: Tone, text: &str) -> String {
        tone.paint(text, self.colored)
    }

    /// A point in time in a list.
    pub(crate) fn time(&self, at: UnixMillis) -> String {
        if self.utc { when::date(at) } else { when::relative(at, self.now) }
    }

    /// The same of a date; what is none is shown as it is.
    pub(crate) fn named_time(&self, date: &str) -> String {
        UnixMillis::parse_rfc3339(date).map_or_else(|| date.to_owned(), |at| self.time(at))
    }

    /// A point in time where there is room: the date, and how far it is.
    pub(crate) fn full_time(&self, at: UnixMillis) -> String {
        if self.utc {
            when::date(at)
        } else {
            format!("{} ({})", when::date(at), when::relative(at, self.now))
        }
    }
}

/// `COLUMNS` if it is set, else as wide as the terminal is.
fn width() -> usize {
    let named =
        load::variable("COLUMNS").and_then(|text| text.to_str()?.parse().ok()).filter(|width| *width > 0);
    let of_terminal = || {
        let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
        Some(usize::from(size.ws_col)).filter(|width| *width > 0)
    };
    named.or_else(of_terminal).unwrap_or(WIDTH).max(WIDTH_MIN)
}
