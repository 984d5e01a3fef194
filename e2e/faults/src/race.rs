//! Many at once redeem one ticket: one session, never two, never none.

use crate::{
    Fault, record,
    server::{Server, data_folder},
};
use futures::future::join_all;
use serde_json::{Value, json};
use std::path::Path;

pub(crate) async fn run(actas: &Path, tickets: usize, redemptions: usize) -> Result<String, Fault> {
    let (_folder, data) = data_folder()?;
    let durable = races(&Server::start(actas, &data).await?, tickets, redemptions).await?;
    let in_memory = races(&Server::start_ephemeral(actas).await?, tickets / 10, redemptions).await?;
    Ok(format!("SQLite: {durable}; in memory: {in_memory}"))
}

async fn races(server: &Server, tickets: usize, redemptions: usize) -> Result<String, Fault> {
    let (subject, actor) = (server.user_named("Bob").await?, server.user_named("Alice").await?);
    for number in 0..tickets {
        let request = json!({ "user_id": subject, "actor": { "sub": actor } });
        let token = server.post("/v1/actor_tokens", &request).await?;
        let ticket = token["token"].as_str().ok_or("create answers no token")?;
        let answers = join_all((0..redemptions).map(|_| server.redeem(ticket))).await;
        check_answers(number, answers.into_iter().collect::<Result<Vec<_>, _>>()?)?;
    }
    let entries = record::whole(server).await?;
    record::check(&entries)?;
    let accepted = entries.iter().filter(|entry| record::is(entry, "actor_token.accepted", "done")).count();
    if accepted != tickets {
        return Err(format!("{accepted} accepted tokens on record, {tickets} expected").into());
    }
    let listed = server.get(&format!("/v1/sessions?user_id={subject}&paginated=true&limit=1")).await?;
    if listed["total_count"] != json!(tickets) {
        return Err(format!("{} sessions, {tickets} expected", listed["total_count"]).into());
    }
    Ok(format!("{tickets} tickets × {redemptions} redemptions, one session each"))
}

fn check_answers(number: usize, answers: Vec<(u16, Value)>) -> Result<(), Fault> {
    let won = answers.iter().filter(|(status, _)| *status == 200).count();
    let used = |body: &Value| body.pointer("/errors/0/code") == Some(&json!("actor_token_already_used_code"));
    let lost = answers.iter().filter(|(status, body)| *status == 400 && used(body)).count();
    if won == 1 && lost == answers.len() - 1 {
        return Ok(());
    }
    let other = answers.iter().find(|(status, body)| *status != 200 && !(*status == 400 && used(body)));
    Err(format!("ticket {number}: {won} sessions, {lost} refusals; another answer: {other:?}").into())
}
