//! Webhooks: from `webhooks:` to addresses that events are posted to.

use jiff::SignedDuration;
use muster_model::Text;
use muster_policy::Webhook;

use crate::{
    context::Context,
    duration::parse_duration,
    names, systems,
    yaml::{Entry, Node},
};

const TIMEOUT: SignedDuration = SignedDuration::from_secs(15);
const GIVE_UP: SignedDuration = SignedDuration::from_hours(3 * 24);
/// Keys that are not for the client.
const OWN: &[&str] = &["events", "subjects", "allow_private", "timeout", "give_up"];

/// Builds the webhooks in order of name.
pub(crate) fn webhooks(context: &mut Context<'_>, entries: &[&Entry]) -> Vec<Webhook> {
    let built = entries.iter().map(|entry| {
        names::free(context, &entry.key, entry.key_span, "a webhook");
        let node = &entry.value;
        let length = |key: &str| node.get_text(key).and_then(|text| parse_duration(text));
        let mut settings = systems::settings_of(Some(node), node.span);
        settings.entries.retain(|key, _| !OWN.contains(&&**key));
        Webhook {
            name: entry.key.clone(),
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

/// One text or several.
fn texts(node: &Node, key: &str) -> Vec<Text> {
    let values = node.get(key).map(Node::several).unwrap_or_default();
    values.iter().filter_map(Node::text).cloned().collect()
}
