//! What the workers act on: whatever is newest, so that they meet.

use crate::{
    random::Random,
    suite::{
        deployment::SecretKey,
        history::{Micros, Ticket},
    },
};
use std::collections::VecDeque;

const OFFERS_KEPT: usize = 48;
const SESSIONS_KEPT: usize = 64;
/// Fewer people are never left.
const PEOPLE_LEAST: usize = 6;

/// A ticket that somebody may redeem, also again.
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    pub(crate) token: String,
    pub(crate) ticket: String,
    pub(crate) kind: Ticket,
}

#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) session: String,
    /// The client's secret; it changes with each sign-in.
    pub(crate) client: Option<String>,
    /// By which it began: one of an actor's is an impersonation.
    pub(crate) kind: Ticket,
}

/// A session that nobody uses until it has to be over.
#[derive(Clone, Debug)]
struct Aside {
    held: Held,
    due: Micros,
}

#[derive(Debug, Default)]
pub(crate) struct Pool {
    people: Vec<String>,
    offers: VecDeque<Offer>,
    sessions: VecDeque<Held>,
    /// In the order in which they are due, about.
    aside: VecDeque<Aside>,
    keys: Vec<SecretKey>,
}

impl Pool {
    pub(crate) fn people(&self) -> usize {
        self.people.len()
    }

    pub(crate) fn add_person(&mut self, user: String) {
        self.people.push(user);
    }

    pub(crate) fn person(&self, random: &mut Random) -> Option<String> {
        pick(self.people.len(), random).map(|index| self.people[index].clone())
    }

    /// Takes somebody out, so that they can be deleted.
    pub(crate) fn take_person(&mut self, random: &mut Random) -> Option<String> {
        if self.people.len() <= PEOPLE_LEAST {
            return None;
        }
        pick(self.people.len(), random).map(|index| self.people.swap_remove(index))
    }

    pub(crate) fn add_offer(&mut self, offer: Offer) {
        if self.offers.len() == OFFERS_KEPT {
            self.offers.pop_front();
        }
        self.offers.push_back(offer);
    }

    pub(crate) fn offer(&self, random: &mut Random) -> Option<Offer> {
        pick(self.offers.len(), random).map(|index| self.offers[index].clone())
    }

    /// The newest, which is most likely still pending; nobody else gets it.
    pub(crate) fn take_offer(&mut self) -> Option<Offer> {
        self.offers.pop_back()
    }

    pub(crate) fn add_session(&mut self, held: Held) {
        if self.sessions.len() == SESSIONS_KEPT {
            self.sessions.pop_front();
        }
        self.sessions.push_back(held);
    }

    pub(crate) fn session(&self, random: &mut Random) -> Option<Held> {
        pick(self.sessions.len(), random).map(|index| self.sessions[index].clone())
    }

    /// One of those whose client holds no impersonation.
    pub(crate) fn ordinary(&self, random: &mut Random) -> Option<Held> {
        let ordinary: Vec<_> = self.sessions.iter().filter(|held| held.kind == Ticket::SignIn).collect();
        pick(ordinary.len(), random).map(|index| ordinary[index].clone())
    }

    /// Nobody gets it until it is due.
    pub(crate) fn set_aside(&mut self, held: Held, due: Micros) {
        self.aside.push_back(Aside { held, due });
    }

    pub(crate) fn due(&mut self, now: Micros) -> Option<Held> {
        self.aside.pop_front_if(|aside| aside.due <= now).map(|aside| aside.held)
    }

    pub(crate) fn add_key(&mut self, key: SecretKey) {
        self.keys.push(key);
    }

    pub(crate) fn key(&self, random: &mut Random) -> Option<SecretKey> {
        pick(self.keys.len(), random).map(|index| self.keys[index].clone())
    }

    pub(crate) fn remove_key(&mut self, id: &str) {
        self.keys.retain(|key| key.id != id);
    }
}

fn pick(length: usize, random: &mut Random) -> Option<usize> {
    let index = usize::try_from(random.below(u64::try_from(length).ok()?)).ok()?;
    (length > 0).then_some(index)
}
