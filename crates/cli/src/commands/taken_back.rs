//! What is told of a store that went back in time: what was taken back, and the keys that came back with it.

use crate::{
    exit::ExitError,
    output::{self, Cell, Column, Screen, Table, grouped},
};
use actas_domain::{
    keys::SigningKey,
    ports::Store,
    secret_key::SecretKey,
    time::UnixMillis,
    transfer::{Kind, Row, Source, Value, Withdrawn},
};
use serde::Serialize;

/// As it is printed with `--json`.
#[derive(Debug, Default, Serialize)]
pub(super) struct TakenBack {
    revoked_actor_tokens: u64,
    revoked_sign_in_tokens: u64,
    ended_sessions: u64,
    dropped_returns: u64,
    #[serde(flatten)]
    keys: ValidKeys,
}

/// What is valid now, and may have been revoked or withdrawn since.
#[derive(Debug, Default, Serialize)]
struct ValidKeys {
    valid_secret_keys: Vec<ValidKey>,
    signing_keys: Vec<PublishedKey>,
}

#[derive(Debug, Serialize)]
struct ValidKey {
    id: String,
    name: String,
    created_at: String,
}

#[derive(Debug, Serialize)]
struct PublishedKey {
    id: String,
    status: &'static str,
    created_at: String,
    current_since: Option<String>,
}

/// When the newest entry of a record was made, which is how far back a store goes as far as is known; none without
/// entries.
pub(super) async fn newest_entry(source: &mut dyn Source) -> Option<UnixMillis> {
    let head = source.head().await.ok()?;
    let before: Row = vec![Value::Integer(i64::try_from(head).ok()? - 1)];
    let rows = source.page(Kind::AuditEntries, Some(&before), 1).await.ok()?;
    match Kind::AuditEntries.value(rows.first()?, "at")? {
        Value::Integer(millis) => Some(UnixMillis::from_millis(*millis)),
        _ => None,
    }
}

impl TakenBack {
    /// With the keys that the store has now.
    ///
    /// # Errors
    /// [`ExitError::Store`], when they cannot be read.
    pub(super) async fn of(withdrawn: Withdrawn, store: &dyn Store, name: &str) -> Result<Self, ExitError> {
        let failed = |error| ExitError::Store(format!("{name}: {error}"));
        let mut secret_keys = store.secret_keys().await.map_err(failed)?;
        secret_keys.retain(SecretKey::is_valid);
        let signing_keys = store.signing_keys().await.map_err(failed)?;
        Ok(Self {
            revoked_actor_tokens: withdrawn.actor_tokens,
            revoked_sign_in_tokens: withdrawn.sign_in_tokens,
            ended_sessions: withdrawn.sessions,
            dropped_returns: withdrawn.returns,
            keys: ValidKeys::of(secret_keys, signing_keys),
        })
    }

    pub(super) fn print_counts(&self) -> Result<(), ExitError> {
        output::line(format!(
            "Taken back, on record: {} pending actor tokens and {} pending sign-in tokens revoked, {} live sessions \
             ended, {} kept returns dropped.",
            grouped(self.revoked_actor_tokens),
            grouped(self.revoked_sign_in_tokens),
            grouped(self.ended_sessions),
            grouped(self.dropped_returns)
        ))
    }

    pub(super) fn print_keys(&self) -> Result<(), ExitError> {
        self.keys.print_signing_keys()?;
        self.keys.print_secret_keys()
    }
}

impl ValidKeys {
    fn of(secret_keys: Vec<SecretKey>, signing_keys: Vec<SigningKey>) -> Self {
        let valid_key = |key: SecretKey| ValidKey {
            id: key.id.to_string(),
            name: key.name,
            created_at: key.created_at.to_rfc3339(),
        };
        let published_key = |key: SigningKey| PublishedKey {
            id: key.id.to_string(),
            status: key.status.as_str(),
            created_at: key.created_at.to_rfc3339(),
            current_since: key.current_since.map(UnixMillis::to_rfc3339),
        };
        Self {
            valid_secret_keys: secret_keys.into_iter().map(valid_key).collect(),
            signing_keys: signing_keys.into_iter().map(published_key).collect(),
        }
    }

    fn print_signing_keys(&self) -> Result<(), ExitError> {
        output::line(
            "These signing keys are published now. One that was withdrawn since then signs again: if any was, run actas \
             keys rotate --now --withdraw before the instance is used.",
        )?;
        let screen = Screen::of_stdout(false);
        let columns = ["ID", "STATUS", "PUBLISHED", "SIGNS SINCE"].map(Column::whole);
        let mut table = Table::new(columns);
        for key in &self.signing_keys {
            let since = key.current_since.as_deref().unwrap_or_default();
            table.add([
                Cell::new(&key.id),
                Cell::status(key.status),
                Cell::new(screen.named_time(&key.created_at)),
                Cell::new(screen.named_time(since)),
            ]);
        }
        output::line(table.render(&screen))
    }

    fn print_secret_keys(&self) -> Result<(), ExitError> {
        if self.valid_secret_keys.is_empty() {
            return output::line("No secret key is valid: make one with actas secret-keys create.");
        }
        output::line(
            "These secret keys are valid now. One that was revoked since then is valid again, and one that was made since \
             is unknown: revoke and make them with actas secret-keys.",
        )?;
        let screen = Screen::of_stdout(false);
        let mut table = Table::new([Column::whole("ID"), Column::whole("NAME"), Column::whole("CREATED")]);
        for key in &self.valid_secret_keys {
            table.add([
                Cell::new(&key.id),
                Cell::new(&key.name),
                Cell::new(screen.named_time(&key.created_at)),
            ]);
        }
        output::line(table.render(&screen))
    }
}
