//! Functions on lists. An attribute with several values that has none is the empty list here, never `null`.

use std::collections::BTreeSet;

use muster_model::{Value, ValueType};

use super::{Args, Function, Kind, MAX_TEXT, Returns, count, listed, made};

/// What `size` is for a list, which is never `null`.
pub(crate) const SIZE: &Function =
    &Function::new("size", &[Kind::List], Returns::Value(ValueType::Int), |a| {
        Some(count(a.items(0).len()))
    });

pub(super) const TABLE: &[Function] = &[
    Function::new("join", &[Kind::Texts, Kind::Text], Returns::Value(ValueType::Text), join)
        .optional(1),
    Function::new("first", &[Kind::List], Returns::Item, |a| a.items(0).first().cloned()),
    Function::new("last", &[Kind::List], Returns::Item, |a| a.items(0).last().cloned()),
    Function::new("sort", &[Kind::List], Returns::First, |a| {
        let mut items = a.items(0).to_vec();
        items.sort();
        listed(items)
    }),
    Function::new("unique", &[Kind::List], Returns::First, unique),
    Function::new("flatten", &[Kind::Lists], Returns::Item, |a| {
        listed(a.items(0).iter().flat_map(Value::items).cloned().collect())
    }),
    Function::new("min", &[Kind::Several], Returns::Extreme, |a| several(a).min().cloned())
        .rest(Kind::Several),
    Function::new("max", &[Kind::Several], Returns::Extreme, |a| several(a).max().cloned())
        .rest(Kind::Several),
];

/// The texts that are not `null`, with the separator between them.
fn join(args: &Args<'_>) -> Option<Value> {
    let separator = if args.get(1).is_some() { args.text(1)? } else { "" };
    let mut text = String::new();
    for (n, part) in args.items(0).iter().filter_map(Value::as_text).enumerate() {
        if n > 0 {
            text.push_str(separator);
        }
        text.push_str(part);
        if text.len() > MAX_TEXT {
            return None;
        }
    }
    made(text)
}

fn unique(args: &Args<'_>) -> Option<Value> {
    let mut seen = BTreeSet::new();
    listed(args.items(0).iter().filter(|item| seen.insert(*item)).cloned().collect())
}

/// The items of one list, or the values, without those that are `null`.
fn several<'x>(args: &Args<'x>) -> impl Iterator<Item = &'x Value> {
    args.values.iter().flat_map(|value| value.items()).filter(|value| !value.is_null())
}
