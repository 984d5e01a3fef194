//! `actas tokens list|show|revoke`.

use crate::{
    args::{ListTokensArguments, TokenArguments, TokensCommand},
    exit::ExitError,
    output::{self, Cell, Column, Screen, Sheet, Table, Tone},
    remote::{Names, Remote, actor_id, at, page_limit, take, user_id},
};
use actas_sdk::{
    Error, Timestamp,
    actor_tokens::{ActorToken, ActorTokenDetails, ActorTokenStatus, ListActorTokens},
};

/// What is pending to the API, and can be used no more.
const EXPIRED: &str = "expired";
/// What an error calls it.
const KIND: &str = "actor token";

pub(crate) async fn run(command: TokensCommand) -> Result<(), ExitError> {
    match command {
        TokensCommand::List(arguments) => list(arguments).await,
        TokensCommand::Show(arguments) => show(arguments).await,
        TokensCommand::Revoke(arguments) => revoke(arguments).await,
    }
}

async fn list(arguments: ListTokensArguments) -> Result<(), ExitError> {
    let remote = Remote::open(&arguments.server)?;
    let screen = Screen::of_stdout(arguments.output.utc);
    let mut asked = ListActorTokens::new().limit(page_limit(arguments.limit));
    if let Some(status) = &arguments.status {
        // To the API, one whose time is over is pending like before.
        let of_api = if status == EXPIRED { ActorTokenStatus::Pending.as_str() } else { status };
        asked = asked.status(ActorTokenStatus::from(of_api)).limit(page_limit(u32::MAX));
    }
    if let Some(user) = &arguments.user {
        asked = asked.user_id(user_id(&remote, user).await?);
    }
    if let Some(actor) = &arguments.actor {
        asked = asked.actor_sub(actor_id(&remote, actor).await?);
    }
    if let Some(since) = arguments.since {
        asked = asked.created_after(Timestamp::from_unix_millis(since.at(screen.now).millis()));
    }
    let mut pages = remote.client.actor_tokens().pages(asked);
    let is_wanted = |token: &ActorTokenDetails| {
        arguments.status.as_ref().is_none_or(|wanted| *wanted == status(token, &screen).0)
    };
    let tokens = take(arguments.limit, async || {
        let page = pages.next().await?;
        Ok(page.map(|page| page.data.into_iter().filter(is_wanted).collect()))
    });
    let tokens = tokens.await.map_err(|error| remote.explain_list(&error))?;
    if arguments.output.json {
        output::json(&tokens.rows)?;
        tokens.remark("actor tokens", true);
        return Ok(());
    }
    let mut names = Names::default();
    let subs: Vec<String> = tokens.rows.iter().map(sub).collect();
    let subjects = tokens.rows.iter().map(|token| token.user_id.as_str());
    names.learn(&remote, subjects.chain(subs.iter().map(String::as_str))).await;
    let mut table = Table::new([
        Column::whole("ID"),
        Column::whole("STATUS"),
        Column::shrinks("SUBJECT"),
        Column::shrinks("ACTOR"),
        Column::spare("CREATED"),
        Column::spare("EXPIRES"),
        Column::spare_text("REASON"),
        Column::spare("USER ID"),
        Column::spare("ACTOR ID"),
    ]);
    for (token, sub) in tokens.rows.iter().zip(&subs) {
        let (status, tone) = status(token, &screen);
        let is_open = token.status == ActorTokenStatus::Pending;
        table.add([
            Cell::new(&token.id),
            Cell::toned(tone, status),
            Cell::new(names.of(&token.user_id)),
            Cell::new(names.of(sub)),
            Cell::new(screen.time(at(token.created_at))),
            Cell::new(if is_open { screen.time(at(token.expires_at)) } else { String::new() }),
            Cell::new(token.reason.as_deref().unwrap_or_default()),
            Cell::new(names.id_beside(&token.user_id)),
            Cell::new(names.id_beside(sub)),
        ]);
    }
    if !tokens.rows.is_empty() {
        output::line(table.render(&screen))?;
    }
    tokens.remark("actor tokens", false);
    Ok(())
}

async fn show(arguments: TokenArguments) -> Result<(), ExitError> {
    let remote = Remote::open(&arguments.server)?;
    let token = remote.client.actor_tokens().get(&arguments.id).await;
    let token = token.map_err(|error| remote.explain_about(&error, KIND, &arguments.id))?;
    if arguments.output.json {
        output::json(&token)?;
        return Ok(());
    }
    let screen = Screen::of_stdout(arguments.output.utc);
    let sub = sub(&token);
    let mut names = Names::default();
    names.learn(&remote, [token.user_id.as_str(), sub.as_str()]).await;
    let (status, tone) = status(&token, &screen);
    let mut sheet = Sheet::default();
    sheet.add("id", &token.id);
    sheet.add_in(tone, "status", status);
    sheet.add_some("because", token.revoked_because.as_deref());
    sheet.add("subject", names.of(&token.user_id));
    sheet.add("user id", names.id_beside(&token.user_id));
    sheet.add("actor", names.of(&sub));
    sheet.add("act", token.actor.as_json());
    sheet.add_some("reason", token.reason.as_deref());
    sheet.add("created", screen.full_time(at(token.created_at)));
    sheet.add("expires", screen.full_time(at(token.expires_at)));
    sheet.add("session", format!("{} at most", output::span(token.session_max_duration_in_seconds)));
    sheet.add_some("session id", token.session_id.as_deref());
    output::line(sheet.render(&screen))?;
    Ok(())
}

/// Revokes without asking: nothing is lost that could not be made again, and it may be urgent.
pub(super) async fn revoke(arguments: TokenArguments) -> Result<(), ExitError> {
    let remote = Remote::open(&arguments.server)?;
    let revoked = match remote.client.actor_tokens().revoke(&arguments.id).await {
        Ok(revoked) => revoked,
        Err(error) => return Err(not_revoked(&remote, &arguments.id, &error).await),
    };
    if arguments.output.json {
        output::json(&revoked)?;
    } else {
        let ActorToken { id, .. } = &revoked;
        output::line(format!("{} is revoked: its link signs nobody in any more", output::harmless(id)))?;
    }
    Ok(())
}

/// A token that was used lives on as a session, and that is what whoever revokes it wants to end.
async fn not_revoked(remote: &Remote, id: &str, error: &Error) -> ExitError {
    let explained = remote.explain_about(error, KIND, id);
    if error.code() != Some("actor_token_cannot_be_revoked_code") {
        return explained;
    }
    match remote.client.actor_tokens().get(id).await {
        Ok(ActorTokenDetails { session_id: Some(session), .. }) => {
            let session = output::harmless(&session);
            ExitError::RefusedByServer(format!(
                "{explained} It was used; to end its session: {}",
                remote.command(&format!("sessions revoke {session}"))
            ))
        }
        _ => explained,
    }
}

/// The status, or `expired` where the time is over in which a pending token can be used.
fn status(token: &ActorTokenDetails, screen: &Screen) -> (String, Tone) {
    let is_expired = token.status == ActorTokenStatus::Pending && at(token.expires_at) <= screen.now;
    let status = if is_expired { EXPIRED } else { token.status.as_str() };
    (status.to_owned(), Tone::of_status(status))
}

fn sub(token: &ActorTokenDetails) -> String {
    token.actor.sub().unwrap_or_default()
}
