//! Searching all resource types at once: at the root of the service, by GET or POST `/.search`.

use muster_scim::ListResponse;

use crate::{
    error::Failure,
    list::{LARGEST_PAGE, Query, Totals, USUAL_PAGE, list},
    view::View,
};

/// A page of everything; types come one after the other.
pub(crate) async fn search(
    view: &View,
    query: &Query,
    totals: &Totals,
) -> Result<ListResponse, Failure> {
    if query.cursor.is_some() {
        return Err(Failure::invalid_value("cursors need a resource type"));
    }
    let start = query.start.unwrap_or(1).max(1);
    let count = query.count.unwrap_or(i64::try_from(USUAL_PAGE).unwrap_or(0));
    let mut left = count.clamp(0, i64::try_from(LARGEST_PAGE).unwrap_or(0));
    let mut skip = start - 1;
    let (mut total, mut resources, mut refused, mut answered) = (0u64, Vec::new(), None, false);
    for resource in &view.mapping.resources {
        let part = Query { start: Some(skip + 1), count: Some(left), ..query.clone() };
        match list(view, resource, &part, totals).await {
            Ok(page) => {
                answered = true;
                let found = page.total.unwrap_or(0);
                total += found;
                left -= i64::try_from(page.resources.len()).unwrap_or(0);
                skip = (skip - i64::try_from(found).unwrap_or(0)).max(0);
                resources.extend(page.resources);
            }
            // An attribute that a type does not have matches nothing there.
            Err(failure) if failure.error.status == 400 => refused = Some(failure),
            Err(failure) => return Err(failure),
        }
    }
    match refused {
        Some(failure) if !answered => Err(failure),
        Some(_) | None => Ok(ListResponse {
            total: Some(total),
            start_index: Some(u64::try_from(start).unwrap_or(1)),
            resources,
            next_cursor: None,
        }),
    }
}
