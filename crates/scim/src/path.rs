//! Attribute paths: `userName`, `name.givenName`, `emails[type eq "work"].value`, `urn:…:User:department`.

use std::fmt;

use crate::Filter;

/// Where an attribute stands: its schema if it is written out, its name, and perhaps a sub-attribute.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AttributePath {
    /// The schema's URN, as in `urn:ietf:params:scim:schemas:core:2.0:User:userName`.
    pub schema: Option<String>,
    /// The attribute's name.
    pub name: String,
    /// The name of a sub-attribute.
    pub sub: Option<String>,
}

/// The target of a PATCH operation, and the name of an attribute in our model.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    /// The attribute and sub-attribute.
    pub attribute: AttributePath,
    /// Which values of an attribute with several are meant; stands between the name and the sub-attribute.
    pub filter: Option<Filter>,
}

impl AttributePath {
    /// A plain attribute.
    pub fn plain(name: impl Into<String>) -> Self {
        Self { schema: None, name: name.into(), sub: None }
    }

    /// The URN that schema and name make together, as `urn:…:2.0:User` is first read as attribute `User`.
    pub fn whole_urn(&self) -> Option<String> {
        self.schema.as_ref().map(|schema| format!("{schema}:{}", self.name))
    }

    /// True when the attribute stands in the member of a resource with this name, in any case.
    pub fn is_in(&self, member: &str) -> bool {
        let is = |name: &String| name.eq_ignore_ascii_case(member);
        is(&self.name)
            || self.schema.as_ref().is_some_and(is)
            || self.whole_urn().as_ref().is_some_and(is)
    }

    /// True when what looks like an attribute of a schema is the URN of a schema itself: the part before it ends in a
    /// version.
    pub(crate) fn is_schema(&self) -> bool {
        self.schema.as_ref().is_some_and(|schema| {
            let last = schema.rsplit(':').next().unwrap_or_default();
            !last.is_empty() && last.chars().all(|c| c.is_ascii_digit() || c == '.')
        })
    }

    /// True for attributes of the core schemas, which stand at the top of a resource.
    pub(crate) fn is_core(&self) -> bool {
        const CORE: &str = "urn:ietf:params:scim:schemas:core:";
        let is_core = |schema: &String| {
            schema.get(..CORE.len()).is_some_and(|start| start.eq_ignore_ascii_case(CORE))
        };
        self.schema.as_ref().is_none_or(is_core)
    }
}

impl Path {
    /// A plain attribute.
    pub fn plain(name: impl Into<String>) -> Self {
        Self { attribute: AttributePath::plain(name), filter: None }
    }
}

impl fmt::Display for AttributePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(schema) = &self.schema {
            write!(f, "{schema}:")?;
        }
        f.write_str(&self.name)?;
        if let Some(sub) = &self.sub {
            write!(f, ".{sub}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(schema) = &self.attribute.schema {
            write!(f, "{schema}:")?;
        }
        f.write_str(&self.attribute.name)?;
        if let Some(filter) = &self.filter {
            write!(f, "[{filter}]")?;
        }
        if let Some(sub) = &self.attribute.sub {
            write!(f, ".{sub}")?;
        }
        Ok(())
    }
}
