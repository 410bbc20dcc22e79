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
