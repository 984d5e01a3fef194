//! Random requests: the routes of the tables, with what fits them and with what does not.

use super::{
    Pool, fitting,
    values::{self, Text, marked},
};
use crate::harness::{Call, Instance};
use actas_server::{ApiVersion, BACKEND_ROUTES, FRONTEND_ROUTES, PUBLIC_ROUTES};
use bytes::Bytes;
use http::{HeaderValue, Uri};
use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::{Index, select},
};

/// A request whose ids and secrets are indices of the pool, so that it can be made smaller and shown.
#[derive(Clone, Debug)]
pub(super) struct AnyRequest {
    method: String,
    route: String,
    /// For the parameters of the path; `None` for what fits.
    parameters: Vec<Option<Text>>,
    query: Vec<(String, Text)>,
    /// Appended to the query as it is.
    tail: String,
    has_key: bool,
    headers: Vec<(String, Text)>,
    body: Bytes,
}

const HEADERS: &[&str] = &[
    "accept",
    "access-control-request-headers",
    "authorization",
    "clerk-api-version",
    "content-type",
    "cookie",
    "idempotency-key",
    "origin",
    "referer",
    "sec-fetch-dest",
    "sec-purpose",
    "x-forwarded-for",
];

const METHODS: &[&str] = &["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS", "TRACE", "PURGE"];

pub(super) fn requests() -> impl Strategy<Value = Vec<AnyRequest>> {
    vec(request(), 1..20)
}

fn request() -> impl Strategy<Value = AnyRequest> {
    let backend: Vec<_> = BACKEND_ROUTES.iter().map(|route| (*route, true)).collect();
    let others: Vec<_> = FRONTEND_ROUTES.iter().chain(PUBLIC_ROUTES).map(|route| (*route, false)).collect();
    prop_oneof![2 => select(backend), 1 => select(others)].prop_flat_map(|((method, route), is_backend)| {
        let parts = (
            option::weighted(0.08, select(METHODS)),
            vec(option::weighted(0.25, values::text()), 2),
            vec((values::name(), values::text()), 0..3),
            prop_oneof![20 => Just(String::new()), 1 => "[!-~]{0,20}"],
            prop::bool::weighted(0.97),
            headers(route, is_backend),
            body(route, is_backend),
        );
        parts.prop_map(move |(other, parameters, query, tail, has_key, headers, body)| AnyRequest {
            method: other.unwrap_or(method).to_owned(),
            route: route.to_owned(),
            parameters,
            query,
            tail,
            has_key,
            headers,
            body: body.into(),
        })
    })
}

fn headers(route: &'static str, is_backend: bool) -> impl Strategy<Value = Vec<(String, Text)>> {
    let plain = |text: &str| Text::Plain(text.to_owned());
    let content_type = fitting::content_type_of(route, is_backend);
    let content_type = option::weighted(0.97, Just(("content-type".to_owned(), plain(content_type))));
    let version = option::weighted(
        0.3,
        select(ApiVersion::ALL.to_vec()).prop_map(move |version| {
            ("clerk-api-version".to_owned(), Text::Plain(version.as_str().to_owned()))
        }),
    );
    let cookie =
        option::weighted(if is_backend { 0.1 } else { 0.9 }, Just(("cookie".to_owned(), Text::Secret(3))));
    // Few, so that one sequence repeats some of them.
    let idempotency_key = option::weighted(
        0.4,
        select(vec!["one", "two"]).prop_map(move |key| ("idempotency-key".to_owned(), plain(key))),
    );
    let other = option::weighted(0.1, (select(HEADERS).prop_map(str::to_owned), values::text()));
    (content_type, version, cookie, idempotency_key, other).prop_map(
        |(content_type, version, cookie, idempotency_key, other)| {
            content_type
                .into_iter()
                .chain(version)
                .chain(cookie)
                .chain(idempotency_key)
                .chain(other)
                .collect()
        },
    )
}

