//! Filters (RFC 7644, 3.4.2.2): their form, how they are written, and whether a resource matches.

use std::{cmp::Ordering, fmt};

use jiff::Timestamp;
use serde_json::{Number, Value};

use crate::{AttributePath, access};

/// A filter.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// `userName eq "ada"`
    Compare(AttributePath, Comparison, Literal),
    /// `title pr`
    Present(AttributePath),
    /// `emails[type eq "work"]`: a value for which all of the inner filter holds.
    Values(AttributePath, Box<Self>),
    /// `a and b`
    And(Box<Self>, Box<Self>),
    /// `a or b`
    Or(Box<Self>, Box<Self>),
    /// `not (a)`
    Not(Box<Self>),
}

/// How an attribute is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Contains.
    Co,
    /// Starts with.
    Sw,
    /// Ends with.
    Ew,
    /// Greater.
    Gt,
    /// Greater or equal.
    Ge,
    /// Less.
    Lt,
    /// Less or equal.
    Le,
}

/// What an attribute is compared with.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// A text, a time, a reference, bytes in base 64.
    Text(String),
    /// A number.
    Number(Number),
    /// A boolean.
    Boolean(bool),
    /// No value.
    Null,
}

const WORDS: [(Comparison, &str); 9] = [
    (Comparison::Eq, "eq"),
    (Comparison::Ne, "ne"),
    (Comparison::Co, "co"),
    (Comparison::Sw, "sw"),
    (Comparison::Ew, "ew"),
    (Comparison::Gt, "gt"),
    (Comparison::Ge, "ge"),
    (Comparison::Lt, "lt"),
    (Comparison::Le, "le"),
];

impl Comparison {
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        let found = WORDS.iter().find(|(_, known)| known.eq_ignore_ascii_case(word));
        found.map(|(comparison, _)| *comparison)
    }

    fn word(self) -> &'static str {
        WORDS.iter().find(|(known, _)| *known == self).map_or("eq", |(_, word)| word)
    }
}

impl Filter {
    /// `attribute eq "text"`
    pub fn text_equals(attribute: AttributePath, text: impl Into<String>) -> Self {
        Self::Compare(attribute, Comparison::Eq, Literal::Text(text.into()))
    }

    /// True when `resource` matches; `case_exact` tells for an attribute whether upper and lower case differ.
    pub fn matches(&self, resource: &Value, case_exact: &dyn Fn(&AttributePath) -> bool) -> bool {
        match self {
            Self::And(left, right) => {
                left.matches(resource, case_exact) && right.matches(resource, case_exact)
            }
            Self::Or(left, right) => {
                left.matches(resource, case_exact) || right.matches(resource, case_exact)
            }
            Self::Not(inner) => !inner.matches(resource, case_exact),
            Self::Present(path) => values(resource, path).iter().any(|value| is_present(value)),
            Self::Values(path, inner) => {
                values(resource, path).iter().any(|value| inner.matches(value, case_exact))
            }
            Self::Compare(path, comparison, literal) => {
                let exact = case_exact(path);
                let found = values(resource, path);
                match comparison {
                    Comparison::Ne => !found.iter().any(|value| is_equal(value, literal, exact)),
                    Comparison::Eq if *literal == Literal::Null => {
                        !found.iter().any(|value| is_present(value))
                    }
                    Comparison::Eq
                    | Comparison::Co
                    | Comparison::Sw
                    | Comparison::Ew
                    | Comparison::Gt
                    | Comparison::Ge
                    | Comparison::Lt
                    | Comparison::Le => {
                        found.iter().any(|value| holds(value, *comparison, literal, exact))
                    }
                }
            }
        }
    }

    /// The attributes that must have one value each for the filter to hold: `type eq "work"` and what is joined to it
    /// by `and`. A new value that is made for a filter has these.
    pub fn required_values(&self) -> Vec<(&AttributePath, &Literal)> {
        match self {
            Self::Compare(path, Comparison::Eq, literal) => vec![(path, literal)],
            Self::And(left, right) => {
                let mut all = left.required_values();
                all.extend(right.required_values());
                all
            }
            Self::Compare(..)
            | Self::Present(_)
            | Self::Values(..)
            | Self::Or(..)
            | Self::Not(_) => Vec::new(),
        }
    }
}

impl Literal {
    /// As JSON.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Text(text) => Value::String(text.clone()),
            Self::Number(number) => Value::Number(number.clone()),
            Self::Boolean(boolean) => Value::Bool(*boolean),
            Self::Null => Value::Null,
        }
    }
}

