//! A browser: it keeps cookies, and its scripts say where they come from.

use crate::harness::{Answer, Call, Instance};
use actas_domain::secret::{ParsedSecret, SecretKind};
use std::collections::BTreeMap;

/// The app that the harness's instances serve.
pub(super) const APP: &str = "https://app.example.test";
/// The cookie's name for the harness's publishable key.
pub(super) const UAT_SUFFIXED: &str = "__client_uat_wO6xBncp";

pub(super) struct Browser<'a> {
    pub(super) instance: &'a Instance,
    pub(super) cookies: BTreeMap<String, String>,
}

impl<'a> Browser<'a> {
    pub(super) fn new(instance: &'a Instance) -> Self {
        Self { instance, cookies: BTreeMap::new() }
    }

    /// A request of the app's script.
    pub(super) fn call(&self, method: &str, path: &str) -> Call<'a> {
        self.with_cookies(self.instance.anonymous(method, path).header("origin", APP))
    }

    /// A navigation, as Chromium announces it.
    pub(super) fn navigation(&self, method: &str, path: &str) -> Call<'a> {
        let call = self.instance.anonymous(method, path);
        self.with_cookies(call.header("sec-fetch-mode", "navigate").header("sec-fetch-dest", "document"))
    }

    /// Sends, and keeps the cookies of the answer.
    pub(super) async fn send(&mut self, call: Call<'a>) -> Answer {
        let answer = call.send().await;
        for cookie in set_cookies(&answer) {
            let (pair, _) = cookie.split_once(';').expect("a cookie with attributes");
            let (name, value) = pair.split_once('=').expect("a cookie's name and value");
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        answer
    }

    pub(super) async fn get(&mut self, path: &str) -> Answer {
        let call = self.call("GET", path);
        self.send(call).await
    }

    /// A `POST` of a form, as SDKs send it.
    pub(super) async fn post(&mut self, path: &str, form: &str) -> Answer {
        let call = self.call("POST", path);
        self.send(call.header("content-type", "application/x-www-form-urlencoded").body(form.to_owned()))
            .await
    }

    pub(super) async fn redeem(&mut self, ticket: &str) -> Answer {
        self.post("/v1/client/sign_ins", &format!("strategy=ticket&ticket={ticket}")).await
    }

    /// Redeems a ticket that must be good; the session's id.
    pub(super) async fn sign_in(&mut self, ticket: &str) -> String {
        let answer = self.redeem(ticket).await.ok();
        answer["response"]["created_session_id"].as_str().expect("a session's id").to_owned()
    }

    pub(super) async fn open(&mut self, ticket: &str) -> Answer {
        let call = self.navigation("GET", &accept_path(ticket));
        self.send(call).await
    }

    fn with_cookies(&self, call: Call<'a>) -> Call<'a> {
        if self.cookies.is_empty() {
            return call;
        }
        let pairs: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        call.header("cookie", &pairs.join("; "))
    }
}

pub(super) fn accept_path(ticket: &str) -> String {
    format!("/v1/tickets/accept?ticket={ticket}")
}

pub(super) fn set_cookies(answer: &Answer) -> Vec<&str> {
    let values = answer.headers.get_all("set-cookie").iter();
    values.map(|value| value.to_str().expect("a cookie of visible characters")).collect()
}

/// The cookies that an answer sets, one a line, with a client's secret checked for its form and left out.
pub(super) fn shown_cookies(answer: &Answer) -> String {
    let shown = |cookie: &&str| match cookie.strip_prefix("__client=") {
        None => (*cookie).to_owned(),
        Some(rest) => {
            let (secret, attributes) = rest.split_once(';').expect("a cookie with attributes");
            assert!(is_client_secret(secret), "{cookie}");
            format!("__client=[secret];{attributes}")
        }
    };
    set_cookies(answer).iter().map(shown).collect::<Vec<_>>().join("\n")
}

pub(super) fn is_client_secret(text: &str) -> bool {
    ParsedSecret::parse(text).is_some_and(|parsed| parsed.kind() == SecretKind::ClientCookie)
}
