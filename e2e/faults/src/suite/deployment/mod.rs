//! What is tested: real servers of Actas, on PostgreSQL with a synchronous standby or on SQLite.

mod databases;
mod replica;

pub(crate) use databases::{Databases, off_the_runtime};
pub(crate) use replica::{Environment, Location, Replica};

use crate::{
    Fault,
    suite::injectors::{clock::FakeClock, small_disk::SmallDisk},
};
use serde_json::Value;
use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use tokio::time::sleep;

pub(crate) const REPLICAS: usize = 3;
/// The replica that is started under a clock of its own.
pub(crate) const CLOCK_REPLICA: usize = 2;
/// Short enough for sessions that are left alone to end within an epoch. Longer than a token, so that a token that a client
/// asks for is a use of its session.
pub(crate) const IDLE_SECONDS: i64 = 6;
pub(crate) const TOKEN_SECONDS: i64 = 5;
/// Of instances that end with their run.
const MASTER_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
/// SQLite's disk; one epoch's load takes a part of it.
const DISK_BYTES: u64 = 192 * 1024 * 1024;
/// How long everything may take to be well again.
const HEALTH_LIMIT: Duration = Duration::from_secs(90);
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

pub(crate) struct Deployment {
    pub(crate) replicas: Vec<Replica>,
    /// None on SQLite.
    pub(crate) databases: Option<Databases>,
    /// Of [`CLOCK_REPLICA`] on PostgreSQL and of the one server on SQLite, where clocks are moved.
    pub(crate) clock: Option<FakeClock>,
    /// On SQLite.
    pub(crate) disk: Option<SmallDisk>,
    http: reqwest::Client,
}

/// A secret key and its id.
#[derive(Clone, Debug)]
pub(crate) struct SecretKey {
    pub(crate) id: String,
    pub(crate) secret: String,
}

/// How a deployment is made.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) actas: PathBuf,
    /// Handed on to the servers; a build that knows it breaks a guard.
    pub(crate) mutation: Option<OsString>,
    /// Whether the machine's `libfaketime` is needed.
    pub(crate) moves_clocks: bool,
    pub(crate) seed: u64,
}

impl Deployment {
    pub(crate) async fn on_postgres(plan: &Plan, folder: &Path) -> Result<Self, Fault> {
        let databases = Databases::start(REPLICAS, plan.seed).await?;
        let clock = plan.moves_clocks.then(|| FakeClock::new(&folder.join("clock"))).transpose()?;
        let replicas = (0..REPLICAS)
            .map(|number| {
                let home = folder.join(format!("replica-{number}"));
                let mut environment = environment(plan, &home.join("data"));
                environment.push(("ACTAS_STORE".to_owned(), "postgres".into()));
                environment.push(("ACTAS_DATABASE_URL".to_owned(), databases.url(number).into()));
                environment.push(("ACTAS_DATABASE_CONNECT_TIMEOUT_SECONDS".to_owned(), "2".into()));
                if let Some(clock) = clock.as_ref().filter(|_| number == CLOCK_REPLICA) {
                    environment.extend(clock.environment());
                }
                Replica::new(&plan.actas, home, environment)
            })
            .collect();
        let databases = Some(databases);
        Self { replicas, databases, clock, disk: None, http: client()? }.started().await
    }

    pub(crate) async fn on_sqlite(plan: &Plan, folder: &Path) -> Result<Self, Fault> {
        let disk = SmallDisk::mount(&folder.join("disk"), DISK_BYTES, None)?;
        let clock = plan.moves_clocks.then(|| FakeClock::new(&folder.join("clock"))).transpose()?;
        let mut environment = environment(plan, &folder.join("disk/data"));
        environment.extend(clock.iter().flat_map(FakeClock::environment));
        let replicas = vec![Replica::new(&plan.actas, folder.join("server"), environment)];
        Self { replicas, databases: None, clock, disk: Some(disk), http: client()? }.started().await
    }

    async fn started(mut self) -> Result<Self, Fault> {
        for replica in &mut self.replicas {
            replica.start().await?;
        }
        self.await_health().await?;
        Ok(self)
    }

    /// Waits until every server writes, and every change waits for the standby again.
    pub(crate) async fn await_health(&self) -> Result<(), Fault> {
        let until = Instant::now() + HEALTH_LIMIT;
        if let Some(databases) = &self.databases {
            databases.await_synchronous(until).await?;
        }
        for replica in &self.replicas {
            while !self.is_ready(replica).await {
                replica.process()?;
                if Instant::now() > until {
                    let log = replica.log();
                    return Err(format!("a server was not ready in time; see {}", log.display()).into());
                }
                sleep(BETWEEN_LOOKS).await;
            }
        }
        Ok(())
    }

    async fn is_ready(&self, replica: &Replica) -> bool {
        let asked = self.http.get(format!("{}/readyz", replica.location.url())).send();
        asked.await.is_ok_and(|answer| answer.status() == 200)
    }

    /// By the command line, as an operator does.
    pub(crate) async fn make_key(&self) -> Result<SecretKey, Fault> {
        let replica = self.replicas.first().ok_or("there is no server")?;
        let mut command = replica.command(&["secret-keys", "create", "--json", "--name", "suite"]);
        let output = command.kill_on_drop(true).output().await?;
        let key: Value = serde_json::from_slice(&output.stdout)
            .map_err(|_| format!("secret-keys create: {}", String::from_utf8_lossy(&output.stderr)))?;
        let text =
            |name: &str| key[name].as_str().map(str::to_owned).ok_or("secret-keys create shows no key");
        Ok(SecretKey { id: text("id")?, secret: text("secret_key")? })
    }

    pub(crate) fn locations(&self) -> Vec<Location> {
        self.replicas.iter().map(|replica| replica.location.clone()).collect()
    }

    pub(crate) fn databases(&mut self) -> Result<&mut Databases, Fault> {
        self.databases.as_mut().ok_or_else(|| "this fault is one of PostgreSQL".into())
    }

    pub(crate) fn check_logs(&self) -> Result<(), Fault> {
        self.replicas.iter().try_for_each(Replica::check_log)
    }
}

fn client() -> Result<reqwest::Client, Fault> {
    Ok(reqwest::Client::builder().timeout(Duration::from_secs(5)).build()?)
}

fn environment(plan: &Plan, data: &Path) -> Environment {
    let fixed: [(&str, OsString); 9] = [
        ("ACTAS_PUBLIC_URL", "http://actas.internal".into()),
        ("ACTAS_LISTEN", "127.0.0.1:0".into()),
        ("ACTAS_DATA_DIR", data.into()),
        ("ACTAS_MASTER_KEY", MASTER_KEY.into()),
        ("ACTAS_IMPERSONATED_IDLE_SECONDS", IDLE_SECONDS.to_string().into()),
        ("ACTAS_ORDINARY_IDLE_SECONDS", IDLE_SECONDS.to_string().into()),
        ("ACTAS_SESSION_TOKEN_SECONDS", TOKEN_SECONDS.to_string().into()),
        ("ACTAS_FAILED_AUTHENTICATIONS_PER_MINUTE", "1000000".into()),
        ("ACTAS_LOG_LEVEL", "warn".into()),
    ];
    let fixed = fixed.into_iter().map(|(name, value)| (name.to_owned(), value));
    fixed.chain(plan.mutation.clone().map(|name| ("ACTAS_MUTATION".to_owned(), name))).collect()
}
