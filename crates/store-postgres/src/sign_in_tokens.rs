//! Sign-in tokens.

use crate::{
    bind::{self, Query, Value},
    fault::Fault,
    rows::{self, Fields},
    shape::Shape,
    state::{Changes, Load},
    table::{Belonging, Table},
};
use actas_domain::{
    audit::Cause,
    ids::{SessionId, SignInTokenId, UserId},
    sign_in_token::{SignInToken, SignInTokenStatus},
};
use std::collections::BTreeSet;
use tokio_postgres::Row;

macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT id, status, user_id, ticket_hash, created_at, updated_at, expires_at, session, revoked_because \
             FROM sign_in_tokens ",
            $tail
        )
    };
}

const SHAPE: Shape = Shape {
    table: "sign_in_tokens",
    columns: &[
        ("id", "text"),
        ("status", "text"),
        ("user_id", "text"),
        ("ticket_hash", "bytea"),
        ("created_at", "bigint"),
        ("updated_at", "bigint"),
        ("expires_at", "bigint"),
        ("session", "text"),
        ("revoked_because", "text"),
    ],
    key: 1,
};

/// Those that a batch is about.
#[derive(Debug, Default)]
pub(crate) struct SignInTokens {
    pub(crate) rows: Table<SignInTokenId, SignInToken>,
    by_user: Belonging<UserId, SignInTokenId>,
    /// Users whose pending ones are looked for.
    users: BTreeSet<UserId>,
}

impl SignInTokens {
    pub(crate) fn want_pending_of(&mut self, user: &UserId) {
        self.users.insert(user.clone());
    }

    pub(crate) fn put(&mut self, token: SignInToken) {
        self.by_user.add(token.user.clone(), token.id.clone());
        self.rows.put(token.id.clone(), token);
    }

    /// Those that fall with the user, in the order of their ids.
    pub(crate) fn pending_of(&self, user: &UserId) -> Vec<SignInToken> {
        debug_assert!(self.users.contains(user), "tokens of this batch were not looked for");
        let tokens = self.by_user.of(user).filter_map(|id| self.rows.peek(id));
        tokens.filter(|token| token.status == SignInTokenStatus::Pending).cloned().collect()
    }

    pub(crate) fn loads(&self, rows_max: Option<u32>, loads: &mut Vec<Load>) {
        if self.rows.wants_any() {
            let ids = bind::texts(self.rows.wanted().map(SignInTokenId::as_str));
            loads.push(Load::new(select!("WHERE id = ANY($1)"), vec![ids], |state, found| {
                state.sign_in_tokens.fill(found)
            }));
        }
        if !self.users.is_empty() {
            let users = bind::texts(self.users.iter().map(UserId::as_str));
            let sql = select!("WHERE user_id = ANY($1) AND status = 'pending'");
            loads.push(Load::of_parties(sql, vec![users], rows_max, |state, found| {
                state.sign_in_tokens.fill(found)
            }));
        }
    }

    fn fill(&mut self, found: &[Row]) -> Result<(), Fault> {
        for token in rows::many(found, from_row)? {
            self.by_user.add(token.user.clone(), token.id.clone());
            self.rows.load(token.id.clone(), token);
        }
        Ok(())
    }

    pub(crate) fn changes<'a>(&'a self, queries: &mut Changes<'a>) {
        queries.extend(SHAPE.remove(self.rows.removed().map(SignInTokenId::as_str)));
        queries.extend(SHAPE.put(self.rows.put_rows().map(|(_, token)| row(token))));
    }
}

pub(crate) fn find(id: &SignInTokenId) -> Query {
    Query::new(select!("WHERE id = $1"), vec![bind::text(id.as_str())])
}

fn row(token: &SignInToken) -> Vec<Value> {
    vec![
        bind::text(token.id.as_str()),
        bind::text(token.status.as_str()),
        bind::text(token.user.as_str()),
        bind::hash(&token.ticket_hash),
        bind::time(token.created_at),
        bind::time(token.updated_at),
        bind::time(token.expires_at),
        bind::optional_text(token.session.as_ref().map(SessionId::as_str)),
        bind::optional_text(token.revoked_because.map(Cause::as_str)),
    ]
}

pub(crate) fn from_row(row: &Row) -> Result<SignInToken, Fault> {
    let mut fields = Fields::of(row, "sign_in_tokens");
    Ok(SignInToken {
        id: fields.parsed(SignInTokenId::parse)?,
        status: fields.parsed(SignInTokenStatus::parse)?,
        user: fields.parsed(UserId::parse)?,
        ticket_hash: fields.hash()?,
        created_at: fields.time()?,
        updated_at: fields.time()?,
        expires_at: fields.time()?,
        session: fields.optional_parsed(SessionId::parse)?,
        revoked_because: fields.optional_parsed(Cause::parse)?,
    })
}
