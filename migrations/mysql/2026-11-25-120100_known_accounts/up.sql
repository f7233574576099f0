-- What earlier versions stored of Microsoft accounts may be unproved; the next sign-in tells.
UPDATE users SET email_verified = FALSE WHERE id IN (SELECT user_id FROM microsoft_sso_identities);

-- What Graph said of an account at its last sign-in: for sign-ins while Graph is unavailable.
ALTER TABLE microsoft_sso_identities
    ADD COLUMN email VARCHAR(254) NULL,
    ADD COLUMN user_principal_name VARCHAR(320) NULL,
    ADD COLUMN is_guest BOOLEAN NULL;
