-- Whether the e-mail address is proved to be the user's. A row that the application writes is its own
-- word, hence the default; each sign-in says what it knows.
ALTER TABLE users ADD COLUMN email_verified BOOLEAN NOT NULL DEFAULT TRUE;
