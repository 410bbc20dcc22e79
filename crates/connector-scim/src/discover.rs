//! What the service offers, as it tells about itself or as the RFC has it.

use muster_connector::{ConnectorError, Discovered, DiscoveredClass};
use muster_model::{Text, ValueType};
use muster_scim::{Attribute, AttributeKind};

use crate::{
    pages,
    profile::{PatchUse, Quirks},
    service::Service,
};

/// Signs in, changes nothing, and says in one line what was found.
pub(crate) async fn test(service: &Service) -> Result<String, ConnectorError> {
    let says = service.config().await?.is_some();
    let quirks = service.quirks().await?;
    let class = service.class(&service.settings.member_class).await?;
    let total = pages::total(service, &class).await?;
    let n_objects = total.map_or_else(|| "some".to_owned(), |total| total.to_string());
    let told = if says { "" } else { ", which says nothing about itself" };
    Ok(format!(
        "{} at {}{told}: {n_objects} {}; {}",
        "SCIM 2.0",
        service.base(),
        class.endpoint,
        sentence(&quirks)
    ))
}

fn sentence(quirks: &Quirks) -> String {
    let patch = match quirks.patch {
        PatchUse::Rfc => "changes by PATCH",
        PatchUse::Entra => "changes by PATCH as Entra writes it",
        PatchUse::None => "changes by PUT",
    };
    let filter = if quirks.filter { "with filters" } else { "without filters" };
    let pages = if quirks.cursors { "cursor" } else { "index" };
    format!("{patch}, {filter}, pages of {} by {pages}", quirks.page_size)
}

/// The resource types with their attributes.
pub(crate) async fn discover(service: &Service) -> Result<Discovered, ConnectorError> {
    let kinds = service.kinds().await?;
    let mut classes = Vec::new();
    for kind in &kinds.types {
        let class = service.class(&kind.name).await?;
        let attribute = |(name, definition, many): (Text, &Attribute, bool)| {
            (name, value_type(definition.kind), many, definition.required)
        };
        let attributes = class.attributes().into_iter().map(attribute).collect();
        classes.push(DiscoveredClass { name: kind.name.as_str().into(), attributes });
    }
    Ok(Discovered { classes })
}

fn value_type(kind: AttributeKind) -> ValueType {
    match kind {
        AttributeKind::Boolean => ValueType::Bool,
        AttributeKind::Integer => ValueType::Int,
        AttributeKind::Decimal => ValueType::Float,
        AttributeKind::DateTime => ValueType::DateTime,
        AttributeKind::Text
        | AttributeKind::Binary
        | AttributeKind::Reference
        | AttributeKind::Complex => ValueType::Text,
    }
}
