//! What the workers do that changes something, and the choice of what comes next.

use super::{
    asking::{Worker, ask_at, minted},
    pool::{Held, Offer},
};
use crate::suite::{
    deployment::{IDLE_SECONDS, SecretKey},
    history::{Act, Micros, Outcome, Ticket},
};
use futures::future::{join, join_all};
use serde_json::json;
use std::sync::atomic::Ordering;
use tokio::task::yield_now;

const NATIVE: &str = "_is_native=1";
const KEY_HEADER: &str = "idempotency-key";
const IDLE_MICROS: Micros = IDLE_SECONDS.unsigned_abs() * 1_000_000;
/// How long after it has to be over somebody comes back to a session.
const AFTER_IDLE_MICROS: Micros = 1_000_000;
/// Of one ticket, where there is one replica.
const LEAST_AT_ONCE: usize = 3;

impl Worker {
    /// Acts until it is over.
    pub(crate) async fn act(mut self) {
        while !self.shared.is_over() {
            // Where there is nothing to act on the others get their turn.
            yield_now().await;
            self.come_back().await;
            match self.random.below(100) {
                0..20 => self.create_ticket().await,
                20..34 => self.accept().await,
                34..38 => self.storm().await,
                38..40 => self.chain().await,
                40..46 => self.revoke_token().await,
                46..58 => self.mint_as_client().await,
                58..65 => self.mint_as_backend().await,
                65..69 => self.touch().await,
                69..74 => self.end_session().await,
                74..76 => self.set_banned().await,
                76 => self.delete_user().await,
                77 => self.create_user().await,
                78..85 => self.read_token().await,
                85..93 => self.read_session().await,
                93..95 => self.read_user().await,
                95..98 => self.list_sessions().await,
                _ => self.read_record().await,
            }
        }
    }

    pub(crate) async fn create_user(&mut self) {
        let (key, intent) = (self.shared.key.clone(), self.shared.intent());
        let body = json!({ "external_id": intent, "skip_password_requirement": true });
        let (outcome, _) = self
            .insist(
                Act::CreateUser { intent: intent.clone() },
                Some(&key),
                &|http, url| {
                    let request = http.post(format!("{url}/v1/users")).bearer_auth(&key.secret);
                    request.header(KEY_HEADER, &intent).json(&body)
                },
                &|answer| Some(Outcome::Created { id: answer.string("/id")?, answer: answer.text.clone() }),
            )
            .await;
        if let Outcome::Created { id, .. } = outcome {
            self.shared.pool().add_person(id);
        }
    }

