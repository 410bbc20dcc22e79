//! The keys of roles, duties, conflicts and policy tests.

use muster_policy::Right;

use crate::spec::{Group, Shape, decision::DECISION, key};

/// A list of `{ system.kind: name }`.
pub(crate) const REFERENCES: Shape = Shape::List(&Shape::Named(&Shape::Many(&Shape::Text)));

/// A role.
pub(crate) const ROLE: Group = Group {
    what: "a role",
    path: "roles.NAME",
    doc: "A named bundle of accounts, entitlements and attribute values. Expressions read the identity by the name of its \
          type: `person.title`.",
    keys: &[
        key("description", Shape::Text, "", "What the role is, for people.", "Sells things"),
        key(
            "owner",
            Shape::Text,
            "",
            "Who answers for it: a role, or a person by key or another unique value.",
            "sales-lead",
        ),
        key(
            "risk",
            Shape::Number(0, 100),
            "",
            "How much harm it can do, shown to whoever asks for it and whoever decides.",
            "70",
        ),
        key(
            "request",
            Shape::Many(&Shape::Group(&super::request::REQUEST)),
            "nobody can ask for it",
            "How people ask for it. Of several policies all count whose `who` holds, and of each part the strictest.",
            "{ approval: [manager, owner], longest: 180d }",
        ),
        key("for", Shape::Text, "the only identity type", "The identity type it is for.", "person"),
        key(
            "when",
            Shape::Expression,
            "only by assignment or inclusion",
            "Who has it by rule.",
            "person.department.code == 'D007'",
        ),
        key(
            "grace",
            Shape::Duration,
            "none",
            "How long whoever loses the role by rule keeps it, so that work can be handed over. Who leaves or is suspended \
             keeps nothing.",
            "14d",
        ),
        key(
            "review",
            Shape::Bool,
            "false",
            "Whether those who keep it for the grace period are listed for review.",
            "true",
        ),
        key(
            "includes",
            Shape::Many(&Shape::Text),
            "none",
            "Roles that whoever has this one has too.",
            "[employee]",
        ),
        key(
            "grants",
            Shape::Many(&Shape::Either(&[Shape::Text, Shape::Named(&GRANT)])),
            "nothing",
            "What it grants: an account as `system.type`, an entitlement as `{ system.kind: name }`. An entitlement brings \
             its account with it.",
            "[directory.user, { directory.group: [sales, crm-users] }]",
        ),
        key(
            "values",
            Shape::Named(&Shape::Expression),
            "none",
            "Values for attributes of accounts, by `system.type.attribute`. For an attribute with one value the role wins \
             over the mapping; several values are put together.",
            "{ directory.user.employeeType: \"'sales'\" }",
        ),
        key(
            "muster",
            Shape::Group(&ADMINISTRATION),
            "nothing",
            "What its holders may do in Muster itself.",
            "{ may: [people.read, assignments.write], over: \"person.department == me.department\" }",
        ),
    ],
};

const ADMINISTRATION: Group = Group {
    what: "rights in Muster",
    path: "roles.NAME.muster",
    doc: "What whoever has the role may do in Muster itself: over the API, for a client that acts for them. Whoever has \
          left or is suspended may do nothing.",
    keys: &[
        key(
            "may",
            Shape::Many(&Shape::Choice(&Right::WORDS)),
            "required",
            "What may be done.",
            "[people.read, assignments.read, assignments.write]",
        ),
        key(
            "over",
            Shape::Expression,
            "everybody",
            "For whom: `me` is the holder, the other variable the person concerned, named like their type. Lists, counts, \
             searches and exports hold only these people; others are not there. It narrows rights about people only. Nobody \
             changes what concerns themselves.",
            "person.department == me.department",
        ),
    ],
};

const GRANT: Shape = Shape::Either(&[Shape::Text, Shape::List(&Shape::Text), Shape::Group(&EACH)]);

