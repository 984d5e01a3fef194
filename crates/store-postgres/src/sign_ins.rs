//! Attempts to sign in that wait, wrong passwords, and the returns that clients keep.

use crate::{
    bind::{self, Query, Value},
    fault::Fault,
    rows::{self, Fields},
    shape::Shape,
    state::{Changes, Load},
    table::Table,
};
use actas_domain::{
    client::returning::KeptReturn,
    ids::{ClientId, SessionId, SignInId, UserId},
    secret::SecretHash,
    sign_in::{
        PendingSignIn,
        failures::{Guessed, PasswordFailures},
    },
    time::UnixMillis,
};
use std::collections::BTreeSet;
use tokio_postgres::Row;

macro_rules! select_pending {
    ($tail:literal) => {
        concat!("SELECT client, id, identifier, created_at, expires_at FROM pending_sign_ins ", $tail)
    };
}

macro_rules! select_returns {
    ($tail:literal) => {
        concat!(
            "SELECT client, user_id, session, first_factor_at, until_at, expire_at FROM kept_returns ",
            $tail
        )
    };
}

const PENDING: Shape = Shape {
    table: "pending_sign_ins",
    columns: &[
        ("client", "text"),
        ("id", "text"),
        ("identifier", "text"),
        ("created_at", "bigint"),
        ("expires_at", "bigint"),
    ],
    key: 1,
};

const FAILURES: Shape = Shape {
    table: "password_failures",
    columns: &[("user_id", "text"), ("failure_count", "bigint"), ("last_failure_at", "bigint")],
    key: 1,
};

const GUESSES: Shape = Shape {
    table: "guesses",
    columns: &[("identifier_hash", "bytea"), ("failure_count", "bigint"), ("last_failure_at", "bigint")],
    key: 1,
};

const RETURNS: Shape = Shape {
    table: "kept_returns",
    columns: &[
        ("client", "text"),
        ("user_id", "text"),
        ("session", "text"),
        ("first_factor_at", "bigint"),
        ("until_at", "bigint"),
        ("expire_at", "bigint"),
    ],
    key: 1,
};

/// Those that a batch is about.
#[derive(Debug, Default)]
pub(crate) struct SignIns {
    /// Looked for only to be forgotten: nothing else depends on what is stored.
    pending: Table<ClientId, PendingSignIn>,
    /// Of stored users.
    pub(crate) failures: Table<UserId, PasswordFailures>,
    /// By the hash of an identifier that nobody has.
    guesses: Table<[u8; 32], PasswordFailures>,
    pub(crate) returns: Table<ClientId, KeptReturn>,
    /// Users whose returns are looked for.
    returns_of: BTreeSet<UserId>,
    /// Until when attempts and returns, and failures, are looked for that are to be forgotten; and how many of each.
    over: Option<(UnixMillis, UnixMillis, u64)>,
}

impl SignIns {
    pub(crate) fn want_guesses(&mut self, identifier: &SecretHash) {
        self.guesses.want(identifier.as_bytes());
    }

    pub(crate) fn want_returns_of(&mut self, user: &UserId) {
        self.returns_of.insert(user.clone());
    }

    pub(crate) fn begin(&mut self, pending: PendingSignIn) {
        self.pending.put(pending.client.clone(), pending);
    }

    pub(crate) fn end(&mut self, client: &ClientId) {
        self.pending.remove(client);
    }

    /// `false` when they are not as seen.
    pub(crate) fn set_guesses(
        &mut self,
        identifier: &SecretHash,
        seen: Option<PasswordFailures>,
        set: PasswordFailures,
    ) -> bool {
        let is_as_seen = self.guesses.get(identifier.as_bytes()).copied() == seen;
        if is_as_seen {
            self.guesses.put(*identifier.as_bytes(), set);
        }
        is_as_seen
    }

    /// Has as many of each kind looked for as all of a batch may forget, the longest over first.
    pub(crate) fn want_over(&mut self, now: UnixMillis, forgotten: UnixMillis, limit: u32) {
        let (latest, last, count) = self.over.unwrap_or((now, forgotten, 0));
        self.over = Some((latest.max(now), last.max(forgotten), count + u64::from(limit)));
    }

    /// Forgets what is over of that which was looked for. Returns how many rows that were.
    pub(crate) fn forget(&mut self, now: UnixMillis, forgotten: UnixMillis) -> u64 {
        debug_assert!(self.over.is_some(), "attempts of this batch were not looked for");
        let removed = self.pending.remove_where(|pending| pending.expires_at <= now)
            + self.failures.remove_where(|failures| failures.last_at <= forgotten)
            + self.guesses.remove_where(|failures| failures.last_at <= forgotten)
            + self.returns.remove_where(|kept| kept.until <= now);
        removed as u64
    }

