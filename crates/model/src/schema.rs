//! Entity types: what kinds of things there are, their attributes and links.

use crate::{Slot, Text, TypeId, ValueType};

/// All entity types of a model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schema {
    /// The types; a [`TypeId`] is the position here.
    pub types: Vec<EntityType>,
}

/// A kind of thing: person, department, application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityType {
    /// Its position in the schema.
    pub id: TypeId,
    /// Its name in model files.
    pub name: Text,
    /// True when entities of this type may hold accounts.
    pub identity: bool,
    /// The attribute that names an entity to people and to links.
    pub key: Slot,
    /// The attribute that holds the entity's time zone name, if it has one of its own.
    pub timezone: Option<Slot>,
    /// The attributes; a [`Slot`] is the position here.
    pub attributes: Vec<Attribute>,
}

/// A typed property or link of an entity type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Its position in the type.
    pub slot: Slot,
    /// Its name in model files.
    pub name: Text,
    /// The type of a value.
    pub value_type: ValueType,
    /// True when it may hold several values.
    pub many: bool,
    /// True when an entity without a value is incomplete.
    pub required: bool,
    /// True when no two entities of the type may have the same value.
    pub unique: bool,
    /// The values that are allowed; empty when all are.
    pub choices: Vec<Text>,
    /// Where the value comes from.
    pub kind: AttributeKind,
}

/// Where an attribute's value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttributeKind {
    /// From sources and operators; kept in the repository.
    Stored,
    /// Made once from candidates, first free one wins; kept in the repository.
    Generated,
    /// From an expression, each time it is needed.
    Computed,
    /// The lifecycle state, from the type's lifecycle rules.
    Lifecycle,
    /// The other end of a link attribute of type `of`.
    Inverse {
        /// The type that holds the link.
        of: TypeId,
        /// The link attribute there.
        slot: Slot,
    },
}

impl AttributeKind {
    /// True when the value is kept in the repository rather than worked out.
    pub fn is_kept(self) -> bool {
        match self {
            Self::Stored | Self::Generated => true,
            Self::Computed | Self::Lifecycle | Self::Inverse { .. } => false,
        }
    }
}

impl Schema {
    /// The type with this id.
    pub fn get(&self, id: TypeId) -> Option<&EntityType> {
        self.types.get(id.index())
    }

    /// The type with this name.
    pub fn type_named(&self, name: &str) -> Option<&EntityType> {
        self.types.iter().find(|entity_type| &*entity_type.name == name)
    }

    /// The attribute in `slot` of `type_id`.
    pub fn attribute(&self, type_id: TypeId, slot: Slot) -> Option<&Attribute> {
        self.get(type_id)?.attributes.get(slot.index())
    }
}

impl EntityType {
    /// The attribute with this name.
    pub fn attribute_named(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| &*attribute.name == name)
    }

    /// The attribute in `slot`.
    pub fn attribute(&self, slot: Slot) -> Option<&Attribute> {
        self.attributes.get(slot.index())
    }

    /// The built-in `lifecycle` attribute of an identity type.
    pub fn lifecycle(&self) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.kind == AttributeKind::Lifecycle)
    }
}
