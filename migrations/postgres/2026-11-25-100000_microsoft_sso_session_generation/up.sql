-- Sessions of an older generation than the user's are ended.
ALTER TABLE users ADD COLUMN session_generation BIGINT NOT NULL DEFAULT 0;
