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

use crate::{audit::AuditEntry, refusal::Failure, settings::Settings, time::UnixMillis, world::World};

/// Rows of one kind that a step looks at, and so removes at most; with an actor token its session goes too.
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
    /// The oldest behind `after`, up to `through` or to the first that is younger; never the newest. Whoever gives another
    /// `after` than 0 knows that all before it are gone.
    Entries { after: u64, through: u64 },
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

/// A row's place in the order in which its kind is purged.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The time by which the row goes.
    pub at: UnixMillis,
    pub id: String,
}

/// One kind of rows, and for how long they are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purge {
    pub of: Purged,
    /// Behind the time by which they go.
    pub kept_seconds: i64,
    /// The last row that was looked at, of those that have places: a row that stays is looked at once in a run, however
    /// many stay.
    pub behind: Option<Place>,
}

/// What one step did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stepped {
    /// Rows that were removed.
    pub removed: u32,
    /// What is left to look at; nothing when all was looked at.
    pub rest: Option<Purge>,
}

impl Purge {
    /// All of a kind.
    pub const fn of(of: Purged, kept_seconds: i64) -> Self {
        Self { of, kept_seconds, behind: None }
    }

    /// What is left behind a row that was looked at.
    pub fn from(&self, behind: Place) -> Self {
        Self { behind: Some(behind), ..self.clone() }
    }

    /// What goes at `now` is of this time or older.
    pub const fn until(&self, now: UnixMillis) -> UnixMillis {
        now.plus_seconds(self.kept_seconds.saturating_neg())
    }
}

/// What one run is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// The run's time: the server's clock and the store's both say so.
    pub now: UnixMillis,
    /// Kind by kind.
    pub purges: Vec<Purge>,
}

/// Finds out what one run removes. Where entries of the record go, that is on record when this returns.
pub async fn begin(world: &World) -> Result<Begun, Failure> {
    let now = world.now().min(world.store.time().await?);
    let mut purges = of_rows(&world.settings);
    purges.extend(cut::announce(world, now).await?);
    Ok(Begun { now, purges })
}

/// Looks at the next [`STEP_ROWS`], the oldest first, and removes those of them that have been kept for long enough.
pub async fn step(world: &World, purge: &Purge, now: UnixMillis) -> Result<Stepped, Failure> {
    Ok(world.store.purge(purge, now, STEP_ROWS).await?)
}

/// The entry that the record begins with.
pub async fn oldest_entry(world: &World) -> Result<Option<AuditEntry>, Failure> {
    cut::oldest(world).await
}

/// For how long behind its creation something may live, or may lead to what lives: a session for its own time, a ticket
/// for its lifetime and then its session's.
pub const fn longest_life_seconds(settings: &Settings) -> i64 {
    let of_ticket = settings.ticket_max_seconds.saturating_add(settings.impersonated_session_max_seconds);
    if settings.ordinary_session_seconds > of_ticket { settings.ordinary_session_seconds } else { of_ticket }
}

/// Tokens before what they lead to.
fn of_rows(settings: &Settings) -> Vec<Purge> {
    let Some(kept) = settings.retention_seconds else { return Vec::new() };
    let impersonation = settings.impersonated_session_max_seconds;
    vec![
        Purge::of(Purged::ActorTokens, kept.saturating_add(impersonation)),
        Purge::of(Purged::SignInTokens, kept),
        Purge::of(Purged::Sessions, kept),
        // A session is gone so long behind its beginning, so that a client is looked at when its sessions are.
        Purge::of(Purged::Clients, kept.saturating_add(longest_life_seconds(settings))),
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
        let purge = Purge::of(Purged::Sessions, 100);
        assert_eq!(purge.until(UnixMillis::from_seconds(1_000)), UnixMillis::from_seconds(900));
    }
}
