-- Retention: each kind of rows is purged by one time, the oldest first. An older binary does without all of this.

-- Up to which position the record was cut. First, as it waits for whoever reads the table, and may be in vain.
ALTER TABLE audit_entries ADD COLUMN purged_through bigint;

CREATE INDEX actor_tokens_by_end ON actor_tokens (expires_at, id);
CREATE INDEX sign_in_tokens_by_end ON sign_in_tokens (expires_at, id);
-- One that came of an actor token goes with it.
CREATE INDEX sessions_ended_by_end ON sessions (ends_at, id) WHERE status <> 'active' AND actor_token IS NULL;
CREATE INDEX clients_by_change ON clients (updated_at, id);

-- Who does the work that nobody asked for, and until when nobody else does.
CREATE TABLE leases (
    name text COLLATE "C" PRIMARY KEY,
    holder text COLLATE "C" NOT NULL,
    until_at bigint NOT NULL
) WITH (fillfactor = 10);
