//! What `actas dev` prints: keys, URLs, and commands to paste.

use super::{env_file::Keys, people::People};
use std::{fmt::Write as _, path::Path};

pub(super) struct Facts<'a> {
    pub(super) keys: &'a Keys,
    pub(super) people: &'a People,
    /// None for an instance in memory.
    pub(super) env_file: Option<&'a Path>,
    pub(super) sign_in_url: Option<&'a str>,
    pub(super) listening: &'a [String],
}

pub(super) fn text(facts: &Facts<'_>) -> String {
    let Facts { keys, people, .. } = facts;
    let (url, secret_key, publishable_key) = (&keys.url, keys.secret_key.reveal(), &keys.publishable_key);
    let (support, customer) = (&people.support, &people.customer);
    let mut text = format!(
        "\
Actas for development at {url}, {}

  Backend API        {url}/v1
  Frontend API       {url}
  Key set            {url}/.well-known/jwks.json
  Secret key         {secret_key}
  Publishable key    {publishable_key}
  Alice Support      {support}
  Bob Customer       {customer}

Let Alice act as Bob, with an actor token:

  curl -s {url}/v1/actor_tokens -H 'Authorization: Bearer {secret_key}' -H 'Content-Type: application/json' \
-d '{{\"user_id\":\"{customer}\",\"actor\":{{\"sub\":\"{support}\"}}}}'

Redeem its ticket, the token of the answer, once and without a browser:

  curl -s '{url}/v1/client/sign_ins?_is_native=1' -d strategy=ticket -d ticket=TOKEN

",
        facts.listening.join(", "),
    );
    // Writing to a string cannot fail.
    let _ = match facts.sign_in_url {
        Some(page) => writeln!(text, "Or open the url of the answer in a browser: it leads to {page}."),
        None => writeln!(
            text,
            "Or open the url of the answer in a browser: a page of Actas signs in, shows the session and ends it. With \
             --app-url http://127.0.0.1:3000 it leads to that app's /sign-in instead."
        ),
    };
    let command = format!("actas impersonate {customer} --actor {support} --url {url} --open");
    let _ = match facts.env_file {
        Some(_) => writeln!(text, "The same from another shell in this folder: {command}"),
        None => writeln!(text, "The same from another shell: CLERK_SECRET_KEY={secret_key} {command}"),
    };
    let _ = match facts.env_file {
        Some(file) => writeln!(text, "For an app's environment: set -a; . {}; set +a", file.display()),
        None => writeln!(text, "Everything is in memory and ends with this process."),
    };
    text
}
