//! `actas impersonate`: a link that signs in as somebody, and everything about it that its user should know.

use super::{pick, tokens};
use crate::{
    args::{ImpersonateArguments, ImpersonateCommand, ImpersonateCreateArguments},
    exit::ExitError,
    output::{self, Screen, Sheet, Tone},
    prompt,
    remote::{Names, Remote, actor_id, at, find_user, label, quoted},
};
use actas_domain::{ids::UserId, time::UnixMillis};
use actas_sdk::{
    Error,
    actor_tokens::{Actor, ActorToken, CreateActorToken},
};
use serde::Serialize;
use std::io::{self, IsTerminal as _};

/// What the server makes of a token where nothing else is said, if it cannot be asked (Clerk's own service).
const LIFETIME_SECONDS: u64 = 3600;
const SESSION_SECONDS: u64 = 1800;

pub(crate) async fn run(arguments: ImpersonateArguments) -> Result<(), ExitError> {
    match arguments.command {
        Some(ImpersonateCommand::Revoke(token)) => tokens::revoke(token).await,
        None => create(arguments.create).await,
    }
}

/// Whom to act as.
pub(super) struct Subject {
    pub(super) id: String,
    pub(super) label: String,
    /// The error of a subject that the directory does not know, for the server to decide about.
    pub(super) unknown: Option<ExitError>,
}

async fn create(arguments: ImpersonateCreateArguments) -> Result<(), ExitError> {
    let remote = Remote::open(&arguments.server)?;
    let given = arguments.actor.as_deref().or_else(|| remote.actor());
    if given.is_none() && !prompt::is_possible() {
        return Err(no_actor(&remote));
    }
    let subject = match &arguments.user {
        Some(text) => subject(&remote, text).await?,
        None => pick::subject(&remote).await?,
    };
    let named = match given {
        Some(actor) => actor.to_owned(),
        None => prompt::text("Who acts? Your own id or e-mail address, for the record", false)?,
    };
    if named.trim().is_empty() {
        return Err(ExitError::Configuration("--actor is empty: name who acts".to_owned()));
    }
    let sub = actor_id(&remote, &named).await?;
    if sub == subject.id {
        output::note("the actor is the user: it will be on record as acting as oneself");
    }
    let mut request = CreateActorToken::new(&subject.id, Actor::new(&sub));
    if let Some(length) = arguments.expires_in {
        request = request.expires_in(length);
    }
    if let Some(length) = arguments.session_max {
        request = request.session_max_duration(length);
    }
    if let Some(reason) = &arguments.reason {
        request = request.reason(reason);
    }
    let token = match remote.client.actor_tokens().create(request).await {
        Ok(token) => token,
        Err(error) if error.is_not_found() => {
            return Err(subject.unknown.unwrap_or_else(|| remote.explain(&error)));
        }
        Err(error) => return Err(not_made(&remote, &subject.id, &sub, &error).await),
    };
    let made = Made::of(&remote, &arguments, subject, sub, token).await;
    made.hand_over(&arguments, &remote)
}

/// The API says "you" to whoever is banned or locked, and that is not who asked.
async fn not_made(remote: &Remote, subject: &str, actor: &str, error: &Error) -> ExitError {
    let Some(state @ ("banned" | "locked")) = error.code().and_then(|code| code.strip_prefix("user_")) else {
        return remote.explain(error);
    };
    let is_so = async |id: &str| {
        let user = remote.client.users().get(id).await;
        user.is_ok_and(|user| if state == "banned" { user.banned } else { user.locked })
    };
    let (who, id) = if is_so(subject).await { ("the user", subject) } else { ("the actor", actor) };
    let take_back = if state == "banned" { "unban" } else { "unlock" };
    ExitError::RefusedByServer(format!(
        "{} refused: {who} {} is {state}. {} shows the user, {} ends that",
        remote.url(),
        output::harmless(id),
        remote.command(&format!("users show {}", quoted(id))),
        remote.command(&format!("users {take_back} {}", quoted(id)))
    ))
}

fn no_actor(remote: &Remote) -> ExitError {
    let of_profile = match remote.profile() {
        Some(name) => {
            format!("the profile {name} names none (actas profiles set {name} --actor ID)")
        }
        None => "no profile is used that names one".to_owned(),
    };
    ExitError::Configuration(format!(
        "who acts? It is on record and in every session token, so it is not guessed: add --actor ID; {of_profile}"
    ))
}

async fn subject(remote: &Remote, text: &str) -> Result<Subject, ExitError> {
    match find_user(remote, text).await {
        Ok(user) => Ok(Subject { label: label(&user), id: user.id, unknown: None }),
        // In an open directory, users live elsewhere.
        Err(error @ ExitError::NotFound(_)) if UserId::parse(text).is_some() => {
            Ok(Subject { id: text.to_owned(), label: text.to_owned(), unknown: Some(error) })
        }
        Err(error) => Err(error),
    }
}

