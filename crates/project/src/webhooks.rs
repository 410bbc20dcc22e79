//! Webhooks: from `webhooks:` to addresses that events are posted to.

use jiff::SignedDuration;
use muster_model::Text;
use muster_policy::{EventForm, Webhook};

use crate::{
    context::Context,
    duration::parse_duration,
    merge::Parts,
    names, systems,
    yaml::{Entry, Node},
};

const TIMEOUT: SignedDuration = SignedDuration::from_secs(15);
const GIVE_UP: SignedDuration = SignedDuration::from_hours(3 * 24);
/// Keys that are not for the client.
const OWN: &[&str] =
    &["form", "audience", "events", "subjects", "allow_private", "timeout", "give_up"];

/// Builds the webhooks in order of name.
pub(crate) fn webhooks(context: &mut Context<'_>, parts: &Parts<'_>) -> Vec<Webhook> {
    let built = parts.webhooks.iter().map(|entry| {
        names::free(context, &entry.key, entry.key_span, "a webhook");
        let node = &entry.value;
        let length = |key: &str| node.get_text(key).and_then(|text| parse_duration(text));
        let mut settings = systems::settings_of(Some(node), node.span);
        settings.entries.retain(|key, _| !OWN.contains(&&**key));
        Webhook {
            name: entry.key.clone(),
            form: form(context, entry, parts.url.is_some()),
            events: texts(node, "events"),
            subjects: texts(node, "subjects"),
            allow_private: node.flag("allow_private"),
            timeout: length("timeout").unwrap_or(TIMEOUT),
            give_up: length("give_up").unwrap_or(GIVE_UP),
            settings,
            at: context.location(entry.key_span),
        }
    });
    built.collect()
}

/// How events are told; tokens need to say who made them and whom they are for.
fn form(context: &mut Context<'_>, entry: &Entry, has_issuer: bool) -> EventForm {
    const CODE: &str = "E0910";
    let (node, span) = (&entry.value, entry.key_span);
    let audience = node.get_text("audience").cloned();
    if node.get_text("form").is_none_or(|form| **form != *"scim") {
        if audience.is_some() {
            let message = "only tokens say whom they are for";
            context.error(CODE, span, message, "add `form: scim`, or leave out `audience`");
        }
        return EventForm::CloudEvents;
    }
    if !has_issuer {
        let message = "tokens need to say which Muster they come from";
        let help = "say it at the top level: `url: https://muster.tern.example`";
        context.error(CODE, span, message, help);
    }
    if audience.is_none() {
        let message = "tokens need to say whom they are for";
        let help =
            "say what was agreed with the receiver: `audience: https://crm.tern.example/events`";
        context.error(CODE, span, message, help);
    }
    EventForm::Scim { audience: audience.unwrap_or_else(|| "".into()) }
}

/// One text or several.
fn texts(node: &Node, key: &str) -> Vec<Text> {
    let values = node.get(key).map(Node::several).unwrap_or_default();
    values.iter().filter_map(Node::text).cloned().collect()
}
