//! A gate in front of the lists, for the rare moment in which the WAL must begin anew.
//!
//! A read that goes on holds the part of the WAL that it sees. Look-ups are over in microseconds, but lists that
//! follow each other without a pause would let the WAL grow for ever. So when it has grown too far, no new list
//! begins until those at work have ended and the WAL is copied. The writer never waits for that.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

#[derive(Debug, Default)]
pub(crate) struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    inside: usize,
    shut: bool,
}

/// One list at work; dropping it is leaving.
#[derive(Debug)]
pub(crate) struct Inside<'a>(&'a Gate);

impl Gate {
    /// Waits while the gate is shut.
    pub(crate) fn enter(&self) -> Inside<'_> {
        let mut state = self.state();
        while state.shut {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.inside += 1;
        Inside(self)
    }

    pub(crate) fn shut(&self) {
        self.state().shut = true;
    }

    pub(crate) fn open(&self) {
        self.state().shut = false;
        self.changed.notify_all();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.state().inside == 0
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.state().inside -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_inside_goes_on_and_who_is_not_waits() {
        let gate = Gate::default();
        let order = Mutex::new(Vec::new());
        let inside = gate.enter();
        gate.shut();
        std::thread::scope(|scope| {
            let (arriving, arrived) = std::sync::mpsc::channel();
            let (gate, order) = (&gate, &order);
            let waiting = scope.spawn(move || {
                arriving.send(()).unwrap();
                let _inside = gate.enter();
                order.lock().unwrap().push("entered");
            });
            arrived.recv().unwrap();
            assert!(!gate.is_empty());
            drop(inside);
            // Whoever does not wait has been given every chance to show it.
            for _ in 0..1_000 {
                std::thread::yield_now();
            }
            assert!(gate.is_empty());
            order.lock().unwrap().push("opened");
            gate.open();
            waiting.join().unwrap();
        });
        assert_eq!(*order.lock().unwrap(), ["opened", "entered"]);
    }
}
