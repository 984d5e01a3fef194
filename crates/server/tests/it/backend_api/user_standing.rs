//! `POST /v1/users/{id}/ban`, `unban`, `lock` and `unlock`: each answers the user.

use crate::harness::{Instance, StoreKind};
use actas_domain::{
    caller::{Caller, Context},
    ticket,
};
use serde_json::Value;

#[tokio::test]
async fn each_act_is_answered_with_the_user_and_may_be_repeated() {
    for store in StoreKind::ALL {
        let instance = Instance::start_on(store).await;
        instance.add_user("someone").await;
        let acts = [
            ("ban", true, false),
            ("ban", true, false),
            ("lock", true, true),
            ("unban", false, true),
            ("unlock", false, false),
            ("unlock", false, false),
        ];
        for (act, banned, locked) in acts {
            let user = instance.call("POST", &format!("/v1/users/someone/{act}")).send().await.ok();
            assert_eq!(user["id"], "someone");
            assert_eq!((&user["banned"], &user["locked"]), (&banned.into(), &locked.into()), "{act}");
            assert_eq!(instance.get("/v1/users/someone").await.ok(), user, "{act}");
        }
    }
}

#[tokio::test]
async fn a_fall_ends_sessions_and_pending_tokens_of_subject_and_actor() {
    for (act, cause) in [("ban", "banned"), ("lock", "locked")] {
        for (fallen, role) in [("subject", "subject"), ("agent", "actor")] {
            let instance = Instance::start().await;
            instance.add_user("subject").await;
            instance.add_user("agent").await;
            let pending = instance.add_actor_token("subject").await["id"].as_str().unwrap().to_owned();
            let accepted = instance.add_actor_token("subject").await;
            let context = Context { caller: Caller::Client(None), ..Context::system() };
            let ticket = accepted["token"].as_str().unwrap();
            let redeemed = ticket::redeem(&instance.app.world, &context, ticket, None).await.unwrap();
            instance.call("POST", &format!("/v1/users/{fallen}/{act}")).send().await.ok();
            let session = instance.get(&format!("/v1/sessions/{}", redeemed.session.id)).await.ok();
            assert_eq!(session["status"], "revoked", "{fallen} {act}");
            let token = instance.get(&format!("/v1/actor_tokens/{pending}")).await.ok();
            assert_eq!(token["revoked_because"], format!("{role}_{cause}"));
            // Nothing comes back with the standing.
            instance.call("POST", &format!("/v1/users/{fallen}/un{act}")).send().await.ok();
            let revoke = format!("/v1/actor_tokens/{pending}/revoke");
            assert_eq!(
                instance.post(&revoke, Value::Null).await.code(),
                "actor_token_cannot_be_revoked_code"
            );
        }
    }
}
