//! How long a batch waits for company.
//!
//! A commit costs much, whether one change shares it or a hundred do. So where changes come in numbers, the next batch is
//! begun when half of those wait who can be expected: the other half asks while it is carried out, so that neither the disk
//! nor the processor waits for the other. One that comes alone is written at once.

use std::time::Duration;

/// However slow the disk is.
const PATIENCE_MAX: Duration = Duration::from_millis(5);

#[derive(Debug, Default)]
pub(crate) struct Pace {
    expected: usize,
    patience: Duration,
}

impl Pace {
    /// A batch of `answered` changes took so long, and so many wait already. Whoever was answered may ask again.
    pub(crate) fn follow(&mut self, answered: usize, waiting: usize, took: Duration) {
        self.expected = (answered + waiting).div_ceil(2);
        self.patience = took.min(PATIENCE_MAX);
    }

    /// Of how many changes the next batch is, at best.
    pub(crate) const fn expected(&self) -> usize {
        self.expected
    }

    /// How long they are waited for: as long as the last commit took, for then a commit at once had saved nobody more.
    pub(crate) const fn patience(&self) -> Duration {
        self.patience
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expected(answered: usize, waiting: usize) -> usize {
        let mut pace = Pace::default();
        pace.follow(answered, waiting, Duration::from_millis(1));
        pace.expected()
    }

    #[test]
    fn one_that_is_alone_waits_for_nobody() {
        assert_eq!(Pace::default().patience(), Duration::ZERO);
        assert_eq!((expected(1, 0), expected(1, 1)), (1, 1));
    }

    #[test]
    fn half_of_them_are_waited_for() {
        assert_eq!((expected(64, 0), expected(1, 63), expected(32, 32)), (32, 32, 32));
    }

    #[test]
    fn nobody_waits_for_longer_than_a_commit_or_the_bound() {
        let mut pace = Pace::default();
        pace.follow(2, 2, Duration::from_micros(300));
        assert_eq!(pace.patience(), Duration::from_micros(300));
        pace.follow(2, 2, Duration::from_secs(1));
        assert_eq!(pace.patience(), PATIENCE_MAX);
    }
}