    pub(crate) fn keeps_return_for(&self, client: &ClientId, session: &SessionId) -> bool {
        self.returns.get(client).is_some_and(|kept| kept.session == *session)
    }

    /// Whether the batch has something wait on the client for whoever holds it.
    pub(crate) fn waits_on(&self, client: &ClientId) -> bool {
        self.pending.peek(client).is_some() || self.returns.peek(client).is_some()
    }

    pub(crate) fn keep_return(&mut self, kept: KeptReturn) {
        self.returns.put(kept.client.clone(), kept);
    }

    pub(crate) fn drop_return(&mut self, client: &ClientId) {
        self.returns.remove(client);
    }

    pub(crate) fn drop_returns(&mut self, user: &UserId) {
        debug_assert!(self.returns_of.contains(user), "returns of this batch were not looked for");
        self.returns.remove_where(|kept| kept.user == *user);
    }

    pub(crate) fn loads(&self, rows_max: Option<u32>, loads: &mut Vec<Load>) {
        if self.failures.wants_any() {
            let users = bind::texts(self.failures.wanted().map(UserId::as_str));
            let sql = "SELECT user_id, failure_count, last_failure_at FROM password_failures \
                WHERE user_id = ANY($1)";
            loads.push(Load::new(sql, vec![users], |state, found| state.sign_ins.fill_failures(found)));
        }
        if self.guesses.wants_any() {
            let hashes = self.guesses.wanted().map(|hash| Some(hash.to_vec())).collect();
            let sql = "SELECT identifier_hash, failure_count, last_failure_at FROM guesses \
                WHERE identifier_hash = ANY($1)";
            let hashes = vec![Value::AllBytes(hashes)];
            loads.push(Load::new(sql, hashes, |state, found| state.sign_ins.fill_guesses(found)));
        }
        if self.returns.wants_any() {
            let clients = vec![bind::texts(self.returns.wanted().map(ClientId::as_str))];
            let sql = select_returns!("WHERE client = ANY($1)");
            loads.push(Load::new(sql, clients, |state, found| state.sign_ins.fill_returns(found)));
        }
        if !self.returns_of.is_empty() {
            let users = bind::texts(self.returns_of.iter().map(UserId::as_str));
            let sql = select_returns!("WHERE user_id = ANY($1)");
            loads.push(Load::of_parties(sql, vec![users], rows_max, |state, found| {
                state.sign_ins.fill_returns(found)
            }));
        }
        if let Some((now, forgotten, limit)) = self.over {
            loads_of_what_is_over(now, forgotten, limit, loads);
        }
    }

    fn fill_failures(&mut self, found: &[Row]) -> Result<(), Fault> {
        for (user, failures) in rows::many(found, failures_of_user)? {
            self.failures.load(user, failures);
        }
        Ok(())
    }

    fn fill_guesses(&mut self, found: &[Row]) -> Result<(), Fault> {
        for (hash, failures) in rows::many(found, guesses_of_hash)? {
            self.guesses.load(*hash.as_bytes(), failures);
        }
        Ok(())
    }

    fn fill_returns(&mut self, found: &[Row]) -> Result<(), Fault> {
        for kept in rows::many(found, return_from_row)? {
            self.returns.load(kept.client.clone(), kept);
        }
        Ok(())
    }

    pub(crate) fn changes<'a>(&'a self, queries: &mut Changes<'a>) {
        queries.extend(PENDING.remove(self.pending.removed().map(ClientId::as_str)));
        queries.extend(PENDING.put(self.pending.put_rows().map(|(_, pending)| pending_row(pending))));
        queries.extend(FAILURES.remove(self.failures.removed().map(UserId::as_str)));
        let failures = self
            .failures
            .put_rows()
            .map(|(user, failures)| failures_row(bind::text(user.as_str()), failures));
        queries.extend(FAILURES.put(failures));
        let removed: Vec<_> = self.guesses.removed().map(|hash| Some(hash.to_vec())).collect();
        queries.extend((!removed.is_empty()).then(|| GUESSES.remove_all(Value::AllBytes(removed))));
        let guesses =
            self.guesses.put_rows().map(|(hash, failures)| failures_row(bind::bytes(hash), failures));
        queries.extend(GUESSES.put(guesses));
        queries.extend(RETURNS.remove(self.returns.removed().map(ClientId::as_str)));
        queries.extend(RETURNS.put(self.returns.put_rows().map(|(_, kept)| return_row(kept))));
    }
}

