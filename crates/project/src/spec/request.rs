//! The keys of `request:` of a role.

use crate::spec::{Group, Shape, key};

/// One policy of how a role is asked for.
pub(super) const REQUEST: Group = Group {
    what: "a policy for requests",
    path: "roles.NAME.request",
    doc: "How people ask for the role: who may, who decides, for how long. An approved request is an assignment like any \
          other. Nobody decides about what they asked for or would get.",
    keys: &[
        key(
            "who",
            Shape::Expression,
            "everybody for everybody",
            "Who may ask, and for whom: `me` is whoever asks, the other variable the person who would get the role, named \
             like their type. Whoever is of a type about which the condition makes no sense cannot ask.",
            "person == me || person.manager == me",
        ),
        key(
            "approval",
            Shape::List(&Shape::Either(&[
                Shape::Choice(&["manager", "owner", "sponsor"]),
                Shape::Group(&STAGE),
            ])),
            "required",
            "Who has to agree, one stage after the other; at most three, and `[]` for nobody. One approval passes a stage, \
             one refusal ends the request.",
            "[manager, { role: security-desk }]",
        ),
        key("longest", Shape::Duration, "for good", "How long it is given at most.", "180d"),
        key(
            "usual",
            Shape::Duration,
            "as `longest`",
            "How long it is asked for when no end is named.",
            "30d",
        ),
        key(
            "reason",
            Shape::Choice(&["required", "optional"]),
            "`required`",
            "Whether whoever asks has to say why.",
            "optional",
        ),
        key(
            "questions",
            Shape::List(&Shape::Text),
            "none",
            "What has to be answered; whoever decides reads the answers.",
            "[Which cost centre pays for it?]",
        ),
        key(
            "timeout",
            Shape::Duration,
            "14d",
            "How long a stage waits for an answer; then the request is over and nothing was given.",
            "7d",
        ),
        key(
            "remind",
            Shape::Duration,
            "never",
            "How long a stage waits before those who have to answer are reminded.",
            "2d",
        ),
        key(
            "escalate",
            Shape::Duration,
            "never",
            "How long a stage waits before others may answer too: the members of `fallback`, and without one the managers \
             of those who did not answer.",
            "4d",
        ),
        key(
            "extend",
            Shape::Choice(&["approval", "free"]),
            "approval",
            "Whether more time for what somebody has by a request needs approval again; `free` gives it at once, up to \
             `longest`.",
            "free",
        ),
        key(
            "review",
            Shape::Group(&REVIEW),
            "as part of the campaigns of `reviews` only",
            "When somebody looks again at what was given by a request. Whoever asks reads it before.",
            "{ name: payments, every: 90d }",
        ),
    ],
};

const REVIEW: Group = Group {
    what: "when it is reviewed",
    path: "roles.NAME.request[].review",
    doc: "When what a request gave is reviewed: so long after it was given, and then again and again for as long as it is \
          held. Where several policies hold, the shortest time wins.",
    keys: &[
        key(
            "name",
            Shape::Text,
            "required",
            "The review of `reviews` by which it is asked about: who decides, until when, what silence does. Its `scope` \
             and `open` need not name the role.",
            "payments",
        ),
        key("every", Shape::Duration, "required", "How often.", "90d"),
    ],
};

const STAGE: Group = Group {
    what: "a stage of an approval",
    path: "roles.NAME.request.approval[]",
    doc: "Who decides: one of `by`, `person` and `role`.",
    keys: &[
        key(
            "by",
            Shape::Choice(&["manager", "owner", "sponsor"]),
            "",
            "The manager of the person, the owner of the role, or the sponsor of the person.",
            "manager",
        ),
        key(
            "person",
            Shape::Text,
            "",
            "This person, by key or another unique value.",
            "ada.lovelace",
        ),
        key("role", Shape::Text, "", "Whoever has this role.", "security-desk"),
        key(
            "fallback",
            Shape::Text,
            "",
            "The role whose members decide where there is nobody, and from `escalate` on.",
            "security-desk",
        ),
    ],
};
