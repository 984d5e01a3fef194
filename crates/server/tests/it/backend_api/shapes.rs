//! What the server writes, the shapes of `actas-api-types` read again: they are what clients are built from.

use crate::harness::{Answer, Instance};
use actas_api_types::{
    actor_token::{ActorToken, ActorTokenDetails, ActorTokenPage},
    audit::AuditPage,
    client::Client,
    error::ErrorEnvelope,
    instance::{Instance as InstanceShape, KeySet},
    lists::{DeletedObject, Page, TotalCount},
    session::{Session, Token},
    sign_in_token::SignInToken,
    user::User,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

/// Reads an answer as the shape, and writes it again: nothing may be lost or added.
#[track_caller]
fn reads<Shape: DeserializeOwned + Serialize>(answer: &Answer) -> Shape {
    let shape: Shape = serde_json::from_slice(&answer.body).expect("the shape reads the answer");
    let again = serde_json::to_string(&shape).expect("the shape is written");
    assert_eq!(again, answer.text());
    shape
}

#[tokio::test]
async fn every_answer_is_read_by_its_shape() {
    let instance = Instance::start().await;
    let body = json!({ "id": "ada", "email_address": ["a@example.com"], "phone_number": ["+15551234567"] });
    reads::<User>(&instance.post("/v1/users", body).await);
    reads::<Vec<User>>(&instance.get("/v1/users").await);
    reads::<TotalCount>(&instance.get("/v1/users/count").await);
    let body = json!({ "user_id": "ada", "actor": { "sub": "agent", "n": 1.0 } });
    let token: ActorToken = reads(&instance.post("/v1/actor_tokens", body).await);
    assert_eq!(token.actor.get(), r#"{"n":1.0,"sub":"agent"}"#);
    reads::<ActorTokenDetails>(&instance.get(&format!("/v1/actor_tokens/{}", token.id)).await);
    reads::<ActorTokenPage>(&instance.get("/v1/actor_tokens").await);
    reads::<SignInToken>(&instance.post("/v1/sign_in_tokens", json!({ "user_id": "ada" })).await);
    let session: Session = reads(&instance.post("/v1/sessions", json!({ "user_id": "ada" })).await);
    reads::<Vec<Session>>(&instance.get("/v1/sessions").await);
    reads::<Page<Session>>(&instance.get("/v1/sessions?paginated=true").await);
    let path = format!("/v1/sessions/{}", session.id);
    reads::<Session>(&instance.call("GET", &path).version("2021-02-05").send().await);
    reads::<Token>(&instance.post(&format!("{path}/tokens"), Value::Null).await);
    reads::<Client>(&instance.get(&format!("/v1/clients/{}", session.client_id)).await);
    reads::<Page<Client>>(&instance.get("/v1/clients?paginated=true").await);
    reads::<KeySet>(&instance.get("/v1/jwks").await);
    reads::<InstanceShape>(&instance.get("/v1/instance").await);
    reads::<AuditPage>(&instance.get("/v1/audit_entries").await);
    reads::<ErrorEnvelope>(&instance.get("/v1/users/nobody").await);
    reads::<DeletedObject>(&instance.call("DELETE", "/v1/users/ada").send().await);
}
