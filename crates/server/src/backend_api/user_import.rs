//! `POST /v1/users/import`: users by the hundred, one JSON object on each line. Of Actas alone.

use super::{Json, users};
use crate::{app::App, authn::secret_key::Backend, error::ApiError, parameters::Members};
use actas_api_types::user_import::{ImportedRow, UserImport};
use actas_domain::{
    caller::Context,
    ports::StoreError,
    refusal::{Failure, ParameterProblem, ParameterRefusal, Refusal},
    user::{
        create::CreateUser,
        import::{self, Imported},
    },
};
use axum::extract::{FromRequest, Request, State};
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use http::header;
use std::{collections::HashMap, sync::Arc, time::Duration};

/// The most rows of one request.
pub(crate) const ROWS_MAX: usize = 1_000;
/// The names under which JSON Lines go about; the first is the one that errors recommend.
const CONTENT_TYPES: [&str; 4] =
    ["application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"];
/// How long a row that met a full queue waits before it tries again, each time.
const OVERLOAD_PAUSES: [Duration; 6] = [
    Duration::from_millis(20),
    Duration::from_millis(40),
    Duration::from_millis(80),
    Duration::from_millis(160),
    Duration::from_millis(320),
    Duration::from_millis(640),
];

/// The lines of the body that are not empty, each with its number.
pub(crate) struct Lines(Vec<(u64, Bytes)>);

impl<S: Send + Sync> FromRequest<S> for Lines {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let content_type = request.headers().get(header::CONTENT_TYPE).cloned();
        let body = Bytes::from_request(request, state).await.map_err(|_| ApiError::body_invalid())?;
        let lines = lines_of(&body)?;
        let content_type = content_type.as_ref().and_then(|value| value.to_str().ok()).unwrap_or_default();
        let essence = content_type.split(';').next().unwrap_or_default().trim_ascii();
        let is_known = CONTENT_TYPES.iter().any(|known| essence.eq_ignore_ascii_case(known));
        // As everywhere, a body without content needs no type.
        if !is_known && !lines.is_empty() {
            return Err(ApiError::content_type_unsupported(essence, CONTENT_TYPES[0]));
        }
        Ok(Self(lines))
    }
}

/// Each row lands whole or not at all, by itself: the store makes one transaction of those that arrive together.
///
/// A row that cannot be carried out now (the store is away, the secret key was revoked meanwhile) fails the whole
/// request. Rows before it may have landed; those with an `id` can be sent again.
pub(crate) async fn import(
    State(app): State<Arc<App>>,
    backend: Backend,
    Lines(lines): Lines,
) -> Result<Json<UserImport>, ApiError> {
    let rows = lines.into_iter().map(|(line, text)| Row { line, request: parse(&text) });
    let mut data = Vec::new();
    for wave in waves(rows.collect()) {
        let at_once = wave.len().max(1);
        let rows = stream::iter(wave).map(|row| answer(&app, &backend.context, row));
        data.append(&mut rows.buffered(at_once).try_collect().await?);
    }
    data.sort_by_key(|row: &ImportedRow| row.line);
    let count = |status| data.iter().filter(|row| row.status == status).count() as u64;
    Ok(Json(UserImport {
        object: "user_import".to_owned(),
        created: count(CREATED),
        exists: count(EXISTS),
        refused: count(REFUSED),
        data,
    }))
}

/// A row, or why it is none.
struct Row {
    line: u64,
    request: Result<CreateUser, ApiError>,
}

