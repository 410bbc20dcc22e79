//! Schemas and resource types (RFC 7643, 6 and 7).

use serde_json::{Value, json};

use crate::{Attribute, AttributePath, access::member, urn};

/// A schema: the attributes under one URN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    /// The URN.
    pub id: String,
    /// A name for people.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The attributes.
    pub attributes: Vec<Attribute>,
}

/// A kind of resource and where it is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceType {
    /// Its name, such as `User`.
    pub name: String,
    /// The path below the base URL, such as `/Users`.
    pub endpoint: String,
    /// What it is for.
    pub description: String,
    /// The URN of its main schema.
    pub schema: String,
    /// The URNs of its extensions; true for one that every resource must have.
    pub extensions: Vec<(String, bool)>,
}

impl Schema {
    /// Reads a schema; `None` without a URN.
    pub fn from_json(value: &Value) -> Option<Self> {
        let text =
            |name: &str| member(value, name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let attributes = member(value, "attributes").and_then(Value::as_array);
        Some(Self {
            id: member(value, "id")?.as_str()?.to_owned(),
            name: text("name"),
            description: text("description"),
            attributes: attributes.into_iter().flatten().filter_map(Attribute::from_json).collect(),
        })
    }

    /// As JSON.
    pub fn to_json(&self) -> Value {
        json!({
            "schemas": [urn::SCHEMA],
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "attributes": self.attributes.iter().map(Attribute::to_json).collect::<Vec<_>>(),
        })
    }

    /// The attribute of that name, in any case.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
    }

    /// The definition of the attribute that a path leads to: that of the sub-attribute where it names one.
    pub fn find(&self, path: &AttributePath) -> Option<&Attribute> {
        if path.schema.as_ref().is_some_and(|schema| !schema.eq_ignore_ascii_case(&self.id)) {
            return None;
        }
        let attribute = self.attribute(&path.name)?;
        match &path.sub {
            None => Some(attribute),
            Some(sub) => attribute.sub_attribute(sub),
        }
    }
}

impl ResourceType {
    /// Reads a resource type; `None` without name or endpoint.
    pub fn from_json(value: &Value) -> Option<Self> {
        let text = |name: &str| {
            member(value, name).and_then(Value::as_str).filter(|text| !text.is_empty())
        };
        let extensions = member(value, "schemaExtensions").and_then(Value::as_array);
        let extension = |value: &Value| {
            let is_required = member(value, "required").and_then(Value::as_bool).unwrap_or(false);
            Some((member(value, "schema")?.as_str()?.to_owned(), is_required))
        };
        Some(Self {
            name: text("name").or_else(|| text("id"))?.to_owned(),
            endpoint: text("endpoint")?.to_owned(),
            description: text("description").unwrap_or_default().to_owned(),
            schema: text("schema").unwrap_or_default().to_owned(),
            extensions: extensions.into_iter().flatten().filter_map(extension).collect(),
        })
    }

    /// As JSON.
    pub fn to_json(&self) -> Value {
        let extensions: Vec<Value> = self
            .extensions
            .iter()
            .map(|(schema, required)| json!({ "schema": schema, "required": required }))
            .collect();
        json!({
            "schemas": [urn::RESOURCE_TYPE],
            "id": self.name,
            "name": self.name,
            "description": self.description,
            "endpoint": self.endpoint,
            "schema": self.schema,
            "schemaExtensions": extensions,
        })
    }
}
