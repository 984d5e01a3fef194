//! Searching for a user and picking one, in a terminal.

use super::impersonate::Subject;
use crate::{
    exit::ExitError,
    output, prompt,
    remote::{Remote, label},
};
use actas_sdk::users::{ListUsers, User};

/// As many as can be looked through.
const FOUND_MAX: u32 = 50;
const AGAIN: &str = "… search again";

/// Asks until somebody is picked; the answer of nothing shows the newest users.
///
/// # Errors
/// [`ExitError::Configuration`] where nobody can be asked, [`ExitError::Interrupted`], and what the server says.
pub(super) async fn subject(remote: &Remote) -> Result<Subject, ExitError> {
    if !prompt::is_possible() {
        return Err(ExitError::Configuration(
            "whom to act as? Name a user id or an e-mail address: actas impersonate USER".to_owned(),
        ));
    }
    loop {
        let text = prompt::text("Act as whom? Part of a name, e-mail address or id", true)?;
        let asked = ListUsers::new().limit(FOUND_MAX);
        let asked = if text.is_empty() { asked } else { asked.query(&text) };
        let mut found = remote.client.users().list(asked).await.map_err(|error| remote.explain(&error))?;
        if found.is_empty() && text.is_empty() {
            return Err(ExitError::NotFound(format!(
                "{} has no users: make one with actas users create, or name a user id",
                remote.url()
            )));
        }
        if found.is_empty() {
            output::note("nobody found");
            continue;
        }
        let chosen = prompt::choose("Whom", &choices(&found))?;
        if chosen < found.len() {
            let user = found.swap_remove(chosen);
            return Ok(Subject { label: label(&user), id: user.id, unknown: None });
        }
    }
}

/// A line for each, and the way back. The id tells apart those who are called the same.
fn choices(found: &[User]) -> Vec<String> {
    let one = |user: &User| match label(user) {
        label if label == user.id => label,
        label => format!("{label}  {}", user.id),
    };
    let again = if found.len() == FOUND_MAX as usize {
        format!("{AGAIN} (only the first {FOUND_MAX} are shown)")
    } else {
        AGAIN.to_owned()
    };
    found.iter().map(one).chain([again]).collect()
}
