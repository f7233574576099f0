-- A session's id begins with the time it was made, so that new rows come last in the table and the
-- expired ones first: no index is needed to find them. Sessions of before have other ids: their users
-- sign in again.
DROP TABLE microsoft_sso_sessions;
CREATE TABLE microsoft_sso_sessions (
    id VARCHAR(64) NOT NULL PRIMARY KEY,
    state BLOB NOT NULL,
    user_id VARCHAR(255),
    tenant_id VARCHAR(36),
    sid VARCHAR(255),
    expires_at BIGINT NOT NULL,
    user_number BIGINT,
    generation BIGINT
) WITHOUT ROWID;
CREATE INDEX microsoft_sso_sessions_user ON microsoft_sso_sessions (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX microsoft_sso_sessions_sid ON microsoft_sso_sessions (sid) WHERE sid IS NOT NULL;
