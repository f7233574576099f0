ALTER TABLE microsoft_sso_identities
    DROP COLUMN email,
    DROP COLUMN user_principal_name,
    DROP COLUMN is_guest;
