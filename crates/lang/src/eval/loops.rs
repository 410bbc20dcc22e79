//! The macros over lists: `all`, `exists`, `exists_one`, `filter`, `map`.
//!
//! A list of entities at the other end of a link is walked where it stands, without a copy.

use muster_model::{EntityId, Value};

use super::{Cx, Element, ElementValue, holding, operators, row, truth as holds, value};
use crate::code::{Code, Loop};

/// Calls `each` for the items of a list, until it says stop. Takes a step for each.
pub(super) fn walk<'x>(list: &'x Code, cx: Cx<'x>, mut each: impl FnMut(ElementValue<'_>) -> bool) {
    let entity = |id: EntityId| ElementValue::Entity(id, cx.follow(id));
    if let Code::Inverse(base, of, slot) = list {
        let Some(row) = row(base, cx) else { return };
        for id in cx.frame.world.inverse(row.id, *of, *slot) {
            if !cx.step(1) || !each(entity(*id)) {
                return;
            }
        }
        return;
    }
    let list = value(list, cx);
    for item in list.items() {
        let element =
            if let Value::Link(id) = item { entity(*id) } else { ElementValue::Value(item) };
        if !cx.step(1) || !each(element) {
            return;
        }
    }
}

fn inside<'b>(cx: Cx<'b>, element: &'b Element<'b>) -> Cx<'b> {
    Cx { elements: Some(element), ..cx }
}

fn owned(element: ElementValue<'_>) -> Value {
    match element {
        ElementValue::Entity(id, _) => Value::Link(id),
        ElementValue::Value(value) => value.clone(),
    }
}

/// Whether `test` holds for an item of the list.
pub(super) fn any(list: &Code, cx: Cx<'_>, mut test: impl FnMut(&Value) -> bool) -> bool {
    let mut found = false;
    if let Code::Inverse(..) = list {
        walk(list, cx, |element| {
            found = test(&owned(element));
            !found
        });
    } else {
        // Here the items are compared only, so links need not be followed.
        let list = value(list, cx);
        cx.step(list.items().len() / 64);
        found = list.items().iter().any(test);
    }
    found
}

/// A macro that holds or does not.
pub(super) fn truth(kind: Loop, parts: &[Code; 2], cx: Cx<'_>) -> bool {
    let [list, body] = parts;
    let mut count = 0_u32;
    walk(list, cx, |value| {
        let element = Element { value, outer: cx.elements };
        let wanted = kind != Loop::All;
        count += u32::from(holds(body, inside(cx, &element)) == wanted);
        // One counter-example or one example is enough; `exists_one` needs to see a second.
        count <= u32::from(kind == Loop::ExistsOne)
    });
    match kind {
        Loop::All => count == 0,
        Loop::Exists => count > 0,
        Loop::ExistsOne => count == 1,
        Loop::Filter | Loop::Map => false,
    }
}

/// A macro that makes a list; `None` when it cannot be made.
pub(super) fn run(kind: Loop, parts: &[Code; 2], cx: Cx<'_>) -> Option<Value> {
    let [list, body] = parts;
    match kind {
        Loop::All | Loop::Exists | Loop::ExistsOne => None,
        Loop::Filter => {
            made(list, cx, |found, cx| holding(body, cx).map(|holds| holds.then(|| owned(found))))
        }
        Loop::Map => made(list, cx, |_, cx| Some(Some(value(body, cx).into_owned()))),
    }
}

/// `map` with a condition.
pub(super) fn map_if(parts: &[Code; 3], cx: Cx<'_>) -> Option<Value> {
    let [list, condition, body] = parts;
    made(list, cx, |_, cx| {
        holding(condition, cx).map(|holds| holds.then(|| value(body, cx).into_owned()))
    })
}

/// The list of what `item` makes of each element; `None` when it does not know of one whether it belongs there.
fn made(
    list: &Code,
    cx: Cx<'_>,
    item: impl Fn(ElementValue<'_>, Cx<'_>) -> Option<Option<Value>>,
) -> Option<Value> {
    let mut made = Some(Vec::new());
    walk(list, cx, |value| {
        let element = Element { value, outer: cx.elements };
        match (item(value, inside(cx, &element)), &mut made) {
            (Some(Some(Value::Null)), _) if cx.strict => made = None,
            (Some(found), Some(items)) => items.extend(found),
            _ => made = None,
        }
        made.is_some()
    });
    operators::list(made?)
}
