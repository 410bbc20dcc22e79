//! `classify`: which account type an object is, where several account types share one object class.

use muster_lang::Env;
use muster_model::Schema;
use muster_policy::{Classification, Classify};

use crate::{
    context::Context,
    expression::{condition, declared_columns, record_variable, used_columns},
    suggest::known_names,
    yaml::Node,
};

/// Builds the rules of classification of a system in the order written.
pub(super) fn classify(
    context: &mut Context<'_>,
    system: &Node,
    schema: &std::sync::Arc<Schema>,
) -> Classify {
    let Some(node) = system.get("classify") else { return Classify::default() };
    let accounts = system.get("accounts").map_or(&[][..], Node::entries);
    let columns = declared_columns(None);
    let env = Env {
        schema: schema.clone(),
        variables: vec![record_variable("account", &columns)],
        implicit: Some(0),
        now: false,
    };
    let mut rules = Vec::new();
    for item in node.items() {
        let when = match item.get("when") {
            Some(when) => match condition(context, when, &env) {
                Some(rule) => Some(rule),
                None => continue,
            },
            None => None,
        };
        let Some((node, name)) = item.get("as").and_then(|node| Some((node, node.text()?))) else {
            continue;
        };
        if let Some(account) = accounts.iter().position(|account| account.key == *name) {
            rules.push(Classification { when, account, at: context.location(node.span) });
        } else {
            let known = accounts.iter().map(|account| &*account.key);
            let help = known_names(name, "account types", known);
            context.error("E0505", node.span, format!("unknown account type `{name}`"), help);
        }
    }
    Classify { rules, columns: used_columns(&columns) }
}
