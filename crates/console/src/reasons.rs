//! Reasons as sentences: role, how it came, where it is written.

use muster_lang::Condition;
use muster_model::{Location, Text, Value};
use muster_policy::{Because, MissingRole, Reason, StateReason};

use crate::{
    address,
    moment::Moment,
    texts::{AccessTexts, filled},
    visit::Visit,
};

/// A sentence, with the line of the model that it goes back to.
#[derive(Debug, Clone)]
pub(crate) struct Sentence {
    pub(crate) text: String,
    /// The place as it is shown, and its page where this person may see the model.
    pub(crate) place: Option<(String, Option<String>)>,
}

/// A reason: the role that gives something, and how the role came, step by step.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    pub(crate) role: String,
    pub(crate) steps: Vec<Sentence>,
    /// What is left when this reason goes.
    pub(crate) without: String,
}

/// All reasons, each with what remains without it.
pub(crate) fn all(visit: &Visit, reasons: &[Reason]) -> Vec<Shown> {
    let texts = &visit.texts.access;
    let shown = reasons.iter().enumerate().map(|(number, reason)| {
        let others = reasons.iter().enumerate().filter(|(other, _)| *other != number);
        let others: Vec<&str> = others.map(|(_, other)| &*other.role).collect();
        let without = match others.as_slice() {
            [] => texts.goes.to_owned(),
            some => filled(texts.stays, &[("roles", &some.join(", "))]),
        };
        Shown { role: reason.role.to_string(), steps: steps(visit, reason), without }
    });
    shown.collect()
}

/// The first reason in a sentence, for lists.
pub(crate) fn short(texts: &AccessTexts, reasons: &[Reason]) -> String {
    let Some(first) = reasons.first() else { return texts.no_reason.to_owned() };
    let text = filled(texts.because_role, &[("role", &first.role)]);
    match reasons.len() {
        1 => text,
        n => format!("{text} {}", filled(texts.and_more, &[("n", &(n - 1).to_string())])),
    }
}

fn steps(visit: &Visit, reason: &Reason) -> Vec<Sentence> {
    let texts = &visit.texts.access;
    let mut steps = Vec::new();
    let mut at = reason;
    loop {
        let role = [("role", &*at.role)];
        steps.push(sentence(visit, filled(texts.role_gives, &role), Some(&at.at)));
        match &at.because {
            Because::Rule { conditions: held, at } => {
                steps.push(sentence(visit, texts.rule_holds.to_owned(), Some(at)));
                steps.extend(conditions(visit, held));
                return steps;
            }
            Because::Assigned { id: _, reason, by, from, until } => {
                steps.push(assigned(visit, reason, by, [*from, *until]));
                return steps;
            }
            Because::Included(outer) => {
                let names = [("role", &*at.role), ("outer", &*outer.role)];
                steps.push(sentence(visit, filled(texts.included, &names), Some(&outer.at)));
                at = outer;
            }
        }
    }
}

fn assigned(
    visit: &Visit,
    reason: &str,
    by: &str,
    times: [Option<jiff::Timestamp>; 2],
) -> Sentence {
    let texts = &visit.texts.access;
    let mut text = filled(texts.assigned, &[("by", by), ("reason", reason)]);
    let [from, until] = times.map(|at| visit.maybe(at));
    if let Some(from) = &from {
        text.push_str(&filled(texts.from, &[("at", from.shown())]));
    }
    match &until {
        Some(until) => text.push_str(&filled(texts.until, &[("at", until.shown())])),
        None => text.push_str(texts.no_end),
    }
    text.push('.');
    sentence(visit, text, None)
}

/// Each condition, whether it holds, and the values that it read.
pub(crate) fn conditions(visit: &Visit, conditions: &[Condition]) -> Vec<Sentence> {
    let texts = &visit.texts.access;
    let one = |condition: &Condition| {
        let pattern = if condition.holds { texts.holds } else { texts.fails };
        let mut text = filled(pattern, &[("condition", &condition.source)]);
        let reads: Vec<String> =
            condition.reads.iter().map(|(path, value)| read(texts, path, value)).collect();
        if !reads.is_empty() {
            text = format!("{text} ({})", reads.join(", "));
        }
        if let Some(flips) = visit.maybe(condition.flips).as_ref().map(Moment::shown) {
            text.push_str(&filled(texts.until, &[("at", flips)]));
        }
        sentence(visit, text, None)
    };
    // What always holds says nothing.
    conditions.iter().filter(|condition| &*condition.source != "true").map(one).collect()
}

fn read(texts: &AccessTexts, path: &Text, value: &Value) -> String {
    let value = if value.is_null() { texts.nothing.to_owned() } else { value.to_string() };
    filled(texts.reads, &[("path", path), ("value", &value)])
}

/// A role that would give it, and what is not so.
pub(crate) fn missing(visit: &Visit, missing: &MissingRole) -> Vec<Sentence> {
    let texts = &visit.texts.access;
    let would = filled(texts.would_give, &[("role", &missing.role)]);
    let mut sentences = vec![sentence(visit, would, Some(&missing.at))];
    if missing.conditions.is_empty() {
        sentences.push(sentence(visit, texts.by_assignment.to_owned(), None));
    }
    sentences.extend(conditions(visit, &missing.conditions));
    sentences
}

/// The lifecycle state, since when, and why.
pub(crate) fn state(visit: &Visit, state: &StateReason) -> Vec<Sentence> {
    let since = visit.moment(state.since);
    let values = [("state", &*state.state), ("since", since.shown())];
    let text = filled(visit.texts.access.state, &values);
    let mut sentences = vec![sentence(visit, text, Some(&state.at))];
    sentences.extend(conditions(visit, &state.conditions));
    sentences
}

/// A sentence with the place it goes back to.
pub(crate) fn sentence(visit: &Visit, text: String, at: Option<&Location>) -> Sentence {
    let sees_model = visit.may(muster_policy::Right::RevisionsRead).is_some();
    let place = at.map(|at| (at.to_string(), sees_model.then(|| address::line(at))));
    Sentence { text, place }
}
