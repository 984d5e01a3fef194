//! Acts on actor tokens and sign-in tokens: create, revoke, check, redeem.

use super::{
    acts::{ACTORS, Cookie, USERS},
    case::{Case, Verdict, answered, browser, chosen, same, time},
    model::{
        ClientRow, Entry, IMPERSONATED_IDLE_SECONDS, IMPERSONATED_MAX_SECONDS, Model, ORDINARY_IDLE_SECONDS,
        ORDINARY_SECONDS, SessionRow, TokenRow,
    },
};
use crate::{
    actor_token::{self, accept::Redeemed, create::CreateActorToken},
    client::Presented,
    idempotency::Unkept,
    ids::{ActorTokenId, SignInTokenId},
    secret::SecretText,
    sign_in_token::{self, create::CreateSignInToken},
    testing::rows,
    ticket,
    time::Month,
};

pub(super) const TICKET_MAX_SECONDS: i64 = 2_592_000;

impl Case<'_> {
    pub(super) async fn create_actor_token(
        &mut self,
        (subject, actor): (usize, usize),
        (lifetime, session): (i64, i64),
        with_reason: bool,
    ) -> Verdict {
        let (subject, sub) = (USERS[subject], ACTORS[actor]);
        let actor = rows::actor(&format!("{{\"z\":9007199254740993,\"sub\":\"{sub}\",\"n\":1.0}}"));
        let reason = with_reason.then(|| "it's \"urgent\"".to_owned());
        let (context, caller) = self.backend().await?;
        let model = &mut self.model;
        let misshapen =
            seconds(lifetime, TICKET_MAX_SECONDS).or_else(|| seconds(session, IMPERSONATED_MAX_SECONDS));
        let refusal = misshapen.or_else(|| grant_refusal(model, subject, sub));
        let request = CreateActorToken {
            user_id: subject.to_owned(),
            actor: actor.clone(),
            reason: reason.clone(),
            expires_in_seconds: Some(lifetime),
            session_max_duration_in_seconds: Some(session),
        };
        let created =
            answered(actor_token::create::create(&self.world, &context, request, &Unkept).await, refusal)?;
        if misshapen.is_some() {
            return Ok(());
        }
        let mut row = TokenRow {
            id: String::new(),
            status: "pending",
            subject: subject.to_owned(),
            actor: Some((sub.to_owned(), actor.as_json().to_owned())),
            reason,
            session_seconds: session,
            updated: model.now,
            expires: model.now + lifetime * 1000,
            session: None,
            cause: None,
        };
        let entry = Entry::new(model.now, "actor_token.created", &caller).of_token(&row);
        let Some(created) = created else {
            let entry = Entry { actor_token: None, ..entry };
            model.record.push(entry.denied(refusal.unwrap_or_default()));
            return Ok(());
        };
        row.id = created.token.id.to_string();
        model.record.push(Entry { actor_token: Some(row.id.clone()), ..entry });
        *model.created_in_month.entry(month(model.now)).or_default() += 1;
        model.tokens.push(row);
        self.tickets.push(created.ticket);
        Ok(())
    }

    pub(super) async fn create_sign_in_token(&mut self, user: usize, lifetime: i64) -> Verdict {
        let user = USERS[user];
        let (context, caller) = self.backend().await?;
        let model = &mut self.model;
        let misshapen = seconds(lifetime, TICKET_MAX_SECONDS);
        let refusal = misshapen.or_else(|| user_refusal(model, user));
        let request = CreateSignInToken { user_id: user.to_owned(), expires_in_seconds: Some(lifetime) };
        let created =
            answered(sign_in_token::create::create(&self.world, &context, request, &Unkept).await, refusal)?;
        let entry = Entry::new(model.now, "sign_in_token.created", &caller).of_user(user);
        match (created, refusal) {
            (None, Some(code)) if misshapen.is_none() => model.record.push(entry.denied(code)),
            (None, _) => {}
            (Some(created), _) => {
                let row = TokenRow {
                    id: created.token.id.to_string(),
                    status: "pending",
                    subject: user.to_owned(),
                    actor: None,
                    reason: None,
                    session_seconds: ORDINARY_SECONDS,
                    updated: model.now,
                    expires: model.now + lifetime * 1000,
                    session: None,
                    cause: None,
                };
                model.record.push(entry.of_token(&row));
                model.tokens.push(row);
                self.tickets.push(created.ticket);
            }
        }
        Ok(())
    }

    pub(super) async fn revoke_token(&mut self, token: usize) -> Verdict {
        let Some(place) = chosen(token, self.model.tokens.len()) else { return Ok(()) };
        let (context, caller) = self.backend().await?;
        let row = self.model.tokens[place].clone();
        let is_pending = row.status == "pending";
        let (action, refusal) = if row.actor.is_some() {
            ("actor_token.revoked", "actor_token_cannot_be_revoked_code")
        } else {
            ("sign_in_token.revoked", "sign_in_token_cannot_be_revoked_code")
        };
        let refused = (!is_pending).then_some(refusal);
        if row.actor.is_some() {
            answered(actor_token::revoke::revoke(&self.world, &context, &row.id, &Unkept).await, refused)?;
        } else {
            answered(sign_in_token::revoke::revoke(&self.world, &context, &row.id, &Unkept).await, refused)?;
        }
        if is_pending {
            self.model.revoke_token(place, "requested", &caller);
        } else {
            let entry = Entry::new(self.model.now, action, &caller).of_token(&row);
            self.model.record.push(entry.denied(refusal));
        }
        Ok(())
    }

    /// Changes nothing; a refusal is on record.
    pub(super) async fn check_ticket(&mut self, token: usize) -> Verdict {
        let Some(place) = chosen(token, self.model.tokens.len()) else { return Ok(()) };
        let (context, caller) = browser(None);
        let row = self.model.tokens[place].clone();
        let refusal = redeem_refusal(&self.model, &row, None);
        answered(ticket::check(&self.world, &context, self.tickets[place].reveal()).await, refusal)?;
        if let Some(code) = refusal {
            let entry = Entry::new(self.model.now, accepted_action(&row), &caller).of_token(&row);
            self.model.refuse_client(entry.denied(code));
        }
        Ok(())
    }

    pub(super) async fn redeem(
        &mut self,
        token: usize,
        forged: bool,
        client: Option<usize>,
        cookie: Cookie,
    ) -> Verdict {
        let Some(place) = chosen(token, self.model.tokens.len()) else { return Ok(()) };
        let presented = match client.and_then(|client| chosen(client, self.model.clients.len())) {
            Some(client) => self.visitor(client, cookie).await?,
            None => None,
        };
        let (context, caller) = browser(presented.as_ref());
        let row = self.model.tokens[place].clone();
        let text = if forged { self.forged_ticket(&row) } else { self.tickets[place].clone() };
        let client = presented.as_ref().map(|client| client.id.as_str());
        let refusal =
            if forged { Some("ticket_invalid_code") } else { redeem_refusal(&self.model, &row, client) };
        let result = ticket::redeem(
            &self.world,
            &context,
            text.reveal(),
            presented.as_ref().map(Presented::by_cookie),
        )
        .await;
        match (answered(result, refusal)?, refusal) {
            (Some(redeemed), _) => self.redeemed(place, client, &caller, redeemed),
            (None, Some(code)) if !forged => {
                let entry = Entry::new(self.model.now, accepted_action(&row), &caller).of_token(&row);
                self.model.refuse_client(entry.denied(code));
                Ok(())
            }
            (None, _) => Ok(()),
        }
    }

    /// What follows from a redemption: the token is spent, the client's other sessions give way, one begins.
    fn redeemed(&mut self, place: usize, client: Option<&str>, caller: &str, redeemed: Redeemed) -> Verdict {
        let Redeemed { session, client: view, cookie } = redeemed;
        let model = &mut self.model;
        let now = model.now;
        let token = &mut model.tokens[place];
        (token.status, token.updated, token.session) = ("accepted", now, Some(session.id.to_string()));
        let idle_seconds =
            if token.actor.is_some() { IMPERSONATED_IDLE_SECONDS } else { ORDINARY_IDLE_SECONDS };
        let row = SessionRow {
            id: session.id.to_string(),
            status: "active",
            user: token.subject.clone(),
            actor: token.actor.clone(),
            token: token.actor.is_some().then(|| token.id.clone()),
            client: view.client.id.to_string(),
            updated: now,
            last_active: now,
            expires: now + token.session_seconds * 1000,
            idle_seconds,
        };
        same("the session of a ticket", &SessionRow::of(&session), &row)?;
        same("the sessions of the client", view.sessions.len(), 1)?;
        let entry = Entry::new(now, accepted_action(token), caller).of_token(token);
        model.record.push(Entry { client: Some(row.client.clone()), ..entry });
        match client {
            Some(client) => {
                same("the client of the session", row.client.as_str(), client)?;
                model.take_over(client, row.actor.as_ref().map(|(sub, _)| sub.as_str()));
                model.end_all("replaced", caller, |session| (session.client == client).then_some("replaced"));
            }
            None => {
                model.clients.push(ClientRow { id: row.client.clone(), updated: now, cookies: Vec::new() })
            }
        }
        model.client_changed(&row.client, now);
        if let Some(known) = model.clients.iter_mut().find(|known| known.id == row.client) {
            known.cookies.push(cookie);
        }
        if row.actor.is_none()
            && let Some(user) = model.users.get_mut(&row.user)
        {
            user.last_sign_in = user.last_sign_in.max(Some(now));
        }
        model.sessions.push(row);
        Ok(())
    }

    /// A ticket of the right form for this very token, that was never handed out.
    fn forged_ticket(&self, row: &TokenRow) -> SecretText {
        let entropy = self.world.entropy.as_ref();
        if row.actor.is_some() {
            ticket::mint_for_actor_token(&ActorTokenId::parse(&row.id).unwrap(), entropy).0
        } else {
            ticket::mint_for_sign_in_token(&SignInTokenId::parse(&row.id).unwrap(), entropy).0
        }
    }
}

