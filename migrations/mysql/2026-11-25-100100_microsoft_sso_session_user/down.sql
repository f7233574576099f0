ALTER TABLE microsoft_sso_sessions DROP COLUMN generation, DROP COLUMN user_number;
