-- Sign-in -------------------------------------------------------------------------------------------------

-- People whose second factor is a code that is mailed to them.
CREATE TABLE mail_factor (
    entity BIGINT NOT NULL PRIMARY KEY,
    confirmed_at BIGINT NOT NULL
) /*sqlite STRICT*/;

-- Codes that were mailed and not used yet. `place` is the hash of the sign-in or session for which one is right, `code` a hash too.
CREATE TABLE mailed_code (
    place BYTEA NOT NULL PRIMARY KEY,
    entity BIGINT NOT NULL,
    code BYTEA NOT NULL,
    tries BIGINT NOT NULL,
    ends_at BIGINT NOT NULL
) /*sqlite STRICT, WITHOUT ROWID*/;
CREATE INDEX mailed_code_entity ON mailed_code (entity);
CREATE INDEX mailed_code_ends ON mailed_code (ends_at);

-- Guests and packages -------------------------------------------------------------------------------------

-- Reviews -------------------------------------------------------------------------------------------------

-- Separation of duties ------------------------------------------------------------------------------------

-- Indexes for lists ---------------------------------------------------------------------------------------

-- Whether an entity is there stands in the index too: a page far in is found without looking at each entity before it.
DROP INDEX entity_type;
CREATE INDEX entity_type ON entity (type_no, id, absent_since);
