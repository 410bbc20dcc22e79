//! Which systems come before others: known names, no circles.

use std::collections::{BTreeMap, BTreeSet};

use muster_model::{SystemId, Text};

use crate::{
    context::Context,
    suggest::known_names,
    yaml::{Entry, Node},
};

/// The systems that come before each system, by position, in order, each once.
pub(super) fn after(context: &mut Context<'_>, entries: &[&Entry]) -> Vec<Vec<SystemId>> {
    let positions: BTreeMap<&Text, usize> =
        entries.iter().enumerate().map(|(index, entry)| (&entry.key, index)).collect();
    let mut before: Vec<BTreeSet<usize>> = Vec::new();
    for entry in entries {
        let mut own = BTreeSet::new();
        for item in entry.value.get("after").map_or(&[][..], Node::items) {
            let Some(name) = item.text() else { continue };
            if let Some(position) = positions.get(name) {
                own.insert(*position);
            } else {
                let help = known_names(name, "systems", positions.keys().map(|name| &***name));
                context.error("E0530", item.span, format!("unknown system `{name}`"), help);
            }
        }
        before.push(own);
    }
    circles(context, entries, &before);
    let id = |position: &usize| SystemId(u16::try_from(*position).unwrap_or(u16::MAX));
    before.iter().map(|own| own.iter().map(id).collect()).collect()
}

/// Reports each system that would have to come before itself, once per circle: at the first one by name.
fn circles(context: &mut Context<'_>, entries: &[&Entry], before: &[BTreeSet<usize>]) {
    let mut told: BTreeSet<usize> = BTreeSet::new();
    for (position, entry) in entries.iter().enumerate() {
        let reached = reachable(before, position);
        if told.contains(&position) || !reached.contains(&position) {
            continue;
        }
        let circle = reached.iter().filter(|other| reachable(before, **other).contains(&position));
        told.extend(circle);
        let span = entry.value.get("after").map_or(entry.key_span, |node| node.span);
        context.error(
            "E0531",
            span,
            format!("the system `{}` would have to come before itself", entry.key),
            "take one of the systems of the circle out of `after`",
        );
    }
}

/// Every system that comes before `start`, directly or through others.
fn reachable(before: &[BTreeSet<usize>], start: usize) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let mut open = vec![start];
    while let Some(position) = open.pop() {
        for next in before.get(position).into_iter().flatten() {
            if found.insert(*next) {
                open.push(*next);
            }
        }
    }
    found
}