/// All values under a path; several ones one by one, and a complex one by its `value` where no sub-attribute is named.
fn values<'v>(resource: &'v Value, path: &AttributePath) -> Vec<&'v Value> {
    let Some(found) = access::attribute(resource, path) else {
        // `value eq "x"` about values that are plain texts.
        let is_plain = path.sub.is_none() && path.name.eq_ignore_ascii_case("value");
        return if is_plain && !resource.is_object() { vec![resource] } else { Vec::new() };
    };
    let items: Vec<&Value> = match found {
        Value::Array(items) => items.iter().collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            vec![found]
        }
    };
    match &path.sub {
        None => items,
        Some(sub) => items.into_iter().filter_map(|item| access::member(item, sub)).collect(),
    }
}

fn is_present(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => items.iter().any(is_present),
        Value::Object(map) => map.values().any(is_present),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

fn is_equal(value: &Value, literal: &Literal, exact: bool) -> bool {
    match literal {
        Literal::Null => !is_present(value),
        Literal::Text(_) | Literal::Number(_) | Literal::Boolean(_) => {
            holds(value, Comparison::Eq, literal, exact)
        }
    }
}

fn holds(value: &Value, comparison: Comparison, literal: &Literal, exact: bool) -> bool {
    match (value, literal) {
        (Value::Object(_), _) => access::member(value, "value")
            .is_some_and(|inner| !inner.is_object() && holds(inner, comparison, literal, exact)),
        (Value::String(text), Literal::Text(wanted)) => text_holds(text, comparison, wanted, exact),
        (Value::Number(number), Literal::Number(wanted)) => {
            let order = number.as_f64().partial_cmp(&wanted.as_f64());
            order.is_some_and(|order| order_holds(order, comparison))
        }
        (Value::Bool(boolean), Literal::Boolean(wanted)) => {
            comparison == Comparison::Eq && boolean == wanted
        }
        // Some clients send booleans as texts.
        (Value::Bool(boolean), Literal::Text(wanted)) => {
            comparison == Comparison::Eq && wanted.eq_ignore_ascii_case(&boolean.to_string())
        }
        (
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_),
            _,
        ) => false,
    }
}

fn text_holds(text: &str, comparison: Comparison, wanted: &str, exact: bool) -> bool {
    let fold = |text: &str| if exact { text.to_owned() } else { text.to_lowercase() };
    let (folded, wanted_folded) = (fold(text), fold(wanted));
    match comparison {
        Comparison::Co => folded.contains(&wanted_folded),
        Comparison::Sw => folded.starts_with(&wanted_folded),
        Comparison::Ew => folded.ends_with(&wanted_folded),
        Comparison::Eq
        | Comparison::Ne
        | Comparison::Gt
        | Comparison::Ge
        | Comparison::Lt
        | Comparison::Le => {
            let times = text.parse::<Timestamp>().ok().zip(wanted.parse::<Timestamp>().ok());
            let order = times.map_or_else(|| folded.cmp(&wanted_folded), |(a, b)| a.cmp(&b));
            order_holds(order, comparison)
        }
    }
}

fn order_holds(order: Ordering, comparison: Comparison) -> bool {
    match comparison {
        Comparison::Eq => order.is_eq(),
        Comparison::Ne => order.is_ne(),
        Comparison::Gt => order.is_gt(),
        Comparison::Ge => order.is_ge(),
        Comparison::Lt => order.is_lt(),
        Comparison::Le => order.is_le(),
        Comparison::Co | Comparison::Sw | Comparison::Ew => false,
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Compare(path, comparison, literal) => {
                write!(f, "{path} {} {literal}", comparison.word())
            }
            Self::Present(path) => write!(f, "{path} pr"),
            Self::Values(path, inner) => write!(f, "{path}[{inner}]"),
            Self::Not(inner) => write!(f, "not ({inner})"),
            // Both are read from left to right, so what stands right of one needs brackets when it is one itself.
            Self::And(left, right) => {
                let left_brackets = matches!(**left, Self::Or(..));
                let right_brackets = matches!(**right, Self::Or(..) | Self::And(..));
                write_in(f, left, left_brackets)?;
                f.write_str(" and ")?;
                write_in(f, right, right_brackets)
            }
            Self::Or(left, right) => {
                write_in(f, left, false)?;
                f.write_str(" or ")?;
                write_in(f, right, matches!(**right, Self::Or(..)))
            }
        }
    }
}

fn write_in(f: &mut fmt::Formatter<'_>, filter: &Filter, brackets: bool) -> fmt::Result {
    if brackets { write!(f, "({filter})") } else { write!(f, "{filter}") }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.to_json())
    }
}