fn loads_of_what_is_over(now: UnixMillis, forgotten: UnixMillis, limit: u64, loads: &mut Vec<Load>) {
    let values = |until: UnixMillis| vec![bind::time(until), bind::unsigned(limit)];
    let attempts = select_pending!("WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2");
    loads.push(Load::new(attempts, values(now), |state, found| {
        for pending in rows::many(found, pending_from_row)? {
            state.sign_ins.pending.load(pending.client.clone(), pending);
        }
        Ok(())
    }));
    let returns = select_returns!("WHERE until_at <= $1 ORDER BY until_at LIMIT $2");
    loads.push(Load::new(returns, values(now), |state, found| state.sign_ins.fill_returns(found)));
    let failures = "SELECT user_id, failure_count, last_failure_at FROM password_failures \
        WHERE last_failure_at <= $1 ORDER BY last_failure_at LIMIT $2";
    loads.push(Load::new(failures, values(forgotten), |state, found| state.sign_ins.fill_failures(found)));
    let guesses = "SELECT identifier_hash, failure_count, last_failure_at FROM guesses \
        WHERE last_failure_at <= $1 ORDER BY last_failure_at LIMIT $2";
    loads.push(Load::new(guesses, values(forgotten), |state, found| state.sign_ins.fill_guesses(found)));
}

pub(crate) fn pending(client: &ClientId) -> Query {
    Query::new(select_pending!("WHERE client = $1"), vec![bind::text(client.as_str())])
}

pub(crate) fn failures(guessed: &Guessed) -> Query {
    match guessed {
        Guessed::User(user) => {
            let sql =
                "SELECT user_id, failure_count, last_failure_at FROM password_failures WHERE user_id = $1";
            Query::new(sql, vec![bind::text(user.as_str())])
        }
        Guessed::Nobody(identifier) => {
            let sql = "SELECT identifier_hash, failure_count, last_failure_at FROM guesses \
                WHERE identifier_hash = $1";
            Query::new(sql, vec![bind::hash(identifier)])
        }
    }
}

pub(crate) fn kept_return(client: &ClientId) -> Query {
    Query::new(select_returns!("WHERE client = $1"), vec![bind::text(client.as_str())])
}

pub(crate) fn pending_from_row(row: &Row) -> Result<PendingSignIn, Fault> {
    let mut fields = Fields::of(row, "pending_sign_ins");
    Ok(PendingSignIn {
        client: fields.parsed(ClientId::parse)?,
        id: fields.parsed(SignInId::parse)?,
        identifier: fields.text()?,
        created_at: fields.time()?,
        expires_at: fields.time()?,
    })
}

/// Of a user or of a hash, which the caller knows.
pub(crate) fn failures_from_row(row: &Row) -> Result<PasswordFailures, Fault> {
    let mut fields = Fields::of(row, "password_failures");
    fields.skip();
    failures_from(&mut fields)?.ok_or_else(|| fields.unreadable())
}

/// The two columns of failures, which are null where there are none.
pub(crate) fn failures_from(fields: &mut Fields<'_>) -> Result<Option<PasswordFailures>, Fault> {
    match (fields.optional_integer()?, fields.optional_time()?) {
        (Some(count), Some(last_at)) => {
            let count = u32::try_from(count).map_err(|_| fields.unreadable())?;
            Ok(Some(PasswordFailures { count, last_at }))
        }
        (None, None) => Ok(None),
        _ => Err(fields.unreadable()),
    }
}

pub(crate) fn return_from_row(row: &Row) -> Result<KeptReturn, Fault> {
    let mut fields = Fields::of(row, "kept_returns");
    Ok(KeptReturn {
        client: fields.parsed(ClientId::parse)?,
        user: fields.parsed(UserId::parse)?,
        session: fields.parsed(SessionId::parse)?,
        first_factor_at: fields.optional_time()?,
        until: fields.time()?,
        expire_at: fields.time()?,
    })
}

fn failures_of_user(row: &Row) -> Result<(UserId, PasswordFailures), Fault> {
    Ok((Fields::of(row, "password_failures").parsed(UserId::parse)?, failures_from_row(row)?))
}

fn guesses_of_hash(row: &Row) -> Result<(SecretHash, PasswordFailures), Fault> {
    Ok((Fields::of(row, "guesses").hash()?, failures_from_row(row)?))
}

fn pending_row(pending: &PendingSignIn) -> Vec<Value> {
    vec![
        bind::text(pending.client.as_str()),
        bind::text(pending.id.as_str()),
        bind::text(&pending.identifier),
        bind::time(pending.created_at),
        bind::time(pending.expires_at),
    ]
}

fn failures_row(guessed: Value, failures: &PasswordFailures) -> Vec<Value> {
    vec![guessed, bind::integer(i64::from(failures.count)), bind::time(failures.last_at)]
}

fn return_row(kept: &KeptReturn) -> Vec<Value> {
    vec![
        bind::text(kept.client.as_str()),
        bind::text(kept.user.as_str()),
        bind::text(kept.session.as_str()),
        bind::optional_time(kept.first_factor_at),
        bind::time(kept.until),
        bind::time(kept.expire_at),
    ]
}
