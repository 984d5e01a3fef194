-- Ids, statuses and the like are text, times are milliseconds since the Unix epoch. Text is compared byte by byte
-- (COLLATE "C"), whatever the database's own collation: that is how the domain orders ids.
--
-- No sequence, no extension, no trigger, no foreign key: what is written was decided, and each row names its own id.

-- How far the record goes. Whoever writes holds this row from the beginning of the transaction to its end: one
-- transaction at a time, on however many replicas.
CREATE TABLE record_head (
    the_one bigint PRIMARY KEY CHECK (the_one = 1),
    position bigint NOT NULL
) WITH (fillfactor = 10);

INSERT INTO record_head (the_one, position) VALUES (1, 0);

-- The newest batch of each writer, in the transaction of that batch: by which a writer whose connection broke finds
-- out whether it was committed.
CREATE TABLE writers (
    id text COLLATE "C" PRIMARY KEY,
    batch bigint NOT NULL,
    at bigint NOT NULL
) WITH (fillfactor = 10);

CREATE TABLE instance (
    the_one bigint PRIMARY KEY CHECK (the_one = 1),
    id text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL
);

-- The last columns are what texts are searched and ordered by: in lower case as the domain has it, which no
-- database's own agrees with in every language.
CREATE TABLE users (
    id text COLLATE "C" PRIMARY KEY,
    banned boolean NOT NULL,
    locked boolean NOT NULL,
    revision bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    last_sign_in_at bigint,
    last_active_at bigint,
    external_id text COLLATE "C",
    username text COLLATE "C",
    first_name text COLLATE "C",
    last_name text COLLATE "C",
    locale text COLLATE "C",
    primary_email_address text COLLATE "C",
    primary_phone_number text COLLATE "C",
    primary_web3_wallet text COLLATE "C",
    password text COLLATE "C",
    password_updated_at bigint,
    delete_self_enabled boolean NOT NULL,
    create_organization_enabled boolean NOT NULL,
    create_organizations_limit bigint,
    bypass_client_trust boolean NOT NULL,
    legal_accepted_at bigint,
    public_metadata text COLLATE "C" NOT NULL,
    private_metadata text COLLATE "C" NOT NULL,
    unsafe_metadata text COLLATE "C" NOT NULL,
    full_name_lower text COLLATE "C",
    first_name_lower text COLLATE "C",
    last_name_lower text COLLATE "C",
    username_lower text COLLATE "C"
);

CREATE INDEX users_by_age ON users (created_at, id);

-- Each value in the form in which it is compared. The four columns behind the ordinal are those of e-mail addresses,
-- phone numbers and wallets; a username and an external id have none of them.
CREATE TABLE identifiers (
    kind text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL,
    user_id text COLLATE "C" NOT NULL,
    ordinal bigint NOT NULL,
    id text COLLATE "C",
    reserved boolean,
    created_at bigint,
    updated_at bigint,
    value_lower text COLLATE "C" NOT NULL,
    PRIMARY KEY (kind, value)
);

CREATE INDEX identifiers_of_user ON identifiers (user_id, kind, ordinal);

-- Wrong passwords in a row: of a user, and of an identifier that nobody has, by its hash.
CREATE TABLE password_failures (
    user_id text COLLATE "C" PRIMARY KEY,
    failure_count bigint NOT NULL,
    last_failure_at bigint NOT NULL
);

CREATE TABLE guesses (
    identifier_hash bytea PRIMARY KEY,
    failure_count bigint NOT NULL,
    last_failure_at bigint NOT NULL
);

-- Of users who are not stored (open directory).
CREATE TABLE standings (
    user_id text COLLATE "C" PRIMARY KEY,
    banned boolean NOT NULL,
    locked boolean NOT NULL
);

CREATE TABLE actor_tokens (
    id text COLLATE "C" PRIMARY KEY,
    status text COLLATE "C" NOT NULL,
    subject text COLLATE "C" NOT NULL,
    actor text COLLATE "C" NOT NULL,
    actor_sub text COLLATE "C" NOT NULL,
    reason text COLLATE "C",
    ticket_hash bytea NOT NULL,
    session_max_duration_seconds bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    session text COLLATE "C",
    revoked_because text COLLATE "C"
);

-- A list without a status is merged from one range of each status, which saves an index of its own.
CREATE INDEX actor_tokens_by_status ON actor_tokens (status, created_at, id);
CREATE INDEX actor_tokens_by_subject ON actor_tokens (subject, status, created_at, id);
CREATE INDEX actor_tokens_by_actor ON actor_tokens (actor_sub, status, created_at, id);

-- Actor tokens created in a UTC month, `2026-11`.
CREATE TABLE actor_token_counts (
    month text COLLATE "C" PRIMARY KEY,
    created bigint NOT NULL
);

