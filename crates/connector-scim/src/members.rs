//! Membership of groups: many members in one request, without reading the group unless the server refuses.

use std::collections::BTreeSet;

use muster_connector::ConnectorError;
use muster_model::Text;
use muster_scim::{AttributePath, Filter, Operation, OperationKind, Patch, Path, get, set};
use serde_json::{Value as Json, json};

use crate::{
    edit::{self, Sent, Target, patch_use},
    error,
    profile::{PatchUse, Removal},
    service::Service,
};

/// How many members a filter chooses for removal in one request, as each has a path of its own.
const MOST_FILTERS: usize = 100;

/// Adds and removes members, whatever of it is done already.
pub(crate) async fn change(
    service: &Service,
    target: &Target<'_>,
    path: &Path,
    add: &[Text],
    remove: &[Text],
) -> Result<(), ConnectorError> {
    let add = known(service, add).await?;
    let mut gone: BTreeSet<Text> = BTreeSet::new();
    for (name, id) in remove.iter().zip(service.names.ids(service, remove).await?) {
        // A member that nobody is called may be shown by its id.
        gone.insert(id.unwrap_or_else(|| name.clone()));
    }
    let gone: Vec<Text> = gone.into_iter().filter(|id| !add.contains(id)).collect();
    let add: Vec<Text> = add.into_iter().collect();
    let quirks = service.quirks().await?;
    if patch_use(target.class, &quirks) == PatchUse::None {
        return rewrite(service, target, path, &add, &gone).await;
    }
    for chunk in add.chunks(service.settings.members_per_request) {
        let patch = Patch { operations: vec![addition(path, chunk)] };
        send(service, target, path, patch, (chunk, &[])).await?;
    }
    let most = match quirks.removal {
        Removal::Filter => MOST_FILTERS.min(service.settings.members_per_request),
        Removal::Value => service.settings.members_per_request,
    };
    for chunk in gone.chunks(most) {
        let patch = Patch { operations: removals(path, chunk, quirks.removal) };
        send(service, target, path, patch, (&[], chunk)).await?;
    }
    Ok(())
}

/// The ids of accounts to add; a name that nobody has is an error.
async fn known(service: &Service, names: &[Text]) -> Result<BTreeSet<Text>, ConnectorError> {
    let ids = service.names.ids(service, names).await?;
    let known = names.iter().zip(ids).map(|(name, id)| {
        id.ok_or_else(|| {
            ConnectorError::Invalid(format!(
                "`{name}` cannot be a member: there is no such account"
            ))
        })
    });
    known.collect()
}

fn addition(path: &Path, ids: &[Text]) -> Operation {
    let values: Vec<Json> = ids.iter().map(|id| json!({ "value": id.as_ref() })).collect();
    Operation {
        kind: OperationKind::Add,
        path: Some(whole(path)),
        value: Some(Json::Array(values)),
    }
}

fn removals(path: &Path, ids: &[Text], removal: Removal) -> Vec<Operation> {
    let remove = |path, value| Operation { kind: OperationKind::Remove, path: Some(path), value };
    match removal {
        Removal::Value => {
            let values: Vec<Json> = ids.iter().map(|id| json!({ "value": id.as_ref() })).collect();
            vec![remove(whole(path), Some(Json::Array(values)))]
        }
        Removal::Filter => {
            let by_id = |id: &Text| {
                let filter = Filter::text_equals(AttributePath::plain("value"), id.as_ref());
                Path { filter: Some(filter), ..whole(path) }
            };
            ids.iter().map(|id| remove(by_id(id), None)).collect()
        }
    }
}

/// The path of the members without a sub-attribute.
fn whole(path: &Path) -> Path {
    let mut whole = path.clone();
    whole.attribute.sub = None;
    whole
}

/// Sends one part; when the server refuses it, the group is read and what is really missing is sent.
async fn send(
    service: &Service,
    target: &Target<'_>,
    path: &Path,
    patch: Patch,
    (add, gone): (&[Text], &[Text]),
) -> Result<(), ConnectorError> {
    match edit::patch(service, target, &patch, None).await? {
        Sent::Done => Ok(()),
        Sent::NotSupported | Sent::Changed => rewrite(service, target, path, add, gone).await,
        Sent::Refused(answer) => match answer.status() {
            400 | 409 => rewrite(service, target, path, add, gone).await,
            _ => Err(error::from_answer(&answer, target.name)),
        },
    }
}

/// Reads the group, changes its members and writes the difference.
async fn rewrite(
    service: &Service,
    target: &Target<'_>,
    path: &Path,
    add: &[Text],
    gone: &[Text],
) -> Result<(), ConnectorError> {
    let path = whole(path);
    let change = |group: &mut Json| {
        let mut members = match get(group, &path) {
            Some(Json::Array(members)) => members,
            Some(_) | None => Vec::new(),
        };
        let id = |member: &Json| member.get("value").and_then(Json::as_str).map(str::to_owned);
        members.retain(|member| id(member).is_none_or(|id| !gone.iter().any(|gone| **gone == *id)));
        let there: BTreeSet<String> = members.iter().filter_map(id).collect();
        let missing = add.iter().filter(|id| !there.contains(&***id));
        members.extend(missing.map(|id| json!({ "value": id.as_ref() })));
        set(group, &path, Json::Array(members));
    };
    edit::modify(service, target, &change).await
}
