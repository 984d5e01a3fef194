//! How often a number was how large: what a store counts of its commits, for whoever exports metrics.

use std::sync::atomic::{AtomicU64, Ordering};

/// Bounds for the changes that share one transaction.
pub const BATCH_SIZES: [u64; 10] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];

/// Bounds for the time of one commit, in microseconds: from half a millisecond to the longest that a writer looks for
/// what became of one.
pub const COMMIT_MICROS: [u64; 14] = [
    500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000, 2_000_000,
    5_000_000, 20_000_000,
];

/// Counts numbers by the smallest of its bounds that is not below them; written and read by anybody at once.
#[derive(Debug)]
pub struct Tally<const N: usize> {
    bounds: [u64; N],
    counts: [AtomicU64; N],
    above: AtomicU64,
    sum: AtomicU64,
}

impl<const N: usize> Tally<N> {
    /// `bounds` grow.
    pub fn new(bounds: [u64; N]) -> Self {
        let counts = std::array::from_fn(|_| AtomicU64::new(0));
        Self { bounds, counts, above: AtomicU64::new(0), sum: AtomicU64::new(0) }
    }

    pub fn count(&self, number: u64) {
        let place = self.bounds.iter().position(|bound| number <= *bound);
        let count = place.and_then(|place| self.counts.get(place)).unwrap_or(&self.above);
        count.fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(number, Ordering::Relaxed);
    }

    /// What was counted until now. Numbers that are counted at this moment may be in it or not.
    pub fn read(&self) -> Tallied<N> {
        Tallied {
            bounds: self.bounds,
            counts: self.counts.each_ref().map(|count| count.load(Ordering::Relaxed)),
            above: self.above.load(Ordering::Relaxed),
            sum: self.sum.load(Ordering::Relaxed),
        }
    }
}

/// What a [`Tally`] held at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tallied<const N: usize> {
    pub bounds: [u64; N],
    /// How many numbers are at most the bound at the same place and above the one before.
    pub counts: [u64; N],
    /// How many are above all bounds.
    pub above: u64,
    /// Of all numbers.
    pub sum: u64,
}

impl<const N: usize> Tallied<N> {
    pub const fn none(bounds: [u64; N]) -> Self {
        Self { bounds, counts: [0; N], above: 0, sum: 0 }
    }

    /// How many numbers were counted.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum::<u64>() + self.above
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_counts_at_the_first_bound_that_is_not_below_it() {
        let tally = Tally::new([1, 2, 4]);
        for number in [0, 1, 2, 3, 4, 5, 100] {
            tally.count(number);
        }
        let read = tally.read();
        assert_eq!((read.counts, read.above, read.sum, read.total()), ([2, 1, 2], 2, 115, 7));
        assert_eq!(Tally::new([1, 2, 4]).read(), Tallied::none([1, 2, 4]));
    }
}
