//! Limits: what is written, on top of what holds anyway.

use std::collections::BTreeMap;

use muster_model::Text;
use muster_policy::Limit;

use crate::yaml::Node;

/// Kind, count, percent.
type Default = (&'static str, u64, u32);

/// The limits of a system that says nothing.
pub(super) const SYSTEM: &[Default] =
    &[("delete", 5, 1), ("disable", 5, 2), ("rename", 20, 5), ("revoke", 50, 5)];

/// The limits of a read that says nothing.
pub(super) const READ: &[Default] = &[("absent", 5, 2), ("attribute", 20, 25), ("update", 100, 30)];

/// The limits by kind; `none` lifts one.
pub(super) fn limits(node: Option<&Node>, defaults: &[Default]) -> BTreeMap<Text, Limit> {
    let mut limits: BTreeMap<Text, Limit> = defaults
        .iter()
        .map(|(kind, max, percent)| (Text::from(*kind), Limit { max: *max, percent: *percent }))
        .collect();
    for entry in node.map_or(&[][..], Node::entries) {
        if entry.value.text().is_some() {
            limits.remove(&entry.key);
            continue;
        }
        let max = entry.value.get_text("max").and_then(|text| text.parse().ok()).unwrap_or(0);
        let percent = entry.value.get_text("percent").and_then(|text| text.parse().ok());
        limits.insert(entry.key.clone(), Limit { max, percent: percent.unwrap_or(0) });
    }
    limits
}