const EACH: Group = Group {
    what: "a computed grant",
    path: "roles.NAME.grants[].SYSTEM.KIND",
    doc: "The names of the entitlements, worked out for each identity.",
    keys: &[key(
        "each",
        Shape::Expression,
        "required",
        "The name or a list of names; nothing is granted where it is `null`.",
        "'dept-' + lower(person.department.code)",
    )],
};

/// A conflict of duties.
pub(crate) const CONFLICT: Group = Group {
    what: "a conflict",
    path: "conflicts.NAME",
    doc: "Duties that one identity must not hold together.",
    keys: &[
        key("description", Shape::Text, "", "Why, for people.", "Who enters must not release"),
        key(
            "between",
            Shape::List(&Shape::Text),
            "required",
            "The duties; at least two.",
            "[pay-create, pay-approve]",
        ),
        key(
            "on",
            Shape::Choice(&["block", "approve", "warn"]),
            "block",
            "`block` refuses requests and direct assignments that would complete it, and holds back such grants; `approve` \
             lets it be asked for, with one more stage of approval; `warn` only reports it.",
            "warn",
        ),
        key(
            "approvers",
            Shape::Text,
            "",
            "With `on: approve`: the role whose members decide about it.",
            "internal-audit",
        ),
        key(
            "lenient_for",
            Shape::Text,
            "",
            "With `on: block` or `on: approve`: a role. When somebody who has it asks or assigns, they are only warned.",
            "crisis-team",
        ),
        key(
            "risk",
            Shape::Number(0, 100),
            "50",
            "How much harm it can do, for the risk score of whoever has it. One that an exception allows counts half.",
            "80",
        ),
    ],
};

/// A policy test.
pub(crate) const TEST: Group = Group {
    what: "a test",
    path: "tests[]",
    doc: "A test of the policy: what an identity with these facts has at that time.",
    keys: &[
        key(
            "name",
            Shape::Text,
            "required",
            "What it shows, as a sentence.",
            "a leaver keeps nothing",
        ),
        key(
            "given",
            Shape::Named(&Shape::Any),
            "required",
            "Entities by type, one or a list for each; links are written as the key of the other entity. The first \
             identity is the one that is tested.",
            "{ person: { employeeId: \"1\", department: D007 }, department: [{ code: D007 }] }",
        ),
        key(
            "roles",
            Shape::Many(&Shape::Text),
            "none",
            "Roles that are assigned directly.",
            "[payments]",
        ),
        key(
            "at",
            Shape::Text,
            "any time",
            "The time: a day, which means its start in the project's zone, or an RFC 3339 instant.",
            "2026-02-01",
        ),
        key(
            "expect",
            Shape::Group(&EXPECT),
            "required",
            "What must come out. Only what is mentioned is compared.",
            "{ lifecycle: leaver, grants: [] }",
        ),
    ],
};

const EXPECT: Group = Group {
    what: "an expectation",
    path: "tests[].expect",
    doc: "What a test expects.",
    keys: &[
        key("lifecycle", Shape::Text, "not compared", "The lifecycle state.", "leaver"),
        key(
            "roles",
            Shape::List(&Shape::Text),
            "not compared",
            "Exactly these roles, included ones too.",
            "[employee, sales]",
        ),
        key(
            "accounts",
            Shape::Named(&Shape::Choice(&["enabled", "disabled", "none"])),
            "not compared",
            "The state of accounts by `system.type`.",
            "{ directory.user: disabled }",
        ),
        key(
            "grants",
            REFERENCES,
            "not compared",
            "Exactly these entitlements.",
            "[{ directory.group: all-staff }]",
        ),
        key(
            "values",
            Shape::Named(&Shape::Any),
            "not compared",
            "Values of attributes of accounts by `system.type.attribute`.",
            "{ directory.user.title: Buyer }",
        ),
        key(
            "conflicts",
            Shape::List(&Shape::Text),
            "not compared",
            "Exactly these conflicts.",
            "[four-eyes]",
        ),
        key(
            "decisions",
            Shape::List(&Shape::Group(&DECISION)),
            "not compared",
            "What applications are answered.",
            "[{ action: edit, resource: cms.document, decision: allow, rule: cms-edit }]",
        ),
    ],
};
