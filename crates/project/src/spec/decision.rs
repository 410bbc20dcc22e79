//! The keys of applications, of rules of access and of the decisions that tests expect.

use crate::spec::{Group, Shape, access::REFERENCES, key, read::COLUMN};

const PROPERTIES: Shape = Shape::Named(&Shape::Group(&COLUMN));

/// An application.
pub(crate) const APP: Group = Group {
    what: "an application",
    path: "apps.NAME",
    doc: "An application that asks what somebody may do. It says what can be done to what, and what it tells with a question.",
    keys: &[
        key(
            "description",
            Shape::Text,
            "",
            "What it is, for people.",
            "The website's editors work here",
        ),
        key(
            "resources",
            Shape::Named(&Shape::Group(&RESOURCE)),
            "required",
            "The types of resource by name. Questions name one as `app.type`, or as `type` where no other application has \
             one of that name.",
            "{ document: { actions: [read, edit], properties: { owner: { type: string } } } }",
        ),
        key(
            "subject",
            PROPERTIES,
            "none",
            "What the application may say of whoever acts, beside what the repository knows: `subject.NAME`.",
            "{ clearance: { type: int } }",
        ),
        key(
            "environment",
            PROPERTIES,
            "none",
            "What it may say of the circumstances: `environment.NAME`.",
            "{ ip: { type: string }, device: { type: string } }",
        ),
    ],
};

const RESOURCE: Group = Group {
    what: "a type of resource",
    path: "apps.NAME.resources.NAME",
    doc: "Something that can be acted on.",
    keys: &[
        key(
            "actions",
            Shape::List(&Shape::Text),
            "required",
            "What can be done to it.",
            "[read, edit, publish]",
        ),
        key(
            "properties",
            PROPERTIES,
            "none",
            "What the application says of one: `resource.NAME`. Two types of an application that have a property of one \
             name have it with one type.",
            "{ owner: { type: string }, level: { type: int } }",
        ),
        key(
            "entity",
            Shape::Text,
            "none",
            "The entity type whose entities the resources are. Their ids are keys, and `resource.NAME` reads an attribute \
             of the repository; nothing is taken from the question.",
            "person",
        ),
    ],
};

/// A rule of access.
pub(crate) const ACCESS: Group = Group {
    what: "a rule of access",
    path: "access.NAME",
    doc: "Who may do what. What no rule allows is denied; a rule that denies comes before all that allow. A rule that needs \
          a missing value never allows, and denies if it is one that denies.",
    keys: &[
        key("app", Shape::Text, "all applications", "The application.", "cms"),
        key(
            "resource",
            Shape::Many(&Shape::Text),
            "all of the application",
            "The types of resource. With exactly one, `resource.NAME` may read its properties.",
            "document",
        ),
        key("actions", Shape::Many(&Shape::Text), "all", "The actions.", "[read, edit]"),
        key("for", Shape::Text, "every subject", "The identity type it is about.", "person"),
        key(
            "role",
            Shape::Many(&Shape::Text),
            "no role is needed",
            "A role that the subject holds; of several, one is enough.",
            "cms-editor",
        ),
        key(
            "entitlement",
            REFERENCES,
            "no entitlement is needed",
            "An entitlement that the subject holds; of several, one is enough.",
            "[{ directory.group: editors }]",
        ),
        key(
            "allow",
            Shape::Expression,
            "`true` with a `role` or an `entitlement`",
            "Allows when it holds. It reads `subject`, `resource`, `environment` and the identity by the name of its type.",
            "resource.owner == subject.id",
        ),
        key(
            "deny",
            Shape::Expression,
            "the rule allows",
            "Denies when it holds, whatever other rules say.",
            "resource.level > subject.clearance",
        ),
        key(
            "states",
            Shape::Many(&Shape::Text),
            "`active`, or all but those of the terminated and the suspended where there is none",
            "The lifecycle states in which the rule may allow. A rule that denies does so in every state.",
            "[planned, active]",
        ),
        key(
            "unknown",
            Shape::Bool,
            "false",
            "Whether it may allow subjects that the repository does not know.",
            "true",
        ),
        key(
            "reason",
            Shape::Text,
            "none",
            "Why, for whoever is allowed or denied by it.",
            "Editors work from the office",
        ),
    ],
};

/// A decision that a test expects.
pub(crate) const DECISION: Group = Group {
    what: "an expected decision",
    path: "tests[].expect.decisions[]",
    doc: "What an application that asks about the tested identity is answered.",
    keys: &[
        key("action", Shape::Text, "required", "The action.", "edit"),
        key(
            "resource",
            Shape::Text,
            "required",
            "The type of resource, as `app.type` or as `type`.",
            "cms.document",
        ),
        key("id", Shape::Text, "empty", "The id of the resource.", "\"4711\""),
        key(
            "properties",
            Shape::Named(&Shape::Any),
            "none",
            "What is said of the resource.",
            "{ owner: ada, level: 3 }",
        ),
        key(
            "subject",
            Shape::Named(&Shape::Any),
            "none",
            "What the application says of the subject.",
            "{ clearance: 2 }",
        ),
        key(
            "environment",
            Shape::Named(&Shape::Any),
            "none",
            "What is said of the circumstances.",
            "{ ip: 10.0.0.7 }",
        ),
        key(
            "unknown",
            Shape::Bool,
            "false",
            "Whether the subject is one that the repository does not know.",
            "true",
        ),
        key(
            "decision",
            Shape::Choice(&["allow", "deny"]),
            "required",
            "What the answer has to be.",
            "allow",
        ),
        key("rule", Shape::Text, "not compared", "The rule that has to decide.", "cms-edit"),
    ],
};
