//! Which faults come when: every kind in turn, in an order that the seed shuffles.

use super::faults::{Kind, Place};
use crate::random::Random;

/// Faults under one load; then all is read and checked.
const FAULTS_OF_EPOCH: usize = 4;
/// With so many minutes each kind has to come so often.
pub(crate) const FULL_MINUTES: u64 = 60;
const LEAST: u64 = 20;
const LEAST_PROMOTIONS: u64 = 10;

/// The faults of one load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Epoch {
    pub(crate) place: Place,
    pub(crate) kinds: Vec<Kind>,
}

/// One round: each kind once, in epochs. Promotions, which take the longest, come in every second round.
pub(crate) fn round(number: u64, kinds: &[Kind], random: &mut Random) -> Vec<Epoch> {
    let mut epochs = Vec::new();
    for place in [Place::Postgres, Place::Sqlite] {
        let is_due =
            |kind: &&Kind| kind.place() == place && (number.is_multiple_of(2) || !kind.is_promotion());
        let mut due: Vec<Kind> = kinds.iter().filter(is_due).copied().collect();
        shuffle(&mut due, random);
        // Where the one server's clock is wrong nothing can be said about times: so that is alone.
        let is_alone = |kind: &Kind| place == Place::Sqlite && kind.moves_clock();
        let alone: Vec<Kind> = due.extract_if(.., |kind| is_alone(kind)).collect();
        epochs.extend(alone.into_iter().map(|kind| Epoch { place, kinds: vec![kind] }));
        epochs.extend(due.chunks(FAULTS_OF_EPOCH).map(|kinds| Epoch { place, kinds: kinds.to_vec() }));
    }
    epochs
}

/// How often a kind has to come in a full run.
pub(crate) const fn least(kind: Kind) -> u64 {
    if kind.is_promotion() { LEAST_PROMOTIONS } else { LEAST }
}

fn shuffle<T>(items: &mut [T], random: &mut Random) {
    for end in (1..items.len()).rev() {
        let below = u64::try_from(end).map_or(1, |end| end + 1);
        items.swap(end, usize::try_from(random.below(below)).unwrap_or(end));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_second_round_has_every_kind_and_the_others_all_but_promotions() {
        let mut random = Random::new(7);
        let of = |epochs: &[Epoch]| {
            let mut kinds: Vec<Kind> = epochs.iter().flat_map(|epoch| epoch.kinds.clone()).collect();
            kinds.sort();
            kinds
        };
        let first = round(0, Kind::ALL, &mut random);
        assert_eq!(of(&first), Kind::ALL);
        assert!(first.iter().all(|epoch| epoch.kinds.len() <= FAULTS_OF_EPOCH));
        assert!(first.iter().all(|epoch| epoch.kinds.iter().all(|kind| kind.place() == epoch.place)));
        let has_wrong_time = |epoch: &&Epoch| epoch.kinds.contains(&Kind::MoveServerClock);
        assert!(first.iter().filter(has_wrong_time).all(|epoch| epoch.kinds.len() == 1));
        let second = of(&round(1, Kind::ALL, &mut random));
        assert_eq!(second, Kind::ALL.iter().copied().filter(|kind| !kind.is_promotion()).collect::<Vec<_>>());
    }

    #[test]
    fn a_seed_repeats_its_order_and_another_has_another() {
        let order = |seed| round(0, Kind::ALL, &mut Random::new(seed));
        assert_eq!(order(1), order(1));
        assert_ne!(order(1), order(2));
    }
}
