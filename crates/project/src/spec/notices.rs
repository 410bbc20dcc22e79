//! The keys of what people are told.

use crate::spec::{Group, Shape, key};

/// `notices:`
pub(crate) const NOTICES: Group = Group {
    what: "what people are told",
    path: "notices",
    doc: "How people are told what waits for them. A mail about a request holds a link for the telephone, which decides once.",
    keys: &[
        key(
            "link",
            Shape::Duration,
            "7d",
            "How long the link of a mail about a request can be opened. It ends before with the request, and when the request changes.",
            "2d",
        ),
        key(
            "links_decide_below",
            Shape::Number(1, 100),
            "never",
            "Roles with a `risk` below this are decided by the link alone: whoever has the mail decides. For all others, for those without a \
             `risk`, and about conflicts, whoever opens the link proves who they are.",
            "20",
        ),
    ],
};