/// Rows that have nothing in common can land in any order. Of those that have, the first one must: it is the one to
/// win, so the others wait for a later wave.
fn waves(rows: Vec<Row>) -> Vec<Vec<Row>> {
    let mut waves: Vec<Vec<Row>> = Vec::new();
    let mut latest: HashMap<(&'static str, String), usize> = HashMap::new();
    for row in rows {
        let claims: Vec<_> = row.request.as_ref().map(claims).unwrap_or_default();
        let before = claims.iter().filter_map(|claim| latest.get(claim)).max();
        let wave = before.map_or(0, |before| before + 1);
        latest.extend(claims.into_iter().map(|claim| (claim, wave)));
        if waves.len() == wave {
            waves.push(Vec::new());
        }
        waves[wave].push(row);
    }
    waves
}

/// What only one user can have. Where the letters' case matters, two that differ by it alone wait in vain, no more.
fn claims(request: &CreateUser) -> Vec<(&'static str, String)> {
    let lists = [
        ("email_address", &request.email_address),
        ("phone_number", &request.phone_number),
        ("web3_wallet", &request.web3_wallet),
    ];
    let texts = [("id", &request.id), ("external_id", &request.external_id), ("username", &request.username)];
    let listed = lists.into_iter().flat_map(|(kind, list)| list.iter().map(move |text| (kind, text)));
    let texts = texts.into_iter().filter_map(|(kind, text)| text.as_ref().map(|text| (kind, text)));
    listed.chain(texts).map(|(kind, text)| (kind, text.trim().to_lowercase())).collect()
}

const CREATED: &str = "created";
const EXISTS: &str = "exists";
const REFUSED: &str = "refused";

fn lines_of(body: &Bytes) -> Result<Vec<(u64, Bytes)>, ParameterRefusal> {
    let numbered = (1..).zip(body.split(|byte| *byte == b'\n'));
    let lines = numbered.map(|(number, line)| (number, line.trim_ascii()));
    let lines = lines.filter(|(_, line)| !line.is_empty());
    let lines: Vec<_> =
        lines.take(ROWS_MAX + 1).map(|(number, line)| (number, body.slice_ref(line))).collect();
    if lines.len() > ROWS_MAX {
        return Err(ParameterRefusal::new("rows", ParameterProblem::TooManyItems { max_items: ROWS_MAX }));
    }
    Ok(lines)
}

async fn answer(app: &App, context: &Context, row: Row) -> Result<ImportedRow, ApiError> {
    let Row { line, request } = row;
    let outcome = match request {
        Ok(request) => carry_out(app, context, request).await?,
        Err(refusal) => Err(refusal),
    };
    let (status, id, errors) = match outcome {
        Ok(Imported::Created(id)) => (CREATED, Some(id.to_string()), Vec::new()),
        Ok(Imported::Exists(id)) => (EXISTS, Some(id.to_string()), Vec::new()),
        Err(refusal) => (REFUSED, None, vec![refusal.item()]),
    };
    Ok(ImportedRow { line, status: status.to_owned(), id, errors })
}

fn parse(line: &[u8]) -> Result<CreateUser, ApiError> {
    let text = std::str::from_utf8(line).map_err(|_| ApiError::line_invalid())?;
    let members = Members::of_object(text).map_err(|error| match error.code {
        "request_body_invalid" => ApiError::line_invalid(),
        _ => error,
    })?;
    Ok(users::parse_creation(members)?)
}

/// What became of the row, or its refusal; outside, why no row can be carried out now.
async fn carry_out(
    app: &App,
    context: &Context,
    request: CreateUser,
) -> Result<Result<Imported, ApiError>, ApiError> {
    let _permit = app.import_rows.acquire().await.map_err(|_| ApiError::internal())?;
    let mut outcome = import::import(&app.world, context, request.clone()).await;
    if is_overloaded(&outcome) {
        // One at a time, or they would keep each other waiting.
        let _turn = app.import_stragglers.acquire().await.map_err(|_| ApiError::internal())?;
        for pause in OVERLOAD_PAUSES {
            outcome = import::import(&app.world, context, request.clone()).await;
            if !is_overloaded(&outcome) {
                break;
            }
            tokio::time::sleep(pause).await;
        }
    }
    match outcome {
        Ok(imported) => Ok(Ok(imported)),
        Err(Failure::Refused(refusal @ Refusal::Parameter(_))) => Ok(Err(refusal.into())),
        Err(failure) => Err(failure.into()),
    }
}

fn is_overloaded(outcome: &Result<Imported, Failure>) -> bool {
    matches!(outcome, Err(Failure::Store(StoreError::Overloaded)))
}
