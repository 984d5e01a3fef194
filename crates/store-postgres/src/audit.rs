//! The record: appended by whoever holds its head, read by position.

use crate::{
    bind::{self, Query, Value},
    conditions::Conditions,
    fault::Fault,
    rows::Fields,
    shape::Shape,
    state::Changes,
};
use actas_domain::{
    audit::{
        Action, AuditEntry, AuditEvent, Cause, Outcome,
        find::{AuditQuery, AuditRange},
    },
    caller::{Caller, Context},
    ids::{ActorTokenId, ClientId, SecretKeyId, SessionId, SignInTokenId, SigningKeyId, UserId},
};
use tokio_postgres::Row;

const SHAPE: Shape = Shape {
    table: "audit_entries",
    columns: &[
        ("position", "bigint"),
        ("at", "bigint"),
        ("action", "text"),
        ("denied_code", "text"),
        ("caller_kind", "text"),
        ("caller_id", "text"),
        ("address", "text"),
        ("trace_id", "text"),
        ("subject", "text"),
        ("actor_sub", "text"),
        ("actor_token", "text"),
        ("sign_in_token", "text"),
        ("session", "text"),
        ("client", "text"),
        ("secret_key", "text"),
        ("signing_key", "text"),
        ("reason", "text"),
        ("cause", "text"),
        ("purged_through", "bigint"),
    ],
    key: 1,
};

/// Takes the head of the record, for this transaction alone until it ends, and says how far the record goes.
pub(crate) const TAKE_HEAD: &str = "SELECT position FROM record_head WHERE the_one = 1 FOR UPDATE";

/// The entries that a batch appends.
#[derive(Debug, Default)]
pub(crate) struct Record {
    /// The position before the first of them.
    pub(crate) head: u64,
    appended: Vec<AuditEvent>,
    /// From and up to which position the batch removes entries. What went before is passed over: while a long snapshot
    /// keeps it, reading past it takes ever longer.
    cut: Option<(u64, u64)>,
}

impl Record {
    /// The event's position.
    pub(crate) fn append(&mut self, event: AuditEvent) -> u64 {
        self.appended.push(event);
        self.head + self.appended.len() as u64
    }

    /// Removes the entry, which is the oldest that is left.
    pub(crate) const fn cut(&mut self, position: u64) {
        self.cut = Some(match self.cut {
            Some((first, _)) => (first, position),
            None => (position, position),
        });
    }

    pub(crate) fn changes<'a>(&'a self, queries: &mut Changes<'a>) {
        if let Some((first, last)) = self.cut {
            let sql = "DELETE FROM audit_entries WHERE position >= $1 AND position <= $2";
            queries.push(Query::new(sql, vec![bind::unsigned(first), bind::unsigned(last)]));
        }
        let rows = (self.head + 1..).zip(&self.appended).map(|(at, event)| row(at, event));
        // No upsert: an entry that is there already is never written over.
        queries.extend(SHAPE.add(rows));
        if !self.appended.is_empty() {
            let sql = "UPDATE record_head SET position = $1 WHERE the_one = 1";
            let position = self.head + self.appended.len() as u64;
            queries.push(Query::new(sql, vec![bind::unsigned(position)]));
        }
    }
}

pub(crate) fn list(query: &AuditQuery) -> Query {
    let mut conditions = Conditions::default();
    if query.denied == Some(true) {
        conditions.and("denied_code IS NOT NULL");
    }
    if query.denied == Some(false) {
        conditions.and("denied_code IS NULL");
    }
    if let Some(action) = query.action {
        conditions.and_with("action = ?", [bind::text(action.as_str())]);
    }
    if let Some(actor_sub) = &query.actor_sub {
        conditions.and_with("actor_sub = ?", [bind::text(actor_sub)]);
    }
    if let Some(subject) = &query.subject {
        conditions.and_with("subject = ?", [bind::text(subject.as_str())]);
    }
    if let Some(session) = &query.session {
        conditions.and_with("session = ?", [bind::text(session.as_str())]);
    }
    if let Some(actor_token) = &query.actor_token {
        conditions.and_with("actor_token = ?", [bind::text(actor_token.as_str())]);
    }
    if let Some(since) = query.at_or_after {
        conditions.and_with("at >= ?", [bind::time(since)]);
    }
    if let Some(before) = query.before {
        conditions.and_with("at < ?", [bind::time(before)]);
    }
    let direction = match query.range {
        AuditRange::Forward { after } => {
            conditions.and_with("position > ?", [bind::unsigned(after)]);
            "ASC"
        }
        AuditRange::Backward { before } => {
            if let Some(before) = before {
                conditions.and_with("position < ?", [bind::unsigned(before)]);
            }
            "DESC"
        }
    };
    let limit = conditions.bind(Some(bind::integer(i64::from(query.limit))));
    let columns: Vec<_> = SHAPE.columns.iter().map(|(name, _)| *name).collect();
    let sql = format!(
        "SELECT {} FROM audit_entries{} ORDER BY position {direction} LIMIT {limit}",
        columns.join(", "),
        conditions.text()
    );
    Query::new(sql, conditions.into_values())
}

