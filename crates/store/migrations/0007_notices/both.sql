-- What people are told --------------------------------------------------------------------------------------

-- Links in mails by which one person decides about one request as it was then. Only the hash of a link is kept; a row goes when the link is used.
CREATE TABLE decision_link (
    hash BYTEA NOT NULL PRIMARY KEY,
    request BIGINT NOT NULL,
    entity BIGINT NOT NULL,
    version BIGINT NOT NULL,
    ends_at BIGINT NOT NULL
) /*sqlite STRICT, WITHOUT ROWID*/;
CREATE INDEX decision_link_request ON decision_link (request);
CREATE INDEX decision_link_entity ON decision_link (entity);
CREATE INDEX decision_link_end ON decision_link (ends_at);
