-- Ordinary sign-in, and the way back from an impersonation. An older binary does without all of this.

-- Attempts that wait for their password: one for each client.
CREATE TABLE pending_sign_ins (
    client TEXT PRIMARY KEY NOT NULL,
    id TEXT NOT NULL,
    identifier TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Wrong passwords in a row: of a user by their id, of an identifier that nobody has by its hash.
CREATE TABLE password_failures (
    guessed ANY PRIMARY KEY NOT NULL,
    failure_count INTEGER NOT NULL,
    last_failure_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What a client keeps for the actor of its impersonation.
CREATE TABLE kept_returns (
    client TEXT PRIMARY KEY NOT NULL,
    user TEXT NOT NULL,
    session TEXT NOT NULL,
    first_factor_at INTEGER,
    until INTEGER NOT NULL,
    expire_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Until now a session began with the proof.
ALTER TABLE sessions ADD COLUMN first_factor_at INTEGER;
UPDATE sessions SET first_factor_at = created_at WHERE actor IS NULL;

CREATE INDEX kept_returns_of_user ON kept_returns (user);
