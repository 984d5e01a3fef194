//! Retention: what is over is kept for a configured time and then removed, in small steps; the record keeps its own,
//! longer time.
//!
//! Only what is final goes, and each kind by one time that never moves any more, so that a step reads one range of an
//! index however much there is:
//!
//! | what | goes so long behind | why it is of no use to anybody then |
//! | --- | --- | --- |
//! | an actor token, and its session with it | its lifetime, and the longest impersonation | its ticket is dead, its session over |
//! | a sign-in token | its lifetime | its ticket is dead |
//! | an ordinary session that ended | the end that it was bound for | no token of it is alive: none outlives that end |
//! | a client without a session | the last change of its sessions, and the longest life of one | no session is to come back to |
//! | an entry of the record | its own time, and only from the oldest on | the record's time is over |
//!
//! A return refers to a session that was set aside, and is worth nothing from the very end on that this session was
//! bound for; so no return that can still be opened loses its session. Users never go.

mod cut;

use crate::{refusal::Failure, settings::Settings, time::UnixMillis, world::World};

/// Rows of one kind that a step removes at most; with an actor token its session goes too.
pub const STEP_ROWS: u32 = 100;

/// What is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purged {
    /// By `expires_at`, whatever became of the token. Its session goes in the same step, and a token whose session is
    /// stored as active stays.
    ActorTokens,
    /// By `expires_at`, whatever became of the token.
    SignInTokens,
    /// Those without an actor token that are stored as over, by [`crate::session::Session::ends_at`].
    Sessions,
    /// Those without any session, return or attempt to sign in, by `updated_at`.
    Clients,
    /// From the oldest on, up to the position or to the first that is younger; never the newest.
    Entries { through: u64 },
}

impl Purged {
    /// All words of [`Purged::as_str`].
    pub const WORDS: [&'static str; 5] =
        ["actor_tokens", "sign_in_tokens", "sessions", "clients", "audit_entries"];

    /// The word in metrics and log lines.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ActorTokens => "actor_tokens",
            Self::SignInTokens => "sign_in_tokens",
            Self::Sessions => "sessions",
            Self::Clients => "clients",
            Self::Entries { .. } => "audit_entries",
        }
    }
}

/// One kind of rows, and for how long they are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purge {
    pub of: Purged,
    /// Behind the time by which they go.
    pub kept_seconds: i64,
}

impl Purge {
    /// What goes at `now` is of this time or older.
    pub const fn until(&self, now: UnixMillis) -> UnixMillis {
        now.plus_seconds(self.kept_seconds.saturating_neg())
    }
}

/// What one run removes, kind by kind. Where entries of the record go, that is on record when this returns.
pub async fn begin(world: &World) -> Result<Vec<Purge>, Failure> {
    let mut purges = of_rows(&world.settings);
    purges.extend(cut::announce(world).await?);
    Ok(purges)
}

/// Removes what has been kept for long enough, the oldest first, at most [`STEP_ROWS`]. Returns how many there were:
/// after a full step there may be more.
pub async fn step(world: &World, purge: &Purge) -> Result<u32, Failure> {
    Ok(world.store.purge(purge, world.now(), STEP_ROWS).await?)
}

/// Tokens before what they lead to.
fn of_rows(settings: &Settings) -> Vec<Purge> {
    let Some(kept) = settings.retention_seconds else { return Vec::new() };
    let impersonation = settings.impersonated_session_max_seconds;
    // A session is gone so long behind its beginning, so that a client is looked at when its sessions are.
    let of_client = settings.ordinary_session_seconds.max(settings.ticket_max_seconds + impersonation);
    vec![
        Purge { of: Purged::ActorTokens, kept_seconds: kept.saturating_add(impersonation) },
        Purge { of: Purged::SignInTokens, kept_seconds: kept },
        Purge { of: Purged::Sessions, kept_seconds: kept },
        Purge { of: Purged::Clients, kept_seconds: kept.saturating_add(of_client) },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_goes_unless_a_time_is_set() {
        assert_eq!(of_rows(&Settings { retention_seconds: None, ..Settings::default() }), []);
    }

    #[test]
    fn a_token_stays_for_as_long_as_its_session_may_live() {
        let settings = Settings {
            retention_seconds: Some(100),
            impersonated_session_max_seconds: 30,
            ticket_max_seconds: 50,
            ordinary_session_seconds: 70,
            ..Settings::default()
        };
        let kept = |of| of_rows(&settings).into_iter().find(|purge| purge.of == of).unwrap().kept_seconds;
        assert_eq!(kept(Purged::ActorTokens), 130);
        assert_eq!(kept(Purged::SignInTokens), 100);
        assert_eq!(kept(Purged::Sessions), 100);
        // The last session of a ticket may begin after 50 seconds and end after 30 more.
        assert_eq!(kept(Purged::Clients), 180);
        let purge = Purge { of: Purged::Sessions, kept_seconds: 100 };
        assert_eq!(purge.until(UnixMillis::from_seconds(1_000)), UnixMillis::from_seconds(900));
    }
}
