//! Functions for names in directories (RFC 4514).

use muster_model::{Value, ValueType};

use super::{Args, Function, Kind, Returns, made};

const TEXT: Returns = Returns::Value(ValueType::Text);

pub(super) const TABLE: &[Function] = &[
    Function::new("dn", &[Kind::Text, Kind::Text], TEXT, dn).rest(Kind::Text),
    Function::new("rdn", &[Kind::Text, Kind::Text], TEXT, |a| made(rdn(a.text(0)?, a.text(1)?))),
    Function::new("dn_escape", &[Kind::Text], TEXT, |a| made(escape(a.text(0)?))),
];

fn rdn(attribute: &str, value: &str) -> String {
    format!("{attribute}={}", escape(value))
}

/// The name of an object below its parents, which are names already.
fn dn(args: &Args<'_>) -> Option<Value> {
    let mut name = rdn(args.text(0)?, args.text(1)?);
    for index in 2..args.values.len() {
        let parent = args.text(index)?;
        if !parent.is_empty() {
            name.push(',');
            name.push_str(parent);
        }
    }
    made(name)
}

/// A value as it may stand in a distinguished name.
fn escape(value: &str) -> String {
    let last = value.chars().count().saturating_sub(1);
    let mut escaped = String::with_capacity(value.len());
    for (n, c) in value.chars().enumerate() {
        let special = matches!(c, '"' | '+' | ',' | ';' | '<' | '>' | '\\' | '=')
            || (c == '#' && n == 0)
            || (c == ' ' && (n == 0 || n == last));
        if c == '\0' {
            escaped.push_str("\\00");
            continue;
        }
        if special {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}
