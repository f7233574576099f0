ALTER TABLE microsoft_sso_sessions ADD KEY microsoft_sso_sessions_expiry (expires_at);
