//! What of the model is what in SCIM: resource types from entity types, paths from attributes.
//!
//! `derive` makes it from the names of types and attributes. What a client says under a path that leads to no attribute
//! is kept beside the entity, so every attribute of the core schemas works whatever the model has.

use muster_model::{AttributeKind, Slot, Text, TypeId, ValueType};
use muster_policy::{Hook, Model};
use muster_scim::{Attribute, AttributePath, Path, ResourceType, Schema};

mod derive;
mod extension;
mod names;
mod said;

/// The resource types of a project.
#[derive(Debug, Default)]
pub(crate) struct Mapping {
    pub(crate) resources: Vec<Resource>,
}

/// A resource type and the entity type behind it.
#[derive(Debug)]
pub(crate) struct Resource {
    /// As in `meta.resourceType`.
    pub(crate) name: String,
    /// The part of the address after the base.
    pub(crate) endpoint: String,
    pub(crate) type_id: TypeId,
    pub(crate) type_name: Text,
    /// The main schema, then the extensions.
    pub(crate) schemas: Vec<Schema>,
    /// The paths that lead to attributes.
    pub(crate) fields: Vec<Field>,
    /// Which lifecycle states count as active; `None` where `active` is only kept.
    pub(crate) active: Option<Active>,
    /// Where members are, for groups.
    pub(crate) members: Vec<Members>,
    /// The links that lead to groups, for `groups`.
    pub(crate) groups: Vec<Slot>,
    /// Who is asked before anything changes.
    pub(crate) hook: Option<Hook>,
}

/// A path and the attribute that it leads to.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) path: Path,
    pub(crate) slot: Slot,
    pub(crate) name: Text,
    pub(crate) value_type: ValueType,
    pub(crate) many: bool,
    pub(crate) source: FieldSource,
    /// How links are written.
    pub(crate) link: LinkForm,
    /// Whether the database finds entities by it: the form in which it compares.
    pub(crate) found_by: Option<FoundBy>,
}

/// Where the value of a field comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldSource {
    /// Sources, operators and clients.
    Kept {
        /// Whether it can be taken away.
        required: bool,
    },
    /// The model; a client may say something else, which is kept for SCIM only.
    Computed,
    /// The model; nobody else.
    ReadOnly,
}

/// How a link stands in a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LinkForm {
    /// The id of the other end.
    Id,
    /// The key of the other end.
    Key,
}

/// How the database finds entities by the value of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FoundBy {
    /// It is the key.
    Key,
    /// It is unique; case does not count.
    Unique,
}

/// Which lifecycle states are what `active` says.
#[derive(Debug)]
pub(crate) struct Active {
    /// The lifecycle attribute.
    pub(crate) slot: Slot,
    /// The names of the states that count as active.
    pub(crate) states: Vec<Text>,
    /// Whether a client may suspend.
    pub(crate) can_suspend: bool,
}

/// Members of groups of one type.
#[derive(Debug)]
pub(crate) struct Members {
    /// The type of the members.
    pub(crate) of: TypeId,
    /// What `type` says of them.
    pub(crate) resource: String,
    /// The part of the address after the base.
    pub(crate) endpoint: String,
    /// Who holds the link.
    pub(crate) held: Held,
    /// The link attribute.
    pub(crate) slot: Slot,
    /// Its name.
    pub(crate) name: Text,
    /// Whether a member may be in several groups.
    pub(crate) many: bool,
}

/// Who holds the link between a group and its members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Held {
    /// The member links to its groups: a change costs one row.
    ByMember,
    /// The group links to its members: a change costs the whole list.
    ByGroup,
}

impl Mapping {
    /// The resource types of a model.
    pub(crate) fn of(model: &Model) -> Self {
        derive::derive(model)
    }

    /// The resource type at an endpoint, in any case.
    pub(crate) fn at(&self, endpoint: &str) -> Option<&Resource> {
        self.resources.iter().find(|resource| resource.endpoint.eq_ignore_ascii_case(endpoint))
    }

    /// The resource type of an entity type.
    pub(crate) fn of_type(&self, type_id: TypeId) -> Option<&Resource> {
        self.resources.iter().find(|resource| resource.type_id == type_id)
    }
}

impl Resource {
    /// The definition of the attribute that a path leads to, and whether the path has a definition at all.
    pub(crate) fn definition(&self, path: &AttributePath) -> Option<&Attribute> {
        let top = AttributePath { sub: None, ..path.clone() };
        let schema = self.schema_of(path)?;
        let attribute = schema.find(&top)?;
        match &path.sub {
            None => Some(attribute),
            Some(sub) => attribute.sub_attribute(sub),
        }
    }

    /// The schema in which a path stands; names without a schema are those of the main one.
    pub(crate) fn schema_of(&self, path: &AttributePath) -> Option<&Schema> {
        match &path.schema {
            None => self.schemas.first(),
            Some(urn) => self.schemas.iter().find(|schema| schema.id.eq_ignore_ascii_case(urn)),
        }
    }

    /// The main schema's URN.
    pub(crate) fn urn(&self) -> &str {
        self.schemas.first().map_or("", |schema| &schema.id)
    }

    /// What `/ResourceTypes` says of it.
    pub(crate) fn resource_type(&self) -> ResourceType {
        let extensions = self.schemas.iter().skip(1);
        ResourceType {
            name: self.name.clone(),
            endpoint: format!("/{}", self.endpoint),
            description: self.schemas.first().map_or_else(String::new, |s| s.description.clone()),
            schema: self.urn().to_owned(),
            extensions: extensions
                .map(|schema| {
                    (
                        schema.id.clone(),
                        schema.attributes.iter().any(|attribute| attribute.required),
                    )
                })
                .collect(),
        }
    }
}

/// Where the value of an attribute comes from, as SCIM sees it.
fn source_of(attribute: &muster_model::Attribute, key: Slot) -> FieldSource {
    match attribute.kind {
        AttributeKind::Stored => {
            FieldSource::Kept { required: attribute.required || attribute.slot == key }
        }
        AttributeKind::Generated => FieldSource::Kept { required: true },
        AttributeKind::Computed => FieldSource::Computed,
        AttributeKind::Lifecycle | AttributeKind::Inverse { .. } => FieldSource::ReadOnly,
    }
}
