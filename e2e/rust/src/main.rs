//! Drives the unmodified `clerk-rs` against a running Actas.

mod report;
mod service;

use clerk_rs::{
    apis::{actor_tokens_api, clients_api, jwks_api, sessions_api, sign_in_tokens_api, users_api},
    models::{
        CreateActorTokenRequest, CreateSessionRequest, CreateSignInTokenRequest, JwksKeysInner, Session,
        UpdateUserRequest, User, actor_token::Status, session,
    },
    validators::{authorizer::validate_jwt, jwks::JwksProviderNoCache},
};
use report::{Outcome, Report, Wanted};
use serde_json::json;
use service::{NativeApp, Service, actor, claims_text, connect, now_millis, unused};
use std::{process::ExitCode, sync::Arc};

const KEY_INVALID: &str =
    "The provided Clerk Secret Key is invalid. Make sure that your Clerk Secret Key is correct.";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let report = Report::default();
    match Service::from_environment() {
        Ok(service) => {
            println!("# clerk-rs 0.5.0, against {}", service.url);
            report.part("users", users(&report, &service).await);
            report.part("create", create(&report, &service).await);
            report.part("create_refused", create_refused(&report, &service).await);
            report.part("wrong_key", wrong_key(&report, &service).await);
            report.part("revoke", revoke(&report, &service).await);
            report.part("redeem", redeem(&report, &service).await);
            report.part("sessions", sessions(&report, &service).await);
            report.part("sign_in_tokens", sign_in_tokens(&report, &service).await);
            report.part("jwks", jwks(&report, &service).await);
        }
        Err(error) => report.part("environment", Err(error)),
    }
    if report.close() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn users(report: &Report, service: &Service) -> Outcome {
    let config = service.config();
    let user = service.person("Ada").await?;
    report.is_true("users.create", user.id.starts_with("user_") && user.id.len() == 32, &user.id);
    report.equal("users.create.name", user.first_name.clone(), Some("Ada".to_owned()));
    report.equal("users.get", users_api::get_user(config, &user.id).await?.id, user.id.clone());
    let rename =
        UpdateUserRequest { first_name: Some(Some("Grace".to_owned())), ..UpdateUserRequest::default() };
    let renamed = users_api::update_user(config, &user.id, rename).await?;
    report.equal("users.update", renamed.first_name, Some("Grace".to_owned()));
    report.equal("users.ban", users_api::ban_user(config, &user.id).await?.banned, true);
    report.equal("users.unban", users_api::unban_user(config, &user.id).await?.banned, false);
    report.equal("users.lock", users_api::lock_user(config, &user.id).await?.locked, true);
    report.equal("users.unlock", users_api::unlock_user(config, &user.id).await?.locked, false);
    report.equal("users.delete", users_api::delete_user(config, &user.id).await?.deleted, true);
    let long_message = format!("No user was found with id {}", user.id);
    report.refused(
        "users.delete.gone",
        users_api::get_user(config, &user.id).await,
        Wanted {
            status: 404,
            code: "resource_not_found",
            message: "not found",
            long_message: &long_message,
            parameter: None,
        },
    );
    Ok(())
}

async fn create(report: &Report, service: &Service) -> Outcome {
    let subject = service.person("Subject").await?;
    let request = CreateActorTokenRequest {
        expires_in_seconds: Some(600),
        session_max_duration_in_seconds: Some(900),
        ..CreateActorTokenRequest::new(subject.id.clone(), actor("staff-1"))
    };
    let token = actor_tokens_api::create_actor_token(service.config(), Some(request)).await?;
    report.is_true("create.id", token.id.starts_with("act_") && token.id.len() == 31, &token.id);
    report.equal("create.status", token.status, Status::Pending);
    report.equal("create.user_id", &token.user_id, &subject.id);
    report.equal("create.actor", &token.actor, &json!({"sub": "staff-1"}));
    report.is_true("create.created_at", (now_millis() - token.created_at).abs() < 60_000, token.created_at);
    report.equal("create.updated_at", token.updated_at, token.created_at);
    let (ticket, url) = (token.token.unwrap_or_default(), token.url.unwrap_or_default());
    report.is_true("create.url", ticket.len() > 40 && url.ends_with(&format!("?ticket={ticket}")), &url);
    Ok(())
}

