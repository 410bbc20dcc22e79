-- What people are told --------------------------------------------------------------------------------------

-- What somebody has to be told about a request, a campaign, a draft or a guest; a row goes when it was said, or when it never will be. The addressee is 0
-- where a channel of the model is told.
CREATE TABLE notice (
    id BIGINT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    about BIGINT NOT NULL,
    what TEXT NOT NULL,
    addressee BIGINT NOT NULL,
    channel TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    is_gathered BOOLEAN NOT NULL,
    tries BIGINT NOT NULL,
    next_try BIGINT NOT NULL
) /*sqlite STRICT*/;
CREATE INDEX notice_next ON notice (next_try, id);
CREATE INDEX notice_gathered ON notice (addressee, id) WHERE is_gathered;

-- Those that waited in the tables before. Numbers below 0 are none that are given out.
INSERT INTO notice SELECT -4 * id, 'request', request, what, entity, '', next_try, FALSE, tries, next_try FROM request_notice;
INSERT INTO notice SELECT -4 * id - 1, 'review', campaign, what, entity, '', next_try, FALSE, tries, next_try FROM review_notice;
INSERT INTO notice SELECT -4 * id - 2, 'guest', guest, what, addressee, '', next_try, FALSE, tries, next_try FROM guest_notice;
DROP TABLE request_notice;
DROP TABLE review_notice;
DROP TABLE guest_notice;

-- How people want to be told: of which topic at once, once a day or not at all, by what, and in which language. Without a row the model says.
CREATE TABLE notice_choice (
    entity BIGINT NOT NULL,
    name TEXT NOT NULL,
    choice TEXT NOT NULL,
    PRIMARY KEY (entity, name)
) /*sqlite STRICT, WITHOUT ROWID*/;

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

-- Forms -------------------------------------------------------------------------------------------------------

-- What people enter in forms until it is a record. `entered` is JSON, and empty when it is over.
CREATE TABLE form_draft (
    id BIGINT NOT NULL PRIMARY KEY,
    form TEXT NOT NULL,
    starter BIGINT NOT NULL,
    entity BIGINT,
    step TEXT NOT NULL,
    state TEXT NOT NULL,
    version BIGINT NOT NULL,
    entered TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    ends_at BIGINT
) /*sqlite STRICT*/;
CREATE INDEX form_draft_starter ON form_draft (starter, id);
CREATE INDEX form_draft_entity ON form_draft (entity) WHERE entity IS NOT NULL;
CREATE INDEX form_draft_ends ON form_draft (ends_at, id) WHERE ends_at IS NOT NULL;

-- Whose turn it is: a person, or with entity 0 whoever has a role.
CREATE TABLE form_turn (
    draft BIGINT NOT NULL,
    entity BIGINT NOT NULL,
    role TEXT NOT NULL,
    PRIMARY KEY (entity, role, draft)
) /*sqlite STRICT, WITHOUT ROWID*/;
CREATE INDEX form_turn_draft ON form_turn (draft);

-- What happened to a draft.
CREATE TABLE form_event (
    draft BIGINT NOT NULL,
    place BIGINT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    entity BIGINT,
    in_place_of BIGINT,
    what TEXT NOT NULL,
    step TEXT NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (draft, place)
) /*sqlite STRICT, WITHOUT ROWID*/;
CREATE INDEX form_event_entity ON form_event (entity) WHERE entity IS NOT NULL;

-- Reviews -------------------------------------------------------------------------------------------------

-- What happened to somebody after which a review asks about what they hold. It goes in the transaction that opens the campaign.
CREATE TABLE review_event (
    id BIGINT NOT NULL PRIMARY KEY,
    review TEXT NOT NULL,
    cause TEXT NOT NULL,
    entity BIGINT NOT NULL,
    account BIGINT,
    thing TEXT NOT NULL,
    note TEXT NOT NULL,
    at BIGINT NOT NULL
) /*sqlite STRICT*/;
CREATE INDEX review_event_review ON review_event (review, cause, at, id);
CREATE INDEX review_event_entity ON review_event (entity);

-- Which accounts were last used at about a time.
CREATE INDEX account_use_at ON account_use (used_at, account);
