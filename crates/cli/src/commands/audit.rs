//! `actas audit list|follow`.

use super::{audit_export, entries};
use crate::{
    args::{AuditCommand, AuditFilter, Moment, OutputArguments, ServerArguments},
    exit::ExitError,
    output::{self, Screen},
    remote::{Names, Remote, actor_id, follow, newest_position, oldest_position, page_limit, take, user_id},
};
use actas_sdk::{
    Timestamp,
    audit_entries::{AuditEntry, AuditOutcome, ListAuditEntries},
};

pub(crate) async fn run(command: AuditCommand) -> Result<(), ExitError> {
    match command {
        AuditCommand::List { filter, since, until, limit, server, output } => {
            let remote = Remote::open(&server)?;
            let now = Screen::of_stdout(output.utc).now;
            let millis = |moment: Moment| Timestamp::from_unix_millis(moment.at(now).millis());
            let mut asked = filtered(&remote, &filter).await?.limit(page_limit(limit));
            if let Some(since) = since {
                asked = asked.at_after(millis(since));
            }
            if let Some(until) = until {
                asked = asked.at_before(millis(until));
            }
            let mut pages = remote.client.audit_entries().pages(asked);
            let entries = take(limit, async || Ok(pages.next().await?.map(|page| page.data))).await;
            let entries = entries.map_err(|error| remote.explain_list(&error))?;
            if output.json {
                output::json(&entries.rows)?;
                entries.remark("entries", true);
                return Ok(());
            }
            entries::print(&remote, &entries.rows, output.utc).await?;
            entries.remark("entries", false);
            Ok(())
        }
        AuditCommand::Show { position, server, output } => show(position, &server, output).await,
        AuditCommand::Follow { filter, after, server, json } => {
            let remote = Remote::open(&server)?;
            let query = filtered(&remote, &filter).await?;
            let after = match after {
                Some(after) => {
                    let oldest = oldest_position(&remote).await?;
                    let first = after.saturating_add(1);
                    if first < oldest {
                        let gone = oldest - 1;
                        output::note(format!("positions {first} to {gone} were purged and are not told"));
                    }
                    after
                }
                None => newest_position(&remote).await?,
            };
            let mut names = Names::default();
            output::note(format!("following {} behind position {after}; Ctrl-C ends it", remote.url()));
            follow(&remote, query, after, async |told: Vec<AuditEntry>| {
                entries::tell(&remote, &told, &mut names, json).await
            })
            .await
        }
        AuditCommand::Export(arguments) => audit_export::run(arguments).await,
    }
}

async fn show(position: u64, server: &ServerArguments, output: OutputArguments) -> Result<(), ExitError> {
    let remote = Remote::open(server)?;
    let asked = ListAuditEntries::new().after(position.saturating_sub(1)).limit(1);
    let page = remote.client.audit_entries().list(asked).await;
    let page = page.map_err(|error| remote.explain_list(&error))?;
    let entry = match page.data.first() {
        Some(entry) if entry.position == position => entry,
        // It has no gaps, so what is behind it is what it begins with.
        Some(oldest) if position > 0 => {
            return Err(ExitError::NotFound(format!(
                "position {position} of the record of {} was purged: it begins with {}",
                remote.url(),
                oldest.position
            )));
        }
        _ => {
            let problem = format!("the record of {} has no position {position}", remote.url());
            return Err(ExitError::NotFound(problem));
        }
    };
    if output.json {
        return output::json(entry);
    }
    entries::show(&remote, entry, output.utc).await
}

async fn filtered(remote: &Remote, filter: &AuditFilter) -> Result<ListAuditEntries, ExitError> {
    let mut asked = ListAuditEntries::new();
    if let Some(user) = &filter.user {
        asked = asked.user_id(user_id(remote, user).await?);
    }
    if let Some(actor) = &filter.actor {
        asked = asked.actor_sub(actor_id(remote, actor).await?);
    }
    if let Some(token) = &filter.token {
        asked = asked.actor_token_id(token);
    }
    if let Some(session) = &filter.session {
        asked = asked.session_id(session);
    }
    if let Some(action) = &filter.action {
        asked = asked.action(action);
    }
    if let Some(outcome) = &filter.outcome {
        asked = asked.outcome(AuditOutcome::from(outcome.as_str()));
    }
    Ok(asked)
}
