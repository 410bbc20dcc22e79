//! What each report counts, a file for each: the whole first, then rows after a place.

pub(crate) mod access;
pub(crate) mod conflicts;
pub(crate) mod leavers;
pub(crate) mod orphans;
pub(crate) mod privileged;
pub(crate) mod reviews;
pub(crate) mod subject;

use muster_model::EntityId;

use crate::{Part, Row};

/// Rows that are all there, after so many.
pub(crate) fn part_of(rows: &[Row], after: i64, limit: usize) -> Part {
    let after = usize::try_from(after).unwrap_or(0);
    let end = after.saturating_add(limit);
    let next = (rows.len() > end).then(|| i64::try_from(end).unwrap_or(i64::MAX));
    Part { rows: rows.iter().skip(after).take(limit).cloned().collect(), next }
}

/// The first of these people after a place, at most `limit`, with the place of the last one where there are more.
pub(crate) fn people_after(
    ids: &[EntityId],
    after: i64,
    limit: usize,
) -> (&[EntityId], Option<i64>) {
    let begin = ids.partition_point(|id| id.0 <= after);
    let rest = ids.get(begin..).unwrap_or_default();
    let some = rest.get(..limit.min(rest.len())).unwrap_or_default();
    let next = some.last().filter(|_| rest.len() > some.len()).map(|last| last.0);
    (some, next)
}