CREATE TABLE sign_in_tokens (
    id text COLLATE "C" PRIMARY KEY,
    status text COLLATE "C" NOT NULL,
    user_id text COLLATE "C" NOT NULL,
    ticket_hash bytea NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    session text COLLATE "C",
    revoked_because text COLLATE "C"
);

CREATE INDEX sign_in_tokens_pending ON sign_in_tokens (user_id) WHERE status = 'pending';

CREATE TABLE clients (
    id text COLLATE "C" PRIMARY KEY,
    cookie_hash bytea,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL
);

CREATE INDEX clients_by_age ON clients (created_at, id);

-- `ends_at` is the earlier of the absolute and the idle end, written with every move of either.
CREATE TABLE sessions (
    id text COLLATE "C" PRIMARY KEY,
    status text COLLATE "C" NOT NULL,
    user_id text COLLATE "C" NOT NULL,
    client text COLLATE "C" NOT NULL,
    actor text COLLATE "C",
    actor_sub text COLLATE "C",
    actor_token text COLLATE "C",
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    last_active_at bigint NOT NULL,
    expire_at bigint NOT NULL,
    idle_seconds bigint NOT NULL,
    ends_at bigint NOT NULL,
    first_factor_at bigint
);

CREATE INDEX sessions_by_age ON sessions (created_at, id);
CREATE INDEX sessions_of_client ON sessions (client, created_at, id);
CREATE INDEX sessions_of_user ON sessions (user_id, created_at, id);
CREATE INDEX sessions_active_by_end ON sessions (ends_at, id) WHERE status = 'active';
CREATE INDEX sessions_active_of_client ON sessions (client, created_at, id) WHERE status = 'active';
CREATE INDEX sessions_active_of_user ON sessions (user_id, created_at, id) WHERE status = 'active';
CREATE INDEX sessions_active_of_actor ON sessions (actor_sub) WHERE status = 'active' AND actor_sub IS NOT NULL;

CREATE TABLE secret_keys (
    id text COLLATE "C" PRIMARY KEY,
    hash bytea NOT NULL,
    name text COLLATE "C" NOT NULL,
    live_prefix boolean NOT NULL,
    created_at bigint NOT NULL,
    revoked_at bigint
);

CREATE TABLE signing_keys (
    id text COLLATE "C" PRIMARY KEY,
    status text COLLATE "C" NOT NULL,
    modulus bytea NOT NULL,
    exponent bytea NOT NULL,
    sealed_private_key bytea NOT NULL,
    created_at bigint NOT NULL,
    current_since bigint,
    retired_at bigint,
    needed_until bigint
);

-- Attempts that wait for their password: one for each client.
CREATE TABLE pending_sign_ins (
    client text COLLATE "C" PRIMARY KEY,
    id text COLLATE "C" NOT NULL,
    identifier text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL
);

-- What a client keeps for the actor of its impersonation.
CREATE TABLE kept_returns (
    client text COLLATE "C" PRIMARY KEY,
    user_id text COLLATE "C" NOT NULL,
    session text COLLATE "C" NOT NULL,
    first_factor_at bigint,
    until_at bigint NOT NULL,
    expire_at bigint NOT NULL
);

CREATE INDEX kept_returns_of_user ON kept_returns (user_id);

-- Answers to requests with an idempotency key: encrypted, and found by a hash of the key.
CREATE TABLE kept_answers (
    key_hash bytea PRIMARY KEY,
    sealed bytea NOT NULL,
    expires_at bigint NOT NULL
);

CREATE INDEX kept_answers_by_end ON kept_answers (expires_at);

-- The record. `denied_code` is null for what was done.
CREATE TABLE audit_entries (
    position bigint PRIMARY KEY,
    at bigint NOT NULL,
    action text COLLATE "C" NOT NULL,
    denied_code text COLLATE "C",
    caller_kind text COLLATE "C" NOT NULL,
    caller_id text COLLATE "C",
    address text COLLATE "C",
    trace_id text COLLATE "C" NOT NULL,
    subject text COLLATE "C",
    actor_sub text COLLATE "C",
    actor_token text COLLATE "C",
    sign_in_token text COLLATE "C",
    session text COLLATE "C",
    client text COLLATE "C",
    secret_key text COLLATE "C",
    signing_key text COLLATE "C",
    reason text COLLATE "C",
    cause text COLLATE "C"
);

CREATE INDEX audit_entries_by_subject ON audit_entries (subject, position) WHERE subject IS NOT NULL;
CREATE INDEX audit_entries_by_actor ON audit_entries (actor_sub, position) WHERE actor_sub IS NOT NULL;
CREATE INDEX audit_entries_by_actor_token ON audit_entries (actor_token, position) WHERE actor_token IS NOT NULL;
CREATE INDEX audit_entries_by_session ON audit_entries (session, position) WHERE session IS NOT NULL;
CREATE INDEX audit_entries_by_action ON audit_entries (action, position);
CREATE INDEX audit_entries_denied ON audit_entries (position) WHERE denied_code IS NOT NULL;
