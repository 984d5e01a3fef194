//! Purges: what is over for long goes, an actor token together with its session, and nothing that lives.

use super::{
    case::{Case, Verdict, same},
    model::{IMPERSONATED_MAX_SECONDS, RETENTION_SECONDS},
    tickets::TICKET_MAX_SECONDS,
};
use crate::retention;
use proptest::test_runner::TestCaseError;
use std::collections::HashSet;

impl Case<'_> {
    pub(super) async fn purge(&mut self) -> Verdict {
        let failed = |error: crate::refusal::Failure| TestCaseError::fail(error.to_string());
        let mut found = Vec::new();
        let begun = retention::begin(&self.world).await.map_err(failed)?;
        for purge in begun.purges {
            let stepped = retention::step(&self.world, &purge, begun.now).await.map_err(failed)?;
            found.push((purge.of.as_str(), stepped.removed as usize));
        }
        let grants = self.purge_tokens(RETENTION_SECONDS + IMPERSONATED_MAX_SECONDS, true);
        let wanted = vec![
            ("actor_tokens", grants),
            ("sign_in_tokens", self.purge_tokens(RETENTION_SECONDS, false)),
            ("sessions", self.purge_sessions()),
            ("clients", self.purge_clients()),
        ];
        same("the rows purged", found, wanted)
    }

    /// All of one kind; a session that came of an actor token goes with it.
    fn purge_tokens(&mut self, kept_seconds: i64, grants: bool) -> usize {
        let model = &mut self.model;
        let until = model.now - kept_seconds * 1000;
        let active: HashSet<_> = model
            .sessions
            .iter()
            .filter(|row| row.status == "active")
            .filter_map(|row| row.token.clone())
            .collect();
        let tokens = std::mem::take(&mut model.tokens);
        let mut gone = HashSet::new();
        for (row, ticket) in tokens.into_iter().zip(std::mem::take(&mut self.tickets)) {
            if row.actor.is_some() == grants && row.expires <= until && !active.contains(&row.id) {
                gone.insert(row.id);
            } else {
                model.tokens.push(row);
                self.tickets.push(ticket);
            }
        }
        let of_gone = |token: &Option<String>| token.as_ref().is_some_and(|token| gone.contains(token));
        let sessions = model.sessions.extract_if(.., |row| of_gone(&row.token));
        model.purged_sessions.extend(sessions.map(|row| row.id));
        gone.len()
    }

    fn purge_sessions(&mut self) -> usize {
        let model = &mut self.model;
        let until = model.now - RETENTION_SECONDS * 1000;
        let before = model.purged_sessions.len();
        let sessions = model
            .sessions
            .extract_if(.., |row| row.token.is_none() && row.status != "active" && row.ends() <= until);
        model.purged_sessions.extend(sessions.map(|row| row.id));
        model.purged_sessions.len() - before
    }

    fn purge_clients(&mut self) -> usize {
        let model = &mut self.model;
        let until = model.now - (RETENTION_SECONDS + TICKET_MAX_SECONDS + IMPERSONATED_MAX_SECONDS) * 1000;
        let before = model.clients.len();
        model.clients.retain(|client| {
            client.updated > until
                || model.sessions.iter().any(|row| row.client == client.id)
                || model.returns.iter().any(|row| row.client == client.id)
        });
        before - model.clients.len()
    }
}