/// A link, and what it is for.
struct Made {
    subject: Subject,
    actor: String,
    actor_name: String,
    /// The server was asked, and has no user of the actor's id.
    is_foreign: bool,
    token: ActorToken,
    expires_at: UnixMillis,
    session_seconds: u64,
}

impl Made {
    async fn of(
        remote: &Remote,
        arguments: &ImpersonateCreateArguments,
        subject: Subject,
        actor: String,
        token: ActorToken,
    ) -> Self {
        // Not in the answer of create; and Clerk's own service has nothing to ask.
        let details = remote.client.actor_tokens().get(&token.id).await.ok();
        let asked = |length: Option<std::time::Duration>, or| length.map_or(or, |length| length.as_secs());
        let lifetime = asked(arguments.expires_in, LIFETIME_SECONDS);
        let session = asked(arguments.session_max, SESSION_SECONDS);
        let ends = at(token.created_at).plus_seconds(i64::try_from(lifetime).unwrap_or(i64::MAX));
        let mut names = Names::default();
        names.learn(remote, [actor.as_str()]).await;
        Self {
            expires_at: details.as_ref().map_or(ends, |details| at(details.expires_at)),
            session_seconds: details.map_or(session, |details| details.session_max_duration_in_seconds),
            actor_name: names.of(&actor).to_owned(),
            is_foreign: names.is_nobody(&actor),
            subject,
            actor,
            token,
        }
    }

    fn hand_over(&self, arguments: &ImpersonateCreateArguments, remote: &Remote) -> Result<(), ExitError> {
        let withdraw = remote.command(&format!("impersonate revoke {}", self.token.id));
        let link = self.token.url().ok_or_else(|| {
            ExitError::Unreachable(format!("{} was made, but the server gave no link for it", self.token.id))
        })?;
        let is_lost = |error: ExitError| {
            ExitError::Refused(format!("{error}; to withdraw the link that was made: {withdraw}"))
        };
        if arguments.output.json {
            output::json(&self.shape(arguments)).map_err(is_lost)?;
        } else {
            output::note(self.sheet(arguments, &withdraw).render(&Screen::of_stderr(arguments.output.utc)));
        }
        if arguments.open {
            return open(link, arguments.output.json).map_err(is_lost);
        }
        if !arguments.output.json {
            output::line(link).map_err(is_lost)?;
        }
        Ok(())
    }

    fn sheet(&self, arguments: &ImpersonateCreateArguments, withdraw: &str) -> Sheet {
        let screen = Screen::of_stderr(arguments.output.utc);
        let mut sheet = Sheet::default();
        sheet.add_in(Tone::Strong, "acting as", &self.subject.label);
        sheet.add_in(Tone::Strong, "actor", &self.actor_name);
        if self.actor_name != self.actor {
            sheet.add("actor id", &self.actor);
        } else if self.is_foreign {
            sheet.add("", "which is no user of this server");
        }
        sheet.add_some("reason", arguments.reason.as_deref());
        sheet.add("link", format!("usable once, until {}", screen.full_time(self.expires_at)));
        sheet.add("session", format!("{} at most", output::span(self.session_seconds)));
        sheet.add("token", &self.token.id);
        sheet.add("withdraw", withdraw);
        sheet
    }

    fn shape<'a>(&'a self, arguments: &'a ImpersonateCreateArguments) -> Shape<'a> {
        let shown = !arguments.open;
        Shape {
            id: &self.token.id,
            status: self.token.status.as_str(),
            user_id: &self.token.user_id,
            actor: &self.token.actor,
            reason: arguments.reason.as_deref(),
            created_at: self.token.created_at.unix_millis(),
            expires_at: self.expires_at.millis(),
            session_max_duration_in_seconds: self.session_seconds,
            token: self.token.ticket().filter(|_| shown),
            url: self.token.url().filter(|_| shown),
        }
    }
}

/// The link is in no message: it is as good as a password until it was used.
fn open(link: &str, json: bool) -> Result<(), ExitError> {
    match open::that_detached(link) {
        Ok(()) => {
            output::note("opened in the browser");
            Ok(())
        }
        Err(_) if io::stdout().is_terminal() && !json => {
            output::note("no browser could be opened; the link is:");
            output::line(link)
        }
        Err(_) => Err(ExitError::Refused("no browser could be opened here: use --print".to_owned())),
    }
}

/// What `--json` prints. The ticket and the link are left out where the link is opened.
#[derive(Serialize)]
struct Shape<'a> {
    id: &'a str,
    status: &'a str,
    user_id: &'a str,
    actor: &'a Actor,
    reason: Option<&'a str>,
    created_at: i64,
    expires_at: i64,
    session_max_duration_in_seconds: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
}
