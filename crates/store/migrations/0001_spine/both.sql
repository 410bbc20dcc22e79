-- The spine: facts with history, what was read, what was observed, plans, journal.
--
-- Times are microseconds since 1970 in UTC. Enumerations are words. A `_no` is a number from `dictionary`.
-- Type words are PostgreSQL's; `migrate.rs` says what becomes of them on SQLite.

CREATE TABLE sequence (
    name TEXT NOT NULL PRIMARY KEY,
    next_id BIGINT NOT NULL
) /*sqlite STRICT, WITHOUT ROWID*/;

CREATE TABLE dictionary (
    kind TEXT NOT NULL,
    parent BIGINT NOT NULL,
    name TEXT NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (kind, parent, name)
) /*sqlite STRICT, WITHOUT ROWID*/;
CREATE UNIQUE INDEX dictionary_number ON dictionary (kind, number);

CREATE TABLE fact_version (
    id BIGINT NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL
) /*sqlite STRICT*/;
INSERT INTO fact_version (id, version) VALUES (1, 0);

-- Entities -----------------------------------------------------------------------------------------

CREATE TABLE entity (
    id BIGINT NOT NULL PRIMARY KEY,
    type_no BIGINT NOT NULL,
    key TEXT NOT NULL,
    version BIGINT NOT NULL,
    facts BYTEA NOT NULL,
    absent_since BIGINT,
    effective_at BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL
) /*sqlite STRICT*/;
CREATE UNIQUE INDEX entity_key ON entity (type_no, key);
CREATE INDEX entity_type ON entity (type_no, id);

CREATE TABLE entity_history (
    entity BIGINT NOT NULL,
    version BIGINT NOT NULL,
    key TEXT NOT NULL,
    facts BYTEA NOT NULL,
    absent_since BIGINT,
    effective_at BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL,
    replaced_at BIGINT NOT NULL,
    PRIMARY KEY (entity, version)
) /*sqlite STRICT, WITHOUT ROWID*/;

CREATE TABLE unique_value (
    type_no BIGINT NOT NULL,
    attribute_no BIGINT NOT NULL,
    value_key TEXT NOT NULL,
    entity BIGINT NOT NULL,
    PRIMARY KEY (type_no, attribute_no, value_key)
) /*sqlite STRICT, WITHOUT ROWID*/;
CREATE INDEX unique_value_entity ON unique_value (entity);

CREATE TABLE link (
    source BIGINT NOT NULL,
    attribute_no BIGINT NOT NULL,
    target BIGINT NOT NULL,
    PRIMARY KEY (source, attribute_no, target)
) /*sqlite STRICT, WITHOUT ROWID*/;
CREATE INDEX link_target ON link (attribute_no, target, source);

CREATE TABLE pending_link (
    target_type BIGINT NOT NULL,
    target_key TEXT NOT NULL,
    source BIGINT NOT NULL,
    attribute_no BIGINT NOT NULL,
    PRIMARY KEY (target_type, target_key, source, attribute_no)
) /*sqlite STRICT, WITHOUT ROWID*/;
CREATE INDEX pending_link_source ON pending_link (source);

CREATE TABLE evaluation (
    entity BIGINT NOT NULL PRIMARY KEY,
    state_no BIGINT,
    state_since BIGINT,
    settled BYTEA,
    next_change BIGINT,
    evaluated_at BIGINT NOT NULL
) /*sqlite STRICT*/;
CREATE INDEX evaluation_next_change ON evaluation (next_change, entity) WHERE next_change IS NOT NULL;

CREATE TABLE assignment (
    id BIGINT NOT NULL PRIMARY KEY,
    entity BIGINT NOT NULL,
    role TEXT NOT NULL,
    origin TEXT NOT NULL,
    reason TEXT NOT NULL,
    valid_from BIGINT,
    valid_until BIGINT,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    ended_at BIGINT,
    ended_by TEXT,
    end_reason TEXT
) /*sqlite STRICT*/;
CREATE INDEX assignment_entity ON assignment (entity, id);
CREATE INDEX assignment_role ON assignment (role, entity, id) WHERE ended_at IS NULL;
CREATE INDEX assignment_from ON assignment (valid_from, entity, id)
    WHERE ended_at IS NULL AND valid_from IS NOT NULL;
CREATE INDEX assignment_until ON assignment (valid_until, entity, id)
    WHERE ended_at IS NULL AND valid_until IS NOT NULL;

-- Read from sources --------------------------------------------------------------------------------

CREATE TABLE record (
    id BIGINT NOT NULL PRIMARY KEY,
    read_no BIGINT NOT NULL,
    key TEXT NOT NULL,
    entity BIGINT,
    fingerprint BYTEA NOT NULL,
    content BYTEA NOT NULL,
    absent_since BIGINT,
    confidence BIGINT NOT NULL,
    line_no BIGINT NOT NULL
) /*sqlite STRICT*/;
CREATE UNIQUE INDEX record_key ON record (read_no, key);
CREATE INDEX record_read ON record (read_no, id);
CREATE INDEX record_entity ON record (entity) WHERE entity IS NOT NULL;
CREATE INDEX record_unlinked ON record (read_no, id) WHERE entity IS NULL;

