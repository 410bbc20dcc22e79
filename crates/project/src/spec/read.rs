//! The keys of reads: columns, matching, what becomes of those who vanish, guards.

use crate::spec::{Group, Shape, guard::LIMIT_SHAPE, key, system::COLUMN_TYPES};

pub(super) const READ: Group = Group {
    what: "a read",
    path: "systems.NAME.reads.TYPE",
    doc: "What a source tells about one entity type. Its expressions read the columns of a record as `record.column`.",
    keys: &[
        key(
            "class",
            Shape::Text,
            "\"\"",
            "The object class to read, for connectors that have several.",
            "inetOrgPerson",
        ),
        key(
            "columns",
            Shape::Named(&Shape::Group(&COLUMN)),
            "every column is text",
            "The types of columns that are not text or hold several values.",
            "{ tags: { type: string, many: true } }",
        ),
        key(
            "match",
            Shape::Many(&Shape::Group(&MATCH)),
            "the key attribute equals what `owns` says of it",
            "How a record finds its entity: rules in order. Bare names are attributes of the entity.",
            "[{ on: employeeId == record.emp_no }]",
        ),
        key(
            "owns",
            Shape::Named(&Shape::Expression),
            "nothing",
            "The attributes that this source is the authority for, each with its value. Text is turned into the \
             attribute's type; a value that cannot be is reported with its record.",
            "{ employeeId: record.emp_no, startDate: date(record.start, \"%d.%m.%Y\") }",
        ),
        key(
            "incremental",
            Shape::Bool,
            "true where the connector can",
            "Whether only what changed since the last read is read.",
            "false",
        ),
        key(
            "complete",
            Shape::Duration,
            "7d",
            "With incremental reads: how long after the last complete read the next one is complete again.",
            "1d",
        ),
        key("suggest", SUGGEST, "best", SUGGEST_DOC, "all"),
        key(
            "absent",
            Shape::Group(&ABSENT),
            "nothing happens",
            "What it means that the record of an entity is no longer in a complete read. Only for identity types.",
            "{ keep: 30d, state: leaver }",
        ),
        key(
            "guards",
            Shape::Group(&READ_GUARDS),
            "see below",
            "Limits on what one read may change.",
            "{ absent: { max: 5, percent: 2 } }",
        ),
    ],
};

pub(super) const SUGGEST: Shape = Shape::Choice(&["best", "all"]);

pub(super) const SUGGEST_DOC: &str = "Which candidates of correlation a person is asked about: only the `best` one where it is not \
                           sure, or `all` of them, so that nothing is linked where there could be a choice.";

/// A column with its type.
pub(crate) const COLUMN: Group = Group {
    what: "a column",
    path: "….columns.NAME",
    doc: "The type of a column of a record or of an attribute of an account.",
    keys: &[
        key("type", Shape::Choice(COLUMN_TYPES), "string", "The type of a value.", "date"),
        key("many", Shape::Bool, "false", "Whether it may hold several values.", "true"),
    ],
};

pub(super) const MATCH: Group = Group {
    what: "a matching rule",
    path: "….match[]",
    doc: "One rule of correlation. The values on both sides must be equal, and none of them empty.",
    keys: &[
        key(
            "on",
            Shape::Expression,
            "required",
            "Equalities joined by `&&`. One side reads the record or account, the other the entity.",
            "mail == person.email",
        ),
        key(
            "confidence",
            Shape::Number(1, 100),
            "100",
            "How sure it is. 100 links; below, a person decides.",
            "80",
        ),
    ],
};

const ABSENT: Group = Group {
    what: "an absence rule",
    path: "systems.NAME.reads.TYPE.absent",
    doc: "What it means that a record vanished.",
    keys: &[
        key("keep", Shape::Duration, "0d", "How long the record must have been away.", "30d"),
        key(
            "state",
            Shape::Text,
            "leaver",
            "The lifecycle state that holds from then on.",
            "leaver",
        ),
    ],
};

const READ_GUARDS: Group = Group {
    what: "the guards of a read",
    path: "systems.NAME.reads.TYPE.guards",
    doc: "A change set that crosses a limit, alone or with what was applied within 24 hours, is held whole until a person \
          approves it. `none` lifts a limit.",
    keys: &[
        key("create", LIMIT_SHAPE, "none", "Entities that are new.", "{ max: 100, percent: 50 }"),
        key(
            "update",
            LIMIT_SHAPE,
            "`{ max: 100, percent: 30 }`",
            "Entities that change.",
            "{ max: 100, percent: 30 }",
        ),
        key(
            "absent",
            LIMIT_SHAPE,
            "`{ max: 5, percent: 2 }`",
            "Entities whose record vanished.",
            "{ max: 5, percent: 2 }",
        ),
        key(
            "attribute",
            LIMIT_SHAPE,
            "`{ max: 20, percent: 25 }`",
            "Entities whose value of any one attribute changes: a renamed code, a swapped column.",
            "{ max: 20, percent: 25 }",
        ),
    ],
};
