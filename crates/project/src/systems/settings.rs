//! Settings of connectors: kept as written, with places, for the connector to judge.

use muster_model::{Setting, Settings, Span};

use crate::yaml::{Kind, Node};

/// The settings in a map; none where there is no map.
pub(crate) fn settings(node: Option<&Node>, place: Span) -> Settings {
    let Some(node) = node else {
        return Settings { entries: std::collections::BTreeMap::new(), span: place };
    };
    let entries = node
        .entries()
        .iter()
        .map(|entry| (entry.key.clone(), (entry.key_span, setting(&entry.value))))
        .collect();
    Settings { entries, span: node.span }
}

fn setting(node: &Node) -> Setting {
    match &node.kind {
        Kind::Null => Setting::Null,
        Kind::Scalar(text, _) => Setting::Scalar(text.clone(), node.span),
        Kind::List(items, _) => Setting::List(items.iter().map(setting).collect(), node.span),
        Kind::Map(entries, _) => match entries.as_slice() {
            [only] if matches!(&*only.key, "env" | "file") => match only.value.text() {
                Some(name) => {
                    Setting::Secret { from: only.key.clone(), name: name.clone(), span: node.span }
                }
                None => Setting::Map(settings(Some(node), node.span)),
            },
            _ => Setting::Map(settings(Some(node), node.span)),
        },
    }
}
