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

-- The token itself is shown once and never kept; `hash` is its SHA-256. `acts_for` is the entity whose rights narrow it.
CREATE TABLE client_token (
    id BIGINT NOT NULL PRIMARY KEY,
    client BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    hint TEXT NOT NULL,
    scopes TEXT NOT NULL,
    acts_for BIGINT,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT
) /*sqlite STRICT*/;
CREATE UNIQUE INDEX client_token_hash ON client_token (hash);
CREATE INDEX client_token_client ON client_token (client, id);

-- SCIM: what its clients say that the model has no attribute for ----------------------------------------

-- `body` is a JSON object of such attributes. `changes` counts what changed of a resource without a new version of its
-- entity: these attributes, the members of a group, whether it is active.
CREATE TABLE scim_resource (
    entity BIGINT NOT NULL PRIMARY KEY,
    body TEXT NOT NULL,
    changes BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
) /*sqlite STRICT*/;

-- What a client calls an entity in its own world.
CREATE TABLE external_id (
    entity BIGINT NOT NULL,
    client TEXT NOT NULL,
    type_no BIGINT NOT NULL,
    external_id TEXT NOT NULL,
    PRIMARY KEY (entity, client)
) /*sqlite STRICT, WITHOUT ROWID*/;
CREATE INDEX external_id_value ON external_id (client, type_no, external_id, entity);

-- Pages of what is there.
CREATE INDEX entity_present ON entity (type_no, id) WHERE absent_since IS NULL;

-- Review of operations -----------------------------------------------------------------------------------

-- `key` is the same for the same operation in every plan. `causes` are the people who may not decide, one a line.
CREATE TABLE operation_review (
    plan BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    key BYTEA NOT NULL,
    causes TEXT NOT NULL,
    asked_at BIGINT NOT NULL,
    ended_at BIGINT,
    PRIMARY KEY (plan, seq)
) /*sqlite STRICT*/;
CREATE INDEX operation_review_open ON operation_review (plan, seq) WHERE ended_at IS NULL;
CREATE INDEX operation_review_key ON operation_review (key, plan, seq) WHERE ended_at IS NULL;

-- A decision holds as long as the difference that asks for the operation does.
CREATE TABLE review_decision (
    key BYTEA NOT NULL PRIMARY KEY,
    identity BIGINT NOT NULL,
    system_no BIGINT NOT NULL,
    verdict TEXT NOT NULL,
    decided_at BIGINT NOT NULL,
    decided_by TEXT NOT NULL,
    note TEXT NOT NULL
) /*sqlite STRICT*/;

-- Leavers that are still active --------------------------------------------------------------------------

CREATE INDEX evaluation_unsettled ON evaluation (state_no, state_since, entity) WHERE settled IS NULL;

-- Reacting: who is to be looked at, and what is left to do ------------------------------------------------------

-- Rises with each change about an identity, and is empty once somebody looked at it.
ALTER TABLE evaluation ADD COLUMN touched BIGINT;
UPDATE evaluation SET touched = 1 WHERE settled IS NULL;
CREATE INDEX evaluation_touched ON evaluation (touched, entity) WHERE touched IS NOT NULL;
-- What is left of a plan, by system.
CREATE INDEX operation_left ON operation (plan, system_no, state, next_try) WHERE done_at IS NULL;

-- Webhooks: how far each has come in the journal ------------------------------------------------------------------

CREATE TABLE webhook (
    name TEXT NOT NULL PRIMARY KEY,
    place BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    failing_since BIGINT,
    next_try BIGINT,
    disabled_at BIGINT,
    reason TEXT
) /*sqlite STRICT, WITHOUT ROWID*/;

-- Audit: signed checkpoints of the journal, and how far each export has come ------------------------------

-- A search by time alone.
CREATE INDEX journal_at ON journal (at, seq);

-- Public keys only. `endorsement` is the signature of the key before, so that trust in the first one is enough.
CREATE TABLE journal_key (
    number BIGINT NOT NULL PRIMARY KEY,
    public_key BYTEA NOT NULL,
    made_at BIGINT NOT NULL,
    endorsement BYTEA
) /*sqlite STRICT*/;

CREATE TABLE journal_checkpoint (
    seq BIGINT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    key_number BIGINT NOT NULL,
    signature BYTEA NOT NULL
) /*sqlite STRICT*/;

CREATE TABLE journal_export (
    name TEXT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL
) /*sqlite STRICT, WITHOUT ROWID*/;

-- API: calls that may come again, and work that takes long ----------------------------------------------

-- What a client asked for under a key of its own. `fingerprint` tells the same call from another one with the same key;
-- `status` and `answer` are there when it was answered.
CREATE TABLE api_call (
    client BIGINT NOT NULL,
    call_key TEXT NOT NULL,
    fingerprint BYTEA NOT NULL,
    begun_at BIGINT NOT NULL,
    status BIGINT,
    answer BYTEA,
    PRIMARY KEY (client, call_key)
) /*sqlite STRICT*/;
CREATE INDEX api_call_begun_at ON api_call (begun_at);

-- `process` is who works on it: when it is gone and nothing is answered, the work was interrupted.
CREATE TABLE job (
    id BIGINT NOT NULL PRIMARY KEY,
    client BIGINT NOT NULL,
    kind TEXT NOT NULL,
    process TEXT NOT NULL,
    actor TEXT NOT NULL,
    correlation TEXT NOT NULL,
    begun_at BIGINT NOT NULL,
    ended_at BIGINT,
    status BIGINT,
    answer BYTEA
) /*sqlite STRICT*/;
