//! The answer to a question, with the rule that decided and what would have been needed.

use muster_decision::{By, Decision, Question, Rules};
use muster_lang::Condition;
use muster_model::{Location, Text};

use super::Detail;

/// Rules that a denial names as what would have been needed.
const NEEDED: usize = 3;

/// The answer to a question.
#[derive(Debug, Clone)]
pub struct AccessAnswer {
    /// Whether it may be done.
    pub allowed: bool,
    /// Why, in one sentence.
    pub why: String,
    /// The rule that decided; `None` when no rule did.
    pub rule: Option<RuleNamed>,
    /// The conditions of that rule, with what they read; empty unless [`Detail::Values`] was asked for.
    pub conditions: Vec<Condition>,
    /// For a denial that no rule made: the rules that come nearest to allowing it.
    pub needed: Vec<RuleNeeded>,
}

/// A rule with its place.
#[derive(Debug, Clone)]
pub struct RuleNamed {
    /// Its name.
    pub name: Text,
    /// Where it is written.
    pub at: Location,
    /// Why, as the rule says.
    pub reason: Option<Text>,
}

/// A rule that would have allowed, and what it lacks.
#[derive(Debug, Clone)]
pub struct RuleNeeded {
    /// The rule.
    pub rule: RuleNamed,
    /// What is lacking; all of it is needed.
    pub lacks: Vec<String>,
}

/// The answer that a decision is.
pub(super) fn answer(
    rules: &Rules,
    question: &Question<'_>,
    decision: &Decision,
    detail: Detail,
) -> AccessAnswer {
    let by_rule = if let By::Rule { rule, .. } = decision.by { Some(rule) } else { None };
    let needed = if decision.allowed || by_rule.is_some() {
        Vec::new()
    } else {
        rules.needed(question, NEEDED)
    };
    AccessAnswer {
        allowed: decision.allowed,
        why: why(rules, question, decision),
        rule: by_rule.and_then(|rule| named(rules, rule)),
        conditions: by_rule
            .filter(|_| detail == Detail::Values)
            .map_or_else(Vec::new, |rule| rules.conditions(rule, question)),
        needed: needed
            .into_iter()
            .filter_map(|needed| {
                let lacks = needed.lacks.iter().map(ToString::to_string).collect();
                Some(RuleNeeded { rule: named(rules, needed.rule)?, lacks })
            })
            .collect(),
    }
}

fn named(rules: &Rules, rule: usize) -> Option<RuleNamed> {
    let rule = rules.access().rules.get(rule)?;
    Some(RuleNamed { name: rule.name.clone(), at: rule.at.clone(), reason: rule.reason.clone() })
}

fn why(rules: &Rules, question: &Question<'_>, decision: &Decision) -> String {
    let resource = question.resource.type_name;
    match &decision.by {
        By::Rule { rule, missing } => {
            let name = rules.access().rules.get(*rule).map_or("?", |rule| &*rule.name);
            match (decision.allowed, missing) {
                (true, _) => format!("the rule `{name}` allows it"),
                (false, false) => format!("the rule `{name}` denies it"),
                (false, true) => {
                    format!("the rule `{name}` denies it, because a value that it needs is missing")
                }
            }
        }
        By::NoRule => "no rule allows it".to_owned(),
        By::State { type_id, state } => {
            let behaviour = rules.model().types.get(type_id.index());
            let state = behaviour.and_then(|behaviour| behaviour.lifecycle.get(*state));
            state.map_or_else(
                || "no rule allows it in this lifecycle state".to_owned(),
                |state| {
                    let (name, at) = (&state.name, &state.when.at);
                    format!("no rule allows it to somebody who is `{name}` ({at})")
                },
            )
        }
        By::UnknownSubject => {
            format!("the repository does not know the subject `{}`", question.subject.id)
        }
        By::UnknownResource => format!("no application has a type of resource `{resource}`"),
        By::UnknownAction => format!("`{resource}` has no action `{}`", question.action),
        By::Unreadable { property } => format!("`{property}` has a value of another type"),
    }
}
