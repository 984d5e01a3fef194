//! Random acts by real HTTP, and what was acknowledged of them.

use crate::{Fault, random::Random, server::Server};
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// The state that an acknowledged answer promised. A later act may have moved it on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Promise {
    Created,
    Revoked,
    Accepted,
    SessionRevoked,
}

#[derive(Clone, Debug)]
pub(crate) struct Acknowledged {
    pub(crate) token: String,
    pub(crate) session: Option<String>,
    pub(crate) promise: Promise,
    /// An act on it was asked for and not answered when the server died: it may have happened or not.
    pub(crate) in_doubt: bool,
}

/// Acts until told to stop, or until the server is gone.
pub(crate) async fn act(
    server: Arc<Server>,
    subject: String,
    actor: String,
    mut random: Random,
    stop: Arc<AtomicBool>,
) -> Vec<Acknowledged> {
    let mut done = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let request = json!({ "user_id": subject, "actor": { "sub": actor }, "reason": "crash run" });
        let Ok(token) = server.post("/v1/actor_tokens", &request).await else { break };
        let (Some(id), Some(ticket)) = (token["id"].as_str(), token["token"].as_str()) else { break };
        let mut made =
            Acknowledged { token: id.to_owned(), session: None, promise: Promise::Created, in_doubt: false };
        let moved = further(&server, &mut random, &mut made, ticket).await;
        made.in_doubt = moved.is_err();
        let over = made.in_doubt;
        done.push(made);
        if over {
            break;
        }
    }
    done
}

/// Moves a token on by chance: left pending, revoked, accepted, or accepted and its session revoked.
async fn further(
    server: &Server,
    random: &mut Random,
    made: &mut Acknowledged,
    ticket: &str,
) -> Result<(), Fault> {
    match random.below(4) {
        0 => {}
        1 => {
            server.post(&format!("/v1/actor_tokens/{}/revoke", made.token), &Value::Null).await?;
            made.promise = Promise::Revoked;
        }
        choice => {
            let (status, body) = server.redeem(ticket).await?;
            let session = body.pointer("/response/created_session_id").and_then(Value::as_str);
            let session = session.ok_or_else(|| format!("redeem: {status} {body}"))?.to_owned();
            (made.promise, made.session) = (Promise::Accepted, Some(session.clone()));
            if choice == 3 {
                server.post(&format!("/v1/sessions/{session}/revoke"), &Value::Null).await?;
                made.promise = Promise::SessionRevoked;
            }
        }
    }
    Ok(())
}
