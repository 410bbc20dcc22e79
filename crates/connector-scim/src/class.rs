//! A class of the model on this server: where it is served, how its objects are named, what its attributes are.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, PoisonError, RwLock},
};

use muster_connector::ConnectorError;
use muster_model::Text;
use muster_scim::{
    Attribute, AttributeKind, AttributePath, Filter, Path, ResourceType, Schema,
    enterprise_user_schema, group_schema, parse_filter, parse_path, urn, user_schema,
};

use crate::settings::ClassSettings;

/// See the module.
#[derive(Debug)]
pub(crate) struct Class {
    /// The path below the base URL, without a slash at its ends.
    pub(crate) endpoint: String,
    /// The URN of the main schema, if it is known.
    pub(crate) schema: Option<String>,
    /// Every schema that is known, the main one first.
    schemas: Vec<Schema>,
    /// The attribute that holds the name.
    pub(crate) name: Path,
    /// True when the server takes care that names are unique.
    pub(crate) unique_names: bool,
    /// True when objects can be switched off by `active`.
    pub(crate) is_account: bool,
    /// A condition that every object of the class meets.
    pub(crate) filter: Option<Filter>,
    /// The attributes that were named so far.
    places: RwLock<HashMap<Text, Arc<Place>>>,
}

/// An attribute that the model names.
#[derive(Debug)]
pub(crate) struct Place {
    /// Where it stands.
    pub(crate) path: Path,
    /// The kind of what the path leads to, if the schemas tell it.
    pub(crate) kind: Option<AttributeKind>,
    /// True when the attribute, its sub-attribute left aside, has several values.
    pub(crate) is_many: bool,
}

/// Resource types and schemas as the server tells them, with those of the RFC where it does not.
#[derive(Debug, Default)]
pub(crate) struct Kinds {
    pub(crate) types: Vec<ResourceType>,
    pub(crate) schemas: BTreeMap<String, Schema>,
}

impl Kinds {
    /// The types and schemas of RFC 7643.
    pub(crate) fn usual() -> Self {
        let kind = |name: &str, endpoint: &str, schema: &str, extensions: &[&str]| ResourceType {
            name: name.to_owned(),
            endpoint: endpoint.to_owned(),
            description: String::new(),
            schema: schema.to_owned(),
            extensions: extensions.iter().map(|urn| ((*urn).to_owned(), false)).collect(),
        };
        let schemas = [user_schema(), group_schema(), enterprise_user_schema()];
        Self {
            types: vec![
                kind("User", "/Users", urn::USER, &[urn::ENTERPRISE_USER]),
                kind("Group", "/Groups", urn::GROUP, &[]),
            ],
            schemas: schemas.into_iter().map(|schema| (schema.id.to_lowercase(), schema)).collect(),
        }
    }

    pub(crate) fn schema(&self, id: &str) -> Option<&Schema> {
        self.schemas.get(&id.to_lowercase())
    }

    /// The class that the model calls `name`.
    pub(crate) fn class(
        &self,
        name: &str,
        settings: Option<&ClassSettings>,
    ) -> Result<Class, ConnectorError> {
        let found = self.types.iter().find(|kind| kind.name.eq_ignore_ascii_case(name));
        let empty = ClassSettings::default();
        let settings = settings.unwrap_or(&empty);
        let endpoint = settings.endpoint.as_deref().or(found.map(|kind| kind.endpoint.as_str()));
        let Some(endpoint) = endpoint else {
            let known: Vec<&str> = self.types.iter().map(|kind| kind.name.as_str()).collect();
            return Err(ConnectorError::Settings(format!(
                "the service has no class `{name}`; it has `{}`, and `classes: {{ {name}: {{ endpoint: … }} }}` names another one",
                known.join("`, `")
            )));
        };
        let mut urns: Vec<&str> = settings.schemas.iter().map(|urn| &**urn).collect();
        if let (Some(kind), true) = (found, urns.is_empty()) {
            urns = std::iter::once(kind.schema.as_str())
                .chain(kind.extensions.iter().map(|(urn, _)| urn.as_str()))
                .filter(|urn| !urn.is_empty())
                .collect();
        }
        let schemas: Vec<Schema> =
            urns.iter().filter_map(|urn| self.schema(urn)).cloned().collect();
        let name = name_attribute(settings, &schemas, name)?;
        let is_user = name.attribute.name.eq_ignore_ascii_case("userName");
        let is_account = is_user
            || schemas.iter().any(|schema| {
                schema.attribute("active").is_some_and(|a| a.kind == AttributeKind::Boolean)
            });
        let filter = settings.filter.as_deref().map(parse_filter).transpose();
        Ok(Class {
            endpoint: endpoint.trim_matches('/').to_owned(),
            schema: urns.first().map(|urn| (*urn).to_owned()),
            schemas,
            name,
            unique_names: is_user,
            is_account,
            filter: filter.map_err(|error| ConnectorError::Settings(error.to_string()))?,
            places: RwLock::default(),
        })
    }
}

