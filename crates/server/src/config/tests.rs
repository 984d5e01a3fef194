//! Precedence, refusals and what is shown.

use super::{ConfigFile, Configuration, Loaded, OPTIONS, Sources, load, markdown};
use actas_domain::settings::{DirectoryMode, InstanceKind, Settings};
use std::ffi::OsString;

fn file(text: &str) -> Sources {
    Sources {
        file: Some(ConfigFile { path: "actas.toml".into(), text: text.to_owned() }),
        ..Sources::default()
    }
}

fn environment(pairs: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
    pairs.iter().map(|(name, value)| (name.into(), value.into())).collect()
}

fn problems(sources: &Sources) -> Vec<String> {
    load(sources).map(|loaded| loaded.configuration).unwrap_err().problems().to_vec()
}

fn source_of(loaded: &Loaded, key: &str) -> String {
    loaded.effective().into_iter().find(|option| option.spec.key == key).unwrap().source
}

#[test]
fn the_defaults_are_the_rules_own() {
    let configuration = load(&Sources::default()).unwrap().configuration;
    assert_eq!(configuration.settings(), Settings::default());
    assert_eq!(configuration.listen.to_string(), "127.0.0.1:4500");
    assert_eq!(configuration.data_dir.to_str(), Some("/var/lib/actas"));
    assert_eq!(configuration.master_key_file().to_str(), Some("/var/lib/actas/master.key"));
    let error = configuration.http_settings().unwrap_err().to_string();
    assert!(error.starts_with("public_url is not set"), "{error}");
}

#[test]
fn a_flag_is_stronger_than_the_environment_and_that_than_the_file() {
    let key = "session_token_seconds";
    let mut sources = file("# first\nsession_token_seconds = 30\n");
    let loaded = load(&sources).unwrap();
    assert_eq!(
        (loaded.configuration.session_token_seconds, source_of(&loaded, key)),
        (30, "actas.toml:2".into())
    );
    sources.environment = environment(&[("ACTAS_SESSION_TOKEN_SECONDS", "40"), ("PATH", "/bin")]);
    let loaded = load(&sources).unwrap();
    let source = source_of(&loaded, key);
    assert_eq!(
        (loaded.configuration.session_token_seconds, source),
        (40, "ACTAS_SESSION_TOKEN_SECONDS".into())
    );
    sources.flags.push((key, "50".into()));
    let loaded = load(&sources).unwrap();
    let source = source_of(&loaded, key);
    assert_eq!((loaded.configuration.session_token_seconds, source), (50, "--session-token-seconds".into()));
}

#[test]
fn a_command_can_have_defaults_of_its_own() {
    let defaults = vec![("data_dir", "./.actas".to_owned()), ("instance_kind", "development".to_owned())];
    let loaded = load(&Sources { defaults, ..file("directory_mode = 'open'") }).unwrap();
    assert_eq!(loaded.configuration.instance_kind, InstanceKind::Development);
    assert_eq!(loaded.configuration.directory_mode, DirectoryMode::Open);
    assert_eq!(source_of(&loaded, "data_dir"), "default");
}

#[test]
fn an_unknown_key_is_refused_with_its_line_and_the_nearest() {
    let told = problems(&file("\n\npublic_ulr = 'https://a.example'\n[limits]\nx = 1\n"));
    assert!(
        told.contains(&"actas.toml:3: there is no key public_ulr; did you mean public_url?".to_owned()),
        "{told:?}"
    );
    assert!(told.iter().any(|line| line.starts_with("actas.toml:4: there is no section limits")), "{told:?}");
}

#[test]
fn an_unknown_variable_is_refused_with_the_nearest_but_not_those_of_apps() {
    let variables =
        [("ACTAS_LISTN", "1"), ("ACTAS_URL", "http://127.0.0.1:1"), ("ACTAS_CONFIG", "x"), ("X", "y")];
    let told = problems(&Sources { environment: environment(&variables), ..Sources::default() });
    assert_eq!(told, ["ACTAS_LISTN: there is no such variable; did you mean ACTAS_LISTEN?"]);
}

#[test]
fn every_problem_is_told_with_source_key_value_and_limit() {
    let mut sources =
        file("session_token_seconds = 99999\nlisten = 'here'\nmetrics_on_public = 'yes'\nissuer = 5\n");
    sources.environment = environment(&[("ACTAS_CONNECTIONS_MAX", "0")]);
    sources.flags.push(("log_level", "loud".into()));
    assert_eq!(
        problems(&sources),
        [
            "actas.toml:2: listen is \"here\"; it must be an IP address and a port, such as 127.0.0.1:4500 or [::]:4500",
            "actas.toml:3: metrics_on_public is \"yes\"; it must be true or false",
            "actas.toml:4: issuer is 5; it must be a text of 1 to 255 bytes without control characters",
            "actas.toml:1: session_token_seconds is 99999; it must be an integer from 1 to 3600",
            "ACTAS_CONNECTIONS_MAX: connections_max is \"0\"; it must be an integer from 1 to 1000000",
            "--log-level: log_level is \"loud\"; it must be one of error, warn, info, debug, trace",
        ]
    );
    let error = load(&sources).unwrap_err().to_string();
    assert!(
        error.ends_with("(and 5 more: actas config check lists all)") && !error.contains('\n'),
        "{error}"
    );
}

