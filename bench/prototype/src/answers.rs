//! What is answered to whom.

use crate::{
    Fallible,
    moment::now_millis,
    tokens::{self, Signer},
    writer::{Accepted, NewToken, Work, Writer},
};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{Method, Request, Response, StatusCode, body::Incoming, header};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::{
    collections::HashMap,
    path::Path,
    sync::{PoisonError, RwLock},
};
use tokio::sync::oneshot;

/// The one key that opens it.
const AUTHORIZATION: &str = "Bearer sk_test_prototype";
/// A session that is there from the beginning.
const FIRST_SESSION: &str = "sess_prototype";

/// A creation, as Actas takes it.
#[derive(Deserialize)]
struct Creation {
    user_id: String,
    expires_in_seconds: Option<i64>,
    actor: Box<RawValue>,
}

/// A created token, as Actas answers it.
#[derive(Serialize)]
struct Created<'a> {
    object: &'static str,
    id: &'a str,
    status: &'static str,
    user_id: &'a str,
    actor: &'a RawValue,
    token: &'a str,
    url: &'a str,
    created_at: i64,
    updated_at: i64,
}

pub(crate) struct App {
    writer: Option<Writer>,
    signer: Signer,
    /// Whose each session is.
    sessions: RwLock<HashMap<String, String>>,
}

impl App {
    pub(crate) fn store(folder: &Path) -> Fallible<Self> {
        Self::with(Some(Writer::start(folder)?))
    }

    pub(crate) fn floor() -> Fallible<Self> {
        Self::with(None)
    }

    fn with(writer: Option<Writer>) -> Fallible<Self> {
        let sessions = HashMap::from([(FIRST_SESSION.to_owned(), "user_1".to_owned())]);
        Ok(Self { writer, signer: Signer::generate()?, sessions: RwLock::new(sessions) })
    }

    pub(crate) async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (head, body) = request.into_parts();
        let path: Vec<&str> = head.uri.path().trim_start_matches('/').split('/').collect();
        if path == ["healthz"] {
            return json("{}".to_owned());
        }
        if head.headers.get(header::AUTHORIZATION).is_none_or(|value| value != AUTHORIZATION) {
            return refused(StatusCode::UNAUTHORIZED);
        }
        let Ok(body) = body.collect().await.map(http_body_util::Collected::to_bytes) else {
            return refused(StatusCode::BAD_REQUEST);
        };
        let answered = match (&head.method, path.as_slice()) {
            (&Method::POST, ["v1", "actor_tokens"]) => self.create(&body).await,
            (&Method::POST, ["v1", "accept", ticket]) => self.accept(ticket).await,
            (&Method::POST, ["v1", "sessions", session, "tokens"]) => self.mint(session),
            _ => Err(StatusCode::NOT_FOUND),
        };
        answered.map_or_else(refused, json)
    }

    async fn create(&self, body: &[u8]) -> Result<String, StatusCode> {
        let creation: Creation =
            serde_json::from_slice(body).map_err(|_| StatusCode::UNPROCESSABLE_ENTITY)?;
        let now = now_millis();
        let (id, ticket, hash) = tokens::ticket().ok_or(StatusCode::INTERNAL_SERVER_ERROR)?;
        if let Some(writer) = &self.writer {
            let (answer, answered) = oneshot::channel();
            let token = NewToken {
                id: id.clone(),
                hash,
                user_id: creation.user_id.clone(),
                actor: creation.actor.get().to_owned(),
                now,
                expires_at: now + creation.expires_in_seconds.unwrap_or(3_600) * 1_000,
            };
            writer.push(Work::Create(token, answer))?;
            answered.await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
        }
        let url = format!("https://actas.example.test/v1/tickets/accept?ticket={ticket}");
        let created = Created {
            object: "actor_token",
            id: &id,
            status: "pending",
            user_id: &creation.user_id,
            actor: &creation.actor,
            token: &ticket,
            url: &url,
            created_at: now,
            updated_at: now,
        };
        serde_json::to_string(&created).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
    }

    async fn accept(&self, ticket: &str) -> Result<String, StatusCode> {
        let writer = self.writer.as_ref().ok_or(StatusCode::NOT_FOUND)?;
        let (id, hash) = tokens::id_and_hash(ticket).ok_or(StatusCode::BAD_REQUEST)?;
        let session = tokens::id("sess").ok_or(StatusCode::INTERNAL_SERVER_ERROR)?;
        let (answer, answered) = oneshot::channel();
        let work = Accepted { id: id.to_owned(), hash, session: session.clone(), now: now_millis() };
        writer.push(Work::Accept(work, answer))?;
        let user = answered.await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
        let user = user.ok_or(StatusCode::CONFLICT)?;
        let token = self.signer.session_token(&user, &session, now_millis() / 1_000);
        let answer = format!(r#"{{"object":"session","id":"{session}","jwt":"{token}"}}"#);
        self.sessions.write().unwrap_or_else(PoisonError::into_inner).insert(session, user);
        Ok(answer)
    }

    fn mint(&self, session: &str) -> Result<String, StatusCode> {
        let sessions = self.sessions.read().unwrap_or_else(PoisonError::into_inner);
        let user = sessions.get(session).ok_or(StatusCode::NOT_FOUND)?;
        let token = self.signer.session_token(user, session, now_millis() / 1_000);
        Ok(format!(r#"{{"object":"token","jwt":"{token}"}}"#))
    }
}

fn json(text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(text));
    let value = header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, value);
    response
}

fn refused(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}
