//! What is answered about what was purged.

use crate::harness::{Instance, StoreKind};
use actas_domain::{
    caller::{Caller, Context},
    refusal::Failure,
    retention, ticket,
};
use serde_json::{Value, json};

/// Kept for a minute; a ticket lives for a second, its session ten.
async fn short_lived(store: StoreKind) -> Instance {
    let instance = Instance::start_with(|plan| {
        plan.store = store;
        plan.settings.retention_seconds = Some(60);
        plan.settings.ticket_max_seconds = 1;
        plan.settings.impersonated_session_max_seconds = 10;
        plan.settings.ordinary_session_seconds = 10;
        plan.settings.impersonation_monthly_limit = Some(3);
    })
    .await;
    instance.add_user("subject").await;
    instance
}

fn token_of_subject() -> Value {
    json!({
        "user_id": "subject",
        "actor": { "sub": "agent" },
        "expires_in_seconds": 1,
        "session_max_duration_in_seconds": 10,
    })
}

async fn purge(instance: &Instance) -> Vec<(&'static str, u32)> {
    let mut removed = Vec::new();
    let begun = retention::begin(&instance.app.world).await.unwrap();
    for each in begun.purges {
        let stepped = retention::step(&instance.app.world, &each, begun.now).await.unwrap();
        removed.push((each.of.as_str(), stepped.removed));
    }
    removed
}

#[tokio::test]
async fn what_was_purged_is_unknown() {
    for store in StoreKind::ALL {
        let instance = short_lived(store).await;
        let context = Context { caller: Caller::Client(None), ..Context::system() };
        let used = instance.post("/v1/actor_tokens", token_of_subject()).await.ok();
        let ticket = used["token"].as_str().unwrap();
        let redeemed = ticket::redeem(&instance.app.world, &context, ticket, None).await.unwrap();
        let unused = instance.post("/v1/actor_tokens", token_of_subject()).await.ok();
        instance.clock.advance_seconds(70);
        assert!(purge(&instance).await.iter().all(|(_, rows)| *rows == 0), "{store:?}");
        actas_domain::session::expire::sweep(&instance.app.world).await.unwrap();
        instance.clock.advance_seconds(1);
        let removed = purge(&instance).await;
        assert_eq!(removed, [("actor_tokens", 2), ("sign_in_tokens", 0), ("sessions", 0), ("clients", 0)]);
        // Its session ended ten seconds in, and a ticket may lead to one for eleven.
        instance.clock.advance_seconds(10);
        assert_eq!(purge(&instance).await[3], ("clients", 1), "{store:?}");
        for id in [&used["id"], &unused["id"]] {
            let id = id.as_str().unwrap();
            assert_eq!(instance.get(&format!("/v1/actor_tokens/{id}")).await.status, 404);
            assert_eq!(
                instance.post(&format!("/v1/actor_tokens/{id}/revoke"), Value::Null).await.status,
                404
            );
        }
        let session = redeemed.session.id.as_str();
        assert_eq!(instance.get(&format!("/v1/sessions/{session}")).await.status, 404);
        assert_eq!(instance.get(&format!("/v1/clients/{}", redeemed.client.client.id)).await.status, 404);
        // Both were real tickets. Nothing is left by which to know that.
        for token in [&used, &unused] {
            let refused =
                ticket::redeem(&instance.app.world, &context, token["token"].as_str().unwrap(), None).await;
            let Err(Failure::Refused(refusal)) = refused else { panic!("{refused:?}") };
            assert_eq!(refusal.code(), "ticket_invalid_code");
        }
        // The record tells of them still.
        let path = format!("/v1/audit_entries?actor_token_id={}", used["id"].as_str().unwrap());
        assert_eq!(instance.get(&path).await.ok()["data"].as_array().unwrap().len(), 3, "{store:?}");
    }
}

#[tokio::test]
async fn the_months_quota_and_kept_answers_outlive_what_they_tell_of() {
    for store in StoreKind::ALL {
        let instance = short_lived(store).await;
        let create = || async {
            instance
                .call("POST", "/v1/actor_tokens")
                .header("idempotency-key", "one")
                .json(&token_of_subject())
                .send()
                .await
        };
        let first = create().await.ok();
        instance.post("/v1/actor_tokens", token_of_subject()).await.ok();
        instance.clock.advance_seconds(71);
        assert_eq!(purge(&instance).await[0], ("actor_tokens", 2), "{store:?}");
        assert_eq!(create().await.ok(), first, "the same answer, ticket included");
        instance.post("/v1/actor_tokens", token_of_subject()).await.ok();
        let refused = instance.post("/v1/actor_tokens", token_of_subject()).await;
        assert!(refused.status.is_client_error(), "{store:?}: {refused}");
    }
}

#[tokio::test]
async fn a_cut_of_the_record_is_on_record_before_it_happens() {
    for store in StoreKind::ALL {
        let instance = Instance::start_with(|plan| {
            plan.store = store;
            plan.settings.record_retention_seconds = Some(60);
        })
        .await;
        instance.add_user("first").await;
        let newest = instance.last_audit_entry().await["position"].as_u64().unwrap();
        instance.clock.advance_seconds(30);
        instance.add_user("second").await;
        instance.clock.advance_seconds(30);
        let begun = retention::begin(&instance.app.world).await.unwrap();
        let told = instance.last_audit_entry().await;
        assert_eq!((&told["action"], &told["purged_through"]), (&"record.purged".into(), &newest.into()));
        assert_eq!(told["caller"]["kind"], "system");
        let oldest = async || {
            instance.get("/v1/audit_entries?after=0&limit=1").await.ok()["data"][0]["position"].as_u64()
        };
        assert_eq!(oldest().await, Some(1));
        // A run that broke off goes on, and says nothing twice.
        assert_eq!(retention::begin(&instance.app.world).await.unwrap(), begun);
        instance.clock.advance_seconds(86_400 - 29);
        assert_eq!(retention::begin(&instance.app.world).await.unwrap().purges, begun.purges);
        assert_eq!(instance.last_audit_entry().await, told);
        for each in &begun.purges {
            retention::step(&instance.app.world, each, begun.now).await.unwrap();
        }
        assert_eq!(oldest().await, Some(newest + 1), "{store:?}");
        // Pages of the rest, both ways, end where the record begins.
        let back = instance.get("/v1/audit_entries?limit=100").await.ok();
        assert_eq!((back["data"].as_array().unwrap().len(), &back["has_more"]), (2, &false.into()));
        retention::begin(&instance.app.world).await.unwrap();
        assert_eq!(instance.last_audit_entry().await, told, "an entry a day is enough");
        instance.clock.advance_seconds(60);
        retention::begin(&instance.app.world).await.unwrap();
        assert_eq!(instance.last_audit_entry().await["purged_through"], told["position"], "{store:?}");
    }
}

#[tokio::test]
async fn purged_rows_and_the_last_purge_are_counted() {
    let instance = Instance::start().await;
    instance.app.metrics.count_purged("sessions", 7);
    instance.app.metrics.count_purged("sessions", 3);
    instance.app.metrics.purge_ended(1_773_489_600);
    instance.app.metrics.found_oldest_entry(1_773_400_000);
    let metrics = instance.anonymous("GET", "/metrics").send().await;
    let text = metrics.text();
    assert!(text.contains("actas_purged_rows_total{kind=\"sessions\"} 10"), "{text}");
    assert!(text.contains("actas_last_purge_timestamp_seconds 1773489600"), "{text}");
    assert!(text.contains("actas_oldest_audit_entry_timestamp_seconds 1773400000"), "{text}");
}
