//! Filters: which of them the database answers with an index, and what the others are asked of.
//!
//! [`candidates`] gives entities among which all matches are, found by index. Whoever asks looks at each of them again with
//! the filter itself, so an answer never depends on the road by which it was found.

use muster_model::{EntityId, Text};
use muster_scim::{AttributePath, Comparison, Filter, Literal, Path, parse_filter};
use muster_store::ReadTx;

use crate::{
    error::Failure,
    mails::folded,
    mapping::{Field, FoundBy, Held, Resource},
    view::View,
};

/// Attributes that every resource has and no schema names (RFC 7643, 3.1).
const COMMON: &[&str] = &["id", "externalId", "schemas", "meta"];
/// Candidates beyond which looking at everything in order is no worse.
pub(crate) const MOST_CANDIDATES: usize = 100_000;

/// Reads a filter and refuses attributes that the resource does not have; secrets are among them.
pub(crate) fn read(resource: &Resource, text: &str) -> Result<Filter, Failure> {
    let filter = parse_filter(text)?;
    check(resource, &filter, None)?;
    Ok(filter)
}

fn check(
    resource: &Resource,
    filter: &Filter,
    within: Option<&AttributePath>,
) -> Result<(), Failure> {
    match filter {
        Filter::And(left, right) | Filter::Or(left, right) => {
            check(resource, left, within)?;
            check(resource, right, within)
        }
        Filter::Not(inner) => check(resource, inner, within),
        Filter::Values(path, inner) => {
            known(resource, path)?;
            check(resource, inner, Some(path))
        }
        Filter::Present(path) | Filter::Compare(path, ..) => match within {
            None => known(resource, path),
            Some(outer) => {
                let full = AttributePath { sub: Some(path.name.clone()), ..outer.clone() };
                known(resource, &full)
            }
        },
    }
}

fn known(resource: &Resource, path: &AttributePath) -> Result<(), Failure> {
    let is_common =
        path.schema.is_none() && COMMON.iter().any(|name| name.eq_ignore_ascii_case(&path.name));
    let names_schema = path.whole_urn().is_some_and(|urn| {
        resource.schemas.iter().any(|schema| schema.id.eq_ignore_ascii_case(&urn))
    });
    let defined = resource.definition(path).is_some()
        || path.sub.as_deref() == Some("value")
            && resource
                .definition(&AttributePath { sub: None, ..path.clone() })
                .is_some_and(|attribute| attribute.many);
    if is_common || names_schema || defined {
        return Ok(());
    }
    Err(Failure::invalid_filter(format!("`{path}` is no attribute of a {}", resource.name)))
}

/// Whether upper and lower case differ for an attribute.
pub(crate) fn case_exact(resource: &Resource, path: &AttributePath) -> bool {
    if path.schema.is_none() && matches!(path.name.as_str(), "id" | "externalId") {
        return true;
    }
    resource.definition(path).is_some_and(|attribute| attribute.case_exact)
}

/// True when a filter asks for the members of a group.
pub(crate) fn reads_members(filter: &Filter) -> bool {
    let is_members = |path: &AttributePath| path.name.eq_ignore_ascii_case("members");
    match filter {
        Filter::And(left, right) | Filter::Or(left, right) => {
            reads_members(left) || reads_members(right)
        }
        Filter::Not(inner) => reads_members(inner),
        Filter::Values(path, _) | Filter::Present(path) | Filter::Compare(path, ..) => {
            is_members(path)
        }
    }
}

