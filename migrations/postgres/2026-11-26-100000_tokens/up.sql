-- The refresh tokens of sessions, sealed, with the setting `recheck`. An id begins with the time it was
-- made, as that of a session, so that the expired ones come first in the primary key. Times are seconds
-- since 1970.
CREATE TABLE microsoft_sso_tokens (
    id VARCHAR(64) COLLATE "C" NOT NULL PRIMARY KEY,
    user_id VARCHAR(255) NOT NULL,
    sid VARCHAR(255),
    refresh_token BYTEA NOT NULL,
    -- The names of the setting `roles` at the last check, as JSON; NULL if they are those of the sign-in.
    roles TEXT,
    due_at BIGINT NOT NULL,
    failing_since BIGINT,
    -- Until then one process refreshes, and the others wait.
    leased_until BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX microsoft_sso_tokens_user ON microsoft_sso_tokens (user_id);
CREATE INDEX microsoft_sso_tokens_sid ON microsoft_sso_tokens (sid) WHERE sid IS NOT NULL;
