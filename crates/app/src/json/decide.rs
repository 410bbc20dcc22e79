//! Answers to applications.

use muster_plan::value_json;
use serde_json::{Map, Value as Json, json};

use crate::{AccessAnswer, RuleNamed, SearchPage};

/// An answer: the decision and, under `context`, why.
pub fn access_answer(answer: &AccessAnswer) -> Json {
    let AccessAnswer { allowed, why, rule, conditions, needed } = answer;
    let mut context = Map::new();
    context.insert("why".to_owned(), why.as_str().into());
    if let Some(rule) = rule {
        context.extend(named(rule));
    }
    if !conditions.is_empty() {
        let conditions = conditions.iter().map(|condition| {
            let reads: Map<String, Json> = condition
                .reads
                .iter()
                .map(|(name, value)| (name.to_string(), value_json(value)))
                .collect();
            let holds = condition.decided.then_some(condition.holds);
            json!({ "condition": &*condition.source, "holds": holds, "reads": reads })
        });
        context.insert("conditions".to_owned(), conditions.collect());
    }
    if !needed.is_empty() {
        let needed = needed.iter().map(|needed| {
            let mut document = named(&needed.rule);
            document.insert("lacks".to_owned(), needed.lacks.clone().into());
            Json::from(document)
        });
        context.insert("needed".to_owned(), needed.collect());
    }
    json!({ "decision": allowed, "context": context })
}

fn named(rule: &RuleNamed) -> Map<String, Json> {
    let mut document = Map::new();
    document.insert("rule".to_owned(), (*rule.name).into());
    document.insert("at".to_owned(), rule.at.to_string().into());
    if let Some(reason) = &rule.reason {
        document.insert("reason".to_owned(), (**reason).into());
    }
    document
}

/// A page of what a search found: `{"page": {"next_token": …}, "results": […]}`.
pub fn search_page(page: &SearchPage) -> Json {
    let results: Vec<Json> = page
        .items
        .iter()
        .map(|found| json!({ "type": &*found.type_name, "id": &*found.id }))
        .collect();
    let next = page.next.as_deref().unwrap_or_default();
    let mut document = json!({
        "page": { "next_token": next, "count": results.len() }, "results": results,
    });
    if page.partial
        && let Some(document) = document.as_object_mut()
    {
        let why = "rules may allow resources that neither a rule nor an entity names";
        document.insert("context".to_owned(), json!({ "partial": true, "why": why }));
    }
    document
}
