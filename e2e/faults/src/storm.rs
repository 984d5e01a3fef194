//! Connections are cut after the request was delivered, again and again: with retries each act happens exactly once.

use crate::{
    Fault,
    cutting_proxy::CuttingProxy,
    random::Random,
    record,
    server::{Server, data_folder},
};
use actas_sdk::{
    Client, RetryPolicy, Server as Service,
    actor_tokens::{Actor, ActorToken, CreateActorToken},
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use std::{collections::HashSet, path::Path, time::Duration};

/// Of a hundred answers, so many are cut.
const CUT_PERCENT: u64 = 30;
/// So many requests are under way at once.
const CONCURRENT: usize = 32;

pub(crate) async fn run(actas: &Path, creates: usize, seed: Option<u64>) -> Result<String, Fault> {
    let seed = seed.unwrap_or_else(Random::fresh_seed);
    let outcome = storm(actas, creates, seed).await;
    outcome.map_err(|fault| format!("seed {seed}: {fault}").into())
}

async fn storm(actas: &Path, creates: usize, seed: u64) -> Result<String, Fault> {
    let (_folder, data) = data_folder()?;
    let server = Server::start(actas, &data).await?;
    let address = server.url.trim_start_matches("http://").parse()?;
    let proxy = CuttingProxy::start(address, CUT_PERCENT, seed).await?;
    let (subject, actor) = (server.user_named("Bob").await?, server.user_named("Alice").await?);
    let made = create_all(&client(&server, Service::actas(&proxy.url)?)?, creates, &subject, &actor).await?;
    check_made(&server, &made, creates).await?;
    let (answers, cut) = proxy.counts();
    if cut == 0 {
        return Err("the proxy cut nothing".into());
    }
    revoke_all(&client(&server, Service::actas(&proxy.url)?)?, &made[creates / 2..]).await?;
    redeem_all(&server, &made[..creates / 2]).await?;
    let undeclared = undeclared(&server, &proxy, creates / 10, &subject, &actor).await?;
    let counted = format!("{creates} creates made {creates} tokens through {cut} cuts of {answers} answers");
    Ok(format!("seed {seed}, {counted}; {undeclared}"))
}

fn client(server: &Server, service: Service) -> Result<Client, Fault> {
    let patient = RetryPolicy::default()
        .max_attempts(40)
        .initial_delay(Duration::from_millis(5))
        .max_delay(Duration::from_millis(100));
    let builder = Client::builder().bearer(&server.secret_key).server(service).retry(patient);
    Ok(builder.timeout(Duration::from_secs(120)).build()?)
}

async fn create_all(
    client: &Client,
    creates: usize,
    subject: &str,
    actor: &str,
) -> Result<Vec<ActorToken>, Fault> {
    let creating = (0..creates).map(|number| {
        let request = CreateActorToken::new(subject, Actor::new(actor)).reason(format!("storm {number}"));
        async move { client.actor_tokens().create(request).await }
    });
    Ok(stream::iter(creating).buffer_unordered(CONCURRENT).try_collect().await?)
}

/// As many tokens as creates, in what was answered and in the record.
async fn check_made(server: &Server, made: &[ActorToken], creates: usize) -> Result<(), Fault> {
    let ids: HashSet<&str> = made.iter().map(|token| token.id.as_str()).collect();
    if ids.len() != creates {
        return Err(format!("{creates} creates were answered with {} different tokens", ids.len()).into());
    }
    let tickets: HashSet<&str> = made.iter().filter_map(ActorToken::ticket).collect();
    if tickets.len() != creates {
        return Err(
            format!("{creates} creates were answered with {} different tickets", tickets.len()).into()
        );
    }
    let created = created_on_record(server).await?;
    if created.len() != creates || !ids.iter().all(|id| created.contains(*id)) {
        return Err(format!("{creates} creates made {} tokens", created.len()).into());
    }
    Ok(())
}

async fn created_on_record(server: &Server) -> Result<HashSet<String>, Fault> {
    let entries = record::whole(server).await?;
    record::check(&entries)?;
    let created = entries.iter().filter(|entry| record::is(entry, "actor_token.created", "done"));
    Ok(created.filter_map(|entry| entry["actor_token_id"].as_str().map(str::to_owned)).collect())
}

/// Revoked twice, a token would answer 400: a retry that acts again is seen.
async fn revoke_all(client: &Client, made: &[ActorToken]) -> Result<(), Fault> {
    let revoking = made.iter().map(|token| async move { client.actor_tokens().revoke(&token.id).await });
    let _revoked: Vec<ActorToken> = stream::iter(revoking).buffer_unordered(CONCURRENT).try_collect().await?;
    Ok(())
}

/// The tickets that arrived are the ones that count.
async fn redeem_all(server: &Server, made: &[ActorToken]) -> Result<(), Fault> {
    for token in made {
        let ticket = token.ticket().ok_or("create answers no ticket")?;
        let (status, body) = server.redeem(ticket).await?;
        if status != 200 {
            return Err(format!("the ticket of {} is refused: {status} {body}", token.id).into());
        }
    }
    Ok(())
}

/// Towards a server that is not declared to honour the key, a create whose answer was cut is not repeated: it fails,
/// and nothing is made twice.
async fn undeclared(
    server: &Server,
    proxy: &CuttingProxy,
    creates: usize,
    subject: &str,
    actor: &str,
) -> Result<String, Fault> {
    let before = created_on_record(server).await?.len();
    let client = &client(server, Service::other(&proxy.url)?)?;
    let creating = (0..creates).map(|_| async move {
        client.actor_tokens().create(CreateActorToken::new(subject, Actor::new(actor))).await.is_ok()
    });
    let answered: Vec<bool> = stream::iter(creating).buffer_unordered(CONCURRENT).collect().await;
    let failed = answered.iter().filter(|answered| !**answered).count();
    let made = created_on_record(server).await?.len() - before;
    if failed == 0 || made > creates || made < creates - failed {
        return Err(
            format!("undeclared: of {creates} creates {failed} failed and {made} tokens were made").into()
        );
    }
    Ok(format!("undeclared, {failed} of {creates} failed and none was made twice"))
}
