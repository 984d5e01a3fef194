//! Acts on sessions: touch, tokens, end, remove, sign out, revoke, create, expire.

use super::{
    acts::{Cookie, USERS, Visitor},
    case::{Case, SYSTEM, SessionToken, Verdict, answered, browser, chosen, same},
    model::{
        ClientRow, Entry, Model, ORDINARY_IDLE_SECONDS, ORDINARY_SECONDS, SESSION_TOKEN_SECONDS, SessionRow,
    },
    returns::ReturnRow,
};
use crate::{
    client::{Client, Presented, sign_out},
    idempotency::Unkept,
    secret::SecretText,
    session::{
        SessionStatus,
        claims::ClaimsVersion,
        create,
        end::{self, Stopped},
        expire,
        issue_token::{self, Renewal, TokenRequest},
        touch, verify,
    },
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use proptest::test_runner::TestCaseError;

impl Case<'_> {
    pub(super) async fn touch(&mut self, session: usize, by: Visitor) -> Verdict {
        let Some((place, client)) = self.session_and_visitor(session, by).await? else { return Ok(()) };
        let (context, caller) = browser(Some(&client));
        let refusal = self.model.visit(place, &client, "session.touched", &caller);
        let id = self.model.sessions[place].id.clone();
        let result = touch::touch(&self.world, &context, &client, &id).await;
        if let Some(touched) = answered(result, refusal)? {
            self.model.active(place);
            same("a touched session", &SessionRow::of(&touched), &self.model.sessions[place])?;
        }
        Ok(())
    }

    pub(super) async fn refresh_token(&mut self, session: usize, by: Visitor) -> Verdict {
        let Some((place, client)) = self.session_and_visitor(session, by).await? else { return Ok(()) };
        let (context, caller) = browser(Some(&client));
        let refusal = self.model.visit(place, &client, "session_token.created", &caller);
        let id = self.model.sessions[place].id.clone();
        let request = wanted(Some("https://app.example"), None);
        let result =
            issue_token::for_client(&self.world, &context, &client, &id, Renewal::Due, &request).await;
        if let Some(token) = answered(result, refusal)? {
            self.model.active(place);
            self.handed_out(place, SESSION_TOKEN_SECONDS, token)?;
        }
        Ok(())
    }

    /// No activity of the user's.
    pub(super) async fn backend_token(&mut self, session: usize, lifetime: Option<i64>) -> Verdict {
        let Some(place) = chosen(session, self.model.sessions.len()) else { return Ok(()) };
        let (context, caller) = self.backend().await?;
        let refusal = match lifetime {
            Some(..30) => Some("form_param_value_invalid"),
            Some(315_360_001..) => Some("form_param_value_too_large"),
            _ => self.model.settle_or_refuse(place, "session_token.created", &caller),
        };
        let id = self.model.sessions[place].id.clone();
        let result = issue_token::for_backend(&self.world, &context, &id, &wanted(None, lifetime)).await;
        if let Some(token) = answered(result, refusal)? {
            self.handed_out(place, lifetime.unwrap_or(SESSION_TOKEN_SECONDS), token)?;
        }
        Ok(())
    }

    pub(super) async fn leave(&mut self, session: usize, by: Visitor, remove: bool) -> Verdict {
        let Some((place, client)) = self.session_and_visitor(session, by).await? else { return Ok(()) };
        let (context, caller) = browser(Some(&client));
        let (status, word) =
            if remove { (SessionStatus::Removed, "removed") } else { (SessionStatus::Ended, "ended") };
        let row = &self.model.sessions[place];
        let is_own = row.client == client.id.as_str();
        let refusal = (!is_own).then_some("authentication_invalid");
        let kept = if is_own { self.model.opens(client.id.as_str(), Some(place)) } else { None };
        let presented = Presented::by_cookie(&client);
        let result = end::end_own(&self.world, &context, presented, &row.id, status).await;
        let Some(Stopped { session, returned }) = answered(result, refusal)? else { return Ok(()) };
        same("whether the actor came back", returned.is_some(), kept.is_some())?;
        match (kept, returned) {
            (Some(kept), Some(returned)) => self.came_back(&kept, word, &caller, returned)?,
            _ => self.model.leave(place, word, "signed_out", &caller),
        }
        same("a left session", &SessionRow::of(&session), &self.model.sessions[place])
    }

    pub(super) async fn revoke_session(&mut self, session: usize) -> Verdict {
        let Some(place) = chosen(session, self.model.sessions.len()) else { return Ok(()) };
        let (context, caller) = self.backend().await?;
        let result = end::revoke(&self.world, &context, &self.model.sessions[place].id, &Unkept).await;
        let now = self.model.now;
        let was_live = self.model.sessions[place].is_live(now);
        if let Some(ended) = answered(result, None)? {
            self.model.leave(place, "revoked", "requested", &caller);
            same("a revoked session", &SessionRow::of(&ended), &self.model.sessions[place])?;
            let row = self.model.sessions[place].clone();
            if was_live {
                let is_taken = |kept: &ReturnRow| {
                    kept.user == row.user || (row.actor.is_some() && kept.client == row.client)
                };
                self.model.returns.retain(|kept| !is_taken(kept));
            }
            let before = self.model.returns.len();
            if row.status == "replaced" {
                self.model.returns.retain(|kept| kept.session != row.id);
            }
            if self.model.returns.len() < before {
                self.model.record.push(Entry::new(now, "return.revoked", &caller).of_session(&row));
            }
        }
        Ok(())
    }

    pub(super) async fn sign_out(&mut self, client: usize, cookie: Cookie) -> Verdict {
        let Some(place) = chosen(client, self.model.clients.len()) else { return Ok(()) };
        let Some(client) = self.visitor(place, cookie).await? else { return Ok(()) };
        let (context, caller) = browser(Some(&client));
        let id = client.id.as_str();
        let kept = self.model.opens(id, None);
        let presented = Presented::by_cookie(&client);
        let result = sign_out::sign_out_or_return(&self.world, &context, presented).await;
        match (kept, answered(result, None)?.flatten()) {
            (Some(kept), Some(returned)) => return self.came_back(&kept, "removed", &caller, returned),
            (kept, returned) => same("whether the actor came back", returned.is_some(), kept.is_some())?,
        }
        let keeps_return =
            self.model.returns.iter().any(|kept| kept.client == id && self.model.now < kept.until);
        if keeps_return || self.model.live_sessions(id).next().is_some() {
            self.model.returns.retain(|kept| kept.client != id);
            let entry = Entry::new(self.model.now, "client.signed_out", &caller);
            self.model.record.push(Entry { client: Some(id.to_owned()), ..entry });
            self.model.end_all("removed", &caller, |row| (row.client == id).then_some("signed_out"));
        }
        Ok(())
    }

    pub(super) async fn create_session(&mut self, user: usize) -> Verdict {
        let user = USERS[user];
        let (context, caller) = self.backend().await?;
        let model = &mut self.model;
        let refusal = if !model.rules.development {
            Some("request_invalid_for_environment")
        } else if model.is_unknown(user) {
            Some("resource_not_found")
        } else {
            model.bad_standing(user)
        };
        let created = answered(create::create(&self.world, &context, user, &Unkept).await, refusal)?;
        let now = model.now;
        let entry = Entry::new(now, "session.created", &caller);
        let Some(created) = created else {
            model.record.push(entry.of_user(user).denied(refusal.unwrap_or_default()));
            return Ok(());
        };
        let row = SessionRow {
            id: created.id.to_string(),
            status: "active",
            user: user.to_owned(),
            actor: None,
            token: None,
            client: created.client.to_string(),
            updated: now,
            last_active: now,
            expires: now + ORDINARY_SECONDS * 1000,
            idle_seconds: ORDINARY_IDLE_SECONDS,
        };
        same("a created session", &SessionRow::of(&created), &row)?;
        model.record.push(entry.of_session(&row));
        model.clients.push(ClientRow { id: row.client.clone(), updated: now, cookies: Vec::new() });
        model.sessions.push(row);
        Ok(())
    }

    pub(super) async fn sweep(&mut self) -> Verdict {
        let model = &mut self.model;
        let is_over = |row: &SessionRow| row.status == "active" && model.now >= row.ends();
        let over: Vec<_> = (0..model.sessions.len()).filter(|at| is_over(&model.sessions[*at])).collect();
        let result = expire::sweep(&self.world).await;
        same("the sessions found to be over", answered(result, None)?, Some(over.len()))?;
        for place in over {
            model.end(place, "expired", "idle", SYSTEM);
        }
        Ok(())
    }

    /// A token is good while its time lasts, its session lives and its key is published.
    pub(super) async fn verify_session_token(&mut self, token: usize) -> Verdict {
        let Some(place) = chosen(token, self.session_tokens.len()) else { return Ok(()) };
        let SessionToken { text, session, key, expires_seconds } = &self.session_tokens[place];
        let now = self.model.now;
        let lives = self.model.sessions.iter().any(|row| row.id == *session && row.is_live(now));
        let published = self
            .model
            .signing_keys
            .iter()
            .any(|row| row.id == *key && row.needed_until.is_none_or(|until| now < until));
        let is_good = *expires_seconds > now.div_euclid(1000) && lives && published;
        let result = verify::verify(&self.world, session, text.reveal()).await;
        let refusal = if self.model.purged_sessions.contains(session) {
            Some("resource_not_found")
        } else {
            (!is_good).then_some("invalid_session_token")
        };
        answered(result, refusal)?;
        // Whoever looks at a session that is over by time stores it so.
        let model = &mut self.model;
        let is_over =
            |row: &SessionRow| row.id == *session && row.status == "active" && model.now >= row.ends();
        if let Some(place) = model.sessions.iter().position(is_over) {
            model.end(place, "expired", "idle", SYSTEM);
        }
        Ok(())
    }

    async fn session_and_visitor(&self, session: usize, by: Visitor) -> Verdict<Option<(usize, Client)>> {
        let Some(place) = chosen(session, self.model.sessions.len()) else { return Ok(None) };
        let own = &self.model.sessions[place].client;
        let (client, cookie) = match by {
            Visitor::Own(cookie) => (self.model.clients.iter().position(|row| row.id == *own), cookie),
            Visitor::Other(number) => (chosen(number, self.model.clients.len()), Cookie::Newest),
        };
        let Some(client) = client else { return Ok(None) };
        Ok(self.visitor(client, cookie).await?.map(|client| (place, client)))
    }

    /// Sees that a token says what its session says, and keeps it.
    fn handed_out(&mut self, place: usize, lifetime_seconds: i64, text: SecretText) -> Verdict {
        let row = &self.model.sessions[place];
        let now_seconds = self.model.now.div_euclid(1000);
        let parts: Vec<_> = text.reveal().split('.').collect();
        let [header, claims, _] = parts[..] else { return Err(TestCaseError::fail("no JWT was handed out")) };
        let (header, claims) = (decoded(header), decoded(claims));
        let json: serde_json::Value = serde_json::from_str(&claims).unwrap();
        let expires_seconds = (now_seconds + lifetime_seconds).min(row.ends().div_euclid(1000));
        same("exp", json["exp"].as_i64(), Some(expires_seconds))?;
        same("exp is not past the end", expires_seconds * 1000 <= row.ends(), true)?;
        same("iat", json["iat"].as_i64(), Some(now_seconds))?;
        same("sub", json["sub"].as_str(), Some(row.user.as_str()))?;
        same("sid", json["sid"].as_str(), Some(row.id.as_str()))?;
        match &row.actor {
            // To the letter, which a parsed value would not show.
            Some((_, actor)) => {
                let wanted = format!(",\"act\":{actor}}}");
                same("act is verbatim in the claims", claims.ends_with(&wanted), true)?;
                same("act is there once", claims.matches("\"act\"").count(), 1)?;
            }
            None => same("an ordinary token has no act", json.get("act"), None)?,
        }
        let current = self.model.signing_keys.iter().find(|key| key.status == "current");
        let key = current.map(|key| key.id.clone()).unwrap_or_default();
        same("the key that signs", header.contains(&format!("\"kid\":\"{key}\"")), true)?;
        let session = row.id.clone();
        self.session_tokens.push(SessionToken { text, session, key, expires_seconds });
        Ok(())
    }
}

