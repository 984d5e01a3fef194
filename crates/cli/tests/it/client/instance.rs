//! A server with its two users, and commands that speak to it.

use crate::process::{Server, actas, request, stderr, stdout};
use serde_json::Value;
use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{Shutdown, TcpListener},
    process::{Command, Output},
};
use tempfile::TempDir;

/// `actas dev --ephemeral`, and a folder for whoever speaks to it.
pub(super) struct Instance {
    pub(super) server: Server,
    pub(super) folder: TempDir,
    pub(super) url: String,
    pub(super) key: String,
    pub(super) alice: String,
    pub(super) bob: String,
}

impl Instance {
    pub(super) fn start() -> Self {
        Self::start_with(&[])
    }

    /// With variables of the configuration.
    pub(super) fn start_with(variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = actas(folder.path(), &["dev", "--ephemeral", "--listen", "127.0.0.1:0"]);
        command.envs(variables.iter().copied());
        let server = Server::start_with(command);
        let printed = |name: &str| {
            let line = server.printed.lines().find_map(|line| line.trim().strip_prefix(name)).unwrap();
            line.trim().to_owned()
        };
        let (key, alice, bob) = (printed("Secret key"), printed("Alice Support"), printed("Bob Customer"));
        let url = format!("http://{}", server.address);
        Self { server, folder, url, key, alice, bob }
    }

    /// A command that is told of the server by the environment.
    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = actas(self.folder.path(), arguments);
        command.env("ACTAS_URL", &self.url).env("CLERK_SECRET_KEY", &self.key);
        command
    }

    pub(super) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// What a command prints that succeeds.
    pub(super) fn ok(&self, arguments: &[&str]) -> String {
        succeeded(&self.run(arguments))
    }

    /// The JSON that a command prints.
    pub(super) fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.ok(&[arguments, &["--json"]].concat())).unwrap()
    }

    /// A table in so many columns.
    pub(super) fn table(&self, columns: &str, arguments: &[&str]) -> String {
        succeeded(&self.command(arguments).env("COLUMNS", columns).output().unwrap())
    }

    /// Makes an actor token for Alice to act as Bob, and gives its id and its ticket.
    pub(super) fn token(&self, more: &[&str]) -> (String, String) {
        let made = self.json(&[&["impersonate", &self.bob, "--actor", &self.alice], more].concat());
        (made["id"].as_str().unwrap().to_owned(), made["token"].as_str().unwrap().to_owned())
    }

    /// Redeems a ticket as an app would, and gives the session's id.
    pub(super) fn redeem(&self, ticket: &str) -> String {
        let body = format!("strategy=ticket&ticket={ticket}");
        let form = "Content-Type: application/x-www-form-urlencoded";
        let (status, answer) =
            request(self.server.address, "POST", "/v1/client/sign_ins?_is_native=1", &[form], &body);
        assert_eq!(status, 200, "{answer}");
        let answer: Value = serde_json::from_str(&answer).unwrap();
        answer["response"]["created_session_id"].as_str().unwrap().to_owned()
    }

    /// Makes a user by the API, so that it can have any name.
    pub(super) fn create_user(&self, body: &Value) -> String {
        let key = format!("Authorization: Bearer {}", self.key);
        let headers = [key.as_str(), "Content-Type: application/json"];
        let (status, answer) = request(self.server.address, "POST", "/v1/users", &headers, &body.to_string());
        assert_eq!(status, 200, "{answer}");
        serde_json::from_str::<Value>(&answer).unwrap()["id"].as_str().unwrap().to_owned()
    }
}

/// Words of a request's first line, and a head (status line and headers) and a body for it.
pub(super) type Answers = &'static [(&'static str, &'static str, &'static str)];

/// A server of something else: it gives each request the first answer whose words fit, or else the last one. Its URL is the result.
pub(super) fn answering(answers: Answers) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut first = String::new();
            let _ = BufReader::new(stream.try_clone().unwrap()).read_line(&mut first);
            let fits = answers.iter().find(|(words, ..)| first.contains(words));
            let (_, head, body) = fits.or(answers.last()).unwrap();
            let length = body.len();
            let _ = write!(
                stream,
                "HTTP/1.1 {head}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            );
            // What was not read of a request would reset the connection, and its answer be lost.
            let _ = stream.shutdown(Shutdown::Write);
            let _ = stream.read_to_end(&mut Vec::new());
        }
    });
    url
}

pub(super) fn succeeded(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(output), stderr(output));
    stdout(output)
}

/// What differs from run to run, replaced by something as long, so that columns stay where they are.
pub(super) fn settings() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    let ids = "${1}_000000000000000000000000000";
    settings.add_filter(r"\b(act|user|sess|client|ins|key|idn|sit)_[0-9A-Za-z]{27}\b", ids);
    settings.add_filter(r"\bkey_[0-9A-Za-z]{1,26}…", "key_000000…");
    settings.add_filter(r"just now|\d\d s ago", "just now");
    settings.add_filter(r"127\.0\.0\.1:\d{5}", "127.0.0.1:PORT_");
    settings.add_filter(r"acttkt_[0-9A-Za-z]+", "acttkt_TICKET");
    settings.add_filter(r"\b1[0-9]{12}\b", "1700000000000");
    settings.add_filter(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "2026-11-24T08:00:00Z");
    settings.add_filter(r"\b[0-9a-f]{32}\b", "00000000000000000000000000000000");
    settings.set_prepend_module_to_snapshot(false);
    settings
}

/// Compares a text with its snapshot, but for what differs from run to run.
macro_rules! assert_shown {
    ($name:expr, $text:expr) => {
        $crate::client::instance::settings().bind(|| insta::assert_snapshot!($name, $text));
    };
}

pub(super) use assert_shown;
