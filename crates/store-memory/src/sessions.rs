//! Sessions by client, by user and in the order of their ages, and the active ones by their parties.

use crate::index::Index;
use actas_domain::{
    change::SessionSelection,
    ids::{ClientId, SessionId, UserId},
    page::Listed,
    session::{Session, SessionStatus, find::SessionQuery},
    time::UnixMillis,
};
use std::collections::{BTreeSet, HashMap};

type Age = (UnixMillis, SessionId);

#[derive(Debug, Default)]
pub(crate) struct Sessions {
    rows: HashMap<SessionId, Session>,
    by_age: BTreeSet<Age>,
    by_client: Index<ClientId, Age>,
    by_user: Index<UserId, Age>,
    /// Stored as active; their time may be over.
    active: BTreeSet<SessionId>,
    /// The active ones, by subject and by `actor.sub`.
    active_by_party: Index<String, SessionId>,
    /// Ordinary ones that are stored as over, by the end that they were bound for.
    pub(crate) ended: BTreeSet<Age>,
}

impl Sessions {
    pub(crate) fn get(&self, id: &SessionId) -> Option<&Session> {
        self.rows.get(id)
    }

    pub(crate) fn of_client(&self, client: &ClientId) -> impl Iterator<Item = &Session> {
        self.by_client.of(client).filter_map(|(_, id)| self.rows.get(id))
    }

    pub(crate) fn list(&self, query: &SessionQuery) -> Listed<Session> {
        let ages: Box<dyn DoubleEndedIterator<Item = &Age>> = match (&query.client, &query.user) {
            (Some(client), _) => Box::new(self.by_client.of(client)),
            (None, Some(user)) => Box::new(self.by_user.of(user)),
            (None, None) => Box::new(self.by_age.iter()),
        };
        let offset = usize::try_from(query.page.offset).unwrap_or(usize::MAX);
        let last = offset.saturating_add(query.page.limit as usize);
        let mut listed = Listed { rows: Vec::new(), total: 0 };
        let newest_first = ages.rev().filter_map(|(_, id)| self.rows.get(id));
        for (place, session) in newest_first.filter(|session| matches(query, session)).enumerate() {
            listed.total += 1;
            if (offset..last).contains(&place) {
                listed.rows.push(session.clone());
            }
        }
        listed
    }

    pub(crate) fn overdue(&self, now: UnixMillis, limit: u32) -> Vec<Session> {
        let mut overdue: Vec<_> = self.active_rows().filter(|session| !session.is_live(now)).collect();
        overdue.sort_by_key(|session| (session.ends_at(), &session.id));
        overdue.into_iter().take(limit as usize).cloned().collect()
    }

    pub(crate) fn count_live(&self, now: UnixMillis) -> u64 {
        self.active_rows().filter(|session| session.is_live(now)).count() as u64
    }

    /// Those stored as active that the selection names, in the order of their ids.
    pub(crate) fn active(&self, selection: &SessionSelection) -> Vec<Session> {
        let is_active = |session: &&Session| session.status == SessionStatus::Active;
        let mut selected: Vec<_> = match selection {
            SessionSelection::Client(client) => self.of_client(client).filter(is_active).cloned().collect(),
            SessionSelection::Party(user) => self.active_of(user).cloned().collect(),
            SessionSelection::SubjectExcept { user, session: kept } => self
                .active_of(user)
                .filter(|session| session.user == *user && Some(&session.id) != kept.as_ref())
                .cloned()
                .collect(),
        };
        selected.sort_by(|one, other| one.id.cmp(&other.id));
        selected
    }

    /// Adds the session, or puts it in the place of the one with its id.
    pub(crate) fn put(&mut self, session: Session) {
        self.remove(&session.id);
        self.by_age.insert(age_of(&session));
        self.by_client.add(session.client.clone(), age_of(&session));
        self.by_user.add(session.user.clone(), age_of(&session));
        if session.status == SessionStatus::Active {
            self.active.insert(session.id.clone());
            for party in parties(&session) {
                self.active_by_party.add(party, session.id.clone());
            }
        } else if session.actor_token.is_none() {
            self.ended.insert((session.ends_at(), session.id.clone()));
        }
        self.rows.insert(session.id.clone(), session);
    }

    pub(crate) fn remove(&mut self, id: &SessionId) {
        let Some(old) = self.rows.remove(id) else { return };
        let age = age_of(&old);
        self.by_age.remove(&age);
        self.by_client.remove(&old.client, &age);
        self.by_user.remove(&old.user, &age);
        self.active.remove(id);
        for party in parties(&old) {
            self.active_by_party.remove(party.as_str(), id);
        }
        self.ended.remove(&(old.ends_at(), old.id));
    }

    /// Forward only.
    pub(crate) fn record_activity(&mut self, id: &SessionId, at: UnixMillis) {
        if let Some(session) = self.rows.get_mut(id) {
            session.last_active_at = session.last_active_at.max(at);
        }
    }

    fn active_rows(&self) -> impl Iterator<Item = &Session> {
        self.active.iter().filter_map(|id| self.rows.get(id))
    }

    fn active_of(&self, party: &UserId) -> impl Iterator<Item = &Session> {
        self.active_by_party.of(party.as_str()).filter_map(|id| self.rows.get(id))
    }
}

fn age_of(session: &Session) -> Age {
    (session.created_at, session.id.clone())
}

fn parties(session: &Session) -> impl Iterator<Item = String> {
    let actor = session.actor.as_ref().map(|actor| actor.sub().to_owned());
    std::iter::once(session.user.as_str().to_owned()).chain(actor)
}

fn matches(query: &SessionQuery, session: &Session) -> bool {
    query.client.as_ref().is_none_or(|client| *client == session.client)
        && query.user.as_ref().is_none_or(|user| *user == session.user)
        && query.status.is_none_or(|status| status == status_at(session, query.now))
}

fn status_at(session: &Session, now: UnixMillis) -> SessionStatus {
    match session.status {
        SessionStatus::Active if !session.is_live(now) => SessionStatus::Expired,
        status => status,
    }
}
