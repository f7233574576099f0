DROP INDEX microsoft_sso_sessions_sid;
CREATE INDEX microsoft_sso_sessions_sid ON microsoft_sso_sessions (sid, tenant_id);
CREATE INDEX microsoft_sso_sessions_expiry ON microsoft_sso_sessions (expires_at);
