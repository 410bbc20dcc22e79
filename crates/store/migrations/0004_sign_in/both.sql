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
CREATE INDEX job_ended ON job (kind, ended_at);

-- Mail addresses that SCIM clients say and no attribute holds, folded, so that their holders are found. `mails_known` is not
-- there in rows that were written before.
CREATE TABLE scim_mail (
    entity BIGINT NOT NULL,
    mail_key TEXT NOT NULL,
    PRIMARY KEY (entity, mail_key)
) /*sqlite STRICT, WITHOUT ROWID*/;
CREATE INDEX scim_mail_key ON scim_mail (mail_key, entity);
ALTER TABLE scim_resource ADD COLUMN mails_known BOOLEAN;
CREATE INDEX scim_resource_mails ON scim_resource (mails_known, entity) WHERE mails_known IS NULL;

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

-- Passwords, sessions and the log of sign-ins (auth) -----------------------------------------------------

-- `hash` says how it was made; one in an old form is replaced when its owner signs in.
CREATE TABLE password (
    entity BIGINT NOT NULL PRIMARY KEY,
    hash TEXT NOT NULL,
    set_at BIGINT NOT NULL
) /*sqlite STRICT*/;

-- Passwords that were replaced, so that they are not taken again.
CREATE TABLE former_password (
    entity BIGINT NOT NULL,
    replaced_at BIGINT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (entity, replaced_at)
) /*sqlite STRICT*/;

-- Tries under one name that were not right. `name_key` is the identity, or a hash of a name that nobody has. `tries` counts
-- since the last lock, `cycles` the locks in a row.
CREATE TABLE lockout (
    name_key TEXT NOT NULL PRIMARY KEY,
    tries BIGINT NOT NULL,
    cycles BIGINT NOT NULL,
    locked_until BIGINT,
    last_at BIGINT NOT NULL
) /*sqlite STRICT*/;
CREATE INDEX lockout_last ON lockout (last_at);

-- `hash` is SHA-256 of what the browser keeps. `methods` are the proofs that were given, words with a space between.
CREATE TABLE session (
    id BIGINT NOT NULL PRIMARY KEY,
    hash BYTEA NOT NULL,
    entity BIGINT NOT NULL,
    opened_at BIGINT NOT NULL,
    proved_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    methods TEXT NOT NULL,
    network TEXT NOT NULL,
    device TEXT NOT NULL,
    ended_at BIGINT
) /*sqlite STRICT*/;
CREATE UNIQUE INDEX session_hash ON session (hash);
CREATE INDEX session_entity ON session (entity, id);
CREATE INDEX session_ends ON session (ends_at);

-- Every try to sign in, once. A name that nobody has is not kept: people type passwords there.
CREATE TABLE sign_in (
    seq BIGINT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    entity BIGINT,
    door TEXT NOT NULL,
    outcome TEXT NOT NULL,
    reason TEXT NOT NULL,
    methods TEXT NOT NULL,
    network TEXT NOT NULL,
    device TEXT NOT NULL,
    correlation TEXT
) /*sqlite STRICT*/;
CREATE INDEX sign_in_entity ON sign_in (entity, seq);
CREATE INDEX sign_in_at ON sign_in (at);

-- The closed loop: accounts that nobody uses --------------------------------------------------------------

-- When accounts were last used, where their system tells.
CREATE TABLE account_use (
    account BIGINT NOT NULL PRIMARY KEY,
    used_at BIGINT NOT NULL
) /*sqlite STRICT*/;

-- Applications: which sign-ins ended lately, so that applications are told -----------------------------------

CREATE INDEX session_ended ON session (ended_at) WHERE ended_at IS NOT NULL;

-- Passkeys (auth) ------------------------------------------------------------------------------------------

-- `handle` is how the authenticator names the identity, `counter` how often it says that it signed.
CREATE TABLE passkey (
    id BIGINT NOT NULL PRIMARY KEY,
    entity BIGINT NOT NULL,
    credential BYTEA NOT NULL,
    handle BYTEA NOT NULL,
    name TEXT NOT NULL,
    public_key TEXT NOT NULL,
    counter BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT
) /*sqlite STRICT*/;
CREATE UNIQUE INDEX passkey_credential ON passkey (credential);
CREATE INDEX passkey_entity ON passkey (entity, id);

