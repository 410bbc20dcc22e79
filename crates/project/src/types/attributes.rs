//! The attributes of a type: those that are declared and those that every type has.

use std::collections::BTreeSet;

use muster_model::{Attribute, AttributeKind, Diagnostic, Text, ValueType};

use crate::{
    context::Context,
    expression::named_type,
    names,
    suggest::known_names,
    types::{MAX_ATTRIBUTES, slot, type_id},
    yaml::{Entry, Node},
};

/// The attributes as written, no more than a type may have.
pub(crate) fn entries(entry: &Entry) -> &[Entry] {
    let all = entry.value.get("attributes").map_or(&[][..], Node::entries);
    all.get(..MAX_ATTRIBUTES).unwrap_or(all)
}

/// The declared attributes in the order written.
pub(super) fn declared(context: &mut Context<'_>, entry: &Entry, known: &[Text]) -> Vec<Attribute> {
    let mut attributes = Vec::new();
    for (index, attribute) in entries(entry).iter().enumerate() {
        names::attribute(context, &attribute.key, attribute.key_span);
        let value_type = value_type(context, attribute, known);
        let made = made(context, attribute, value_type);
        attributes.push(Attribute { slot: slot(index), ..made });
    }
    attributes
}

fn made(context: &mut Context<'_>, entry: &Entry, value_type: ValueType) -> Attribute {
    let node = &entry.value;
    let computed = node.get("compute").is_some();
    let generated = node.get("generate").is_some();
    let many = node.flag("many");
    let unique = node.flag("unique");
    combinations(context, entry, value_type);
    Attribute {
        slot: slot(0),
        name: entry.key.clone(),
        value_type,
        many,
        required: node.flag("required"),
        unique,
        choices: choices(context, node, value_type),
        kind: match (computed, generated) {
            (true, _) => AttributeKind::Computed,
            (false, true) => AttributeKind::Generated,
            (false, false) => AttributeKind::Stored,
        },
    }
}

fn value_type(context: &mut Context<'_>, entry: &Entry, known: &[Text]) -> ValueType {
    let node = &entry.value;
    let is_link = node.get_text("type").is_some_and(|name| &**name == "link");
    let to = node.get("to");
    if !is_link {
        for key in ["to", "inverse"] {
            if let Some(entry) = node.entry(key) {
                let message = format!("`{key}` is only for attributes of type `link`");
                context.error(
                    "E0217",
                    entry.key_span,
                    message,
                    "write `type: link`, or leave it out",
                );
            }
        }
        return node.get_text("type").map_or(ValueType::Text, |name| named_type(name));
    }
    let Some(to) = to else {
        let message = format!("the link `{}` does not say where it leads", entry.key);
        context.error("E0217", entry.key_span, message, "add `to:` with an entity type");
        return ValueType::Text;
    };
    let Some(name) = to.text() else { return ValueType::Text };
    if let Some(index) = known.iter().position(|known| known == name) {
        return ValueType::Link(type_id(index));
    }
    let help = known_names(name, "entity types", known.iter().map(|known| &**known));
    context.error("E0210", to.span, format!("unknown entity type `{name}`"), help);
    ValueType::Text
}

/// What cannot be said together.
fn combinations(context: &mut Context<'_>, entry: &Entry, value_type: ValueType) {
    let node = &entry.value;
    let name = &entry.key;
    if let (true, Some(many)) =
        (node.flag("unique"), node.entry("many").filter(|_| node.flag("many")))
    {
        context.error(
            "E0215",
            many.key_span,
            format!("`{name}` cannot be `many` and `unique` at once"),
            "leave one of them out; only single values are compared between entities",
        );
    }
    if let Some(generate) = node.entry("generate")
        && (value_type != ValueType::Text || node.flag("many"))
    {
        context.error(
            "E0216",
            generate.key_span,
            format!("`{name}` cannot be generated: it is not a single text"),
            "`generate` is for attributes of type `string` with one value",
        );
    }
    let Some(compute) = node.entry("compute") else { return };
    for (key, why) in [
        ("generate", "a value is either made once or worked out each time"),
        ("unique", "a computed value cannot be kept apart; generate it, or make its parts unique"),
        ("inverse", "only links that are kept have an inverse"),
    ] {
        let there = if key == "unique" { node.flag(key) } else { node.get(key).is_some() };
        if there {
            let message = format!("`{name}` cannot have both `compute` and `{key}`");
            context.error("E0217", compute.key_span, message, why);
        }
    }
}

fn choices(context: &mut Context<'_>, node: &Node, value_type: ValueType) -> Vec<Text> {
    let Some(list) = node.get("choices") else { return Vec::new() };
    if value_type != ValueType::Text {
        context.error(
            "E0219",
            list.span,
            "only attributes of type `string` can have choices",
            "write `type: string`, or leave `choices` out",
        );
    }
    let mut seen = BTreeSet::new();
    for item in list.items() {
        let Some(text) = item.text() else { continue };
        if !seen.insert(text.clone()) {
            context.report(Diagnostic::error(
                "E0219",
                item.span,
                format!("the choice `{text}` is there twice"),
            ));
        }
    }
    if list.items().is_empty() {
        context.error("E0219", list.span, "there is nothing to choose from", "list the values");
    }
    list.items().iter().filter_map(|item| item.text().cloned()).collect()
}

/// Appends `display` and, for identities, `lifecycle`.
pub(super) fn built_in(
    context: &mut Context<'_>,
    entry: &Entry,
    identity: bool,
    attributes: &mut Vec<Attribute>,
) {
    for attribute in entries(entry) {
        if matches!(&*attribute.key, "display" | "lifecycle") {
            let message = format!("every type has the built-in attribute `{}`", attribute.key);
            let help = match &*attribute.key {
                "display" => "say how an entity is shown with `display:` beside `attributes:`",
                _ => "say which states there are with `lifecycle:` beside `attributes:`",
            };
            context.error("E0214", attribute.key_span, message, help);
        }
    }
    if !identity && let Some(lifecycle) = entry.value.entry("lifecycle") {
        context.error(
            "E0220",
            lifecycle.key_span,
            format!("`{}` is not an identity type, so it has no lifecycle", entry.key),
            "add `identity: true`, or leave `lifecycle` out",
        );
    }
    let mut add = |name: &str, kind, choices| {
        attributes.push(Attribute {
            slot: slot(attributes.len()),
            name: name.into(),
            value_type: ValueType::Text,
            many: false,
            required: false,
            unique: false,
            choices,
            kind,
        });
    };
    add("display", AttributeKind::Computed, Vec::new());
    if identity {
        let states = entry.value.get("lifecycle").map_or(&[][..], Node::entries);
        let choices = states.iter().map(|state| state.key.clone()).collect::<Vec<_>>();
        let choices = if choices.is_empty() { vec!["active".into()] } else { choices };
        add("lifecycle", AttributeKind::Lifecycle, choices);
    }
}
