//! The same act at several servers in one moment, and the death of one of them.

use super::{
    deployment::{Answered, Deployment, text},
    watch::{further, reach},
};
use crate::Fault;
use futures::future::{join, try_join_all};
use serde_json::{Value, json};
use std::{
    collections::HashSet,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::Duration,
};
use tokio::time::timeout;

/// Redemptions of one ticket on each server.
const REDEMPTIONS: usize = 4;
/// Workers at each server when one of them dies.
const WORKERS: usize = 4;
const PATIENCE: Duration = Duration::from_secs(60);

/// A ticket that is redeemed on all servers at once makes one session.
pub(super) async fn tickets(deployment: &Deployment, tickets: usize) -> Result<String, Fault> {
    deployment.replica(0).post("/v1/users", &json!({ "id": "redeemed" })).await?;
    for number in 0..tickets {
        let token = deployment.replica(number).actor_token("redeemed", "support").await?;
        let ticket = text(&token, "token")?;
        let everywhere = (0..REDEMPTIONS).flat_map(|_| deployment.replicas());
        let answers = try_join_all(everywhere.map(|replica| replica.redeem(&ticket))).await?;
        let won = answers.iter().filter(|(status, ..)| *status == 200).count();
        let used =
            |body: &Value| body.pointer("/errors/0/code") == Some(&json!("actor_token_already_used_code"));
        let lost = answers.iter().filter(|(status, body, _)| *status == 400 && used(body)).count();
        if won != 1 || won + lost != answers.len() {
            return Err(format!("ticket {number}: {won} sessions and {lost} refusals of {answers:?}").into());
        }
    }
    let listed = deployment.replica(1).get("/v1/sessions?user_id=redeemed&paginated=true&limit=1").await?;
    if listed["total_count"] != json!(tickets) {
        return Err(format!("{} sessions of {tickets} tickets", listed["total_count"]).into());
    }
    Ok(format!("{tickets} tickets redeemed {REDEMPTIONS} times on all three at once, one session each"))
}

/// Requests with one idempotency key on all servers at once make one token, and all get its answer.
pub(super) async fn idempotency_keys(deployment: &Deployment, keys: usize) -> Result<String, Fault> {
    let user = "repeated";
    deployment.replica(0).post("/v1/users", &json!({ "id": user })).await?;
    let body = json!({ "user_id": user, "actor": { "sub": "support" } });
    let mut made = HashSet::new();
    for number in 0..keys {
        let key = format!("at-once-{number}");
        let path = "/v1/actor_tokens";
        let asked = deployment.replicas().iter().map(|replica| replica.post_with(path, &body, Some(&key)));
        let answers: Vec<Answered> = try_join_all(asked).await?;
        if answers.iter().any(|answer| answer.status != 200 || answer.body != answers[0].body) {
            return Err(format!("{key} was answered {:?}", statuses(&answers)).into());
        }
        made.insert(text(&answers[0].body, "id")?);
    }
    let listed = deployment.replica(2).get(&format!("/v1/actor_tokens?user_id={user}&limit=500")).await?;
    let listed = listed["data"].as_array().ok_or("actor_tokens answers no data")?.len();
    if made.len() != keys || listed != keys {
        return Err(
            format!("{keys} keys were answered with {} tokens, and {listed} are there", made.len()).into()
        );
    }
    Ok(format!("{keys} idempotency keys on all three at once, one token and one answer each"))
}

fn statuses(answers: &[Answered]) -> Vec<u16> {
    answers.iter().map(|answer| answer.status).collect()
}

/// `kill -9` of one server among requests to all: the others go on without a failure, and nothing is lost that it
/// acknowledged.
pub(super) async fn death(mut deployment: Deployment) -> Result<(Deployment, String), Fault> {
    let victim = 2;
    deployment.replica(0).post("/v1/users", &json!({ "id": "survivor" })).await?;
    let replicas = deployment.replicas().to_vec();
    let (stop, counts) = (AtomicBool::new(false), [const { AtomicUsize::new(0) }; 3]);
    let create = async |number: usize| {
        let mut acknowledged = Vec::new();
        while !stop.load(Ordering::SeqCst) {
            match replicas[number].actor_token("survivor", "support").await {
                Ok(token) => acknowledged.push(text(&token, "id")?),
                Err(_) if number == victim => break,
                Err(fault) => return Err(format!("server {number} failed when another died: {fault}").into()),
            }
            counts[number].fetch_add(1, Ordering::SeqCst);
        }
        Ok::<_, Fault>(acknowledged)
    };
    let kill = async {
        let killed = timeout(PATIENCE, async {
            reach(&counts[..2], 25).await;
            deployment.kill(victim).await?;
            further(&counts[..2], 100).await;
            Ok::<_, Fault>(())
        });
        let killed = killed.await;
        stop.store(true, Ordering::SeqCst);
        killed.map_err(|_| "the servers stand still")?
    };
    let creating = try_join_all((0..replicas.len() * WORKERS).map(|each| create(each % replicas.len())));
    let (created, killed) = join(creating, kill).await;
    let acknowledged = created?.concat();
    killed?;
    for id in &acknowledged {
        deployment.replica(0).get(&format!("/v1/actor_tokens/{id}")).await?;
    }
    deployment.restart(victim).await?;
    deployment.replica(victim).actor_token("survivor", "support").await?;
    let told = format!(
        "one killed among {} acknowledged creates: none lost, no failure on the others, and it came back",
        acknowledged.len()
    );
    Ok((deployment, told))
}
