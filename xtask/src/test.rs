//! `cargo xtask test`: every check and every test, in the order in which a failure is cheapest to find.

use crate::{bench, command, deny, e2e, features, generate, postgres, semver, tidy, workshop::Workshop};
use std::time::{Duration, Instant};

/// How much is run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    Full,
    /// Without the slow steps.
    Fast,
}

type Step = (&'static str, fn(&Workshop) -> Result<(), String>);

const STEPS: &[Step] = &[
    ("format", check_format),
    ("laws", tidy::run),
    ("dependencies", deny::check),
    ("lints", check_lints),
    ("features of the SDK", features::check),
    ("promises of the SDK", semver::check),
    ("documentation", check_documentation),
    ("tests", run_tests),
    ("generated files", generate::check),
    INSTRUCTION_COUNTS,
    END_TO_END,
];

/// At the end of all steps.
const SLOW_STEPS: usize = 2;

const INSTRUCTION_COUNTS: Step = ("instruction counts", bench::instructions::check);

const END_TO_END: Step = ("end-to-end runs", |workshop| e2e::run(workshop, &[]));

/// All features of the SDK: it is the one crate whose features are for its users, and not for tests.
const SDK_FEATURES: &str = "actas-sdk/axum,actas-sdk/blocking";

/// Runs all steps, also after one that failed, and says at the end which did.
pub(crate) fn run(workshop: &Workshop, extent: Extent) -> Result<(), String> {
    let last = if extent == Extent::Fast { STEPS.len() - SLOW_STEPS } else { STEPS.len() };
    run_steps(workshop, &STEPS[..last])
}

fn run_steps(workshop: &Workshop, steps: &[Step]) -> Result<(), String> {
    let begun = Instant::now();
    let mut finished: Vec<(&str, Duration, Result<(), String>)> = Vec::new();
    for (index, (name, step)) in steps.iter().enumerate() {
        println!("\n==> [{}/{}] {name}", index + 1, steps.len());
        let begun = Instant::now();
        let outcome = step(workshop);
        let word = if outcome.is_ok() { "ok" } else { "FAILED" };
        println!("<== {name}: {word} in {}", seconds(begun.elapsed()));
        finished.push((name, begun.elapsed(), outcome));
    }
    println!("\nSummary, {} in all:", seconds(begun.elapsed()));
    for (name, took, outcome) in &finished {
        let took = seconds(*took);
        match outcome {
            Ok(()) => println!("  ok      {took:>9}  {name}"),
            Err(problem) => println!("  FAILED  {took:>9}  {name}: {problem}"),
        }
    }
    let failed: Vec<&str> =
        finished.iter().filter(|(_, _, outcome)| outcome.is_err()).map(|(name, _, _)| *name).collect();
    if failed.is_empty() { Ok(()) } else { Err(format!("failed: {}", failed.join(", "))) }
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

fn check_format(workshop: &Workshop) -> Result<(), String> {
    command::run(&mut workshop.cargo(&["fmt", "--all", "--check"]))?;
    command::run(&mut workshop.cargo(&["fmt", "--manifest-path", e2e::RUST_CLIENT_MANIFEST, "--check"]))
}

fn check_lints(workshop: &Workshop) -> Result<(), String> {
    command::run(&mut workshop.cargo(&[
        "clippy",
        "--locked",
        "--workspace",
        "--all-targets",
        "--all-features",
        "--",
        "--deny",
        "warnings",
    ]))
}

/// Links in the documentation lead somewhere. Those to private items do for whoever works on the project.
fn check_documentation(workshop: &Workshop) -> Result<(), String> {
    let mut command = workshop.cargo(&[
        "doc",
        "--locked",
        "--workspace",
        "--features",
        SDK_FEATURES,
        "--no-deps",
        "--document-private-items",
    ]);
    command::run(command.env("RUSTDOCFLAGS", "--deny warnings --allow rustdoc::private-intra-doc-links"))
}

/// Plain `cargo test`, so that nothing but PostgreSQL needs to be installed; all of its output is shown.
fn run_tests(workshop: &Workshop) -> Result<(), String> {
    postgres::ensure()?;
    let whole = ["test", "--locked", "--workspace", "--features", SDK_FEATURES, "--no-fail-fast"];
    command::run(&mut workshop.cargo(&whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_step_does_not_stop_the_others_and_is_named_at_the_end() {
        let workshop = Workshop::find().unwrap();
        let steps: &[Step] = &[
            ("first", |_| Err("one".to_owned())),
            ("second", |_| Ok(())),
            ("third", |_| Err("three".to_owned())),
        ];
        assert_eq!(run_steps(&workshop, steps), Err("failed: first, third".to_owned()));
        assert_eq!(run_steps(&workshop, &steps[1..2]), Ok(()));
    }
}
