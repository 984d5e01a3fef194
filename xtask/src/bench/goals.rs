//! The goals, each as a ratio of what one run found, or as a figure of it.

use super::findings::{Findings, Spread};

pub(super) struct Goal {
    /// What of Actas, in words.
    pub(super) what: &'static str,
    measure: Measure,
    bound: Bound,
}

enum Measure {
    Value(&'static str),
    Ratio { of: &'static str, to: &'static str },
}

#[derive(Clone, Copy)]
enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

/// A goal and what was found.
pub(super) struct Outcome {
    pub(super) measured: String,
    pub(super) bound: String,
    pub(super) spread: Spread,
    pub(super) is_met: bool,
}

use Bound::{AtLeast, AtMost};
use Measure::{Ratio, Value};

const fn ratio(what: &'static str, of: &'static str, to: &'static str, bound: Bound) -> Goal {
    Goal { what, measure: Ratio { of, to }, bound }
}

const fn value(what: &'static str, name: &'static str, bound: Bound) -> Goal {
    Goal { what, measure: Value(name), bound }
}

const SIGN: &str = "rsa.sign.per_second";
const CREATE: &str = "actas.create.per_second";

pub(super) const GOALS: &[Goal] = &[
    ratio("create, to the prototype's", CREATE, "prototype.create.per_second", AtLeast(0.75)),
    ratio(
        "create, to better-auth's impersonate",
        CREATE,
        "better_auth.impersonate.per_second",
        AtLeast(50.0),
    ),
    ratio("create, p99 to the prototype's", "actas.create.p99", "prototype.create.p99", AtMost(2.0)),
    ratio("accept, to RSA-2048 signatures", "actas.accept.per_second", SIGN, AtLeast(0.70)),
    ratio(
        "accept, to better-auth's impersonate",
        "actas.accept.per_second",
        "better_auth.impersonate.per_second",
        AtLeast(6.0),
    ),
    ratio("session token, to RSA-2048 signatures", "actas.mint.per_second", SIGN, AtLeast(0.88)),
    ratio(
        "session token, to the fastest peer's (oidc-provider)",
        "actas.mint.per_second",
        "oidc_provider.mint.per_second",
        AtLeast(1.2),
    ),
    ratio("revoke, to create", "actas.revoke.per_second", CREATE, AtLeast(0.75)),
    ratio(
        "verification in the SDK, to RSA-2048 verifications",
        "sdk.verify.per_second",
        "rsa.verify.per_second",
        AtLeast(0.9),
    ),
    ratio("a lone create, p50 to one fdatasync", "actas.lone_create.p50", "sync.p50", AtMost(2.0)),
    value("start of an empty store, ms", "actas.start", AtMost(60.0)),
    value("start of a full store, ms", "growth.many.start", AtMost(150.0)),
    value("memory at rest, MB", "actas.idle_megabytes", AtMost(20.0)),
    value("memory under load, MB", "actas.loaded_megabytes", AtMost(110.0)),
    ratio(
        "memory at the end of a long run, to its beginning",
        "memory.last_third_megabytes",
        "memory.first_third_megabytes",
        AtMost(1.05),
    ),
    ratio("growth of create, p50", "growth.many.create.p50", "growth.few.create.p50", AtMost(1.3)),
    ratio("growth of create, p99", "growth.many.create.p99", "growth.few.create.p99", AtMost(2.0)),
    ratio("growth of accept, p50", "growth.many.accept.p50", "growth.few.accept.p50", AtMost(1.3)),
    ratio("growth of accept, p99", "growth.many.accept.p99", "growth.few.accept.p99", AtMost(2.0)),
    ratio("growth of revoke, p50", "growth.many.revoke.p50", "growth.few.revoke.p50", AtMost(1.3)),
    ratio("growth of revoke, p99", "growth.many.revoke.p99", "growth.few.revoke.p99", AtMost(2.0)),
    ratio("growth of list, p50", "growth.many.list.p50", "growth.few.list.p50", AtMost(1.3)),
    ratio("growth of list, p99", "growth.many.list.p99", "growth.few.list.p99", AtMost(2.0)),
    ratio(
        "overload, done to the peak",
        "overload.answered.per_second",
        "overload.peak.per_second",
        AtLeast(0.9),
    ),
    value("overload, refusals, p99 in ms", "overload.refused.p99", AtMost(50.0)),
    value("overload, time-outs", "overload.timed_out", AtMost(0.0)),
    value("overload, broken connections and odd answers", "overload.broken", AtMost(0.0)),
    ratio(
        "PostgreSQL: create, to batched insertions",
        "actas_postgres.create.per_second",
        "postgres.batch_64.per_second",
        AtLeast(0.6),
    ),
];

impl Goal {
    /// None where a part of the run is missing.
    pub(super) fn outcome(&self, findings: &Findings) -> Option<Outcome> {
        let (spread, measured) = match self.measure {
            Value(name) => (findings.spread(name)?, format!("`{name}`")),
            Ratio { of, to } => (findings.ratio(of, to)?, format!("`{of}` / `{to}`")),
        };
        let (bound, is_met) = match self.bound {
            AtLeast(least) => (format!("≥ {least}"), spread.median >= least),
            AtMost(most) => (format!("≤ {most}"), spread.median <= most),
        };
        Some(Outcome { measured, bound, spread, is_met })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_is_met_on_the_right_side_of_its_bound() {
        let mut findings = Findings::default();
        findings.add(vec![("above", 3.0), ("below", 2.0)]);
        let is_met = |goal: Goal| goal.outcome(&findings).map(|outcome| outcome.is_met);
        assert_eq!(is_met(ratio("", "above", "below", AtLeast(1.5))), Some(true));
        assert_eq!(is_met(ratio("", "above", "below", AtMost(1.4))), Some(false));
        assert_eq!(is_met(value("", "below", AtMost(2.0))), Some(true));
        assert_eq!(is_met(value("", "absent", AtMost(2.0))), None);
    }
}
