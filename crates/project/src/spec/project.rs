//! The keys of a project and of entity types.

use crate::spec::{
    Group, Key, Shape,
    access::{CONFLICT, REFERENCES, ROLE, TEST},
    access_review::ACCESS_REVIEW,
    application::APPLICATION,
    audit::{AUDIT, SEALING},
    decision::{ACCESS, APP},
    directory::DIRECTORY,
    form::FORM,
    guests::GUESTS,
    key,
    notices::NOTICES,
    server::SERVER,
    sign_in::{SIGN_IN, TYPE_SIGN_IN},
    system::SYSTEM,
    webhook::WEBHOOK,
    workflow::{MAIL_SERVER, WORKFLOW},
};

/// The types an attribute may have.
pub(crate) const VALUE_TYPES: &[&str] =
    &["string", "int", "float", "bool", "date", "datetime", "binary", "uuid", "link"];

/// The top level of every file.
pub(crate) const PROJECT: Group = Group {
    what: "a model file",
    path: "top level",
    doc: "Any file may hold any of these keys. What is said in several files or documents is put together; a name that is \
          defined twice is an error.",
    keys: PROJECT_KEYS,
};

const PROJECT_KEYS: &[Key] = &[
    key(
        "muster",
        Shape::Number(1, u64::MAX),
        "required",
        "The version of the file format. Stands exactly once in a project; the present version is 1.",
        "1",
    ),
    key(
        "timezone",
        Shape::Text,
        "UTC",
        "The IANA time zone in which days start and end, unless the identity has its own.",
        "Europe/Berlin",
    ),
    key(
        "store",
        Shape::Text,
        "chosen on the command line",
        "Where the repository is kept: `sqlite:` and a path, or a `postgres://` address. `--store` overrides it.",
        "sqlite:muster.db",
    ),
    key(
        "url",
        Shape::Text,
        "not told to others",
        "Where others reach this Muster. Documents that name its addresses take them from here, never from a request.",
        "https://muster.tern.example",
    ),
    key(
        "server",
        Shape::Group(&SERVER),
        "what the command line says",
        "How `muster serve` answers. Stands at most once in a project.",
        "{ listen: \"0.0.0.0:8443\", tls: { certificate: chain.pem, key: key.pem } }",
    ),
    key(
        "sign_in",
        Shape::Group(&SIGN_IN),
        "",
        "What holds for all sign-ins: hashing, new passwords, lockout, sessions. Stands at most once in a project.",
        "{ passwords: { shortest: 15 }, sessions: { idle: 30m } }",
    ),
    key(
        "types",
        Shape::Named(&Shape::Group(&TYPE)),
        "",
        "The entity types by name. A name is a word of letters, digits and `_`, since expressions use it.",
        "{ person: { identity: true, key: id, attributes: { id: { type: string, unique: true } } } }",
    ),
    key(
        "systems",
        Shape::Named(&Shape::Group(&SYSTEM)),
        "",
        "The connected systems by name.",
        "{ hr: { connector: csv, settings: { path: hr.csv } } }",
    ),
    key(
        "roles",
        Shape::Named(&Shape::Group(&ROLE)),
        "",
        "The roles by name.",
        "{ employee: { when: \"person.lifecycle == 'active'\", grants: [directory.user] } }",
    ),
    key(
        "duties",
        Shape::Named(&REFERENCES),
        "",
        "Duties by name: the entitlements that make one duty.",
        "{ pay-create: [{ ledger.profile: create-payment }] }",
    ),
    key(
        "conflicts",
        Shape::Named(&Shape::Group(&CONFLICT)),
        "",
        "Duties that one identity must not hold together.",
        "{ four-eyes: { between: [pay-create, pay-approve], on: block } }",
    ),
    key(
        "reviews",
        Shape::Named(&Shape::Group(&ACCESS_REVIEW)),
        "",
        "The access reviews by name: who decides when about what people have.",
        "{ ledger: { scope: { systems: [ledger] }, stages: [manager], fallback: security-desk } }",
    ),
    key(
        "apps",
        Shape::Named(&Shape::Group(&APP)),
        "",
        "The applications that ask for decisions, by name.",
        "{ cms: { resources: { document: { actions: [read, edit] } } } }",
    ),
    key(
        "access",
        Shape::Named(&Shape::Group(&ACCESS)),
        "",
        "The rules of access by name.",
        "{ cms-edit: { app: cms, actions: [read, edit], role: cms-editor } }",
    ),
    key(
        "applications",
        Shape::Named(&Shape::Group(&APPLICATION)),
        "",
        "The applications that rely on Muster for sign-in or for tokens, by name.",
        "{ wiki: { redirect_uris: \"https://wiki.tern.example/oidc\", system: wiki } }",
    ),
    key(
        "workflows",
        Shape::Named(&Shape::Group(&WORKFLOW)),
        "",
        "Lifecycle workflows by name.",
        "{ welcome: { on: { date: person.startDate }, tasks: [{ note: { text: began } }] } }",
    ),
    key(
        "forms",
        Shape::Named(&Shape::Group(&FORM)),
        "",
        "What people enter by forms, step by step, by name.",
        "{ add-staff: { title: Somebody new, for: staff, fields: { name: {} }, steps: { enter: { role: hr, fields: [name] } } } }",
    ),
    key(
        "mail",
        Shape::Group(&MAIL_SERVER),
        "no mail is sent",
        "How workflows send mail. Stands at most once in a project.",
        "{ from: \"Muster <muster@tern.example>\", host: mail.tern.example }",
    ),
    key(
        "webhooks",
        Shape::Named(&Shape::Group(&WEBHOOK)),
        "",
        "Addresses by name that events are posted to.",
        "{ chat: { url: \"https://hooks.tern.example/muster\", secret: { env: HOOK_SECRET } } }",
    ),
    key(
        "audit",
        Shape::Group(&AUDIT),
        "no checkpoints, no exports",
        "How the journal is signed and where it goes. Stands at most once in a project.",
        "{ key: /etc/muster/journal.key, exports: { siem: { syslog: \"siem.tern.example:601\" } } }",
    ),
    key(
        "sealing",
        Shape::Group(&SEALING),
        "`muster.key` in the project folder",
        "How secrets are sealed in the store. Stands at most once in a project.",
        "{ key: /etc/muster/sealing.key }",
    ),
    key(
        "directory",
        Shape::Group(&DIRECTORY),
        "nothing is served over LDAP",
        "What is served over LDAP. Stands at most once in a project.",
        "{ base: \"dc=tern,dc=example\", entries: { people: { type: person, name: uid, classes: [inetOrgPerson] } } }",
    ),
    key(
        "guests",
        Shape::Group(&GUESTS),
        "nobody is invited",
        "People of other organisations: from which, how long they stay, who answers for them. Stands at most once in a project.",
        "{ type: visitor, mail: mail, organisations: { nordlys: { domains: [nordlys.example], sponsors: account-manager, fallback: mia } } }",
    ),
    key(
        "notices",
        Shape::Group(&NOTICES),
        "",
        "How people are told what waits for them. Stands at most once in a project.",
        "{ link: 2d }",
    ),
    key(
        "tests",
        Shape::List(&Shape::Group(&TEST)),
        "",
        "Policy tests; `muster test` runs them.",
        "[{ name: a leaver keeps nothing, given: { person: { id: \"1\" } }, expect: { grants: [] } }]",
    ),
];

