//! `actas sessions list|show|revoke`.

use super::entries;
use crate::{
    args::{ListSessionsArguments, SessionArguments, SessionsCommand},
    exit::ExitError,
    output::{self, Cell, Column, Screen, Sheet, Table},
    remote::{Names, Remote, Rows, at, follow, newest_position, page_limit, take, user_id},
};
use actas_sdk::{
    audit_entries::{AuditEntry, AuditOutcome, ListAuditEntries},
    sessions::{ListSessions, Session, SessionStatus},
};
use std::collections::BTreeSet;

pub(crate) async fn run(command: SessionsCommand) -> Result<(), ExitError> {
    match command {
        SessionsCommand::List(arguments) => list(arguments).await,
        SessionsCommand::Show(arguments) => show(arguments).await,
        SessionsCommand::Revoke(arguments) => revoke(arguments).await,
    }
}

async fn list(arguments: ListSessionsArguments) -> Result<(), ExitError> {
    let remote = Remote::open(&arguments.server)?;
    let user = match &arguments.user {
        Some(user) => Some(user_id(&remote, user).await?),
        None => None,
    };
    if arguments.follow {
        return list_and_follow(&remote, &arguments, user).await;
    }
    let sessions = rows(&remote, &arguments, user).await?;
    if arguments.output.json {
        output::json(&sessions.rows)?;
        sessions.remark("sessions", true);
        return Ok(());
    }
    print(&remote, &sessions.rows, &mut Names::default(), arguments.output.utc).await?;
    sessions.remark("sessions", false);
    Ok(())
}

async fn rows(
    remote: &Remote,
    arguments: &ListSessionsArguments,
    user: Option<String>,
) -> Result<Rows<Session>, ExitError> {
    let mut asked = ListSessions::new().limit(page_limit(arguments.limit));
    if arguments.impersonated {
        // Most are not, and which are the server cannot be asked.
        asked = asked.limit(page_limit(u32::MAX));
    }
    if let Some(status) = &arguments.status {
        asked = asked.status(SessionStatus::from(status.as_str()));
    }
    if let Some(user) = user {
        asked = asked.user_id(user);
    }
    let is_wanted = |session: &Session| !arguments.impersonated || session.actor.is_some();
    let mut pages = remote.client.sessions().pages(asked);
    let rows = take(arguments.limit, async || {
        let page = pages.next().await?;
        Ok(page.map(|page| page.into_iter().filter(is_wanted).collect()))
    });
    rows.await.map_err(|error| remote.explain_list(&error))
}

async fn print(remote: &Remote, sessions: &[Session], names: &mut Names, utc: bool) -> Result<(), ExitError> {
    if sessions.is_empty() {
        return Ok(());
    }
    let screen = Screen::of_stdout(utc);
    let subs: Vec<String> = sessions.iter().map(sub).collect();
    let subjects = sessions.iter().map(|session| session.user_id.as_str());
    names.learn(remote, subjects.chain(subs.iter().map(String::as_str)).filter(|id| !id.is_empty())).await;
    let mut table = Table::new([
        Column::whole("ID"),
        Column::whole("STATUS"),
        Column::shrinks("SUBJECT"),
        Column::shrinks("ACTOR"),
        Column::spare("BEGAN"),
        Column::spare("LAST ACTIVE"),
        Column::spare("ENDS"),
        Column::spare("USER ID"),
        Column::spare("ACTOR ID"),
    ]);
    for (session, sub) in sessions.iter().zip(&subs) {
        let is_live = session.status == SessionStatus::Active;
        let live = |time: String| Cell::new(if is_live { time } else { String::new() });
        table.add([
            Cell::new(&session.id),
            Cell::status(session.status.as_str()),
            Cell::new(names.of(&session.user_id)),
            Cell::new(names.of(sub)),
            Cell::new(screen.time(at(session.created_at))),
            live(screen.time(at(session.last_active_at))),
            live(screen.time(at(session.expire_at))),
            Cell::new(names.id_beside(&session.user_id)),
            Cell::new(names.id_beside(sub)),
        ]);
    }
    output::line(table.render(&screen))
}

