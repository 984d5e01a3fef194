//! What fits a route, so that random requests are understood often enough to do something.

use proptest::{prelude::*, sample::select};

/// The id of the pool that a parameter of a path names.
pub(super) fn id_index(parameter: &str) -> Option<usize> {
    match parameter {
        "{user_id}" => Some(0),
        "{actor_token_id}" => Some(2),
        "{sign_in_token_id}" => Some(3),
        "{session_id}" => Some(5),
        "{client_id}" => Some(6),
        _ => None,
    }
}

/// The type of the bodies that a route reads.
pub(super) fn content_type_of(route: &str, is_backend: bool) -> &'static str {
    match (route, is_backend) {
        ("/v1/users/import", _) => "application/x-ndjson",
        (_, true) => "application/json",
        (_, false) => "application/x-www-form-urlencoded; charset=utf-8",
    }
}

/// The members or fields of a body that a route reads: a good value for those without which nothing happens.
pub(super) fn body_of(route: &str) -> &'static [(&'static str, &'static str)] {
    match route {
        "/v1/actor_tokens" => &[
            ("user_id", r#""{{i0}}""#),
            ("actor", r#"{"sub":"agent"}"#),
            ("expires_in_seconds", ""),
            ("session_max_duration_in_seconds", ""),
            ("reason", ""),
        ],
        "/v1/sign_in_tokens" => &[("user_id", r#""{{i0}}""#), ("expires_in_seconds", ""), ("org_id", "")],
        "/v1/sessions" => &[("user_id", r#""{{i1}}""#), ("active_organization_id", "")],
        "/v1/sessions/{session_id}/tokens" => &[("expires_in_seconds", "")],
        "/v1/sessions/{session_id}/verify" => &[("token", r#""{{s4}}""#)],
        "/v1/clients/verify" => &[("token", r#""{{s3}}""#)],
        "/v1/users" | "/v1/users/import" | "/v1/users/{user_id}" => USER,
        "/v1/users/{user_id}/metadata" => {
            &[("public_metadata", ""), ("private_metadata", ""), ("unsafe_metadata", "")]
        }
        "/v1/tickets/check" => &[("ticket", "{{s0}}")],
        "/v1/client/sign_ins" => &[("strategy", "ticket"), ("ticket", "{{s0}}"), ("locale", "")],
        "/v1/client/sessions/{session_id}/touch" | "/v1/client/sessions/{session_id}/tokens" => {
            &[("organization_id", ""), ("active_organization_id", ""), ("tab_state", "")]
        }
        _ => &[],
    }
}

const USER: &[(&str, &str)] = &[
    ("id", ""),
    ("external_id", ""),
    ("first_name", ""),
    ("last_name", ""),
    ("locale", ""),
    ("username", ""),
    ("email_address", ""),
    ("email_address_identification_status", ""),
    ("phone_number", ""),
    ("phone_number_identification_status", ""),
    ("web3_wallet", ""),
    ("primary_email_address_id", ""),
    ("password_digest", ""),
    ("password_hasher", ""),
    ("skip_password_checks", ""),
    ("sign_out_of_other_sessions", ""),
    ("public_metadata", ""),
    ("private_metadata", ""),
    ("unsafe_metadata", ""),
    ("banned", ""),
    ("locked", ""),
    ("delete_self_enabled", ""),
    ("create_organizations_limit", ""),
    ("created_at", ""),
    ("legal_accepted_at", ""),
    ("notify_primary_email_address_changed", ""),
    ("skip_legal_checks", ""),
];

/// JSON of the type that a member has, with values at and around its bounds.
pub(super) fn value_of(member: &str) -> BoxedStrategy<String> {
    let texts: &'static [&'static str] = match member {
        "user_id" => &[r#""{{i0}}""#, r#""{{i1}}""#, r#""nobody""#, r#""new""#],
        "actor" => &[
            r#"{"sub":"{{i1}}"}"#,
            r#"{"sub":"a","iss":"x","n":9007199254740993,"f":1.0}"#,
            r#"{"sub":"\u0000"}"#,
            r#"{"sub":"a","act":{"sub":"b"}}"#,
            r#"{"sub":"\ud83d\ude00"}"#,
        ],
        "email_address" => &[r#"["a@example.com"]"#, r#"["b@example.com","c@example.com"]"#, "[]"],
        "phone_number" => &[r#"["+15551234567"]"#, r#"["+1","+15551234567"]"#],
        "web3_wallet" => &[r#"["0xabcdef0000000000000000000000000000000000"]"#, r#"["\u00e9"]"#],
        "email_address_identification_status" | "phone_number_identification_status" => {
            &[r#"["verified"]"#, r#"["reserved"]"#, "[]"]
        }
        "public_metadata" | "private_metadata" | "unsafe_metadata" => {
            &["{}", r#"{"a":{"b":null}}"#, r#"{"a":1}"#, r#"{"a":[1e2,-0,{"":{}}]}"#, "null"]
        }
        "created_at" | "legal_accepted_at" => &[
            r#""2026-03-14T12:00:00Z""#,
            r#""9999-12-31T23:59:59.999999999Z""#,
            r#""-009999-01-01T00:00:00Z""#,
            r#""1969-12-31T00:00:00+14:00""#,
            "null",
        ],
        "password_hasher" => &[r#""bcrypt""#, r#""argon2id""#, r#""md5""#],
        "password_digest" => &[
            r#""$2a$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW""#,
            r#""$2b$31$""#,
            r#""$argon2id$v=19$m=4294967295,t=4294967295,p=1$AAAAAAAAAAA$AAAAAAAAAAA""#,
        ],
        "expires_in_seconds" | "session_max_duration_in_seconds" | "create_organizations_limit" => &[
            "1",
            "0",
            "-1",
            "30",
            "86400",
            "315360000",
            "9223372036854775807",
            "18446744073709551615",
            "null",
        ],
        "external_id" | "username" | "first_name" | "last_name" | "locale" | "id" | "reason" => {
            &[r#""ada_l""#, r#""en""#, r#""""#, r#""\u202e\ufeff""#, "null", r#""new""#, r#""O'Hara \"%_\\""#]
        }
        "token" => &[r#""{{s3}}""#, r#""{{s4}}""#, r#""a.b.c""#],
        _ => &["true", "false", "null"],
    };
    select(texts).prop_map(str::to_owned).boxed()
}