const TYPE: Group = Group {
    what: "an entity type",
    path: "types.NAME",
    doc: "A kind of thing: person, department, application. Every type has the built-in attribute `display`; identity \
          types have the built-in attribute `lifecycle` too.",
    keys: &[
        key(
            "description",
            Shape::Text,
            "",
            "What the type is, for people.",
            "Everybody who works here",
        ),
        key(
            "identity",
            Shape::Bool,
            "false",
            "Whether entities of the type may hold accounts.",
            "true",
        ),
        key(
            "key",
            Shape::Text,
            "required",
            "The attribute that names an entity to people and to links. It has to be `unique`.",
            "employeeId",
        ),
        key(
            "display",
            Shape::Expression,
            "the key",
            "How an entity is shown. Its value is the built-in attribute `display`.",
            "givenName + \" \" + familyName",
        ),
        key(
            "timezone",
            Shape::Text,
            "the zone of the project",
            "The attribute that holds the entity's own IANA time zone.",
            "zone",
        ),
        key(
            "owner",
            Shape::Text,
            "nobody",
            "The link attribute that leads to whoever answers for an entity. `muster orphans --owners` lists those whose \
             owner has left; what they own stays as it is.",
            "owner",
        ),
        key(
            "attributes",
            Shape::Named(&Shape::Group(&ATTRIBUTE)),
            "required",
            "The attributes by name.",
            "{ employeeId: { type: string, unique: true } }",
        ),
        key(
            "lifecycle",
            Shape::Named(&Shape::Group(&STATE)),
            "`active: { when: \"true\" }`",
            "The lifecycle states of an identity type in order. The first one whose condition holds is the state.",
            "{ leaver: { when: \"endDate != null && now >= end_of(endDate)\" }, active: { when: \"true\" } }",
        ),
        key(
            "retention",
            Shape::Group(&RETENTION),
            "kept for good",
            "What happens in time to those whose lifecycle has ended. Only for identity types.",
            "{ delete: 30d, anonymise: 3650d }",
        ),
        key(
            "local",
            Shape::Group(&LOCAL),
            "nothing is asked of them",
            "What entities of the type need that are entered by hand: visitors, contractors without a system of record.",
            "{ sponsor: sponsor, until: endDate }",
        ),
        key(
            "scim",
            Shape::Group(&SCIM),
            "by name",
            "What the type and its attributes are for SCIM clients, where that does not follow from their names.",
            "{ resource: User, attributes: { salary: none } }",
        ),
        key(
            "sign_in",
            Shape::Group(&TYPE_SIGN_IN),
            "whoever works, by any unique text",
            "Who of an identity type may sign in, and under which name.",
            "{ name: [userName, mail], states: [active] }",
        ),
    ],
};

