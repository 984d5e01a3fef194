//! Users by what people call them.

use super::Remote;
use crate::{
    exit::ExitError,
    output::{self, brief, harmless},
};
use actas_domain::ids::UserId;
use actas_sdk::users::{ListUsers, User};
use std::collections::BTreeMap;

/// The most ids that one list of users can be asked for.
const IDS_MAX: usize = 100;

/// Finds the one user with this id, or with exactly this e-mail address.
///
/// # Errors
/// [`ExitError::NotFound`] when there is none, [`ExitError::Configuration`] when there are several.
pub(crate) async fn find_user(remote: &Remote, text: &str) -> Result<User, ExitError> {
    let by_id = match UserId::parse(text) {
        None => None,
        Some(id) => match remote.client.users().get(id.as_str()).await {
            Ok(user) => Some(user),
            Err(error) if error.is_not_found() && !error.errors().is_empty() => None,
            Err(error) => return Err(remote.explain(&error)),
        },
    };
    let mut found: Vec<User> = by_id.into_iter().collect();
    if text.contains('@') {
        let asked = ListUsers::new().email_address(text).limit(10);
        let by_address = remote.client.users().list(asked).await;
        let by_address = by_address.map_err(|error| remote.explain_list(&error))?;
        found.extend(
            by_address
                .into_iter()
                .filter(|user| !found.iter().any(|other| other.id == user.id))
                .collect::<Vec<_>>(),
        );
    }
    match found.len() {
        0 => Err(no_user(remote, text)),
        1 => Ok(found.remove(0)),
        _ => {
            let ids: Vec<_> = found.iter().map(|user| harmless(&user.id)).collect();
            Err(ExitError::Configuration(format!(
                "{} could be any of several users: {}. Name one by its id",
                brief(text),
                ids.join(", ")
            )))
        }
    }
}

fn no_user(remote: &Remote, text: &str) -> ExitError {
    let shown = brief(text);
    let (kind, part) = match text.split_once('@') {
        Some((name, _)) => ("the e-mail address", name),
        None => ("the id", text),
    };
    ExitError::NotFound(format!(
        "no user at {} has {kind} {shown}; it must be the whole of it. Search with: {}",
        remote.url(),
        remote.command(&format!("users list --query {}", quoted(&brief(part))))
    ))
}

/// The id of a user to filter by. An id is taken as it is, because the user may be deleted or not seen yet; an e-mail
/// address is looked up.
///
/// # Errors
/// As for [`find_user`].
pub(crate) async fn user_id(remote: &Remote, text: &str) -> Result<String, ExitError> {
    if text.contains('@') {
        return Ok(find_user(remote, text).await?.id);
    }
    Ok(text.to_owned())
}

/// The id of who acts. An e-mail address stands for its user; one that no user has is the id itself, for actors need not
/// be users.
///
/// # Errors
/// As for [`find_user`], but for who is no user.
pub(crate) async fn actor_id(remote: &Remote, text: &str) -> Result<String, ExitError> {
    if !text.contains('@') {
        return Ok(text.to_owned());
    }
    match find_user(remote, text).await {
        Ok(user) => Ok(user.id),
        Err(ExitError::NotFound(_)) => {
            output::note(format!("{} is no user of {}, and is taken as it is", brief(text), remote.url()));
            Ok(text.to_owned())
        }
        Err(error) => Err(error),
    }
}

/// A text as one word of a shell.
pub(crate) fn quoted(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.:/@-".contains(&byte);
    let text = harmless(text);
    if !text.is_empty() && text.bytes().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

/// `user_1 <bob@example.com> "Bob Customer"`, or what of it there is. The name is last and quoted, because whoever chose
/// it may have wanted to pass for somebody else.
pub(crate) fn label(user: &User) -> String {
    let contact = contact(user).map(|contact| format!(" <{contact}>")).unwrap_or_default();
    let name = name(user).map(|name| format!(" \"{}\"", name.replace('"', "'"))).unwrap_or_default();
    format!("{}{contact}{name}", user.id)
}

/// The e-mail address, or else a phone number.
pub(crate) fn contact(user: &User) -> Option<&str> {
    let phone = || user.phone_numbers.first().map(|number| number.phone_number.as_str());
    user.email_address().or_else(phone)
}

/// The first and the last name, or the username.
pub(crate) fn name(user: &User) -> Option<String> {
    let full = user.full_name().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    full.or_else(|| user.username.clone().filter(|name| !name.is_empty()))
}

/// What the users of a list are called.
#[derive(Debug, Default)]
pub(crate) struct Names(BTreeMap<String, Option<String>>);

impl Names {
    /// Asks for those that are not known yet. Lists are worth showing without names, so a failure is none.
    pub(crate) async fn learn<'a>(&mut self, remote: &Remote, ids: impl IntoIterator<Item = &'a str>) {
        let mut unknown: Vec<&str> = ids.into_iter().filter(|id| !self.0.contains_key(*id)).collect();
        unknown.sort_unstable();
        unknown.dedup();
        for ids in unknown.chunks(IDS_MAX) {
            let mut asked = ListUsers::new().limit(IDS_MAX as u32);
            for id in ids {
                // With its sign, for a value that begins with one means another thing.
                asked = asked.user_id(format!("+{id}"));
            }
            let Ok(users) = remote.client.users().list(asked).await else { return };
            self.0.extend(ids.iter().map(|id| ((*id).to_owned(), None)));
            self.0.extend(users.iter().map(|user| {
                let called = name(user).or_else(|| contact(user).map(str::to_owned));
                (user.id.clone(), Some(called.unwrap_or_else(|| user.id.clone())))
            }));
        }
    }

    /// The name, or the id of who has none or is no user.
    pub(crate) fn of<'a>(&'a self, id: &'a str) -> &'a str {
        self.0.get(id).and_then(Option::as_deref).unwrap_or(id)
    }

    /// Whether the server was asked, and has no user of this id.
    pub(crate) fn is_nobody(&self, id: &str) -> bool {
        matches!(self.0.get(id), Some(None))
    }

    /// The id, where the name does not say it already.
    pub(crate) fn id_beside<'a>(&self, id: &'a str) -> &'a str {
        if self.of(id) == id { "" } else { id }
    }
}
