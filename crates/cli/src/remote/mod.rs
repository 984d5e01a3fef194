//! The connection to a running server, for every command that speaks to one through the SDK.

mod choice;
mod explain;
mod follow;
mod people;
mod rows;
mod transient;

pub(crate) use follow::{End, follow, newest_position, oldest_position};
pub(crate) use people::{Names, actor_id, contact, find_user, label, name, quoted, user_id};
pub(crate) use rows::{Rows, page_limit, take};

use transient::Patience;

use crate::{
    args::ServerArguments,
    exit::ExitError,
    load, output, private_file,
    profiles::{self, Profiles},
    prompt,
};
use actas_domain::{secret::SecretText, time::UnixMillis};
use actas_sdk::{Client, RetryPolicy, Server, Timestamp};
use actas_server::config::{OPTIONS, VARIABLE_PREFIX};
use choice::{Choice, Sources};
use std::{
    io::{self, IsTerminal as _, Read as _},
    net::IpAddr,
    path::Path,
    time::Duration,
};

/// What `actas dev` writes for apps.
const DEV_ENV: &str = "./.actas/dev.env";
/// Longer than any call takes that will succeed.
const TIMEOUT: Duration = Duration::from_secs(30);
const ATTEMPTS_MAX: u32 = 3;
/// More than any secret key has.
const KEY_LENGTH_MAX: u64 = 4096;

/// A server, reached with a key.
#[derive(Debug)]
pub(crate) struct Remote {
    pub(crate) client: Client,
    choice: Choice,
}

impl Remote {
    /// Chooses the server and makes a client for it; nothing is sent. Where nobody named the server, it is told which
    /// one it is.
    ///
    /// # Errors
    /// [`ExitError::Configuration`] when no server or no key is named, or either cannot be one.
    pub(crate) fn open(arguments: &ServerArguments) -> Result<Self, ExitError> {
        check_variables()?;
        let remote = Self::of(choice::choose(arguments, &Machine)?)?;
        if remote.choice.is_implicit {
            output::note(format!("using {} ({})", remote.choice.url, remote.choice.url_from));
        }
        Ok(remote)
    }

    /// A client of a profile that is not saved yet.
    pub(crate) fn of_profile(name: &str, profile: &profiles::Profile) -> Result<Self, ExitError> {
        let profiles = Profiles { default: None, profiles: [(name.to_owned(), profile.clone())].into() };
        Self::of(choice::of_profile(&profiles, name, "", false)?)
    }

