//! The power fails: only what was synced is on the disk. `kill -9` cannot show this, for the page cache survives it.
//!
//! A child process commits through the real store under `strace`. From the trace the disk is rebuilt as it was at
//! the moment of an acknowledgement, from synced writes alone, and opened: everything acknowledged so far must be
//! there. The same run with `synchronous=OFF` must fail, or this would prove nothing.

use crate::{
    Fault,
    trace::{self, Event},
};
use actas_crypto::{Argon2Passwords, MasterKey, MasterKeyVault, SystemClock, SystemEntropy};
use actas_domain::{
    actor::Actor,
    actor_token::create::{self, CreateActorToken},
    caller::Context,
    idempotency::Unkept,
    ids::ActorTokenId,
    keys::ring::KeyRing,
    ports::Store as _,
    settings::{DirectoryMode, Settings},
    world::World,
};
use actas_store_sqlite::{Options, SqliteStore};
use std::{
    collections::{BTreeMap, HashMap},
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
};
use tokio::process::Command;

const DATABASE: &str = "actas.db";
/// Tasks that commit at once, and commits of each.
const TASKS: usize = 8;
const COMMITS: usize = 60;
/// Moments at which the power fails.
const FAILURES: usize = 40;

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Synchronous {
    Full,
    /// Only to show that the run would notice.
    Off,
}

pub(crate) async fn run() -> Result<String, Fault> {
    install_strace().await?;
    let (lost, moments) = losses(Synchronous::Full).await?;
    if let Some(loss) = lost.first() {
        return Err(
            format!("{} of {moments} images lack something acknowledged; first: {loss}", lost.len()).into()
        );
    }
    let (lost, without) = losses(Synchronous::Off).await?;
    if lost.is_empty() {
        return Err(format!(
            "with synchronous=OFF none of {without} images lacks anything: this run shows nothing"
        )
        .into());
    }
    Ok(format!(
        "{moments} power failures among {} acknowledged commits, nothing lost; with synchronous=OFF {} of {without} images lack some",
        TASKS * COMMITS,
        lost.len()
    ))
}

/// The traced process: commits, and says each acknowledged id in a line of its own.
pub(crate) async fn child(data: &Path, synchronous: Synchronous) -> Result<(), Fault> {
    let clock = Arc::new(SystemClock);
    let options = Options::new(data.join(DATABASE));
    let store = match synchronous {
        Synchronous::Full => SqliteStore::open(&options, clock.clone())?,
        Synchronous::Off => {
            SqliteStore::open_unsafe(&options, clock.clone(), actas_store_sqlite::Synchronous::Off)?
        }
    };
    let master_key = MasterKey::from_bytes([7; 32]);
    let world = Arc::new(World {
        store: Arc::new(store),
        clock,
        entropy: Arc::new(SystemEntropy),
        vault: Arc::new(MasterKeyVault::new(&master_key)?),
        passwords: Arc::new(Argon2Passwords::default()),
        settings: Settings { directory_mode: DirectoryMode::Open, ..Settings::default() },
        key_ring: KeyRing::default(),
        refusals: actas_domain::refusal_throttle::RefusalThrottle::default(),
    });
    let tasks: Vec<_> = (0..TASKS).map(|task| tokio::spawn(commit_all(Arc::clone(&world), task))).collect();
    for task in tasks {
        task.await??;
    }
    // The end of a process is no power failure: whatever a clean end would sync must not help.
    std::process::exit(0)
}

async fn commit_all(world: Arc<World>, task: usize) -> Result<(), Fault> {
    for number in 0..COMMITS {
        let actor = Actor::parse(r#"{"sub":"actor"}"#, false).map_err(|refusal| format!("{refusal:?}"))?;
        let request = CreateActorToken {
            user_id: format!("subject-{task}-{number}"),
            actor,
            reason: None,
            expires_in_seconds: None,
            session_max_duration_in_seconds: None,
        };
        let created = create::create(&world, &Context::operator(), request, &Unkept).await?;
        // Standard output is a pipe: each line is one write at once.
        println!("{}", created.token.id);
    }
    Ok(())
}

/// What is missing from each of the images that lack something, and how many images there were.
async fn losses(synchronous: Synchronous) -> Result<(Vec<String>, usize), Fault> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    fs::create_dir(&data)?;
    let trace = folder.path().join("trace");
    let mode = match synchronous {
        Synchronous::Full => "full",
        Synchronous::Off => "off",
    };
    let traced = Command::new("strace")
        .args(["-f", "-y", "-xx", "-s", "16777216", "-e", "signal=none", "-e"])
        .arg(format!("trace={}", trace::CALLS))
        .arg("-o")
        .arg(&trace)
        .arg(std::env::current_exe()?)
        .arg("power-loss-child")
        .arg(&data)
        .arg(mode)
        .stdout(Stdio::piped())
        .output()
        .await?;
    if !traced.status.success() {
        let said = String::from_utf8_lossy(&traced.stdout);
        return Err(
            format!("the traced process failed: {said} {}", String::from_utf8_lossy(&traced.stderr)).into()
        );
    }
    let events = trace::parse(&fs::read_to_string(&trace)?)?;
    let said: Vec<usize> =
        (0..events.len()).filter(|index| matches!(&events[*index], Event::Said(_))).collect();
    if said.len() < COMMITS {
        return Err(format!("only {} acknowledgements in the trace", said.len()).into());
    }
    let moments: Vec<usize> = (1..=FAILURES).map(|moment| said[said.len() * moment / FAILURES - 1]).collect();
    let mut lost = Vec::new();
    for moment in &moments {
        lost.extend(missing(&events[..=*moment]).await?);
    }
    Ok((lost, moments.len()))
}

