DROP INDEX users_email;
CREATE INDEX users_email ON users (lower(email));
ALTER TABLE users DROP COLUMN email_verified;
