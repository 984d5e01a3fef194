//! Reads the record and the state when the load has ended: both of one moment, for the record stands still meanwhile.

use super::{
    deployment::{Deployment, SecretKey},
    evidence::{Entry, SessionState, State, TokenState},
};
use crate::Fault;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::{Client, StatusCode};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use std::{
    collections::{BTreeSet, HashMap},
    time::{Duration, Instant},
};
use tokio::time::sleep;

/// How long what is still under way may change the record.
const LIMIT: Duration = Duration::from_secs(90);
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);
const PAGE: usize = 500;
/// Reads at once.
const CONCURRENT: usize = 8;

pub(crate) struct Reader<'a> {
    http: Client,
    url: String,
    key: &'a SecretKey,
    deployment: &'a Deployment,
}

#[derive(Deserialize)]
struct TokenPage {
    data: Vec<TokenRow>,
    has_more: bool,
}

#[derive(Deserialize)]
struct TokenRow {
    id: String,
    status: String,
    user_id: String,
    actor: Box<RawValue>,
    session_id: Option<String>,
}

#[derive(Deserialize)]
struct SessionRow {
    id: String,
    status: String,
    user_id: String,
    client_id: String,
    created_at: i64,
    last_active_at: i64,
    expire_at: i64,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(deployment: &'a Deployment, key: &'a SecretKey) -> Result<Self, Fault> {
        let http = Client::builder().timeout(Duration::from_secs(60)).build()?;
        let url = deployment.replicas.first().map(|replica| replica.location.url()).unwrap_or_default();
        Ok(Self { http, url, key, deployment })
    }

    /// The entries behind a position, and the state of everybody who was made in them.
    pub(crate) async fn evidence(&self, before: u64) -> Result<(Vec<Entry>, State), Fault> {
        let until = Instant::now() + LIMIT;
        let mut record = Vec::new();
        loop {
            let last = record.last().map_or(before, |entry: &Entry| entry.position);
            record.extend(self.behind(last).await?);
            let made: BTreeSet<&str> = record
                .iter()
                .filter(|entry| entry.is("user.created"))
                .filter_map(|entry| entry.user.as_deref())
                .collect();
            let state = self.state(&made).await?;
            let end = record.last().map_or(before, |entry| entry.position);
            let later = self.behind(end).await?;
            if later.is_empty() {
                return Ok((record, state));
            }
            if Instant::now() > until {
                return Err("the record did not come to rest".into());
            }
            record.extend(later);
            sleep(BETWEEN_LOOKS).await;
        }
    }

    /// Every entry behind a position, oldest first.
    pub(crate) async fn behind(&self, position: u64) -> Result<Vec<Entry>, Fault> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut after = position;
        loop {
            let page: Value = self.get(&format!("/v1/audit_entries?after={after}&limit={PAGE}")).await?;
            let rows = page["data"].as_array().ok_or("audit_entries answers no data")?;
            entries.extend(rows.iter().map(entry));
            match rows.last().and_then(|row| row["position"].as_u64()) {
                Some(last) => after = last,
                None => return Ok(entries),
            }
        }
    }

    async fn state(&self, people: &BTreeSet<&str>) -> Result<State, Fault> {
        let each = stream::iter(people.iter().map(|user| self.of_user(user))).buffer_unordered(CONCURRENT);
        let parts: Vec<State> = each.try_collect().await?;
        let mut state = State { keys: self.keys().await?, ..State::default() };
        for part in parts {
            state.tokens.extend(part.tokens);
            state.sessions.extend(part.sessions);
            state.users.extend(part.users);
        }
        Ok(state)
    }

    async fn of_user(&self, user: &str) -> Result<State, Fault> {
        let mut state = State::default();
        let answer = self.send(&format!("/v1/users/{user}")).await?;
        if answer.status() != StatusCode::NOT_FOUND {
            let shown: Value = answer.error_for_status()?.json().await?;
            state.users.insert(user.to_owned(), shown["banned"].as_bool().ok_or("a user has no standing")?);
        }
        let mut after = String::new();
        loop {
            let path = format!("/v1/actor_tokens?user_id={user}&limit={PAGE}{after}");
            let page: TokenPage = self.get(&path).await?;
            for row in page.data {
                after = format!("&starting_after={}", row.id);
                let actor = row.actor.get().to_owned();
                let (status, subject) = (row.status, row.user_id);
                state.tokens.insert(row.id, TokenState { status, subject, actor, session: row.session_id });
            }
            if !page.has_more {
                break;
            }
        }
        loop {
            let offset = state.sessions.len();
            let path = format!("/v1/sessions?user_id={user}&limit={PAGE}&offset={offset}");
            let rows: Vec<SessionRow> = self.get(&path).await?;
            let is_last = rows.len() < PAGE;
            for row in rows {
                let SessionRow { id, status, user_id, client_id, created_at, last_active_at, expire_at } =
                    row;
                let (user, client) = (user_id, client_id);
                let session = SessionState { status, user, client, created_at, last_active_at, expire_at };
                state.sessions.insert(id, session);
            }
            if is_last {
                return Ok(state);
            }
        }
    }

    async fn keys(&self) -> Result<HashMap<String, bool>, Fault> {
        let replica = self.deployment.replicas.first().ok_or("there is no server")?;
        let output = replica.command(&["secret-keys", "list", "--json"]).kill_on_drop(true).output().await?;
        let keys: Vec<Value> = serde_json::from_slice(&output.stdout)
            .map_err(|_| format!("secret-keys list: {}", String::from_utf8_lossy(&output.stderr)))?;
        let pair = |key: &Value| Some((key["id"].as_str()?.to_owned(), !key["revoked_at"].is_null()));
        Ok(keys.iter().filter_map(pair).collect())
    }

    async fn get<T: serde::de::DeserializeOwned>(&self, path: &str) -> Result<T, Fault> {
        let text = self.send(path).await?.error_for_status()?.text().await?;
        serde_json::from_str(&text).map_err(|error| format!("{path}: {error}").into())
    }

    async fn send(&self, path: &str) -> Result<reqwest::Response, Fault> {
        Ok(self.http.get(format!("{}{path}", self.url)).bearer_auth(&self.key.secret).send().await?)
    }
}

fn entry(row: &Value) -> Entry {
    let text = |name: &str| row[name].as_str().map(str::to_owned);
    Entry {
        position: row["position"].as_u64().unwrap_or_default(),
        action: text("action").unwrap_or_default(),
        is_done: row["outcome"] == "done",
        trace: text("trace_id").unwrap_or_default(),
        caller_kind: row["caller"]["kind"].as_str().unwrap_or_default().to_owned(),
        caller: row["caller"]["id"].as_str().map(str::to_owned),
        user: text("user_id"),
        actor_sub: text("actor_sub"),
        token: text("actor_token_id").or_else(|| text("sign_in_token_id")),
        session: text("session_id"),
        client: text("client_id"),
        key: text("secret_key_id"),
        reason: text("reason"),
        cause: text("cause"),
    }
}
