//! Whose guess at a password is looked at next: so many at a time, and those who wait in turn by who sends them.
//!
//! The turn goes round the groups, and in each group round its addresses. So whoever comes waits for one guess of each
//! group that waits, and of each address of its own group, however many guesses those have sent.

use crate::{entry::RequestInfo, network};
use actas_domain::ids::SecretKeyId;
use std::{
    collections::VecDeque,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::oneshot;

#[derive(Debug)]
pub(crate) struct Turns {
    line: Arc<Mutex<Line>>,
}

impl Turns {
    /// `at_once` is 1 at least.
    pub(crate) fn new(at_once: usize) -> Self {
        let line = Line { free: at_once.max(1), groups: Ring::default() };
        Self { line: Arc::new(Mutex::new(line)) }
    }

    /// Waits for a turn, which lasts until what this returns is dropped.
    pub(crate) async fn next(&self, info: &RequestInfo) -> Turn {
        let called = {
            let mut line = lock(&self.line);
            if line.free > 0 {
                line.free -= 1;
                return Turn(Some(Arc::clone(&self.line)));
            }
            let (sender, called) = oneshot::channel();
            let address = network::of_one(info.address);
            line.groups.entry(Group::of(info)).entry(address).push_back(sender);
            called
        };
        // Nobody drops the sender: the line is here as long as this waits.
        called.await.unwrap_or(Turn(None))
    }
}

/// A turn that is had. It goes on to the next when it is dropped.
#[derive(Debug)]
pub(crate) struct Turn(Option<Arc<Mutex<Line>>>);

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(line) = self.0.take() else { return };
        loop {
            let next = {
                let mut locked = lock(&line);
                let next = locked.groups.pop();
                if next.is_none() {
                    locked.free += 1;
                }
                next
            };
            let Some(next) = next else { return };
            match next.send(Self(Some(Arc::clone(&line)))) {
                Ok(()) => return,
                // Whoever waited went away: the turn is still to be given.
                Err(mut turn) => turn.0 = None,
            }
        }
    }
}

/// Who has a turn of its own: an app for all browsers that it passes on, since it names their addresses; else a network
/// that its holder moves in as they like.
#[derive(Debug, PartialEq, Eq)]
enum Group {
    App(SecretKeyId),
    Network(IpAddr),
}

impl Group {
    fn of(info: &RequestInfo) -> Self {
        let network = || Self::Network(network::of_site(info.address));
        info.passed_on_by.clone().map_or_else(network, Self::App)
    }
}

#[derive(Debug)]
struct Line {
    /// Turns that nobody has; none while somebody waits.
    free: usize,
    groups: Ring<Group, Ring<IpAddr, VecDeque<oneshot::Sender<Turn>>>>,
}

/// Queues that are served one after the other, each once in a round. None is empty.
#[derive(Debug)]
struct Ring<K, Q>(VecDeque<(K, Q)>);

impl<K, Q> Default for Ring<K, Q> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<K: PartialEq, Q: Queue> Ring<K, Q> {
    /// The queue of this key, a new one at the end of the round; it must get something to hold.
    fn entry(&mut self, key: K) -> &mut Q {
        let index = self.0.iter().position(|(each, _)| *each == key).unwrap_or_else(|| {
            self.0.push_back((key, Q::default()));
            self.0.len() - 1
        });
        &mut self.0[index].1
    }
}

trait Queue: Default {
    type Item;

    fn pop(&mut self) -> Option<Self::Item>;
    fn holds_nothing(&self) -> bool;
}

impl<T> Queue for VecDeque<T> {
    type Item = T;

    fn pop(&mut self) -> Option<T> {
        self.pop_front()
    }

    fn holds_nothing(&self) -> bool {
        self.is_empty()
    }
}

impl<K: PartialEq, Q: Queue> Queue for Ring<K, Q> {
    type Item = Q::Item;

    fn pop(&mut self) -> Option<Q::Item> {
        let (key, mut queue) = self.0.pop_front()?;
        let item = queue.pop();
        if !queue.holds_nothing() {
            self.0.push_back((key, queue));
        }
        item
    }

    fn holds_nothing(&self) -> bool {
        self.0.is_empty()
    }
}

