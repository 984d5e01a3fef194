//! Whether a failed attempt is repeated: a pure function of all that matters.

use super::RetryPolicy;
use crate::transport::Method;
use std::time::Duration;

/// What the server promises about a POST that arrives twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Promise {
    /// It acts once and answers the same, because the request carries an `Idempotency-Key` that it honours.
    ActsOnce,
    /// Nothing.
    Nothing,
}

/// How an attempt failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// It certainly did not reach the server.
    NotSent,
    /// The connection was cut before the whole answer was here.
    Interrupted,
    /// The answer took too long.
    TimedOut,
    /// The server answered that the key was used for another request.
    KeyReused,
    /// The server answered with a status that is no success.
    Refused { status: u16, retry_after: Option<Duration> },
    /// A failure that another attempt would meet again: an answer that cannot be understood or is too long, a
    /// request that could not be made.
    Permanent,
}

/// All that the decision stands on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Situation<'a> {
    pub(crate) method: Method,
    pub(crate) promise: Promise,
    pub(crate) failure: Failure,
    /// How many attempts were made, 1 or more.
    pub(crate) attempts: u32,
    /// Since the call began.
    pub(crate) elapsed: Duration,
    /// The longest that the call may take.
    pub(crate) total: Duration,
    pub(crate) policy: &'a RetryPolicy,
    /// From 0 up to 1, without 1.
    pub(crate) random: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    GiveUp,
    RepeatAfter(Duration),
}

/// The least time that is left to an attempt that repeats another; of a short call a quarter.
const USEFUL_TIME: Duration = Duration::from_secs(1);

pub(crate) fn decide(situation: &Situation<'_>) -> Decision {
    if !may_repeat(situation) || situation.attempts >= situation.policy.max_attempts {
        return Decision::GiveUp;
    }
    let wait = wait(situation);
    // An attempt that has hardly any time makes of a failure that is certain one that is not.
    let left = situation.elapsed.checked_add(wait).and_then(|next| situation.total.checked_sub(next));
    match left {
        Some(left) if left >= USEFUL_TIME.min(situation.total / 4) && !left.is_zero() => {
            Decision::RepeatAfter(wait)
        }
        _ => Decision::GiveUp,
    }
}

fn may_repeat(situation: &Situation<'_>) -> bool {
    match situation.failure {
        // Refused before anything was done, or never seen.
        Failure::NotSent | Failure::Refused { status: 429, .. } => true,
        Failure::Interrupted | Failure::TimedOut | Failure::Refused { status: 500..=599, .. } => {
            may_arrive_twice(situation.method, situation.promise)
        }
        Failure::KeyReused | Failure::Refused { .. } | Failure::Permanent => false,
    }
}

/// GET, PUT and DELETE mean the same however often they arrive (RFC 9110, section 9.2.2). A PATCH need not: what
/// it changes may have been changed again by somebody else in between, and would be overwritten.
fn may_arrive_twice(method: Method, promise: Promise) -> bool {
    match method {
        Method::Get | Method::Put | Method::Delete => true,
        Method::Patch => false,
        Method::Post => promise == Promise::ActsOnce,
    }
}

/// Between half of the delay and the whole, so that clients that failed together do not come back together. What
/// the server asks for, if that is longer, is waited for in full, and then a little more for the same reason.
fn wait(situation: &Situation<'_>) -> Duration {
    let policy = situation.policy;
    let doublings = situation.attempts.saturating_sub(1);
    let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
    let delay = jittered(policy.initial_delay.saturating_mul(factor).min(policy.max_delay), situation.random);
    match situation.failure {
        Failure::Refused { retry_after: Some(asked), .. } => {
            let spread = jittered(policy.initial_delay.min(policy.max_delay), situation.random);
            asked.max(delay).saturating_add(spread)
        }
        _ => delay,
    }
}

