//! The connection to a running server, for every command that speaks to one through the SDK.

mod choice;
mod explain;
mod follow;
mod people;
mod rows;
mod transient;

pub(crate) use follow::{End, follow, newest_position};
pub(crate) use people::{Names, find_user, label, name};
pub(crate) use rows::{Rows, page_limit, take};

use transient::Patience;

use crate::{
    args::ServerArguments,
    exit::ExitError,
    load, output, private_file,
    profiles::{self, Profiles},
};
use actas_domain::{secret::SecretText, time::UnixMillis};
use actas_sdk::{Client, RetryPolicy, Server, Timestamp};
use choice::{Choice, Sources};
use std::{
    io::{self, Read as _},
    path::Path,
    time::Duration,
};

/// What `actas dev` writes for apps.
const DEV_ENV: &str = "./.actas/dev.env";
/// Where Clerk's own service is, which honours no `Idempotency-Key` and has no record.
const CLERK: &str = "https://api.clerk.com";
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
        let wrong = |hint: &str, error: actas_sdk::Error| {
            ExitError::Configuration(format!("the URL from {}: {error}{hint}", choice.url_from))
        };
        let client = Client::builder()
            .bearer(choice.secret_key.reveal())
            .server(server(&choice).map_err(|error| wrong("", error))?)
            .timeout(TIMEOUT)
            .retry(RetryPolicy::default().max_attempts(ATTEMPTS_MAX))
            .user_agent(concat!("actas-cli/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| wrong("; on the command line that is --allow-http", error))?;
        Ok(Self { client, choice })
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
}

/// The API's times are those of the record.
pub(crate) const fn at(time: Timestamp) -> UnixMillis {
    UnixMillis::from_millis(time.unix_millis())
}

fn server(choice: &Choice) -> Result<Server, actas_sdk::Error> {
    let is_clerks = choice.url.trim_end_matches('/').trim_end_matches("/v1") == CLERK;
    let server = if is_clerks { Server::clerk() } else { Server::actas(&choice.url)? };
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
    Ok(SecretText::new(key.to_owned()))
}

fn key_source(path: &Path) -> String {
    if path == Path::new("-") { "the standard input".to_owned() } else { path.display().to_string() }
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

    fn profiles(&self) -> Result<Profiles, ExitError> {
        // Without a home there are no profiles, and none is missed.
        profiles::path().map_or_else(|_| Ok(Profiles::default()), |path| profiles::load(&path))
    }

    fn dev(&self) -> Result<Option<(String, SecretText)>, ExitError> {
        let Some(text) = private_file::read(Path::new(DEV_ENV))? else { return Ok(None) };
        let value = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        match (value("ACTAS_URL"), value("CLERK_SECRET_KEY")) {
            (Some(url), Some(key)) => Ok(Some((url.to_owned(), secret_key(key, DEV_ENV)?))),
            _ => Ok(None),
        }
    }
}
