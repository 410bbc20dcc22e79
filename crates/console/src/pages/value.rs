//! `/people/{person}/value`: where a value comes from and where it goes.

use askama::Template;
use axum::response::Response;
use muster_app::{Ctx, Origin, When, explain_attribute, see_linked};
use muster_model::{Location, Text, Value};
use muster_web::Problem;

use super::person::item_shown;
use crate::{
    address,
    frame::{Frame, page},
    reasons::{self, Sentence},
    texts::filled,
    visit::Visit,
};

#[derive(Template)]
#[template(path = "value.html")]
struct Page<'v> {
    frame: Frame<'v>,
    who: String,
    person: String,
    name: String,
    value: String,
    origin: Vec<Sentence>,
    used: Vec<Used>,
}

struct Used {
    place: String,
    value: String,
    expression: Sentence,
}

/// The page.
pub(crate) async fn show(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let (person, name) = (visit.given.text("person"), visit.given.text("name"));
    let found = explain_attribute(&ctx, &visit.opened, person, name, When::default()).await?;
    let pair = [(found.attribute.clone(), found.value.clone())];
    let linked = see_linked(&ctx, &visit.opened, &pair).await?;
    let shown = found.value.items().iter().filter_map(|item| item_shown(item, &linked));
    let shown: Vec<String> = shown.map(|(text, _)| text).collect();
    let used = found.used_by.iter().map(|(system, attribute, reason)| Used {
        place: format!("{system}.{attribute}"),
        value: value_text(&visit, &reason.value),
        expression: reasons::sentence(&visit, reason.source.to_string(), Some(&reason.at)),
    });
    let template = Page {
        frame: Frame::of(&visit),
        who: found.subject.to_string(),
        person: address::person(person),
        name: found.attribute.to_string(),
        value: if shown.is_empty() {
            visit.texts.person.no_value.to_owned()
        } else {
            shown.join(", ")
        },
        origin: origin(&visit, &found.origin),
        used: used.collect(),
    };
    page(&visit, &template)
}

fn value_text(visit: &Visit, value: &Value) -> String {
    if value.is_null() { visit.texts.person.no_value.to_owned() } else { value.to_string() }
}

fn origin(visit: &Visit, origin: &Origin) -> Vec<Sentence> {
    let texts = &visit.texts.person;
    let written = |text: &str, expression: &Text, at: &Location| {
        reasons::sentence(visit, format!("{text}: {expression}"), Some(at))
    };
    let plain = |text: &str| reasons::sentence(visit, text.to_owned(), None);
    match origin {
        Origin::Source { system, record, line, expression, at } => {
            let line = if *line > 0 { line.to_string() } else { "–".to_owned() };
            let values = [("system", &**system), ("record", &**record), ("line", &*line)];
            vec![written(&filled(texts.from_source, &values), expression, at)]
        }
        Origin::Entered => vec![plain(texts.entered)],
        Origin::Computed { expression, at } => vec![written(texts.computed, expression, at)],
        Origin::Generated { at } => {
            vec![reasons::sentence(visit, texts.generated.to_owned(), Some(at))]
        }
        Origin::Lifecycle(state) => {
            let mut sentences = vec![plain(texts.from_lifecycle)];
            sentences.extend(state.iter().flat_map(|state| reasons::state(visit, state)));
            sentences
        }
        Origin::Nothing => vec![plain(texts.no_origin)],
    }
}
