//! Wrong passwords in a row, and the lockout that follows from too many.
//!
//! A lockout blocks sign-in by password and nothing else: it ends no session and is not the lock of the Backend API.
//! Identifiers that nobody has are counted and locked out in the same way, so that a lockout tells nobody who exists.

use crate::{
    ids::UserId, refusal::Failure, secret::SecretHash, settings::Settings, time::UnixMillis, world::World,
};

/// Wrong passwords since the last right one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordFailures {
    /// At least 1.
    pub count: u32,
    pub last_at: UnixMillis,
}

/// At whose password somebody guesses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Guessed {
    User(UserId),
    /// An identifier that nobody has, by its hash: it is not kept itself.
    Nobody(SecretHash),
}

/// What wrong passwords mean at a certain time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lockout {
    /// So many more attempts are allowed.
    Open { attempts_remaining: u32 },
    /// For so many seconds, at least 1.
    Closed { seconds: i64 },
}

impl Lockout {
    /// Failures are forgotten when the last one lies as far back as a lockout lasts; the same end ends a lockout.
    pub fn of(failures: Option<PasswordFailures>, settings: &Settings, now: UnixMillis) -> Self {
        let failures = failures.filter(|failures| now < forgotten_at(*failures, settings));
        let count = failures.map_or(0, |failures| failures.count);
        match failures {
            Some(failures) if count >= settings.password_attempts_max => {
                let millis = forgotten_at(failures, settings).millis_since(now);
                Self::Closed { seconds: millis.saturating_add(999).div_euclid(1_000).max(1) }
            }
            _ => Self::Open { attempts_remaining: settings.password_attempts_max.saturating_sub(count) },
        }
    }
}

/// The failures after one more at `now`.
pub(super) fn one_more(
    failures: Option<PasswordFailures>,
    settings: &Settings,
    now: UnixMillis,
) -> PasswordFailures {
    let remembered = failures.filter(|failures| now < forgotten_at(*failures, settings));
    let count = remembered.map_or(0, |failures| failures.count).saturating_add(1);
    PasswordFailures { count, last_at: now }
}

/// Failures whose last is at or before this count no more.
const fn forgotten_until(settings: &Settings, now: UnixMillis) -> UnixMillis {
    now.plus_seconds(-settings.password_lockout_seconds)
}

const fn forgotten_at(failures: PasswordFailures, settings: &Settings) -> UnixMillis {
    failures.last_at.plus_seconds(settings.password_lockout_seconds)
}

/// Attempts, failures and returns, of each, that one sweep removes at most; a sweep that finds so many is followed by
/// another at once.
pub const FORGET_LIMIT: u32 = 500;

/// Removes attempts to sign in and failures that mean nothing any more, [`FORGET_LIMIT`] of each at most. Returns how
/// many there were.
pub async fn forget(world: &World) -> Result<u32, Failure> {
    let now = world.now();
    let forgotten = forgotten_until(&world.settings, now);
    Ok(world.store.forget_sign_ins(now, forgotten, FORGET_LIMIT).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings { password_attempts_max: 3, password_lockout_seconds: 60, ..Settings::default() }
    }

    fn at(seconds: i64) -> UnixMillis {
        UnixMillis::from_seconds(seconds)
    }

    #[test]
    fn the_third_failure_closes_for_as_long_as_a_lockout_lasts() {
        let settings = settings();
        let mut failures = None;
        for (second, attempts_remaining) in [(0, 2), (59, 1)] {
            failures = Some(one_more(failures, &settings, at(second)));
            assert_eq!(Lockout::of(failures, &settings, at(second)), Lockout::Open { attempts_remaining });
        }
        failures = Some(one_more(failures, &settings, at(70)));
        assert_eq!(Lockout::of(failures, &settings, at(70)), Lockout::Closed { seconds: 60 });
        let last = UnixMillis::from_millis(129_999);
        assert_eq!(Lockout::of(failures, &settings, last), Lockout::Closed { seconds: 1 });
        assert_eq!(Lockout::of(failures, &settings, at(130)), Lockout::Open { attempts_remaining: 3 });
    }

    #[test]
    fn failures_are_forgotten_when_nobody_tries() {
        let settings = settings();
        let two = PasswordFailures { count: 2, last_at: at(0) };
        assert_eq!(one_more(Some(two), &settings, at(59)).count, 3);
        assert_eq!(one_more(Some(two), &settings, at(60)).count, 1);
        assert_eq!(forgotten_until(&settings, at(60)), at(0));
    }
}
