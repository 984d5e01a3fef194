//! Many at once, on several threads.

use super::{actor_token, browser::Browser, instance_with, ordinary_ticket, ticket, token_status};
use crate::harness::{Answer, Instance, StoreKind};
use serde_json::json;
use std::{collections::BTreeMap, sync::Arc};
use tokio::task::JoinSet;

/// Redeems each ticket in a task of its own, all with these cookies and as much at once as there are threads.
async fn redeem_all(
    instance: &Arc<Instance>,
    tickets: Vec<String>,
    cookies: &BTreeMap<String, String>,
) -> Vec<(String, Answer)> {
    let mut tasks = JoinSet::new();
    for ticket in tickets {
        let (instance, cookies) = (Arc::clone(instance), cookies.clone());
        tasks.spawn(async move {
            let answer = Browser { instance: &instance, cookies }.redeem(&ticket).await;
            (ticket, answer)
        });
    }
    tasks.join_all().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_at_once_one_redeems_the_ticket() {
    for store in StoreKind::ALL {
        let instance = Arc::new(instance_with(|plan| plan.store = store).await);
        for _ in 0..4 {
            let token = actor_token(&instance).await;
            let mut outcomes = BTreeMap::new();
            for (_, answer) in redeem_all(&instance, vec![ticket(&token); 50], &BTreeMap::new()).await {
                let outcome = if answer.status == 200 { "complete".to_owned() } else { answer.code() };
                *outcomes.entry(outcome).or_insert(0) += 1;
            }
            let expected = [("actor_token_already_used_code", 49), ("complete", 1)];
            assert_eq!(outcomes, expected.map(|(outcome, count)| (outcome.to_owned(), count)).into());
        }
        let sessions = instance.get("/v1/sessions?user_id=subject&paginated=true").await.ok();
        assert_eq!(sessions["total_count"], json!(4));
    }
}

/// The first to land rotates the cookie. Whoever was known by it before that is refused, and whoever comes after is
/// a stranger with a client of their own; the client that was presented never holds two sessions.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_browser_with_many_tickets_at_once_holds_one_impersonation() {
    for store in StoreKind::ALL {
        let instance = Arc::new(instance_with(|plan| plan.store = store).await);
        let mut browser = Browser::new(&instance);
        browser.sign_in(&ordinary_ticket(&instance).await).await;
        let client = browser.get("/v1/client").await.ok()["response"]["id"].as_str().unwrap().to_owned();
        let mut tokens = BTreeMap::new();
        for _ in 0..20 {
            let token = actor_token(&instance).await;
            tokens.insert(ticket(&token), token);
        }
        let tickets = tokens.keys().cloned().collect();
        for (ticket, answer) in redeem_all(&instance, tickets, &browser.cookies).await {
            let expected = if answer.status == 200 { "accepted" } else { "pending" };
            assert_eq!(token_status(&instance, &tokens[&ticket]).await, expected, "{}", answer.text());
            assert!(answer.status == 200 || answer.status == 409, "{}", answer.text());
        }
        let path = format!("/v1/sessions?client_id={client}&status=active&paginated=true");
        assert_eq!(instance.get(&path).await.ok()["total_count"], json!(1));
    }
}
