-- Ids, statuses and the like are text, times are milliseconds since the Unix epoch, flags are 0 or 1.
--
-- Tables with wide rows keep their rowid: new rows are then appended side by side, and only the small entry of
-- the primary key's index goes to where the id sorts. No hash has an index: every secret names its record.

CREATE TABLE meta (
    name TEXT PRIMARY KEY NOT NULL,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Counts the checks of whether the store can be written.
INSERT INTO meta (name, value) VALUES ('checks', 0);

CREATE TABLE instance (
    the_one INTEGER PRIMARY KEY NOT NULL CHECK (the_one = 1),
    id TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

-- What every commit asks of a user comes first, so that it is read without the rest of a long row.
CREATE TABLE users (
    id TEXT PRIMARY KEY NOT NULL,
    banned INTEGER NOT NULL,
    locked INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    last_sign_in_at INTEGER,
    last_active_at INTEGER,
    external_id TEXT,
    username TEXT,
    first_name TEXT,
    last_name TEXT,
    locale TEXT,
    primary_email_address TEXT,
    primary_phone_number TEXT,
    primary_web3_wallet TEXT,
    password TEXT,
    password_updated_at INTEGER,
    delete_self_enabled INTEGER NOT NULL,
    create_organization_enabled INTEGER NOT NULL,
    create_organizations_limit INTEGER,
    bypass_client_trust INTEGER NOT NULL,
    legal_accepted_at INTEGER,
    public_metadata TEXT NOT NULL,
    private_metadata TEXT NOT NULL,
    unsafe_metadata TEXT NOT NULL
) STRICT;

CREATE INDEX users_by_age ON users (created_at, id);

-- Each value in the form in which it is compared. The last four columns are those of e-mail addresses, phone
-- numbers and wallets; a username and an external id have none of them.
CREATE TABLE identifiers (
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    user TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    id TEXT,
    reserved INTEGER,
    created_at INTEGER,
    updated_at INTEGER,
    PRIMARY KEY (kind, value)
) STRICT, WITHOUT ROWID;

CREATE INDEX identifiers_of_user ON identifiers (user, kind, ordinal);

-- Of users who are not stored (open directory).
CREATE TABLE standings (
    user TEXT PRIMARY KEY NOT NULL,
    banned INTEGER NOT NULL,
    locked INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE actor_tokens (
    id TEXT PRIMARY KEY NOT NULL,
    status TEXT NOT NULL,
    subject TEXT NOT NULL,
    actor TEXT NOT NULL,
    actor_sub TEXT NOT NULL,
    reason TEXT,
    ticket_hash BLOB NOT NULL,
    session_max_duration_seconds INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    session TEXT,
    revoked_because TEXT
) STRICT;

-- A list without a status is merged from one range of each status, which saves an index of its own.
CREATE INDEX actor_tokens_by_status ON actor_tokens (status, created_at, id);
CREATE INDEX actor_tokens_by_subject ON actor_tokens (subject, status, created_at, id);
CREATE INDEX actor_tokens_by_actor ON actor_tokens (actor_sub, status, created_at, id);

-- Actor tokens created in a UTC month, `2026-11`.
CREATE TABLE actor_token_counts (
    month TEXT PRIMARY KEY NOT NULL,
    created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sign_in_tokens (
    id TEXT PRIMARY KEY NOT NULL,
    status TEXT NOT NULL,
    user TEXT NOT NULL,
    ticket_hash BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    session TEXT,
    revoked_because TEXT
) STRICT;

CREATE INDEX sign_in_tokens_pending ON sign_in_tokens (user) WHERE status = 'pending';

CREATE TABLE clients (
    id TEXT PRIMARY KEY NOT NULL,
    cookie_hash BLOB,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE INDEX clients_by_age ON clients (created_at, id);

-- `ends_at` is the earlier of the absolute and the idle end, written with every move of either.
CREATE TABLE sessions (
    id TEXT PRIMARY KEY NOT NULL,
    status TEXT NOT NULL,
    user TEXT NOT NULL,
    client TEXT NOT NULL,
    actor TEXT,
    actor_sub TEXT,
    actor_token TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    last_active_at INTEGER NOT NULL,
    expire_at INTEGER NOT NULL,
    idle_seconds INTEGER NOT NULL,
    ends_at INTEGER NOT NULL
) STRICT;

CREATE INDEX sessions_by_age ON sessions (created_at, id);
CREATE INDEX sessions_of_client ON sessions (client, created_at, id);
CREATE INDEX sessions_of_user ON sessions (user, created_at, id);
CREATE INDEX sessions_active_by_end ON sessions (ends_at, id) WHERE status = 'active';
CREATE INDEX sessions_active_of_client ON sessions (client, created_at, id) WHERE status = 'active';
CREATE INDEX sessions_active_of_user ON sessions (user, created_at, id) WHERE status = 'active';
CREATE INDEX sessions_active_of_actor ON sessions (actor_sub) WHERE status = 'active' AND actor_sub IS NOT NULL;

CREATE TABLE secret_keys (
    id TEXT PRIMARY KEY NOT NULL,
    hash BLOB NOT NULL,
    name TEXT NOT NULL,
    live_prefix INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT;

CREATE TABLE signing_keys (
    id TEXT PRIMARY KEY NOT NULL,
    status TEXT NOT NULL,
    modulus BLOB NOT NULL,
    exponent BLOB NOT NULL,
    sealed_private_key BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    current_since INTEGER,
    retired_at INTEGER,
    needed_until INTEGER
) STRICT;

-- The record. `denied_code` is null for what was done.
CREATE TABLE audit_entries (
    position INTEGER PRIMARY KEY NOT NULL,
    at INTEGER NOT NULL,
    action TEXT NOT NULL,
    denied_code TEXT,
    caller_kind TEXT NOT NULL,
    caller_id TEXT,
    address TEXT,
    trace_id TEXT NOT NULL,
    subject TEXT,
    actor_sub TEXT,
    actor_token TEXT,
    sign_in_token TEXT,
    session TEXT,
    client TEXT,
    secret_key TEXT,
    signing_key TEXT,
    reason TEXT,
    cause TEXT
) STRICT;

-- Each of these is followed by the position, for that is the rowid.
CREATE INDEX audit_entries_by_subject ON audit_entries (subject) WHERE subject IS NOT NULL;
CREATE INDEX audit_entries_by_actor ON audit_entries (actor_sub) WHERE actor_sub IS NOT NULL;
CREATE INDEX audit_entries_by_actor_token ON audit_entries (actor_token) WHERE actor_token IS NOT NULL;
CREATE INDEX audit_entries_by_session ON audit_entries (session) WHERE session IS NOT NULL;
CREATE INDEX audit_entries_by_action ON audit_entries (action);
CREATE INDEX audit_entries_denied ON audit_entries (position) WHERE denied_code IS NOT NULL;
