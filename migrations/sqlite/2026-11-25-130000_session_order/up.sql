-- A session's id begins with the time it was made, so that the expired ones come first in the primary
-- key: no index of their own is needed to find them. Sessions of before have other ids: their users
-- sign in again.
DELETE FROM microsoft_sso_sessions;
DROP INDEX microsoft_sso_sessions_expiry;
DROP INDEX microsoft_sso_sessions_sid;
CREATE INDEX microsoft_sso_sessions_sid ON microsoft_sso_sessions (sid) WHERE sid IS NOT NULL;