fn name_attribute(
    settings: &ClassSettings,
    schemas: &[Schema],
    class: &str,
) -> Result<Path, ConnectorError> {
    let has = |attribute: &str| schemas.iter().any(|schema| schema.attribute(attribute).is_some());
    let name = match &settings.name {
        Some(name) => name,
        None if has("userName") || class.eq_ignore_ascii_case("User") => "userName",
        None if has("name") && !has("displayName") => "name",
        None => "displayName",
    };
    parse_path(name).map_err(|error| ConnectorError::Settings(format!("`{name}`: {error}")))
}

impl Class {
    /// The attribute that the model calls `name`.
    pub(crate) fn place(&self, name: &Text) -> Result<Arc<Place>, ConnectorError> {
        let known = self.places.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let path = path_of_attribute(name)?;
        let kind = self.definition(&path.attribute).map(|attribute| attribute.kind);
        let place = Arc::new(Place { kind, is_many: self.is_many(&path.attribute), path });
        let mut places = self.places.write().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(places.entry(name.clone()).or_insert(place)))
    }

    /// The definition of what a path leads to, if the schemas tell it.
    fn definition(&self, path: &AttributePath) -> Option<&Attribute> {
        let whole = path.whole_urn();
        self.schemas.iter().find_map(|schema| {
            if whole.as_ref().is_some_and(|urn| urn.eq_ignore_ascii_case(&schema.id)) {
                return path.sub.as_ref().and_then(|sub| schema.attribute(sub));
            }
            let is_extension = self.schema.as_ref().is_some_and(|main| *main != schema.id);
            if path.schema.is_none() && is_extension {
                return None;
            }
            schema.find(path)
        })
    }

    /// True when the attribute of a path, its sub-attribute left aside, has several values.
    pub(crate) fn is_many(&self, path: &AttributePath) -> bool {
        let whole = AttributePath { sub: None, ..path.clone() };
        self.definition(&whole).is_some_and(|attribute| attribute.many)
    }

    /// The schemas of a resource that has these attributes: the main one and the extensions that are used.
    pub(crate) fn schemas_of<'p>(&self, paths: impl Iterator<Item = &'p Path>) -> Vec<String> {
        let mut urns: Vec<String> = self.schema.iter().cloned().collect();
        for path in paths {
            let Some(schema) = &path.attribute.schema else { continue };
            let whole = path.attribute.whole_urn().unwrap_or_default();
            let known = |urn: &str| self.schemas.iter().find(|s| s.id.eq_ignore_ascii_case(urn));
            let urn = known(&whole).map_or_else(|| schema.clone(), |schema| schema.id.clone());
            if !urns.iter().any(|known| known.eq_ignore_ascii_case(&urn)) {
                urns.push(urn);
            }
        }
        urns
    }

    /// All attributes as the model may name them: name, definition, several values.
    pub(crate) fn attributes(&self) -> Vec<(Text, &Attribute, bool)> {
        let mut all = Vec::new();
        for schema in &self.schemas {
            let is_main = self.schema.as_ref() == Some(&schema.id);
            let prefix = if is_main { String::new() } else { format!("{}:", schema.id) };
            for attribute in &schema.attributes {
                list_attribute(&mut all, &prefix, attribute);
            }
        }
        all
    }
}

fn list_attribute<'a>(
    all: &mut Vec<(Text, &'a Attribute, bool)>,
    prefix: &str,
    attribute: &'a Attribute,
) {
    let name = &attribute.name;
    if attribute.kind != AttributeKind::Complex {
        all.push((format!("{prefix}{name}").into(), attribute, attribute.many));
        return;
    }
    if !attribute.many {
        for sub in &attribute.sub {
            all.push((format!("{prefix}{name}.{}", sub.name).into(), sub, false));
        }
        return;
    }
    let value = attribute.sub_attribute("value").unwrap_or(attribute);
    all.push((format!("{prefix}{name}").into(), value, true));
    let kinds = attribute.sub_attribute("type").map_or(&[] as &[String], |kind| &kind.suggested);
    for kind in kinds {
        for sub in attribute.sub.iter().filter(|sub| !matches!(sub.name.as_str(), "type" | "$ref"))
        {
            let text = format!("{prefix}{name}[type eq \"{kind}\"].{}", sub.name);
            all.push((text.into(), sub, false));
        }
    }
}

/// The path of an attribute that the model names; an error says what is wrong with the name.
pub(crate) fn path_of_attribute(attribute: &str) -> Result<Path, ConnectorError> {
    parse_path(attribute).map_err(|error| {
        ConnectorError::Settings(format!(
            "`{attribute}` is not the name of a SCIM attribute: {error}"
        ))
    })
}

/// True for the path of the members of a group, whose values are ids there and names in the model.
pub(crate) fn is_members(path: &Path) -> bool {
    path.filter.is_none()
        && path.attribute.name.eq_ignore_ascii_case("members")
        && path.attribute.sub.as_deref().is_none_or(|sub| sub.eq_ignore_ascii_case("value"))
}