const SCIM: Group = Group {
    what: "what a type is in SCIM",
    path: "types.NAME.scim",
    doc: "What the type and its attributes are for SCIM clients. Whatever is not said here follows from the names, and \
          `GET /scim/v2/Schemas` shows the result.",
    keys: &[
        key(
            "resource",
            Shape::Text,
            "`User` for the first identity type, `Group` for the type `group`",
            "The resource type: `User`, `Group`, a name of your own, or `none` for a type that is not shown.",
            "Device",
        ),
        key(
            "endpoint",
            Shape::Text,
            "the resource type with an `s`",
            "Where resources of a type of your own lie, below `/scim/v2`.",
            "Devices",
        ),
        key(
            "extension",
            Shape::Text,
            "`urn:muster:params:scim:schemas:extension:TYPE:2.0:RESOURCE`",
            "The URN of the extension that holds the attributes which the RFCs do not know. It ends in a version and a name.",
            "urn:tern:scim:schemas:person:2.0:User",
        ),
        key(
            "attributes",
            Shape::Named(&Shape::Text),
            "by name",
            "The path of an attribute, or `none` for one that is not shown.",
            "{ mail: 'emails[type eq \"work\"].value', salary: none }",
        ),
        key(
            "hook",
            Shape::Group(&HOOK),
            "nobody is asked",
            "Who is asked before a client creates, changes or deletes something: a program or a service. It may refuse, or change what is said.",
            "{ run: [hooks/check-person.py], timeout: 5s }",
        ),
    ],
};

const HOOK: Group = Group {
    what: "a hook",
    path: "types.NAME.scim.hook",
    doc: "A program that reads one JSON document on standard input and answers one on standard output, or a service that is \
          posted the document, signed, and answers one with status 200: `{}` lets the operation pass, `{ \"reject\": \"why\" }` refuses it, `{ \"data\": { … } }` puts this in place of what was said. When it fails, \
          takes too long or answers anything else, nothing is changed.",
    keys: &[
        key(
            "run",
            Shape::Many(&Shape::Text),
            "",
            "The program and its arguments. A name with `/` is a path within the project.",
            "[hooks/check-person.py]",
        ),
        key(
            "url",
            Shape::Text,
            "",
            "The address of the service, in the place of a program.",
            "https://hooks.tern.example/person",
        ),
        key(
            "secret",
            Shape::Settings,
            "required with `url`",
            "The secret of the signature: `whsec_` and Base64, as Standard Webhooks have it.",
            "{ env: HOOK_SECRET }",
        ),
        key(
            "auth",
            Shape::Settings,
            "none",
            "How to sign in, as for connectors that speak HTTP.",
            "{ bearer: { env: HOOK_TOKEN } }",
        ),
        key(
            "tls",
            Shape::Settings,
            "the system's authorities",
            "Whom to trust, as for connectors that speak HTTP.",
            "{ ca: ca.pem }",
        ),
        key(
            "allow_private",
            Shape::Bool,
            "false",
            "Whether the address may lead into a private network or to this machine.",
            "true",
        ),
        key(
            "allow_plain",
            Shape::Bool,
            "false",
            "Whether an address without TLS may be used outside of this machine.",
            "true",
        ),
        key("timeout", Shape::Duration, "10s", "How long it may take.", "5s"),
    ],
};