/// The live sessions, and from then on what happens to any. The position is taken before the list, so that nothing
/// falls between the two; a beginning that the list shows already is not told again.
async fn list_and_follow(
    remote: &Remote,
    arguments: &ListSessionsArguments,
    user: Option<String>,
) -> Result<(), ExitError> {
    let after = newest_position(remote).await?;
    let mut names = Names::default();
    let mut shown = BTreeSet::new();
    if !arguments.output.json {
        let live = ListSessionsArguments {
            status: Some(SessionStatus::Active.as_str().to_owned()),
            user: None,
            follow: false,
            server: arguments.server.clone(),
            ..*arguments
        };
        let sessions = rows(remote, &live, user.clone()).await?;
        print(remote, &sessions.rows, &mut names, arguments.output.utc).await?;
        sessions.remark("live sessions", false);
        shown.extend(sessions.rows.into_iter().map(|session| session.id));
    }
    output::note("following; Ctrl-C ends it");
    let mut query = ListAuditEntries::new();
    if let Some(user) = user {
        query = query.user_id(user);
    }
    let impersonated = arguments.impersonated;
    let is_told = |entry: &AuditEntry| {
        let is_known = begins(entry) && entry.session_id.as_ref().is_some_and(|id| shown.contains(id));
        is_about_session(entry) && !is_known && (!impersonated || entry.actor_sub.is_some())
    };
    let json = arguments.output.json;
    follow(remote, query, after, async |entries: Vec<AuditEntry>| {
        let told: Vec<AuditEntry> = entries.into_iter().filter(&is_told).collect();
        entries::tell(remote, &told, &mut names, json).await
    })
    .await
}

/// The acceptance of a ticket is also the beginning of its session.
fn begins(entry: &AuditEntry) -> bool {
    matches!(entry.action.as_str(), "session.created" | "actor_token.accepted" | "sign_in_token.accepted")
}

fn is_about_session(entry: &AuditEntry) -> bool {
    entry.outcome == AuditOutcome::Done && (begins(entry) || entry.action.starts_with("session."))
}

async fn show(arguments: SessionArguments) -> Result<(), ExitError> {
    let remote = Remote::open(&arguments.server)?;
    let session = remote.client.sessions().get(&arguments.id).await;
    let session = session.map_err(|error| remote.explain_about(&error, "session", &arguments.id))?;
    if arguments.output.json {
        output::json(&session)?;
        return Ok(());
    }
    let screen = Screen::of_stdout(arguments.output.utc);
    let sub = sub(&session);
    let mut names = Names::default();
    names
        .learn(&remote, [session.user_id.as_str(), sub.as_str()].into_iter().filter(|id| !id.is_empty()))
        .await;
    let mut sheet = Sheet::default();
    sheet.add("id", &session.id);
    sheet.add_status("status", session.status.as_str());
    sheet.add("subject", names.of(&session.user_id));
    sheet.add("user id", names.id_beside(&session.user_id));
    sheet.add("actor", names.of(&sub));
    sheet.add_some("act", session.actor.as_ref().map(|actor| actor.as_json()));
    sheet.add_some("client", session.client_id.as_deref());
    sheet.add("began", screen.full_time(at(session.created_at)));
    sheet.add("last active", screen.full_time(at(session.last_active_at)));
    sheet.add("ends", screen.full_time(at(session.expire_at)));
    output::line(sheet.render(&screen))?;
    Ok(())
}

/// Revokes without asking: it may be urgent, and whoever was signed in can sign in again.
async fn revoke(arguments: SessionArguments) -> Result<(), ExitError> {
    let remote = Remote::open(&arguments.server)?;
    let revoked = remote.client.sessions().revoke(&arguments.id).await;
    let revoked = revoked.map_err(|error| remote.explain_about(&error, "session", &arguments.id))?;
    if arguments.output.json {
        output::json(&revoked)?;
    } else {
        let (id, status) = (output::harmless(&revoked.id), output::harmless(revoked.status.as_str()));
        output::line(format!("{id} is {status}: it gets no session token any more"))?;
    }
    Ok(())
}

/// Empty for an ordinary session.
fn sub(session: &Session) -> String {
    session.actor.as_ref().and_then(|actor| actor.sub()).unwrap_or_default()
}
