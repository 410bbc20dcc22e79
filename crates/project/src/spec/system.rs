//! The keys of systems: accounts, entitlements, guards.

use crate::spec::{
    Group, Key, Shape,
    guard::{GUARDS, REVIEW},
    key,
    read::{COLUMN, MATCH, READ, SUGGEST, SUGGEST_DOC},
};

/// The types a column or an attribute of an account may have.
pub(super) const COLUMN_TYPES: &[&str] =
    &["string", "int", "float", "bool", "date", "datetime", "binary", "uuid"];

/// A connected system.
pub(crate) const SYSTEM: Group = Group {
    what: "a system",
    path: "systems.NAME",
    doc: "Something Muster is connected to. It is a source when it has `reads`, a target when it has `accounts`.",
    keys: SYSTEM_KEYS,
};

const SYSTEM_KEYS: &[Key] = &[
    key("description", Shape::Text, "", "What the system is, for people.", "The company directory"),
    key("connector", Shape::Text, "required", "The kind of connector.", "csv"),
    key(
        "settings",
        Shape::Settings,
        "none",
        "The connector's settings; its chapter lists them. A secret is `{ env: NAME }` or `{ file: PATH }`, never the \
         secret itself.",
        "{ path: data/hr.csv, key: emp_no }",
    ),
    key(
        "agent",
        Shape::Text,
        "none",
        "The agent inside another network that reaches the system: the name of the client that its token was made for.",
        "plant",
    ),
    key(
        "mode",
        Shape::Choice(&["observe", "propose", "enforce"]),
        "propose",
        "What may be done: `observe` only reports, `propose` makes plans that a person applies, `enforce` also repairs \
         drift.",
        "enforce",
    ),
    key(
        "chaos",
        Shape::Settings,
        "none",
        "Makes the connector fail and dawdle on purpose, to try things out.",
        "{ seed: 7, fail: 5, delay: 10ms }",
    ),
    key(
        "reads",
        Shape::Named(&Shape::Group(&READ)),
        "none",
        "What the system tells, by entity type.",
        "{ person: { owns: { employeeId: record.emp_no } } }",
    ),
    key(
        "accounts",
        Shape::Named(&Shape::Group(&ACCOUNT)),
        "none",
        "The account types by name. `directory.user` is the account type `user` of the system `directory`.",
        "{ user: { for: person, name: person.userName } }",
    ),
    key(
        "classify",
        Shape::Many(&Shape::Group(&CLASSIFY)),
        "every object is what its account type's class says",
        "Which account type an object is that several account types of one object class could be: rules in order, the first \
         one that holds decides. What no rule takes is of the account types that no rule names.",
        "[{ when: \"uid.startsWith('adm.')\", as: admin }]",
    ),
    key(
        "entitlements",
        Shape::Named(&Shape::Group(&ENTITLEMENT)),
        "none",
        "The kinds of entitlement by name.",
        "{ group: { object: groupOfNames, members: member } }",
    ),
    key(
        "guards",
        Shape::Group(&GUARDS),
        "see below",
        "Limits on what one plan, and the plans of a day together, may do.",
        "{ disable: { max: 5, percent: 2 }, delete: none }",
    ),
    key(
        "review",
        Shape::Many(&Shape::Group(&REVIEW)),
        "nothing waits",
        "Operations that wait for a second person before they go out: rules in order, the first one that is about an \
         operation decides.",
        "[{ accounts: [admin] }, { entitlements: { group: [domain-admins] }, by: [dana, jo] }]",
    ),
    key(
        "after",
        Shape::Many(&Shape::Text),
        "none",
        "Systems that come first: an account of an identity is made here only when the accounts planned for it there are \
         made, and deleted there only when it is deleted here.",
        "[directory]",
    ),
    key(
        "rate",
        Shape::Text,
        "as fast as it answers",
        "The most calls in a second, a minute or an hour: `50/s`, `600/m`, `1000/h`.",
        "50/s",
    ),
    key(
        "parallel",
        Shape::Number(1, 1000),
        "what the connector does",
        "The most calls under way at once.",
        "4",
    ),
    key(
        "delivery",
        Shape::Choice(&["blocking", "background"]),
        "blocking",
        "What a command does when the system fails: with `blocking` it fails too and says so, with `background` the \
         operations wait in the queue and the command is done.",
        "background",
    ),
    key(
        "every",
        Shape::Duration,
        "not by itself",
        "How often `muster run` reads the system.",
        "5m",
    ),
    key(
        "at",
        Shape::Text,
        "",
        "At which times `muster run` reads the system, in the five fields of cron: minute, hour, day, month, day of the week. A \
         time that the clocks skip comes as soon as they have; one that was missed is made up for once.",
        "0 6 * * 1-5",
    ),
    key("timezone", Shape::Text, "the project's", "The IANA time zone of `at`.", "Europe/Berlin"),
    key(
        "complete_every",
        Shape::Duration,
        "1d",
        "How often all accounts and entitlements are read, where the connector can tell what changed in between. A read of a source has `complete` for that.",
        "1d",
    ),
    key(
        "leaver_alarm",
        Shape::Duration,
        "5m",
        "How long somebody who left may still be able to use an account here before `muster run` raises an alarm.",
        "1h",
    ),
    key(
        "drift",
        Shape::Group(&DRIFT),
        "it waits until somebody decides",
        "What becomes of changes that somebody made outside.",
        "{ decline_after: 14d }",
    ),
];

