//! A real `actas` process, and how to talk to it.

use crate::Fault;
use reqwest::{Client, Response};
use serde_json::Value;
use std::{
    collections::HashMap,
    fs::File,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
    time,
};

pub(crate) struct Server {
    process: Child,
    pub(crate) url: String,
    pub(crate) secret_key: String,
    pub(crate) http: Client,
}

const DEV: [&str; 3] = ["dev", "--listen", "127.0.0.1:0"];

/// How long a start may take, on a slow machine.
const START_TIMEOUT: Duration = Duration::from_secs(60);

impl Server {
    /// Starts `actas dev` on the data folder and waits until it is ready.
    pub(crate) async fn start(actas: &Path, data: &Path) -> Result<Self, Fault> {
        Self::announced(Command::new(actas).args(DEV).arg("--data-dir").arg(data), Stdio::null()).await
    }

    /// The same without a data folder, in memory.
    pub(crate) async fn start_ephemeral(actas: &Path) -> Result<Self, Fault> {
        Self::announced(Command::new(actas).args(DEV).arg("--ephemeral"), Stdio::null()).await
    }

    /// The same with the log, of everything, in a file.
    pub(crate) async fn start_logging(
        actas: &Path,
        data: &Path,
        format: &str,
        log: &Path,
    ) -> Result<Self, Fault> {
        let mut command = Command::new(actas);
        command.args(DEV).arg("--data-dir").arg(data);
        command.env("ACTAS_LOG_LEVEL", "trace").env("ACTAS_LOG_FORMAT", format);
        Self::announced(&mut command, File::create(log)?.into()).await
    }

    async fn announced(command: &mut Command, log: Stdio) -> Result<Self, Fault> {
        let mut process = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("actas cannot be started: {error}"))?;
        let stdout = process.stdout.take().ok_or("the process has no standard output")?;
        let mut lines = BufReader::new(stdout).lines();
        let announced = async {
            let (mut url, mut secret_key) = (None, None);
            while url.is_none() || secret_key.is_none() {
                let line = lines.next_line().await?.ok_or("actas ended before it was ready")?;
                url = url.or_else(|| word(&line, "http://127.0.0.1:"));
                secret_key = secret_key.or_else(|| word(&line, "sk_test_"));
            }
            Ok::<_, Fault>((url.unwrap_or_default(), secret_key.unwrap_or_default()))
        };
        let (url, secret_key) =
            time::timeout(START_TIMEOUT, announced).await.map_err(|_| "actas did not start in time")??;
        // Whatever it prints later must not fill the pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let http = Client::builder().timeout(Duration::from_secs(60)).build()?;
        let server = Self { process, url: origin(&url), secret_key, http };
        server.ready().await?;
        Ok(server)
    }

    async fn ready(&self) -> Result<(), Fault> {
        let asked = async {
            while !self
                .http
                .get(format!("{}/readyz", self.url))
                .send()
                .await
                .is_ok_and(|answer| answer.status() == 200)
            {
                time::sleep(Duration::from_millis(5)).await;
            }
        };
        Ok(time::timeout(START_TIMEOUT, asked).await.map_err(|_| "actas was not ready in time")?)
    }

    /// `kill -9`, while requests are under way.
    pub(crate) fn kill_hard(&self) -> Result<(), Fault> {
        self.signal("-9")
    }

    /// SIGTERM, and the wait for an orderly end.
    pub(crate) async fn end(mut self) -> Result<(), Fault> {
        self.signal("-TERM")?;
        let status =
            time::timeout(START_TIMEOUT, self.process.wait()).await.map_err(|_| "actas did not end")??;
        if status.success() { Ok(()) } else { Err(format!("actas ended with {status}").into()) }
    }

    fn signal(&self, signal: &str) -> Result<(), Fault> {
        let id = self.process.id().ok_or("the process is gone already")?;
        let sent = std::process::Command::new("kill").args([signal, &id.to_string()]).status()?;
        if sent.success() { Ok(()) } else { Err(format!("kill {signal} failed").into()) }
    }

    /// Waits until the killed process is gone, and with it its lock.
    pub(crate) async fn buried(mut self) -> Result<(), Fault> {
        self.process.wait().await?;
        Ok(())
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Value, Fault> {
        let answer =
            self.http.get(format!("{}{path}", self.url)).bearer_auth(&self.secret_key).send().await?;
        expect_success(path, answer).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Value, Fault> {
        let request = self.http.post(format!("{}{path}", self.url)).bearer_auth(&self.secret_key).json(body);
        expect_success(path, request.send().await?).await
    }

    /// The same with a key, so that it can be sent again.
    pub(crate) async fn post_with_key(&self, path: &str, key: &str, body: &Value) -> Result<Value, Fault> {
        let request = self.http.post(format!("{}{path}", self.url)).bearer_auth(&self.secret_key);
        expect_success(path, request.header("idempotency-key", key).json(body).send().await?).await
    }

    /// Redeems a ticket as a native app does; the status and the body.
    pub(crate) async fn redeem(&self, ticket: &str) -> Result<(u16, Value), Fault> {
        let url = format!("{}/v1/client/sign_ins?_is_native=1", self.url);
        let form = HashMap::from([("strategy", "ticket"), ("ticket", ticket)]);
        let answer = self.http.post(url).form(&form).send().await?;
        let status = answer.status().as_u16();
        Ok((status, answer.json().await?))
    }

    /// The id of the user with that first name (the two of `actas dev` are Alice and Bob).
    pub(crate) async fn user_named(&self, first_name: &str) -> Result<String, Fault> {
        let users = self.get(&format!("/v1/users?query={first_name}")).await?;
        let id = users.pointer("/0/id").and_then(Value::as_str);
        Ok(id.ok_or_else(|| format!("there is no user {first_name}"))?.to_owned())
    }
}

async fn expect_success(path: &str, answer: Response) -> Result<Value, Fault> {
    let status = answer.status();
    let body: Value = answer.json().await?;
    if status == 200 { Ok(body) } else { Err(format!("{path}: {status} {body}").into()) }
}

/// The first word of the line that begins so.
fn word(line: &str, beginning: &str) -> Option<String> {
    let start = line.find(beginning)?;
    let ends = |character: char| character.is_whitespace() || "\"'`,".contains(character);
    line[start..].split(ends).next().map(str::to_owned)
}

/// Scheme, host and port of a URL.
fn origin(url: &str) -> String {
    url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/")
}

/// A folder of its own for one server.
pub(crate) fn data_folder() -> Result<(tempfile::TempDir, PathBuf), Fault> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    Ok((folder, data))
}
