//! Evaluates checked expressions. It cannot fail, and what it may cost is bounded.
//!
//! Values that stand in a row or in the expression are borrowed; only what is computed is made.

mod loops;
mod operators;
mod strict;

use std::{borrow::Cow, cell::Cell};

use muster_model::{EntityId, Reference, Row, Slot, Value};

use crate::{
    code::{Code, Loop},
    frame::{Binding, Frame},
    functions::{Args, Function, MAX_LIST, MAX_TEXT},
};

/// How many steps (elements of macros, function calls by the size of their texts) one evaluation may take.
pub(crate) const MAX_STEPS: u32 = 200_000;

const NULL: Value = Value::Null;
const NULL_REF: &Value = &NULL;

/// The values, and the elements of the macros around.
#[derive(Clone, Copy)]
pub(crate) struct Cx<'x> {
    pub(crate) frame: &'x Frame<'x>,
    pub(crate) elements: Option<&'x Element<'x>>,
    pub(crate) steps: &'x Cell<u32>,
    /// True where a condition that needs a missing value is `null`, not false.
    pub(crate) strict: bool,
}

/// The element of a macro that is looked at.
pub(crate) struct Element<'x> {
    pub(crate) value: ElementValue<'x>,
    pub(crate) outer: Option<&'x Self>,
}

/// See [`Element`].
#[derive(Clone, Copy)]
pub(crate) enum ElementValue<'x> {
    /// An entity, and its row if it is known.
    Entity(EntityId, Option<&'x Row>),
    /// Any other value.
    Value(&'x Value),
}

impl<'x> Cx<'x> {
    /// Takes `n` steps; false when there are none left and the result will be `null`.
    pub(crate) fn step(self, n: usize) -> bool {
        let left = self.steps.get().saturating_sub(u32::try_from(n).unwrap_or(u32::MAX));
        self.steps.set(left);
        left > 0
    }

    fn element(self, mut outwards: usize) -> Option<&'x Element<'x>> {
        let mut found = self.elements?;
        while outwards > 0 {
            found = found.outer?;
            outwards -= 1;
        }
        Some(found)
    }

    /// The row that a link leads to; when time alone changes it, this evaluation changes then too.
    pub(crate) fn follow(self, id: EntityId) -> Option<&'x Row> {
        let row = self.frame.world.row(id)?;
        if let Some(at) = row.next_change {
            self.frame.clock.note(at);
        }
        Some(row)
    }
}

/// Evaluates with a full number of steps.
pub(crate) fn evaluate(code: &Code, frame: &Frame<'_>) -> Value {
    let steps = Cell::new(MAX_STEPS);
    let cx = Cx { frame, elements: None, steps: &steps, strict: false };
    let value = value(code, cx).into_owned();
    if steps.get() == 0 { Value::Null } else { value }
}

/// Evaluates a condition with a full number of steps.
pub(crate) fn holds(code: &Code, frame: &Frame<'_>) -> bool {
    let steps = Cell::new(MAX_STEPS);
    let holds = truth(code, Cx { frame, elements: None, steps: &steps, strict: false });
    holds && steps.get() > 0
}

/// Decides a condition with a full number of steps; `None` where a value that it needs is missing.
pub(crate) fn decide(code: &Code, frame: &Frame<'_>) -> Option<bool> {
    let steps = Cell::new(MAX_STEPS);
    let holds = strict::truth(code, Cx { frame, elements: None, steps: &steps, strict: true });
    holds.filter(|_| steps.get() > 0)
}

