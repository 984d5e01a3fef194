//! Users, whose identifiers are whose, and the standing of those who are not stored.

use crate::{
    bind::{self, Query, Value},
    fault::Fault,
    rows::{self, Fields},
    shape::Shape,
    state::{Changes, Load},
    table::{Belonging, Table},
};
use actas_domain::{
    ids::{SessionId, UserId},
    time::UnixMillis,
    user::{Identifier, Standing, User},
};
use std::collections::BTreeSet;
use tokio_postgres::Row;

const STANDINGS: Shape = Shape {
    table: "standings",
    columns: &[("user_id", "text"), ("banned", "boolean"), ("locked", "boolean")],
    key: 1,
};

/// Those that a batch is about.
#[derive(Debug, Default)]
pub(crate) struct Users {
    rows: Table<UserId, Kept>,
    /// Of those who were not stored when it was set.
    standings: Table<UserId, Standing>,
    /// Sessions whose users are looked for.
    sessions: BTreeSet<SessionId>,
    /// Who has an identifier, by its kind and value. What changes of them follows from the users.
    owners: Table<(String, String), UserId>,
    /// What somebody has, or had before this batch.
    owned: Belonging<UserId, (String, String)>,
    /// Users whose identifiers are looked for, because they may be given up.
    giving_up: BTreeSet<UserId>,
}

/// What a batch knows of a stored user, and the whole user where it is to be stored.
#[derive(Clone, Debug)]
struct Kept {
    banned: bool,
    locked: bool,
    revision: u64,
    last_sign_in_at: Option<UnixMillis>,
    last_active_at: Option<UnixMillis>,
    whole: Option<Box<User>>,
}

impl Users {
    /// Has it looked for who this is and how they stand.
    pub(crate) fn want(&mut self, id: &UserId) {
        self.rows.want(id);
        self.standings.want(id);
    }

    /// The same for a session's user, where the session is stored.
    pub(crate) fn want_of_session(&mut self, session: &SessionId) {
        self.sessions.insert(session.clone());
    }

    /// Has all looked for that storing this user, or removing the one with its id, depends on.
    pub(crate) fn want_to_store(&mut self, user: &User) {
        self.want_to_remove(&user.id);
        for identifier in user.identifiers() {
            self.owners.want(&key(&identifier));
        }
    }

    pub(crate) fn want_to_remove(&mut self, id: &UserId) {
        self.want(id);
        self.giving_up.insert(id.clone());
    }

    pub(crate) fn revision(&self, id: &UserId) -> Option<u64> {
        self.rows.get(id).map(|kept| kept.revision)
    }

    /// Of the stored user, joined with what is kept of somebody who is not stored.
    pub(crate) fn standing(&self, id: &UserId) -> Standing {
        let (stored, kept) = (self.rows.get(id), self.standings.get(id));
        Standing {
            present: stored.is_some(),
            banned: stored.is_some_and(|user| user.banned) || kept.is_some_and(|kept| kept.banned),
            locked: stored.is_some_and(|user| user.locked) || kept.is_some_and(|kept| kept.locked),
        }
    }

    /// Whether nobody else has one of the user's identifiers.
    pub(crate) fn are_free_for(&self, user: &User) -> bool {
        user.identifiers()
            .iter()
            .all(|each| self.owners.get(&key(each)).is_none_or(|owner| *owner == user.id))
    }

    pub(crate) fn add(&mut self, user: User) {
        for identifier in user.identifiers() {
            self.owned.add(user.id.clone(), key(&identifier));
            self.owners.put(key(&identifier), user.id.clone());
        }
        let kept = Kept {
            banned: user.banned,
            locked: user.locked,
            revision: user.revision,
            last_sign_in_at: user.last_sign_in_at,
            last_active_at: user.last_active_at,
            whole: Some(Box::new(user.clone())),
        };
        self.rows.put(user.id, kept);
    }

    /// Activity moves without a revision, so what is stored of it may be newer than what the change was made from.
    pub(crate) fn replace(&mut self, mut user: User) {
        if let Some(stored) = self.rows.get(&user.id) {
            user.last_sign_in_at = user.last_sign_in_at.max(stored.last_sign_in_at);
            user.last_active_at = user.last_active_at.max(stored.last_active_at);
        }
        self.remove(&user.id);
        self.add(user);
    }

