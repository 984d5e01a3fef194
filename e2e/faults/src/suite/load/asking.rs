//! One request: sent, answered or not, and taken down.

use super::Shared;
use crate::{
    random::Random,
    suite::{
        deployment::SecretKey,
        history::{Act, Claims, Event, Outcome},
    },
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use futures::future::join;
use reqwest::{Client, RequestBuilder};
use serde_json::Value;
use std::{sync::Arc, time::Duration};
use tokio::time::sleep;

/// How often a request without an answer is sent again, each time elsewhere.
const AGAIN: usize = 3;
/// Whoever finds nobody waits a little, so that the machine has time for those who start.
const AFTER_NOTHING: Duration = Duration::from_millis(25);

pub(crate) struct Worker {
    pub(crate) shared: Arc<Shared>,
    pub(crate) random: Random,
}

/// An answer that arrived whole.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) text: String,
    pub(crate) body: Value,
    /// A native app's new secret.
    pub(crate) client: Option<String>,
}

impl Answer {
    pub(crate) fn string(&self, pointer: &str) -> Option<String> {
        self.body.pointer(pointer).and_then(Value::as_str).map(str::to_owned)
    }

    pub(crate) fn integer(&self, pointer: &str) -> Option<i64> {
        self.body.pointer(pointer).and_then(Value::as_i64)
    }
}

/// How a request is made, but for where it goes.
pub(crate) type Make<'a> = &'a (dyn Fn(&Client, &str) -> RequestBuilder + Sync);
/// What a success says; none when it is not what was to be expected.
pub(crate) type Read<'a> = &'a (dyn Fn(&Answer) -> Option<Outcome> + Sync);

impl Worker {
    pub(crate) fn new(shared: Arc<Shared>, seed: u64) -> Self {
        Self { shared, random: Random::new(seed) }
    }

    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.random.below(100) < percent
    }

    pub(crate) fn somewhere(&mut self) -> usize {
        let replicas = u64::try_from(self.shared.locations.len()).unwrap_or(1);
        usize::try_from(self.random.below(replicas)).unwrap_or(0)
    }

    /// The key of the run, or one that is about to be revoked, or just was.
    pub(crate) fn any_key(&mut self) -> SecretKey {
        let other = if self.chance(30) { self.shared.pool().key(&mut self.random) } else { None };
        other.unwrap_or_else(|| self.shared.key.clone())
    }

    /// Once, at any replica.
    pub(crate) async fn ask(
        &mut self,
        act: Act,
        key: Option<&SecretKey>,
        make: Make<'_>,
        read: Read<'_>,
    ) -> (Outcome, Answer) {
        let replica = self.somewhere();
        let (outcome, answer) = ask_at(&self.shared, replica, act, key, make, read).await;
        if outcome == Outcome::Unknown {
            sleep(AFTER_NOTHING).await;
        }
        (outcome, answer)
    }

    /// At two replicas at once, with one idempotency key: one of them acts, and both tell the same.
    pub(crate) async fn ask_twice(
        &mut self,
        act: Act,
        key: Option<&SecretKey>,
        make: Make<'_>,
        read: Read<'_>,
    ) -> (Outcome, Answer) {
        let first = self.somewhere();
        let second = (first + 1) % self.shared.locations.len();
        let (one, other) = join(
            ask_at(&self.shared, first, act.clone(), key, make, read),
            ask_at(&self.shared, second, act, key, make, read),
        )
        .await;
        if one.0 == Outcome::Unknown { other } else { one }
    }

    /// Again and again, elsewhere each time, until it is answered: a request that is safe to repeat.
    pub(crate) async fn insist(
        &mut self,
        act: Act,
        key: Option<&SecretKey>,
        make: Make<'_>,
        read: Read<'_>,
    ) -> (Outcome, Answer) {
        let first = self.somewhere();
        let replicas = self.shared.locations.len();
        let mut last = (Outcome::Unknown, Answer::default());
        for number in 0..=AGAIN {
            last = ask_at(&self.shared, (first + number) % replicas, act.clone(), key, make, read).await;
            if last.0 != Outcome::Unknown || self.shared.is_over() {
                break;
            }
            sleep(AFTER_NOTHING).await;
        }
        last
    }
}

/// Sends the request to that replica and takes down what came.
pub(crate) async fn ask_at(
    shared: &Shared,
    replica: usize,
    act: Act,
    key: Option<&SecretKey>,
    make: Make<'_>,
    read: Read<'_>,
) -> (Outcome, Answer) {
    let url = shared.locations.get(replica).map(super::Location::url).unwrap_or_default();
    let begin = shared.recorder.now();
    let (outcome, answer, trace) = match answered(make(&shared.http, &url)).await {
        Some((status, trace, answer)) => {
            let outcome = match status {
                200 => read(&answer),
                400..500 => answer.string("/errors/0/code").map(|code| Outcome::Refused { status, code }),
                503 => Some(Outcome::Unknown),
                _ => None,
            };
            let wrong = || Outcome::Wrong { status, text: answer.text.clone() };
            (outcome.unwrap_or_else(wrong), answer, trace)
        }
        None => (Outcome::Unknown, Answer::default(), None),
    };
    let end = shared.recorder.now();
    for (session, outcome) in tokens_beside(&answer) {
        // Answers of the Frontend API bring a session token along.
        let act = Act::Mint { session };
        shared.recorder.add(Event { begin, end, replica, key: None, act, outcome, trace: None });
    }
    let key = key.map(|key| key.id.clone());
    shared.recorder.add(Event { begin, end, replica, key, act, outcome: outcome.clone(), trace });
    (outcome, answer)
}

/// The session tokens of an answer that shows the whole client.
fn tokens_beside(answer: &Answer) -> Vec<(String, Outcome)> {
    let sessions = answer.body.pointer("/client/sessions").and_then(Value::as_array);
    let token = |session: &Value| {
        let outcome = minted(session.pointer("/last_active_token/jwt")?.as_str()?)?;
        Some((session["id"].as_str()?.to_owned(), outcome))
    };
    sessions.into_iter().flatten().filter_map(token).collect()
}

/// The claims of a session token.
pub(crate) fn minted(token: &str) -> Option<Outcome> {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let payload = String::from_utf8(payload).ok()?;
    let claims: Value = serde_json::from_str(&payload).ok()?;
    Some(Outcome::Minted(Box::new(Claims {
        session: claims["sid"].as_str()?.to_owned(),
        subject: claims["sub"].as_str()?.to_owned(),
        issued_at: claims["iat"].as_i64()?,
        expires_at: claims["exp"].as_i64()?,
        payload,
    })))
}

/// The status, the trace id and the rest of an answer that arrived whole.
async fn answered(request: RequestBuilder) -> Option<(u16, Option<String>, Answer)> {
    let response = request.send().await.ok()?;
    let status = response.status().as_u16();
    let header = |name: &str| response.headers().get(name)?.to_str().ok().map(str::to_owned);
    let (trace, client) = (header("clerk-trace-id"), header("authorization"));
    let text = response.text().await.ok()?;
    // One that is none is nothing that could be read.
    let body = serde_json::from_str(&text).unwrap_or_default();
    Some((status, trace, Answer { text, body, client }))
}
