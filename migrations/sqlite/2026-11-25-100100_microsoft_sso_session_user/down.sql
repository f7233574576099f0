ALTER TABLE microsoft_sso_sessions DROP COLUMN generation;
ALTER TABLE microsoft_sso_sessions DROP COLUMN user_number;
