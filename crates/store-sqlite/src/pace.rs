//! How long a batch waits for company.
//!
//! A commit costs much, whether one change shares it or a hundred do. So where changes come in numbers, the next batch is
//! begun when half of those wait who can be expected: the other half asks while it is carried out, so that neither the disk
//! nor the processor waits for the other. One that comes alone is written at once.

use std::time::{Duration, Instant};

/// However slow the disk is. Nobody is expected any more who has not asked again by then.
const PATIENCE_MAX: Duration = Duration::from_millis(5);

/// Those who are likely to come soon.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    expected: usize,
    patience: Duration,
    last: Option<Instant>,
}

/// What a batch waits for whose first change is here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wait {
    /// So many changes, the first included,
    pub(crate) expected: usize,
    /// but no longer than this.
    pub(crate) patience: Duration,
}

impl Pace {
    /// As long as the last commit took: had this one begun at once, it would not have been shared by more.
    pub(crate) fn wait(&self, now: Instant) -> Wait {
        match self.last {
            Some(last) if now.saturating_duration_since(last) <= PATIENCE_MAX => {
                Wait { expected: self.expected, patience: self.patience }
            }
            _ => Wait::default(),
        }
    }

    /// A batch of `answered` changes was carried out, and so many wait already. Whoever was answered may ask again.
    pub(crate) fn follow(&mut self, answered: usize, waiting: usize, begun: Instant, ended: Instant) {
        self.expected = (answered + waiting).div_ceil(2);
        self.patience = ended.saturating_duration_since(begun).min(PATIENCE_MAX);
        self.last = Some(ended);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: Duration = Duration::from_micros(300);

    /// What is waited for so long after a batch.
    fn wait(answered: usize, waiting: usize, took: Duration, passed: Duration) -> Wait {
        let (mut pace, begun) = (Pace::default(), Instant::now());
        pace.follow(answered, waiting, begun, begun + took);
        pace.wait(begun + took + passed)
    }

    #[test]
    fn one_that_is_alone_waits_for_nobody() {
        assert_eq!(Pace::default().wait(Instant::now()), Wait::default());
        assert_eq!(wait(1, 0, COMMIT, COMMIT).expected, 1);
        assert_eq!(wait(1, 1, COMMIT, COMMIT).expected, 1);
    }

    #[test]
    fn half_of_them_are_waited_for() {
        for (answered, waiting) in [(64, 0), (1, 63), (32, 32)] {
            assert_eq!(wait(answered, waiting, COMMIT, COMMIT), Wait { expected: 32, patience: COMMIT });
        }
    }

    #[test]
    fn nobody_waits_for_longer_than_the_bound_or_for_whoever_was_here_before_it() {
        assert_eq!(wait(64, 0, Duration::from_secs(1), COMMIT).patience, PATIENCE_MAX);
        assert_eq!(wait(64, 0, COMMIT, PATIENCE_MAX + COMMIT), Wait::default());
    }
}
