//! What the workers look at.

use super::asking::{Answer, Worker};
use crate::suite::history::{Act, Outcome, Ticket};
use serde_json::Value;

impl Worker {
    pub(super) async fn read_token(&mut self) {
        let Some(offer) = self.shared.pool().offer(&mut self.random) else { return };
        // Sign-in tokens are not shown to anybody.
        if offer.kind == Ticket::Actor {
            let path = format!("/v1/actor_tokens/{}", offer.token);
            self.get(Act::ReadToken { token: offer.token }, &path, &|answer| {
                Some(Outcome::SawToken {
                    status: answer.string("/status")?,
                    session: answer.string("/session_id"),
                })
            })
            .await;
        }
    }

    pub(super) async fn read_session(&mut self) {
        let Some(held) = self.shared.pool().session(&mut self.random) else { return };
        let path = format!("/v1/sessions/{}", held.session);
        self.get(Act::ReadSession { session: held.session }, &path, &|answer| {
            Some(Outcome::SawSession {
                status: answer.string("/status")?,
                last_active_at: answer.integer("/last_active_at")?,
                expire_at: answer.integer("/expire_at")?,
            })
        })
        .await;
    }

    pub(super) async fn read_user(&mut self) {
        let Some(user) = self.shared.pool().person(&mut self.random) else { return };
        let path = format!("/v1/users/{user}");
        self.get(Act::ReadUser { user }, &path, &|answer| {
            Some(Outcome::SawUser { banned: answer.body["banned"].as_bool()? })
        })
        .await;
    }

    pub(super) async fn list_sessions(&mut self) {
        let Some(user) = self.shared.pool().person(&mut self.random) else { return };
        let path = format!("/v1/sessions?user_id={user}&status=active&limit=100");
        self.get(Act::ListSessions { user }, &path, &|answer| {
            let id = |session: &Value| session["id"].as_str().map(str::to_owned);
            Some(Outcome::SawSessions(answer.body.as_array()?.iter().filter_map(id).collect()))
        })
        .await;
    }

    pub(super) async fn read_record(&mut self) {
        self.get(Act::ReadRecord, "/v1/audit_entries?limit=1", &|answer| {
            Some(Outcome::SawPosition(answer.body.pointer("/data/0/position")?.as_u64()?))
        })
        .await;
    }

    async fn get(&mut self, act: Act, path: &str, read: &(dyn Fn(&Answer) -> Option<Outcome> + Sync)) {
        let key = self.any_key();
        let make =
            |http: &reqwest::Client, url: &str| http.get(format!("{url}{path}")).bearer_auth(&key.secret);
        self.ask(act, Some(&key), &make, read).await;
    }
}