async fn create_refused(report: &Report, service: &Service) -> Outcome {
    let subject = service.person("Subject").await?;
    let to = |user_id: &str, sub: &str| CreateActorTokenRequest::new(user_id.to_owned(), actor(sub));
    let expiring =
        |seconds| CreateActorTokenRequest { expires_in_seconds: Some(seconds), ..to(&subject.id, "staff-1") };
    let lasting = |seconds| CreateActorTokenRequest {
        session_max_duration_in_seconds: Some(seconds),
        ..to(&subject.id, "staff-1")
    };
    let missing =
        |parameter| ("form_param_missing", "is missing", format!("{parameter} must be included."), parameter);
    let invalid =
        |parameter| ("form_param_value_invalid", "is invalid", format!("{parameter} is invalid"), parameter);
    let rows = [
        ("no_body", None, missing("user_id")),
        ("empty_user_id", Some(to("", "staff-1")), missing("user_id")),
        ("empty_sub", Some(to(&subject.id, "")), missing("actor.sub")),
        ("expires_zero", Some(expiring(0)), invalid("expires_in_seconds")),
        ("expires_negative", Some(expiring(-5)), invalid("expires_in_seconds")),
        ("session_zero", Some(lasting(0)), invalid("session_max_duration_in_seconds")),
        ("session_negative", Some(lasting(i32::MIN)), invalid("session_max_duration_in_seconds")),
    ];
    for (name, request, (code, message, long_message, parameter)) in rows {
        let wanted =
            Wanted { status: 422, code, message, long_message: &long_message, parameter: Some(parameter) };
        let result = actor_tokens_api::create_actor_token(service.config(), request).await;
        report.refused(&format!("create.{name}"), result, wanted);
    }
    let unknown = unused("user");
    let long_message = format!("No user was found with id {unknown}");
    let result = actor_tokens_api::create_actor_token(service.config(), Some(to(&unknown, "staff-1"))).await;
    report.refused(
        "create.unknown_user",
        result,
        Wanted {
            status: 404,
            code: "resource_not_found",
            message: "not found",
            long_message: &long_message,
            parameter: None,
        },
    );
    Ok(())
}

async fn wrong_key(report: &Report, service: &Service) -> Outcome {
    let stranger = connect(&service.url, &format!("sk_test_{}", "A".repeat(42)));
    let wanted = || Wanted {
        status: 401,
        code: "clerk_key_invalid",
        message: KEY_INVALID,
        long_message: KEY_INVALID,
        parameter: None,
    };
    report.refused(
        "key.create",
        actor_tokens_api::create_actor_token(&stranger.config, None).await,
        wanted(),
    );
    report.refused("key.revoke", actor_tokens_api::revoke_actor_token(&stranger.config, "x").await, wanted());
    report.refused("key.jwks", jwks_api::get_jwks(&stranger.config).await, wanted());
    Ok(())
}

async fn revoke(report: &Report, service: &Service) -> Outcome {
    let token = service.grant(&service.person("Subject").await?, "staff-1").await?;
    let revoked = actor_tokens_api::revoke_actor_token(service.config(), &token.id).await?;
    report.equal(
        "revoke",
        (revoked.status, &revoked.id, revoked.created_at),
        (Status::Revoked, &token.id, token.created_at),
    );
    report.equal("revoke.no_secrets", (revoked.token, revoked.url), (None, None));
    let again = actor_tokens_api::revoke_actor_token(service.config(), &token.id).await;
    report.refused("revoke.again", again, cannot_revoke("revoked", &mut String::new()));
    for (name, id) in [("unknown", unused("act")), ("no_id", "no such/id".to_owned())] {
        let result = actor_tokens_api::revoke_actor_token(service.config(), &id).await;
        let wanted = Wanted {
            status: 404,
            code: "resource_not_found",
            message: "not found",
            long_message: "Resource not found",
            parameter: None,
        };
        report.refused(&format!("revoke.{name}"), result, wanted);
    }
    let answer = NativeApp::new(service).redeem(&token.token.unwrap_or_default()).await?;
    report.equal("revoke.redeem", (answer.status, answer.code()), (400, "actor_token_revoked_code"));
    Ok(())
}