    pub(crate) fn remove(&mut self, id: &UserId) {
        for key in self.owned.of(id) {
            if self.owners.peek(key).is_some_and(|owner| owner == id) {
                self.owners.remove(key);
            }
        }
        self.rows.remove(id);
    }

    pub(crate) fn record_sign_in(&mut self, id: &UserId, at: UnixMillis) {
        if let Some(kept) = self.rows.peek(id).cloned() {
            let last_sign_in_at = kept.last_sign_in_at.max(Some(at));
            self.rows.put(id.clone(), Kept { last_sign_in_at, ..kept });
        }
    }

    /// Of a user who may be unknown to the batch, and is then not stored.
    pub(crate) fn record_activity(&mut self, id: &UserId, at: UnixMillis) {
        if let Some(kept) = self.rows.peek(id).cloned() {
            let last_active_at = kept.last_active_at.max(Some(at));
            self.rows.put(id.clone(), Kept { last_active_at, ..kept });
        }
    }

    /// Of a user who is not stored; a good standing is no row.
    pub(crate) fn set_standing(&mut self, id: &UserId, standing: Standing) {
        if standing.is_good() {
            self.standings.remove(id);
        } else {
            self.standings.put(id.clone(), standing);
        }
    }

    pub(crate) fn loads(&self, loads: &mut Vec<Load>) {
        if self.rows.wants_any() || !self.sessions.is_empty() {
            // Two that are put together, for an OR of them would have the whole table read.
            let sql = "SELECT id, banned, locked, revision, last_sign_in_at, last_active_at FROM users \
                WHERE id = ANY($1) \
                UNION ALL SELECT id, banned, locked, revision, last_sign_in_at, last_active_at FROM users \
                WHERE id IN (SELECT user_id FROM sessions WHERE id = ANY($2))";
            let ids = bind::texts(self.rows.wanted().map(UserId::as_str));
            let sessions = bind::texts(self.sessions.iter().map(SessionId::as_str));
            loads.push(Load::new(sql, vec![ids, sessions], |state, found| {
                for (id, kept) in rows::many(found, kept_from_row)? {
                    state.users.rows.load(id, kept);
                }
                Ok(())
            }));
        }
        if self.standings.wants_any() {
            let sql = "SELECT user_id, banned, locked FROM standings WHERE user_id = ANY($1)";
            let ids = bind::texts(self.standings.wanted().map(UserId::as_str));
            loads.push(Load::new(sql, vec![ids], |state, found| {
                for (id, standing) in rows::many(found, standing_from_row)? {
                    state.users.standings.load(id, standing);
                }
                Ok(())
            }));
        }
        let mut load_owners = |sql: &'static str, values: Vec<Value>| {
            loads.push(Load::new(sql, values, |state, found| {
                for (key, owner) in rows::many(found, owner_from_row)? {
                    state.users.owned.add(owner.clone(), key.clone());
                    state.users.owners.load(key, owner);
                }
                Ok(())
            }));
        };
        if self.owners.wants_any() {
            let sql = "SELECT kind, value, user_id FROM identifiers \
                WHERE (kind, value) IN (SELECT * FROM unnest($1::text[], $2::text[]))";
            let kinds = bind::texts(self.owners.wanted().map(|(kind, _)| kind.as_str()));
            let values = bind::texts(self.owners.wanted().map(|(_, value)| value.as_str()));
            load_owners(sql, vec![kinds, values]);
        }
        if !self.giving_up.is_empty() {
            let ids = bind::texts(self.giving_up.iter().map(UserId::as_str));
            load_owners("SELECT kind, value, user_id FROM identifiers WHERE user_id = ANY($1)", vec![ids]);
        }
    }

    pub(crate) fn changes<'a>(&'a self, queries: &mut Changes<'a>) {
        let whole: Vec<User> = self.rows.put_rows().filter_map(|(_, kept)| kept.to_store()).collect();
        // Whoever is stored whole has identifiers stored anew, after all of them were given up.
        let removed: Vec<&UserId> = self.rows.removed().collect();
        let giving_up = removed.iter().copied().chain(whole.iter().map(|user| &user.id)).map(UserId::as_str);
        let giving_up: Vec<&str> = giving_up.collect();
        if !giving_up.is_empty() {
            let sql = "DELETE FROM identifiers WHERE user_id = ANY($1)";
            queries.push(Query::new(sql, vec![bind::texts(giving_up)]));
        }
        queries.extend(crate::user_rows::SHAPE.remove(removed.into_iter().map(UserId::as_str)));
        let identifiers: Vec<_> = whole.iter().flat_map(crate::user_rows::identifier_rows).collect();
        queries
            .extend(crate::user_rows::SHAPE.put(whole.into_iter().map(|user| crate::user_rows::row(&user))));
        queries.extend(crate::user_rows::IDENTIFIERS.add(identifiers.into_iter()));
        let times = self.rows.put_rows().filter(|(_, kept)| kept.whole.is_none()).map(|(id, kept)| {
            vec![
                bind::text(id.as_str()),
                bind::optional_time(kept.last_sign_in_at),
                bind::optional_time(kept.last_active_at),
            ]
        });
        let times: Vec<_> = times.collect();
        if !times.is_empty() {
            let sql = "UPDATE users SET last_sign_in_at = moved.signed_in, last_active_at = moved.active \
                FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS moved (id, signed_in, active) \
                WHERE users.id = moved.id";
            queries.push(Query::new(sql, bind::columns(times)));
        }
        queries.extend(STANDINGS.remove(self.standings.removed().map(UserId::as_str)));
        let standings = self.standings.put_rows().map(|(id, standing)| {
            vec![bind::text(id.as_str()), bind::flag(standing.banned), bind::flag(standing.locked)]
        });
        queries.extend(STANDINGS.put(standings));
    }
}

