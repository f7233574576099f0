CREATE TABLE users (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    username VARCHAR(320) COLLATE NOCASE NOT NULL UNIQUE,
    email VARCHAR(254) COLLATE NOCASE NOT NULL,
    first_name VARCHAR(150) NOT NULL,
    last_name VARCHAR(150) NOT NULL,
    password VARCHAR(128) NOT NULL,
    is_active BOOLEAN NOT NULL DEFAULT TRUE,
    is_staff BOOLEAN NOT NULL DEFAULT FALSE,
    is_superuser BOOLEAN NOT NULL DEFAULT FALSE,
    date_joined TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    last_login TIMESTAMP
);
CREATE INDEX users_email ON users (email);

-- Who a user is at Microsoft: one user for each (tenant_id, object_id), to the letter.
CREATE TABLE microsoft_sso_identities (
    tenant_id VARCHAR(36) NOT NULL,
    object_id VARCHAR(64) NOT NULL,
    subject VARCHAR(255) NOT NULL,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (tenant_id, object_id)
);
CREATE INDEX microsoft_sso_identities_user ON microsoft_sso_identities (user_id);

-- What Microsoft says of a user, one to one; not kept with save_basic_info = false.
CREATE TABLE microsoft_sso_users (
    user_id BIGINT NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    microsoft_id VARCHAR(64) NOT NULL,
    locale VARCHAR(35),
    picture_raw BLOB,
    picture_sha256 VARCHAR(64)
);

-- Sessions: the SHA-256 of the key, and the sealed state.
CREATE TABLE microsoft_sso_sessions (
    id VARCHAR(64) NOT NULL PRIMARY KEY,
    state BLOB NOT NULL,
    user_id VARCHAR(255),
    tenant_id VARCHAR(36),
    sid VARCHAR(255),
    expires_at BIGINT NOT NULL
);
CREATE INDEX microsoft_sso_sessions_user ON microsoft_sso_sessions (user_id);
CREATE INDEX microsoft_sso_sessions_sid ON microsoft_sso_sessions (sid, tenant_id);
CREATE INDEX microsoft_sso_sessions_expiry ON microsoft_sso_sessions (expires_at);
