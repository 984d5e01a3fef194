//! A database, and real servers that share it.

use crate::Fault;
use actas_postgres_cluster::{Cluster, Database};
use futures::future::try_join_all;
use reqwest::{Client, RequestBuilder, Response};
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
    time,
};

/// Of instances that end with their run.
const MASTER_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
/// Where tokens say that they come from; nobody goes there.
pub(super) const PUBLIC_URL: &str = "http://127.0.0.1:4500";
const REPLICAS: usize = 3;
const START_TIMEOUT: Duration = Duration::from_secs(60);

pub(super) struct Deployment {
    replicas: Vec<Replica>,
    /// Dropping one kills it.
    processes: Vec<Child>,
    _folder: TempDir,
    _database: Database<'static>,
}

impl Deployment {
    /// Starts three servers in the same moment on an empty database, and makes a secret key.
    pub(super) async fn start(actas: &Path) -> Result<Self, Fault> {
        let folder = tempfile::tempdir()?;
        let database = tokio::task::spawn_blocking(|| Cluster::shared().create_database()).await?;
        let places: Vec<Place> = (0..REPLICAS)
            .map(|number| Place {
                actas: actas.to_owned(),
                data: folder.path().join(format!("data-{number}")),
                database_url: database.url(),
            })
            .collect();
        let processes = places.iter().map(Place::spawn).collect::<Result<Vec<_>, _>>()?;
        let listening = try_join_all(processes.into_iter().map(announced)).await?;
        let made = places[0].command(&["secret-keys", "create", "--name", "replicas"]).await?;
        let secret_key = text(&made, "secret_key")?;
        let http = Client::builder().timeout(Duration::from_secs(60)).build()?;
        let (processes, urls): (Vec<_>, Vec<_>) = listening.into_iter().unzip();
        let replicas = places.into_iter().zip(urls).map(|(place, url)| Replica {
            place,
            url,
            secret_key: secret_key.clone(),
            http: http.clone(),
        });
        let replicas = replicas.collect();
        let deployment = Self { replicas, processes, _folder: folder, _database: database };
        deployment.each(async |replica| replica.ready().await).await?;
        Ok(deployment)
    }

    pub(super) fn replica(&self, number: usize) -> &Replica {
        &self.replicas[number % REPLICAS]
    }

    pub(super) fn replicas(&self) -> &[Replica] {
        &self.replicas
    }

    /// The same of all servers at once.
    pub(super) async fn each<T>(
        &self,
        ask: impl AsyncFn(&Replica) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Fault> {
        try_join_all(self.replicas.iter().map(|replica| ask(replica))).await
    }

    /// `kill -9`; waits until the process is gone.
    pub(super) async fn kill(&mut self, number: usize) -> Result<(), Fault> {
        Ok(self.processes[number].kill().await?)
    }

    /// Starts a server that was killed, in its own folder.
    pub(super) async fn restart(&mut self, number: usize) -> Result<(), Fault> {
        let (process, url) = announced(self.replicas[number].place.spawn()?).await?;
        self.processes[number] = process;
        self.replicas[number].url = url;
        self.replicas[number].ready().await
    }
}

/// Everything of one server that outlives its process.
#[derive(Clone, Debug)]
struct Place {
    actas: PathBuf,
    data: PathBuf,
    database_url: String,
}

impl Place {
    fn program(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.actas);
        // What this environment configures is not what is tested.
        command.env_clear().args(arguments);
        command.env("ACTAS_STORE", "postgres").env("ACTAS_DATABASE_URL", &self.database_url);
        command.env("ACTAS_MASTER_KEY", MASTER_KEY).env("ACTAS_DATA_DIR", &self.data);
        command.env("ACTAS_FAILED_AUTHENTICATIONS_PER_MINUTE", "1000000").env("ACTAS_LOG_LEVEL", "warn");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        command
    }

    fn spawn(&self) -> Result<Child, Fault> {
        let serve = ["serve", "--listen", "127.0.0.1:0", "--public-url", PUBLIC_URL];
        let started = self.program(&serve).stderr(Stdio::null()).spawn();
        started.map_err(|error| format!("actas cannot be started: {error}").into())
    }

    /// What a command for the administrator of this server prints.
    async fn command(&self, arguments: &[&str]) -> Result<Value, Fault> {
        let output = self.program(arguments).arg("--json").stderr(Stdio::piped()).output().await?;
        if output.status.success() {
            return Ok(serde_json::from_slice(&output.stdout)?);
        }
        Err(format!("actas {arguments:?}: {}", String::from_utf8_lossy(&output.stderr)).into())
    }
}

/// The process and its URL, when it listens.
async fn announced(mut process: Child) -> Result<(Child, String), Fault> {
    let stdout = process.stdout.take().ok_or("the process has no standard output")?;
    let mut lines = BufReader::new(stdout).lines();
    let line = time::timeout(START_TIMEOUT, lines.next_line()).await;
    let line = line.map_err(|_| "actas did not start in time")??.ok_or("actas ended before it was ready")?;
    let address = line.strip_prefix("listening on ").and_then(|rest| rest.split(' ').next());
    let url = format!("http://{}", address.ok_or_else(|| format!("actas announced {line}"))?);
    Ok((process, url))
}

/// One server, as others reach it.
#[derive(Clone)]
pub(super) struct Replica {
    place: Place,
    pub(super) url: String,
    secret_key: String,
    http: Client,
}

/// An answer, and when its request began.
#[derive(Clone, Debug)]
pub(super) struct Answered {
    pub(super) begun: Instant,
    pub(super) status: u16,
    pub(super) body: Value,
}

