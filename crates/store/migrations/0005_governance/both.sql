-- Requests -----------------------------------------------------------------------------------------------

-- Somebody asks that somebody gets a role. What was asked for at once has the number of its first request as `basket`.
-- `version` rises with every change; `extends` is the assignment that is to last longer. `next_at` is when the loop has to
-- look at it, `next_step` what is due then.
CREATE TABLE request (
    id BIGINT NOT NULL PRIMARY KEY,
    basket BIGINT NOT NULL,
    requester BIGINT NOT NULL,
    subject BIGINT NOT NULL,
    role TEXT NOT NULL,
    extends BIGINT,
    reason TEXT NOT NULL,
    answers TEXT NOT NULL,
    valid_from BIGINT,
    valid_until BIGINT,
    state TEXT NOT NULL,
    version BIGINT NOT NULL,
    stage BIGINT NOT NULL,
    stage_since BIGINT NOT NULL,
    next_at BIGINT,
    next_step TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    made_by TEXT NOT NULL,
    ended_at BIGINT,
    assignment BIGINT
) /*sqlite STRICT*/;
CREATE INDEX request_basket ON request (basket, id);
CREATE INDEX request_requester ON request (requester, id);
CREATE INDEX request_subject ON request (subject, id);
CREATE INDEX request_next ON request (next_at, id) WHERE next_at IS NOT NULL;

-- The stages of a request as they were when it was made, by name, so that another model changes nothing about it.
-- Lengths of time are in seconds.
CREATE TABLE request_stage (
    request BIGINT NOT NULL,
    place BIGINT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    approver TEXT NOT NULL,
    fallback TEXT,
    timeout BIGINT NOT NULL,
    remind BIGINT,
    escalate BIGINT,
    PRIMARY KEY (request, place)
) /*sqlite STRICT, WITHOUT ROWID*/;

-- Who may decide about the stage at which a request is: a person, or with `entity` 0 whoever has a role.
CREATE TABLE request_approver (
    request BIGINT NOT NULL,
    entity BIGINT NOT NULL,
    role TEXT NOT NULL,
    PRIMARY KEY (request, entity, role)
) /*sqlite STRICT, WITHOUT ROWID*/;
CREATE INDEX request_approver_of ON request_approver (entity, role, request);

-- What happened to a request. `entity` is who did it, `in_place_of` whose delegate they were.
CREATE TABLE request_event (
    request BIGINT NOT NULL,
    place BIGINT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    entity BIGINT,
    in_place_of BIGINT,
    what TEXT NOT NULL,
    stage TEXT,
    note TEXT NOT NULL,
    PRIMARY KEY (request, place)
) /*sqlite STRICT, WITHOUT ROWID*/;
CREATE INDEX request_event_entity ON request_event (entity) WHERE entity IS NOT NULL;

-- Who decides in whose place for a time.
CREATE TABLE delegation (
    id BIGINT NOT NULL PRIMARY KEY,
    giver BIGINT NOT NULL,
    delegate BIGINT NOT NULL,
    valid_from BIGINT NOT NULL,
    valid_until BIGINT NOT NULL,
    reason TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    made_by TEXT NOT NULL,
    ended_at BIGINT
) /*sqlite STRICT*/;
CREATE INDEX delegation_giver ON delegation (giver, id);
CREATE INDEX delegation_delegate ON delegation (delegate, id);

-- Mails about requests that have to be sent; a row goes when it was, or when it never will be.
CREATE TABLE request_notice (
    id BIGINT NOT NULL PRIMARY KEY,
    request BIGINT NOT NULL,
    entity BIGINT NOT NULL,
    what TEXT NOT NULL,
    tries BIGINT NOT NULL,
    next_try BIGINT NOT NULL
) /*sqlite STRICT*/;
CREATE INDEX request_notice_due ON request_notice (next_try, id);
