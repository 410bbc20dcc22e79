//! What people are told: from `notices:` to its terms.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{SignedDuration, civil::Time};
use minijinja::Environment;
use muster_model::{Language, Schema, Text};
use muster_policy::{Chat, ChatForm, NoticeText, Notices, Template, Told, Topic};

use crate::{
    context::Context,
    duration::parse_duration,
    names,
    suggest::known_names,
    systems::settings_of,
    yaml::{Entry, Node},
};

const CODE: &str = "E0990";
/// Keys of a chat that are not for the client.
const OWN: &[&str] = &["form", "person", "tells"];

/// Builds what is said of what people are told.
pub(crate) fn notices(context: &mut Context<'_>, node: Option<&Node>) -> Notices {
    let usual = Notices::default();
    let Some(node) = node else { return usual };
    let schema = &*Arc::clone(&context.schema);
    let link = node.get_text("link").and_then(|text| parse_duration(text));
    let limit = node.get_text("links_decide_below").and_then(|text| text.parse().ok());
    let told = Topic::ALL.iter().filter_map(|topic| {
        let told = node.get("told")?.get_text(topic.word())?;
        Some((*topic, Told::of(told)?))
    });
    Notices {
        link: link.unwrap_or(usual.link).clamp(SignedDuration::from_mins(10), usual.link * 4),
        links_decide_below: limit,
        language: node
            .get_text("language")
            .and_then(|tag| Language::of_tag(tag))
            .unwrap_or_default(),
        language_from: attribute(context, node, "language_from", schema),
        gathered_at: time(context, node).unwrap_or(usual.gathered_at),
        told: told.collect(),
        chats: chats(context, node, schema),
        texts: texts(context, node),
    }
}

/// The name of an attribute that some type has: which one somebody is of is seen when they are told.
fn attribute(context: &mut Context<'_>, node: &Node, key: &str, schema: &Schema) -> Option<Text> {
    let named = node.get(key)?;
    let name = named.text()?;
    let of_text = |of: &muster_model::EntityType| {
        let attribute = of.attribute_named(name);
        attribute.is_some_and(|one| one.value_type == muster_model::ValueType::Text && !one.many)
    };
    if !schema.types.iter().any(of_text) {
        let known = schema.types.iter().flat_map(|of| &of.attributes).map(|one| &*one.name);
        let help = known_names(name, "attributes", known);
        context.error(CODE, named.span, format!("no type has a text attribute `{name}`"), help);
        return None;
    }
    Some(name.clone())
}

fn time(context: &mut Context<'_>, node: &Node) -> Option<Time> {
    let node = node.get("gathered_at")?;
    let read = Time::strptime("%H:%M", &**node.text()?).ok();
    if read.is_none() {
        let message = "this is no time of day";
        context.error(CODE, node.span, message, "write hours and minutes in quotes: `\"07:30\"`");
    }
    read
}

fn chats(context: &mut Context<'_>, node: &Node, schema: &Schema) -> Vec<Chat> {
    let mut entries: Vec<&Entry> =
        node.get("chats").map_or(&[][..], Node::entries).iter().collect();
    entries.sort_by(|a, b| a.key.cmp(&b.key));
    let chats = entries.into_iter().map(|entry| {
        names::part(context, &entry.key, entry.key_span, "a chat");
        let node = &entry.value;
        let mut settings = settings_of(Some(node), node.span);
        settings.entries.retain(|key, _| !OWN.contains(&&**key));
        let tells = node.get("tells").map(Node::several).unwrap_or_default();
        Chat {
            name: entry.key.clone(),
            form: node
                .get_text("form")
                .and_then(|form| ChatForm::of(form))
                .unwrap_or(ChatForm::Plain),
            settings,
            person: attribute(context, node, "person", schema),
            tells: tells.iter().filter_map(|one| Topic::of(one.text()?)).collect(),
        }
    });
    chats.collect()
}

fn texts(context: &mut Context<'_>, node: &Node) -> BTreeMap<(NoticeText, Language), Template> {
    let mut found = BTreeMap::new();
    for (text, language) in
        NoticeText::ALL.iter().flat_map(|text| Language::ALL.map(|language| (*text, language)))
    {
        let of = node.get("texts").and_then(|texts| texts.get(text.word())?.get(language.tag()));
        let Some((subject, body)) = of.and_then(|of| of.get("subject").zip(of.get("text"))) else {
            continue;
        };
        for part in [subject, body] {
            check(context, part, text);
        }
        if let Some((subject, body)) = subject.text().zip(body.text()) {
            let template = Template { subject: subject.clone(), text: body.clone() };
            found.insert((text, language), template);
        }
    }
    found
}

/// A template can be read, and uses only values that there are.
fn check(context: &mut Context<'_>, node: &Node, text: NoticeText) {
    let Some(written) = node.text() else { return };
    let environment = Environment::new();
    match environment.template_from_str(written) {
        Err(error) => {
            let detail = error.detail().unwrap_or("it cannot be read");
            let help = "values stand between `{{` and `}}`, as in `{{ page }}`";
            context.error(CODE, node.span, format!("the template is wrong: {detail}"), help);
        }
        Ok(template) => {
            let mut used: Vec<String> = template.undeclared_variables(false).into_iter().collect();
            used.sort_unstable();
            for name in used.iter().filter(|name| !text.values().contains(&name.as_str())) {
                let help = known_names(name, "values", text.values().iter().copied());
                context.error(CODE, node.span, format!("unknown value `{name}` in a text"), help);
            }
        }
    }
}
