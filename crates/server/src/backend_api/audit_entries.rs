//! `GET /v1/audit_entries`: the record, which is of Actas alone.

use super::{Json, Query, limit_of_cursor};
use crate::{app::App, authn::secret_key::Backend, error::ApiError, parameters::Pairs};
use actas_api_types::audit::{AuditEntry as Shape, AuditPage, Caller};
use actas_domain::{
    audit::{
        Action, AuditEntry, Outcome,
        find::{self, AuditQuery, AuditRange},
    },
    ids::{ActorTokenId, SessionId, UserId},
    refusal::{ParameterProblem, ParameterRefusal},
};
use axum::extract::State;
use std::sync::Arc;

/// The words of every action, for the error that names them.
const ACTIONS: [&str; Action::ALL.len()] = {
    let mut words = [""; Action::ALL.len()];
    let mut index = 0;
    while index < words.len() {
        words[index] = Action::ALL[index].as_str();
        index += 1;
    }
    words
};

/// Newest first, or with `after` oldest first: whoever follows the record asks again with the last position.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    _backend: Backend,
    Query(pairs): Query,
) -> Result<Json<AuditPage>, ApiError> {
    let mut query = parse_query(&pairs)?;
    let limit = query.limit;
    // One more than asked for tells whether there are more.
    query.limit += 1;
    let entries = find::audit_entries(&app.world, &query).await?;
    let has_more = entries.len() > limit as usize;
    let data = entries.iter().take(limit as usize).map(shape).collect();
    Ok(Json(AuditPage { data, has_more }))
}

fn parse_query(pairs: &Pairs) -> Result<AuditQuery, ParameterRefusal> {
    Ok(AuditQuery {
        subject: id(pairs, "user_id", UserId::parse)?,
        actor_sub: pairs.single("actor_sub")?.map(str::to_owned),
        actor_token: id(pairs, "actor_token_id", ActorTokenId::parse)?,
        session: id(pairs, "session_id", SessionId::parse)?,
        action: one_of(pairs, "action", &ACTIONS, Action::parse)?,
        denied: one_of(pairs, "outcome", &["done", "denied"], |text| Some(text == "denied"))?,
        at_or_after: pairs.time("at_after")?,
        before: pairs.time("at_before")?,
        range: range(pairs)?,
        limit: limit_of_cursor(pairs, "Follow the record with before or after.")?,
    })
}

fn range(pairs: &Pairs) -> Result<AuditRange, ParameterRefusal> {
    match (position(pairs, "before")?, position(pairs, "after")?) {
        (Some(_), Some(_)) => {
            Err(ParameterRefusal::new("before", ParameterProblem::ExcludedBy { other: "after" }))
        }
        (None, Some(after)) => Ok(AuditRange::Forward { after }),
        (before, None) => Ok(AuditRange::Backward { before }),
    }
}

fn position(pairs: &Pairs, name: &'static str) -> Result<Option<u64>, ParameterRefusal> {
    let positive =
        |number| u64::try_from(number).map_err(|_| ParameterRefusal::new(name, ParameterProblem::Invalid));
    pairs.integer(name)?.map(positive).transpose()
}

fn id<T>(
    pairs: &Pairs,
    name: &'static str,
    parse: fn(&str) -> Option<T>,
) -> Result<Option<T>, ParameterRefusal> {
    let parse = |text| parse(text).ok_or_else(|| ParameterRefusal::new(name, ParameterProblem::Invalid));
    pairs.single(name)?.map(parse).transpose()
}

fn one_of<T>(
    pairs: &Pairs,
    name: &'static str,
    allowed: &'static [&'static str],
    parse: fn(&str) -> Option<T>,
) -> Result<Option<T>, ParameterRefusal> {
    let refusal = || ParameterRefusal::new(name, ParameterProblem::NotOneOf { allowed });
    let parse = |text: &str| allowed.contains(&text).then(|| parse(text)).flatten().ok_or_else(refusal);
    pairs.single(name)?.map(parse).transpose()
}

fn shape(entry: &AuditEntry) -> Shape {
    let event = &entry.event;
    let code = match &event.outcome {
        Outcome::Done => None,
        Outcome::Denied { code } => Some(code.to_string()),
    };
    Shape {
        object: "audit_entry".to_owned(),
        position: entry.position,
        at: event.at.millis(),
        action: event.action.as_str().to_owned(),
        outcome: event.outcome.as_str().to_owned(),
        code,
        caller: Caller {
            kind: event.context.caller.kind().to_owned(),
            id: event.context.caller.id().map(str::to_owned),
        },
        user_id: event.subject.as_ref().map(ToString::to_string),
        actor_sub: event.actor_sub.as_deref().map(str::to_owned),
        actor_token_id: event.actor_token.as_ref().map(ToString::to_string),
        sign_in_token_id: event.sign_in_token.as_ref().map(ToString::to_string),
        session_id: event.session.as_ref().map(ToString::to_string),
        client_id: event.client.as_ref().map(ToString::to_string),
        secret_key_id: event.secret_key.as_ref().map(ToString::to_string),
        signing_key_id: event.signing_key.as_ref().map(ToString::to_string),
        reason: event.reason.clone(),
        cause: event.cause.map(|cause| cause.as_str().to_owned()),
        purged_through: event.purged_through,
        address: event.context.address.map(|address| address.to_string()),
        trace_id: event.context.trace_id.to_string(),
    }
}