/// The value of an expression.
pub(crate) fn value<'x>(code: &'x Code, cx: Cx<'x>) -> Cow<'x, Value> {
    match code {
        Code::Literal(value) => Cow::Borrowed(value),
        Code::Own(variable, slot) => own(*variable, *slot, cx),
        Code::Column(variable, column) => match cx.frame.bindings.get(*variable) {
            Some(Binding::Record(values)) => Cow::Borrowed(values.get(*column).unwrap_or(NULL_REF)),
            _ => Cow::Borrowed(NULL_REF),
        },
        Code::Attribute(base, slot) => {
            Cow::Borrowed(row(base, cx).map_or(NULL_REF, |row| row.get(*slot)))
        }
        Code::Variable(variable) => match cx.frame.bindings.get(*variable) {
            Some(Binding::Value(value)) => Cow::Borrowed(*value),
            Some(Binding::Row(row)) => Cow::Owned(Value::Link(row.id)),
            Some(Binding::Record(_) | Binding::Absent) | None => Cow::Borrowed(NULL_REF),
        },
        Code::Element(outwards) => match cx.element(*outwards).map(|element| element.value) {
            Some(ElementValue::Value(value)) => Cow::Borrowed(value),
            Some(ElementValue::Entity(id, _)) => Cow::Owned(Value::Link(id)),
            None => Cow::Borrowed(NULL_REF),
        },
        Code::If(parts) => {
            let [condition, yes, no] = &**parts;
            match holding(condition, cx) {
                Some(true) => value(yes, cx),
                Some(false) => value(no, cx),
                None => Cow::Borrowed(NULL_REF),
            }
        }
        Code::Default(parts) => {
            let [first, second] = &**parts;
            let found = value(first, cx);
            if is_nothing(&found) { value(second, cx) } else { found }
        }
        Code::Call(function, args) => Cow::Owned(call(function, args, cx)),
        Code::Concat(parts) => Cow::Owned(operators::concat(parts, cx)),
        Code::And(_)
        | Code::Or(_)
        | Code::Not(_)
        | Code::IsNull(..)
        | Code::Equal(..)
        | Code::Order(..)
        | Code::Now(..)
        | Code::In(..)
        | Code::Loop(Loop::All | Loop::Exists | Loop::ExistsOne, _) => {
            Cow::Owned(holding(code, cx).map_or(Value::Null, Value::Bool))
        }
        Code::Inverse(..)
        | Code::Item(..)
        | Code::List(_)
        | Code::Arithmetic(..)
        | Code::Negate(_)
        | Code::Append(_)
        | Code::Loop(..)
        | Code::MapIf(_)
        | Code::Matches(..)
        | Code::Link(..)
        | Code::Convert(..) => Cow::Owned(seldom(code, cx)),
    }
}

/// Whether a condition holds; `None` where it needs a missing value and that makes a difference.
fn holding(code: &Code, cx: Cx<'_>) -> Option<bool> {
    if cx.strict { strict::truth(code, cx) } else { Some(truth(code, cx)) }
}

