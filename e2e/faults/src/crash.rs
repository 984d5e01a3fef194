//! `kill -9` under load: after each restart every acknowledged token, revocation and session is there, a creation that is
//! sent again with its key is answered as before and has happened once, and the record has no gap.

use crate::{
    Fault,
    load::{self, Acknowledged, Promise, Round},
    random::Random,
    record,
    server::{Server, data_folder},
};
use futures::future::join_all;
use serde_json::Value;
use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};
use tokio::time;

/// Workers that act at once.
const WORKERS: u64 = 8;

pub(crate) async fn run(actas: &Path, kills: usize, seed: Option<u64>) -> Result<String, Fault> {
    let seed = seed.unwrap_or_else(Random::fresh_seed);
    println!("crash: seed {seed}, {kills} kills, {WORKERS} workers");
    let mut random = Random::new(seed);
    let (_folder, data) = data_folder()?;
    let (mut round, mut position, mut repeated) = (Round::default(), 0, 0);
    let mut counts = HashMap::new();
    for kill in 1..=kills {
        let server = Server::start(actas, &data).await?;
        position = check(&server, &round, position)
            .await
            .map_err(|fault| format!("seed {seed}, kill {}: {fault}", kill - 1))?;
        round = under_load(server, &mut random).await?;
        repeated += round.unanswered.len();
        for each in &round.acknowledged {
            *counts.entry(each.promise).or_insert(0_usize) += 1;
        }
        if kill % 10 == 0 {
            println!("crash: {kill} kills, {counts:?}");
        }
    }
    let server = Server::start(actas, &data).await?;
    position =
        check(&server, &round, position).await.map_err(|fault| format!("seed {seed}, last: {fault}"))?;
    record::check(&record::whole(&server).await?)?;
    Ok(format!(
        "seed {seed}, {kills} kills, {counts:?}, {repeated} creations in doubt, {position} entries without a gap"
    ))
}

/// Loads the server, kills it at a random moment, and answers what it had acknowledged and what it had not.
async fn under_load(server: Server, random: &mut Random) -> Result<Round, Fault> {
    let (subject, actor) = (server.user_named("Bob").await?, server.user_named("Alice").await?);
    let server = Arc::new(server);
    let stop = Arc::new(AtomicBool::new(false));
    let workers: Vec<_> = (0..WORKERS)
        .map(|_| {
            let random = Random::new(random.next());
            tokio::spawn(load::act(
                Arc::clone(&server),
                subject.clone(),
                actor.clone(),
                random,
                Arc::clone(&stop),
            ))
        })
        .collect();
    time::sleep(Duration::from_millis(30 + random.below(300))).await;
    server.kill_hard()?;
    let done = join_all(workers).await;
    Arc::into_inner(server).ok_or("a worker still holds the server")?.buried().await?;
    let mut round = Round::default();
    for worker in done {
        let Round { acknowledged, unanswered } = worker?;
        round.acknowledged.extend(acknowledged);
        round.unanswered.extend(unanswered);
    }
    Ok(round)
}

/// Holds the promises against the state and the record; the position of the newest entry.
async fn check(server: &Server, round: &Round, position: u64) -> Result<u64, Fault> {
    send_again(server, round).await?;
    let Round { acknowledged, unanswered } = round;
    for each in acknowledged {
        let token = server.get(&format!("/v1/actor_tokens/{}", each.token)).await?;
        let session = match each.session.as_deref().or(token["session_id"].as_str()) {
            Some(id) => Some(server.get(&format!("/v1/sessions/{id}")).await?),
            None => None,
        };
        let status =
            (token["status"].as_str(), session.as_ref().and_then(|session| session["status"].as_str()));
        if !kept(each, status) {
            return Err(format!("{each:?} was acknowledged, but is now {status:?}").into());
        }
    }
    let entries = record::behind(server, position).await?;
    let last = entries.last().and_then(|entry| entry["position"].as_u64()).unwrap_or(position);
    if entries.first().is_some_and(|entry| entry["position"].as_u64() != Some(position + 1)) {
        return Err(format!("the record has a gap behind {position}").into());
    }
    record::check(&entries)?;
    let created = entries.iter().filter(|entry| record::is(entry, "actor_token.created", "done")).count();
    if created != acknowledged.len() + unanswered.len() {
        return Err(format!(
            "{} creations were answered and {} sent again, but {created} happened",
            acknowledged.len(),
            unanswered.len()
        )
        .into());
    }
    for each in acknowledged {
        on_record(each, &entries)?;
    }
    Ok(last)
}

/// Sends every creation again: what was answered is answered alike, and what was not is answered now, once.
async fn send_again(server: &Server, round: &Round) -> Result<(), Fault> {
    for each in &round.acknowledged {
        let again = each.creation.send(server).await?;
        if again != each.created {
            return Err(
                format!("{} was answered {}, and {again} after the crash", each.token, each.created).into()
            );
        }
    }
    for creation in &round.unanswered {
        let (first, second) = (creation.send(server).await?, creation.send(server).await?);
        if first != second {
            return Err(format!("one request was answered {first} and {second}").into());
        }
    }
    Ok(())
}

/// Whether the state is what was promised; or, where an act was in doubt, also what that would have made of it.
fn kept(each: &Acknowledged, status: (Option<&str>, Option<&str>)) -> bool {
    let certain = match each.promise {
        Promise::Created => status == (Some("pending"), None),
        Promise::Revoked => status == (Some("revoked"), None),
        Promise::Accepted => status == (Some("accepted"), Some("active")),
        Promise::SessionRevoked => status == (Some("accepted"), Some("revoked")),
    };
    let doubtful = match each.promise {
        Promise::Created => matches!(status, (Some("revoked"), None) | (Some("accepted"), Some("active"))),
        Promise::Accepted => status == (Some("accepted"), Some("revoked")),
        Promise::Revoked | Promise::SessionRevoked => false,
    };
    certain || (each.in_doubt && doubtful)
}

fn on_record(each: &Acknowledged, entries: &[Value]) -> Result<(), Fault> {
    let mut due = vec![("actor_token.created", "actor_token_id", each.token.as_str())];
    match (each.promise, each.session.as_deref()) {
        (Promise::Revoked, _) => due.push(("actor_token.revoked", "actor_token_id", &each.token)),
        (Promise::Accepted, _) => due.push(("actor_token.accepted", "actor_token_id", &each.token)),
        (Promise::SessionRevoked, Some(session)) => {
            due.push(("actor_token.accepted", "actor_token_id", &each.token));
            due.push(("session.revoked", "session_id", session));
        }
        _ => {}
    }
    for (action, kind, id) in due {
        let count =
            entries.iter().filter(|entry| record::is(entry, action, "done") && entry[kind] == id).count();
        if count != 1 {
            return Err(format!("{action} of {id} is on record {count} times").into());
        }
    }
    Ok(())
}