fn jittered(delay: Duration, random: f64) -> Duration {
    delay.mul_f64(0.5 + random.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const METHODS: [Method; 5] = [Method::Get, Method::Post, Method::Put, Method::Patch, Method::Delete];
    const PROMISES: [Promise; 2] = [Promise::ActsOnce, Promise::Nothing];

    fn refused(status: u16) -> Failure {
        Failure::Refused { status, retry_after: None }
    }

    fn situation(policy: &RetryPolicy) -> Situation<'_> {
        Situation {
            method: Method::Get,
            promise: Promise::Nothing,
            failure: Failure::Interrupted,
            attempts: 1,
            elapsed: Duration::ZERO,
            total: Duration::from_secs(60),
            policy,
            random: 0.5,
        }
    }

    fn repeats(method: Method, promise: Promise, failure: Failure) -> bool {
        let policy = RetryPolicy::default();
        decide(&Situation { method, promise, failure, ..situation(&policy) }) != Decision::GiveUp
    }

    #[test]
    fn what_never_reached_the_server_and_429_are_repeated_whatever_the_method() {
        for method in METHODS {
            for promise in PROMISES {
                assert!(repeats(method, promise, Failure::NotSent), "{method} {promise:?}");
                assert!(repeats(method, promise, refused(429)), "{method} {promise:?}");
            }
        }
    }

    #[test]
    fn what_may_have_arrived_is_repeated_where_it_does_no_harm() {
        let mut unclear = vec![Failure::Interrupted, Failure::TimedOut];
        unclear.extend((500..=599).map(refused));
        for failure in unclear {
            // Written out for each, so that the rule is not its own proof.
            for (method, promise, expected) in [
                (Method::Get, Promise::ActsOnce, true),
                (Method::Get, Promise::Nothing, true),
                (Method::Put, Promise::ActsOnce, true),
                (Method::Put, Promise::Nothing, true),
                (Method::Delete, Promise::ActsOnce, true),
                (Method::Delete, Promise::Nothing, true),
                (Method::Post, Promise::ActsOnce, true),
                (Method::Post, Promise::Nothing, false),
                (Method::Patch, Promise::ActsOnce, false),
                (Method::Patch, Promise::Nothing, false),
            ] {
                assert_eq!(repeats(method, promise, failure), expected, "{method} {promise:?} {failure:?}");
            }
        }
    }

    #[test]
    fn every_other_answer_is_final() {
        let mut finals = vec![Failure::KeyReused, Failure::Permanent];
        finals.extend((100..=499).filter(|status| *status != 429).map(refused));
        for failure in finals {
            for method in METHODS {
                for promise in PROMISES {
                    assert!(!repeats(method, promise, failure), "{method} {promise:?} {failure:?}");
                }
            }
        }
    }

    #[test]
    fn attempts_are_bounded() {
        for most in 1..10 {
            let policy = RetryPolicy::default().max_attempts(most);
            for attempts in 1..12 {
                let decision = decide(&Situation { attempts, ..situation(&policy) });
                assert_eq!(decision == Decision::GiveUp, attempts >= most, "{attempts} of {most}");
            }
        }
        let none = RetryPolicy::none();
        assert_eq!(decide(&situation(&none)), Decision::GiveUp);
    }

    #[test]
    fn waits_double_up_to_the_longest_and_are_half_random() {
        let policy = RetryPolicy::default()
            .max_attempts(u32::MAX)
            .initial_delay(Duration::from_millis(100))
            .max_delay(Duration::from_millis(1_000));
        let wait = |attempts, random| match decide(&Situation { attempts, random, ..situation(&policy) }) {
            Decision::RepeatAfter(wait) => wait.as_millis(),
            Decision::GiveUp => panic!("it gave up at {attempts}"),
        };
        let longest = [100, 200, 400, 800, 1_000, 1_000];
        for (index, longest) in longest.into_iter().enumerate() {
            let attempts = u32::try_from(index).unwrap() + 1;
            assert_eq!(wait(attempts, 0.0), longest / 2);
            assert_eq!(wait(attempts, 0.5), longest * 3 / 4);
            assert!((longest / 2..=longest).contains(&wait(attempts, 0.999_999)));
        }
        assert_eq!(wait(1_000_000, 0.0), 500, "no number of attempts overflows");
    }

    #[test]
    fn what_the_server_asks_for_is_waited_for_in_full() {
        let policy = RetryPolicy::default()
            .initial_delay(Duration::from_millis(100))
            .max_delay(Duration::from_millis(1_000));
        for status in [429, 503] {
            let failure = Failure::Refused { status, retry_after: Some(Duration::from_secs(7)) };
            for (random, expected) in [(0.0, 7_050), (0.5, 7_075)] {
                let decision = decide(&Situation { failure, random, attempts: 3, ..situation(&policy) });
                assert_eq!(decision, Decision::RepeatAfter(Duration::from_millis(expected)));
            }
        }
    }

    #[test]
    fn a_server_that_asks_for_less_than_the_delay_does_not_shorten_it() {
        let policy = RetryPolicy::default()
            .initial_delay(Duration::from_millis(100))
            .max_delay(Duration::from_millis(1_000));
        let failure = Failure::Refused { status: 429, retry_after: Some(Duration::ZERO) };
        for (attempts, expected) in [(1, 100), (2, 150), (4, 450)] {
            let decision = decide(&Situation { failure, attempts, random: 0.0, ..situation(&policy) });
            assert_eq!(decision, Decision::RepeatAfter(Duration::from_millis(expected)));
        }
    }

    #[test]
    fn no_wait_goes_beyond_the_calls_time() {
        let policy = RetryPolicy::default()
            .initial_delay(Duration::from_millis(100))
            .max_delay(Duration::from_millis(100));
        let at = |elapsed, total| {
            let (elapsed, total) = (Duration::from_millis(elapsed), Duration::from_millis(total));
            decide(&Situation { elapsed, total, random: 0.0, ..situation(&policy) })
        };
        let wait = Decision::RepeatAfter(Duration::from_millis(50));
        assert_eq!(at(100, 200), wait, "a quarter is left");
        assert_eq!(at(101, 200), Decision::GiveUp);
        assert_eq!(at(8_950, 10_000), wait, "a second is left");
        assert_eq!(at(8_951, 10_000), Decision::GiveUp);
        assert_eq!(at(2_000, 1_000), Decision::GiveUp);
        assert_eq!(at(0, 0), Decision::GiveUp);
        let asked = Failure::Refused { status: 429, retry_after: Some(Duration::MAX) };
        let decision = decide(&Situation { failure: asked, total: Duration::MAX, ..situation(&policy) });
        assert_eq!(decision, Decision::GiveUp, "no wait overflows");
    }
}