const LOCAL: Group = Group {
    what: "what entities entered by hand need",
    path: "types.NAME.local",
    doc: "What every entity has to have that is entered by hand and that no connected source has a record of.",
    keys: &[
        key(
            "sponsor",
            Shape::Text,
            "required",
            "The attribute that links to the active identity who answers for the entity.",
            "sponsor",
        ),
        key(
            "until",
            Shape::Text,
            "required",
            "The attribute, of type `date` or `datetime`, on which the entity ends unless the sponsor confirms it before.",
            "endDate",
        ),
    ],
};

const ATTRIBUTE: Group = Group {
    what: "an attribute",
    path: "types.NAME.attributes.NAME",
    doc: "A typed property of an entity type, or a link to another entity.",
    keys: &[
        key("type", Shape::Choice(VALUE_TYPES), "required", "The type of a value.", "string"),
        key("description", Shape::Text, "", "What it holds, for people.", "As in the contract"),
        key(
            "unique",
            Shape::Bool,
            "false",
            "Whether no two entities of the type may have the same value.",
            "true",
        ),
        key(
            "required",
            Shape::Bool,
            "false",
            "Whether an entity without a value is incomplete.",
            "true",
        ),
        key("many", Shape::Bool, "false", "Whether it may hold several values.", "true"),
        key(
            "choices",
            Shape::List(&Shape::Text),
            "all values",
            "The values that are allowed. Only for type `string`.",
            "[active, terminated]",
        ),
        key(
            "generate",
            Shape::Many(&Shape::Expression),
            "",
            "Candidates in order. The first value that nobody else has is taken once and then kept. A candidate \
             that reads `n` is tried with `n` = 1, 2, 3 … Only for type `string`.",
            "[\"lower(givenName)\", \"lower(givenName) + string(n)\"]",
        ),
        key(
            "authority",
            Shape::List(&Shape::Text),
            "the one source that owns it",
            "The systems that may give the value, in order: the first one that has a record of the entity with a value \
             counts.",
            "[hr, mail]",
        ),
        key(
            "compute",
            Shape::Expression,
            "",
            "The value, worked out each time it is needed.",
            "userName + \"@tern.example\"",
        ),
        key(
            "to",
            Shape::Text,
            "required for type `link`",
            "The entity type that a link leads to.",
            "department",
        ),
        key(
            "inverse",
            Shape::Text,
            "",
            "The name of the attribute that the other type gets: all entities that link to it.",
            "members",
        ),
    ],
};

const STATE: Group = Group {
    what: "a lifecycle state",
    path: "types.NAME.lifecycle.NAME",
    doc: "A state of the lifecycle.",
    keys: &[
        key(
            "when",
            Shape::Expression,
            "required",
            "The condition. It may compare with `now`.",
            "endDate != null && now >= end_of(endDate)",
        ),
        key(
            "fact",
            Shape::Choice(&["terminated", "suspended"]),
            "`terminated` for a state `leaver`, `suspended` for a state `suspended`, otherwise none",
            "What a person can say by hand that leads to this state. `terminated` comes before all other states and is the \
             end of the lifecycle; `suspended` counts where the state stands.",
            "terminated",
        ),
    ],
};

const RETENTION: Group = Group {
    what: "a retention",
    path: "types.NAME.retention",
    doc: "What happens in time to those whose lifecycle has ended: who is in the state that `fact: terminated` leads to.",
    keys: &[
        key(
            "delete",
            Shape::Duration,
            "required",
            "How long after the state began the identity is deleted: every account goes. `muster people restore` brings it \
             back.",
            "30d",
        ),
        key(
            "anonymise",
            Shape::Duration,
            "never",
            "How long after the state began personal attributes are erased for good, the journal's too. Not before `delete`.",
            "3650d",
        ),
    ],
};
