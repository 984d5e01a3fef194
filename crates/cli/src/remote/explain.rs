//! What the SDK's errors mean to whoever typed a command: which server and key it was, and what to do next.

use super::Remote;
use crate::{
    exit::ExitError,
    output::{self, brief, harmless},
};
use actas_sdk::Error;
use std::error::Error as _;

/// The flags that stand for the API's parameters, wherever a command has them.
const FLAGS: &[(&str, &str)] = &[
    ("actor", "--actor"),
    ("actor.sub", "--actor"),
    ("actor_sub", "--actor"),
    ("reason", "--reason"),
    ("expires_in_seconds", "--expires-in"),
    ("session_max_duration_in_seconds", "--session-max"),
    ("status", "--status"),
    ("limit", "--limit"),
    ("user_id", "--user"),
    ("actor_token_id", "--token"),
    ("session_id", "--session"),
    ("action", "--action"),
    ("outcome", "--outcome"),
    ("after", "--after"),
    ("created_after", "--since"),
    ("at_after", "--since"),
    ("at_before", "--until"),
    ("query", "--query"),
    ("id", "--id"),
    ("email_address", "--email"),
    ("phone_number", "--phone"),
    ("username", "--username"),
    ("first_name", "--first-name"),
    ("last_name", "--last-name"),
    ("external_id", "--external-id"),
    ("password", "--password-file"),
];

impl Remote {
    /// The error of a call about one thing, which may not be there.
    pub(crate) fn explain_about(&self, error: &Error, kind: &str, id: &str) -> ExitError {
        // Without errors of the API's own, it is the URL that is not there.
        if !error.is_not_found() || error.errors().is_empty() {
            return self.explain(error);
        }
        let (command, url) = (kind.rsplit(' ').next().unwrap_or(kind), &self.choice.url);
        ExitError::NotFound(format!(
            "there is no {kind} {} at {url} ({}); {} shows those there are",
            brief(id),
            self.choice.url_from,
            self.command(&format!("{command}s list"))
        ))
    }

    /// The error of a list, which every Actas has.
    pub(crate) fn explain_list(&self, error: &Error) -> ExitError {
        if !error.is_not_found() {
            return self.explain(error);
        }
        ExitError::Unreachable(format!(
            "{} ({}) has no such list; is the URL that of an Actas?",
            self.choice.url, self.choice.url_from
        ))
    }

    /// The error in one line with the next step, under its exit code.
    pub(crate) fn explain(&self, error: &Error) -> ExitError {
        let server = format!("{} ({})", self.choice.url, self.choice.url_from);
        if error.is_unauthorized() {
            return ExitError::KeyRefused(format!(
                "{server} refused the secret key from {}: it is of another server, or was revoked. Where the server \
                 runs, actas secret-keys list shows the keys and actas secret-keys create makes one",
                self.choice.key_from
            ));
        }
        if error.is_not_found() {
            return match error.errors().first() {
                Some(item) => ExitError::NotFound(format!(
                    "{} at {server}",
                    harmless(item.long_message().trim_end_matches('.'))
                )),
                None => ExitError::Unreachable(format!(
                    "{server} answered 404 and nothing of an Actas; is the URL that of one?"
                )),
            };
        }
        if error.is_rate_limited() {
            let wait = error
                .retry_after()
                .map_or_else(|| "in a while".to_owned(), |wait| format!("in {} s", wait.as_secs().max(1)));
            return ExitError::RefusedByServer(format!("{server} had too many requests: try again {wait}"));
        }
        if error.is_request() {
            return ExitError::Configuration(said(error));
        }
        if error.is_server_error() {
            return ExitError::Unreachable(format!("{server} failed: {}", said(error)));
        }
        if error.is_api() {
            return ExitError::RefusedByServer(refusal(error, &server));
        }
        ExitError::Unreachable(no_answer(error, &server))
    }
}

/// What the API says, with the flags in the place of its parameters.
fn refusal(error: &Error, server: &str) -> String {
    if error.errors().is_empty() {
        let status = error.status().unwrap_or_default();
        return format!("{server} answered {status} without saying why; is the URL that of an Actas?");
    }
    let items = error.errors().iter().map(|item| {
        let said = harmless(item.long_message());
        let name: String = item.parameter().unwrap_or_default();
        match flag(&name) {
            Some(flag) => in_words_of_flag(&said, &name, flag),
            None => format!("{said} [{}]", harmless(item.code())),
        }
    });
    format!("{server} refused: {}", items.collect::<Vec<_>>().join("; "))
}

/// The API uses its own name of the parameter, and counts in seconds; whoever typed a flag knows neither.
fn in_words_of_flag(said: &str, name: &str, flag: &str) -> String {
    let most = said.strip_prefix(&format!("The value of {name} can't be greater than "));
    match most.map(|most| (name.ends_with("_in_seconds"), most.parse(), most)) {
        Some((true, Ok(seconds), _)) => format!("{flag} is at most {}", typed(seconds)),
        Some((_, _, most)) => format!("{flag} is at most {most}"),
        None if said.contains(name) => said.replacen(name, flag, 1),
        None => format!("{flag}: {said}"),
    }
}

/// A length of time as it is typed: `1h30m`.
fn typed(seconds: u64) -> String {
    output::span(seconds).replace("min", "m").replace(' ', "")
}

/// The SDK's text without its own name of the call.
fn said(error: &Error) -> String {
    let text = error.to_string();
    let call = error.operation().map(|operation| format!("{operation}: ")).unwrap_or_default();
    harmless(text.strip_prefix(&call).unwrap_or(&text))
}

fn flag(parameter: &str) -> Option<&'static str> {
    FLAGS.iter().find(|(name, _)| *name == parameter).map(|(_, flag)| *flag)
}

fn no_answer(error: &Error, server: &str) -> String {
    if error.is_connect() {
        let mut causes: Vec<String> = Vec::new();
        let mut source = error.source();
        while let Some(each) = source {
            causes.push(each.to_string());
            source = each.source();
        }
        let cause = causes.pop().map(|cause| format!(": {}", harmless(&cause))).unwrap_or_default();
        // What a TLS client says of an answer in plain http.
        if cause.contains("InvalidContentType") {
            return format!(
                "{server} speaks no TLS{cause}. If it is plain http, its URL begins with http://"
            );
        }
        return format!(
            "{server} cannot be reached{cause}. Is it running there? Start one with actas dev, or name another with \
             --url or --profile"
        );
    }
    let done =
        if error.may_have_taken_effect() { "what was asked may have been done" } else { "nothing was done" };
    if error.is_timeout() {
        return format!("{server} did not answer in time: {}. Try again; {done}", said(error));
    }
    if error.is_decode() || error.is_redirect() {
        return format!("{server} does not answer as an Actas does: {}. Check the URL", said(error));
    }
    if error.is_transport() {
        return format!("{server} did not answer: {}. Try again; {done}", said(error));
    }
    format!("{server}: {}", said(error))
}
