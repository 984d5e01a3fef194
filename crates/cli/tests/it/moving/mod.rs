//! Moving all that an instance holds: backups, what is restored from them, and copies from store to store.

mod backup;
mod copy;
mod cut_off;
mod restore;
mod withdraw;

use crate::process::{Server, actas, stderr, stdout};
use actas_postgres_cluster::Database;
use serde_json::{Value, json};
use std::{path::Path, process::Command};

/// The ticket of a link and all that goes with it, on a development server.
struct Instance {
    secret_key: String,
}

const DEV: [&str; 3] = ["dev", "--listen", "127.0.0.1:0"];

/// Runs a command that succeeds and prints JSON.
fn json_of(folder: &Path, arguments: &[&str]) -> Value {
    printed(actas(folder, arguments))
}

/// The same of a command that is made ready.
fn printed(mut command: Command) -> Value {
    let output = command.arg("--json").output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{command:?}: {}", stderr(&output));
    serde_json::from_str(&stdout(&output)).unwrap()
}

/// A command on this PostgreSQL database.
fn with(folder: &Path, database: &Database<'_>, arguments: &[&str]) -> Command {
    let mut command = actas(folder, arguments);
    command.env("ACTAS_DATABASE_URL", database.url());
    command
}

impl Instance {
    fn of(folder: &Path) -> Self {
        let secret_key = crate::process::env_file(folder)["CLERK_SECRET_KEY"].clone();
        Self { secret_key }
    }

    fn post(&self, server: &Server, path: &str, body: &Value) -> (u16, Value) {
        self.request(server, "POST", path, &body.to_string())
    }

    fn get(&self, server: &Server, path: &str) -> (u16, Value) {
        self.request(server, "GET", path, "")
    }

    fn request(&self, server: &Server, method: &str, path: &str, body: &str) -> (u16, Value) {
        let headers = [
            format!("Authorization: Bearer {}", self.secret_key),
            "Content-Type: application/json".to_owned(),
        ];
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        let (status, body) = server.request(method, path, &headers, body);
        (status, serde_json::from_str(&body).unwrap_or(Value::Null))
    }

    /// A user, and a pending actor token for them.
    fn actor_token(&self, server: &Server) -> Value {
        let (status, user) = self.post(server, "/v1/users", &json!({}));
        assert_eq!(status, 200, "{user}");
        let wanted = json!({ "user_id": user["id"], "actor": { "sub": "support" } });
        let (status, token) = self.post(server, "/v1/actor_tokens", &wanted);
        assert_eq!(status, 200, "{token}");
        token
    }

    fn status_of(&self, server: &Server, token: &Value) -> Value {
        let id = token["id"].as_str().unwrap();
        let (status, all) = self.get(server, "/v1/actor_tokens?limit=100");
        assert_eq!(status, 200, "{all}");
        let all = all.as_array().cloned().or_else(|| all["data"].as_array().cloned()).unwrap();
        all.iter().find(|each| each["id"] == id).map_or(Value::Null, |found| found["status"].clone())
    }
}

/// Signs in by the ticket, as a client without a browser does.
fn redeem(server: &Server, token: &Value) -> u16 {
    let ticket = token["token"].as_str().unwrap();
    let body = format!("strategy=ticket&ticket={ticket}");
    let headers = ["Content-Type: application/x-www-form-urlencoded"];
    server.request("POST", "/v1/client/sign_ins?_is_native=1", &headers, &body).0
}

/// All names in a folder, in order.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|each| each.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
