//! Holds files against the table of what may stand where: unknown keys, wrong kinds of values, missing keys.
//!
//! Says nothing about names and expressions. What it reports, later steps pass over in silence.

use muster_model::{Diagnostic, Span};

use crate::{
    context::Context,
    duration::parse_duration,
    spec::{Group, Key, Shape, one_of},
    suggest::did_you_mean,
    yaml::{Kind, Node},
};

/// What is being checked: the key that holds it.
#[derive(Clone, Copy)]
struct Place<'a> {
    /// The key as written.
    name: &'a str,
    /// Where the key stands.
    span: Span,
    /// True when the project chose the name.
    named: bool,
    /// An example of the whole value, from the nearest key of the table.
    example: (&'a str, &'a str),
}

impl Place<'_> {
    /// The place of an item of a list.
    fn of(self, item: &Node) -> Self {
        let end = item.span.start.saturating_add(1).min(item.span.end);
        Self { span: Span { end, ..item.span }, named: false, ..self }
    }
}

/// Checks a document of a model file.
pub(crate) fn check(context: &mut Context<'_>, root: &Node, group: &'static Group) {
    let Kind::Map(..) = root.kind else {
        if !root.is_null() {
            context.report(
                Diagnostic::error("E0202", root.span, "a model file has to be a map")
                    .label(format!("this is {}", root.what()))
                    .help(format!("its keys are {}", names(group))),
            );
        }
        return;
    };
    let place = Place { name: group.what, span: root.span, named: false, example: ("muster", "1") };
    check_group(context, root, group, place, true);
}

fn names(group: &Group) -> String {
    group.keys.iter().map(|key| format!("`{}`", key.name)).collect::<Vec<_>>().join(", ")
}

fn check_group(
    context: &mut Context<'_>,
    node: &Node,
    group: &'static Group,
    place: Place<'_>,
    partial: bool,
) {
    for entry in node.entries() {
        let Some(key) = group.keys.iter().find(|key| key.name == &*entry.key) else {
            let message = format!("unknown key `{}` in {}", entry.key, group.what);
            let known = group.keys.iter().map(|key| key.name);
            let help = did_you_mean(&entry.key, known)
                .unwrap_or_else(|| format!("the keys of {} are {}", group.what, names(group)));
            context.report(Diagnostic::error("E0201", entry.key_span, message).help(help));
            continue;
        };
        let example = (key.name, key.example);
        let inner = Place { name: key.name, span: entry.key_span, named: false, example };
        if entry.value.is_null() {
            missing_value(context, key, inner);
        } else {
            check_shape(context, &entry.value, &key.shape, inner);
        }
    }
    for key in group.keys.iter().filter(|key| key.required() && !partial) {
        if node.entry(key.name).is_none() {
            let message = format!("`{}` is missing in {}", key.name, title(group, place));
            context.report(
                Diagnostic::error("E0203", place.span, message)
                    .help(format!("for example `{}: {}`", key.name, key.example)),
            );
        }
    }
}

/// What a group describes, with its name if it has one.
fn title(group: &Group, place: Place<'_>) -> String {
    match group.what.split_once(' ') {
        Some(("a" | "an", noun)) if place.named => format!("the {noun} `{}`", place.name),
        _ => group.what.to_owned(),
    }
}

/// A key without a value: an empty map or list is nothing wrong, an empty word is.
fn missing_value(context: &mut Context<'_>, key: &Key, place: Place<'_>) {
    match key.shape {
        Shape::Named(_) | Shape::List(_) | Shape::Settings | Shape::Any => {}
        Shape::Group(group) if !group.keys.iter().any(Key::required) => {}
        Shape::Text
        | Shape::Bool
        | Shape::Number(..)
        | Shape::Duration
        | Shape::Expression
        | Shape::Choice(_)
        | Shape::Group(_)
        | Shape::Many(_)
        | Shape::Either(_) => {
            let message = format!("`{}` has no value", key.name);
            context.report(
                Diagnostic::error("E0202", place.span, message)
                    .help(format!("for example `{}: {}`", key.name, key.example)),
            );
        }
    }
}