    fn of(choice: Choice) -> Result<Self, ExitError> {
        // The URL itself may hold a password, and the error does not repeat it.
        let wrong = |error: actas_sdk::Error| {
            // The SDK speaks to who writes programs.
            let said = error.to_string().replace("say Server::allow_http", "add --allow-http");
            ExitError::Configuration(output::harmless(&format!("the URL from {}: {said}", choice.url_from)))
        };
        let client = Client::builder()
            .bearer(choice.secret_key.reveal())
            .server(server(&choice).map_err(wrong)?)
            .timeout(TIMEOUT)
            .retry(RetryPolicy::default().max_attempts(ATTEMPTS_MAX))
            .user_agent(concat!("actas-cli/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(wrong)?;
        // From here on it is only shown.
        let url = output::harmless(&choice.url);
        Ok(Self { client, choice: Choice { url, ..choice } })
    }

    /// The actor of the profile.
    pub(crate) fn actor(&self) -> Option<&str> {
        self.choice.actor.as_deref()
    }

    /// The name of the profile.
    pub(crate) fn profile(&self) -> Option<&str> {
        self.choice.profile.as_deref()
    }

    /// For a message: where it is.
    pub(crate) fn url(&self) -> &str {
        &self.choice.url
    }

    /// A command to type next, at the same server: `actas tokens revoke …` of `tokens revoke …`.
    pub(crate) fn command(&self, text: &str) -> String {
        format!("actas {}{}", output::harmless(text), output::harmless(&self.choice.flags))
    }
}

/// The API's times are those of the record.
pub(crate) const fn at(time: Timestamp) -> UnixMillis {
    UnixMillis::from_millis(time.unix_millis())
}

fn server(choice: &Choice) -> Result<Server, actas_sdk::Error> {
    // Clerk's own is no Actas to the SDK, however it is written.
    let server = Server::actas(&choice.url)?;
    Ok(if choice.allow_http { server.allow_http() } else { server })
}

/// The key in a file of mode 0600, or, for `-`, on the standard input.
///
/// # Errors
/// [`ExitError::Configuration`] when there is none or it cannot be one.
pub(crate) fn key_file(path: &Path) -> Result<SecretText, ExitError> {
    let from = key_source(path);
    secret_key(secret_file(path)?.reveal(), &from)
}

/// The secret text in a file of mode 0600, or, for `-`, on the standard input.
///
/// # Errors
/// [`ExitError::Configuration`] when there is none, or it is open to others.
pub(crate) fn secret_file(path: &Path) -> Result<SecretText, ExitError> {
    if path == Path::new("-") {
        if prompt::is_possible() {
            return prompt::secret("The secret (it is not shown)");
        }
        if io::stdin().is_terminal() {
            return Err(ExitError::Configuration(
                "the standard input is a terminal that would show the secret as it is typed: name a file, or do not \
                 redirect the standard error, so that it can be asked for"
                    .to_owned(),
            ));
        }
        let mut text = String::new();
        let read = io::stdin().take(KEY_LENGTH_MAX).read_to_string(&mut text);
        read.map_err(|error| {
            ExitError::Configuration(format!("the standard input cannot be read: {error}"))
        })?;
        return Ok(SecretText::new(text));
    }
    private_file::read(path)?
        .map(SecretText::new)
        .ok_or_else(|| ExitError::Configuration(format!("{} does not exist", path.display())))
}

/// Checks the form of a key; whether it opens something, the server knows.
pub(crate) fn secret_key(text: &str, from: &str) -> Result<SecretText, ExitError> {
    let key = text.trim();
    let wrong = |what: &str| Err(ExitError::Configuration(format!("the secret key from {from} {what}")));
    if key.is_empty() {
        return wrong("is empty; where the server runs, actas secret-keys create makes one");
    }
    if key.starts_with("pk_") {
        return wrong("is a publishable key (pk_…); a secret key begins with sk_");
    }
    if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return wrong("has a space, a line break or another character that no key has");
    }
    if !key.starts_with("sk_") {
        return wrong("is none: a secret key begins with sk_");
    }
    Ok(SecretText::new(key.to_owned()))
}

fn key_source(path: &Path) -> String {
    if path == Path::new("-") { "the standard input".to_owned() } else { path.display().to_string() }
}

/// Whether a URL is of this machine.
fn is_here(url: &str) -> bool {
    let Ok(uri) = url.parse::<http::Uri>() else { return false };
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// A variable that is misspelled would let another server be used than was meant.
fn check_variables() -> Result<(), ExitError> {
    let names = load::environment().into_iter().filter_map(|(name, _)| name.into_string().ok());
    let is_known = |name: &str| {
        ["ACTAS_URL", "ACTAS_PROFILE", "ACTAS_CONFIG"].contains(&name)
            || OPTIONS.iter().any(|option| option.variable() == name)
    };
    match names.into_iter().find(|name| name.starts_with(VARIABLE_PREFIX) && !is_known(name)) {
        None => Ok(()),
        Some(name) => Err(ExitError::Configuration(format!(
            "the variable {} means nothing to actas: unset it, or is it a misspelling of ACTAS_URL or ACTAS_PROFILE?",
            output::harmless(&name)
        ))),
    }
}

/// This process' environment and files.
struct Machine;

impl Sources for Machine {
    fn variable(&self, name: &str) -> Option<String> {
        load::variable(name).map(|text| text.to_string_lossy().into_owned())
    }

    fn key_file(&self, path: &Path) -> Result<SecretText, ExitError> {
        key_file(path)
    }

    fn profiles(&self) -> Result<Option<Profiles>, ExitError> {
        profiles::path().ok().map(|path| profiles::load(&path)).transpose()
    }

    fn dev(&self) -> Result<Option<(String, SecretText)>, ExitError> {
        let Some(text) = private_file::read(Path::new(DEV_ENV))? else { return Ok(None) };
        let value = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        let (Some(url), Some(key)) = (value("ACTAS_URL"), value("CLERK_SECRET_KEY")) else { return Ok(None) };
        // The folder may have been unpacked from anywhere, or be somebody else's.
        if !private_file::is_own(Path::new(DEV_ENV)) {
            return Err(ExitError::Configuration(format!(
                "{DEV_ENV} belongs to another user, and would say which server is meant: name one with --url or --profile"
            )));
        }
        if !is_here(url) {
            return Err(ExitError::Configuration(format!(
                "{DEV_ENV} names {}, which is not on this machine: name a server with --url or --profile",
                output::harmless(url)
            )));
        }
        Ok(Some((url.to_owned(), secret_key(key, DEV_ENV)?)))
    }
}
