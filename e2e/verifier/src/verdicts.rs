//! What the two verifiers say.

use crate::corpus::{Case, Setting};
use actas_sdk::verify::{Clock, Verifier, VerifyError};
use serde::{Deserialize, Serialize};
use std::{
    ffi::OsString,
    io::Write as _,
    process::{Command, Stdio},
};

/// A verdict, and who the token is of where it was accepted.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Verdict {
    pub(crate) accepted: bool,
    pub(crate) subject: Option<String>,
    pub(crate) session_id: Option<String>,
    pub(crate) actor: Option<String>,
    pub(crate) why: String,
}

/// What the program in JavaScript is given.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Question<'a> {
    pub(crate) keys: serde_json::Map<String, serde_json::Value>,
    pub(crate) cases: &'a [Case],
}

#[derive(Debug, Deserialize)]
pub(crate) struct Answer {
    /// Of the package.
    pub(crate) version: String,
    pub(crate) verdicts: Vec<Verdict>,
}

struct Stopped(i64);

impl Clock for Stopped {
    fn unix_millis(&self) -> i64 {
        self.0
    }
}

/// The SDK's verdict.
pub(crate) fn of_the_sdk(case: &Case, keys: &[(&str, String)]) -> Result<Verdict, String> {
    let verifier = verifier(&case.setting, keys, case.now_millis);
    // A set without a usable key is no set, and no token is accepted with it.
    let verified = match verifier {
        Ok(verifier) => verifier.verify_now(&case.token),
        Err(error) if error.is_configuration() => Err(error),
        Err(error) => return Err(format!("{}: {error}", case.name)),
    };
    Ok(match verified {
        Ok(token) => Verdict {
            accepted: true,
            subject: Some(token.subject().to_owned()),
            session_id: Some(token.session_id().to_owned()),
            actor: token.actor().map(|actor| actor.subject().to_owned()),
            why: String::new(),
        },
        Err(error) => Verdict {
            accepted: false,
            subject: None,
            session_id: None,
            actor: None,
            why: format!("{:?}: {error}", error.kind()),
        },
    })
}

fn verifier(setting: &Setting, keys: &[(&str, String)], now_millis: i64) -> Result<Verifier, VerifyError> {
    let text = keys.iter().find(|(name, _)| *name == setting.keys).map_or("", |(_, text)| text);
    let builder = Verifier::builder().clock(Stopped(now_millis));
    let is_pem = setting.keys.starts_with("pem");
    let builder = if is_pem { builder.public_key_pem(text) } else { builder.jwks(text) };
    let builder = setting.issuers.iter().fold(builder, |builder, issuer| builder.issuer(*issuer));
    let builder = setting.audiences.iter().fold(builder, |builder, audience| builder.audience(*audience));
    let parties = setting.authorized_parties.iter();
    parties.fold(builder, |builder, party| builder.authorized_party(*party)).build()
}

/// Clerk's verdicts, all of them: the program is run once.
pub(crate) fn of_clerk(program: &[OsString], question: &Question<'_>) -> Result<Answer, String> {
    let [node, arguments @ ..] = program else {
        return Err("say what to run for @clerk/backend's verdicts: node check.mjs".to_owned());
    };
    let described = |error: &dyn std::fmt::Display| format!("{}: {error}", node.to_string_lossy());
    let question = serde_json::to_vec(question).map_err(|error| described(&error))?;
    let mut command = Command::new(node);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().map_err(|error| described(&error))?;
    let mut input = child.stdin.take().ok_or_else(|| described(&"it has no input"))?;
    // It reads all of its input before it writes.
    input.write_all(&question).map_err(|error| described(&error))?;
    drop(input);
    let output = child.wait_with_output().map_err(|error| described(&error))?;
    if !output.status.success() {
        return Err(described(&output.status));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| described(&error))
}
