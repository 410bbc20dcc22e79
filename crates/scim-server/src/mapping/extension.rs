//! The extension schema of our own: every attribute of a type that no path of the RFCs leads to.

use muster_model::{AttributeKind as Kind, EntityType, Slot, ValueType};
use muster_policy::Model;
use muster_scim::{
    Attribute, AttributeKind, AttributePath, Mutability, Path, Returned, Schema, Uniqueness,
};

use super::{Field, FieldSource, FoundBy, LinkForm, said::Said, source_of};

/// The URN of the extension of an entity type. It ends as those of the RFCs do, in a version and the name of the resource
/// type, because clients tell by that where the URN ends and the name of an attribute begins.
fn urn(type_name: &str, resource: &str) -> String {
    format!("urn:muster:params:scim:schemas:extension:{type_name}:2.0:{resource}")
}

/// The extension of a type with what `fields` leave, whose fields are added; `None` when nothing is left.
pub(super) fn extension(
    model: &Model,
    of: &EntityType,
    (resource, said): (&str, Said<'_>),
    fields: &mut Vec<Field>,
) -> Option<Schema> {
    let urn = said.extension().map_or_else(|| urn(&of.name, resource), str::to_owned);
    let mut attributes = Vec::new();
    for attribute in &of.attributes {
        let is_shown = match attribute.kind {
            Kind::Stored | Kind::Generated | Kind::Computed | Kind::Lifecycle => true,
            // The other end of a link may hold everybody.
            Kind::Inverse { .. } => false,
        };
        let is_taken = fields.iter().any(|field| field.slot == attribute.slot);
        if is_taken || said.places(attribute.slot) || !is_shown || &*attribute.name == "display" {
            continue;
        }
        let path = AttributePath {
            schema: Some(urn.clone()),
            name: attribute.name.to_string(),
            sub: None,
        };
        let source = match source_of(attribute, of.key) {
            // No two programs agree about fractions; they are shown and not taken.
            _ if attribute.value_type == ValueType::Float => FieldSource::ReadOnly,
            // A list that a source keeps is the source's.
            _ if attribute.many && has_source(model, of, attribute.slot) => FieldSource::ReadOnly,
            FieldSource::Computed => FieldSource::ReadOnly,
            source @ (FieldSource::Kept { .. } | FieldSource::ReadOnly) => source,
        };
        attributes.push(definition(of, attribute, source));
        fields.push(field(of, attribute, Path { attribute: path, filter: None }, source));
    }
    if attributes.is_empty() {
        return None;
    }
    Some(Schema {
        id: urn,
        name: format!("{} extension", of.name),
        description: format!("What else is known of a {}", of.name),
        attributes,
    })
}

/// The field of an attribute under a path.
pub(super) fn field(
    of: &EntityType,
    attribute: &muster_model::Attribute,
    path: Path,
    source: FieldSource,
) -> Field {
    let is_manager = path.attribute.sub.as_deref() == Some("value") && path.filter.is_none();
    let is_text = attribute.value_type == ValueType::Text && !attribute.many;
    let found_by = match attribute.kind {
        _ if attribute.slot == of.key && is_text => Some(FoundBy::Key),
        Kind::Stored | Kind::Generated if attribute.unique && is_text => Some(FoundBy::Unique),
        Kind::Stored
        | Kind::Generated
        | Kind::Computed
        | Kind::Lifecycle
        | Kind::Inverse { .. } => None,
    };
    Field {
        path,
        slot: attribute.slot,
        name: attribute.name.clone(),
        value_type: attribute.value_type,
        many: attribute.many,
        source,
        link: if is_manager { LinkForm::Id } else { LinkForm::Key },
        found_by,
    }
}

fn definition(
    of: &EntityType,
    attribute: &muster_model::Attribute,
    source: FieldSource,
) -> Attribute {
    let described = format!("The attribute `{}` of the model", attribute.name);
    let is_read_only = source == FieldSource::ReadOnly;
    Attribute {
        kind: match attribute.value_type {
            ValueType::Bool => AttributeKind::Boolean,
            ValueType::Int => AttributeKind::Integer,
            ValueType::Float => AttributeKind::Decimal,
            ValueType::Binary => AttributeKind::Binary,
            ValueType::Text
            | ValueType::DateTime
            | ValueType::Date
            | ValueType::Uuid
            | ValueType::Link(_) => AttributeKind::Text,
        },
        many: attribute.many,
        required: attribute.required && attribute.kind == Kind::Stored && attribute.slot != of.key,
        case_exact: attribute.slot == of.key,
        mutability: if is_read_only { Mutability::ReadOnly } else { Mutability::ReadWrite },
        returned: if is_read_only { Returned::Request } else { Returned::Default },
        uniqueness: if attribute.unique { Uniqueness::Server } else { Uniqueness::None },
        suggested: suggested(attribute),
        ..Attribute::text(&attribute.name, &described)
    }
}

/// The values that are allowed, or an example of a form that its type alone does not tell.
fn suggested(attribute: &muster_model::Attribute) -> Vec<String> {
    match attribute.value_type {
        ValueType::Date => vec!["2026-01-31".to_owned()],
        ValueType::DateTime => vec!["2026-01-31T08:00:00Z".to_owned()],
        ValueType::Bool
        | ValueType::Int
        | ValueType::Float
        | ValueType::Text
        | ValueType::Binary
        | ValueType::Uuid
        | ValueType::Link(_) => attribute.choices.iter().map(ToString::to_string).collect(),
    }
}

fn has_source(model: &Model, of: &EntityType, slot: Slot) -> bool {
    let reads = model.systems.iter().flat_map(|system| &system.reads);
    let mut owned = reads.filter(|read| read.type_id == of.id).flat_map(|read| &read.owns);
    owned.any(|(owned, _)| *owned == slot)
}
