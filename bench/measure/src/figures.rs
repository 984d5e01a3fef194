//! What is printed: a name and a number in a line. And how numbers come of repetitions.

use std::{
    io::{self, Write as _},
    time::{Duration, Instant},
};

#[derive(Debug, Default)]
pub(crate) struct Figures(Vec<(&'static str, f64)>);

impl Figures {
    pub(crate) fn with(mut self, name: &'static str, value: f64) -> Self {
        self.0.push((name, value));
        self
    }

    /// Of durations, in any order: the median and the 99th percentile, in milliseconds.
    pub(crate) fn with_percentiles(self, durations: &mut [Duration]) -> Self {
        durations.sort_unstable();
        let at = |part: usize| {
            let index = (durations.len() * part / 100).min(durations.len().saturating_sub(1));
            durations.get(index).map_or(0.0, |duration| duration.as_secs_f64() * 1e3)
        };
        let (median, high) = (at(50), at(99));
        self.with("p50_milliseconds", median).with("p99_milliseconds", high)
    }

    pub(crate) fn print(&self) -> io::Result<()> {
        let mut out = io::stdout().lock();
        for (name, value) in &self.0 {
            writeln!(out, "{name} {value:.4}")?;
        }
        Ok(())
    }
}

/// Repeats the work, which does `count` of something each time, for as long as is said.
pub(crate) fn repeat<E>(
    duration: Duration,
    count: u32,
    mut work: impl FnMut() -> Result<(), E>,
) -> Result<Figures, E> {
    let (begun, mut took) = (Instant::now(), Vec::new());
    while begun.elapsed() < duration {
        let each = Instant::now();
        work()?;
        took.push(each.elapsed());
    }
    Ok(rate(took.len(), count, begun.elapsed()).with_percentiles(&mut took))
}

/// How many there were in a second.
pub(crate) fn rate(times: usize, count: u32, elapsed: Duration) -> Figures {
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let times = times as f64;
    Figures::default().with("per_second", times * f64::from(count) / elapsed.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_sorted() {
        let mut durations: Vec<Duration> = (1..=100).rev().map(Duration::from_millis).collect();
        let figures = Figures::default().with_percentiles(&mut durations);
        assert_eq!(figures.0, [("p50_milliseconds", 51.0), ("p99_milliseconds", 100.0)]);
        assert_eq!(Figures::default().with_percentiles(&mut []).0[0].1, 0.0);
    }

    #[test]
    fn a_rate_counts_all_of_a_batch() {
        assert_eq!(rate(10, 64, Duration::from_secs(2)).0, [("per_second", 320.0)]);
    }
}
