-- MySQL commits after each statement, so each can be repeated after a failure half-way.
-- The collations are named, since the server's own may differ: user name and e-mail without
-- regard to letter case, everything that identifies somebody to the letter.
CREATE TABLE IF NOT EXISTS users (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    username VARCHAR(320) NOT NULL,
    email VARCHAR(254) NOT NULL,
    first_name VARCHAR(150) NOT NULL,
    last_name VARCHAR(150) NOT NULL,
    password VARCHAR(128) NOT NULL,
    is_active BOOLEAN NOT NULL DEFAULT TRUE,
    is_staff BOOLEAN NOT NULL DEFAULT FALSE,
    is_superuser BOOLEAN NOT NULL DEFAULT FALSE,
    date_joined DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    last_login DATETIME(6) NULL,
    UNIQUE KEY users_username (username),
    KEY users_email (email)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

-- Who a user is at Microsoft: one user for each (tenant_id, object_id).
CREATE TABLE IF NOT EXISTS microsoft_sso_identities (
    tenant_id VARCHAR(36) NOT NULL,
    object_id VARCHAR(64) NOT NULL,
    subject VARCHAR(255) NOT NULL,
    user_id BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, object_id),
    KEY microsoft_sso_identities_user (user_id),
    CONSTRAINT microsoft_sso_identities_user_fk FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What Microsoft says of a user, one to one; not kept with save_basic_info = false.
CREATE TABLE IF NOT EXISTS microsoft_sso_users (
    user_id BIGINT NOT NULL PRIMARY KEY,
    microsoft_id VARCHAR(64) NOT NULL,
    locale VARCHAR(35),
    picture_raw MEDIUMBLOB,
    picture_sha256 VARCHAR(64),
    CONSTRAINT microsoft_sso_users_user_fk FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Sessions: the SHA-256 of the key, and the sealed state.
CREATE TABLE IF NOT EXISTS microsoft_sso_sessions (
    id VARCHAR(64) NOT NULL PRIMARY KEY,
    state MEDIUMBLOB NOT NULL,
    user_id VARCHAR(255),
    tenant_id VARCHAR(36),
    sid VARCHAR(255),
    expires_at BIGINT NOT NULL,
    KEY microsoft_sso_sessions_user (user_id),
    KEY microsoft_sso_sessions_sid (sid, tenant_id),
    KEY microsoft_sso_sessions_expiry (expires_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- A row to be locked while a user is created: the database has no lock on a table that ends
-- with the transaction.
CREATE TABLE IF NOT EXISTS microsoft_sso_creation (id INT NOT NULL PRIMARY KEY) ENGINE = InnoDB;
INSERT IGNORE INTO microsoft_sso_creation (id) VALUES (1);
