-- The refresh tokens of sessions, sealed, with the setting `recheck`. An id begins with the time it was
-- made, as that of a session, so that the expired ones come first in the primary key. Times are seconds
-- since 1970.
CREATE TABLE IF NOT EXISTS microsoft_sso_tokens (
    id VARCHAR(64) NOT NULL PRIMARY KEY,
    user_id VARCHAR(255) NOT NULL,
    sid VARCHAR(255),
    refresh_token MEDIUMBLOB NOT NULL,
    -- The names of the setting `roles` at the last check, as JSON; NULL if they are those of the sign-in.
    roles TEXT,
    due_at BIGINT NOT NULL,
    failing_since BIGINT,
    -- Until then one process refreshes, and the others wait.
    leased_until BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    KEY microsoft_sso_tokens_user (user_id),
    KEY microsoft_sso_tokens_sid (sid)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
