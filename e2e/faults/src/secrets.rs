//! Secrets are planted by living a whole life, and then searched for everywhere they must not be.

use crate::{
    Fault,
    server::{Server, data_folder},
};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

const PASSWORD: &str = "planted-Correct-Horse-9-Battery";
const IDEMPOTENCY_KEY: &str = "planted-7c0e-4b1a-9d52-idempotency";

/// A secret, and what it is, for the report.
struct Planted {
    what: &'static str,
    text: String,
}

pub(crate) async fn run(actas: &Path) -> Result<String, Fault> {
    let mut report = Vec::new();
    for format in ["text", "json"] {
        let (_folder, data) = data_folder()?;
        let log = data.with_extension("log");
        let server = Server::start_logging(actas, &data, format, &log).await?;
        let mut answers = Vec::new();
        let planted = live(&server, &mut answers).await?;
        server.end().await?;
        let mut places = files_of(&data)?;
        places.push(log.clone());
        let logged = fs::metadata(&log)?.len();
        if logged < 1_000 {
            return Err(format!("the log has only {logged} bytes: nothing was logged to search").into());
        }
        search(&planted, &places, &answers)?;
        report.push(format!(
            "{} secrets in {} files and {} refusals, log {format} of {logged} bytes",
            planted.len(),
            places.len(),
            answers.len()
        ));
    }
    Ok(report.join("; "))
}

/// Creates, redeems, refuses; what is secret of it, and the bodies of all refusals.
async fn live(server: &Server, refusals: &mut Vec<String>) -> Result<Vec<Planted>, Fault> {
    let mut planted = vec![Planted { what: "secret key", text: server.secret_key.clone() }];
    let user = json!({ "email_address": ["planted@example.com"], "password": PASSWORD });
    let user = server.post("/v1/users", &user).await?;
    let subject = user["id"].as_str().ok_or("a user without an id")?;
    planted.push(Planted { what: "password", text: PASSWORD.to_owned() });
    let request = json!({ "user_id": subject, "actor": { "sub": "planted-actor" } });
    let token = server.post("/v1/actor_tokens", &request).await?;
    let ticket = token["token"].as_str().ok_or("a token without a ticket")?.to_owned();
    let cookies = server.redeem_by_cookie(&ticket).await?;
    planted.push(Planted { what: "client cookie", text: cookies.client });
    planted.push(Planted { what: "session token", text: cookies.session_token });
    // Used now, so refused: by the Frontend API, and by the link.
    let (_, refusal) = server.redeem(&ticket).await?;
    refusals.push(refusal.to_string());
    refusals.push(server.text(&format!("/v1/tickets/accept?ticket={ticket}")).await?);
    planted.push(Planted { what: "ticket", text: ticket });
    let sign_in = server.post("/v1/sign_in_tokens", &json!({ "user_id": subject })).await?;
    let sign_in = sign_in["token"].as_str().ok_or("a sign-in token without a ticket")?.to_owned();
    planted.push(Planted { what: "sign-in ticket", text: sign_in });
    planted.extend(server.repeated(subject, refusals).await?);
    // Secrets where they do not belong: as ids, as parameters, as a wrong type, as a broken body.
    let secrets: Vec<String> = planted.iter().map(|each| each.text.clone()).collect();
    for secret in &secrets {
        refusals.extend(server.refused(secret).await?);
    }
    Ok(planted)
}

fn search(planted: &[Planted], places: &[PathBuf], refusals: &[String]) -> Result<(), Fault> {
    for secret in planted {
        for place in places {
            // Its holder keeps the development key there; that file is what `dev` hands it out by.
            let handed_out =
                place.file_name().is_some_and(|name| name == "dev.env") && secret.what == "secret key";
            if !handed_out && contains(&fs::read(place)?, secret.text.as_bytes()) {
                return Err(format!("the {} is in {}", secret.what, place.display()).into());
            }
        }
        for refusal in refusals {
            if contains(refusal.as_bytes(), secret.text.as_bytes()) {
                return Err(format!("the {} is in an answer: {refusal}", secret.what).into());
            }
        }
    }
    Ok(())
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

fn files_of(folder: &Path) -> Result<Vec<PathBuf>, Fault> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            files.extend(files_of(&entry.path())?);
        } else if entry.file_type()?.is_file() {
            files.push(entry.path());
        }
    }
    Ok(files)
}

