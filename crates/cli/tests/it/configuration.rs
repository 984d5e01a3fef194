//! `actas config`, and what a wrong configuration is answered.

use crate::process::{actas, one_line, run, stderr, stdout};
use std::fs;

#[test]
fn check_tells_every_problem_in_a_line_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let file = "public_ulr = 'https://a.example'\nsession_token_seconds = 0\n";
    fs::write(folder.path().join("actas.toml"), file).unwrap();
    let output = run(folder.path(), &["config", "check", "--config", "actas.toml", "--log-level", "loud"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        stderr(&output).lines().collect::<Vec<_>>(),
        [
            "actas: actas.toml:1: there is no key public_ulr; did you mean public_url?",
            "actas: actas.toml:2: session_token_seconds is 0; it must be an integer from 1 to 3600",
            "actas: --log-level: log_level is \"loud\"; it must be one of error, warn, info, debug, trace",
        ]
    );
}

#[test]
fn check_says_that_all_is_right() {
    let folder = tempfile::tempdir().unwrap();
    let url = "https://clerk.example.com";
    let output = run(
        folder.path(),
        &["config", "check", "--public-url", url, "--sign-in-url", "https://app.example.com/in"],
    );
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(stdout(&output), format!("the configuration is right; this instance is {url}\n"));
}

#[test]
fn serve_tells_one_problem_and_how_many_more() {
    let folder = tempfile::tempdir().unwrap();
    let told = one_line(&run(folder.path(), &["serve", "--config", "missing.toml"]), 2);
    assert!(told.contains("missing.toml"), "{told}");
    let told = one_line(&run(folder.path(), &["serve"]), 2);
    assert!(told.contains("public_url is not set") && told.contains("ACTAS_PUBLIC_URL"), "{told}");
    let told = one_line(&run(folder.path(), &["serve", "--listen", "here", "--connections-max", "0"]), 2);
    assert!(told.contains("--listen: listen is \"here\"") && told.contains("1 more"), "{told}");
    assert!(fs::read_dir(folder.path()).unwrap().next().is_none(), "nothing was made");
}

#[test]
fn an_unknown_variable_is_refused_and_those_of_apps_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = actas(folder.path(), &["config", "print"]);
    let output = command.env("ACTAS_URL", "http://127.0.0.1:1").env("ACTAS_LISTN", "x").output().unwrap();
    assert_eq!(
        one_line(&output, 2),
        "actas: ACTAS_LISTN: there is no such variable; did you mean ACTAS_LISTEN?"
    );
}

#[test]
fn print_shows_values_and_sources_but_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("actas.toml"), "public_url = 'https://clerk.example.com'\n").unwrap();
    let arguments = ["config", "print", "--config", "actas.toml", "--metrics-on-public", "--json"];
    let mut command = actas(folder.path(), &arguments);
    command
        .env("ACTAS_MASTER_KEY", "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXM=")
        .env("ACTAS_LOG_LEVEL", "warn");
    command.env("ACTAS_ALLOWED_ORIGINS", "https://a.example,https://b.example");
    let output = command.output().unwrap();
    assert!(!stdout(&output).contains("c2VjcmV0"));
    let json: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    let expect = |key: &str, value: serde_json::Value, source: &str| {
        assert_eq!(json[key], serde_json::json!({ "value": value, "source": source }), "{key}");
    };
    expect("public_url", "https://clerk.example.com".into(), "actas.toml:1");
    expect("issuer", "https://clerk.example.com".into(), "as public_url");
    expect("metrics_on_public", true.into(), "--metrics-on-public");
    expect("log_level", "warn".into(), "ACTAS_LOG_LEVEL");
    expect("session_token_seconds", 60.into(), "default");
    expect("allowed_origins", vec!["https://a.example", "https://b.example"].into(), "ACTAS_ALLOWED_ORIGINS");
    expect("master_key", serde_json::Value::Null, "set by ACTAS_MASTER_KEY, not shown");
}

#[test]
fn every_help_is_a_success_and_names_what_it_is_for() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, part) in [
        (&["--help"][..], "Exit codes:"),
        (&["dev", "--help"], "dev.env"),
        (&["serve", "--help"], "[env: ACTAS_SESSION_TOKEN_SECONDS] [default: 60]"),
        (&["config", "print", "--help"], "secrets are not shown"),
        (&["keys", "rotate", "--help"], "--now"),
        (&["secret-keys", "revoke", "--help"], "--even-the-last"),
        (&["doctor", "--help"], "FAIL"),
    ] {
        let output = run(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(0));
        assert!(stdout(&output).contains(part), "{arguments:?}: {}", stdout(&output));
    }
    let output = run(folder.path(), &["config", "reference"]);
    assert!(stdout(&output).contains("| `session_token_seconds` | `60` |"));
}
