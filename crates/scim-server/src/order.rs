//! Order by what the database keeps in order: keys, and unique values that everybody has.

use muster_model::EntityId;
use muster_scim::Path;
use muster_store::{Direction, ReadTx};

use crate::{
    error::Failure,
    filter::leads,
    load::gone,
    mapping::{FoundBy, Resource},
    view::View,
};

/// The entities of a page in the order of an attribute; `None` when the database does not have everybody in that order.
pub(crate) async fn in_order(
    view: &View,
    tx: &mut ReadTx,
    resource: &Resource,
    (path, direction): (&Path, Direction),
    (skip, count): (usize, usize),
) -> Result<Option<Vec<EntityId>>, Failure> {
    let field = resource.fields.iter().find(|field| leads(resource, field, &path.attribute));
    let found_by = field.filter(|_| path.filter.is_none()).and_then(|field| field.found_by);
    let (Some(field), Some(found_by)) = (field, found_by) else { return Ok(None) };
    let names = &view.opened.names;
    let Some(type_no) = names.type_names(resource.type_id).map(|names| names.no) else {
        return Ok(None);
    };
    if gone(view, tx, resource).await? > 0 {
        // They have values, and would take places on pages.
        return Ok(None);
    }
    let ids = match found_by {
        FoundBy::Key => tx.present_in_key_order(type_no, direction, skip, count).await?,
        FoundBy::Unique => {
            let Some(attribute_no) = names.attribute_no(resource.type_id, field.slot) else {
                return Ok(None);
            };
            let of = (type_no, attribute_no);
            if tx.count_present_with_value(of).await? != tx.count_present_entities(type_no).await? {
                return Ok(None);
            }
            tx.present_in_value_order(of, direction, skip, count).await?
        }
    };
    Ok(Some(ids))
}