fn cannot_revoke<'a>(status: &str, long_message: &'a mut String) -> Wanted<'a> {
    *long_message = format!(
        "Actor token cannot be revoked because its status is {status}. Only pending tokens can be revoked."
    );
    Wanted {
        status: 400,
        code: "actor_token_cannot_be_revoked_code",
        message: "cannot revoke",
        long_message,
        parameter: None,
    }
}

async fn redeem(report: &Report, service: &Service) -> Outcome {
    let subject = service.person("Subject").await?;
    let token = service.grant(&subject, "staff-1").await?;
    let ticket = token.token.unwrap_or_default();
    let mut app = NativeApp::new(service);
    let answer = app.redeem(&ticket).await?;
    report.equal("redeem", (answer.status, &answer.json["response"]["status"]), (200, &json!("complete")));
    let session = &answer.json["client"]["sessions"][0];
    report.equal("redeem.actor", &session["actor"], &json!({"sub": "staff-1"}));
    let id = session["id"].as_str().ok_or("a session has an id")?;
    let jwt = session["last_active_token"]["jwt"].as_str().ok_or("a session has a token")?;
    verified(report, service, "redeem.token", jwt, &subject, id).await?;
    let fresh = app.post(&format!("/client/sessions/{id}/tokens"), &[]).await?;
    verified(report, service, "redeem.tokens", fresh.json["jwt"].as_str().unwrap_or_default(), &subject, id)
        .await?;
    let minted = sessions_api::create_session_token(service.config(), id, None).await?;
    verified(report, service, "redeem.backend_token", &minted.jwt.unwrap_or_default(), &subject, id).await?;

    let seen = sessions_api::get_session(service.config(), id).await?;
    report.equal("redeem.session.actor", seen.actor.clone().flatten(), Some(json!({"sub": "staff-1"})));
    report.equal("redeem.session.duration", seen.expire_at - seen.created_at, 1_800_000);
    let again = NativeApp::new(service).redeem(&ticket).await?;
    report.equal("redeem.again", (again.status, again.code()), (400, "actor_token_already_used_code"));
    let accepted = actor_tokens_api::revoke_actor_token(service.config(), &token.id).await;
    report.refused("redeem.revoke_accepted", accepted, cannot_revoke("accepted", &mut String::new()));
    let chained = service.grant(&subject, "staff-1").await?.token.unwrap_or_default();
    let refused = app.redeem(&chained).await?;
    report.equal("redeem.chain", (refused.status, refused.code()), (409, "session_creation_not_allowed"));
    Ok(())
}

