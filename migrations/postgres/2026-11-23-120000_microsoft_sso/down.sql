DROP TABLE microsoft_sso_sessions;
DROP TABLE microsoft_sso_users;
DROP TABLE microsoft_sso_identities;
DROP TABLE users;
