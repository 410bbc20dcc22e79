//! The reference chapter of model files, made from the table of keys.

use std::fmt::Write as _;

use crate::spec::{Group, Key, PROJECT, Shape};

/// The chapter `reference/model-files.md`, in Markdown.
pub fn model_reference() -> String {
    let mut out = String::from(include_str!("reference/model-files.md"));
    let mut done = Vec::new();
    section(&mut out, &PROJECT, &mut done);
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

/// A section for the group, then one for each group it holds.
fn section(out: &mut String, group: &'static Group, done: &mut Vec<&'static str>) {
    if done.contains(&group.path) {
        return;
    }
    done.push(group.path);
    // Writing into a String cannot fail, here and below.
    _ = write!(out, "\n## {}\n\n", heading(group));
    _ = writeln!(out, "{}\n", group.doc);
    out.push_str("| key | value | when left out | meaning |\n| --- | --- | --- | --- |\n");
    for key in group.keys {
        row(out, key);
    }
    out.push_str("\nEach key with a value that it could have:\n\n```yaml\n");
    for key in group.keys {
        _ = writeln!(out, "{}: {}", key.name, key.example);
    }
    out.push_str("```\n");
    for key in group.keys {
        inner(out, &key.shape, done);
    }
}

fn heading(group: &Group) -> String {
    if group.path == PROJECT.path { "Top level".to_owned() } else { format!("`{}`", group.path) }
}

fn row(out: &mut String, key: &Key) {
    let default = match key.default {
        "" => "—".to_owned(),
        "required" => "**required**".to_owned(),
        text => text.to_owned(),
    };
    let wanted = wanted(&key.shape);
    let line = format!("| `{}` | {wanted} | {default} | {} |", key.name, key.doc);
    out.push_str(&line);
    out.push('\n');
}

/// What a value may be, with the place of the section that says more.
fn wanted(shape: &Shape) -> String {
    match shape {
        Shape::Group(group) => format!("map: {}", group.what),
        Shape::Named(inner) => format!("map from names to {}", many(&wanted(inner))),
        Shape::List(inner) => format!("list of {}", many(&wanted(inner))),
        Shape::Many(inner) => format!("{}, or a list of such", wanted(inner)),
        Shape::Either(shapes) => shapes.iter().map(wanted).collect::<Vec<_>>().join(", or "),
        Shape::Settings => "map that the connector defines".to_owned(),
        Shape::Text
        | Shape::Bool
        | Shape::Number(..)
        | Shape::Duration
        | Shape::Expression
        | Shape::Choice(_)
        | Shape::Any => shape.wanted(),
    }
}

fn many(text: &str) -> String {
    text.strip_prefix("map: ").unwrap_or(text).to_owned()
}

fn inner(out: &mut String, shape: &'static Shape, done: &mut Vec<&'static str>) {
    match shape {
        Shape::Group(group) => section(out, group, done),
        Shape::Named(shape) | Shape::List(shape) | Shape::Many(shape) => inner(out, shape, done),
        Shape::Either(shapes) => shapes.iter().for_each(|shape| inner(out, shape, done)),
        Shape::Text
        | Shape::Bool
        | Shape::Number(..)
        | Shape::Duration
        | Shape::Expression
        | Shape::Choice(_)
        | Shape::Settings
        | Shape::Any => {}
    }
}
