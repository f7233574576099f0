ALTER TABLE microsoft_sso_identities DROP COLUMN is_guest;
ALTER TABLE microsoft_sso_identities DROP COLUMN user_principal_name;
ALTER TABLE microsoft_sso_identities DROP COLUMN email;