#[test]
fn a_type_of_toml_is_not_guessed() {
    for text in [
        "session_token_seconds = '60'",
        "session_token_seconds = 60.0",
        "session_token_seconds = 99999999999999999999",
        "allowed_origins = 'https://a.example'",
        "allowed_origins = [1]",
        "data_dir = ''",
        "listen = ",
        "listen = '127.0.0.1:1'\nlisten = '127.0.0.1:2'",
    ] {
        let told = problems(&file(text));
        assert!(told.len() == 1 && told[0].starts_with("actas.toml:"), "{text}: {told:?}");
    }
}

#[test]
fn lists_come_as_arrays_or_with_commas() {
    let expected = ["https://a.example", "http://127.0.0.1:3000"];
    let in_file = file("allowed_origins = ['https://a.example', 'http://127.0.0.1:3000']");
    let flags = vec![("allowed_origins", "https://a.example, http://127.0.0.1:3000".to_owned())];
    for sources in [in_file, Sources { flags, ..Sources::default() }] {
        let origins = load(&sources).unwrap().configuration.allowed_origins;
        assert_eq!(origins.iter().map(super::Origin::as_str).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn a_secret_comes_from_the_environment_and_is_shown_nowhere() {
    let told = problems(&file("master_key = 'c2VjcmV0'"));
    assert!(
        told.len() == 1 && told[0].contains("ACTAS_MASTER_KEY") && !told[0].contains("c2VjcmV0"),
        "{told:?}"
    );
    let sources =
        Sources { environment: environment(&[("ACTAS_MASTER_KEY", "c2VjcmV0")]), ..Sources::default() };
    let loaded = load(&sources).unwrap();
    assert_eq!(source_of(&loaded, "master_key"), "set by ACTAS_MASTER_KEY, not shown");
    assert!(!loaded.to_toml().contains("c2VjcmV0") && !format!("{loaded:?}").contains("c2VjcmV0"));
}

#[test]
fn contradictions_are_refused() {
    for (text, part) in [
        ("backend_listen = '127.0.0.1:4500'", "backend_listen and listen are both 127.0.0.1:4500"),
        (
            "instance_kind = 'development'\npublishable_key = 'pk_live_MTI3LjAuMC4xOjQ1MDAk'",
            "begin with pk_test_",
        ),
        ("record_retention_days = 91", "set record_retention_days to 122 or more"),
        // A session that lives for a year has its beginning on record for a year.
        (
            "record_retention_days = 122\nordinary_session_seconds = 31536000",
            "set record_retention_days to 456 or more",
        ),
        (
            "record_retention_days = 400\nretention_days = 0",
            "set retention_days, or record_retention_days to 0",
        ),
    ] {
        let told = problems(&file(text));
        assert!(told.len() == 1 && told[0].contains(part), "{told:?}");
    }
    let both = Sources {
        environment: environment(&[("ACTAS_MASTER_KEY", "x"), ("ACTAS_MASTER_KEY_FILE", "/x")]),
        ..Sources::default()
    };
    assert_eq!(problems(&both), ["master_key and master_key_file are both set; give one of them"]);
    assert!(load(&file("listen = '127.0.0.1:0'\nbackend_listen = '127.0.0.1:0'")).is_ok());
}

#[test]
fn what_is_printed_configures_the_same() {
    let sources = file(
        "public_url = 'https://clerk.example.com/'\nallowed_origins = ['https://a.example']\n\
         trusted_proxies = ['10.0.0.0/8']\nimpersonation_monthly_limit = 7\nlisten = '0.0.0.0:4500'\n",
    );
    let first = load(&sources).unwrap();
    let printed = first.to_toml();
    assert!(printed.contains("issuer = \"https://clerk.example.com\"  # as public_url"), "{printed}");
    assert!(printed.contains("listen = \"0.0.0.0:4500\"  # actas.toml:5"), "{printed}");
    assert!(printed.contains("# sign_in_url: not set"), "{printed}");
    let second = load(&file(&printed)).unwrap();
    let values =
        |loaded: &Loaded| loaded.effective().into_iter().map(|option| option.value).collect::<Vec<_>>();
    assert_eq!(values(&first), values(&second));
}

#[test]
fn warnings_tell_of_what_hardly_works() {
    let warnings = |text: &str| load(&file(text)).unwrap().configuration.warnings();
    let good = "public_url = 'https://clerk.example.com'\nsign_in_url = 'https://app.example.com/sign-in'";
    assert_eq!(warnings(good), Vec::<String>::new());
    assert_eq!(warnings("public_url = 'http://localhost:4500'").len(), 3);
}

#[test]
fn the_documentation_has_every_option_once_and_sentences_of_one_line() {
    let text = markdown();
    for spec in OPTIONS {
        assert_eq!(text.matches(&format!("| `{}` |", spec.key)).count(), 1, "{}", spec.key);
        assert!(spec.help.trim().ends_with('.') && !spec.help.contains('\n'), "{}: {}", spec.key, spec.help);
    }
    assert!(text.contains("ACTAS_MASTER_KEY"));
}

#[test]
fn every_default_is_read_by_its_own_option() {
    let loaded = load(&Sources::default()).unwrap();
    let shown = |configuration: &Configuration, key| configuration.show(key);
    for spec in OPTIONS.iter().filter(|spec| spec.default.is_some()) {
        assert!(shown(&loaded.configuration, spec.key).is_some(), "{}", spec.key);
    }
}

#[test]
fn the_issuer_is_the_host_that_the_publishable_key_names() {
    let issuer = |text: &str| load(&file(text)).unwrap().configuration.issuer();
    let https = |host: &str| Some(format!("https://{host}"));
    assert_eq!(issuer("public_url = 'http://127.0.0.1:4500'"), Some("http://127.0.0.1:4500".to_owned()));
    assert_eq!(issuer("public_url = 'https://app.example.com/__clerk'"), https("app.example.com"));
    // `clerk.example.com$`
    let key = "publishable_key = 'pk_live_Y2xlcmsuZXhhbXBsZS5jb20k'";
    assert_eq!(issuer(&format!("public_url = 'http://localhost:4500'\n{key}")), https("clerk.example.com"));
    let development = "public_url = 'http://127.0.0.1:4500'\ninstance_kind = 'development'";
    assert_eq!(issuer(development), https("actas.clerk.accounts.dev"));
    assert_eq!(issuer(&format!("{development}\nissuer = 'mine'")), Some("mine".to_owned()));
    assert_eq!(issuer(key), None);
}

#[test]
fn siblings_share_cookies_unless_it_is_said_otherwise() {
    let domain = |text: &str| {
        let siblings =
            "public_url = 'https://clerk.x.example'\nsign_in_url = 'https://app.x.example/sign-in'";
        load(&file(&format!("{siblings}\n{text}")))
            .unwrap()
            .configuration
            .http_settings()
            .unwrap()
            .cookie_domain
    };
    assert_eq!(domain("").as_deref(), Some("x.example"));
    assert_eq!(domain("cookie_domain = 'clerk.x.example'").as_deref(), Some("clerk.x.example"));
    assert_eq!(domain("cookie_domain = 'none'"), None);
    let wrong = file("public_url = 'https://clerk.x.example'\ncookie_domain = 'y.example'");
    assert_eq!(
        problems(&wrong),
        [
            "cookie_domain is not a domain of public_url, https://clerk.x.example: browsers would keep no such cookie"
        ]
    );
}

#[test]
fn another_site_in_production_is_warned_of() {
    let warnings = |text: &str| load(&file(text)).unwrap().configuration.warnings().join("\n");
    let two_sites = "public_url = 'https://actas.example'\nsign_in_url = 'https://app.example/sign-in'";
    assert!(warnings(two_sites).contains("another site"));
    assert!(!warnings(&format!("{two_sites}\ninstance_kind = 'development'")).contains("another site"));
    let one_host = "public_url = 'https://app.example/__clerk'\nsign_in_url = 'https://app.example/sign-in'";
    assert!(!warnings(one_host).contains("another site"));
}

#[test]
fn clerks_packages_are_in_one_place() {
    let both = file("clerk_npm_dir = '/srv/node_modules'\nclerk_npm_base_url = 'https://cdn.example/npm'");
    assert_eq!(problems(&both), ["clerk_npm_dir and clerk_npm_base_url are both set; give one of them"]);
}

#[test]
fn nothing_is_purged_after_no_days() {
    let kept = |text: &str| {
        let settings = load(&file(text)).unwrap().configuration.settings();
        (settings.retention_seconds, settings.record_retention_seconds)
    };
    assert_eq!(kept(""), (Some(90 * 86_400), None));
    assert_eq!(kept("retention_days = 0"), (None, None));
    assert_eq!(kept("record_retention_days = 122"), (Some(90 * 86_400), Some(122 * 86_400)));
}
