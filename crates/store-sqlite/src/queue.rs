//! A bounded queue between the requests' threads and a thread of the store's.

use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Holds at most `capacity` items; a full one refuses at once instead of letting anybody wait.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    state: Mutex<State<T>>,
    arrived: Condvar,
    capacity: usize,
}

#[derive(Debug)]
struct State<T> {
    items: VecDeque<T>,
    /// Takers asleep: nobody is woken, which costs a system call, when nobody sleeps.
    asleep: usize,
    /// How many items a taker that sleeps is waiting for.
    wanted: usize,
    closed: bool,
}

/// Why an item was not taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rejected {
    Full,
    Closed,
}

/// What a taker is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    Items,
    /// Nothing came within the taker's patience.
    Nothing,
    /// The queue is closed and empty.
    Closed,
}

impl<T> Queue<T> {
    pub(crate) fn new(capacity: usize) -> Self {
        let state = State { items: VecDeque::new(), asleep: 0, wanted: 1, closed: false };
        Self { state: Mutex::new(state), arrived: Condvar::new(), capacity }
    }

    pub(crate) fn push(&self, item: T) -> Result<(), Rejected> {
        let mut state = self.state();
        if state.closed {
            return Err(Rejected::Closed);
        }
        if state.items.len() >= self.capacity {
            return Err(Rejected::Full);
        }
        state.items.push_back(item);
        let wake = state.asleep > 0 && state.items.len() >= state.wanted;
        drop(state);
        if wake {
            self.arrived.notify_one();
        }
        Ok(())
    }

    /// Moves up to `max` items into `into`; waits for the first one, for so long if a patience is given.
    pub(crate) fn take(&self, into: &mut Vec<T>, max: usize, patience: Option<Duration>) -> Taken {
        let mut state = self.state();
        while state.items.is_empty() {
            if state.closed {
                return Taken::Closed;
            }
            state.asleep += 1;
            let timed_out;
            (state, timed_out) = match patience {
                None => (self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner), false),
                Some(patience) => {
                    let (state, outcome) =
                        self.arrived.wait_timeout(state, patience).unwrap_or_else(PoisonError::into_inner);
                    (state, outcome.timed_out())
                }
            };
            state.asleep -= 1;
            if timed_out && state.items.is_empty() {
                return if state.closed { Taken::Closed } else { Taken::Nothing };
            }
        }
        let count = state.items.len().min(max);
        into.extend(state.items.drain(..count));
        Taken::Items
    }

    /// Waits until there are `wanted` items in all with those that were taken already, but no longer than the patience,
    /// and moves what is there by then. For a queue with one taker.
    pub(crate) fn take_company(&self, into: &mut Vec<T>, max: usize, wanted: usize, patience: Duration) {
        let missing = wanted.min(max).saturating_sub(into.len()).min(self.capacity);
        let mut state = self.state();
        if missing > state.items.len() && !patience.is_zero() {
            state.wanted = missing;
            state.asleep += 1;
            let short = |state: &mut State<T>| state.items.len() < missing && !state.closed;
            let waited = self.arrived.wait_timeout_while(state, patience, short);
            (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
            state.asleep -= 1;
            state.wanted = 1;
        }
        let count = state.items.len().min(max.saturating_sub(into.len()));
        into.extend(state.items.drain(..count));
    }

    /// Lets nothing more in. What is in can still be taken.
    pub(crate) fn close(&self) {
        self.state().closed = true;
        self.arrived.notify_all();
    }

    /// Closes, and drops what is in.
    pub(crate) fn abandon(&self) {
        self.close();
        let left = std::mem::take(&mut self.state().items);
        drop(left);
    }

    pub(crate) fn len(&self) -> usize {
        self.state().items.len()
    }

    pub(crate) const fn capacity(&self) -> usize {
        self.capacity
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(queue: &Queue<u8>, max: usize) -> (Taken, Vec<u8>) {
        let mut items = Vec::new();
        (queue.take(&mut items, max, Some(Duration::ZERO)), items)
    }

    #[test]
    fn a_full_queue_refuses_and_a_taker_makes_room() {
        let queue = Queue::new(2);
        assert_eq!((queue.push(1), queue.push(2)), (Ok(()), Ok(())));
        assert_eq!(queue.push(3), Err(Rejected::Full));
        assert_eq!(take(&queue, 1), (Taken::Items, vec![1]));
        assert_eq!(queue.push(3), Ok(()));
        assert_eq!(take(&queue, 9), (Taken::Items, vec![2, 3]));
        assert_eq!(take(&queue, 9), (Taken::Nothing, vec![]));
    }

    fn take_company(queue: &Queue<u8>, first: Vec<u8>, wanted: usize, patience: Duration) -> Vec<u8> {
        let mut items = first;
        queue.take_company(&mut items, 4, wanted, patience);
        items
    }

    #[test]
    fn company_is_what_is_there_when_nobody_else_comes() {
        let queue = Queue::new(9);
        assert_eq!(take_company(&queue, vec![0], 1, Duration::MAX), vec![0]);
        queue.push(1).unwrap();
        assert_eq!(take_company(&queue, vec![0], 2, Duration::MAX), vec![0, 1]);
        queue.push(1).unwrap();
        assert_eq!(take_company(&queue, vec![0], 3, Duration::from_millis(1)), vec![0, 1]);
        (1..=5).for_each(|item| queue.push(item).unwrap());
        assert_eq!(take_company(&queue, vec![0], 9, Duration::MAX), vec![0, 1, 2, 3], "no more than four");
        assert_eq!(take(&queue, 9), (Taken::Items, vec![4, 5]));
    }

    #[test]
    fn company_is_waited_for_until_it_is_there_or_the_queue_closes() {
        let queue = Queue::new(9);
        std::thread::scope(|scope| {
            let taker = scope.spawn(|| take_company(&queue, vec![0], 3, Duration::MAX));
            queue.push(1).unwrap();
            queue.push(2).unwrap();
            assert_eq!(taker.join().unwrap(), vec![0, 1, 2]);
            let taker = scope.spawn(|| take_company(&queue, vec![0], 3, Duration::MAX));
            queue.push(1).unwrap();
            queue.close();
            assert_eq!(taker.join().unwrap(), vec![0, 1]);
        });
        assert_eq!(take(&queue, 9), (Taken::Closed, vec![]), "a taker is woken by the first again");
    }

    #[test]
    fn a_closed_queue_is_drained_first() {
        let queue = Queue::new(2);
        queue.push(1).unwrap();
        queue.close();
        assert_eq!(queue.push(2), Err(Rejected::Closed));
        assert_eq!(take(&queue, 9), (Taken::Items, vec![1]));
        assert_eq!(take(&queue, 9), (Taken::Closed, vec![]));
    }

    #[test]
    fn an_abandoned_queue_drops_what_it_held() {
        let queue = Queue::new(2);
        queue.push(1).unwrap();
        queue.abandon();
        assert_eq!(take(&queue, 9), (Taken::Closed, vec![]));
    }

    #[test]
    fn whoever_waits_is_woken_by_an_item_and_by_the_end() {
        let queue = Queue::new(1);
        std::thread::scope(|scope| {
            let taker = scope.spawn(|| {
                let mut items = Vec::new();
                while queue.take(&mut items, 1, None) == Taken::Items {}
                items
            });
            queue.push(7).unwrap();
            queue.close();
            assert_eq!(taker.join().unwrap(), vec![7]);
        });
    }
}
