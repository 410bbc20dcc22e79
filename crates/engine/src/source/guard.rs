//! Guards of a read: how much may change within a day before a person looks at it.
//!
//! The reason is written for somebody who sees it for the first time: what would change, how much of it, for example
//! what, and where the limit lies.

use std::{collections::BTreeMap, fmt::Write as _};

use muster_model::Text;
use muster_policy::{Limit, Read};
use muster_store::{AppliedChange, ChangeCounts};

use crate::inbound::Preview;

/// Examples that a reason gives.
pub(crate) const EXAMPLES: usize = 3;

/// What a change set would do, and what was done within a day.
pub(super) struct Judged<'a> {
    pub(super) counts: ChangeCounts,
    /// Keys of some of the records that are gone.
    pub(super) gone: Vec<Text>,
    pub(super) preview: &'a Preview,
    pub(super) recent: BTreeMap<Text, u64>,
}

/// What was done within a day, by kind.
pub(super) fn recent(changes: Vec<AppliedChange>) -> BTreeMap<Text, u64> {
    let mut recent = BTreeMap::new();
    for change in changes {
        *recent.entry(change.kind).or_default() += change.n;
    }
    recent
}

/// True when so few records change that no limit on attributes can be crossed.
pub(super) fn is_small(read: &Read, n_update: u64, recent: &BTreeMap<Text, u64>) -> bool {
    let of_attributes = recent.iter().filter(|(kind, _)| kind.starts_with("attribute "));
    let most = of_attributes.map(|(_, n)| *n).max().unwrap_or(0);
    read.guards.limits.get("attribute").is_none_or(|limit| n_update + most <= limit.max)
}

/// Why the guards hold a change set, if they do. The first read of all is not limited by what is not there yet.
pub(super) fn crossed(read: &Read, judged: &Judged<'_>) -> Option<String> {
    let counts = judged.counts;
    let parts =
        [("create", counts.n_create), ("update", counts.n_update), ("absent", counts.n_absent)];
    let mut reasons: Vec<String> =
        parts.into_iter().filter_map(|(kind, n)| of_kind(read, judged, kind, n)).collect();
    reasons.extend(of_attributes(read, judged));
    (!reasons.is_empty()).then(|| reasons.join("; "))
}

fn of_kind(read: &Read, judged: &Judged<'_>, kind: &str, n: u64) -> Option<String> {
    let limit = *read.guards.limits.get(kind)?;
    let present = judged.counts.n_present;
    let earlier = judged.recent.get(kind).copied().unwrap_or(0);
    let is_first = kind == "create" && present == 0;
    // A source that was emptied is never taken for people who left, however few there were.
    let is_empty = kind == "absent" && n == present && n > 1;
    if is_first || n == 0 || !(is_empty || is_over(limit, n + earlier, present)) {
        return None;
    }
    let what = match kind {
        "create" => "new",
        "update" => "changed",
        _ => "gone",
    };
    let mut reason = format!("{} of {present} records are {what}", n + earlier);
    if earlier > 0 {
        _ = write!(reason, " within a day, {n} of them now");
    }
    if is_empty {
        reason = format!("the source is empty: {reason}");
    }
    _ = write!(reason, "; the limit is {} or {} %", limit.max, limit.percent);
    if kind == "absent" && !judged.gone.is_empty() {
        let keys: Vec<&str> = judged.gone.iter().map(|key| &**key).collect();
        _ = write!(reason, " (gone are {}{})", keys.join(", "), dots(n, keys.len()));
    }
    Some(reason)
}

fn of_attributes(read: &Read, judged: &Judged<'_>) -> Vec<String> {
    let Some(limit) = read.guards.limits.get("attribute").copied() else { return Vec::new() };
    let mut reasons = Vec::new();
    let present = judged.counts.n_present;
    for changed in &judged.preview.attributes {
        let kind: Text = format!("attribute {}", changed.name).into();
        let earlier = judged.recent.get(&kind).copied().unwrap_or(0);
        if !is_over(limit, changed.n + earlier, present) {
            continue;
        }
        let mut reason = format!("`{}` changes for {} of {present}", changed.name, changed.n);
        if earlier > 0 {
            _ = write!(reason, " after {earlier} within a day");
        }
        _ = write!(reason, "; the limit is {} or {} %", limit.max, limit.percent);
        let examples: Vec<String> = changed
            .examples
            .iter()
            .map(|example| format!("{}: {} → {}", example.key, example.old, example.new))
            .collect();
        let more = dots(changed.n, examples.len());
        _ = write!(reason, " (for example {}{more})", examples.join(", "));
        reasons.push(reason);
    }
    for (one, other) in &judged.preview.swapped {
        reasons.push(format!("`{one}` and `{other}` look as if their columns were swapped"));
    }
    reasons
}

fn dots(n: u64, shown: usize) -> &'static str {
    if n > shown as u64 { ", …" } else { "" }
}

/// Above the count and above the share.
fn is_over(limit: Limit, n: u64, present: u64) -> bool {
    n > limit.max && u128::from(n) * 100 > u128::from(present) * u128::from(limit.percent)
}
