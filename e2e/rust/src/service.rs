//! The server under test: the SDK's client, and an app without a browser.

use crate::report::Outcome;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use clerk_rs::{
    Clerk, ClerkConfiguration,
    apis::{actor_tokens_api, users_api},
    models::{ActorToken, CreateActorTokenRequest, CreateActorTokenRequestActor, CreateUserRequest, User},
};
use serde_json::Value;
use std::{
    env, process,
    time::{SystemTime, UNIX_EPOCH},
};

pub struct Service {
    pub url: String,
    pub clerk: Clerk,
}

impl Service {
    pub fn from_environment() -> Outcome<Self> {
        let url = env::var("ACTAS_URL")?.trim_end_matches('/').to_owned();
        let key = env::var("CLERK_SECRET_KEY")?;
        Ok(Self { clerk: connect(&url, &key), url })
    }

    pub fn config(&self) -> &ClerkConfiguration {
        &self.clerk.config
    }

    pub async fn person(&self, name: &str) -> Outcome<User> {
        let request = CreateUserRequest {
            email_address: Some(vec![format!(
                "e2e-rust-{}-{}-{name}@example.com",
                process::id(),
                now_millis()
            )]),
            first_name: Some(Some(name.to_owned())),
            skip_password_requirement: Some(Some(true)),
            ..CreateUserRequest::default()
        };
        Ok(users_api::create_user(self.config(), request).await?)
    }

    /// An actor token for the user; the SDK sends no member of an actor but `sub`.
    pub async fn grant(&self, user: &User, actor_sub: &str) -> Outcome<ActorToken> {
        let request = CreateActorTokenRequest::new(user.id.clone(), actor(actor_sub));
        Ok(actor_tokens_api::create_actor_token(self.config(), Some(request)).await?)
    }
}

pub fn connect(url: &str, key: &str) -> Clerk {
    Clerk::new(ClerkConfiguration::new(key).with_base_path(format!("{url}/v1")))
}

pub fn actor(sub: &str) -> CreateActorTokenRequestActor {
    CreateActorTokenRequestActor::new(sub.to_owned())
}

pub fn now_millis() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}

/// An id of the right form that nothing has.
pub fn unused(prefix: &str) -> String {
    format!("{prefix}_{}", "2".repeat(27))
}

/// The payload of a JWT as it was signed.
pub fn claims_text(jwt: &str) -> Outcome<String> {
    let payload = jwt.split('.').nth(1).ok_or("a JWT has three parts")?;
    Ok(String::from_utf8(URL_SAFE_NO_PAD.decode(payload)?)?)
}

/// An answer of the Frontend API.
pub struct Answer {
    pub status: u16,
    pub json: Value,
}

impl Answer {
    pub fn code(&self) -> &str {
        self.json["errors"][0]["code"].as_str().unwrap_or("none")
    }
}

/// The Frontend API as an app without a browser uses it: the client's secret in `Authorization`.
pub struct NativeApp<'a> {
    url: &'a str,
    http: reqwest::Client,
    secret: String,
}

impl<'a> NativeApp<'a> {
    pub fn new(service: &'a Service) -> Self {
        Self { url: &service.url, http: reqwest::Client::new(), secret: String::new() }
    }

    pub async fn redeem(&mut self, ticket: &str) -> Outcome<Answer> {
        self.post("/client/sign_ins", &[("strategy", "ticket"), ("ticket", ticket)]).await
    }

    pub async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Outcome<Answer> {
        let request = self
            .http
            .post(format!("{}/v1{path}", self.url))
            .query(&[("_is_native", "1")])
            .header("authorization", &self.secret)
            .form(form);
        let response = request.send().await?;
        if let Some(secret) = response.headers().get("authorization") {
            self.secret = secret.to_str()?.to_owned();
        }
        let status = response.status().as_u16();
        Ok(Answer { status, json: serde_json::from_str(&response.text().await?)? })
    }
}
