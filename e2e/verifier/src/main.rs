//! Asks the SDK's verifier and that of `@clerk/backend` about the same tokens. Where they differ, `differences.rs` must say why,
//! in one list what the SDK refuses and Clerk's package accepts, in the other what it is the other way round with.
//!
//! `actas-verifier node check.mjs`, in a folder with `@clerk/backend`; `cargo xtask e2e verifier` does that.

#![expect(clippy::print_stdout, reason = "this program's output is its report")]

mod corpus;
mod differences;
mod keys;
mod verdicts;

use corpus::Case;
use differences::{Difference, STRICTER};
use std::{collections::HashSet, process::ExitCode};
use verdicts::{Question, Verdict};

/// So many tokens at least make the comparison worth something.
const LEAST_CASES: usize = 200;

fn main() -> ExitCode {
    match run() {
        Ok(Counts { passed, failed }) => {
            println!("{passed} passed, {failed} failed");
            if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(problem) => {
            println!("FAIL corpus {problem}");
            println!("0 passed, 1 failed");
            ExitCode::FAILURE
        }
    }
}

#[derive(Default)]
struct Counts {
    passed: usize,
    failed: usize,
}

impl Counts {
    fn add(&mut self, name: &str, outcome: Result<(), String>) {
        match outcome {
            Ok(()) => {
                self.passed += 1;
                println!("ok {name}");
            }
            Err(why) => {
                self.failed += 1;
                println!("FAIL {name} {why}");
            }
        }
    }
}

fn run() -> Result<Counts, String> {
    let keys = keys::Keys::generate()?;
    let documents = keys.documents()?;
    let cases = corpus::make(&keys)?;
    let named = documents.iter().map(|(name, text)| ((*name).to_owned(), text.clone().into())).collect();
    let program: Vec<_> = std::env::args_os().skip(1).collect();
    let answer = verdicts::of_clerk(&program, &Question { keys: named, cases: &cases })?;
    if answer.verdicts.len() != cases.len() {
        return Err(format!("{} verdicts for {} tokens", answer.verdicts.len(), cases.len()));
    }
    let mut counts = Counts::default();
    let mut accepted = 0;
    for (case, clerk) in cases.iter().zip(&answer.verdicts) {
        let sdk = verdicts::of_the_sdk(case, &documents)?;
        accepted += usize::from(sdk.accepted);
        counts.add(&case.name, compare(case, &sdk, clerk));
    }
    println!("# {} tokens, {accepted} accepted; @clerk/backend {}", cases.len(), answer.version);
    for (reason, names) in STRICTER {
        println!("# stricter: {reason}");
        println!("#   {}", names.join(" | "));
    }
    counts.add("the corpus is large, and its names are its own", check_names(&cases));
    Ok(counts)
}

fn compare(case: &Case, sdk: &Verdict, clerk: &Verdict) -> Result<(), String> {
    let names_it = |(_, names): &Difference| names.contains(&case.name.as_str());
    let is_named = STRICTER.iter().any(names_it);
    match (sdk.accepted, clerk.accepted) {
        (true, false) => Err(format!("is accepted, and @clerk/backend refuses it: {}", clerk.why)),
        (false, true) if !is_named => {
            Err(format!("is refused ({}), @clerk/backend accepts it, and no reason is named", sdk.why))
        }
        (false, true) => Ok(()),
        _ if is_named => Err("is named as a difference and is none: both say the same".to_owned()),
        (true, true)
            if (&sdk.subject, &sdk.session_id, &sdk.actor)
                != (&clerk.subject, &clerk.session_id, &clerk.actor) =>
        {
            Err(format!("is accepted as two different people: {sdk:?}, {clerk:?}"))
        }
        // What is called valid is here to be accepted.
        (false, false) if case.name.starts_with("valid: ") => Err(format!("is refused by both: {}", sdk.why)),
        _ => Ok(()),
    }
}

fn check_names(cases: &[Case]) -> Result<(), String> {
    let mut names = HashSet::new();
    let twice = cases.iter().find(|case| !names.insert(case.name.as_str()));
    if let Some(case) = twice {
        return Err(format!("{} is there twice", case.name));
    }
    let named = STRICTER.iter().flat_map(|(_, names)| names.iter());
    if let Some(unknown) = named.into_iter().find(|name| !names.contains(**name)) {
        return Err(format!("{unknown} is named as a difference, and there is no such token"));
    }
    if cases.len() < LEAST_CASES {
        return Err(format!("{} tokens are fewer than {LEAST_CASES}", cases.len()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use corpus::Setting;

    fn compared(name: &str, sdk: &Verdict, clerk: &Verdict) -> Result<(), String> {
        let case =
            Case { name: name.to_owned(), token: String::new(), now_millis: 0, setting: Setting::bare() };
        compare(&case, sdk, clerk)
    }

    fn verdict(accepted: bool) -> Verdict {
        let subject = accepted.then(|| "user_bob".to_owned());
        Verdict { accepted, subject, session_id: None, actor: None, why: "because".to_owned() }
    }

    #[test]
    fn the_sdk_is_never_laxer() {
        let (_, names) = STRICTER[0];
        for name in ["x", names[0]] {
            let problem = compared(name, &verdict(true), &verdict(false)).unwrap_err();
            assert!(problem.contains("@clerk/backend refuses it: because"), "{problem}");
        }
    }

    #[test]
    fn it_is_stricter_only_with_a_reason_that_is_still_one() {
        let (_, names) = STRICTER[0];
        assert_eq!(compared(names[0], &verdict(false), &verdict(true)), Ok(()));
        assert!(compared("x", &verdict(false), &verdict(true)).unwrap_err().contains("no reason is named"));
        assert!(compared(names[0], &verdict(true), &verdict(false)).is_err());
        for both in [true, false] {
            let problem = compared(names[0], &verdict(both), &verdict(both)).unwrap_err();
            assert!(problem.contains("both say the same"), "{problem}");
        }
    }

    #[test]
    fn both_read_the_same_people() {
        assert_eq!(compared("valid: x", &verdict(true), &verdict(true)), Ok(()));
        let other = Verdict { actor: Some("user_alice".to_owned()), ..verdict(true) };
        assert!(compared("x", &other, &verdict(true)).unwrap_err().contains("two different people"));
        assert!(compared("valid: x", &verdict(false), &verdict(false)).is_err());
        assert_eq!(compared("x", &verdict(false), &verdict(false)), Ok(()));
    }

    #[test]
    fn each_name_is_there_once_and_every_difference_is_there() {
        let keys = keys::Keys::generate().unwrap();
        let cases = corpus::make(&keys).unwrap();
        assert_eq!(check_names(&cases), Ok(()));
        let first = cases[0].clone();
        assert!(check_names(&[cases.as_slice(), &[first]].concat()).unwrap_err().contains("twice"));
        assert!(check_names(&cases[..10]).is_err());
    }
}