/// An attribute of a variable.
fn own(variable: usize, slot: Slot, cx: Cx<'_>) -> Cow<'_, Value> {
    Cow::Borrowed(own_row(variable, cx).map_or(NULL_REF, |row| row.get(slot)))
}

/// The row of a variable that is an entity.
fn own_row(variable: usize, cx: Cx<'_>) -> Option<&Row> {
    match cx.frame.bindings.get(variable) {
        Some(Binding::Row(row)) => Some(*row),
        Some(Binding::Value(Value::Link(id))) => cx.follow(*id),
        Some(Binding::Value(_) | Binding::Record(_) | Binding::Absent) | None => None,
    }
}

/// What is always made anew.
#[expect(clippy::wildcard_enum_match_arm, reason = "`value` handles what is not listed")]
fn seldom(code: &Code, cx: Cx<'_>) -> Value {
    let made = match code {
        Code::Inverse(base, of, slot) => {
            let ids =
                row(base, cx).map_or(&[][..], |row| cx.frame.world.inverse(row.id, *of, *slot));
            operators::list(ids.iter().copied().map(Value::Link).collect())
        }
        Code::Item(list, index) => operators::item(list, index, cx),
        Code::List(items) => {
            let made: Vec<Value> = items.iter().map(|item| value(item, cx).into_owned()).collect();
            if cx.strict && made.iter().any(Value::is_null) { None } else { operators::list(made) }
        }
        Code::Arithmetic(operator, floating, sides) => {
            operators::arithmetic(*operator, *floating, sides, cx)
        }
        Code::Negate(inner) => operators::negate(&value(inner, cx)),
        Code::Append(sides) => operators::append(sides, cx),
        Code::Loop(kind, parts) => loops::run(*kind, parts, cx),
        Code::MapIf(parts) => loops::map_if(parts, cx),
        Code::Matches(text, regex) => {
            let text = value(text, cx);
            cx.step(text.as_text().map_or(0, |text| text.len() / 64));
            text.as_text().map(|text| Value::Bool(regex.is_match(text)))
        }
        Code::Link(to, key) => operators::key_text(&value(key, cx))
            .map(|key| Value::Reference(Reference { to: *to, key }.into())),
        Code::Convert(inner, wanted) => operators::convert(&value(inner, cx), *wanted),
        _ => None,
    };
    made.unwrap_or(Value::Null)
}

/// Whether a condition holds; `null` does not.
#[expect(clippy::wildcard_enum_match_arm, reason = "what is not listed is evaluated as a value")]
pub(crate) fn truth(code: &Code, cx: Cx<'_>) -> bool {
    match code {
        Code::And(parts) => parts.iter().all(|part| truth(part, cx)),
        Code::Or(parts) => parts.iter().any(|part| truth(part, cx)),
        Code::Not(inner) => !truth(inner, cx),
        Code::IsNull(inner, wanted) => operators::nothing(inner, cx) == *wanted,
        Code::Equal(how, wanted, sides) => {
            let [a, b] = &**sides;
            operators::equal(*how, &value(a, cx), &value(b, cx), cx) == *wanted
        }
        Code::Order(ordering, sides) => {
            let [a, b] = &**sides;
            operators::compare(&value(a, cx), &value(b, cx))
                .is_some_and(|found| ordering.holds(found))
        }
        Code::Now(ordering, at) => {
            let Value::DateTime(at) = *value(at, cx) else { return false };
            if let Some(flip) = ordering.flips(at) {
                cx.frame.clock.note(flip);
            }
            ordering.holds(cx.frame.clock.now.cmp(&at))
        }
        Code::In(how, sides) => {
            let [item, list] = &**sides;
            let item = value(item, cx);
            loops::any(list, cx, |found| operators::equal(*how, &item, found, cx))
        }
        Code::Loop(kind, parts) => loops::truth(*kind, parts, cx),
        _ => matches!(*value(code, cx), Value::Bool(true)),
    }
}

/// The row of an expression that is an entity.
pub(crate) fn row<'x>(code: &'x Code, cx: Cx<'x>) -> Option<&'x Row> {
    if let Code::Variable(variable) = code
        && let Some(Binding::Row(row)) = cx.frame.bindings.get(*variable)
    {
        return Some(*row);
    }
    if let Code::Element(outwards) = code
        && let ElementValue::Entity(_, row) = cx.element(*outwards)?.value
    {
        return row;
    }
    if let Value::Link(id) = *value(code, cx) { cx.follow(id) } else { None }
}

/// True for `null` and for the empty list.
pub(crate) fn is_nothing(value: &Value) -> bool {
    matches!(value, Value::Null) || matches!(value, Value::List(items) if items.is_empty())
}

fn call(function: &'static Function, args: &[Code], cx: Cx<'_>) -> Value {
    let made = match args {
        [a] => apply(function, args, &[value(a, cx)], cx),
        [a, b] => apply(function, args, &[value(a, cx), value(b, cx)], cx),
        _ => {
            let values: Vec<Cow<'_, Value>> = args.iter().map(|arg| value(arg, cx)).collect();
            apply(function, args, &values, cx)
        }
    };
    match made {
        Some(Value::Text(text)) if text.len() > MAX_TEXT => Value::Null,
        Some(Value::List(items)) if items.len() > MAX_LIST => Value::Null,
        Some(value) => value,
        None => Value::Null,
    }
}

fn apply(
    function: &'static Function,
    args: &[Code],
    values: &[Cow<'_, Value>],
    cx: Cx<'_>,
) -> Option<Value> {
    if cx.strict && strict::lacks(function, args, values, cx) {
        return None;
    }
    let size: usize = values.iter().map(|value| weight(value)).sum();
    cx.step(1 + size / 256);
    let made = (function.run)(&Args { values, timezone: cx.frame.timezone });
    if made.is_none()
        && function.reads
        && let Some(Value::Text(text)) = values.first().map(AsRef::as_ref)
        && !text.trim().is_empty()
    {
        cx.frame.clock.note_unread(text);
    }
    made
}

/// How much work a value is: its characters or items.
fn weight(value: &Value) -> usize {
    value.as_text().map_or_else(|| value.items().len(), |text| text.len())
}