fn lock(line: &Mutex<Line>) -> MutexGuard<'_, Line> {
    // Nothing that is done under the lock can break off half-way.
    line.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actas_domain::{testing::CountingEntropy, time::UnixMillis};
    use futures::FutureExt as _;
    use std::{future::Future, pin::Pin};

    fn from(address: &str) -> RequestInfo {
        RequestInfo::new("".into(), address.parse().unwrap())
    }

    fn through(app: &SecretKeyId, address: &str) -> RequestInfo {
        RequestInfo { passed_on_by: Some(app.clone()), ..from(address) }
    }

    type Waiting<'a> = Pin<Box<dyn Future<Output = Turn> + 'a>>;

    /// In which order those who wait get the one turn: each begins to wait in the order of the list.
    fn order(infos: &[RequestInfo]) -> Vec<usize> {
        let turns = Turns::new(1);
        let first = from("192.0.2.200");
        let mut had = turns.next(&first).now_or_never().unwrap();
        let mut waiting: Vec<(usize, Waiting<'_>)> =
            infos.iter().enumerate().map(|(index, info)| (index, Box::pin(turns.next(info)) as _)).collect();
        for (_, each) in &mut waiting {
            assert!(each.now_or_never().is_none());
        }
        let mut order = Vec::new();
        while !waiting.is_empty() {
            drop(had);
            let called = waiting.iter_mut().enumerate();
            let called = called.filter_map(|(at, (_, each))| Some((at, each.now_or_never()?)));
            let mut called: Vec<_> = called.collect();
            assert_eq!(called.len(), 1, "one turn is one");
            let (at, turn) = called.remove(0);
            order.push(waiting.remove(at).0);
            had = turn;
        }
        order
    }

    #[test]
    fn a_fresh_address_waits_for_one_guess_of_each_other() {
        let infos: Vec<_> =
            ["192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.2", "192.0.2.3"].map(from).into();
        assert_eq!(order(&infos), [0, 3, 5, 1, 4, 2]);
    }

    #[test]
    fn a_site_of_ipv6_and_an_app_have_the_turns_of_one() {
        let entropy = CountingEntropy::default();
        let app = SecretKeyId::mint(UnixMillis::from_seconds(0), &entropy);
        let infos = [
            from("2001:db8:0:1::1"),
            from("2001:db8:0:1::2"),
            from("2001:db8:0:2::1"),
            through(&app, "192.0.2.1"),
            through(&app, "192.0.2.1"),
            through(&app, "192.0.2.2"),
            from("192.0.2.1"),
            from("2001:db8:1::1"),
        ];
        // One of the site, of the app, of the address and of the other site; then in the site and in the app the
        // address that had none.
        assert_eq!(order(&infos), [0, 3, 6, 7, 2, 5, 1, 4]);
    }

    #[test]
    fn so_many_have_a_turn_at_once() {
        let (turns, info) = (Turns::new(3), from("192.0.2.1"));
        let mut had: Vec<_> = (0..3).map(|_| turns.next(&info).now_or_never().unwrap()).collect();
        let mut next = Box::pin(turns.next(&info));
        assert!((&mut next).now_or_never().is_none());
        had.pop();
        had.push(next.now_or_never().expect("it is its turn"));
        assert!(turns.next(&info).now_or_never().is_none());
        drop(had);
        let again: Vec<_> = (0..3).map(|_| turns.next(&info).now_or_never()).collect();
        assert!(again.iter().all(Option::is_some), "a turn was lost");
    }

    /// Before they are called, and after.
    #[test]
    fn whoever_goes_away_keeps_no_turn() {
        let (turns, info) = (Turns::new(1), from("192.0.2.1"));
        let had = turns.next(&info).now_or_never().unwrap();
        let mut waiting: Vec<_> = (0..4).map(|_| Box::pin(turns.next(&info))).collect();
        assert!(waiting.iter_mut().all(|each| each.now_or_never().is_none()));
        drop(waiting.remove(0));
        drop(had);
        drop(waiting.remove(0));
        drop(waiting.remove(0).now_or_never().expect("it is its turn"));
        assert!(waiting.remove(0).now_or_never().is_some());
        assert!(turns.next(&info).now_or_never().is_some());
    }
}