/// Entities among which all matches are, in id order without doubles; `None` when no index tells.
pub(crate) async fn candidates(
    view: &View,
    tx: &mut ReadTx,
    resource: &Resource,
    filter: &Filter,
) -> Result<Option<Vec<EntityId>>, Failure> {
    let found = match filter {
        Filter::And(left, right) => match Box::pin(candidates(view, tx, resource, left)).await? {
            Some(found) => Some(found),
            None => Box::pin(candidates(view, tx, resource, right)).await?,
        },
        Filter::Or(left, right) => {
            let left = Box::pin(candidates(view, tx, resource, left)).await?;
            let Some(mut all) = left else { return Ok(None) };
            let right = Box::pin(candidates(view, tx, resource, right)).await?;
            let Some(right) = right else { return Ok(None) };
            all.extend(right);
            Some(all)
        }
        Filter::Compare(path, Comparison::Eq, Literal::Text(text)) => {
            equal(view, tx, resource, path, text).await?
        }
        Filter::Values(path, inner) => {
            let mut found = None;
            for (sub, text) in texts_within(inner) {
                let path = AttributePath { sub: Some(sub.name.clone()), ..path.clone() };
                found = equal(view, tx, resource, &path, text).await?;
                if found.is_some() {
                    break;
                }
            }
            found
        }
        Filter::Not(_) | Filter::Present(_) | Filter::Compare(..) => None,
    };
    Ok(found.filter(|found| found.len() <= MOST_CANDIDATES).map(|mut found| {
        found.sort_unstable();
        found.dedup();
        found
    }))
}

/// The parts of a value that a filter wants to equal texts, whatever else it wants.
fn texts_within(filter: &Filter) -> Vec<(&AttributePath, &str)> {
    match filter {
        Filter::Compare(sub, Comparison::Eq, Literal::Text(text))
            if sub.schema.is_none() && sub.sub.is_none() =>
        {
            vec![(sub, text)]
        }
        Filter::And(left, right) => [texts_within(left), texts_within(right)].concat(),
        Filter::Compare(..)
        | Filter::Present(_)
        | Filter::Values(..)
        | Filter::Or(..)
        | Filter::Not(_) => Vec::new(),
    }
}

/// Entities whose attribute may equal a text.
async fn equal(
    view: &View,
    tx: &mut ReadTx,
    resource: &Resource,
    path: &AttributePath,
    text: &str,
) -> Result<Option<Vec<EntityId>>, Failure> {
    let Some(names) = view.opened.names.type_names(resource.type_id) else { return Ok(None) };
    let is_plain = path.schema.is_none() && path.sub.is_none();
    if is_plain && path.name.eq_ignore_ascii_case("id") {
        return Ok(Some(text.parse().map(EntityId).into_iter().collect()));
    }
    if is_plain && path.name.eq_ignore_ascii_case("externalId") {
        let found =
            tx.entities_with_external_id(&view.client, names.no, text, MOST_CANDIDATES + 1).await?;
        return Ok(Some(found));
    }
    let is_value = path.sub.as_deref().is_none_or(|sub| sub.eq_ignore_ascii_case("value"));
    if path.schema.is_none() && is_value && path.name.eq_ignore_ascii_case("members") {
        return members_of(view, tx, resource, text).await.map(Some);
    }
    if path.schema.is_none() && is_value && path.name.eq_ignore_ascii_case("groups") {
        return in_group(view, tx, resource, text).await.map(Some);
    }
    if path.schema.is_none() && is_value && path.name.eq_ignore_ascii_case("emails") {
        return with_mail(view, tx, resource, text).await;
    }
    match resource.fields.iter().find(|field| leads(resource, field, path)) {
        Some(field) => holders(view, tx, resource, field, text).await,
        None => Ok(None),
    }
}

/// Whoever may have a mail address, in an attribute or beside the model.
async fn with_mail(
    view: &View,
    tx: &mut ReadTx,
    resource: &Resource,
    mail: &str,
) -> Result<Option<Vec<EntityId>>, Failure> {
    let mut found = tx.entities_with_scim_mail(&folded(mail), MOST_CANDIDATES + 1).await?;
    let is_mail = |field: &&Field| {
        let path = &field.path.attribute;
        path.schema.is_none() && path.name.eq_ignore_ascii_case("emails")
    };
    for field in resource.fields.iter().filter(is_mail) {
        let Some(holders) = holders(view, tx, resource, field, mail).await? else {
            return Ok(None);
        };
        found.extend(holders);
    }
    Ok(Some(found))
}