fn check_shape(context: &mut Context<'_>, node: &Node, shape: &'static Shape, place: Place<'_>) {
    match shape {
        Shape::Any => {}
        Shape::Text | Shape::Expression => {
            if node.text().is_none() {
                wrong(context, node, shape, place);
            }
        }
        Shape::Bool => one_of_words(context, node, &["true", "false"], shape, place),
        Shape::Choice(words) => one_of_words(context, node, words, shape, place),
        Shape::Number(least, most) => match node.text().map(|text| text.parse::<u64>()) {
            Some(Ok(number)) if (*least..=*most).contains(&number) => {}
            Some(_) | None => wrong(context, node, shape, place),
        },
        Shape::Duration => check_duration(context, node, shape, place),
        Shape::Settings => {
            if !matches!(node.kind, Kind::Map(..)) {
                wrong(context, node, shape, place);
            }
        }
        Shape::Group(group) => {
            if matches!(node.kind, Kind::Map(..)) {
                check_group(context, node, group, place, false);
            } else {
                wrong(context, node, shape, place);
            }
        }
        Shape::Named(inner) => check_named(context, node, shape, inner, place),
        Shape::List(inner) => match &node.kind {
            Kind::List(items, _) => {
                for item in items {
                    check_shape(context, item, inner, place.of(item));
                }
            }
            Kind::Null | Kind::Scalar(..) | Kind::Map(..) => wrong(context, node, shape, place),
        },
        Shape::Many(inner) => {
            for item in node.items() {
                check_shape(context, item, inner, place.of(item));
            }
        }
        Shape::Either(shapes) => match shapes.iter().find(|shape| fits(shape, node)) {
            Some(shape) => check_shape(context, node, shape, place),
            None => wrong(context, node, shape, place),
        },
    }
}

fn check_named(
    context: &mut Context<'_>,
    node: &Node,
    shape: &'static Shape,
    inner: &'static Shape,
    place: Place<'_>,
) {
    if !matches!(node.kind, Kind::Map(..)) {
        wrong(context, node, shape, place);
        return;
    }
    for entry in node.entries() {
        let example = example_of(inner).unwrap_or(place.example);
        let named = Place { name: &entry.key, span: entry.key_span, named: true, example };
        match inner {
            Shape::Group(group) if entry.value.is_null() => {
                check_group(context, &entry.value, group, named, false);
            }
            Shape::Text
            | Shape::Bool
            | Shape::Number(..)
            | Shape::Duration
            | Shape::Expression
            | Shape::Choice(_)
            | Shape::Group(_)
            | Shape::Named(_)
            | Shape::List(_)
            | Shape::Many(_)
            | Shape::Either(_)
            | Shape::Settings
            | Shape::Any => check_shape(context, &entry.value, inner, named),
        }
    }
}

/// A key of a group with an example of it, to show what a map of this kind looks like.
fn example_of(shape: &'static Shape) -> Option<(&'static str, &'static str)> {
    let Shape::Group(group) = shape else { return None };
    let key = group.keys.iter().find(|key| key.required()).or(group.keys.first())?;
    Some((key.name, key.example))
}

fn fits(shape: &Shape, node: &Node) -> bool {
    match (shape, &node.kind) {
        (Shape::Any, _)
        | (Shape::Group(_) | Shape::Named(_) | Shape::Settings, Kind::Map(..))
        | (Shape::List(_), Kind::List(..))
        | (
            Shape::Text
            | Shape::Bool
            | Shape::Number(..)
            | Shape::Duration
            | Shape::Expression
            | Shape::Choice(_),
            Kind::Scalar(..),
        ) => true,
        (Shape::Many(inner), _) => matches!(node.kind, Kind::List(..)) || fits(inner, node),
        (Shape::Either(shapes), _) => shapes.iter().any(|shape| fits(shape, node)),
        _ => false,
    }
}

fn one_of_words(
    context: &mut Context<'_>,
    node: &Node,
    words: &'static [&'static str],
    shape: &'static Shape,
    place: Place<'_>,
) {
    let Some(text) = node.text() else { return wrong(context, node, shape, place) };
    if words.contains(&&**text) {
        return;
    }
    let message = format!("`{}` has to be {}, not `{text}`", place.name, one_of(words));
    let mut diagnostic = Diagnostic::error("E0202", node.span, message);
    diagnostic.help.extend(did_you_mean(text, words.iter().copied()));
    context.report(diagnostic);
}

fn check_duration(context: &mut Context<'_>, node: &Node, shape: &'static Shape, place: Place<'_>) {
    let Some(text) = node.text() else { return wrong(context, node, shape, place) };
    if parse_duration(text).is_none() {
        let message = format!("`{text}` is not a length of time");
        context
            .report(Diagnostic::error("E0208", node.span, message).help(
                "write a whole number with `d`, `h`, `m` or `s`: `30d`, `12h`, `90m`, `45s`",
            ));
    }
}

fn wrong(context: &mut Context<'_>, node: &Node, shape: &Shape, place: Place<'_>) {
    let message = format!("`{}` wants {}", place.name, shape.wanted());
    let label = match node.text() {
        Some(text) if text.chars().count() <= 30 => format!("`{text}` is not"),
        _ => format!("this is {}", node.what()),
    };
    let (name, example) = place.example;
    context.report(
        Diagnostic::error("E0202", node.span, message)
            .label(label)
            .help(format!("for example `{name}: {example}`")),
    );
}
