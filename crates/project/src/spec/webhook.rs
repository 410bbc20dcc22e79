//! The keys of webhooks.

use crate::spec::{Group, Shape, key};

/// A webhook.
pub(crate) const WEBHOOK: Group = Group {
    what: "a webhook",
    path: "webhooks.NAME",
    doc: "An address to which events are posted as CloudEvents, in order, each until it was accepted. `muster events list` \
          shows events as they would be sent.",
    keys: &[
        key("url", Shape::Text, "required", "The address.", "https://hooks.tern.example/muster"),
        key(
            "form",
            Shape::Choice(&["cloudevents", "scim"]),
            "cloudevents",
            "`scim` tells what changes of the resources that clients of SCIM see, as security event tokens (RFC 9967).",
            "scim",
        ),
        key(
            "audience",
            Shape::Text,
            "required with `form: scim`",
            "Who the tokens are for (`aud`), as agreed with the receiver.",
            "https://crm.tern.example/events",
        ),
        key(
            "events",
            Shape::Many(&Shape::Text),
            "all",
            "Which: actions as the journal calls them; `*` at the end stands for anything.",
            "[assignment.*, operations.done]",
        ),
        key(
            "subjects",
            Shape::Many(&Shape::Text),
            "all",
            "About whom or what; `*` at the end stands for anything.",
            "[ada.lovelace]",
        ),
        key(
            "secret",
            Shape::Settings,
            "required",
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
        key("timeout", Shape::Duration, "15s", "How long one call may take.", "15s"),
        key(
            "give_up",
            Shape::Duration,
            "3d",
            "For how long it may fail until it is disabled, with an alarm.",
            "12h",
        ),
    ],
};
