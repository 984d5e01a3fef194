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
        let found = remote.client.users().list(asked).await;
        let mut found = found.map_err(|error| remote.explain_list(&error))?;
        // Whoever types a whole address means the one who has it, and not one whose name holds it.
        found.sort_by_key(|user| !has_address(user, &text));
        if found.is_empty() && text.is_empty() {
            return Err(ExitError::NotFound(format!(
                "{} has no users: make one with {}, or name a user id",
                remote.url(),
                remote.command("users create")
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

fn has_address(user: &User, address: &str) -> bool {
    user.email_addresses.iter().any(|own| own.email_address.eq_ignore_ascii_case(address))
}

/// A line for each, and the way back.
fn choices(found: &[User]) -> Vec<String> {
    let again = if found.len() == FOUND_MAX as usize {
        format!("{AGAIN} (only the first {FOUND_MAX} are shown)")
    } else {
        AGAIN.to_owned()
    };
    found.iter().map(label).chain([again]).collect()
}
