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

-- Browsers in which somebody signed in. `hash` is SHA-256 of what the browser keeps, something else for each person who uses it.
CREATE TABLE known_browser (
    hash BYTEA NOT NULL PRIMARY KEY,
    entity BIGINT NOT NULL,
    name TEXT NOT NULL,
    first_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL
) /*sqlite STRICT, WITHOUT ROWID*/;
CREATE INDEX known_browser_entity ON known_browser (entity, seen_at);
CREATE INDEX known_browser_seen ON known_browser (seen_at);
-- Whether the browser of who got in was `known` or `new`; not there at other doors, and in rows that were written before.
ALTER TABLE sign_in ADD COLUMN browser TEXT;

-- Guests and packages -------------------------------------------------------------------------------------

-- People of connected organisations. Of the link that opens an invitation only the hash is kept.
CREATE TABLE guest (
    entity BIGINT NOT NULL PRIMARY KEY,
    organisation TEXT NOT NULL,
    state TEXT NOT NULL,
    since BIGINT NOT NULL,
    next_at BIGINT,
    accepted_at BIGINT,
    link BYTEA,
    moved_from BIGINT,
    moved_at BIGINT,
    made_at BIGINT NOT NULL,
    made_by TEXT NOT NULL
) /*sqlite STRICT*/;
CREATE UNIQUE INDEX guest_link ON guest (link) WHERE link IS NOT NULL;
CREATE INDEX guest_state ON guest (state, entity);
CREATE INDEX guest_next ON guest (next_at, entity) WHERE next_at IS NOT NULL;

-- Who asked to be a guest and has not shown yet that the address is theirs.
CREATE TABLE guest_application (
    id BIGINT NOT NULL PRIMARY KEY,
    mail TEXT NOT NULL,
    name TEXT NOT NULL,
    sponsor TEXT NOT NULL,
    roles TEXT NOT NULL,
    reason TEXT NOT NULL,
    link BYTEA,
    ends_at BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    next_try BIGINT
) /*sqlite STRICT*/;
CREATE UNIQUE INDEX guest_application_link ON guest_application (link) WHERE link IS NOT NULL;
CREATE UNIQUE INDEX guest_application_mail ON guest_application (mail);
CREATE INDEX guest_application_ends ON guest_application (ends_at);
CREATE INDEX guest_application_next ON guest_application (next_try, id) WHERE next_try IS NOT NULL;

-- Mails about guests that have to be sent.
CREATE TABLE guest_notice (
    id BIGINT NOT NULL PRIMARY KEY,
    guest BIGINT NOT NULL,
    addressee BIGINT NOT NULL,
    what TEXT NOT NULL,
    tries BIGINT NOT NULL,
    next_try BIGINT NOT NULL
) /*sqlite STRICT*/;
CREATE INDEX guest_notice_next ON guest_notice (next_try, id);
CREATE INDEX guest_notice_guest ON guest_notice (guest);

-- Reviews -------------------------------------------------------------------------------------------------

-- One opening of an access review of the model. `terms` is the definition as it was, as JSON, so that another model changes
-- nothing about it. `entity` is the identity that a campaign after an event is about. `next_at` is when the loop has to look.
CREATE TABLE campaign (
    id BIGINT NOT NULL PRIMARY KEY,
    review TEXT NOT NULL,
    title TEXT NOT NULL,
    cause TEXT NOT NULL,
    entity BIGINT,
    terms TEXT NOT NULL,
    state TEXT NOT NULL,
    version BIGINT NOT NULL,
    n_items BIGINT NOT NULL,
    opened_at BIGINT NOT NULL,
    opened_by TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    next_at BIGINT,
    next_step TEXT NOT NULL,
    closed_at BIGINT
) /*sqlite STRICT*/;
CREATE INDEX campaign_review ON campaign (review, id);
CREATE INDEX campaign_next ON campaign (next_at, id) WHERE next_at IS NOT NULL;

-- How much a campaign asks nobody about, by cause.
CREATE TABLE campaign_aside (
    campaign BIGINT NOT NULL,
    cause TEXT NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (campaign, cause)
) /*sqlite STRICT, WITHOUT ROWID*/;

-- What one reviewer is asked about: something that an identity holds, or an account that belongs to nobody. `seen` is what
-- was seen when the campaign opened, `effect` what a decision did, both as JSON.
CREATE TABLE review_item (
    id BIGINT NOT NULL PRIMARY KEY,
    campaign BIGINT NOT NULL,
    entity BIGINT,
    account BIGINT,
    kind TEXT NOT NULL,
    thing TEXT NOT NULL,
    seen TEXT NOT NULL,
    reviewer BIGINT NOT NULL,
    stage BIGINT NOT NULL,
    state TEXT NOT NULL,
    version BIGINT NOT NULL,
    verdict TEXT NOT NULL,
    until BIGINT,
    reason TEXT NOT NULL,
    decided_at BIGINT,
    decided_by BIGINT,
    millis BIGINT,
    effect TEXT NOT NULL,
    outcome TEXT NOT NULL,
    outcome_at BIGINT,
    outcome_note TEXT NOT NULL
) /*sqlite STRICT*/;
CREATE INDEX review_item_campaign ON review_item (campaign, id);
CREATE INDEX review_item_reviewer ON review_item (reviewer, state, id);
CREATE INDEX review_item_entity ON review_item (entity, id) WHERE entity IS NOT NULL;
CREATE INDEX review_item_decided ON review_item (decided_by, campaign, decided_at) WHERE decided_by IS NOT NULL;
CREATE INDEX review_item_pending ON review_item (id) WHERE outcome = 'pending';

-- What was said about an item. `entity` is who said it, `in_place_of` whose delegate they were.
CREATE TABLE review_answer (
    item BIGINT NOT NULL,
    place BIGINT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    entity BIGINT,
    in_place_of BIGINT,
    stage TEXT NOT NULL,
    what TEXT NOT NULL,
    until BIGINT,
    note TEXT NOT NULL,
    PRIMARY KEY (item, place)
) /*sqlite STRICT, WITHOUT ROWID*/;
CREATE INDEX review_answer_entity ON review_answer (entity) WHERE entity IS NOT NULL;

-- Mails about campaigns that have to be sent; a row goes when it was, or when it never will be.
CREATE TABLE review_notice (
    id BIGINT NOT NULL PRIMARY KEY,
    campaign BIGINT NOT NULL,
    entity BIGINT NOT NULL,
    what TEXT NOT NULL,
    tries BIGINT NOT NULL,
    next_try BIGINT NOT NULL
) /*sqlite STRICT*/;
CREATE INDEX review_notice_due ON review_notice (next_try, id);

-- Until when it was looked whether a review has to open.
CREATE TABLE review_watch (
    review TEXT NOT NULL,
    what TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (review, what)
) /*sqlite STRICT, WITHOUT ROWID*/;

-- Separation of duties ------------------------------------------------------------------------------------

-- What is said of an assignment that is an exception from a conflict: what keeps the harm small, and who answers for it.
CREATE TABLE conflict_exception (
    assignment BIGINT NOT NULL PRIMARY KEY,
    mitigation TEXT NOT NULL,
    owner BIGINT NOT NULL
) /*sqlite STRICT*/;
CREATE INDEX conflict_exception_owner ON conflict_exception (owner);

-- Indexes for lists ---------------------------------------------------------------------------------------

-- Whether an entity is there stands in the index too: a page far in is found without looking at each entity before it.
DROP INDEX entity_type;
CREATE INDEX entity_type ON entity (type_no, id, absent_since);