/// By the SDK's own validator, with the server's keys.
async fn verified(
    report: &Report,
    service: &Service,
    name: &str,
    jwt: &str,
    subject: &User,
    id: &str,
) -> Outcome {
    let keys = || Arc::new(JwksProviderNoCache::new(service.clerk.clone()));
    let claims = validate_jwt(jwt, keys()).await?;
    report.equal(&format!("{name}.claims"), (&claims.sub, claims.sid.as_deref()), (&subject.id, Some(id)));
    let act = claims.act.map(|act| (act.sub, act.iss, act.sid));
    report.equal(&format!("{name}.act"), act, Some(("staff-1".to_owned(), None, None)));
    let text = claims_text(jwt)?;
    report.is_true(&format!("{name}.act_verbatim"), text.contains(r#""act":{"sub":"staff-1"}"#), &text);
    report.is_true(&format!("{name}.lifetime"), claims.exp - claims.iat <= 60, (claims.exp, claims.iat));
    let forged = jwt.replace('.', ".x");
    report.is_true(&format!("{name}.forged"), validate_jwt(&forged, keys()).await.is_err(), forged);
    Ok(())
}

async fn sessions(report: &Report, service: &Service) -> Outcome {
    let config = service.config();
    let subject = service.person("Subject").await?;
    let ticket = service.grant(&subject, "staff-1").await?.token.unwrap_or_default();
    let answer = NativeApp::new(service).redeem(&ticket).await?;
    let id =
        answer.json["response"]["created_session_id"].as_str().ok_or("a sign-in has a session")?.to_owned();
    let listed =
        sessions_api::get_session_list(config, None, Some(&subject.id), Some("active"), None, None, None)
            .await?;
    report.equal("sessions.list", ids(&listed), vec![id.as_str()]);
    let client = clients_api::get_client(config, &listed[0].client_id).await?;
    report.equal("sessions.client", &client.session_ids, &vec![id.clone()]);
    let revoked = sessions_api::revoke_session(config, &id).await?;
    report.equal("sessions.revoke", revoked.status, session::Status::Revoked);
    let listed =
        sessions_api::get_session_list(config, None, Some(&subject.id), Some("active"), None, None, None)
            .await?;
    report.equal("sessions.list.revoked", listed.len(), 0);
    report.refused(
        "sessions.revoked.token",
        sessions_api::create_session_token(config, &id, None).await,
        Wanted {
            status: 401,
            code: "authentication_invalid",
            message: "Invalid authentication",
            long_message: "Unable to authenticate the request, you need to supply an active session",
            parameter: None,
        },
    );
    let unknown = unused("sess");
    let long_message = format!("No session was found with id {unknown}");
    report.refused(
        "sessions.get.unknown",
        sessions_api::get_session(config, &unknown).await,
        Wanted {
            status: 404,
            code: "resource_not_found",
            message: "Session not found",
            long_message: &long_message,
            parameter: None,
        },
    );
    let ordinary =
        sessions_api::create_session(config, Some(CreateSessionRequest::new(subject.id.clone()))).await?;
    report.equal("sessions.create.actor", ordinary.actor.flatten(), None);
    let minted = sessions_api::create_session_token(config, &ordinary.id, None).await?;
    let keys = Arc::new(JwksProviderNoCache::new(service.clerk.clone()));
    let claims = validate_jwt(&minted.jwt.unwrap_or_default(), keys).await?;
    report.equal("sessions.create.no_act", (claims.sub, claims.act), (subject.id, None));
    Ok(())
}

fn ids(sessions: &[Session]) -> Vec<&str> {
    sessions.iter().map(|session| session.id.as_str()).collect()
}

async fn sign_in_tokens(report: &Report, service: &Service) -> Outcome {
    let config = service.config();
    let subject = service.person("Subject").await?;
    let request = || CreateSignInTokenRequest::new(subject.id.clone());
    let token = sign_in_tokens_api::create_sign_in_token(config, Some(request())).await?;
    report.is_true("sign_in.create", token.id.starts_with("sit_"), &token.id);
    let answer = NativeApp::new(service).redeem(&token.token.clone().unwrap_or_default()).await?;
    report.equal(
        "sign_in.redeem",
        (answer.status, &answer.json["client"]["sessions"][0]["actor"]),
        (200, &json!(null)),
    );
    let other = sign_in_tokens_api::create_sign_in_token(config, Some(request())).await?;
    let revoked = sign_in_tokens_api::revoke_sign_in_token(config, &other.id).await?;
    report.equal("sign_in.revoke", revoked.id, other.id.clone());
    report.refused(
        "sign_in.revoke_again",
        sign_in_tokens_api::revoke_sign_in_token(config, &other.id).await,
        Wanted {
            status: 400,
            code: "sign_in_token_cannot_be_revoked_code",
            message: "cannot revoke",
            long_message: "Sign in token cannot be revoked because its status is revoked. Only pending tokens can be revoked.",
            parameter: None,
        },
    );
    Ok(())
}

async fn jwks(report: &Report, service: &Service) -> Outcome {
    let keys = jwks_api::get_jwks(service.config()).await?.keys.unwrap_or_default();
    report.is_true("jwks.some", !keys.is_empty(), ());
    for key in keys {
        let JwksKeysInner::JwksRsaPublicKey(key) = key else {
            report.is_true("jwks.rsa", false, key);
            continue;
        };
        report.equal("jwks.rsa", (key.alg.as_str(), key.e.as_str(), key.n.len()), ("RS256", "AQAB", 342));
    }
    Ok(())
}
