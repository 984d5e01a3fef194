//! What the workers do that changes something, and the choice of what comes next.

use super::{
    asking::{Worker, ask_at, minted},
    pool::{Held, Offer},
};
use crate::suite::{
    deployment::SecretKey,
    history::{Act, Outcome, Ticket},
};
use futures::future::join_all;
use serde_json::json;
use std::sync::atomic::Ordering;
use tokio::task::yield_now;

const NATIVE: &str = "_is_native=1";
const KEY_HEADER: &str = "idempotency-key";

impl Worker {
    /// Acts until it is over.
    pub(crate) async fn act(mut self) {
        while !self.shared.is_over() {
            // Where there is nothing to act on the others get their turn.
            yield_now().await;
            match self.random.below(100) {
                0..20 => self.create_ticket().await,
                20..34 => self.accept().await,
                34..40 => self.storm().await,
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
        self.redeem(replica, &offer, held.and_then(|held| held.client).as_deref()).await;
    }

    /// At all replicas at once.
    async fn storm(&mut self) {
        let Some(offer) = self.shared.pool().take_offer() else { return };
        let replicas = 0..self.shared.locations.len();
        let this = &*self;
        join_all(replicas.map(|replica| this.redeem(replica, &offer, None))).await;
        self.shared.storms.fetch_add(1, Ordering::Relaxed);
    }

    async fn redeem(&self, replica: usize, offer: &Offer, client: Option<&str>) {
        let form = [("strategy", "ticket"), ("ticket", offer.ticket.as_str())];
        let (outcome, answer) = ask_at(
            &self.shared,
            replica,
            Act::Accept { token: offer.token.clone(), kind: offer.kind },
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
        if let Outcome::Accepted { session } = outcome {
            self.shared.pool().add_session(Held { session, client: answer.client });
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
        let key = self.any_key();
        let path = format!("/v1/sessions/{}/tokens", held.session);
        self.ask(
            Act::Mint { session: held.session },
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
