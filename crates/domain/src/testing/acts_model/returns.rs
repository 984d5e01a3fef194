//! The way back of an actor whose own session was set aside: accepting a link, and what an end opens.

use super::{
    acts::Cookie,
    case::{Case, Verdict, answered, browser, chosen, same},
    model::{Entry, Model, ORDINARY_IDLE_SECONDS, ORDINARY_SECONDS, SessionRow},
    tickets::redeem_refusal,
};
use crate::{
    actor_token::accept::Redeemed,
    client::returning::{self, KeptReturn},
    ticket,
};
use proptest::test_runner::TestCaseError;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ReturnRow {
    pub(super) client: String,
    pub(super) user: String,
    pub(super) session: String,
    pub(super) until: i64,
    pub(super) expires: i64,
}

impl ReturnRow {
    pub(super) fn of(kept: &KeptReturn) -> Self {
        Self {
            client: kept.client.to_string(),
            user: kept.user.to_string(),
            session: kept.session.to_string(),
            until: kept.until.millis(),
            expires: kept.expire_at.millis(),
        }
    }
}

impl Case<'_> {
    /// A ticket's link is opened in a browser: whoever is signed in there gives way, and the ticket stays unspent.
    pub(super) async fn open_link(&mut self, token: usize, client: usize, cookie: Cookie) -> Verdict {
        let Some(token) = chosen(token, self.model.tokens.len()) else { return Ok(()) };
        let Some(client) = chosen(client, self.model.clients.len()) else { return Ok(()) };
        let Some(client) = self.visitor(client, cookie).await? else { return Ok(()) };
        if redeem_refusal(&self.model, &self.model.tokens[token], None).is_some() {
            // A link that leads nowhere sends nobody away: another act looks at that.
            return Ok(());
        }
        let anybody = browser(None).0;
        let checked = ticket::check(&self.world, &anybody, self.tickets[token].reveal()).await;
        let checked = checked.map_err(|error| TestCaseError::fail(error.to_string()))?;
        let (context, caller) = browser(Some(&client));
        let id = client.id.as_str();
        let is_anybody_there = self.model.live_sessions(id).next().is_some();
        let result = returning::set_aside(&self.world, &context, &client, &checked, &client.id).await;
        same("whether anybody gave way", answered(result, None)?, Some(is_anybody_there))?;
        if is_anybody_there {
            let model = &mut self.model;
            let entry = Entry::new(model.now, "client.signed_out", &caller);
            model.record.push(Entry { client: Some(id.to_owned()), ..entry });
            let actor = model.tokens[token].actor.as_ref().map(|(sub, _)| sub.clone());
            let (status, cause) = if model.take_over(id, actor.as_deref()) {
                ("replaced", "replaced")
            } else {
                ("removed", "signed_out")
            };
            model.end_all(status, &caller, |row| (row.client == id).then_some(cause));
        }
        Ok(())
    }

    /// What follows when a return opens: the impersonation ends as its client wants, and the actor's session begins.
    pub(super) fn came_back(
        &mut self,
        kept: &ReturnRow,
        status: &'static str,
        caller: &str,
        returned: Redeemed,
    ) -> Verdict {
        let Redeemed { session, cookie, .. } = returned;
        let model = &mut self.model;
        let now = model.now;
        let row = SessionRow {
            id: session.id.to_string(),
            status: "active",
            user: kept.user.clone(),
            actor: None,
            token: None,
            client: kept.client.clone(),
            updated: now,
            last_active: now,
            expires: kept.expires.min(now + ORDINARY_SECONDS * 1000),
            idle_seconds: ORDINARY_IDLE_SECONDS,
        };
        same("the session that an actor came back to", &SessionRow::of(&session), &row)?;
        model.record.push(Entry::new(now, "session.created", caller).of_session(&row).because("returned"));
        model.returns.retain(|other| other.client != kept.client);
        model.end_all(status, caller, |other| (other.client == kept.client).then_some("signed_out"));
        model.client_changed(&kept.client, now);
        if let Some(client) = model.clients.iter_mut().find(|client| client.id == kept.client) {
            client.cookies.push(cookie);
        }
        model.sessions.push(row);
        Ok(())
    }
}

impl Model {
    /// The return that opens when this client ends its live impersonation now, the one at `place` or any.
    pub(super) fn opens(&self, client: &str, place: Option<usize>) -> Option<ReturnRow> {
        let stopped = self
            .live_sessions(client)
            .find(|row| row.actor.is_some() && place.is_none_or(|place| self.sessions[place].id == row.id))?;
        let (sub, _) = stopped.actor.as_ref()?;
        let kept = self.returns.iter().find(|kept| kept.client == client && kept.user == *sub)?;
        let is_good = self.bad_standing(sub).is_none() && !self.is_unknown(sub);
        (self.now < kept.until && is_good).then(|| kept.clone())
    }

    /// What a client keeps when somebody takes it over; whether a session is set aside for its return now.
    pub(super) fn take_over(&mut self, client: &str, actor: Option<&str>) -> bool {
        let ordinary: Vec<_> =
            self.live_sessions(client).filter(|row| row.actor.is_none()).cloned().collect();
        let own = ordinary.iter().find(|row| Some(row.user.as_str()) == actor);
        let now = self.now;
        self.returns.retain(|kept| {
            let goes_on = Some(kept.user.as_str()) == actor && now < kept.until && ordinary.is_empty();
            kept.client != client || goes_on
        });
        if let Some(row) = own {
            self.returns.push(ReturnRow {
                client: client.to_owned(),
                user: row.user.clone(),
                session: row.id.clone(),
                until: row.ends(),
                expires: row.expires,
            });
        }
        own.is_some()
    }
}
