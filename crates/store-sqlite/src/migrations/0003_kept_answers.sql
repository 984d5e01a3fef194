-- Answers to requests with an idempotency key. An older binary does without them.

-- Encrypted, and found by a hash of the key. An id of its own, because rows are added and removed in the order of time,
-- and hashes come in none.
CREATE TABLE kept_answers (
    id INTEGER PRIMARY KEY,
    key_hash BLOB NOT NULL UNIQUE,
    sealed BLOB NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX kept_answers_by_end ON kept_answers (expires_at);
