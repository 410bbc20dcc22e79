//! Reading one resource.

use muster_model::EntityId;
use muster_scim::remove;
use muster_store::{Entity, ReadTx};
use serde_json::Value as Json;

use crate::{
    answer::Answer,
    error::Failure,
    load::{Known, ends, load},
    mapping::{FieldSource, LinkForm, Resource},
    members::{MOST_UNASKED, Shown, members},
    render::{Computed, render, schemas, tag},
    select::Selection,
    view::View,
};

/// One resource, or 304 when the client has this state already.
pub(crate) async fn get(
    view: &View,
    resource: &Resource,
    id: &str,
    selection: &Selection,
    has: Option<&str>,
) -> Result<Answer, Failure> {
    let mut tx = view.opened.store.read().await?;
    let known = one(view, &mut tx, resource, id).await?;
    let tag = tag(&known);
    if has.is_some_and(|has| matches_tag(has, &tag)) {
        return Ok(Answer::not_modified(tag));
    }
    let json = show(view, &mut tx, resource, vec![known], selection).await?;
    let json = json.into_iter().next().unwrap_or_default();
    Ok(Answer::resource(200, json, tag))
}

/// The resource with this id.
pub(crate) async fn one(
    view: &View,
    tx: &mut ReadTx,
    resource: &Resource,
    id: &str,
) -> Result<Known, Failure> {
    let missing = || Failure::not_found(id);
    // Only the one form in which we write ids: `007` is no other name of 7.
    let number = id.parse().ok().filter(|number: &i64| number.to_string() == id);
    let entity = tx.entity(EntityId(number.ok_or_else(missing)?)).await?;
    let of_type = |entity: &Entity| {
        let names = view.opened.names.type_names(resource.type_id);
        names.is_some_and(|names| names.no == entity.type_no)
    };
    let entity = entity.filter(of_type).ok_or_else(missing)?;
    load(view, tx, resource, vec![entity]).await?.pop().ok_or_else(missing)
}

/// Resources as JSON with what is asked for.
pub(crate) async fn show(
    view: &View,
    tx: &mut ReadTx,
    resource: &Resource,
    known: Vec<Known>,
    selection: &Selection,
) -> Result<Vec<Json>, Failure> {
    let ends = ends(view, tx, resource, &known).await?;
    let mut shown = Vec::with_capacity(known.len());
    for one in &known {
        let mut json = render(view, resource, one, (&ends, Computed::Shown));
        leave_out(resource, selection, &mut json);
        if !resource.members.is_empty() && selection.wants("members") {
            let most = if selection.names("members") { usize::MAX } else { MOST_UNASKED };
            let what =
                if selection.names_part("members", "display") { Shown::Names } else { Shown::Ids };
            let found = members(view, tx, resource, one, (most, what)).await?;
            if let (Some(found), Json::Object(map)) = (found, &mut json)
                && !found.is_empty()
            {
                map.insert("members".to_owned(), Json::Array(found));
            }
        }
        if let Json::Object(map) = &mut json {
            let used = schemas(resource, map);
            map.insert("schemas".to_owned(), used);
        }
        shown.push(selection.apply(json));
    }
    Ok(shown)
}

/// Leaves out what is returned only when it is asked for by name.
fn leave_out(resource: &Resource, selection: &Selection, json: &mut Json) {
    for field in &resource.fields {
        let name = &field.path.attribute.name;
        if field.source == FieldSource::ReadOnly && !selection.names(name) {
            remove(json, &field.path);
        }
        if field.link == LinkForm::Id && !selection.names_part(name, "displayName") {
            let mut path = field.path.clone();
            path.attribute.sub = Some("displayName".to_owned());
            remove(json, &path);
        }
    }
}

/// Whether a list of entity tags, as in `If-Match`, has this one. Weak and strong forms are the same state here.
pub(crate) fn matches_tag(list: &str, tag: &str) -> bool {
    let bare = |tag: &str| tag.trim().trim_start_matches("W/").trim_matches('"').to_owned();
    let wanted = bare(tag);
    list.split(',').any(|one| one.trim() == "*" || bare(one) == wanted)
}