fn row(position: u64, event: &AuditEvent) -> Vec<Value> {
    let denied_code = match &event.outcome {
        Outcome::Done => None,
        Outcome::Denied { code } => Some(&**code),
    };
    let address = event.context.address.map(|address| address.to_string());
    vec![
        bind::unsigned(position),
        bind::time(event.at),
        bind::text(event.action.as_str()),
        bind::optional_text(denied_code),
        bind::text(event.context.caller.kind()),
        bind::optional_text(event.context.caller.id()),
        bind::optional_text(address.as_deref()),
        bind::text(&event.context.trace_id),
        bind::optional_text(event.subject.as_ref().map(UserId::as_str)),
        bind::optional_text(event.actor_sub.as_deref()),
        bind::optional_text(event.actor_token.as_ref().map(ActorTokenId::as_str)),
        bind::optional_text(event.sign_in_token.as_ref().map(SignInTokenId::as_str)),
        bind::optional_text(event.session.as_ref().map(SessionId::as_str)),
        bind::optional_text(event.client.as_ref().map(ClientId::as_str)),
        bind::optional_text(event.secret_key.as_ref().map(SecretKeyId::as_str)),
        bind::optional_text(event.signing_key.as_ref().map(SigningKeyId::as_str)),
        bind::optional_text(event.reason.as_deref()),
        bind::optional_text(event.cause.map(Cause::as_str)),
        bind::optional_integer(
            event.purged_through.map(|position| i64::try_from(position).unwrap_or(i64::MAX)),
        ),
    ]
}

pub(crate) fn from_row(row: &Row) -> Result<AuditEntry, Fault> {
    let mut fields = Fields::of(row, "audit_entries");
    let position = fields.unsigned()?;
    let event = AuditEvent {
        at: fields.time()?,
        action: fields.parsed(Action::parse)?,
        outcome: match fields.optional_text()? {
            None => Outcome::Done,
            Some(code) => Outcome::Denied { code: code.into() },
        },
        context: Context {
            caller: caller(&mut fields)?,
            address: fields.optional_parsed(|text| text.parse().ok())?,
            trace_id: fields.text()?.into(),
        },
        subject: fields.optional_parsed(UserId::parse)?,
        actor_sub: fields.optional_text()?.map(String::into_boxed_str),
        actor_token: fields.optional_parsed(ActorTokenId::parse)?,
        sign_in_token: fields.optional_parsed(SignInTokenId::parse)?,
        session: fields.optional_parsed(SessionId::parse)?,
        client: fields.optional_parsed(ClientId::parse)?,
        secret_key: fields.optional_parsed(SecretKeyId::parse)?,
        signing_key: fields.optional_parsed(SigningKeyId::parse)?,
        reason: fields.optional_text()?,
        cause: fields.optional_parsed(Cause::parse)?,
        purged_through: fields.optional_unsigned()?,
    };
    Ok(AuditEntry { position, event })
}

fn caller(fields: &mut Fields<'_>) -> Result<Caller, Fault> {
    let kind = fields.text()?;
    let id = fields.optional_text()?;
    let caller = match (kind.as_str(), id.as_deref()) {
        ("secret_key", Some(id)) => SecretKeyId::parse(id).map(Caller::SecretKey),
        ("client", None) => Some(Caller::Client(None)),
        ("client", Some(id)) => ClientId::parse(id).map(|id| Caller::Client(Some(id))),
        ("operator", None) => Some(Caller::Operator),
        ("system", None) => Some(Caller::System),
        _ => None,
    };
    caller.ok_or_else(|| fields.unreadable())
}
