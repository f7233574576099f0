-- A session's id begins with the time it was made, so that new rows come last in the table and the
-- expired ones first: no index is needed to find them. Sessions of before have other ids: their users
-- sign in again.
DELETE FROM microsoft_sso_sessions;
ALTER TABLE microsoft_sso_sessions DROP KEY microsoft_sso_sessions_expiry;
