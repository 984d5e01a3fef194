//! The record: appended by the writer alone, read by position.

use crate::{
    bind::{self, Columns},
    conditions::{Conditions, bound, text},
    fault::Fault,
    rows::{self, Fields, execute, number, signed},
};
use actas_domain::{
    audit::{
        Action, AuditEntry, AuditEvent, Cause, Outcome,
        find::{AuditQuery, AuditRange},
    },
    caller::{Caller, Context},
    ids::{ActorTokenId, ClientId, SecretKeyId, SessionId, SignInTokenId, SigningKeyId, UserId},
};
use rusqlite::{Connection, Row, params_from_iter, types::Value};

macro_rules! columns {
    () => {
        "position, at, action, denied_code, caller_kind, caller_id, address, trace_id, subject, actor_sub, \
         actor_token, sign_in_token, session, client, secret_key, signing_key, reason, cause, \
         purged_through"
    };
}

/// The position of the newest entry; 0 when there is none.
pub(crate) fn last_position(connection: &Connection) -> Result<u64, Fault> {
    number(connection, "SELECT coalesce(max(position), 0) FROM audit_entries", [])
}

pub(crate) fn append(connection: &Connection, position: u64, event: &AuditEvent) -> Result<(), Fault> {
    let sql = concat!(
        "INSERT INTO audit_entries (",
        columns!(),
        ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)"
    );
    let address = event.context.address.map(|address| address.to_string());
    execute(connection, sql, params_from_iter(row(position, event, address.as_deref()))).map(drop)
}

pub(crate) fn list(connection: &Connection, query: &AuditQuery) -> Result<Vec<AuditEntry>, Fault> {
    let (sql, values) = list_sql(query);
    rows::many(connection, &sql, bound(&values), from_row)
}

/// The index is the one whose entries are likely the fewest; the others' conditions are checked row by row.
pub(crate) fn list_sql(query: &AuditQuery) -> (String, Vec<Value>) {
    let mut conditions = Conditions::default();
    let mut index = "NOT INDEXED";
    if query.denied == Some(true) {
        conditions.and("denied_code IS NOT NULL");
        index = "INDEXED BY audit_entries_denied";
    }
    if query.denied == Some(false) {
        conditions.and("denied_code IS NULL");
    }
    if let Some(action) = query.action {
        conditions.and_with("action = ?", [text(action.as_str())]);
        index = "INDEXED BY audit_entries_by_action";
    }
    if let Some(actor_sub) = &query.actor_sub {
        conditions.and_with("actor_sub = ?", [text(actor_sub)]);
        index = "INDEXED BY audit_entries_by_actor";
    }
    if let Some(subject) = &query.subject {
        conditions.and_with("subject = ?", [text(subject.as_str())]);
        index = "INDEXED BY audit_entries_by_subject";
    }
    if let Some(session) = &query.session {
        conditions.and_with("session = ?", [text(session.as_str())]);
        index = "INDEXED BY audit_entries_by_session";
    }
    if let Some(actor_token) = &query.actor_token {
        conditions.and_with("actor_token = ?", [text(actor_token.as_str())]);
        index = "INDEXED BY audit_entries_by_actor_token";
    }
    if let Some(since) = query.at_or_after {
        conditions.and_with("at >= ?", [since.millis().into()]);
    }
    if let Some(before) = query.before {
        conditions.and_with("at < ?", [before.millis().into()]);
    }
    let direction = match query.range {
        AuditRange::Forward { after } => {
            conditions.and_with("position > ?", [signed(after).into()]);
            "ASC"
        }
        AuditRange::Backward { before } => {
            if let Some(before) = before {
                conditions.and_with("position < ?", [signed(before).into()]);
            }
            "DESC"
        }
    };
    let columns = columns!();
    let where_clause = conditions.text();
    let sql = format!(
        "SELECT {columns} FROM audit_entries {index}{where_clause} ORDER BY position {direction} LIMIT ?"
    );
    (sql, conditions.values_and(&[i64::from(query.limit).into()]))
}

fn row<'a>(position: u64, event: &'a AuditEvent, address: Option<&'a str>) -> Columns<'a, 19> {
    let denied_code = match &event.outcome {
        Outcome::Done => None,
        Outcome::Denied { code } => Some(&**code),
    };
    [
        bind::unsigned(position),
        bind::time(event.at),
        bind::text(event.action.as_str()),
        bind::optional_text(denied_code),
        bind::text(event.context.caller.kind()),
        bind::optional_text(event.context.caller.id()),
        bind::optional_text(address),
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
        bind::optional_integer(event.purged_through.map(signed)),
    ]
}

fn from_row(row: &Row<'_>) -> Result<AuditEntry, Fault> {
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
