//! The keys of forms.

use crate::spec::{Group, Shape, key};

/// A form.
pub(crate) const FORM: Group = Group {
    what: "a form",
    path: "forms.NAME",
    doc: "What people enter about an entity, one step after the other. The last step makes it a record that is kept by hand, as \
          `muster people add` does. `me` is whoever began the form.",
    keys: &[
        key("title", Shape::Text, "its name", "How it is shown to people.", "Add an employee"),
        key("description", Shape::Text, "", "What it is for.", "Somebody begins who is not in HR"),
        key("for", Shape::Text, "required", "The type of what is entered.", "staff"),
        key(
            "filled_by",
            Shape::Text,
            "the only identity type",
            "The identity type of those who fill it in.",
            "person",
        ),
        key(
            "about",
            Shape::Expression,
            "it enters something new",
            "For which entities it can be begun, to change what is entered by hand; it reads the entity and `me`.",
            "staff.manager == me",
        ),
        key(
            "fields",
            Shape::Named(&Shape::Group(&FIELD)),
            "required",
            "The fields by attribute, in the order in which they are shown.",
            "{ givenName: { label: Given name }, manager: { default: me } }",
        ),
        key(
            "steps",
            Shape::Named(&Shape::Group(&STEP)),
            "required",
            "The steps by name, in their order: 1 to 8.",
            "{ draft: { role: lead, fields: [givenName] }, check: { role: hr, other: true } }",
        ),
        key(
            "keep",
            Shape::Duration,
            "30d",
            "How long a draft is kept on which nobody works.",
            "14d",
        ),
    ],
};

const FIELD: Group = Group {
    what: "a field",
    path: "forms.NAME.fields.ATTRIBUTE",
    doc: "A field is an attribute that is kept; its type says how it is entered and what can be chosen.",
    keys: &[
        key("label", Shape::Text, "the attribute", "How it is called on the form.", "Given name"),
        key(
            "help",
            Shape::Text,
            "",
            "What has to be known to fill it in.",
            "As it stands in the passport",
        ),
        key(
            "default",
            Shape::Expression,
            "empty",
            "What stands there at first; it reads `me`.",
            "me.department",
        ),
        key(
            "among",
            Shape::Expression,
            "whom one may see",
            "To which entities a link may lead, and who is found when one is searched for; it reads the entity by the name of its \
             type and `me`, here whoever searches.",
            "department.open",
        ),
    ],
};

const STEP: Group = Group {
    what: "a step",
    path: "forms.NAME.steps.NAME",
    doc: "A step says with exactly one of `who`, `role`, `person` and `by` who does it, and which fields are entered in it.",
    keys: &[
        key("title", Shape::Text, "its name", "How it is shown to people.", "HR completes"),
        key(
            "who",
            Shape::Expression,
            "",
            "Everybody for whom it holds; it reads `me`. For the first step.",
            "me.title == 'Lead'",
        ),
        key("role", Shape::Text, "", "Whoever has this role.", "hr"),
        key("person", Shape::Text, "", "One person, by key or another unique value.", "mia.berg"),
        key(
            "by",
            Shape::Text,
            "",
            "`starter`, whoever began; a link of theirs, as `starter.manager`; or whom a field names.",
            "starter.manager",
        ),
        key("other", Shape::Bool, "false", "Whether nobody does it who did a step before.", "true"),
        key(
            "fields",
            Shape::Many(&Shape::Text),
            "none",
            "The fields that are entered in it.",
            "[givenName, familyName]",
        ),
        key(
            "required",
            Shape::Many(&Shape::Text),
            "what the type requires",
            "The fields among them that have to have a value.",
            "[givenName]",
        ),
        key(
            "shows",
            Shape::Many(&Shape::Text),
            "the fields of the steps before",
            "The fields that are shown besides.",
            "[givenName]",
        ),
    ],
};
