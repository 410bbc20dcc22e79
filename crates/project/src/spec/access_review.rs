//! The keys of access reviews.

use crate::spec::{Group, Shape, access::REFERENCES, guard::LIMIT, key};

/// An access review.
pub(crate) const ACCESS_REVIEW: Group = Group {
    what: "an access review",
    path: "reviews.NAME",
    doc: "A review of who has what. Each time its time comes, or `muster reviews open NAME`, it opens a campaign: what \
          needs judgement becomes items, each with one reviewer, and the rest is counted with the cause. Nobody decides \
          about their own access, unless a stage says `self`.",
    keys: &[
        key(
            "description",
            Shape::Text,
            "",
            "What it is for; reviewers read it.",
            "Who may move money",
        ),
        key(
            "for",
            Shape::Text,
            "the only identity type",
            "The identity type whose access is reviewed.",
            "person",
        ),
        key(
            "scope",
            Shape::Group(&SCOPE),
            "everything of everybody",
            "Whom and what it is about; all of it has to fit.",
            "{ systems: [ledger], risk: 50 }",
        ),
        key(
            "open",
            Shape::Group(&OPEN),
            "by hand only",
            "When a campaign opens by itself.",
            "{ at: \"0 8 1 */3 *\" }",
        ),
        key(
            "stages",
            Shape::List(&Shape::Either(&[
                Shape::Choice(&["manager", "owner", "sponsor", "self"]),
                Shape::Group(&STAGE),
            ])),
            "[manager]",
            "Who decides, one after the other; one to three. A later stage sees what the earlier ones said, and decides.",
            "[manager, owner]",
        ),
        key(
            "fallback",
            Shape::Text,
            "required",
            "Who decides where a stage has nobody, or only somebody who may not: a role, of which the first member by \
             number is asked, or a person by key or another unique value.",
            "security-desk",
        ),
        key("due", Shape::Duration, "14d", "How long each stage waits for answers.", "30d"),
        key(
            "remind",
            Shape::Duration,
            "never",
            "How long it waits before those who have not answered are reminded.",
            "7d",
        ),
        key(
            "silence",
            Shape::Choice(&["keep", "revoke", "ask"]),
            "keep",
            "What becomes of items that nobody decided in time; `ask` asks the fallback for as long again, and then keeps.",
            "revoke",
        ),
        key(
            "guard",
            Shape::Group(&LIMIT),
            "`{ max: 5, percent: 10 }`",
            "How many items silence may revoke. What would cross it is held until an administrator types the number.",
            "{ max: 20, percent: 5 }",
        ),
        key("grace", Shape::Duration, "3d", "How long a decision can be undone.", "7d"),
        key(
            "withhold",
            Shape::Duration,
            "365d",
            "How long access that a rule gives is withheld when it is revoked. Until then the rule has to be put right.",
            "90d",
        ),
        key(
            "set_aside",
            Shape::List(&Shape::Choice(&["by_rule", "unchanged"])),
            "[by_rule, unchanged]",
            "What nobody is asked about: what a rule or another role gives, since it is reviewed at the role; and what has a \
             risk below 50 and is as it was when somebody last kept it.",
            "[unchanged]",
        ),
        key(
            "reason",
            Shape::Choice(&["all", "changes", "none"]),
            "changes",
            "Which decisions need a reason; `changes` are those that take, shorten or hand on.",
            "all",
        ),
    ],
};

const SCOPE: Group = Group {
    what: "the scope of a review",
    path: "reviews.NAME.scope",
    doc: "Whom and what a review is about. Where several of `roles`, `systems` and `entitlements` are named, any of them fits.",
    keys: &[
        key(
            "people",
            Shape::Expression,
            "everybody",
            "A condition about the identity.",
            "person.department.code == 'D002'",
        ),
        key("roles", Shape::Many(&Shape::Text), "all", "These roles.", "[payments]"),
        key(
            "systems",
            Shape::Many(&Shape::Text),
            "all",
            "What is on these systems, and roles that grant something there.",
            "[ledger]",
        ),
        key(
            "entitlements",
            REFERENCES,
            "all",
            "These entitlements, and roles that grant one of them.",
            "[{ ledger.profile: approve-payment }]",
        ),
        key(
            "risk",
            Shape::Number(0, 100),
            "any",
            "Roles, and entitlements that a role grants, of at least this risk. What no role grants is always meant.",
            "50",
        ),
        key(
            "not_reviewed_for",
            Shape::Duration,
            "any",
            "Only what nobody decided about for so long.",
            "180d",
        ),
        key(
            "unused_for",
            Shape::Duration,
            "any",
            "Only what is on accounts that nobody used for so long, where that is known.",
            "90d",
        ),
        key("orphans", Shape::Bool, "false", "Accounts that belong to nobody, too.", "true"),
    ],
};

const OPEN: Group = Group {
    what: "the opening of a review",
    path: "reviews.NAME.open",
    doc: "When a campaign opens by itself; `muster serve` and `muster run` look. After an event it is about one identity.",
    keys: &[
        key(
            "dates",
            Shape::Many(&Shape::Text),
            "",
            "At the start of these days, in the zone of the project.",
            "[2026-11-16]",
        ),
        key(
            "at",
            Shape::Text,
            "",
            "Again and again: minute, hour, day, month, day of the week.",
            "0 8 1 */3 *",
        ),
        key(
            "moved",
            Shape::Many(&Shape::Text),
            "",
            "When one of these attributes of an identity changes.",
            "[department]",
        ),
        key(
            "outside",
            Shape::Bool,
            "false",
            "When an identity got an entitlement outside of Muster.",
            "true",
        ),
        key(
            "dormant",
            Shape::Bool,
            "false",
            "When an identity has not used an account for as long as `unused_for` of the scope says.",
            "true",
        ),
    ],
};

const STAGE: Group = Group {
    what: "a stage of a review",
    path: "reviews.NAME.stages[]",
    doc: "Who decides: one of `by`, `person` and `role`.",
    keys: &[
        key(
            "by",
            Shape::Choice(&["manager", "owner", "sponsor", "self"]),
            "",
            "The manager or the sponsor of the identity, the owner of the role, or the identity itself.",
            "owner",
        ),
        key(
            "person",
            Shape::Text,
            "",
            "This person, by key or another unique value.",
            "ada.lovelace",
        ),
        key(
            "role",
            Shape::Text,
            "",
            "The first one, by number, who has this role and may decide.",
            "security-desk",
        ),
    ],
};
