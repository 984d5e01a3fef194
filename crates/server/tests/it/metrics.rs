//! What is counted of what was done.

use crate::harness::Instance;

async fn sign_in(instance: &Instance, form: &str) -> u16 {
    let call = instance.anonymous("POST", "/v1/client/sign_ins?_is_native=1");
    let call = call.header("content-type", "application/x-www-form-urlencoded").body(form.to_owned());
    call.send().await.status.as_u16()
}

#[tokio::test]
async fn accepted_tickets_and_refused_sign_ins_are_counted() {
    let instance = Instance::start().await;
    instance.add_user("ada").await;
    let token = instance.add_actor_token("ada").await;
    let ticket = format!("strategy=ticket&ticket={}", token["token"].as_str().unwrap());
    assert_eq!(sign_in(&instance, &ticket).await, 200);
    assert_eq!(sign_in(&instance, &ticket).await, 400);
    assert_eq!(sign_in(&instance, "strategy=ticket&ticket=forged").await, 400);
    assert_eq!(sign_in(&instance, "strategy=password&identifier=nobody&password=wrong-horse").await, 422);
    let text = instance.anonymous("GET", "/metrics").send().await.text().to_owned();
    for line in [
        r#"actas_tickets_accepted_total{kind="actor_token"} 1"#,
        r#"actas_tickets_accepted_total{kind="sign_in_token"} 0"#,
        r#"actas_sign_in_failures_total{strategy="ticket"} 2"#,
        r#"actas_sign_in_failures_total{strategy="password"} 1"#,
        r#"actas_live_sessions 1"#,
        r#"actas_refusals_total{code="actor_token_already_used_code"} 1"#,
        r#"actas_requests_total{route="/v1/client/sign_ins",method="POST",status="400"} 2"#,
        r#"actas_request_duration_seconds_count{route="/v1/client/sign_ins",method="POST",status="4xx"} 3"#,
        r#"actas_build_info{version=""#,
        "process_start_time_seconds ",
    ] {
        assert!(text.contains(line), "no {line} in\n{text}");
    }
}
