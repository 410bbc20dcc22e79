//! Changes a resource: by PATCH in the server's dialect, or by reading, changing and writing it back.

use std::sync::OnceLock;

use muster_connector::ConnectorError;
use muster_http::{Method, Response};
use muster_model::{Applied, Text};
use muster_scim::{Operation, Patch, Style, diff};
use serde_json::Value as Json;

use crate::{
    class::Class,
    error,
    find::by_id,
    profile::{PatchUse, Quirks, Removal},
    service::{Service, path_of, with_body},
};

/// How often a resource that others change at the same time is read again.
const MOST_TRIES: u32 = 4;

/// One resource to change.
pub(crate) struct Target<'a> {
    pub(crate) class: &'a Class,
    pub(crate) id: &'a str,
    /// For messages.
    pub(crate) name: &'a str,
    /// What the server said when it took a change and makes it later.
    later: OnceLock<Text>,
}

impl<'a> Target<'a> {
    pub(crate) fn new(class: &'a Class, id: &'a str, name: &'a str) -> Self {
        Self { class, id, name, later: OnceLock::new() }
    }

    /// What became of the changes that were sent.
    pub(crate) fn applied(self) -> Applied {
        Applied { pending: self.later.into_inner(), ..Applied::default() }
    }

    fn note(&self, answer: &Response) {
        if let Some(later) = later(answer) {
            self.later.get_or_init(|| later);
        }
    }
}

/// Set for an answer that says that the change will be made later: where the server says how it goes, if it does.
pub(crate) fn later(answer: &Response) -> Option<Text> {
    (answer.status() == 202).then(|| answer.header("location").unwrap_or_default().into())
}

/// How resources of this class are changed.
pub(crate) fn patch_use(class: &Class, quirks: &Quirks) -> PatchUse {
    if class.is_account { quirks.patch } else { quirks.patch_groups }
}

/// Sends operations. That the server knows no PATCH is remembered.
pub(crate) async fn patch(
    service: &Service,
    target: &Target<'_>,
    patch: &Patch,
    etag: Option<&str>,
) -> Result<Sent, ConnectorError> {
    let quirks = service.quirks().await?;
    let body = match patch_use(target.class, &quirks) {
        PatchUse::Rfc => patch.to_json(),
        PatchUse::Entra => patch.to_entra_json(),
        PatchUse::None => return Ok(Sent::NotSupported),
    };
    let mut request = with_body(Method::Patch, path_of(target.class, target.id)?, &body)?;
    if let Some(etag) = etag {
        request = request.header("if-match", etag);
    }
    let answer = service.send(&request).await?;
    target.note(&answer);
    Ok(match answer.status() {
        200..=299 => Sent::Done,
        405 | 501 => {
            service.learn_no_patch();
            Sent::NotSupported
        }
        412 => Sent::Changed,
        _ => Sent::Refused(answer),
    })
}

/// What became of a PATCH.
pub(crate) enum Sent {
    Done,
    /// Somebody else changed the resource meanwhile.
    Changed,
    NotSupported,
    Refused(Response),
}

/// Reads the resource, lets `change` work on it, and writes the difference. A resource that somebody else changes at
/// the same time is read again. Nothing is written when nothing differs.
pub(crate) async fn modify(
    service: &Service,
    target: &Target<'_>,
    change: &(dyn Fn(&mut Json) + Send + Sync),
) -> Result<(), ConnectorError> {
    for _ in 0..MOST_TRIES {
        let found = by_id(service, target.class, target.id).await?;
        let not_there = || ConnectorError::NotFound { name: target.name.into() };
        let found = found.ok_or_else(not_there)?;
        let mut wanted = found.resource.clone();
        change(&mut wanted);
        let quirks = service.quirks().await?;
        let style = match patch_use(target.class, &quirks) {
            PatchUse::Rfc | PatchUse::Entra => Some(match quirks.removal {
                Removal::Filter => Style::Rfc,
                Removal::Value => Style::Entra,
            }),
            PatchUse::None => None,
        };
        let operations: Vec<Operation> =
            diff(&found.resource, &wanted, style.unwrap_or(Style::Rfc))
                .operations
                .into_iter()
                .filter(|operation| !is_of_the_server(operation))
                .collect();
        if operations.is_empty() {
            return Ok(());
        }
        let etag = found.etag.as_deref();
        let sent = match style {
            Some(_) => patch(service, target, &Patch { operations }, etag).await?,
            None => put(service, target, wanted, etag).await?,
        };
        match sent {
            Sent::Done => return Ok(()),
            Sent::Refused(answer) => return Err(error::from_answer(&answer, target.name)),
            Sent::Changed | Sent::NotSupported => {}
        }
    }
    let name = target.name;
    Err(ConnectorError::Invalid(format!(
        "`{name}` could not be changed, as somebody else changes it all the time"
    )))
}

/// `schemas` and what the server keeps by itself are never patched.
fn is_of_the_server(operation: &Operation) -> bool {
    operation.path.as_ref().is_some_and(|path| {
        let name = &path.attribute.name;
        path.attribute.schema.is_none()
            && ["schemas", "meta", "id"].iter().any(|own| own.eq_ignore_ascii_case(name))
    })
}

async fn put(
    service: &Service,
    target: &Target<'_>,
    mut resource: Json,
    etag: Option<&str>,
) -> Result<Sent, ConnectorError> {
    if let Some(map) = resource.as_object_mut() {
        map.remove("meta");
        if target.class.is_account {
            map.remove("groups");
        }
    }
    let mut request = with_body(Method::Put, path_of(target.class, target.id)?, &resource)?;
    if let Some(etag) = etag {
        request = request.header("if-match", etag);
    }
    let answer = service.send(&request).await?;
    target.note(&answer);
    Ok(match answer.status() {
        200..=299 => Sent::Done,
        412 => Sent::Changed,
        _ => Sent::Refused(answer),
    })
}
