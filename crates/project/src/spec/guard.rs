//! The keys that hold plans back: guards and review.

use crate::spec::{Group, Shape, key};

pub(super) const LIMIT_SHAPE: Shape =
    Shape::Either(&[Shape::Group(&LIMIT), Shape::Choice(&["none"])]);

pub(super) const LIMIT: Group = Group {
    what: "a limit",
    path: "….guards.KIND",
    doc: "A limit is crossed when the count is above `max` and above `percent` of what is there.",
    keys: &[
        key("max", Shape::Number(0, u64::MAX), "0", "A count that is always allowed.", "5"),
        key(
            "percent",
            Shape::Number(0, 100),
            "0",
            "A share of what is there, in percent, that is always allowed.",
            "2",
        ),
    ],
};

pub(super) const REVIEW: Group = Group {
    what: "a rule of review",
    path: "systems.NAME.review[]",
    doc: "What waits for a second person. A rule is about what any of `accounts`, `entitlements` and `roles` names; one that \
          names nothing is about the whole system. Nobody decides about what they caused: who made the plan, who assigned \
          the role or took it back, and whoever it is about.",
    keys: &[
        key(
            "accounts",
            Shape::Many(&Shape::Text),
            "none",
            "Account types whose accounts are meant.",
            "[admin]",
        ),
        key(
            "entitlements",
            Shape::Named(&Shape::Many(&Shape::Text)),
            "none",
            "Entitlements that are meant, by kind; `\"*\"` is all of a kind.",
            "{ group: [domain-admins, backup-operators] }",
        ),
        key(
            "roles",
            Shape::Many(&Shape::Text),
            "none",
            "Roles that are meant: what they grant themselves on this system.",
            "[payments]",
        ),
        key(
            "kinds",
            Shape::Many(&Shape::Choice(&[
                "create", "update", "rename", "enable", "disable", "delete", "grant", "revoke",
            ])),
            "create, update, rename, enable, grant",
            "The kinds of operation. What takes access away waits only where it is named.",
            "[create, grant]",
        ),
        key(
            "by",
            Shape::Many(&Shape::Text),
            "anybody who did not cause it",
            "Who may decide, by the names under which the journal knows them.",
            "[dana, jo]",
        ),
    ],
};

pub(super) const GUARDS: Group = Group {
    what: "the guards of a system",
    path: "systems.NAME.guards",
    doc: "A plan that crosses a limit is held whole until a person releases it. `none` lifts a limit.",
    keys: &[
        key("create", LIMIT_SHAPE, "none", "New accounts.", "{ max: 100 }"),
        key("update", LIMIT_SHAPE, "none", "Changed attributes.", "{ max: 500, percent: 30 }"),
        key(
            "rename",
            LIMIT_SHAPE,
            "`{ max: 20, percent: 5 }`",
            "Renamed accounts.",
            "{ max: 20, percent: 5 }",
        ),
        key("enable", LIMIT_SHAPE, "none", "Enabled accounts.", "{ max: 50 }"),
        key(
            "disable",
            LIMIT_SHAPE,
            "`{ max: 5, percent: 2 }`",
            "Disabled accounts.",
            "{ max: 5, percent: 2 }",
        ),
        key(
            "delete",
            LIMIT_SHAPE,
            "`{ max: 5, percent: 1 }`",
            "Deleted accounts.",
            "{ max: 5, percent: 1 }",
        ),
        key("grant", LIMIT_SHAPE, "none", "Granted entitlements.", "{ max: 200 }"),
        key(
            "revoke",
            LIMIT_SHAPE,
            "`{ max: 50, percent: 5 }`",
            "Revoked entitlements.",
            "{ max: 50, percent: 5 }",
        ),
    ],
};