/// Rebuilds the disk as it was behind these events and looks for what was acknowledged.
async fn missing(events: &[Event]) -> Result<Option<String>, Fault> {
    let acknowledged: Vec<&str> = events
        .iter()
        .filter_map(|event| match event {
            Event::Said(lines) => Some(lines.lines()),
            _ => None,
        })
        .flatten()
        .collect();
    let image = tempfile::tempdir()?;
    for (file, bytes) in disk_after(events) {
        let name = file.file_name().ok_or("a file without a name")?;
        fs::write(image.path().join(name), bytes)?;
    }
    let options = Options::new(image.path().join(DATABASE));
    let store = match SqliteStore::open(&options, Arc::new(SystemClock)) {
        Ok(store) => store,
        Err(error) => return Ok(Some(format!("the image cannot be opened: {error}"))),
    };
    let mut found = 0;
    for text in &acknowledged {
        let id = ActorTokenId::parse(text).ok_or_else(|| format!("no id: {text}"))?;
        found += usize::from(store.actor_token(&id).await.is_ok_and(|token| token.is_some()));
    }
    let all = acknowledged.len();
    Ok((found < all).then(|| format!("{} of {all} acknowledged tokens are gone", all - found)))
}

/// The database's files with only those writes that a sync, which had ended, found there when it began. A removed
/// file is gone once its folder was synced.
fn disk_after(events: &[Event]) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut operations: BTreeMap<&PathBuf, Vec<&Event>> = BTreeMap::new();
    let mut durable: HashMap<&PathBuf, usize> = HashMap::new();
    let mut begun: HashMap<(u32, &PathBuf), usize> = HashMap::new();
    let mut removed: Vec<&PathBuf> = Vec::new();
    for event in events {
        match event {
            Event::Write { file, .. } | Event::Truncate { file, .. } if is_database(file) => {
                operations.entry(file).or_default().push(event);
            }
            Event::SyncBegan { thread, file } => {
                begun.insert((*thread, file), operations.get(file).map_or(0, Vec::len));
            }
            Event::SyncEnded { file, .. } if removed.iter().any(|gone| gone.parent() == Some(file)) => {
                for file in removed.drain(..) {
                    operations.remove(file);
                    durable.remove(file);
                }
            }
            Event::SyncEnded { thread, file } => {
                let covered = begun.remove(&(*thread, file)).unwrap_or(0);
                let so_far = durable.entry(file).or_insert(0);
                *so_far = covered.max(*so_far);
            }
            Event::Remove { file } => removed.push(file),
            Event::Write { .. } | Event::Truncate { .. } | Event::Said(_) => {}
        }
    }
    let survived = |file: &PathBuf| durable.get(file).copied().unwrap_or(0);
    operations
        .into_iter()
        .map(|(file, operations)| (file.clone(), content(&operations[..survived(file)])))
        .filter(|(_, bytes)| !bytes.is_empty())
        .collect()
}

/// The database and its write-ahead log. The shared-memory index is rebuilt at every start.
fn is_database(file: &Path) -> bool {
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    name == DATABASE || name == format!("{DATABASE}-wal") || name == format!("{DATABASE}-journal")
}

fn content(operations: &[&Event]) -> Vec<u8> {
    let mut content = Vec::new();
    for operation in operations {
        match operation {
            Event::Write { offset, bytes, .. } => {
                let start = usize::try_from(*offset).unwrap_or(usize::MAX);
                let end = start.saturating_add(bytes.len());
                if content.len() < end {
                    content.resize(end, 0);
                }
                content[start..end].copy_from_slice(bytes);
            }
            Event::Truncate { length, .. } => {
                content.resize(usize::try_from(*length).unwrap_or(usize::MAX), 0)
            }
            _ => {}
        }
    }
    content
}

/// `strace` is a Debian package; the machine that runs this may lack it.
async fn install_strace() -> Result<(), Fault> {
    let present = Command::new("strace").arg("--version").stdout(Stdio::null()).status().await;
    if present.is_ok_and(|status| status.success()) {
        return Ok(());
    }
    for arguments in
        [&["update", "-qq"][..], &["install", "-y", "-qq", "--no-install-recommends", "strace"][..]]
    {
        let done = Command::new("apt-get").args(arguments).stdout(Stdio::null()).status().await?;
        if !done.success() {
            return Err("strace is missing and apt-get cannot install it: install strace by hand".into());
        }
    }
    Ok(())
}
