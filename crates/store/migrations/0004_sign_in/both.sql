-- Sign-in ------------------------------------------------------------------------------------------------

-- SCIM: bulk requests that are answered later ------------------------------------------------------------

-- Requests that wait or are being worked off, by the job that stands for each; a row goes when its request is done.
CREATE TABLE scim_bulk (
    job BIGINT NOT NULL PRIMARY KEY,
    client BIGINT NOT NULL,
    base TEXT NOT NULL,
    on_behalf_of TEXT,
    n_operations BIGINT NOT NULL,
    request BYTEA NOT NULL
) /*sqlite STRICT*/;
CREATE INDEX scim_bulk_client ON scim_bulk (client, n_operations);

-- What came of each operation, written with what it changed. `cut` is what has to be added to its resource when those
-- to which it refers are there.
CREATE TABLE scim_bulk_result (
    job BIGINT NOT NULL,
    place BIGINT NOT NULL,
    body TEXT NOT NULL,
    cut TEXT,
    PRIMARY KEY (job, place)
) /*sqlite STRICT, WITHOUT ROWID*/;

-- Applications: OpenID Connect and OAuth --------------------------------------------------------------------

-- Keys that sign tokens. `sealed` is the private half, which only the key file opens.
CREATE TABLE signing_key (
    kid TEXT NOT NULL PRIMARY KEY,
    algorithm TEXT NOT NULL,
    public_key TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    made_at BIGINT NOT NULL,
    signs_from BIGINT NOT NULL,
    gone_at BIGINT
) /*sqlite STRICT*/;

-- Only hashes of secrets are kept; `hint` tells them apart.
CREATE TABLE application_secret (
    id BIGINT NOT NULL PRIMARY KEY,
    application TEXT NOT NULL,
    hash BYTEA NOT NULL,
    hint TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT
) /*sqlite STRICT*/;
CREATE INDEX application_secret_of ON application_secret (application, id);

-- A person who is signed in to an application. All tokens and codes of it fall with it. `session` is the sign-in it came from.
CREATE TABLE application_session (
    id BIGINT NOT NULL PRIMARY KEY,
    application TEXT NOT NULL,
    entity BIGINT NOT NULL,
    session BIGINT,
    scopes TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT
) /*sqlite STRICT*/;
CREATE INDEX application_session_of ON application_session (session) WHERE ended_at IS NULL;
CREATE INDEX application_session_entity ON application_session (entity, id) WHERE ended_at IS NULL;
CREATE INDEX application_session_expires ON application_session (expires_at);

-- Random texts that stand for something kept here: codes, refresh tokens, pushed requests, proofs that were seen. Only the hash is kept.
CREATE TABLE handle (
    hash BYTEA NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    application TEXT NOT NULL,
    application_session BIGINT,
    body TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
) /*sqlite STRICT, WITHOUT ROWID*/;
CREATE INDEX handle_expires ON handle (expires_at);

-- What people let applications know.
CREATE TABLE consent (
    application TEXT NOT NULL,
    entity BIGINT NOT NULL,
    scopes TEXT NOT NULL,
    given_at BIGINT NOT NULL,
    PRIMARY KEY (application, entity)
) /*sqlite STRICT, WITHOUT ROWID*/;

-- Applications that have to be told that a session ended, until they accepted it.
CREATE TABLE logout_notice (
    application_session BIGINT NOT NULL PRIMARY KEY,
    made_at BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    next_try BIGINT NOT NULL,
    reason TEXT
) /*sqlite STRICT*/;
CREATE INDEX logout_notice_due ON logout_notice (next_try);