    async fn create_ticket(&mut self) {
        let Some(subject) = self.shared.pool().person(&mut self.random) else { return };
        let Some(somebody) = self.shared.pool().person(&mut self.random) else { return };
        let (key, intent) = (self.any_key(), self.shared.intent());
        let kind = if self.chance(20) { Ticket::SignIn } else { Ticket::Actor };
        let actor_sub = if self.chance(50) { somebody } else { format!("staff_{}", self.random.below(4)) };
        // Spelled so that whoever parses and writes it anew is found out.
        let actor = format!(r#"{{"sub":"{actor_sub}","z":{{"b":1.50,"a":[1e2,-0.0]}},"name":"\u00e9"}}"#);
        // Some sessions end by their time, and some tickets lapse.
        let session_seconds = if self.chance(30) { 3 } else { 600 };
        let ticket_seconds = if self.chance(10) { 2 } else { 600 };
        let (path, body, actor) = match kind {
            Ticket::Actor => (
                "actor_tokens",
                format!(
                    r#"{{"user_id":"{subject}","actor":{actor},"reason":"{intent}","expires_in_seconds":{ticket_seconds},"session_max_duration_in_seconds":{session_seconds}}}"#
                ),
                Some(actor),
            ),
            Ticket::SignIn => (
                "sign_in_tokens",
                json!({ "user_id": subject, "expires_in_seconds": ticket_seconds }).to_string(),
                None,
            ),
        };
        let actor_sub = actor.is_some().then_some(actor_sub);
        let act = Act::CreateTicket { intent: intent.clone(), kind, subject, actor, actor_sub };
        let has_key = self.chance(75);
        let make = |http: &reqwest::Client, url: &str| {
            let request = http.post(format!("{url}/v1/{path}")).bearer_auth(&key.secret).body(body.clone());
            let request = request.header("content-type", "application/json");
            if has_key { request.header(KEY_HEADER, &intent) } else { request }
        };
        let read = |answer: &super::asking::Answer| {
            Some(Outcome::Created { id: answer.string("/id")?, answer: answer.text.clone() })
        };
        let (outcome, answer) = if has_key && self.chance(15) {
            self.ask_twice(act, Some(&key), &make, &read).await
        } else if has_key {
            self.insist(act, Some(&key), &make, &read).await
        } else {
            self.ask(act, Some(&key), &make, &read).await
        };
        if let (Outcome::Created { id, .. }, Some(ticket)) = (outcome, answer.string("/token")) {
            self.shared.pool().add_offer(Offer { token: id, ticket, kind });
        }
    }

    /// At one replica; on a client of its own, or on one that holds a session already.
    async fn accept(&mut self) {
        let Some(offer) = self.shared.pool().offer(&mut self.random) else { return };
        let held = if self.chance(10) { self.shared.pool().session(&mut self.random) } else { None };
        let replica = self.somewhere();
        let begun = self.redeem(replica, &offer, held.as_ref()).await;
        let Some(begun) = begun else { return };
        // On a client of its own nobody else can use it.
        if held.is_none() && self.chance(8) {
            let due = self.shared.recorder.now() + IDLE_MICROS + AFTER_IDLE_MICROS;
            self.shared.pool().set_aside(begun, due);
        } else {
            self.shared.pool().add_session(begun);
        }
    }

    /// At all replicas at once; at one alone it is asked as often.
    async fn storm(&mut self) {
        let Some(offer) = self.shared.pool().take_offer() else { return };
        let (this, replicas) = (&*self, self.shared.locations.len());
        let at_once = (0..replicas.max(LEAST_AT_ONCE)).map(|number| number % replicas);
        let begun = join_all(at_once.map(|replica| this.redeem(replica, &offer, None))).await;
        begun.into_iter().flatten().for_each(|held| self.shared.pool().add_session(held));
        self.shared.storms.fetch_add(1, Ordering::Relaxed);
    }

    /// Two tickets on one client at once, at two replicas: at most one begins an impersonation there.
    async fn chain(&mut self) {
        let Some(one) = self.shared.pool().take_offer() else { return };
        let Some(other) = self.shared.pool().take_offer() else { return };
        let held = self.shared.pool().ordinary(&mut self.random);
        let first = self.somewhere();
        let second = (first + 1) % self.shared.locations.len();
        let (one, other) =
            join(self.redeem(first, &one, held.as_ref()), self.redeem(second, &other, held.as_ref())).await;
        [one, other].into_iter().flatten().for_each(|held| self.shared.pool().add_session(held));
    }

    /// To a session that nobody used for longer than its idle time.
    async fn come_back(&mut self) {
        let Some(held) = self.shared.pool().due(self.shared.recorder.now()) else { return };
        if self.chance(50) {
            self.mint_by_key(held.session).await;
        } else if let Some(client) = held.client {
            self.mint_by_client(held.session, client).await;
        }
    }

    async fn redeem(&self, replica: usize, offer: &Offer, beside: Option<&Held>) -> Option<Held> {
        let form = [("strategy", "ticket"), ("ticket", offer.ticket.as_str())];
        let beside = beside.and_then(|held| Some((held.session.clone(), held.client.as_deref()?)));
        let client = beside.as_ref().map(|(_, client)| *client);
        let (token, kind) = (offer.token.clone(), offer.kind);
        let act = Act::Accept { token, kind, beside: beside.as_ref().map(|(session, _)| session.clone()) };
        let (outcome, answer) = ask_at(
            &self.shared,
            replica,
            act,
            None,
            &|http, url| {
                let request = http.post(format!("{url}/v1/client/sign_ins?{NATIVE}")).form(&form);
                match client {
                    Some(client) => request.header("authorization", client),
                    None => request,
                }
            },
            &|answer| Some(Outcome::Accepted { session: answer.string("/response/created_session_id")? }),
        )
        .await;
        match outcome {
            Outcome::Accepted { session } => Some(Held { session, client: answer.client, kind }),
            _ => None,
        }
    }

    async fn revoke_token(&mut self) {
        let Some(offer) = self.shared.pool().offer(&mut self.random) else { return };
        if offer.kind == Ticket::SignIn {
            return;
        }
        let (key, path) = (self.any_key(), format!("/v1/actor_tokens/{}/revoke", offer.token));
        self.post(Act::RevokeToken { token: offer.token }, &key, &path).await;
    }

    async fn set_banned(&mut self) {
        let Some(user) = self.shared.pool().person(&mut self.random) else { return };
        let (key, banned) = (self.any_key(), self.chance(40));
        let path = format!("/v1/users/{user}/{}", if banned { "ban" } else { "unban" });
        self.post(Act::SetBanned { user, banned }, &key, &path).await;
    }

    /// A `POST` without a body, with an idempotency key, until it is answered.
    async fn post(&mut self, act: Act, key: &SecretKey, path: &str) {
        let intent = self.shared.intent();
        self.insist(
            act,
            Some(key),
            &|http, url| {
                http.post(format!("{url}{path}")).bearer_auth(&key.secret).header(KEY_HEADER, &intent)
            },
            &|_| Some(Outcome::Done),
        )
        .await;
    }

    async fn delete_user(&mut self) {
        let Some(user) = self.shared.pool().take_person(&mut self.random) else { return };
        let key = self.shared.key.clone();
        let path = format!("/v1/users/{user}");
        self.insist(
            Act::DeleteUser { user },
            Some(&key),
            &|http, url| http.delete(format!("{url}{path}")).bearer_auth(&key.secret),
            &|_| Some(Outcome::Done),
        )
        .await;
    }

    async fn end_session(&mut self) {
        let Some(held) = self.shared.pool().session(&mut self.random) else { return };
        let act = Act::EndSession { session: held.session.clone() };
        if let Some(client) = held.client.filter(|_| self.chance(50)) {
            let path = format!("/v1/client/sessions/{}/end?{NATIVE}", held.session);
            self.ask(
                act,
                None,
                &|http, url| http.post(format!("{url}{path}")).header("authorization", &client),
                &|_| Some(Outcome::Done),
            )
            .await;
        } else {
            let key = self.any_key();
            self.post(act, &key, &format!("/v1/sessions/{}/revoke", held.session)).await;
        }
    }

    async fn touch(&mut self) {
        let Some((session, client)) = self.held_client() else { return };
        let path = format!("/v1/client/sessions/{session}/touch?{NATIVE}");
        self.ask(
            Act::Touch { session },
            None,
            &|http, url| http.post(format!("{url}{path}")).header("authorization", &client),
            &|_| Some(Outcome::Done),
        )
        .await;
    }

    async fn mint_as_client(&mut self) {
        let Some((session, client)) = self.held_client() else { return };
        self.mint_by_client(session, client).await;
    }

    async fn mint_by_client(&mut self, session: String, client: String) {
        let path = format!("/v1/client/sessions/{session}/tokens?{NATIVE}");
        self.ask(
            Act::Mint { session },
            None,
            &|http, url| http.post(format!("{url}{path}")).header("authorization", &client),
            &|answer| minted(&answer.string("/jwt")?),
        )
        .await;
    }

    async fn mint_as_backend(&mut self) {
        let Some(held) = self.shared.pool().session(&mut self.random) else { return };
        self.mint_by_key(held.session).await;
    }

    async fn mint_by_key(&mut self, session: String) {
        let key = self.any_key();
        let path = format!("/v1/sessions/{session}/tokens");
        self.ask(
            Act::Mint { session },
            Some(&key),
            &|http, url| http.post(format!("{url}{path}")).bearer_auth(&key.secret),
            &|answer| minted(&answer.string("/jwt")?),
        )
        .await;
    }

    fn held_client(&mut self) -> Option<(String, String)> {
        let held = self.shared.pool().session(&mut self.random)?;
        Some((held.session, held.client?))
    }
}
