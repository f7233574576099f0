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
);
CREATE INDEX microsoft_sso_sessions_user ON microsoft_sso_sessions (user_id);
CREATE INDEX microsoft_sso_sessions_sid ON microsoft_sso_sessions (sid, tenant_id);
CREATE INDEX microsoft_sso_sessions_expiry ON microsoft_sso_sessions (expires_at);
