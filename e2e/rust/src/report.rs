//! Counts the checks and prints each: `ok NAME`, or `FAIL NAME why`. The closing line is `N passed, N failed`.

use clerk_rs::{apis::Error, models::ClerkErrors};
use std::{cell::Cell, error, fmt};

/// What a part of the checks may end with early; it is a failure of that part.
pub type Outcome<T = ()> = Result<T, Box<dyn error::Error>>;

#[derive(Default)]
pub struct Report {
    passed: Cell<u32>,
    failed: Cell<u32>,
}

/// What a refusal must say.
pub struct Wanted<'a> {
    pub status: u16,
    pub code: &'a str,
    pub message: &'a str,
    pub long_message: &'a str,
    pub parameter: Option<&'a str>,
}

impl Report {
    pub fn is_true(&self, name: &str, condition: bool, got: impl fmt::Debug) {
        if condition {
            self.passed.set(self.passed.get() + 1);
            println!("ok {name}");
        } else {
            self.fail(name, &format!("{got:?}"));
        }
    }

    pub fn equal<T: PartialEq + fmt::Debug>(&self, name: &str, got: T, wanted: T) {
        if got == wanted {
            self.is_true(name, true, ());
        } else {
            self.fail(name, &format!("is {got:?}, should be {wanted:?}"));
        }
    }

    pub fn part(&self, name: &str, outcome: Outcome) {
        if let Err(error) = outcome {
            self.fail(name, &format!("{error:?}"));
        }
    }

    /// The SDK's call must be refused, with an envelope that the SDK's own model reads completely.
    pub fn refused<T: fmt::Debug, E: fmt::Debug>(
        &self,
        name: &str,
        result: Result<T, Error<E>>,
        wanted: Wanted<'_>,
    ) {
        let answer = match result {
            Err(Error::ResponseError(answer)) => answer,
            other => return self.fail(name, &format!("was not refused, but {other:?}")),
        };
        let Ok(envelope) = serde_json::from_str::<ClerkErrors>(&answer.content) else {
            return self.fail(name, &format!("no error envelope: {}", answer.content));
        };
        let Some(item) = envelope.errors.first() else {
            return self.fail(name, &format!("no error in the envelope: {}", answer.content));
        };
        let parameter =
            item.meta.as_ref().and_then(|meta| meta.get("param_name")).and_then(|name| name.as_str());
        self.equal(
            name,
            (
                answer.status.as_u16(),
                item.code.as_str(),
                item.message.as_str(),
                item.long_message.as_str(),
                parameter,
            ),
            (wanted.status, wanted.code, wanted.message, wanted.long_message, wanted.parameter),
        );
        self.is_true(
            &format!("{name}.trace"),
            envelope.clerk_trace_id.is_some_and(|id| id.len() == 32),
            &answer.content,
        );
    }

    /// Prints the closing line; whether all passed.
    pub fn close(&self) -> bool {
        println!("{} passed, {} failed", self.passed.get(), self.failed.get());
        self.failed.get() == 0
    }

    fn fail(&self, name: &str, why: &str) {
        self.failed.set(self.failed.get() + 1);
        println!("FAIL {name} {}", why.replace('\n', " "));
    }
}
