//! Actas itself, as `actas serve` runs it: authentication, validation, rules, record, metrics, logs at info.

pub(super) mod growth;
pub(super) mod memory;
pub(super) mod overload;
pub(super) mod postgres;
pub(super) mod throughput;

use super::{
    Bench, limits, ports,
    requests::{self, FORM, JSON, SEPARATOR},
    server::{LOAD, SERVER, Server, pinned},
    text,
};
use crate::command;
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Who may be acted as.
const SUBJECTS: usize = 50;
const APP: &str = "https://app.example.test";
/// Of instances that end with the benchmark; SQLite makes its own.
const MASTER_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// A server with users and a secret key, made ready and started anew.
pub(super) struct Instance {
    pub(super) server: Server,
    authorization: String,
    files: PathBuf,
}

impl Instance {
    /// Of a data folder that is there or comes into being; the first start makes the keys, and is not measured.
    pub(super) fn start(
        bench: &Bench<'_>,
        folder: &Path,
        database_url: Option<&str>,
    ) -> Result<Self, String> {
        let is_new = !folder.join("benchmark-key").exists();
        if is_new {
            fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
            drop(serve(bench, folder, database_url)?);
            let mut create = Command::new(&bench.programs.actas);
            configure(&mut create, folder, database_url);
            create.args(["secret-keys", "create", "--json"]);
            let printed = command::output(&mut create)?;
            let key: Value = serde_json::from_str(&printed).map_err(|error| format!("{error}: {printed}"))?;
            let key = key["secret_key"].as_str().or(key["secret"].as_str()).or(key["key"].as_str());
            let key = key.ok_or_else(|| format!("no secret key in {printed}"))?;
            let file = folder.join("benchmark-key");
            fs::write(&file, key).map_err(|error| format!("{}: {error}", file.display()))?;
        }
        let key = fs::read_to_string(folder.join("benchmark-key")).map_err(|error| error.to_string())?;
        let server = serve(bench, folder, database_url)?;
        let instance =
            Self { server, authorization: format!("Bearer {}", key.trim()), files: bench.folder.clone() };
        if is_new {
            for subject in 0..SUBJECTS {
                let body = format!(
                    r#"{{"id":"user_{subject}","first_name":"Ada","email_address":["ada{subject}@example.com"]}}"#
                );
                requests::succeed(instance.server.port, &instance.backend("/v1/users", &body))?;
            }
        }
        Ok(instance)
    }

    fn backend(&self, path: &str, body: &str) -> String {
        requests::post(path, &[("authorization", &self.authorization), JSON], body)
    }

    fn read(&self, path: &str) -> String {
        requests::get(path, &[("authorization", &self.authorization)])
    }

    /// Creations for each of the subjects.
    pub(super) fn creations(&self) -> Vec<String> {
        (0..SUBJECTS)
            .map(|subject| {
                let body = format!(
                    r#"{{"user_id":"user_{subject}","actor":{{"sub":"staff_7","email":"support@example.com"}},"expires_in_seconds":3600}}"#
                );
                self.backend("/v1/actor_tokens", &body)
            })
            .collect()
    }

    /// New pending tokens, as they were answered.
    fn tokens(&self, bench: &Bench<'_>, count: usize) -> Result<Vec<Value>, String> {
        let (requests, bodies) = (self.files.join("creations"), self.files.join("tokens"));
        fs::write(&requests, self.creations().join(SEPARATOR))
            .map_err(|error| format!("{}: {error}", requests.display()))?;
        let address = format!("127.0.0.1:{}", self.server.port);
        let arguments = ["collect", &address, &text(&requests), &count.to_string(), &text(&bodies)];
        limits::measure_on(bench, LOAD, &arguments)?;
        let bodies = fs::read_to_string(&bodies).map_err(|error| format!("{}: {error}", bodies.display()))?;
        bodies.lines().map(|line| serde_json::from_str(line).map_err(|error| error.to_string())).collect()
    }

    pub(super) fn acceptances(&self, bench: &Bench<'_>, count: usize) -> Result<Vec<String>, String> {
        let acceptance = |token: &Value| {
            let body = format!("strategy=ticket&ticket={}", member(token, "token")?);
            Ok(requests::post("/v1/client/sign_ins", &[("origin", APP), FORM], &body))
        };
        self.tokens(bench, count)?.iter().map(acceptance).collect()
    }

    fn revocations(&self, bench: &Bench<'_>, count: usize) -> Result<Vec<String>, String> {
        let revocation = |token: &Value| {
            Ok(self.backend(&format!("/v1/actor_tokens/{}/revoke", member(token, "id")?), ""))
        };
        self.tokens(bench, count)?.iter().map(revocation).collect()
    }

    /// Requests for session tokens of sessions that are live.
    fn mintings(&self) -> Result<Vec<String>, String> {
        let listed = requests::succeed(self.server.port, &self.read("/v1/sessions?status=active&limit=100"))?;
        let listed: Value = serde_json::from_str(&listed.body).map_err(|error| error.to_string())?;
        let sessions = listed.as_array().or(listed["data"].as_array()).ok_or("no list of sessions")?;
        if sessions.is_empty() {
            return Err("there is no live session".to_owned());
        }
        let minting = |session: &Value| {
            Ok(self.backend(&format!("/v1/sessions/{}/tokens", member(session, "id")?), ""))
        };
        sessions.iter().map(minting).collect()
    }
}

fn serve(bench: &Bench<'_>, folder: &Path, database_url: Option<&str>) -> Result<Server, String> {
    let port = ports::free()?;
    let mut command = pinned(SERVER, &bench.programs.actas);
    configure(&mut command, folder, database_url);
    command.arg("serve").env("ACTAS_LISTEN", format!("127.0.0.1:{port}"));
    Server::start(&mut command, port, "/healthz", &bench.folder.join("actas.log"))
}

fn configure(command: &mut Command, folder: &Path, database_url: Option<&str>) {
    command.env("ACTAS_DATA_DIR", folder);
    command.env("ACTAS_PUBLIC_URL", "https://actas.example.test");
    command.env("ACTAS_SIGN_IN_URL", format!("{APP}/sign-in"));
    if let Some(url) = database_url {
        command.env("ACTAS_STORE", "postgres").env("ACTAS_DATABASE_URL", url);
        command.env("ACTAS_MASTER_KEY", MASTER_KEY);
    }
}

fn member<'a>(object: &'a Value, name: &str) -> Result<&'a str, String> {
    object[name].as_str().ok_or_else(|| format!("no {name} in {object}"))
}
