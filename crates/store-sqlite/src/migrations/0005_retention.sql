-- Retention: each kind of rows is purged by one time, the oldest first. An older binary does without all of this.

CREATE INDEX actor_tokens_by_end ON actor_tokens (expires_at, id);
CREATE INDEX sign_in_tokens_by_end ON sign_in_tokens (expires_at, id);
-- One that came of an actor token goes with it.
CREATE INDEX sessions_ended_by_end ON sessions (ends_at, id) WHERE status <> 'active' AND actor_token IS NULL;
CREATE INDEX clients_by_change ON clients (updated_at, id);

-- Up to which position the record was cut.
ALTER TABLE audit_entries ADD COLUMN purged_through INTEGER;
