//! How far it is, for people: a bar on a terminal, else a line every few seconds.

use crate::output;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::{
    io::{self, IsTerminal as _},
    time::{Duration, Instant},
};

/// Between two lines where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Shows on the standard error how much of a known or unknown length is done.
#[derive(Debug)]
pub(crate) struct Meter {
    bar: Option<ProgressBar>,
    /// What is counted, in the plural.
    things: &'static str,
    began: Instant,
    told: Instant,
    /// What an earlier run had done.
    before: Done,
    done: Done,
    length: Option<u64>,
}

/// How much is done.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Done {
    /// In the unit of the length.
    pub(crate) part: u64,
    pub(crate) count: u64,
    pub(crate) refused: u64,
}

impl Meter {
    pub(crate) fn start(things: &'static str, length: Option<u64>, before: Done) -> Self {
        let began = Instant::now();
        let bar = io::stderr().is_terminal().then(|| bar(length));
        let meter = Self { bar, things, began, told: began, before, done: before, length };
        meter.draw(before);
        meter
    }

    pub(crate) fn show(&mut self, done: Done) {
        self.done = done;
        self.draw(done);
        if self.bar.is_none() && self.told.elapsed() >= LINE_EVERY {
            self.told = Instant::now();
            output::note(self.words(done));
        }
    }

    /// So many more, where the length counts the things.
    pub(crate) fn advance(&mut self, count: u64) {
        self.done.part += count;
        self.done.count += count;
        self.show(self.done);
    }

    /// Says something beside the bar.
    pub(crate) fn note(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| output::note(text)),
            None => output::note(text),
        }
    }

    /// Takes the bar away, so that what is said next stands in its place.
    pub(crate) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    fn draw(&self, done: Done) {
        if let Some(bar) = &self.bar {
            bar.set_position(done.part);
            bar.set_message(self.words(done));
        }
    }

    fn words(&self, done: Done) -> String {
        let seconds = self.began.elapsed().as_secs_f64();
        let mut words = format!("{} {}", grouped(done.count), self.things);
        if let Some(length) = self.length.filter(|length| *length > 0 && self.bar.is_none()) {
            words = format!("{}%, {words}", done.part.min(length) * 100 / length);
        }
        if seconds >= 1.0 {
            let rate = (done.count - self.before.count) as f64 / seconds;
            words.push_str(&format!(", {}/s", grouped(rate as u64)));
            let parts_each_second = (done.part - self.before.part) as f64 / seconds;
            let left = self.length.map(|length| length.saturating_sub(done.part) as f64 / parts_each_second);
            if let Some(left) = left.filter(|left| left.is_finite()) {
                words.push_str(&format!(", {} left", rough(Duration::from_secs_f64(left.min(1e9)))));
            }
        }
        if done.refused > 0 {
            words.push_str(&format!(", {} refused", grouped(done.refused)));
        }
        words
    }
}

fn bar(length: Option<u64>) -> ProgressBar {
    let target = ProgressDrawTarget::stderr_with_hz(10);
    let template = if length.is_some() { "[{bar:28}] {percent}% {msg}" } else { "{spinner} {msg}" };
    // The templates are constants that a test draws.
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::with_draw_target(length, target).with_style(style.progress_chars("=> "));
    if length.is_none() {
        bar.enable_steady_tick(Duration::from_millis(200));
    }
    bar
}

/// `1234567` as `1,234,567`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A length of time, as exact as one wants to know it.
pub(crate) fn rough(length: Duration) -> String {
    match length.as_secs() {
        seconds @ 0..=90 => format!("{seconds} s"),
        seconds @ 91..=5_400 => format!("{} min", seconds.div_ceil(60)),
        seconds => format!("{} h", seconds.div_ceil(3_600)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_times_are_rough() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        let rough = |seconds| rough(Duration::from_secs(seconds));
        assert_eq!([0, 90, 91, 5_400, 5_401].map(rough), ["0 s", "90 s", "2 min", "90 min", "2 h"]);
    }

    #[test]
    fn the_bars_can_be_drawn() {
        for template in ["[{bar:28}] {percent}% {msg}", "{spinner} {msg}"] {
            assert!(ProgressStyle::with_template(template).is_ok());
        }
    }

    #[test]
    fn words_tell_rows_refusals_and_how_much_is_left() {
        let began = Instant::now().checked_sub(Duration::from_secs(10)).unwrap();
        let before = Done { part: 100, count: 10, refused: 0 };
        let meter = Meter {
            bar: None,
            things: "rows",
            began,
            told: began,
            before,
            done: before,
            length: Some(1_100),
        };
        let words = meter.words(Done { part: 600, count: 1_010, refused: 3 });
        assert!(words.starts_with("54%, 1,010 rows, "), "{words}");
        assert!(words.ends_with(" s left, 3 refused"), "{words}");
        let unknown = Meter { length: None, ..meter };
        assert!(!unknown.words(Done { part: 600, count: 1_010, refused: 0 }).contains("left"));
    }
}
