-- Clients: programs that call us, and their tokens ------------------------------------------------------

-- `name_key` is the name folded, so that two names that look alike are one. `scopes` are words with a space between.
CREATE TABLE client (
    id BIGINT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    ended_at BIGINT
) /*sqlite STRICT*/;
CREATE UNIQUE INDEX client_name_key ON client (name_key) WHERE ended_at IS NULL;

-- The token itself is shown once and never kept; `hash` is its SHA-256.
CREATE TABLE client_token (
    id BIGINT NOT NULL PRIMARY KEY,
    client BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    hint TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT
) /*sqlite STRICT*/;
CREATE UNIQUE INDEX client_token_hash ON client_token (hash);
CREATE INDEX client_token_client ON client_token (client, id);
