//! `Domain` on the cookies that the app's server reads too.

use super::{
    actor_token,
    browser::{Browser, shown_cookies},
    instance_with, ticket,
};

#[tokio::test]
async fn only_what_the_apps_server_reads_is_shared_with_its_host() {
    let instance = instance_with(|plan| plan.http.cookie_domain = Some("example.test".to_owned())).await;
    let mut browser = Browser::new(&instance);
    let signed_in = browser.redeem(&ticket(&actor_token(&instance).await)).await;
    insta::assert_snapshot!(shown_cookies(&signed_in), @"
    __client=[secret]; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax; Secure
    __client_uat=1773489600; Path=/; Domain=example.test; Max-Age=31536000; SameSite=Lax; Secure
    __client_uat_wO6xBncp=1773489600; Path=/; Domain=example.test; Max-Age=31536000; SameSite=Lax; Secure
    ");
    let signed_out = browser.post("/v1/client/sessions?_method=DELETE", "").await;
    insta::assert_snapshot!(shown_cookies(&signed_out), @"
    __client_uat=0; Path=/; Domain=example.test; Max-Age=31536000; SameSite=Lax; Secure
    __client_uat_wO6xBncp=0; Path=/; Domain=example.test; Max-Age=31536000; SameSite=Lax; Secure
    ");
}

#[tokio::test]
async fn over_http_no_cookie_is_secure() {
    let instance = instance_with(|plan| plan.http.public_url = "http://127.0.0.1:4010".to_owned()).await;
    let signed_in = Browser::new(&instance).redeem(&ticket(&actor_token(&instance).await)).await;
    assert!(!shown_cookies(&signed_in).contains("Secure"));
}
