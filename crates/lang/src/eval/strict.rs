//! Conditions in three values: where a value that is needed is missing, the answer is neither yes nor no.
//!
//! This is how rules of access are decided. A question about the absence itself (`== null`, `has`, `default`) has an
//! answer; every other operator that meets a missing value has none, and `&&`, `||` and `!` pass that on unless the
//! other side decides.

use std::borrow::Cow;

use muster_model::Value;

use super::{Cx, Element, loops, operators, own_row, row, value};
use crate::{
    code::{Code, Equality, Loop},
    functions::{Function, Kind},
};

/// Whether a condition holds; `None` where a value that it needs is missing.
#[expect(clippy::wildcard_enum_match_arm, reason = "what is not listed is evaluated as a value")]
pub(super) fn truth(code: &Code, cx: Cx<'_>) -> Option<bool> {
    match code {
        Code::And(parts) => decided(parts.iter().map(|part| truth(part, cx)), false),
        Code::Or(parts) => decided(parts.iter().map(|part| truth(part, cx)), true),
        Code::Not(inner) => truth(inner, cx).map(|holds| !holds),
        Code::IsNull(inner, wanted) => {
            is_there(inner, cx).then(|| operators::nothing(inner, cx) == *wanted)
        }
        Code::Equal(how, wanted, sides) => {
            let [a, b] = &**sides;
            let (left, right) = (value(a, cx), value(b, cx));
            let lists = *how == Equality::List;
            if is_missing(a, &left, lists, cx) || is_missing(b, &right, lists, cx) {
                return None;
            }
            Some(operators::equal(*how, &left, &right, cx) == *wanted)
        }
        Code::Order(ordering, sides) => {
            let [a, b] = &**sides;
            operators::compare(&value(a, cx), &value(b, cx)).map(|found| ordering.holds(found))
        }
        Code::Now(ordering, at) => {
            let Value::DateTime(at) = *value(at, cx) else { return None };
            if let Some(flip) = ordering.flips(at) {
                cx.frame.clock.note(flip);
            }
            Some(ordering.holds(cx.frame.clock.now.cmp(&at)))
        }
        Code::In(how, sides) => {
            let [item, list] = &**sides;
            let item = value(item, cx);
            if item.is_null() || !is_list(list, cx) {
                return None;
            }
            let mut unknown = false;
            let found = loops::any(list, cx, |found| {
                unknown |= found.is_null();
                !found.is_null() && operators::equal(*how, &item, found, cx)
            });
            (found || !unknown).then_some(found)
        }
        Code::Loop(kind @ (Loop::All | Loop::Exists | Loop::ExistsOne), parts) => {
            looped(*kind, parts, cx)
        }
        _ => {
            if let Value::Bool(holds) = *value(code, cx) {
                return Some(holds);
            }
            None
        }
    }
}

/// The conditions joined: one that is `decides` decides, otherwise all have to be known.
fn decided(conditions: impl Iterator<Item = Option<bool>>, decides: bool) -> Option<bool> {
    let mut known = true;
    for condition in conditions {
        match condition {
            Some(holds) if holds == decides => return Some(decides),
            Some(_) => {}
            None => known = false,
        }
    }
    known.then_some(!decides)
}

/// A macro over a list that is there.
fn looped(kind: Loop, parts: &[Code; 2], cx: Cx<'_>) -> Option<bool> {
    let [list, body] = parts;
    if !is_list(list, cx) {
        return None;
    }
    let (mut holding, mut failing, mut unknown) = (0_u32, 0_u32, 0_u32);
    loops::walk(list, cx, |item| {
        let element = Element { value: item, outer: cx.elements };
        match truth(body, Cx { elements: Some(&element), ..cx }) {
            Some(true) => holding += 1,
            Some(false) => failing += 1,
            None => unknown += 1,
        }
        match kind {
            Loop::Exists => holding == 0,
            Loop::ExistsOne => holding <= 1,
            Loop::All | Loop::Filter | Loop::Map => failing == 0,
        }
    });
    match kind {
        Loop::Exists if holding > 0 => Some(true),
        Loop::ExistsOne if holding > 1 => Some(false),
        Loop::All if failing > 0 => Some(false),
        _ if unknown > 0 => None,
        Loop::Exists => Some(false),
        Loop::ExistsOne => Some(holding == 1),
        Loop::All | Loop::Filter | Loop::Map => Some(true),
    }
}

/// Whether a function is given something that is missing.
pub(super) fn lacks(
    function: &Function,
    args: &[Code],
    values: &[Cow<'_, Value>],
    cx: Cx<'_>,
) -> bool {
    let kinds =
        function.takes.iter().chain(std::iter::repeat_n(&function.rest, args.len()).flatten());
    args.iter().zip(values).zip(kinds).any(|((arg, value), kind)| {
        let list = matches!(kind, Kind::List | Kind::Lists | Kind::Texts);
        is_missing(arg, value, list, cx)
    })
}

/// Whether a value, or a list, is missing.
fn is_missing(code: &Code, value: &Value, list: bool, cx: Cx<'_>) -> bool {
    if list { !is_list(code, cx) } else { value.is_null() }
}

/// Whether a list is there, be it empty. What an entity has none of is the empty list; what a request does not say is
/// missing.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "only attributes are empty without being missing"
)]
pub(super) fn is_list(code: &Code, cx: Cx<'_>) -> bool {
    match code {
        Code::Own(..) | Code::Attribute(..) | Code::Inverse(..) => is_there(code, cx),
        _ => !value(code, cx).is_null(),
    }
}

/// Whether the entity is there that an attribute is read from; only then its absence says something.
#[expect(clippy::wildcard_enum_match_arm, reason = "nothing else is read from an entity")]
fn is_there(code: &Code, cx: Cx<'_>) -> bool {
    match code {
        Code::Own(variable, _) => own_row(*variable, cx).is_some(),
        Code::Attribute(base, _) | Code::Inverse(base, ..) => row(base, cx).is_some(),
        _ => true,
    }
}
