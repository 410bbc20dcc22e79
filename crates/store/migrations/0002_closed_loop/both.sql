-- The closed loop: decisions about records and accounts, drift, lifecycle workflows, the queue.
--
-- Times are microseconds since 1970 in UTC. Enumerations are words. A `_no` is a number from `dictionary`.

-- Sources and correlation ---------------------------------------------------------------------------

ALTER TABLE record ADD COLUMN native_id TEXT NOT NULL DEFAULT '';
ALTER TABLE read_run ADD COLUMN incremental BOOLEAN NOT NULL DEFAULT FALSE;

-- How a read's records were mapped last: when that differs from the model, they are mapped again.
CREATE TABLE read_mapping (
    read_no BIGINT NOT NULL PRIMARY KEY,
    columns BYTEA NOT NULL,
    mapping BYTEA NOT NULL,
    owned TEXT NOT NULL
) /*sqlite STRICT*/;

-- What reads changed without anybody's approval, for guards that count over a day.
CREATE TABLE applied_change (
    read_no BIGINT NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (read_no, at, kind)
) /*sqlite STRICT, WITHOUT ROWID*/;

-- Records and accounts of which it cannot be told by rule whose they are, and records that cannot be used.
CREATE TABLE match_case (
    id BIGINT NOT NULL PRIMARY KEY,
    subject TEXT NOT NULL,
    scope_no BIGINT NOT NULL,
    key TEXT NOT NULL,
    native_id TEXT NOT NULL,
    status TEXT NOT NULL,
    problem TEXT NOT NULL,
    candidates TEXT NOT NULL,
    line_no BIGINT NOT NULL,
    fingerprint BYTEA NOT NULL,
    content BYTEA NOT NULL,
    made_at BIGINT NOT NULL
) /*sqlite STRICT*/;
CREATE UNIQUE INDEX match_case_key ON match_case (subject, scope_no, key);
CREATE INDEX match_case_status ON match_case (status, id);

-- What people decided about a record or an account. `entity` is 0 where the verdict names none.
CREATE TABLE match_decision (
    subject TEXT NOT NULL,
    scope_no BIGINT NOT NULL,
    key TEXT NOT NULL,
    entity BIGINT NOT NULL,
    verdict TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    made_by TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (subject, scope_no, key, entity)
) /*sqlite STRICT, WITHOUT ROWID*/;

-- Identities that turned out to be somebody else. The entity stays, with a type below zero, so that it can come back.
CREATE TABLE merged_entity (
    entity BIGINT NOT NULL PRIMARY KEY,
    survivor BIGINT NOT NULL,
    merged_at BIGINT NOT NULL,
    merged_by TEXT NOT NULL,
    reason TEXT NOT NULL,
    moved TEXT NOT NULL
) /*sqlite STRICT*/;
CREATE INDEX merged_entity_survivor ON merged_entity (survivor, entity);

-- Reconciliation ------------------------------------------------------------------------------------

-- What differs from what was known and was not done by us, by item: one row for an attribute, an entitlement, a name.
-- A row is open until the account is again as wanted, or until another change of the same item takes its place.
CREATE TABLE drift (
    id BIGINT NOT NULL PRIMARY KEY,
    system_no BIGINT NOT NULL,
    type_no BIGINT NOT NULL,
    account BIGINT NOT NULL,
    entity BIGINT,
    name TEXT NOT NULL,
    what TEXT NOT NULL,
    kind_no BIGINT,
    item TEXT NOT NULL,
    before_value BYTEA NOT NULL,
    after_value BYTEA NOT NULL,
    cause TEXT NOT NULL,
    run BIGINT NOT NULL,
    first_seen BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    decision TEXT NOT NULL,
    decided_until BIGINT,
    decided_by TEXT,
    decided_at BIGINT,
    remark TEXT NOT NULL,
    closed_at BIGINT
) /*sqlite STRICT*/;
CREATE INDEX drift_entity ON drift (entity, id) WHERE closed_at IS NULL;
CREATE INDEX drift_account ON drift (account, id) WHERE closed_at IS NULL;
CREATE INDEX drift_cause ON drift (cause, id) WHERE closed_at IS NULL;
CREATE INDEX drift_run ON drift (run, id) WHERE closed_at IS NULL;
CREATE INDEX drift_decision ON drift (decision, seen_at, id) WHERE closed_at IS NULL;

-- What somebody has to look at. One open row for one trouble: what comes again is counted.
CREATE TABLE alarm (
    id BIGINT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    about TEXT NOT NULL,
    system_no BIGINT,
    subject TEXT NOT NULL,
    message TEXT NOT NULL,
    detail TEXT NOT NULL,
    n BIGINT NOT NULL,
    raised_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    status TEXT NOT NULL,
    decided_by TEXT,
    decided_at BIGINT,
    remark TEXT NOT NULL
) /*sqlite STRICT*/;
CREATE UNIQUE INDEX alarm_about ON alarm (kind, about) WHERE status <> 'cleared';
CREATE INDEX alarm_status ON alarm (status, id);

-- What was decided about accounts that belong to nobody.
CREATE TABLE orphan_decision (
    account BIGINT NOT NULL PRIMARY KEY,
    verb TEXT NOT NULL,
    decided_until BIGINT,
    decided_by TEXT NOT NULL,
    decided_at BIGINT NOT NULL,
    remark TEXT NOT NULL
) /*sqlite STRICT*/;

