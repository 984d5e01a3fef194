//! Random names and values: mostly such as mean something to some route.

use proptest::{collection::vec, prelude::*, sample::select};

/// Parameters of queries, and fields and members that some other route has.
const NAMES: &[&str] = &[
    "__clerk_db_jwt",
    "_is_native",
    "_method",
    "action",
    "actor_sub",
    "actor_token_id",
    "after",
    "at_after",
    "at_before",
    "banned",
    "before",
    "client_id",
    "created_after",
    "created_at_after",
    "created_at_before",
    "created_before",
    "email_address",
    "email_address_query",
    "external_id",
    "format",
    "id",
    "last_active_at_since",
    "limit",
    "name_query",
    "nonce",
    "offset",
    "order_by",
    "organization_id",
    "outcome",
    "paginated",
    "password",
    "phone_number",
    "phone_number_query",
    "provider",
    "provider_user_id",
    "query",
    "redirect_url",
    "session_id",
    "starting_after",
    "status",
    "strategy",
    "sub",
    "ticket",
    "token",
    "totp_secret",
    "user_id",
    "username",
    "username_query",
    "web3_wallet",
];

/// Words and numbers that are read somewhere, or nearly.
const WORDS: &[&str] = &[
    "",
    " ",
    "+",
    "-",
    "0",
    "1",
    "-1",
    "30",
    "500",
    "501",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551616",
    "1e999",
    "true",
    "false",
    "null",
    "pending",
    "active",
    "expired",
    "done",
    "denied",
    "ticket",
    "actor_token.created",
    "+created_at",
    "-username",
    "last_active_at",
    "ada",
    "bob",
    "a@example.com",
    "+15551234567",
    "0x",
    "act_",
    "sess_",
    "eyJ.eyJ.A",
    "nonce",
    "https://app.example.test/a?b#c",
    "https://[::1",
    "..",
    "é",
    "\u{0}",
    "\u{202e}",
    "\u{fffd}",
    "%",
    "'; DROP TABLE x",
    "\\",
    "\"",
    "%_",
    "*",
    "NEAR(",
    "\u{10ffff}",
];

/// A piece of text; the numbers stand for something of the pool.
#[derive(Clone, Debug)]
pub(super) enum Text {
    Plain(String),
    Id(usize),
    Secret(usize),
}

pub(super) fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        12 => select(NAMES).prop_map(str::to_owned),
        1 => select(NAMES).prop_map(|name| format!("{name}[]")),
        1 => any::<String>(),
    ]
}

pub(super) fn text() -> impl Strategy<Value = Text> {
    prop_oneof![
        6 => select(WORDS).prop_map(|word| Text::Plain(word.to_owned())),
        4 => any::<usize>().prop_map(Text::Id),
        2 => any::<usize>().prop_map(Text::Secret),
        2 => any::<String>().prop_map(Text::Plain),
        1 => any::<i64>().prop_map(|number| Text::Plain(number.to_string())),
        1 => (select(WORDS), 1_usize..2_000).prop_map(|(word, times)| Text::Plain(word.repeat(times))),
    ]
}

/// How a body says that something of the pool belongs there: `{{i3}}`, `{{s3}}`.
pub(super) fn marked(text: &Text) -> String {
    match text {
        Text::Plain(text) => text.clone(),
        Text::Id(index) => format!("{{{{i{}}}}}", index % 10),
        Text::Secret(index) => format!("{{{{s{}}}}}", index % 10),
    }
}

/// A JSON text, or nearly one.
pub(super) fn json() -> impl Strategy<Value = String> {
    let string = text().prop_map(|text| serde_json::Value::from(marked(&text)).to_string());
    let number = prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| number.to_string()),
        (1_usize..500).prop_map(|digits| "9".repeat(digits)),
    ];
    let odd =
        ["null", "true", "nul", "\"\\ud800\"", "\"\\u0000\"", "\"\t\"", "1e999", "-0", "01", ".5", "+1"];
    let leaf = prop_oneof![4 => string, 2 => number, 2 => select(odd.to_vec()).prop_map(str::to_owned)];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(","))),
            vec((name(), inner.clone()), 0..4).prop_map(|members| object(&members)),
            (inner, 1_usize..3_000)
                .prop_map(|(value, depth)| { format!("{}{value}{}", "[".repeat(depth), "]".repeat(depth)) }),
        ]
    })
}

/// The JSON of an object with these members, whose values are JSON.
pub(super) fn object(members: &[(String, String)]) -> String {
    let member =
        |(name, value): &(String, String)| format!("{}:{value}", serde_json::Value::from(name.as_str()));
    format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(","))
}
