//! Keys that are made, revoked and rotated on one server, by the administrator's commands.

use super::{
    KEYS_BOUND,
    deployment::{Answered, Deployment, PUBLIC_URL, Replica, Seat, text},
    watch::{Seen, watch},
    whole_record,
};
use crate::Fault;
use actas_sdk::verify::Verifier;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Secret keys: made on one, they open all at once; revoked on one, they open none from then on, and nothing that they
/// asked for lands behind the revocation.
pub(super) async fn secret_keys(deployment: &Deployment, rounds: usize) -> Result<String, Fault> {
    deployment.replica(0).post("/v1/users", &json!({ "id": "customer" })).await?;
    let mut seen = Seen::default();
    for round in 0..rounds {
        let place = deployment.replica(round);
        let made = place.command(&["secret-keys", "create", "--name", "short-lived"]).await?;
        let (id, key) = (text(&made, "id")?, text(&made, "secret_key")?);
        let ask = async |replica: &Replica, number: usize| ask_with(replica, &key, number).await;
        let granted = |answer: &Answered| answer.status == 200;
        let revoke = async || place.command(&["secret-keys", "revoke", &id]).await.map(drop);
        seen.add(&watch(deployment, Duration::ZERO, ask, granted, revoke).await?);
        check_nothing_behind(&whole_record(deployment.replica(round + 1)).await?, &id)?;
    }
    Ok(format!(
        "{rounds} secret keys revoked: {} requests granted before, {} overlapped, {} began after and all were refused \
         (bound: at once)",
        seen.before, seen.overlapping, seen.after
    ))
}

/// One in three reads; the others act.
async fn ask_with(replica: &Replica, key: &str, number: usize) -> Result<Answered, Fault> {
    let request = match number {
        0 => replica.with_key(key, Method::GET, "/v1/users?limit=1"),
        _ => {
            let token = json!({ "user_id": "customer", "actor": { "sub": "support" } });
            replica.with_key(key, Method::POST, "/v1/actor_tokens").json(&token)
        }
    };
    let begun = Instant::now();
    let answer = request.send().await?;
    Ok(Answered { begun, status: answer.status().as_u16(), body: answer.json().await? })
}

/// By positions, which are the order of the commits: whatever the servers believed, nothing of the key's landed later.
fn check_nothing_behind(entries: &[Value], key: &str) -> Result<(), Fault> {
    let revoked = entries
        .iter()
        .position(|entry| entry["action"] == "secret_key.revoked" && entry["secret_key_id"] == key)
        .ok_or("a revocation is not on record")?;
    let is_of_key = |entry: &&Value| {
        entry["outcome"] == "done" && entry.pointer("/caller/id").and_then(Value::as_str) == Some(key)
    };
    if !entries.iter().any(|entry| is_of_key(&entry)) {
        return Err("the key did nothing, so nothing was shown".into());
    }
    match entries[revoked..].iter().find(is_of_key) {
        Some(late) => Err(format!("a revoked key acted: {late}").into()),
        None => Ok(()),
    }
}

/// Rotations: every server publishes the new next key, and signs with the new current one, within the bound; and what one
/// signs verifies by the key set of another.
pub(super) async fn signing_keys(deployment: &Deployment, rounds: usize) -> Result<String, Fault> {
    deployment.replica(0).post("/v1/users", &json!({ "id": "reader" })).await?;
    let seat = deployment.replica(0).sign_in("reader", "support").await?;
    let mut seen = Seen::default();
    for round in 0..rounds {
        let place = deployment.replica(round);
        let old = deployment.replica(0).mint_as_backend(&seat).await?;
        let old_key = signing_key(&old)?;
        let ask = async |replica: &Replica, _: usize| replica.mint_as_backend(&seat).await;
        let is_old = |answer: &Answered| signing_key(answer).is_ok_and(|key| key == old_key);
        let rotate = async || place.command(&["keys", "rotate", "--now"]).await.map(drop);
        seen.add(&watch(deployment, KEYS_BOUND, ask, is_old, rotate).await?);
        published_alike(deployment).await?;
        verified_crosswise(deployment, &seat, round).await?;
    }
    Ok(format!(
        "{rounds} rotations: the last request that another server signed with the old key began {} ms after the \
         acknowledgement (bound: {} ms); tokens of each verified by the key sets of the others",
        seen.longest.as_millis(),
        KEYS_BOUND.as_millis()
    ))
}

/// After the bound all servers publish what the database has.
async fn published_alike(deployment: &Deployment) -> Result<(), Fault> {
    let listed = deployment.replica(0).command(&["keys", "list"]).await?;
    let rows = listed.as_array().ok_or("keys list prints no array")?;
    let mut expected = rows.iter().map(|key| text(key, "id")).collect::<Result<Vec<_>, _>>()?;
    expected.sort();
    for mut published in deployment.each(async |replica| replica.key_ids().await).await? {
        published.sort();
        if published != expected {
            return Err(format!("a server publishes {published:?}, the database has {expected:?}").into());
        }
    }
    Ok(())
}

async fn verified_crosswise(deployment: &Deployment, seat: &Seat, round: usize) -> Result<(), Fault> {
    for (number, replica) in deployment.replicas().iter().enumerate() {
        let token = replica.mint_as_backend(seat).await?;
        let url = format!("{}/.well-known/jwks.json", deployment.replica(number + 1 + round).url);
        let verifier = Verifier::builder().jwks_url(&url).issuer(PUBLIC_URL).any_party().build()?;
        let verified = verifier.verify(&text(&token.body, "jwt")?).await?;
        if verified.subject() != "reader" || verified.actor().map(|actor| actor.subject()) != Some("support")
        {
            return Err("a token names other people than its session".into());
        }
    }
    Ok(())
}

/// The `kid` of a minted token.
fn signing_key(answer: &Answered) -> Result<String, Fault> {
    let jwt = text(&answer.body, "jwt").map_err(|_| format!("mint: {} {}", answer.status, answer.body))?;
    let header = jwt.split('.').next().unwrap_or_default();
    text(&serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header)?)?, "kid")
}
