//! How values of an attribute are written and how they compare.

use std::borrow::Cow;

use bytes::Bytes;
use jiff::tz::TimeZone;
use muster_model::{EntityId, Value};
use muster_policy::{LdapSyntax, ldap_attribute};

use crate::{
    layout::bytes,
    name::{Name, fold},
};

/// The syntax of an attribute; text where nobody knows it.
pub(crate) fn syntax_of(attribute: &str) -> LdapSyntax {
    ldap_attribute(attribute).map_or(LdapSyntax::Text, |known| known.syntax)
}

/// A value in the form in which values of this syntax compare; `None` when it is no value of it.
pub(crate) fn comparable(syntax: LdapSyntax, value: &[u8]) -> Option<Cow<'_, str>> {
    let text = match std::str::from_utf8(value) {
        Ok(text) => text,
        Err(_) if syntax == LdapSyntax::Octets => return Some(String::from_utf8_lossy(value)),
        Err(_) => return None,
    };
    Some(match syntax {
        LdapSyntax::Text | LdapSyntax::Ascii | LdapSyntax::Identifier => fold(text).into(),
        LdapSyntax::AsciiExact | LdapSyntax::Octets | LdapSyntax::Time => text.into(),
        LdapSyntax::Integer => text.trim().parse::<i128>().ok()?.to_string().into(),
        LdapSyntax::Boolean => text.to_ascii_uppercase().into(),
        LdapSyntax::Name => Name::read(text)?.comparable().into(),
        LdapSyntax::Telephone => text
            .chars()
            .filter(|c| !matches!(c, ' ' | '-'))
            .flat_map(char::to_lowercase)
            .collect::<String>()
            .into(),
        LdapSyntax::Uuid => text.to_ascii_lowercase().into(),
    })
}

/// The values of an attribute as they are written. `name_of` gives the name of an entry.
pub(crate) fn written(
    syntax: LdapSyntax,
    value: &Value,
    name_of: &dyn Fn(EntityId) -> Option<String>,
) -> Vec<Bytes> {
    let items = value.items().iter();
    items.filter_map(|item| one(syntax, item, name_of)).filter(|value| !value.is_empty()).collect()
}

fn one(
    syntax: LdapSyntax,
    value: &Value,
    name_of: &dyn Fn(EntityId) -> Option<String>,
) -> Option<Bytes> {
    Some(match value {
        Value::Null | Value::Reference(_) | Value::List(_) => return None,
        Value::Bool(true) => Bytes::from_static(b"TRUE"),
        Value::Bool(false) => Bytes::from_static(b"FALSE"),
        Value::Link(id) => Bytes::from(name_of(*id)?),
        Value::Binary(content) => Bytes::copy_from_slice(content),
        Value::DateTime(at) if syntax == LdapSyntax::Time => bytes(&generalized(*at)),
        Value::Text(text) => bytes(text),
        Value::Int(_) | Value::Float(_) | Value::Date(_) | Value::DateTime(_) | Value::Uuid(_) => {
            Bytes::from(value.to_string())
        }
    })
}

/// An instant as LDAP writes it.
pub(crate) fn generalized(at: jiff::Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y%m%d%H%M%SZ").to_string()
}