impl Model {
    /// Why the client may not use the session: it is another's, or over.
    fn visit(
        &mut self,
        place: usize,
        client: &Client,
        action: &'static str,
        caller: &str,
    ) -> Option<&'static str> {
        if self.sessions[place].client != client.id.as_str() {
            return Some("authentication_invalid");
        }
        self.settle_or_refuse(place, action, caller)
    }

    /// A session that is over is put on record as that, and then the refusal.
    fn settle_or_refuse(&mut self, place: usize, action: &'static str, caller: &str) -> Option<&'static str> {
        if self.sessions[place].is_live(self.now) {
            return None;
        }
        if self.sessions[place].status == "active" {
            self.end(place, "expired", "idle", SYSTEM);
        }
        let entry = Entry::new(self.now, action, caller).of_session(&self.sessions[place]);
        self.refuse_client(entry.denied("authentication_invalid"));
        Some("authentication_invalid")
    }

    /// Ends a live session as wanted; one that is over stays as it is.
    fn leave(&mut self, place: usize, status: &'static str, cause: &'static str, caller: &str) {
        let row = &self.sessions[place];
        if row.status == "active" {
            let caller = if row.is_live(self.now) { caller } else { SYSTEM };
            self.end(place, status, cause, caller);
        }
    }
}

const fn wanted<'a>(origin: Option<&'a str>, lifetime_seconds: Option<i64>) -> TokenRequest<'a> {
    TokenRequest { authorized_party: origin, lifetime_seconds, version: ClaimsVersion::V2 }
}

fn decoded(part: &str) -> String {
    String::from_utf8(URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}
