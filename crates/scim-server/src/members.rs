//! The members of a group, read.

use muster_model::EntityId;
use muster_store::ReadTx;
use serde_json::{Value as Json, json};

use crate::{
    error::Failure,
    load::{Known, ends_of},
    mapping::{Held, Resource},
    view::View,
};

/// Links fetched at once.
const BATCH: usize = 10_000;
/// Members of one group that are shown when nobody asks for them by name; a larger group comes without them.
pub(crate) const MOST_UNASKED: usize = 10_000;

/// What is shown of each member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    /// Who it is.
    Ids,
    /// Also what it is called.
    Names,
}

/// The members of a group as they stand in it; `None` when there are more than `most`.
pub(crate) async fn members(
    view: &View,
    tx: &mut ReadTx,
    resource: &Resource,
    group: &Known,
    (most, what): (usize, Shown),
) -> Result<Option<Vec<Json>>, Failure> {
    let mut all = Vec::new();
    for members in &resource.members {
        let ids = match members.held {
            Held::ByGroup => links(group, members.slot),
            Held::ByMember => {
                let of = view.opened.names.attribute_no(members.of, members.slot);
                match of {
                    Some(no) => sources(tx, no, group.entity.id, most).await?,
                    None => Vec::new(),
                }
            }
        };
        if all.len() + ids.len() > most {
            return Ok(None);
        }
        // Whoever is gone is no member any more.
        let ends = ends_of(view, tx, &ids).await?;
        let nested = members.of == resource.type_id;
        for (id, end) in ends {
            let mut member = json!({
                "value": id.to_string(),
                "$ref": format!("{}/{}/{id}", view.base, members.endpoint),
            });
            if let Json::Object(map) = &mut member {
                if nested {
                    map.insert("type".to_owned(), json!(members.resource));
                }
                if what == Shown::Names {
                    map.insert("display".to_owned(), json!(&*end.display));
                }
            }
            all.push(member);
        }
    }
    Ok(Some(all))
}

pub(crate) fn links(known: &Known, slot: muster_model::Slot) -> Vec<EntityId> {
    let items = known.row.get(slot).items().iter();
    items
        .filter_map(|item| if let muster_model::Value::Link(id) = item { Some(*id) } else { None })
        .collect()
}

async fn sources(
    tx: &mut ReadTx,
    no: muster_store::Number,
    group: EntityId,
    most: usize,
) -> Result<Vec<EntityId>, Failure> {
    let mut all = Vec::new();
    let mut after = None;
    while all.len() <= most {
        let page = tx.sources_of(no, group, after, BATCH).await?;
        let Some(last) = page.last() else { break };
        after = Some(*last);
        all.extend(page);
    }
    Ok(all)
}
