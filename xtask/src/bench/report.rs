//! The document: the goals, all figures, the machine, and how it was measured.

use super::{Extent, PARTS, findings::Findings, goals::GOALS};
use std::fmt::Write as _;

const HEAD: &str = "\
# Benchmarks

Written by `cargo xtask bench`; changes by hand are lost. What the numbers mean, and where the time of a request goes, is in
[performance.md](performance.md).

Figures move by a factor of two from machine to machine, and by a tenth from run to run: what says something is the ratio of two of
one run. A server, with its database, has one processor to itself and the load another; 64 connections, if nothing else is said,
are kept open and each asks again when it is answered. All that is kept is on the disk before it is answered, by Actas and by each
peer whose line does not say otherwise.
";

const METHOD: &str = "\
## How it was measured

```sh
cargo xtask bench                 # all of it: installs the peers, measures, writes this file
cargo xtask bench --quick         # the same in short, printed only; its figures say little
cargo xtask bench --only NAME     # one part
```

The parts are NAMES.
They take turns in each round. Servers run under `taskset --cpu-list 0`, and

```sh
taskset --cpu-list 1 wrk --threads 1 --connections 64 --duration SECONDSs --script bench/load.lua http://127.0.0.1:PORT -- REQUESTS
```

asks them. A measurement is made again, up to twice, while other programs take more than a tenth of the machine. The limits are
`openssl speed -seconds SECONDS rsa2048` and `actas-measure` (`bench/measure`); the prototype is `bench/prototype`: group commit and
signatures, without users, rules or limits. Peers run in one process each, from `bench/peers`, in the versions of its lockfiles:

- better-auth with its plugins admin and jwt, on better-sqlite3: `impersonate` in the library's default setting (rollback journal,
  `synchronous=FULL`), `impersonate_wal` with a WAL and `synchronous=FULL`; `mint` is the token of the plugin jwt, RS256.
- oidc-provider: a client's RS256 access token, from memory. Nothing of it is durable.
- django-hijack under gunicorn (1 worker, 4 threads): `acquire` on SQLite in Django's default setting, and `acquire_wal` with a
  WAL and `synchronous=FULL`.
";

pub(super) fn render(findings: &Findings, machine: &[(&str, String)], extent: Extent) -> String {
    let mut text = HEAD.to_owned();
    text.push_str(
        "\n## Goals\n\n| goal | bound | median | least to most | |\n| --- | --- | --- | --- | --- |\n",
    );
    for goal in GOALS {
        let line = match goal.outcome(findings) {
            Some(outcome) => {
                let spread = outcome.spread;
                let word = if outcome.is_met { "met" } else { "not met" };
                format!(
                    "| {}: {} | {} | {} | {} to {} | {word} |",
                    goal.what,
                    outcome.measured,
                    outcome.bound,
                    number(spread.median),
                    number(spread.least),
                    number(spread.most)
                )
            }
            None => format!("| {} | | | | not measured |", goal.what),
        };
        let _ = writeln!(text, "{line}");
    }
    text.push_str("\n## Figures\n\nTimes are in milliseconds.\n\n| figure | median | least to most |\n| --- | --- | --- |\n");
    for name in findings.names() {
        if let Some(spread) = findings.spread(name) {
            let (median, least, most) = (number(spread.median), number(spread.least), number(spread.most));
            let _ = writeln!(text, "| `{name}` | {median} | {least} to {most} |");
        }
    }
    for failure in findings.failures() {
        let _ = writeln!(text, "\nThis part failed: {failure}");
    }
    text.push_str("\n## The machine\n\n| what | which |\n| --- | --- |\n");
    for (what, which) in machine {
        let _ = writeln!(text, "| {what} | {which} |");
    }
    let _ = writeln!(
        text,
        "| extent | {} rounds, {} s for each measurement, {} s for memory, {} tokens in the full store |\n",
        extent.rounds, extent.seconds, extent.memory_seconds, extent.tokens
    );
    let names: Vec<&str> = PARTS.iter().map(|(name, ..)| *name).collect();
    text.push_str(
        &METHOD.replace("NAMES", &names.join(", ")).replace("SECONDS", &extent.seconds.to_string()),
    );
    text
}

/// Three digits, and all of them before the point.
fn number(value: f64) -> String {
    match value.abs() {
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}
