-- By which what is over is found, step by step. An older binary does without these indexes.

CREATE INDEX pending_sign_ins_by_end ON pending_sign_ins (expires_at);
CREATE INDEX kept_returns_by_end ON kept_returns (until_at);
CREATE INDEX password_failures_by_time ON password_failures (last_failure_at);
CREATE INDEX guesses_by_time ON guesses (last_failure_at);