/// What a browser holds after it redeemed a ticket.
struct Cookies {
    client: String,
    session_token: String,
}

impl Server {
    async fn redeem_by_cookie(&self, ticket: &str) -> Result<Cookies, Fault> {
        let form = HashMap::from([("strategy", "ticket"), ("ticket", ticket)]);
        let answer = self.http.post(format!("{}/v1/client/sign_ins", self.url)).form(&form).send().await?;
        let cookie = answer
            .headers()
            .get_all("set-cookie")
            .iter()
            .filter_map(|value| value.to_str().ok()?.strip_prefix("__client="))
            .next()
            .and_then(|value| value.split(';').next())
            .ok_or("no __client cookie")?
            .to_owned();
        let body: Value = answer.json().await?;
        let token = body.pointer("/client/sessions/0/last_active_token/jwt").and_then(Value::as_str);
        Ok(Cookies { client: cookie, session_token: token.ok_or("no session token")?.to_owned() })
    }

    /// Creates an actor token, sends the request again, and then one with another body; what is secret of it.
    async fn repeated(&self, subject: &str, refusals: &mut Vec<String>) -> Result<Vec<Planted>, Fault> {
        let (mut bodies, mut statuses) = (Vec::new(), Vec::new());
        for actor in ["planted-actor", "planted-actor", "another-actor"] {
            let body = json!({ "user_id": subject, "actor": { "sub": actor } });
            let request =
                self.http.post(format!("{}/v1/actor_tokens", self.url)).bearer_auth(&self.secret_key);
            let answer = request.header("idempotency-key", IDEMPOTENCY_KEY).json(&body).send().await?;
            statuses.push(answer.status().as_u16());
            bodies.push(answer.text().await?);
        }
        if statuses != [200, 200, 422] || bodies[0] != bodies[1] {
            return Err(format!("a request that was repeated was answered {statuses:?}").into());
        }
        refusals.extend(bodies.pop());
        let token: Value = serde_json::from_str(&bodies[0])?;
        let ticket = token["token"].as_str().ok_or("a token without a ticket")?.to_owned();
        Ok(vec![
            Planted { what: "idempotency key", text: IDEMPOTENCY_KEY.to_owned() },
            Planted { what: "ticket of a kept answer", text: ticket },
        ])
    }

    async fn text(&self, path: &str) -> Result<String, Fault> {
        Ok(self.http.get(format!("{}{path}", self.url)).send().await?.text().await?)
    }

    /// Offers a secret in places where it is refused; the bodies of the refusals that must not show it.
    async fn refused(&self, secret: &str) -> Result<Vec<String>, Fault> {
        let mut bodies = Vec::new();
        let create = format!("{}/v1/actor_tokens", self.url);
        let as_key = self.http.post(&create).bearer_auth(format!("{secret}x")).send().await?;
        bodies.push(as_key.text().await?);
        let wrong_type = json!({ "user_id": "u", "actor": secret });
        let as_actor = self.http.post(&create).bearer_auth(&self.secret_key).json(&wrong_type).send().await?;
        bodies.push(as_actor.text().await?);
        let broken = format!("{{\"user_id\": \"{secret}\"");
        let as_body =
            self.http.post(&create).bearer_auth(&self.secret_key).header("content-type", "application/json");
        bodies.push(as_body.body(broken).send().await?.text().await?);
        let forged = format!("{secret}x");
        let form = HashMap::from([("strategy", "ticket"), ("ticket", forged.as_str())]);
        let as_ticket = self.http.post(format!("{}/v1/client/sign_ins", self.url)).form(&form).send().await?;
        bodies.push(as_ticket.text().await?);
        let as_cookie =
            self.http.get(format!("{}/v1/client", self.url)).header("cookie", format!("__client={secret}x"));
        bodies.push(as_cookie.send().await?.text().await?);
        Ok(bodies)
    }
}