-- Entitlements that bring another one with them: whoever holds `inner_id` holds `outer_id` too.
CREATE TABLE entitlement_nesting (
    outer_id BIGINT NOT NULL,
    inner_id BIGINT NOT NULL,
    PRIMARY KEY (outer_id, inner_id)
) /*sqlite STRICT, WITHOUT ROWID*/;

-- Lifecycle and workflows ---------------------------------------------------------------------------

-- What the chain covers instead of subject, on-behalf-of and detail, so that they can be erased.
ALTER TABLE journal ADD COLUMN salt BYTEA;
ALTER TABLE journal ADD COLUMN seal BYTEA;

-- All drift of an identity, closed or not, for when it is erased.
CREATE INDEX drift_whose ON drift (entity) WHERE entity IS NOT NULL;

-- The watched roles that identities held when they were last evaluated.
CREATE TABLE held_role (
    entity BIGINT NOT NULL,
    role TEXT NOT NULL,
    how TEXT NOT NULL,
    since BIGINT NOT NULL,
    PRIMARY KEY (entity, role)
) /*sqlite STRICT, WITHOUT ROWID*/;

-- What happened to identities and may begin workflows; gone when it was looked at.
CREATE TABLE workflow_event (
    id BIGINT NOT NULL PRIMARY KEY,
    entity BIGINT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    at BIGINT NOT NULL
) /*sqlite STRICT*/;

-- When a workflow that begins on a date has to be looked at again.
CREATE TABLE workflow_watch (
    workflow TEXT NOT NULL PRIMARY KEY,
    facts_version BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    next_due BIGINT
) /*sqlite STRICT, WITHOUT ROWID*/;

CREATE TABLE workflow_run (
    id BIGINT NOT NULL PRIMARY KEY,
    workflow TEXT NOT NULL,
    revision BIGINT NOT NULL,
    entity BIGINT NOT NULL,
    occasion TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    step BIGINT NOT NULL,
    wake_at BIGINT,
    began_at BIGINT NOT NULL,
    began_by TEXT NOT NULL,
    ended_at BIGINT,
    detail TEXT NOT NULL
) /*sqlite STRICT*/;
CREATE UNIQUE INDEX workflow_run_once ON workflow_run (entity, workflow, occasion);
CREATE INDEX workflow_run_workflow ON workflow_run (workflow, id);
CREATE INDEX workflow_run_open ON workflow_run (wake_at, id) WHERE ended_at IS NULL;

CREATE TABLE workflow_task (
    run BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    began_at BIGINT NOT NULL,
    ended_at BIGINT,
    detail TEXT NOT NULL,
    PRIMARY KEY (run, seq)
) /*sqlite STRICT, WITHOUT ROWID*/;

-- Temporary passes: what is kept is a hash.
CREATE TABLE temporary_pass (
    entity BIGINT NOT NULL PRIMARY KEY,
    salt BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    valid_from BIGINT NOT NULL,
    valid_until BIGINT NOT NULL,
    made_at BIGINT NOT NULL
) /*sqlite STRICT*/;

-- The queue -----------------------------------------------------------------------------------------

ALTER TABLE operation ADD COLUMN verified_at BIGINT;
-- Set when the system took the change and will do it later.
ALTER TABLE operation ADD COLUMN ticket BIGINT;

-- What happened to an operation beyond the one way from planned over sent and executed to verified.
CREATE TABLE operation_event (
    plan BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    state TEXT NOT NULL,
    actor TEXT NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (plan, seq, number)
) /*sqlite STRICT, WITHOUT ROWID*/;

CREATE TABLE system_health (
    system_no BIGINT NOT NULL PRIMARY KEY,
    paused_at BIGINT,
    paused_by TEXT,
    pause_reason TEXT,
    ill_since BIGINT,
    reason TEXT,
    failures BIGINT NOT NULL,
    next_probe BIGINT
) /*sqlite STRICT*/;

CREATE TABLE ticket (
    id BIGINT NOT NULL PRIMARY KEY,
    plan BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    system_no BIGINT NOT NULL,
    entity BIGINT,
    account_type_no BIGINT,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    what TEXT NOT NULL,
    reference TEXT NOT NULL,
    status TEXT NOT NULL,
    opened_at BIGINT NOT NULL,
    closed_at BIGINT,
    closed_by TEXT,
    attested_at BIGINT,
    attested_by TEXT,
    note TEXT
) /*sqlite STRICT*/;
CREATE INDEX ticket_status ON ticket (status, id);
CREATE INDEX ticket_operation ON ticket (plan, seq);

-- Time ----------------------------------------------------------------------------------------------

-- What an account was until `replaced_at`.
CREATE TABLE account_history (
    account BIGINT NOT NULL,
    replaced_at BIGINT NOT NULL,
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
    origin TEXT NOT NULL,
    PRIMARY KEY (account, replaced_at)
) /*sqlite STRICT, WITHOUT ROWID*/;
CREATE INDEX account_history_entity ON account_history (entity, account) WHERE entity IS NOT NULL;
CREATE INDEX account_history_type ON account_history (type_no, account);
