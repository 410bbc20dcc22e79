-- The closed loop: decisions about records and accounts, drift, lifecycle workflows, the queue.
--
-- Times are microseconds since 1970 in UTC. Enumerations are words. A `_no` is a number from `dictionary`.

-- Sources and correlation ---------------------------------------------------------------------------

-- Reconciliation ------------------------------------------------------------------------------------

-- Lifecycle and workflows ---------------------------------------------------------------------------

-- The queue -----------------------------------------------------------------------------------------

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