CREATE TABLE read_run (
    id BIGINT NOT NULL PRIMARY KEY,
    system_no BIGINT NOT NULL,
    what TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    ended_at BIGINT,
    complete BOOLEAN NOT NULL,
    n_objects BIGINT NOT NULL,
    n_new BIGINT NOT NULL,
    n_changed BIGINT NOT NULL,
    n_absent BIGINT NOT NULL,
    n_bad BIGINT NOT NULL,
    resume_from BYTEA,
    problem TEXT
) /*sqlite STRICT*/;
CREATE INDEX read_run_what ON read_run (system_no, what, id);

CREATE TABLE read_problem (
    run BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    place TEXT NOT NULL,
    problem TEXT NOT NULL,
    PRIMARY KEY (run, seq)
) /*sqlite STRICT, WITHOUT ROWID*/;

CREATE TABLE change_set (
    id BIGINT NOT NULL PRIMARY KEY,
    read_no BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    status TEXT NOT NULL,
    n_create BIGINT NOT NULL,
    n_update BIGINT NOT NULL,
    n_absent BIGINT NOT NULL,
    n_present BIGINT NOT NULL,
    reason TEXT NOT NULL,
    decided_by TEXT,
    decided_at BIGINT
) /*sqlite STRICT*/;
CREATE INDEX change_set_status ON change_set (status, id);

CREATE TABLE change_set_body (
    change_set BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    body BYTEA NOT NULL,
    PRIMARY KEY (change_set, seq)
) /*sqlite STRICT*/;

-- Observed on targets ------------------------------------------------------------------------------

CREATE TABLE account (
    id BIGINT NOT NULL PRIMARY KEY,
    system_no BIGINT NOT NULL,
    type_no BIGINT NOT NULL,
    native_id TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    entity BIGINT,
    status TEXT NOT NULL,
    confidence BIGINT NOT NULL,
    enabled BOOLEAN,
    disabled_since BIGINT,
    content BYTEA NOT NULL,
    grants BYTEA NOT NULL,
    fingerprint BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    origin TEXT NOT NULL
) /*sqlite STRICT*/;
CREATE INDEX account_type ON account (type_no, id);
CREATE UNIQUE INDEX account_native_id ON account (type_no, native_id) WHERE native_id <> '';
CREATE INDEX account_name ON account (type_no, name_key);
CREATE INDEX account_entity ON account (entity, id) WHERE entity IS NOT NULL;
CREATE INDEX account_unlinked ON account (type_no, status, id) WHERE status <> 'linked';

CREATE TABLE entitlement (
    id BIGINT NOT NULL PRIMARY KEY,
    system_no BIGINT NOT NULL,
    kind_no BIGINT NOT NULL,
    name TEXT NOT NULL,
    native_id TEXT NOT NULL,
    native_name TEXT NOT NULL,
    present BOOLEAN NOT NULL
) /*sqlite STRICT*/;
CREATE UNIQUE INDEX entitlement_name ON entitlement (kind_no, name);
CREATE INDEX entitlement_kind ON entitlement (kind_no, id);

-- The model and what was made of it ----------------------------------------------------------------

CREATE TABLE revision (
    number BIGINT NOT NULL PRIMARY KEY,
    hash TEXT NOT NULL,
    author TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    message TEXT NOT NULL,
    body BYTEA NOT NULL
) /*sqlite STRICT*/;

CREATE TABLE plan (
    id BIGINT NOT NULL PRIMARY KEY,
    hash TEXT NOT NULL,
    revision BIGINT NOT NULL,
    facts_version BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    made_by TEXT NOT NULL,
    status TEXT NOT NULL,
    base TEXT NOT NULL,
    summary TEXT NOT NULL,
    guard TEXT NOT NULL
) /*sqlite STRICT*/;
CREATE UNIQUE INDEX plan_hash ON plan (hash);
CREATE INDEX plan_status ON plan (status, id);

CREATE TABLE operation (
    plan BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    system_no BIGINT NOT NULL,
    entity BIGINT,
    account_type_no BIGINT,
    account BIGINT,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    small_body BYTEA,
    after_seq BYTEA NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    next_try BIGINT,
    sent_at BIGINT,
    done_at BIGINT,
    error TEXT,
    PRIMARY KEY (plan, seq)
) /*sqlite STRICT, WITHOUT ROWID*/;
CREATE INDEX operation_unverified ON operation (system_no, plan, seq) WHERE state = 'executed';
CREATE INDEX operation_done ON operation (done_at) WHERE done_at IS NOT NULL;
CREATE INDEX operation_entity ON operation (entity, plan, seq) WHERE entity IS NOT NULL;

CREATE TABLE operation_body (
    plan BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    body BYTEA NOT NULL,
    PRIMARY KEY (plan, seq)
) /*sqlite STRICT*/;

-- The journal and leases ---------------------------------------------------------------------------

CREATE TABLE journal (
    seq BIGINT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    on_behalf_of TEXT,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    correlation TEXT,
    prev_hash BYTEA NOT NULL,
    hash BYTEA NOT NULL
) /*sqlite STRICT*/;
CREATE INDEX journal_actor ON journal (actor, seq);
CREATE INDEX journal_action ON journal (action, seq);
CREATE INDEX journal_subject ON journal (subject, seq);
CREATE INDEX journal_correlation ON journal (correlation, seq) WHERE correlation IS NOT NULL;

-- One row: the end of the chain. Updating it is what puts concurrent writers in a line.
CREATE TABLE journal_head (
    id BIGINT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL,
    hash BYTEA
) /*sqlite STRICT*/;
INSERT INTO journal_head (id, seq) VALUES (1, 0);

CREATE TABLE lease (
    name TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    taken_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
) /*sqlite STRICT, WITHOUT ROWID*/;
