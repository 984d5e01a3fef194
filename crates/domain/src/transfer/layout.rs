//! What a store holds: the kinds of rows, and the columns of each. A store names its own tables and columns after these,
//! and a test of each store holds that none is forgotten.

use super::row::Value;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Text,
    Integer,
    Flag,
    Bytes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: &'static str,
    pub form: Form,
    /// Whether it may hold nothing.
    pub optional: bool,
}

/// The columns of a kind, the key's first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    pub name: &'static str,
    /// How many of the columns are the key.
    pub key: usize,
    pub columns: &'static [Column],
}

macro_rules! kinds {
    ($($(#[$meta:meta])* $kind:ident = $name:literal, key $key:literal, [$($column:expr),+ $(,)?];)+) => {
        /// A kind of rows. The instance is the last: without it a store is none.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Kind { $($(#[$meta])* $kind,)+ }

        impl Kind {
            pub const ALL: &'static [Self] = &[$(Self::$kind,)+];

            pub const fn layout(self) -> &'static Layout {
                match self {
                    $(Self::$kind => {
                        const COLUMNS: &[Column] = &[$($column,)+];
                        const LAYOUT: Layout = Layout { name: $name, key: $key, columns: COLUMNS };
                        &LAYOUT
                    })+
                }
            }
        }
    };
}

kinds! {
    Users = "users", key 1, [
        text("id"), flag("banned"), flag("locked"), integer("revision"), integer("created_at"),
        integer("updated_at"), maybe(integer("last_sign_in_at")), maybe(integer("last_active_at")),
        maybe(text("external_id")), maybe(text("username")), maybe(text("first_name")), maybe(text("last_name")),
        maybe(text("locale")), maybe(text("primary_email_address")), maybe(text("primary_phone_number")),
        maybe(text("primary_web3_wallet")), maybe(text("password")), maybe(integer("password_updated_at")),
        flag("delete_self_enabled"), flag("create_organization_enabled"),
        maybe(integer("create_organizations_limit")), flag("bypass_client_trust"),
        maybe(integer("legal_accepted_at")), text("public_metadata"), text("private_metadata"),
        text("unsafe_metadata"),
    ];
    Identifiers = "identifiers", key 2, [
        text("kind"), text("value"), text("user"), integer("ordinal"), maybe(text("id")), maybe(flag("reserved")),
        maybe(integer("created_at")), maybe(integer("updated_at")),
    ];
    /// Wrong passwords of users.
    PasswordFailures = "password_failures", key 1, [
        text("user"), integer("failure_count"), integer("last_failure_at"),
    ];
    /// Wrong passwords for identifiers that nobody has.
    Guesses = "guesses", key 1, [
        bytes("identifier_hash"), integer("failure_count"), integer("last_failure_at"),
    ];
    Standings = "standings", key 1, [text("user"), flag("banned"), flag("locked")];
    ActorTokens = "actor_tokens", key 1, [
        text("id"), text("status"), text("subject"), text("actor"), text("actor_sub"), maybe(text("reason")),
        bytes("ticket_hash"), integer("session_max_duration_seconds"), integer("created_at"), integer("updated_at"),
        integer("expires_at"), maybe(text("session")), maybe(text("revoked_because")),
    ];
    ActorTokenCounts = "actor_token_counts", key 1, [text("month"), integer("created")];
    SignInTokens = "sign_in_tokens", key 1, [
        text("id"), text("status"), text("user"), bytes("ticket_hash"), integer("created_at"), integer("updated_at"),
        integer("expires_at"), maybe(text("session")), maybe(text("revoked_because")),
    ];
    Clients = "clients", key 1, [
        text("id"), maybe(bytes("cookie_hash")), integer("created_at"), integer("updated_at"),
    ];
    Sessions = "sessions", key 1, [
        text("id"), text("status"), text("user"), text("client"), maybe(text("actor")), maybe(text("actor_sub")),
        maybe(text("actor_token")), integer("created_at"), integer("updated_at"), integer("last_active_at"),
        integer("expire_at"), integer("idle_seconds"), integer("ends_at"), maybe(integer("first_factor_at")),
    ];
    PendingSignIns = "pending_sign_ins", key 1, [
        text("client"), text("id"), text("identifier"), integer("created_at"), integer("expires_at"),
    ];
    KeptReturns = "kept_returns", key 1, [
        text("client"), text("user"), text("session"), maybe(integer("first_factor_at")), integer("until"),
        integer("expire_at"),
    ];
    KeptAnswers = "kept_answers", key 1, [bytes("key_hash"), bytes("sealed"), integer("expires_at")];
    AuditEntries = "audit_entries", key 1, [
        integer("position"), integer("at"), text("action"), maybe(text("denied_code")), text("caller_kind"),
        maybe(text("caller_id")), maybe(text("address")), text("trace_id"), maybe(text("subject")),
        maybe(text("actor_sub")), maybe(text("actor_token")), maybe(text("sign_in_token")), maybe(text("session")),
        maybe(text("client")), maybe(text("secret_key")), maybe(text("signing_key")), maybe(text("reason")),
        maybe(text("cause")), maybe(integer("purged_through")),
    ];
    SecretKeys = "secret_keys", key 1, [
        text("id"), bytes("hash"), text("name"), flag("live_prefix"), integer("created_at"),
        maybe(integer("revoked_at")),
    ];
    /// With their private halves as they are: sealed under the master key.
    SigningKeys = "signing_keys", key 1, [
        text("id"), text("status"), bytes("modulus"), bytes("exponent"), bytes("sealed_private_key"),
        integer("created_at"), maybe(integer("current_since")), maybe(integer("retired_at")),
        maybe(integer("needed_until")),
    ];
    Instance = "instance", key 1, [text("id"), integer("created_at")];
}

impl Kind {
    pub const fn name(self) -> &'static str {
        self.layout().name
    }

    /// The key of a row.
    pub fn key(self, row: &[Value]) -> &[Value] {
        row.get(..self.layout().key).unwrap_or(row)
    }

    /// What a row has in a column.
    pub fn value<'a>(self, row: &'a [Value], column: &str) -> Option<&'a Value> {
        let place = self.layout().columns.iter().position(|each| each.name == column)?;
        row.get(place)
    }

    /// What a row has in a column of text.
    pub fn text<'a>(self, row: &'a [Value], column: &str) -> Option<&'a str> {
        match self.value(row, column) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }
}

const fn text(name: &'static str) -> Column {
    Column { name, form: Form::Text, optional: false }
}

const fn integer(name: &'static str) -> Column {
    Column { name, form: Form::Integer, optional: false }
}

const fn flag(name: &'static str) -> Column {
    Column { name, form: Form::Flag, optional: false }
}

const fn bytes(name: &'static str) -> Column {
    Column { name, form: Form::Bytes, optional: false }
}

const fn maybe(column: Column) -> Column {
    Column { optional: true, ..column }
}
