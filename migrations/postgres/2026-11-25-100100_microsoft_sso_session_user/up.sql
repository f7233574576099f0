-- Sessions of before name no row: their users sign in again.
DELETE FROM microsoft_sso_sessions;
-- The row of `users` that a session follows, and the generation it was made in.
ALTER TABLE microsoft_sso_sessions ADD COLUMN user_number BIGINT, ADD COLUMN generation BIGINT;