/// A session, as the app holds it that redeemed a ticket.
#[derive(Clone, Debug)]
pub(super) struct Seat {
    pub(super) session: String,
    /// The client's secret.
    pub(super) authorization: Arc<str>,
}

impl Replica {
    /// What a command of the administrator prints, given on this server's machine.
    pub(super) async fn command(&self, arguments: &[&str]) -> Result<Value, Fault> {
        self.place.command(arguments).await
    }

    pub(super) fn with_key(&self, secret_key: &str, method: reqwest::Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url)).bearer_auth(secret_key)
    }

    pub(super) async fn get(&self, path: &str) -> Result<Value, Fault> {
        let request = self.with_key(&self.secret_key, reqwest::Method::GET, path);
        expect_success(path, request.send().await?).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Value, Fault> {
        let answer = self.post_with(path, body, None).await?;
        if answer.status == 200 {
            return Ok(answer.body);
        }
        Err(format!("{path}: {} {}", answer.status, answer.body).into())
    }

    /// Whatever is answered, also under an idempotency key.
    pub(super) async fn post_with(
        &self,
        path: &str,
        body: &Value,
        idempotency_key: Option<&str>,
    ) -> Result<Answered, Fault> {
        let mut request = self.with_key(&self.secret_key, reqwest::Method::POST, path).json(body);
        if let Some(key) = idempotency_key {
            request = request.header("idempotency-key", key);
        }
        answered(request).await
    }

    /// A token of the session, asked for by its own client.
    pub(super) async fn mint_as_client(&self, seat: &Seat) -> Result<Answered, Fault> {
        let path = format!("/v1/client/sessions/{}/tokens?_is_native=1&debug=skip_cache", seat.session);
        let request = self.http.post(format!("{}{path}", self.url));
        answered(request.header("authorization", &*seat.authorization)).await
    }

    /// A token of the session, asked for by a backend.
    pub(super) async fn mint_as_backend(&self, seat: &Seat) -> Result<Answered, Fault> {
        self.post_with(&format!("/v1/sessions/{}/tokens", seat.session), &Value::Null, None).await
    }

    /// Redeems a ticket as a native app does.
    pub(super) async fn redeem(&self, ticket: &str) -> Result<(u16, Value, Option<Seat>), Fault> {
        let request = self.http.post(format!("{}/v1/client/sign_ins?_is_native=1", self.url));
        let answer = request.form(&[("strategy", "ticket"), ("ticket", ticket)]).send().await?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body: Value = answer.json().await?;
        let session = body.pointer("/response/created_session_id").and_then(Value::as_str);
        let authorization = headers.get("authorization").and_then(|value| value.to_str().ok());
        let seat = session
            .zip(authorization)
            .map(|(session, secret)| Seat { session: session.to_owned(), authorization: secret.into() });
        Ok((status, body, seat))
    }

    /// An impersonated session on a client of its own.
    pub(super) async fn sign_in(&self, subject: &str, actor: &str) -> Result<Seat, Fault> {
        let token = self.actor_token(subject, actor).await?;
        let (status, body, seat) = self.redeem(&text(&token, "token")?).await?;
        seat.ok_or_else(|| format!("redeem: {status} {body}").into())
    }

    pub(super) async fn actor_token(&self, subject: &str, actor: &str) -> Result<Value, Fault> {
        let request = serde_json::json!({ "user_id": subject, "actor": { "sub": actor } });
        self.post("/v1/actor_tokens", &request).await
    }

    pub(super) async fn delete(&self, path: &str) -> Result<(), Fault> {
        let request = self.with_key(&self.secret_key, reqwest::Method::DELETE, path);
        expect_success(path, request.send().await?).await.map(drop)
    }

    /// Signs the session's client out, as its app does.
    pub(super) async fn sign_out(&self, seat: &Seat) -> Result<(), Fault> {
        let request = self.http.delete(format!("{}/v1/client/sessions?_is_native=1", self.url));
        let answer = request.header("authorization", &*seat.authorization).send().await?;
        expect_success("sign out", answer).await.map(drop)
    }

    /// The ids in the key set that anybody may read.
    pub(super) async fn key_ids(&self) -> Result<Vec<String>, Fault> {
        let answer = self.http.get(format!("{}/.well-known/jwks.json", self.url)).send().await?;
        let set = expect_success("jwks.json", answer).await?;
        let keys = set["keys"].as_array().ok_or("jwks.json has no keys")?;
        keys.iter().map(|key| text(key, "kid")).collect()
    }

    async fn ready(&self) -> Result<(), Fault> {
        let url = format!("{}/readyz", self.url);
        let asked = async {
            while !self.http.get(&url).send().await.is_ok_and(|answer| answer.status() == 200) {
                time::sleep(Duration::from_millis(5)).await;
            }
        };
        Ok(time::timeout(START_TIMEOUT, asked).await.map_err(|_| "actas was not ready in time")?)
    }
}

async fn answered(request: RequestBuilder) -> Result<Answered, Fault> {
    let begun = Instant::now();
    let answer = request.send().await?;
    Ok(Answered { begun, status: answer.status().as_u16(), body: answer.json().await? })
}

async fn expect_success(path: &str, answer: Response) -> Result<Value, Fault> {
    let status = answer.status();
    let body: Value = answer.json().await?;
    if status == 200 { Ok(body) } else { Err(format!("{path}: {status} {body}").into()) }
}

/// A member of an answer.
pub(super) fn text(value: &Value, member: &str) -> Result<String, Fault> {
    let found = value[member].as_str().map(ToOwned::to_owned);
    found.ok_or_else(|| format!("an answer has no {member}").into())
}
