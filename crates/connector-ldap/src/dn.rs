//! Distinguished names (RFC 4514) and filters (RFC 4515) as text: taking apart, putting together, escaping.
//!
//! Knows no schema: two names are compared by `muster_model::name_key`, not here.

use muster_model::{NameRule, name_key};

/// The first component of `dn` and what is left of it; the rest is empty for a name of one component.
pub(crate) fn split_first(dn: &str) -> (&str, &str) {
    match separators(dn, ',').next() {
        Some(at) => {
            let (first, rest) = dn.split_at_checked(at).unwrap_or((dn, ""));
            (trim(first), trim(rest.strip_prefix([',', ';']).unwrap_or(rest)))
        }
        None => (trim(dn), ""),
    }
}

/// The name of the container of `dn`; empty for a name of one component.
pub(crate) fn parent(dn: &str) -> &str {
    split_first(dn).1
}

/// The attribute and the plain value that the first component of `dn` is made of; `None` when there is no `=`.
///
/// Of a component of several values (`cn=Ada+uid=a`) it answers the first.
pub(crate) fn naming_value(dn: &str) -> Option<(&str, String)> {
    let component = split_first(dn).0;
    let first = separators(component, '+')
        .next()
        .and_then(|at| component.split_at_checked(at))
        .map_or(component, |(first, _)| first);
    let (attribute, value) = first.split_once('=')?;
    Some((attribute.trim(), unescape(trim(value))))
}

/// The attributes and plain values of all parts of the first component of `dn`.
pub(crate) fn naming_values(dn: &str) -> Vec<(String, String)> {
    let component = split_first(dn).0;
    let mut parts = Vec::new();
    let mut start = 0;
    for at in separators(component, '+').chain([component.len()]) {
        let part = component.get(start..at).unwrap_or_default();
        if let Some((attribute, value)) = part.split_once('=') {
            parts.push((attribute.trim().to_owned(), unescape(trim(value))));
        }
        start = at + 1;
    }
    parts
}

/// The comparable form of a name.
pub(crate) fn key(dn: &str) -> String {
    name_key(NameRule::DistinguishedName, dn)
}

/// `name` with `base` appended, unless it is a full name already.
///
/// A name is full when it ends with the base or, so that names beside the base are left alone, when its last
/// component has the attribute of the base's last one (`dc=…`).
pub(crate) fn full_name(name: &str, base: &str) -> String {
    if base.is_empty() {
        return name.to_owned();
    }
    if name.is_empty() {
        return base.to_owned();
    }
    if is_within(name, base) || last_attribute(name).eq_ignore_ascii_case(last_attribute(base)) {
        return name.to_owned();
    }
    format!("{name},{base}")
}

/// True when `name` is `base` or lies below it.
pub(crate) fn is_within(name: &str, base: &str) -> bool {
    let (name, base) = (key(name), key(base));
    name == base || name.strip_suffix(&base).is_some_and(|rest| rest.ends_with(','))
}

/// Escapes `value` so that it can stand in a distinguished name.
pub(crate) fn escape_value(value: &str) -> String {
    let n_chars = value.chars().count();
    let mut escaped = String::with_capacity(value.len() + 8);
    for (i, c) in value.chars().enumerate() {
        let edge = c == ' ' && (i == 0 || i + 1 == n_chars) || c == '#' && i == 0;
        match c {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' | '=' => {
                escaped.push('\\');
                escaped.push(c);
            }
            _ if edge => {
                escaped.push('\\');
                escaped.push(c);
            }
            '\0'..='\x1f' | '\x7f' => push_hex(&mut escaped, c),
            _ => escaped.push(c),
        }
    }
    escaped
}

/// Escapes `value` so that it can stand in a search filter.
pub(crate) fn escape_filter(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len() + 8);
    for c in value.chars() {
        match c {
            '*' | '(' | ')' | '\\' | '\0'..='\x1f' | '\x7f' => push_hex(&mut escaped, c),
            _ => escaped.push(c),
        }
    }
    escaped
}

fn push_hex(text: &mut String, c: char) {
    use std::fmt::Write as _;
    // Writing into a String cannot fail.
    _ = write!(text, "\\{:02x}", u32::from(c));
}

/// Turns `\,` and `\2c` back into `,`; bytes that are no UTF-8 are replaced.
fn unescape(value: &str) -> String {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.bytes().peekable();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        let Some(first) = rest.next() else { break };
        match (digit(first), rest.peek().copied().and_then(digit)) {
            (Some(high), Some(low)) => {
                rest.next();
                bytes.push(high << 4 | low);
            }
            _ => bytes.push(first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// Spaces around a component do not count, unless the last one is escaped.
fn trim(part: &str) -> &str {
    let part = part.trim_start_matches(' ');
    let trimmed = part.trim_end_matches(' ');
    let escaped = trimmed.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1;
    if escaped { part.get(..=trimmed.len()).unwrap_or(part) } else { trimmed }
}

/// Where `separator` (and `;` for `,`) stands outside escapes and quotes.
fn separators(text: &str, separator: char) -> impl Iterator<Item = usize> {
    let (mut escaped, mut quoted) = (false, false);
    text.char_indices().filter_map(move |(at, c)| {
        if escaped {
            escaped = false;
            return None;
        }
        match c {
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            _ if c == separator || separator == ',' && c == ';' => return Some(at),
            _ => {}
        }
        None
    })
}

fn last_attribute(dn: &str) -> &str {
    let start = separators(dn, ',').last().map_or(0, |at| at + 1);
    let component = dn.get(start..).unwrap_or_default();
    component.split_once('=').map_or("", |(attribute, _)| attribute.trim())
}

#[cfg(test)]
mod tests;
