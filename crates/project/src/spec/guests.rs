//! The keys of guests.

use crate::spec::{Group, Shape, key};

/// `guests:`
pub(crate) const GUESTS: Group = Group {
    what: "the guests",
    path: "guests",
    doc: "People of other organisations who are invited or ask to come. A guest is an entity of an identity type with a sponsor \
          and an end, has no password, and signs in with a code that is mailed.",
    keys: &[
        key(
            "type",
            Shape::Text,
            "required",
            "The identity type that guests are. It has `local:` and states for `fact: suspended` and `fact: terminated`.",
            "visitor",
        ),
        key(
            "mail",
            Shape::Text,
            "required",
            "The unique attribute that holds the address of a guest.",
            "mail",
        ),
        key("name", Shape::Text, "", "The attribute that holds the name of a guest.", "name"),
        key(
            "organisation",
            Shape::Text,
            "",
            "The attribute that holds the name of the connected organisation.",
            "company",
        ),
        key(
            "link",
            Shape::Duration,
            "7d",
            "How long the link of an invitation can be opened.",
            "3d",
        ),
        key(
            "organisations",
            Shape::Named(&Shape::Group(&ORGANISATION)),
            "required",
            "The connected organisations by name.",
            "{ nordlys: { domains: [nordlys.example], sponsors: account-manager, fallback: mia } }",
        ),
    ],
};

const ORGANISATION: Group = Group {
    what: "a connected organisation",
    path: "guests.organisations.NAME",
    doc: "An organisation whose people may be guests. Nothing is written about somebody whose domain is not let in.",
    keys: &[
        key("title", Shape::Text, "its name", "How it is shown to people.", "Nordlys Shipping"),
        key(
            "domains",
            Shape::Many(&Shape::Text),
            "required",
            "The domains of its mail addresses; `*.` at the start stands for every domain below.",
            "[nordlys.example, \"*.nordlys.example\"]",
        ),
        key(
            "except",
            Shape::Many(&Shape::Text),
            "none",
            "Domains from which nobody is let in, whichever organisation names them above.",
            "[labs.nordlys.example]",
        ),
        key(
            "sponsors",
            Shape::Text,
            "required",
            "The role whose holders invite guests of this organisation and answer for them.",
            "account-manager",
        ),
        key(
            "fallback",
            Shape::Text,
            "required",
            "Who answers for guests whose sponsor has left, and for those who ask and name nobody: a person by key or another \
             unique value.",
            "mia.berg",
        ),
        key("usual", Shape::Duration, "90d", "How long a guest stays when no end is named.", "30d"),
        key("longest", Shape::Duration, "365d", "How long a guest stays at most.", "180d"),
        key(
            "roles",
            Shape::Many(&Shape::Text),
            "none",
            "The roles that its guests are invited to and may ask for. Their own policies for requests hold too.",
            "[portal, tracking]",
        ),
        key(
            "blocked",
            Shape::Duration,
            "30d",
            "How long whoever has lost the last role is suspended before their lifecycle ends. A role that is given meanwhile \
             lets them in again.",
            "14d",
        ),
    ],
};
