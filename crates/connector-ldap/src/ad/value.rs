//! Values whose form in Active Directory is not the one that people read: ids, times and passwords.

use muster_connector::{ConnectorError, Field};
use muster_model::{Value, ValueType};

use super::{GUID, account, ids, time};
use crate::{change::Written, settings::LdapSettings};

/// True for attributes whose values are read here.
pub(crate) fn is_own(attribute: &str) -> bool {
    [GUID, "objectSid"].iter().any(|name| name.eq_ignore_ascii_case(attribute))
        || time::is_time(attribute)
}

/// The text of a value; `None` for a time that means "never".
pub(crate) fn readable(field: &Field, bytes: &[u8]) -> Option<String> {
    let hexadecimal = || Value::Binary(bytes.into()).to_string();
    if time::is_time(&field.name) {
        return time::readable(&String::from_utf8_lossy(bytes), field.value_type);
    }
    if field.value_type == ValueType::Binary {
        return Some(hexadecimal());
    }
    let text = if field.name.eq_ignore_ascii_case(GUID) {
        ids::guid_text(bytes)
    } else {
        ids::sid_text(bytes)
    };
    Some(text.unwrap_or_else(hexadecimal))
}

/// The `sAMAccountName` of a new group, which is its name unless the model gives one or the name has characters that it
/// may not have; a domain would make one up.
pub(crate) fn account_name(given: &[Written<'_>], name: Option<&str>) -> Option<Written<'static>> {
    const ATTRIBUTE: &str = "sAMAccountName";
    let forbidden = |c: char| c.is_control() || "\"/\\[]:;|=,+*?<>@".contains(c);
    if given.iter().any(|(attribute, _)| attribute.eq_ignore_ascii_case(ATTRIBUTE)) {
        return None;
    }
    let name = name.filter(|name| !name.is_empty() && !name.contains(forbidden))?;
    Some((ATTRIBUTE, vec![name.as_bytes().to_vec()]))
}

/// What is sent for the new value of an attribute that has a form of its own; `None` for any other attribute.
pub(crate) fn written(
    settings: &LdapSettings,
    attribute: &str,
    value: &Value,
) -> Option<Result<Vec<u8>, ConnectorError>> {
    if account::is_password(attribute) {
        return Some(account::password_bytes(settings, value));
    }
    if !time::is_time(attribute) {
        return None;
    }
    let number = match value.to_wire_text().as_text() {
        Some(text) if !text.is_empty() => time::number(text),
        _ if attribute.eq_ignore_ascii_case("accountExpires") => time::NEVER.to_owned(),
        Some(_) | None => "0".to_owned(),
    };
    Some(Ok(number.into_bytes()))
}
