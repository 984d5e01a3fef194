//! Two PostgreSQL servers that take turns as primary and synchronous standby, each reached by every replica through a
//! proxy of its own.

use crate::{
    Fault,
    random::Random,
    suite::injectors::{postgres_proxy::PostgresProxy, small_disk::SmallDisk},
};
use actas_postgres_cluster::{Cluster, USER};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{task::spawn_blocking, time::sleep};

const DATABASE: &str = "actas";
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);
/// They must survive a loss of their processes, and write as a server does that means it.
const SETTINGS: &[(&str, &str)] = &[
    ("wal_level", "replica"),
    ("max_wal_senders", "8"),
    ("fsync", "on"),
    ("full_page_writes", "on"),
    ("hot_standby", "on"),
    ("max_wal_size", "256MB"),
    // In the data folder, with which it goes: the memory of a server that was killed would stay.
    ("dynamic_shared_memory_type", "mmap"),
];
/// Of each of the two. The memory of the machine holds it, as far as it is used.
const DISK_BYTES: u64 = 2 * 1024 * 1024 * 1024;
/// Any standby that follows.
const EVERYBODY: &str = "*";
const IS_SYNCHRONOUS: &str =
    "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' AND sync_state = 'sync'";

pub(crate) struct Databases {
    hosts: [Arc<Cluster>; 2],
    primary: usize,
    /// By host; taken away when the hosts have ended.
    disks: [Arc<SmallDisk>; 2],
    /// By replica, then by host.
    pub(crate) proxies: Vec<[PostgresProxy; 2]>,
}

impl Databases {
    pub(crate) async fn start(replicas: usize, seed: u64) -> Result<Self, Fault> {
        let (hosts, [first, second]) = off_the_runtime(|| {
            let mut disks = [None, None];
            let mount = |folder: &Path, owner| Some(SmallDisk::mount(folder, DISK_BYTES, owner));
            let primary = Cluster::start_prepared(SETTINGS, |folder, owner| disks[0] = mount(folder, owner));
            primary.sql("postgres", &format!("CREATE DATABASE {DATABASE}"));
            let standby =
                primary.start_standby_prepared("standby", |folder, owner| disks[1] = mount(folder, owner));
            primary.set("synchronous_standby_names", EVERYBODY);
            ([Arc::new(primary), Arc::new(standby)], disks)
        })
        .await?;
        let mounted = |disk: Option<Result<SmallDisk, Fault>>| disk.ok_or("no disk was mounted")?;
        let disks = [Arc::new(mounted(first)?), Arc::new(mounted(second)?)];
        let mut random = Random::new(seed);
        let mut proxies = Vec::with_capacity(replicas);
        for _ in 0..replicas {
            let [first, second] = [&hosts[0], &hosts[1]].map(|host| socket(host));
            proxies.push([
                PostgresProxy::start(first, random.next()).await?,
                PostgresProxy::start(second, random.next()).await?,
            ]);
        }
        Ok(Self { hosts, primary: 0, disks, proxies })
    }

    /// By which a replica reaches both hosts.
    pub(crate) fn url(&self, replica: usize) -> String {
        let [first, second] = [0, 1].map(|host| self.proxies[replica][host].port());
        format!("postgresql://{USER}@127.0.0.1:{first},127.0.0.1:{second}/{DATABASE}?sslmode=disable")
    }

    pub(crate) const fn primary_index(&self) -> usize {
        self.primary
    }

    pub(crate) fn primary(&self) -> Arc<Cluster> {
        Arc::clone(&self.hosts[self.primary])
    }

    /// The one that holds all of the primary, its log included.
    pub(crate) fn primary_disk(&self) -> Arc<SmallDisk> {
        Arc::clone(&self.disks[self.primary])
    }

    pub(crate) fn standby(&self) -> Arc<Cluster> {
        Arc::clone(&self.hosts[1 - self.primary])
    }

    /// Nobody connects to the host any more, and whoever was connected is not. The given replica keeps what it has.
    pub(crate) fn fence(&self, host: usize, keep: Option<usize>) {
        for (replica, proxies) in self.proxies.iter().enumerate() {
            proxies[host].refuse_new(true);
            if keep != Some(replica) {
                proxies[host].cut_all();
            }
        }
    }

    pub(crate) fn open(&self, host: usize) {
        for proxies in &self.proxies {
            proxies[host].refuse_new(false);
        }
    }

    /// The standby becomes the primary. It waits for no standby until it has one.
    pub(crate) async fn promote(&mut self) -> Result<(), Fault> {
        let standby = self.standby();
        off_the_runtime(move || {
            standby.set("synchronous_standby_names", "");
            standby.promote();
        })
        .await?;
        self.primary = 1 - self.primary;
        Ok(())
    }

    /// The old primary, which has ended, becomes the standby of the new one; then changes wait for it.
    pub(crate) async fn rebuild(&self) -> Result<(), Fault> {
        let (primary, standby) = (self.primary(), self.standby());
        off_the_runtime(move || {
            standby.rebuild_as_standby(&primary, "standby");
            primary.set("synchronous_standby_names", EVERYBODY);
        })
        .await
    }

    pub(crate) async fn await_synchronous(&self, until: Instant) -> Result<(), Fault> {
        loop {
            let primary = self.primary();
            let followers = off_the_runtime(move || primary.try_sql("postgres", IS_SYNCHRONOUS)).await?;
            match followers {
                Ok(count) if count == "1" => return Ok(()),
                other if Instant::now() > until => {
                    return Err(format!("no standby follows synchronously: {other:?}").into());
                }
                _ => sleep(BETWEEN_LOOKS).await,
            }
        }
    }

    /// Carries everything again, and lets everybody in.
    pub(crate) fn heal(&self) {
        for proxy in self.proxies.iter().flatten() {
            proxy.disarm();
            proxy.hold(false);
        }
        for proxies in &self.proxies {
            proxies[self.primary].refuse_new(false);
        }
    }

    /// Writes what both servers have logged into the folder.
    pub(crate) fn save_logs(&self, folder: &Path) -> Result<(), Fault> {
        for (number, host) in self.hosts.iter().enumerate() {
            let file = folder.join(format!("postgres-{number}.log"));
            std::fs::write(&file, host.log()).map_err(|error| format!("{}: {error}", file.display()))?;
        }
        Ok(())
    }

    /// A commit under way is never cancelled by Actas.
    pub(crate) fn check_cancel_requests(&self) -> Result<(), Fault> {
        let requests: u64 = self.proxies.iter().flatten().map(PostgresProxy::cancel_requests).sum();
        if requests == 0 {
            Ok(())
        } else {
            Err(format!("{requests} requests to cancel a statement were sent").into())
        }
    }

    /// Batches whose commit went through the proxies.
    pub(crate) fn commits(&self) -> u64 {
        self.proxies.iter().flatten().map(PostgresProxy::commits).sum()
    }
}

fn socket(host: &Cluster) -> PathBuf {
    host.socket_folder().join(format!(".s.PGSQL.{}", host.port()))
}

/// Does what waits for other programs where it holds up nobody. A panic there is this run's fault.
pub(crate) async fn off_the_runtime<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Fault> {
    spawn_blocking(work).await.map_err(|error| {
        let told = error.try_into_panic().ok().and_then(|told| told.downcast::<String>().ok());
        told.map_or_else(|| "the work of a database has panicked".into(), |told| (*told).into())
    })
}
