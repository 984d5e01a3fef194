//! Makes secret keys and revokes them, by the command line at any server, while the others use them.

use super::asking::Worker;
use crate::suite::{
    deployment::SecretKey,
    history::{Act, Event, Outcome},
    injectors::clock,
};
use serde_json::Value;
use std::{process::Stdio, time::Duration};
use tokio::{
    process::{Child, Command},
    time::{sleep, timeout},
};

/// How long a command of the program may take; then nobody knows what came of it.
const COMMAND_PATIENCE: Duration = Duration::from_secs(8);
/// How long a key is used before it is revoked.
const USED_MILLIS: u64 = 800;
/// And after: well beyond the bound within which it has to be refused everywhere.
const TRIED_MILLIS: u64 = 3_000;
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// One key after the other, until it is over.
pub(crate) async fn keep(mut worker: Worker) {
    while !worker.shared.is_over() {
        let Some(key) = create(&mut worker).await else { continue };
        worker.shared.pool().add_key(key.clone());
        used(&mut worker, USED_MILLIS).await;
        revoke(&mut worker, &key.id).await;
        used(&mut worker, TRIED_MILLIS).await;
        worker.shared.pool().remove_key(&key.id);
    }
}

/// Lets the others use the key for a while.
async fn used(worker: &mut Worker, most_millis: u64) {
    let until = worker.shared.recorder.now() + 1_000 * (100 + worker.random.below(most_millis));
    while worker.shared.recorder.now() < until && !worker.shared.is_over() {
        sleep(BETWEEN_LOOKS).await;
    }
}

async fn create(worker: &mut Worker) -> Option<SecretKey> {
    let mut made = None;
    run(worker, Act::CreateKey, &["create", "--name", "brief"], |printed| {
        let id = printed["id"].as_str()?.to_owned();
        made = Some(SecretKey { id: id.clone(), secret: printed["secret_key"].as_str()?.to_owned() });
        Some(Outcome::Created { id, answer: String::new() })
    })
    .await;
    made
}

async fn revoke(worker: &mut Worker, id: &str) {
    for _ in 0..3 {
        let act = Act::RevokeKey { key: id.to_owned() };
        let is_revoked = |printed: &Value| printed["revoked_at"].as_str().map(|_| Outcome::Done);
        let outcome = run(worker, act, &["revoke", id], is_revoked).await;
        if outcome != Outcome::Unknown || worker.shared.is_over() {
            return;
        }
    }
}

async fn run(
    worker: &mut Worker,
    act: Act,
    arguments: &[&str],
    read: impl FnOnce(&Value) -> Option<Outcome>,
) -> Outcome {
    let replica = worker.somewhere();
    let shared = &worker.shared;
    let mut command = Command::new(&shared.program);
    command.arg("secret-keys").args(arguments).arg("--json").kill_on_drop(true);
    command.env_clear().envs(shared.environments[replica].iter().map(|(name, value)| (name, value)));
    let begin = shared.recorder.now();
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let command = command.spawn();
    let process = command.as_ref().ok().and_then(Child::id);
    let output = async { command?.wait_with_output().await };
    let outcome = match timeout(COMMAND_PATIENCE, output).await {
        Ok(Ok(output)) if output.status.success() => {
            let printed = serde_json::from_slice(&output.stdout).ok();
            printed.and_then(|printed| read(&printed)).unwrap_or_else(|| Outcome::Wrong {
                status: 0,
                text: String::from_utf8_lossy(&output.stderr).into_owned(),
            })
        }
        Ok(_) => Outcome::Unknown,
        Err(_) => {
            process.into_iter().for_each(clock::tidy_after);
            Outcome::Unknown
        }
    };
    let end = shared.recorder.now();
    let event = Event { begin, end, replica, key: None, act, outcome: outcome.clone(), trace: None };
    shared.recorder.add(event);
    outcome
}