/// The entities that have a text in the attribute of a field; `None` when no index tells.
async fn holders(
    view: &View,
    tx: &mut ReadTx,
    resource: &Resource,
    field: &Field,
    text: &str,
) -> Result<Option<Vec<EntityId>>, Failure> {
    let Some(names) = view.opened.names.type_names(resource.type_id) else { return Ok(None) };
    let found = match field.found_by {
        None => return Ok(None),
        Some(FoundBy::Key) => tx.entity_ids_by_key(names.no, &[text.into()]).await?,
        Some(FoundBy::Unique) => {
            let Some(no) = view.opened.names.attribute_no(resource.type_id, field.slot) else {
                return Ok(None);
            };
            let folded: Text = text.to_lowercase().into();
            tx.unique_value_holders(names.no, no, &[folded]).await?
        }
    };
    Ok(Some(found.into_iter().flatten().collect()))
}

/// True when a field without a filter is what a path names.
pub(crate) fn leads(resource: &Resource, field: &Field, path: &AttributePath) -> bool {
    let of = &field.path;
    let schema =
        |path: &AttributePath| resource.schema_of(path).map(|schema| schema.id.to_lowercase());
    of.filter.is_none()
        && of.attribute.name.eq_ignore_ascii_case(&path.name)
        && of.attribute.sub.as_deref().map(str::to_lowercase)
            == path.sub.as_deref().map(str::to_lowercase)
        && schema(&of.attribute) == schema(path)
}

/// The groups that somebody is in.
async fn members_of(
    view: &View,
    tx: &mut ReadTx,
    resource: &Resource,
    text: &str,
) -> Result<Vec<EntityId>, Failure> {
    let Ok(member) = text.parse().map(EntityId) else { return Ok(Vec::new()) };
    let mut groups = Vec::new();
    for members in &resource.members {
        let of = match members.held {
            Held::ByMember => members.of,
            Held::ByGroup => resource.type_id,
        };
        let Some(no) = view.opened.names.attribute_no(of, members.slot) else { continue };
        match members.held {
            Held::ByMember => {
                let links = tx.links_of(member).await?;
                groups.extend(links.iter().filter(|l| l.attribute_no == no).map(|l| l.target));
            }
            Held::ByGroup => {
                groups.extend(tx.sources_of(no, member, None, MOST_CANDIDATES + 1).await?);
            }
        }
    }
    Ok(groups)
}

/// Who is in a group.
async fn in_group(
    view: &View,
    tx: &mut ReadTx,
    resource: &Resource,
    text: &str,
) -> Result<Vec<EntityId>, Failure> {
    let Ok(group) = text.parse().map(EntityId) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for slot in &resource.groups {
        let Some(no) = view.opened.names.attribute_no(resource.type_id, *slot) else { continue };
        found.extend(tx.sources_of(no, group, None, MOST_CANDIDATES + 1).await?);
    }
    Ok(found)
}

/// Whether a resource, as it is shown, matches.
pub(crate) fn matches(resource: &Resource, filter: &Filter, json: &serde_json::Value) -> bool {
    filter.matches(json, &|path| case_exact(resource, path))
}

/// The value by which a resource is sorted.
pub(crate) fn sort_value(json: &serde_json::Value, path: &Path) -> serde_json::Value {
    let value = muster_scim::get(json, path).unwrap_or_default();
    match &value {
        serde_json::Value::Array(items) => {
            let is_primary = |item: &&serde_json::Value| item.get("primary") == Some(&true.into());
            let first = items.iter().find(is_primary).or_else(|| items.first());
            let first = first.cloned().unwrap_or_default();
            first.get("value").cloned().unwrap_or(first)
        }
        serde_json::Value::Object(map) => map.get("value").cloned().unwrap_or_default(),
        serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)
        | serde_json::Value::String(_) => value,
    }
}
