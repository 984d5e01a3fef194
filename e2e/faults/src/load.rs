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

/// A request for an actor token that can be sent again.
#[derive(Clone, Debug)]
pub(crate) struct Creation {
    key: String,
    request: Value,
}

impl Creation {
    pub(crate) async fn send(&self, server: &Server) -> Result<Value, Fault> {
        server.post_with_key("/v1/actor_tokens", &self.key, &self.request).await
    }
}

/// What was asked for between two deaths of the server.
#[derive(Clone, Debug, Default)]
pub(crate) struct Round {
    pub(crate) acknowledged: Vec<Acknowledged>,
    /// Not answered when the server died: it may have happened or not.
    pub(crate) unanswered: Vec<Creation>,
}

#[derive(Clone, Debug)]
pub(crate) struct Acknowledged {
    pub(crate) creation: Creation,
    /// What was answered to it, ticket included.
    pub(crate) created: Value,
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
) -> Round {
    let mut done = Round::default();
    while !stop.load(Ordering::Relaxed) {
        let request = json!({ "user_id": subject, "actor": { "sub": actor }, "reason": "crash run" });
        let creation = Creation { key: format!("{:016x}", random.next()), request };
        let Ok(created) = creation.send(&server).await else {
            done.unanswered.push(creation);
            break;
        };
        let (Some(id), Some(ticket)) = (created["id"].as_str(), created["token"].as_str()) else { break };
        let mut made = Acknowledged {
            creation,
            token: id.to_owned(),
            session: None,
            promise: Promise::Created,
            in_doubt: false,
            created: created.clone(),
        };
        let moved = further(&server, &mut random, &mut made, ticket).await;
        made.in_doubt = moved.is_err();
        let over = made.in_doubt;
        done.acknowledged.push(made);
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
