//! Answers of Clerk's and of Actas's shapes, with members and words that nobody knows yet.

use super::{
    client, request,
    scripted::{ACTOR_TOKEN, Scripted, json},
};
use actas_sdk::{
    actor_tokens::{ActorToken, ActorTokenStatus},
    instance::EnvironmentType,
    sessions::SessionStatus,
    users::User,
};

#[tokio::test]
async fn an_actor_token_of_clerks() {
    let server = Scripted::start([json(200, ACTOR_TOKEN)]).await;
    let created = client(&server).actor_tokens().create(request()).await.unwrap();
    assert_eq!((created.id.as_str(), created.user_id.as_str()), ("act_1", "user_bob"));
    assert_eq!(
        (created.status, created.actor.sub().as_deref()),
        (ActorTokenStatus::Pending, Some("user_alice"))
    );
    assert_eq!(
        (created.created_at.unix_millis(), created.updated_at.unix_millis()),
        (1_700_000_000_000, 1_700_000_000_001)
    );
}

#[test]
fn words_and_members_that_came_later() {
    let text =
        ACTOR_TOKEN.replace("pending", "paused").replace("{\"object\"", "{\"new\":{\"a\":[1]},\"object\"");
    let token: ActorToken = serde_json::from_str(&text).unwrap();
    assert_eq!(token.status, ActorTokenStatus::Other("paused".to_owned()));
    assert_eq!(token.status.as_str(), "paused");
}

#[test]
fn an_actor_comes_back_to_the_letter() {
    let actor = r#"{ "z":1.50, "sub":"é\u00e9", "a":[123456789012345678901234567890] }"#;
    let text = ACTOR_TOKEN.replace(r#"{"sub":"user_alice"}"#, actor);
    let token: ActorToken = serde_json::from_str(&text).unwrap();
    assert_eq!(token.actor.as_json(), actor);
    assert!(serde_json::to_string(&token).unwrap().contains(actor));
}

/// As Clerk's reference has it, with what Actas does not have.
const USER: &str = r#"{"id":"user_bob","object":"user","username":null,"first_name":"Bob","last_name":"Bauer","locale":null,
"external_id":null,"has_image":false,"image_url":"","primary_email_address_id":"idn_2","primary_phone_number_id":null,
"primary_web3_wallet_id":null,"password_enabled":true,"two_factor_enabled":false,"totp_enabled":false,"backup_code_enabled":false,
"email_addresses":[
 {"id":"idn_1","object":"email_address","email_address":"first@a.example","reserved":false,"verification":null,"linked_to":[{"type":"oauth_google","id":"idn_9"}],"matches_sso_connection":false},
 {"id":"idn_2","object":"email_address","email_address":"bob@a.example","reserved":false,"verification":{"status":"verified","strategy":"email_code","attempts":1,"expire_at":5},"linked_to":[]}],
"phone_numbers":[],"web3_wallets":[],"passkeys":[],"external_accounts":[{"object":"google_account"}],"saml_accounts":[],"enterprise_accounts":[],
"public_metadata":{"plan":1.0},"private_metadata":{},"unsafe_metadata":{},"last_sign_in_at":null,"banned":false,"locked":false,
"lockout_expires_in_seconds":null,"verification_attempts_remaining":100,"updated_at":2,"created_at":1,"delete_self_enabled":true,
"create_organization_enabled":true,"last_active_at":3,"mfa_enabled_at":null,"mfa_disabled_at":null,"legal_accepted_at":null}"#;

#[test]
fn a_user_of_clerks() {
    let user: User = serde_json::from_str(USER).unwrap();
    assert_eq!(
        (user.email_address(), user.full_name().as_deref()),
        (Some("bob@a.example"), Some("Bob Bauer"))
    );
    assert_eq!(user.public_metadata().map(|metadata| metadata.as_str()), Some(r#"{"plan":1.0}"#));
    let verification = user.email_addresses[1].verification.as_ref().unwrap();
    assert_eq!(verification.strategy.as_deref(), Some("email_code"));
    assert_eq!(user.last_active_at.map(|at| at.unix_millis()), Some(3));
    let again: User = serde_json::from_str(&serde_json::to_string(&user).unwrap()).unwrap();
    assert_eq!(again, user);
}

#[test]
fn an_address_without_an_id_is_not_the_primary_one() {
    let text = r#"{"id":"u","primary_email_address_id":null,"email_addresses":[
        {"id":"idn_1","email_address":"first@a.example"},{"id":null,"email_address":"second@a.example"}],
        "created_at":1.0,"updated_at":1}"#;
    let user: User = serde_json::from_str(text).unwrap();
    assert_eq!(user.email_address(), Some("first@a.example"));
}

#[tokio::test]
async fn the_others() {
    let session = r#"{"object":"session","id":"sess_1","user_id":"u","client_id":"c","actor":{"sub":"a"},"status":"pending","last_active_organization_id":null,"last_active_at":1,"latest_activity":{"id":"x"},"expire_at":2,"abandon_at":3,"created_at":4,"updated_at":5,"tasks":[{"key":"choose-organization"}]}"#;
    let client_of_browser = format!(
        r#"{{"object":"client","id":"client_1","session_ids":["sess_1"],"sessions":[{session}],"sign_in_id":null,"sign_up_id":null,"last_active_session_id":"sess_1","last_authentication_strategy":null,"created_at":1,"updated_at":2}}"#
    );
    let server = Scripted::start([
        json(200, session),
        json(200, &client_of_browser),
        json(200, &format!(r#"{{"data":[{session}],"total_count":41}}"#)),
        json(200, r#"{"keys":[{"use":"sig","kty":"RSA","kid":"ins_1","alg":"RS256","n":"n","e":"AQAB","x5c":[]},{"kty":"OKP"}]}"#),
        json(200, r#"{"object":"instance","id":"ins_1","environment_type":"production"}"#),
        json(200, r#"{"object":"total_count","total_count":12}"#),
        json(200, r#"{"object":"user","id":"u","deleted":true}"#),
    ])
    .await;
    let client = client(&server);
    let session = client.sessions().get("sess_1").await.unwrap();
    assert_eq!(
        (session.status, session.actor.unwrap().sub().as_deref()),
        (SessionStatus::Pending, Some("a"))
    );
    assert_eq!(client.clients().get("client_1").await.unwrap().sessions[0].id, "sess_1");
    assert_eq!(client.sessions().list_with_total(Default::default()).await.unwrap().total_count, 41);
    let keys = client.jwks().get().await.unwrap().keys;
    assert_eq!((keys[0].usage.as_deref(), keys[1].kid.as_deref()), (Some("sig"), None));
    let instance = client.instance().get().await.unwrap();
    assert_eq!(
        (instance.environment_type, instance.publishable_key),
        (Some(EnvironmentType::Production), None)
    );
    assert_eq!(client.users().count(Default::default()).await.unwrap(), 12);
    assert!(client.users().delete("u").await.unwrap().deleted);
}