const fn seconds(seconds: i64, max: i64) -> Option<&'static str> {
    if seconds <= 0 {
        Some("form_param_value_invalid")
    } else if seconds > max {
        Some("form_param_value_too_large")
    } else {
        None
    }
}

fn user_refusal(model: &Model, user: &str) -> Option<&'static str> {
    if model.is_unknown(user) { Some("resource_not_found") } else { model.bad_standing(user) }
}

fn grant_refusal(model: &Model, subject: &str, actor: &str) -> Option<&'static str> {
    if !model.rules.impersonation_enabled {
        return Some("unsupported_subscription_plan_features");
    }
    let used = model.created_in_month.get(&month(model.now)).copied().unwrap_or(0);
    let quota_is_used_up = model.rules.monthly_limit.is_some_and(|limit| used >= limit);
    user_refusal(model, subject)
        .or_else(|| model.bad_standing(actor))
        .or_else(|| quota_is_used_up.then_some("impersonation_limit_exceeded"))
}

pub(super) fn redeem_refusal(model: &Model, token: &TokenRow, client: Option<&str>) -> Option<&'static str> {
    let is_grant = token.actor.is_some();
    let of_kind = |grant, sign_in| Some(if is_grant { grant } else { sign_in });
    let revoked = of_kind("actor_token_revoked_code", "sign_in_token_revoked_code");
    if model.is_unknown(&token.subject) || token.cause == Some("subject_deleted") {
        return of_kind("actor_token_subject_not_found", "sign_in_identification_or_user_deleted");
    }
    match token.status {
        "revoked" => return revoked,
        "accepted" => {
            return of_kind("actor_token_already_used_code", "sign_in_token_already_used_code");
        }
        _ if model.now >= token.expires => return Some("ticket_expired_code"),
        _ => {}
    }
    let actor_is_bad = token.actor.as_ref().is_some_and(|(sub, _)| model.bad_standing(sub).is_some());
    if model.bad_standing(&token.subject).is_some() || actor_is_bad {
        return revoked;
    }
    let impersonates =
        client.is_some_and(|client| model.live_sessions(client).any(|row| row.actor.is_some()));
    impersonates.then_some("session_creation_not_allowed")
}

const fn accepted_action(token: &TokenRow) -> &'static str {
    if token.actor.is_some() { "actor_token.accepted" } else { "sign_in_token.accepted" }
}

fn month(at: i64) -> String {
    Month::of(time(at)).key()
}
