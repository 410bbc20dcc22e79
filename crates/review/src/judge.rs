//! What is decided without a store: what is set aside, what is recommended, when silence is held, statistics.

use jiff::{SignedDuration, Timestamp};
use muster_policy::{Limit, SetAside};
use muster_store::ItemKind;

/// Without use for so long a revocation is recommended.
const UNUSED: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Risk below this is low.
const LOW_RISK: u8 = 50;
/// With fewer peers nobody is an outlier.
const FEW_PEERS: u64 = 4;
/// Something that a smaller share of the peers have makes an outlier, in percent.
const OUTLIER: u64 = 25;
/// Whoever takes less time than this, in milliseconds, did not look.
const GLANCE: i64 = 3000;

/// What counts for whether somebody is asked, and what is recommended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known {
    pub(crate) kind: ItemKind,
    pub(crate) risk: Option<u8>,
    /// Since when it is not used; `None` where that is not known.
    pub(crate) last_used: Option<Timestamp>,
    /// How many of how many peers have it.
    pub(crate) peers: (u64, u64),
    /// Whether it is as it was when somebody last kept it.
    pub(crate) unchanged: bool,
}

/// Why nobody is asked; `None` when somebody is.
pub(crate) fn set_aside(rule: SetAside, known: &Known) -> Option<&'static str> {
    if rule.by_rule && known.kind == ItemKind::Rule {
        return Some("by_rule");
    }
    let is_low = match known.kind {
        ItemKind::Assigned | ItemKind::Rule => known.risk.is_none_or(|risk| risk < LOW_RISK),
        ItemKind::Extra | ItemKind::Nested | ItemKind::Orphan => false,
    };
    (rule.unchanged && known.unchanged && is_low).then_some("unchanged")
}

/// What is recommended, with the reason. It is advice: nothing follows from it.
pub(crate) fn recommend(known: &Known, now: Timestamp) -> (&'static str, String) {
    if let Some(used) = known.last_used.filter(|used| now.duration_since(*used) >= UNUSED) {
        return ("revoke", format!("nobody has used it since {}", used.strftime("%F")));
    }
    match known.kind {
        ItemKind::Extra => return ("revoke", "no role grants it".to_owned()),
        ItemKind::Orphan => return ("revoke", "it belongs to nobody".to_owned()),
        ItemKind::Assigned | ItemKind::Rule | ItemKind::Nested => {}
    }
    let (have, of) = known.peers;
    if of >= FEW_PEERS && have * 100 < of * OUTLIER {
        return ("revoke", format!("{have} of {of} peers have it"));
    }
    ("keep", String::new())
}

/// Whether so many revocations by silence, of so many items, need an administrator.
pub(crate) fn is_held(guard: Limit, n: u64, items: u64) -> bool {
    n > guard.max && n.saturating_mul(100) > items.saturating_mul(u64::from(guard.percent))
}

/// The middle one of times that are sorted, and the share of glances in percent.
pub(crate) fn pace(millis: &[i64]) -> (Option<i64>, Option<u64>) {
    let median = millis.get(millis.len().saturating_sub(1) / 2).copied();
    let glances = millis.iter().filter(|one| **one < GLANCE).count() as u64;
    let share = (glances * 100).checked_div(millis.len() as u64);
    (median, share)
}

/// How long one of `n` decisions made together took, after the one before; `None` after a pause or at the beginning.
pub(crate) fn took(before: Option<Timestamp>, now: Timestamp, n: usize) -> Option<i64> {
    const PAUSE: SignedDuration = SignedDuration::from_mins(30);
    let took = now.duration_since(before?);
    let n = i64::try_from(n).ok()?.max(1);
    (took <= PAUSE).then(|| i64::try_from(took.as_millis()).unwrap_or(i64::MAX) / n)
}

#[cfg(test)]
mod tests;
