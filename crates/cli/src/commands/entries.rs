//! Entries of the record: as a table, and one by one as they come.

use crate::{
    exit::ExitError,
    output::{self, Cell, Column, Screen, Sheet, Table, Tone},
    remote::{Names, Remote, at},
};
use actas_sdk::audit_entries::{AuditEntry, AuditOutcome};
use std::io;

/// Prints entries as a table.
///
/// # Errors
/// [`ExitError::Refused`] when it cannot be written.
pub(super) async fn print(remote: &Remote, entries: &[AuditEntry], utc: bool) -> Result<(), ExitError> {
    if entries.is_empty() {
        return Ok(());
    }
    let screen = Screen::of_stdout(utc);
    let mut names = Names::default();
    names.learn(remote, people(entries)).await;
    let mut table = Table::new([
        Column::whole("#"),
        Column::whole("AT"),
        Column::whole("ACTION"),
        Column::whole("OUTCOME"),
        Column::shrinks("SUBJECT"),
        Column::shrinks("ACTOR"),
        Column::spare_text("CODE"),
        Column::spare_text("REASON"),
        Column::spare_text("CALLER"),
        Column::spare("CAUSE"),
        Column::spare("ABOUT"),
        Column::spare("ADDRESS"),
    ]);
    for entry in entries {
        let text = |text: &Option<String>| Cell::new(text.as_deref().unwrap_or_default());
        let named = |id: &Option<String>| Cell::new(names.of(id.as_deref().unwrap_or_default()));
        table.add([
            Cell::new(entry.position.to_string()),
            Cell::new(screen.time(at(entry.at))),
            Cell::new(entry.action.as_str()),
            Cell::status(entry.outcome.as_str()),
            named(&entry.user_id),
            named(&entry.actor_sub),
            text(&entry.code),
            text(&entry.reason),
            Cell::new(caller(entry)),
            text(&entry.cause),
            Cell::new(about(entry).unwrap_or_default()),
            text(&entry.address),
        ]);
    }
    output::line(table.render(&screen))
}

/// Prints an entry with all of its members.
///
/// # Errors
/// [`ExitError::Refused`] when it cannot be written.
pub(super) async fn show(remote: &Remote, entry: &AuditEntry, utc: bool) -> Result<(), ExitError> {
    let screen = Screen::of_stdout(utc);
    let mut names = Names::default();
    names.learn(remote, people(std::slice::from_ref(entry))).await;
    let mut sheet = Sheet::default();
    sheet.add("position", entry.position.to_string());
    sheet.add("at", screen.full_time(at(entry.at)));
    sheet.add("action", &entry.action);
    sheet.add_status("outcome", entry.outcome.as_str());
    sheet.add_some("code", entry.code.as_deref());
    sheet.add("caller", caller(entry));
    sheet.add_some("address", entry.address.as_deref());
    for (who, its_id, id) in [("subject", "user id", &entry.user_id), ("actor", "actor id", &entry.actor_sub)]
    {
        if let Some(id) = id {
            sheet.add(who, names.of(id));
            sheet.add(its_id, names.id_beside(id));
        }
    }
    sheet.add_some("reason", entry.reason.as_deref());
    sheet.add_some("cause", entry.cause.as_deref());
    sheet.add_some("actor token", entry.actor_token_id.as_deref());
    sheet.add_some("sign-in token", entry.sign_in_token_id.as_deref());
    sheet.add_some("session", entry.session_id.as_deref());
    sheet.add_some("client", entry.client_id.as_deref());
    sheet.add_some("secret key", entry.secret_key_id.as_deref());
    sheet.add_some("signing key", entry.signing_key_id.as_deref());
    sheet.add("trace id", &entry.trace_id);
    output::line(sheet.render(&screen))
}

/// Prints each entry on a line of its own: for people, or as JSON Lines.
///
/// # Errors
/// When it cannot be written, or the reader is gone.
pub(super) async fn tell(
    remote: &Remote,
    entries: &[AuditEntry],
    names: &mut Names,
    json: bool,
) -> io::Result<()> {
    if json {
        return entries.iter().try_for_each(output::json_line);
    }
    names.learn(remote, people(entries)).await;
    let screen = Screen::of_stdout(true);
    entries.iter().try_for_each(|entry| output::try_line(line(entry, names, &screen)))
}

/// `12  2026-11-24T08:47:05Z  actor_token.created  Alice Support as Bob Customer  act_…  by secret_key key_…`
fn line(entry: &AuditEntry, names: &Names, screen: &Screen) -> String {
    let name = |id: &Option<String>| id.as_deref().map(|id| output::harmless(names.of(id)));
    let who = match (name(&entry.actor_sub), name(&entry.user_id)) {
        (Some(actor), Some(subject)) => Some(format!("{actor} as {subject}")),
        (None, subject) => subject,
        (actor, None) => actor,
    };
    let outcome = (entry.outcome != AuditOutcome::Done).then(|| {
        let code = entry.code.as_deref().unwrap_or_default();
        screen.paint(Tone::Bad, &output::harmless(&format!("{} {code}", entry.outcome.as_str())))
    });
    let text = |text: Option<&str>| text.map(output::harmless);
    let parts = [
        Some(screen.paint(Tone::Quiet, &format!("{:>4}  {}", entry.position, screen.time(at(entry.at))))),
        Some(format!("{:<20}", output::harmless(entry.action.as_str()))),
        outcome,
        who,
        text(about(entry)),
        // An accepted ticket's entry is also the beginning of a session.
        text(entry.session_id.as_deref().filter(|id| about(entry) != Some(id))),
        text(entry.cause.as_deref()),
        Some(format!("by {}", output::harmless(&caller(entry)))),
        entry.reason.as_deref().map(|reason| format!("({})", output::harmless(reason))),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("  ").trim_end().to_owned()
}

fn people(entries: &[AuditEntry]) -> impl Iterator<Item = &str> {
    entries.iter().flat_map(|entry| [&entry.user_id, &entry.actor_sub]).flatten().map(String::as_str)
}

/// The id of what the entry is about, besides the people.
fn about(entry: &AuditEntry) -> Option<&str> {
    let token = || entry.actor_token_id.as_deref().or(entry.sign_in_token_id.as_deref());
    let key = || entry.secret_key_id.as_deref().or(entry.signing_key_id.as_deref());
    let is_of_session = entry.action.as_str().starts_with("session");
    let first = if is_of_session { entry.session_id.as_deref() } else { token() };
    first.or_else(token).or(entry.session_id.as_deref()).or_else(key).or(entry.client_id.as_deref())
}

fn caller(entry: &AuditEntry) -> String {
    match &entry.caller.id {
        Some(id) => format!("{} {id}", entry.caller.kind),
        None => entry.caller.kind.to_string(),
    }
}