const CLASSIFY: Group = Group {
    what: "a rule of classification",
    path: "systems.NAME.classify[]",
    doc: "Which account type an object is. Bare names are attributes of the object, all of them text.",
    keys: &[
        key("when", Shape::Expression, "always", "When it holds.", "uid.startsWith('adm.')"),
        key("as", Shape::Text, "required", "The account type.", "admin"),
    ],
};

const DRIFT: Group = Group {
    what: "what becomes of drift",
    path: "systems.NAME.drift",
    doc: "What becomes of changes that somebody made outside. With `mode: enforce` the next plan puts them right anyway.",
    keys: &[key(
        "decline_after",
        Shape::Duration,
        "never",
        "How long a change waits for a decision; after that the next plan puts it right.",
        "14d",
    )],
};

const ACCOUNT: Group = Group {
    what: "an account type",
    path: "systems.NAME.accounts.NAME",
    doc: "A kind of account on the system. Expressions read the identity by the name of its type: `person.userName`.",
    keys: &[
        key(
            "for",
            Shape::Text,
            "the only identity type",
            "The identity type that may hold it.",
            "person",
        ),
        key(
            "object",
            Shape::Text,
            "\"\"",
            "The object class, for connectors that have several.",
            "inetOrgPerson",
        ),
        key(
            "columns",
            Shape::Named(&Shape::Group(&COLUMN)),
            "every attribute is text",
            "The types of attributes that `match` reads and that are not text.",
            "{ badge: { type: int } }",
        ),
        key(
            "match",
            Shape::Many(&Shape::Group(&MATCH)),
            "accounts are never matched",
            "How an account finds its identity: rules in order. Bare names are attributes of the account.",
            "[{ on: uid == person.userName }]",
        ),
        key(
            "name",
            Shape::Expression,
            "required",
            "The name the account should have on the system.",
            "dn(\"uid\", person.userName, \"ou=people\")",
        ),
        key(
            "set",
            Shape::Named(&Shape::Either(&[Shape::Expression, Shape::Group(&SET)])),
            "nothing",
            "The attributes the account should have.",
            "{ uid: person.userName, title: person.title }",
        ),
        key(
            "states",
            Shape::Named(&Shape::Group(&EFFECT)),
            "what roles grant",
            "What a lifecycle state means for the account. `{}` is an account that is enabled and keeps what roles grant.",
            "{ active: {}, leaver: { enabled: false, entitlements: none, delete_after: 30d } }",
        ),
        key(
            "unassigned",
            Shape::Group(&EFFECT),
            "disabled without entitlements, deleted after 30 days; deleted at once where the connector cannot disable",
            "What happens when no role grants the account any more.",
            "{ enabled: false, entitlements: none, delete_after: 30d }",
        ),
        key(
            "manage",
            Shape::Choice(&["all", "attributes"]),
            "all",
            "What is kept right: `attributes` writes only the attributes of accounts that are there and linked; accounts \
             are never made, switched, renamed or deleted. That is how values go back to a source.",
            "attributes",
        ),
        key(
            "several",
            Shape::Bool,
            "false",
            "Whether an identity may have several accounts of the type. All of them end with the identity; names and \
             attributes are kept right on the first one.",
            "true",
        ),
        key("suggest", SUGGEST, "best", SUGGEST_DOC, "all"),
        key(
            "last_used",
            Shape::Expression,
            "not known",
            "When an account was last used: an instant, worked out from the attributes of the account, which are text here.",
            "datetime(last_login)",
        ),
        key(
            "idle",
            Shape::Group(&IDLE),
            "accounts may rest for ever",
            "When an account that nobody uses is disabled. It keeps what roles grant, and is enabled again when somebody \
             says `muster people used`.",
            "{ after: 60d, warn: 7d }",
        ),
    ],
};