fn body(route: &'static str, is_backend: bool) -> impl Strategy<Value = Vec<u8>> {
    let written = members(route, is_backend).prop_map(move |members| {
        if is_backend {
            return values::object(&members);
        }
        form_urlencoded::Serializer::new(String::new()).extend_pairs(members).finish()
    });
    let spoiled = (written.clone(), any::<Index>(), any::<u8>()).prop_map(|(text, index, byte)| {
        let mut bytes = text.into_bytes();
        if !bytes.is_empty() {
            let at = index.index(bytes.len());
            bytes[at] = byte;
        }
        bytes
    });
    prop_oneof![
        16 => written.prop_map(String::into_bytes),
        2 => spoiled,
        1 => values::json().prop_map(String::into_bytes),
        1 => vec(any::<u8>(), 0..200),
        2 => Just(Vec::new()),
    ]
}

/// What the route needs, mostly, and a few more: of its own members or of any, with fitting values or any.
fn members(route: &'static str, is_backend: bool) -> impl Strategy<Value = Vec<(String, String)>> + Clone {
    let known = fitting::body_of(route);
    let needed: Vec<_> = known.iter().filter(|(_, value)| !value.is_empty()).copied().collect();
    let own =
        select(if known.is_empty() { &[("id", "")][..] } else { known }).prop_flat_map(move |(name, _)| {
            let any = if is_backend {
                values::json().boxed()
            } else {
                values::text().prop_map(|text| marked(&text)).boxed()
            };
            prop_oneof![4 => fitting::value_of(name), 1 => any]
                .prop_map(move |value| (name.to_owned(), value))
        });
    let any = (values::name(), values::json());
    let more = vec(prop_oneof![6 => own, 1 => any], 0..4);
    let complete = prop::bool::weighted(0.9);
    let repeats = prop::bool::weighted(0.05);
    (complete, more, repeats)
        .prop_map(move |(complete, more, repeats)| {
            let mut members: Vec<(String, String)> = Vec::new();
            let needed = needed
                .iter()
                .filter(|_| complete)
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            for (name, value) in needed.chain(more) {
                if !repeats {
                    members.retain(|(other, _)| *other != name);
                }
                members.push((name, value));
            }
            members
        })
        .boxed()
}

impl AnyRequest {
    /// The request as it is sent; `None` for one that is no HTTP and gets a bare refusal (docs/clerk-quirks.md).
    pub(super) fn call<'a>(&self, instance: &'a Instance, pool: &Pool) -> Option<Call<'a>> {
        let path = self.path(pool);
        path.parse::<Uri>().ok().filter(|uri| uri.path().starts_with('/'))?;
        let mut call = match self.has_key {
            true => instance.call(&self.method, &path),
            false => instance.anonymous(&self.method, &path),
        };
        for (name, text) in &self.headers {
            let text = pool.said(text);
            let text = if *name == "cookie" { format!("__client={text}") } else { text };
            if HeaderValue::from_bytes(text.as_bytes()).is_ok() {
                call = call.header(name, &text);
            }
        }
        Some(call.body(self.body(pool)))
    }

    pub(super) fn asks_for_a_page(&self) -> bool {
        self.route == "/v1/tickets/accept"
    }

    fn path(&self, pool: &Pool) -> String {
        let mut path = String::new();
        let mut parameters = self.parameters.iter();
        for segment in self.route.split('/').skip(1) {
            path.push('/');
            if !segment.starts_with('{') {
                path.push_str(segment);
                continue;
            }
            let fitting = fitting::id_index(segment).map_or_else(|| Text::Plain("x".to_owned()), Text::Id);
            let text = parameters.next().cloned().flatten().unwrap_or(fitting);
            path.extend(form_urlencoded::byte_serialize(pool.said(&text).as_bytes()));
        }
        let pairs = self.query.iter().map(|(name, text)| (name.clone(), pool.said(text)));
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        format!("{path}?{query}{}", self.tail)
    }

    /// The body, with the pool's things in the place of their markers.
    fn body(&self, pool: &Pool) -> Bytes {
        let Ok(text) = std::str::from_utf8(&self.body) else { return self.body.clone() };
        let mut text = text.to_owned();
        // Of a form the markers are encoded.
        for (open, close) in [("{{", "}}"), ("%7B%7B", "%7D%7D")] {
            for index in 0..10 {
                text = text.replace(&format!("{open}i{index}{close}"), &pool.said(&Text::Id(index)));
                text = text.replace(&format!("{open}s{index}{close}"), &pool.said(&Text::Secret(index)));
            }
        }
        text.into()
    }
}
