//! The keys of the directory.

use crate::spec::{Group, Shape, key};

/// `directory:`
pub(crate) const DIRECTORY: Group = Group {
    what: "the directory",
    path: "directory",
    doc: "What of the repository `muster serve` shows over LDAP, and to whom. It is for reading; what is written here is all that is \
          shown.",
    keys: &[
        key(
            "base",
            Shape::Text,
            "required",
            "The distinguished name of the entry at the top.",
            "dc=tern,dc=example",
        ),
        key(
            "listen",
            Shape::Text,
            "only where the command line says so",
            "The address and port on which it listens in the clear; with a certificate of the server (`server.tls`) StartTLS is \
             offered, and nobody signs in without it from another machine.",
            "127.0.0.1:3890",
        ),
        key(
            "listen_tls",
            Shape::Text,
            "nowhere",
            "The address and port on which it listens with TLS from the first byte (LDAPS).",
            "0.0.0.0:6360",
        ),
        key(
            "entries",
            Shape::Named(&Shape::Group(&CONTAINER)),
            "required",
            "The containers of entries by name.",
            "{ people: { type: person, name: uid, classes: [inetOrgPerson], attributes: { uid: userName, cn: display, sn: familyName } } }",
        ),
        key(
            "everyone",
            Shape::Many(&Shape::Text),
            "nothing",
            "The attributes that each person who is signed in sees of everybody. Of themselves people see everything, and of \
             others everything where a role of theirs allows `people.read`.",
            "[cn, mail, memberOf]",
        ),
        key(
            "anonymous",
            Shape::Many(&Shape::Text),
            "nothing",
            "The attributes that are seen without signing in.",
            "[cn, mail]",
        ),
        key("limits", Shape::Group(&LIMITS), "", "What clients may ask of it.", "{ results: 500 }"),
    ],
};

const CONTAINER: Group = Group {
    what: "a container of the directory",
    path: "directory.entries.NAME",
    doc: "Entries of one kind below one name: entities of a type, or groups of those who hold a role.",
    keys: &[
        key("type", Shape::Text, "", "The entity type whose entities are the entries.", "person"),
        key(
            "roles",
            Shape::Many(&Shape::Text),
            "",
            "The roles that are the entries, instead of a type: each is a group of those who hold it. `*` stands for all.",
            "[employee, sales]",
        ),
        key(
            "under",
            Shape::Text,
            "`ou=` and the name",
            "The distinguished name of the container below the base.",
            "ou=people",
        ),
        key(
            "name",
            Shape::Text,
            "cn",
            "The attribute that names the entries. For entities it is made of one unique attribute, so that no two have one name.",
            "uid",
        ),
        key(
            "classes",
            Shape::Many(&Shape::Text),
            "required",
            "The object classes of the entries.",
            "[inetOrgPerson, posixAccount]",
        ),
        key(
            "when",
            Shape::Expression,
            "identities that may use what they hold; everything of other types",
            "Which entities are there.",
            "person.lifecycle == 'active'",
        ),
        key(
            "attributes",
            Shape::Named(&Shape::Expression),
            "",
            "The attributes of the entries, each with what it is made of. A link becomes the name of the entry that it leads to.",
            "{ uid: userName, cn: display, sn: familyName, manager: manager }",
        ),
        key(
            "members",
            Shape::Many(&Shape::Text),
            "no groups",
            "The attributes of the type that lead to the members: the entries are groups then. A member that is a group itself \
             makes a nested one.",
            "[members, children]",
        ),
        key(
            "numbers",
            Shape::Named(&Shape::Number(0, 4_294_967_295)),
            "no POSIX groups",
            "The `gidNumber` of roles; those that have one are POSIX groups too.",
            "{ sales: 5001 }",
        ),
    ],
};

const LIMITS: Group = Group {
    what: "the directory's limits",
    path: "directory.limits",
    doc: "What clients may ask of the directory.",
    keys: &[
        key(
            "connections",
            Shape::Number(1, 1_000_000),
            "1024",
            "Connections at the same time; more are refused.",
            "200",
        ),
        key("message", Shape::Number(1_024, 1 << 24), "65536", "Bytes of a message.", "16384"),
        key(
            "results",
            Shape::Number(1, 1_000_000),
            "1000",
            "Entries of an answer, or of a page of it.",
            "500",
        ),
        key("time", Shape::Duration, "10s", "How long a search may take.", "5s"),
        key("idle", Shape::Duration, "15m", "How long a connection may be silent.", "5m"),
    ],
};