const IDLE: Group = Group {
    what: "what becomes of accounts that nobody uses",
    path: "systems.NAME.accounts.NAME.idle",
    doc: "When an account that nobody uses is disabled. Needs `last_used`; one that was never used counts from the day it became known.",
    keys: &[
        key(
            "after",
            Shape::Duration,
            "required",
            "So long after it was last used. Active Directory tells the last use up to 14 days late.",
            "60d",
        ),
        key(
            "warn",
            Shape::Duration,
            "nobody is warned",
            "So long before, workflows with `on: { idle: … }` begin.",
            "7d",
        ),
    ],
};

const SET: Group = Group {
    what: "an attribute of an account",
    path: "systems.NAME.accounts.NAME.set.NAME",
    doc: "The long form of an attribute of an account.",
    keys: &[
        key("value", Shape::Expression, "required", "The value.", "person.employeeId"),
        key(
            "type",
            Shape::Choice(COLUMN_TYPES),
            "the type of the expression",
            "The type of a value on the system.",
            "string",
        ),
        key(
            "many",
            Shape::Bool,
            "as the expression",
            "Whether it may hold several values.",
            "true",
        ),
        key(
            "on",
            Shape::Choice(&["create", "always"]),
            "always",
            "`create` sets it once when the account is made and leaves it alone after.",
            "create",
        ),
    ],
};

const EFFECT: Group = Group {
    what: "what a state means for an account",
    path: "systems.NAME.accounts.NAME.states.STATE",
    doc: "What a lifecycle state, or being unassigned, means for an account.",
    keys: &[
        key(
            "prepare",
            Shape::Duration,
            "not before",
            "For a state before work begins: how long before the state ends the account is made, with what roles will \
             grant then.",
            "3d",
        ),
        key(
            "enabled",
            Shape::Bool,
            "true in `states`; false in `unassigned` where the connector can disable",
            "Whether the account can be used.",
            "false",
        ),
        key(
            "entitlements",
            Shape::Choice(&["keep", "none"]),
            "keep in `states`, none in `unassigned`",
            "Whether it keeps what roles grant.",
            "none",
        ),
        key(
            "delete_after",
            Shape::Duration,
            "never",
            "How long after the state began the account is deleted; `0d` at once.",
            "30d",
        ),
    ],
};

const ENTITLEMENT: Group = Group {
    what: "a kind of entitlement",
    path: "systems.NAME.entitlements.NAME",
    doc: "Something grantable on the system. Who holds it is kept either on its own object (`members`) or on the account \
          (`attribute`).",
    keys: &[
        key("object", Shape::Text, "\"\"", "The object class.", "groupOfNames"),
        key(
            "members",
            Shape::Text,
            "",
            "The attribute of the object that lists the accounts.",
            "member",
        ),
        key(
            "attribute",
            Shape::Text,
            "",
            "The attribute of the account that lists the entitlements.",
            "groups",
        ),
        key(
            "name",
            Shape::Expression,
            "the name itself",
            "The name of the object; `name` is the entitlement's name in the model.",
            "dn(\"cn\", name, \"ou=groups\")",
        ),
        key(
            "create",
            Shape::Bool,
            "false",
            "Whether an entitlement that does not exist yet is created.",
            "true",
        ),
        key(
            "account",
            Shape::Text,
            "the only account type of the system",
            "The account type that holds it.",
            "user",
        ),
    ],
};