impl Kept {
    /// The whole user as it is to be stored, with what moved since.
    fn to_store(&self) -> Option<User> {
        let whole = self.whole.as_deref()?.clone();
        Some(User { last_sign_in_at: self.last_sign_in_at, last_active_at: self.last_active_at, ..whole })
    }
}

/// The stored user's, and what is kept of somebody who is not stored.
pub(crate) fn standing(id: &UserId) -> Query {
    let sql = "SELECT id, banned, locked, TRUE FROM users WHERE id = $1 \
        UNION ALL SELECT user_id, banned, locked, FALSE FROM standings WHERE user_id = $1";
    Query::new(sql, vec![bind::text(id.as_str())])
}

pub(crate) fn standing_from(found: &[Row]) -> Result<Standing, Fault> {
    let joined = |one: Standing, other: Standing| Standing {
        present: one.present || other.present,
        banned: one.banned || other.banned,
        locked: one.locked || other.locked,
    };
    let each = rows::many(found, |row| {
        let mut fields = Fields::of(row, "users or standings");
        fields.skip();
        Ok(Standing { banned: fields.flag()?, locked: fields.flag()?, present: fields.flag()? })
    })?;
    Ok(each.into_iter().fold(Standing::default(), joined))
}

pub(crate) fn owner(identifier: &Identifier) -> Query {
    let sql = "SELECT user_id FROM identifiers WHERE kind = $1 AND value = $2";
    Query::new(sql, vec![bind::text(identifier.kind()), bind::text(identifier.value())])
}

fn key(identifier: &Identifier) -> (String, String) {
    (identifier.kind().to_owned(), identifier.value().to_owned())
}

fn kept_from_row(row: &Row) -> Result<(UserId, Kept), Fault> {
    let mut fields = Fields::of(row, "users");
    let id = fields.parsed(UserId::parse)?;
    let kept = Kept {
        banned: fields.flag()?,
        locked: fields.flag()?,
        revision: fields.unsigned()?,
        last_sign_in_at: fields.optional_time()?,
        last_active_at: fields.optional_time()?,
        whole: None,
    };
    Ok((id, kept))
}

fn standing_from_row(row: &Row) -> Result<(UserId, Standing), Fault> {
    let mut fields = Fields::of(row, "standings");
    let id = fields.parsed(UserId::parse)?;
    Ok((id, Standing { present: false, banned: fields.flag()?, locked: fields.flag()? }))
}

fn owner_from_row(row: &Row) -> Result<((String, String), UserId), Fault> {
    let mut fields = Fields::of(row, "identifiers");
    Ok(((fields.text()?, fields.text()?), fields.parsed(UserId::parse)?))
}
