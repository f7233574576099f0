-- To find the user of a Microsoft id.
CREATE INDEX microsoft_sso_users_microsoft_id ON microsoft_sso_users (microsoft_id);
