//! The operations, each in a series between two marks.

use crate::instance::{APP, Instance};
use axum::{body::Body, response::Response};
use http::{HeaderValue, Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::Value;
use std::hint::black_box;

/// Of each before the marks: caches are full, tables have grown, statements are prepared.
const WARM_UP: usize = 64;
/// People who are impersonated, in turn.
const SUBJECTS: usize = 50;

/// Runs all series. Marks: one before and one after each, in the order create, accept, mint, revoke.
pub(crate) async fn run(instance: &Instance, count: usize) -> Result<(), String> {
    all(instance, users(instance)).await?;
    all(instance, creations(instance, WARM_UP)).await?;
    let pending = marked(instance, creations(instance, count)).await?;

    // Accepted are others than those, so that what is revoked in the end is pending.
    let for_warm_up = all(instance, creations(instance, WARM_UP)).await?;
    let to_accept = all(instance, creations(instance, count)).await?;
    let warm = all(instance, acceptances(&for_warm_up)?).await?;
    let accepted = marked(instance, acceptances(&to_accept)?).await?;

    all(instance, refreshes(&warm)?).await?;
    marked(instance, refreshes(&accepted)?).await?;

    let for_warm_up = all(instance, creations(instance, WARM_UP)).await?;
    all(instance, revocations(instance, &for_warm_up)?).await?;
    marked(instance, revocations(instance, &pending)?).await?;
    Ok(())
}

/// A successful answer, to be looked at when nothing is counted.
struct Answer {
    response: http::response::Parts,
    body: Value,
}

async fn marked(instance: &Instance, requests: Vec<Request<Body>>) -> Result<Vec<Answer>, String> {
    let mut responses = Vec::with_capacity(requests.len());
    mark(requests.len());
    for request in requests {
        responses.push(instance.answer(request).await);
    }
    mark(responses.len());
    read(responses).await
}

async fn all(instance: &Instance, requests: Vec<Request<Body>>) -> Result<Vec<Answer>, String> {
    let mut responses = Vec::with_capacity(requests.len());
    for request in requests {
        responses.push(instance.answer(request).await);
    }
    read(responses).await
}

/// Callgrind writes down what it has counted whenever it comes by here, and begins anew.
#[inline(never)]
fn mark(count: usize) {
    black_box(count);
}

async fn read(responses: Vec<Response>) -> Result<Vec<Answer>, String> {
    let mut answers = Vec::with_capacity(responses.len());
    for response in responses {
        let (response, body) = response.into_parts();
        let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
        if response.status != StatusCode::OK {
            return Err(format!("{}: {}", response.status, String::from_utf8_lossy(&body)));
        }
        let body = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
        answers.push(Answer { response, body });
    }
    Ok(answers)
}

fn users(instance: &Instance) -> Vec<Request<Body>> {
    let user = |number| {
        let body = format!(
            r#"{{"id":"user_{number}","first_name":"Ada","last_name":"Lovelace","email_address":["ada{number}@example.com"]}}"#
        );
        backend(instance, "/v1/users", body)
    };
    (0..SUBJECTS).map(user).collect()
}

fn creations(instance: &Instance, count: usize) -> Vec<Request<Body>> {
    let creation = |number| {
        let subject = number % SUBJECTS;
        let body = format!(
            r#"{{"user_id":"user_{subject}","actor":{{"sub":"staff_7","email":"support@example.com"}},"reason":"ticket 4711","expires_in_seconds":600,"session_max_duration_in_seconds":1800}}"#
        );
        backend(instance, "/v1/actor_tokens", body)
    };
    (0..count).map(creation).collect()
}

fn acceptances(tokens: &[Answer]) -> Result<Vec<Request<Body>>, String> {
    let acceptance = |token: &Answer| {
        let ticket = text(&token.body, "/token")?;
        Ok(browser("/v1/client/sign_ins", None, format!("strategy=ticket&ticket={ticket}")))
    };
    tokens.iter().map(acceptance).collect()
}

fn refreshes(sign_ins: &[Answer]) -> Result<Vec<Request<Body>>, String> {
    let refresh = |sign_in: &Answer| {
        let session = text(&sign_in.body, "/response/created_session_id")?;
        let path = format!("/v1/client/sessions/{session}/tokens");
        Ok(browser(&path, Some(cookies(&sign_in.response)?), String::new()))
    };
    sign_ins.iter().map(refresh).collect()
}

fn revocations(instance: &Instance, tokens: &[Answer]) -> Result<Vec<Request<Body>>, String> {
    let revocation = |token: &Answer| {
        let id = text(&token.body, "/id")?;
        Ok(backend(instance, &format!("/v1/actor_tokens/{id}/revoke"), String::new()))
    };
    tokens.iter().map(revocation).collect()
}

fn text<'a>(body: &'a Value, pointer: &str) -> Result<&'a str, String> {
    body.pointer(pointer).and_then(Value::as_str).ok_or_else(|| format!("no {pointer} in {body}"))
}

/// The cookies as a browser sends them back.
fn cookies(response: &http::response::Parts) -> Result<HeaderValue, String> {
    let pairs: Vec<&str> = response
        .headers
        .get_all(header::SET_COOKIE)
        .iter()
        .filter_map(|cookie| cookie.to_str().ok()?.split(';').next())
        .collect();
    HeaderValue::from_str(&pairs.join("; ")).map_err(|error| error.to_string())
}

fn backend(instance: &Instance, path: &str, body: String) -> Request<Body> {
    let mut request = post(path, body);
    let headers = request.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&format!("Bearer {}", instance.secret_key)) {
        headers.insert(header::AUTHORIZATION, value);
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::USER_AGENT, HeaderValue::from_static("backend/1.0"));
    request
}

fn browser(path: &str, cookies: Option<HeaderValue>, body: String) -> Request<Body> {
    let mut request = post(path, body);
    let headers = request.headers_mut();
    headers.insert(header::ORIGIN, HeaderValue::from_static(APP));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    headers.insert(header::USER_AGENT, HeaderValue::from_static("browser/1.0"));
    if let Some(cookies) = cookies {
        headers.insert(header::COOKIE, cookies);
    }
    request
}

fn post(path: &str, body: String) -> Request<Body> {
    let mut request = Request::new(Body::from(body));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = path.parse().unwrap_or_default();
    request
}