-- What a passkey has to sign, once. `hash` is SHA-256 of what the browser keeps; `entity` is who adds a passkey, or nobody while
-- somebody signs in.
CREATE TABLE passkey_challenge (
    hash BYTEA NOT NULL PRIMARY KEY,
    entity BIGINT,
    state TEXT NOT NULL,
    expires_at BIGINT NOT NULL
) /*sqlite STRICT, WITHOUT ROWID*/;
CREATE INDEX passkey_challenge_expires ON passkey_challenge (expires_at);

-- Sign-in in steps and second factors (auth) ---------------------------------------------------------------

-- Sign-ins on their way from the first proof to the last. `hash` is SHA-256 of what the browser keeps, and another one after each proof.
CREATE TABLE sign_in_flow (
    hash BYTEA NOT NULL PRIMARY KEY,
    entity BIGINT NOT NULL,
    methods TEXT NOT NULL,
    proved_at BIGINT NOT NULL,
    wanted TEXT,
    return_to TEXT NOT NULL,
    tries BIGINT NOT NULL,
    ends_at BIGINT NOT NULL
) /*sqlite STRICT, WITHOUT ROWID*/;
CREATE INDEX sign_in_flow_entity ON sign_in_flow (entity);
CREATE INDEX sign_in_flow_ends ON sign_in_flow (ends_at);

-- Seeds of authenticator apps, sealed. No code of `last_step` or before is taken.
CREATE TABLE totp (
    entity BIGINT NOT NULL PRIMARY KEY,
    sealed BYTEA NOT NULL,
    last_step BIGINT NOT NULL,
    confirmed_at BIGINT NOT NULL
) /*sqlite STRICT*/;

-- Recovery codes that were not used yet.
CREATE TABLE recovery_code (
    entity BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    made_at BIGINT NOT NULL,
    PRIMARY KEY (entity, hash)
) /*sqlite STRICT, WITHOUT ROWID*/;

-- Whether a pass is used up by the sign-in that it opens; not there in rows that were written before.
ALTER TABLE temporary_pass ADD COLUMN once BOOLEAN;

-- Throttling (auth) ----------------------------------------------------------------------------------------

-- What may be done only so often, by the instant until which what was done would be allowed one after the other.
CREATE TABLE budget (
    name TEXT NOT NULL PRIMARY KEY,
    spent_until BIGINT NOT NULL
) /*sqlite STRICT, WITHOUT ROWID*/;
CREATE INDEX budget_spent ON budget (spent_until);

-- Recovery by oneself (auth) -------------------------------------------------------------------------------

-- Recoveries on their way. `hash` is SHA-256 of what the browser keeps, and another one after each proof; `entity` is nobody where a
-- name was given that nobody has. `code` is the hash of the code that was mailed.
CREATE TABLE recovery (
    hash BYTEA NOT NULL PRIMARY KEY,
    entity BIGINT,
    name_key TEXT NOT NULL,
    code BYTEA NOT NULL,
    methods TEXT NOT NULL,
    tries BIGINT NOT NULL,
    ends_at BIGINT NOT NULL
) /*sqlite STRICT, WITHOUT ROWID*/;
CREATE INDEX recovery_entity ON recovery (entity);
CREATE INDEX recovery_ends ON recovery (ends_at);

-- Mails about signing in that wait to be sent, to somebody or to nobody. `sealed` is subject and text, which only the key file opens.
CREATE TABLE sign_in_mail (
    id BYTEA NOT NULL PRIMARY KEY,
    entity BIGINT,
    sealed BYTEA NOT NULL,
    next_try BIGINT NOT NULL,
    ends_at BIGINT NOT NULL
) /*sqlite STRICT, WITHOUT ROWID*/;
CREATE INDEX sign_in_mail_next ON sign_in_mail (next_try);
CREATE INDEX sign_in_mail_entity ON sign_in_mail (entity);
