DROP TABLE microsoft_sso_tokens;
